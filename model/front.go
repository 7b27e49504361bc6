package model

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// Front is a convolutional front end: it turns the first inputs of a row, which are a scan or an image, into fewer values
// that the first layer sees, with the same few weights at all places. The other inputs pass by it, after those values. Within
// a row only, so that it has no state: what it costs is paid at each row, and nothing of it is sequential. Each of Conv is,
// on the grid that the one before gives,
//
//	y = activation(W * x + b),   then the maximum of each Pool positions      (see step.Builder.Conv and step.MaxPool)
//
// The zero value is none.
type Front struct {
	// Rows and Columns are the grid of positions, row by row; 1 row if 0, and as many columns as the inputs give.
	Rows    int `json:"rows"`
	Columns int `json:"columns"`
	// Channels is the number of inputs at each position, such as 3 of a coloured image; 1 if 0. Where inputs have a mask or the
	// time since they were observed, these are channels too.
	Channels int `json:"channels"`
	// Conv are the convolutions, from the inputs on; none is no front end.
	Conv []Conv `json:"conv"`
}

// Conv is a convolution of a Front. Weights begin uniform within ±sqrt(6 / values under the window), biases at 0. Source:
// He et al., Delving deep into rectifiers, 2015, eq. 10.
type Conv struct {
	// Channels it gives at each place; at least 1.
	Channels int `json:"channels"`
	// Kernel is the width of its window, on an image the height too; all positions if 0, which leaves one place.
	Kernel int `json:"kernel"`
	// Stride is the number of positions from one place to the next; 1 if 0.
	Stride int `json:"stride" default:"1"`
	// Pool is how many of the places, in each direction that has more than one, become their maximum; 1, which leaves them as
	// they are, if 0.
	Pool int `json:"pool" default:"1"`
	// Activation is Relu if empty.
	Activation Activation `json:"activation" default:"relu"`
}

// Activation is a function of one number after a convolution.
type Activation string

// The activations.
const (
	Relu     Activation = "relu"     // max(0, x); the default
	Gelu     Activation = "gelu"     // x Φ(x)
	Silu     Activation = "silu"     // x / (1 + exp(-x))
	Tanh     Activation = "tanh"     // tanh(x)
	Identity Activation = "identity" // x
)

var activations = []struct {
	name Activation
	of   func(step.Vec) step.Vec
}{
	{Relu, step.Relu}, {Gelu, step.Gelu}, {Silu, step.Silu}, {Tanh, step.Tanh}, {Identity, func(x step.Vec) step.Vec { return x }},
}

// Activations lists them.
func Activations() (names []Activation) {
	for _, a := range activations {
		names = append(names, a.name)
	}
	return names
}

// apply writes the activation.
func (a Activation) apply(x step.Vec) step.Vec {
	for _, known := range activations {
		if known.name == a {
			return known.of(x)
		}
	}
	panic("model: an activation that there is not")
}

// Bounds of a front end, like maxEncoder far beyond what makes sense, and soon built.
const (
	maxConv    = 16
	maxWeights = 1 << 22
	maxWindows = 1 << 19 // values under all places of a window
)

// None tells whether there is no front end.
func (f Front) None() bool { return len(f.Conv) == 0 }

// String lists the convolutions as ParseConv reads them.
func (f Front) String() string {
	list := make([]string, len(f.Conv))
	for i, c := range f.Conv {
		list[i] = c.String()
	}
	return strings.Join(list, ",")
}

// String is such as 16x5/2/max2/tanh, without what is the default.
func (c Conv) String() string {
	c = cell.Filled(c)
	text := fmt.Sprintf("%dxall", c.Channels)
	if c.Kernel > 0 {
		text = fmt.Sprintf("%dx%d", c.Channels, c.Kernel)
	}
	if c.Stride != 1 {
		text += fmt.Sprintf("/%d", c.Stride)
	}
	if c.Pool != 1 {
		text += fmt.Sprintf("/max%d", c.Pool)
	}
	if c.Activation != Relu {
		text += "/" + string(c.Activation)
	}
	return text
}

// ScanConv are convolutions for scans of some hundred ranges: of 541 they make 134, 44 and 20 places, and 32 values of those.
const ScanConv = "8x7/4,16x5/3,16x5/2,32xall"

// ParseConv reads a list such as 8x7/4,16x5/2/max2/tanh,32xall: for each convolution its channels, x, the width of its window
// or all, and after slashes, in any order, its stride, max and the places that become one, and its activation. The word scan
// stands for ScanConv.
func ParseConv(text string) (list []Conv, err error) {
	if text == "scan" {
		text = ScanConv
	}
	for one := range strings.SplitSeq(text, ",") {
		c, ok := parseConv(strings.TrimSpace(one))
		if !ok {
			return nil, fmt.Errorf("%q is no convolution; write channels x width/stride, such as 16x5/2, 16x5/2/max2/tanh or 32xall, or scan for %s (activations: %s)",
				one, ScanConv, joined(Activations()))
		}
		list = append(list, c)
	}
	return list, nil
}

func parseConv(text string) (c Conv, ok bool) {
	fields := strings.Split(text, "/")
	channels, kernel, found := strings.Cut(fields[0], "x")
	if c.Channels, ok = number(channels); !ok || !found {
		return c, false
	}
	if kernel != "all" {
		if c.Kernel, ok = number(kernel); !ok {
			return c, false
		}
	}
	for _, field := range fields[1:] {
		pool, pooled := strings.CutPrefix(field, "max")
		stride, numeric := number(field)
		switch {
		case numeric && c.Stride == 0:
			c.Stride = stride
		case pooled && c.Pool == 0:
			if c.Pool, ok = number(pool); !ok {
				return c, false
			}
		case slices.Contains(Activations(), Activation(field)) && c.Activation == "":
			c.Activation = Activation(field)
		default:
			return c, false
		}
	}
	return c, true
}

// number reads a number above 0.
func number(text string) (n int, ok bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0 && text[0] != '+'
}

func joined[T ~string](names []T) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = string(n)
	}
	return strings.Join(list, ", ")
}

// filled is the front end with its defaults, for the inputs of a schema, and the features that it reads. The error is one
// line.
func (f Front) filled(ins []series.Input) (Front, step.Grid, error) {
	if f.None() {
		if f.Rows != 0 || f.Columns != 0 || f.Channels != 0 {
			return f, step.Grid{}, fmt.Errorf("model: a grid of inputs, but no convolution on it; give at least one, such as 16x5/2")
		}
		return f, step.Grid{}, nil
	}
	f.Conv = slices.Clone(f.Conv)
	for i, c := range f.Conv {
		f.Conv[i] = cell.Filled(c)
	}
	if f.Rows < 0 || f.Columns < 0 || f.Channels < 0 || len(f.Conv) > maxConv {
		return f, step.Grid{}, fmt.Errorf("model: %d convolutions on a grid of %d×%d positions with %d channels; allowed: 1 to %d convolutions, and numbers above 0",
			len(f.Conv), f.Rows, f.Columns, f.Channels, maxConv)
	}
	f.Rows, f.Channels = cmp.Or(f.Rows, 1), cmp.Or(f.Channels, 1)
	n := len(ins)
	if f.Columns == 0 && f.Rows <= n/f.Channels && n%(f.Rows*f.Channels) == 0 {
		f.Columns = n / (f.Rows * f.Channels)
	}
	// Compared by division, for a product of what a file says may overflow.
	if f.Columns == 0 || f.Columns > n || f.Rows > n/f.Columns || f.Channels > n/f.Columns/f.Rows {
		return f, step.Grid{}, fmt.Errorf("model: a grid of %d×%d positions with %d channels does not fit %d inputs; say how the first inputs stand, such as 1×%d with 1",
			f.Rows, f.Columns, f.Channels, n, n)
	}
	grid := step.Grid{Rows: f.Rows, Columns: f.Columns, Channels: f.Channels * ins[0].Width()}
	for _, in := range ins[:f.Rows*f.Columns*f.Channels] {
		if in.Kind != series.Numeric || in.Hidden || in.Width() != ins[0].Width() || in.Mask != ins[0].Mask {
			return f, grid, fmt.Errorf("model: input %q is no number with the features of %q; a convolution needs the same of all inputs on its grid; put others after them, or give all of them masks", in.Name, ins[0].Name)
		}
	}
	return f, grid, f.check(grid)
}

// check follows the grid from convolution to convolution.
func (f Front) check(g step.Grid) error {
	for i, c := range f.Conv {
		if err := oneOf("activation", c.Activation, Activations()); err != nil {
			return fmt.Errorf("model: convolution %d: %w", i, err)
		}
		if c.Channels < 1 || c.Kernel < 0 || c.Stride < 1 || c.Pool < 1 || c.Channels > maxEncoder {
			return fmt.Errorf("model: convolution %d has %d channels, width %d, stride %d, pool %d; allowed: 1 to %d channels, and numbers above 0", i, c.Channels, c.Kernel, c.Stride, c.Pool, maxEncoder)
		}
		w := c.window(g)
		places, ok := w.Places(g)
		if !ok {
			return fmt.Errorf("model: convolution %d: a window of %d×%d does not fit %d×%d positions; make it, or the strides and pools before it, smaller", i, w.Rows, w.Columns, g.Rows, g.Columns)
		}
		if taps := w.Taps() * g.Channels; taps > maxWeights/c.Channels || taps > maxWindows/places.Positions() {
			return fmt.Errorf("model: convolution %d: %d places of %d values for %d channels; allowed: up to %d weights and %d values under all places; make it smaller, or its stride larger",
				i, places.Positions(), taps, c.Channels, maxWeights, maxWindows)
		}
		places.Channels = c.Channels
		pool := c.pool(places)
		if g, ok = pool.Places(places); !ok {
			return fmt.Errorf("model: convolution %d: the maximum of %d does not fit %d×%d places; make it smaller", i, c.Pool, places.Rows, places.Columns)
		}
	}
	return nil
}

// window of a convolution on a grid.
func (c Conv) window(g step.Grid) step.Window {
	switch {
	case c.Kernel == 0:
		return step.Window{Rows: g.Rows, Columns: g.Columns, Stride: 1}
	case g.Rows == 1:
		return step.Window{Rows: 1, Columns: c.Kernel, Stride: c.Stride}
	}
	return step.Window{Rows: c.Kernel, Columns: c.Kernel, Stride: c.Stride}
}

// pool is the window of the maximum, which takes each place once.
func (c Conv) pool(g step.Grid) step.Window {
	w := step.Window{Rows: c.Pool, Columns: c.Pool, Stride: c.Pool}
	if g.Rows == 1 {
		w.Rows = 1
	}
	if g.Columns == 1 {
		w.Columns = 1
	}
	return w
}

// write writes the front end for the features of a row, of which the grid's come first.
func (f Front) write(b *step.Builder, x step.Vec, g step.Grid) step.Vec {
	if f.None() {
		return x
	}
	n := g.Len()
	y := step.Slice(x, 0, n)
	b.Scope("front", func() {
		for i, c := range f.Conv {
			w := c.window(g)
			y, g = b.Conv(fmt.Sprintf("conv%d", i), c.Channels, w, step.He(w.Taps()*g.Channels), step.Values{0}, y, g)
			y = c.Activation.apply(y)
			if c.Pool > 1 {
				y, g = step.MaxPool(y, g, c.pool(g))
			}
		}
		y = step.Reshape(y, step.Vector(y.Len()))
		b.Probe("features", y)
	})
	if n == x.Len() {
		return y
	}
	return step.Concat(y, step.Slice(x, n, x.Len()))
}
