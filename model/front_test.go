package model

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
)

// fronted is a front end on a schema, with the features that it reads at each position: channels first, in their order.
type fronted struct {
	front  Front
	inputs int
	masked bool // inputs may be missing, and have masks
	time   bool
}

func fronts() map[string]fronted {
	return map[string]fronted{
		"scan":    {Front{Conv: []Conv{{Channels: 3, Kernel: 3, Stride: 2}, {Channels: 2, Kernel: 2, Activation: Tanh}}}, 13, false, false},
		"pooled":  {Front{Conv: []Conv{{Channels: 4, Kernel: 2, Pool: 3, Activation: Gelu}, {Channels: 5}}}, 12, false, true},
		"image":   {Front{Rows: 5, Columns: 4, Conv: []Conv{{Channels: 3, Kernel: 2, Pool: 2, Activation: Silu}, {Channels: 2, Activation: Identity}}}, 23, false, false},
		"colours": {Front{Rows: 3, Columns: 3, Channels: 2, Conv: []Conv{{Channels: 3, Kernel: 2}}}, 18, false, false},
		"masks":   {Front{Rows: 1, Columns: 6, Conv: []Conv{{Channels: 3, Kernel: 3, Stride: 2}}}, 7, true, true},
	}
}

func (f fronted) schema() series.Schema {
	s := series.Plain(f.inputs)
	for i := range s.Inputs {
		if f.masked {
			s.Inputs[i].Missing, s.Inputs[i].Mask, s.Inputs[i].Impute = true, true, 0.25
		}
	}
	return s
}

func (f fronted) model(t testing.TB) *Model {
	return stacked(t, f.schema(), Architecture{Layers: []Layer{Recurrent(cell.CfC{Units: 4})}, Front: f.front, TimeInput: f.time})
}

var formulas = map[Activation]func(v float64) float64{
	Relu: func(v float64) float64 { return math.Max(v, 0) }, Tanh: math.Tanh, Identity: func(v float64) float64 { return v },
	Gelu: func(v float64) float64 { return gelu(0, v) }, Silu: func(v float64) float64 { return v / (1 + math.Exp(-v)) },
}

// planes are the channels of a value, each by row and column.
type planes [][][]float64

func blank(channels, rows, columns int, at func(c, i, j int) float64) planes {
	p := make(planes, channels)
	for c := range p {
		p[c] = make([][]float64, rows)
		for i := range p[c] {
			p[c][i] = make([]float64, columns)
			for j := range p[c][i] {
				p[c][i][j] = at(c, i, j)
			}
		}
	}
	return p
}

// convolved is the k-th convolution of a front end, computed plane by plane.
func (n net) convolved(k int, c Conv, x planes) planes {
	w, bias := n.param(fmt.Sprintf("front.conv%d.w", k)), n.param(fmt.Sprintf("front.conv%d.bias", k))
	rows, columns := len(x[0]), len(x[0][0])
	high, wide := c.Kernel, c.Kernel
	stride, pool := max(c.Stride, 1), max(c.Pool, 1)
	if c.Kernel == 0 {
		high, wide = rows, columns
	} else if rows == 1 {
		high = 1
	}
	f := formulas[c.Activation]
	if c.Activation == "" {
		f = formulas[Relu]
	}
	y := blank(c.Channels, (rows-high)/stride+1, (columns-wide)/stride+1, func(o, i, j int) float64 {
		sum := bias[o]
		for r := range high {
			for q := range wide {
				for ch := range x {
					sum += w[((o*high+r)*wide+q)*len(x)+ch] * x[ch][i*stride+r][j*stride+q]
				}
			}
		}
		return f(sum)
	})
	down, across := pool, pool
	if len(y[0]) == 1 {
		down = 1
	}
	if len(y[0][0]) == 1 {
		across = 1
	}
	return blank(c.Channels, len(y[0])/down, len(y[0][0])/across, func(o, i, j int) float64 {
		top := math.Inf(-1)
		for r := range down {
			for q := range across {
				top = max(top, y[o][i*down+r][j*across+q])
			}
		}
		return top
	})
}

// seen is what the first layer sees of a row: the front end's values position by position, the other features, the time.
func (n net) seen(f fronted, x []float32, dt float32) (y []float64) {
	features := 1
	if f.masked {
		features = 2
	}
	feature := func(at int) float64 { // of the row, in the head's order
		v := float64(x[at/features])
		switch {
		case at%features == 1 && v != v:
			return 0
		case at%features == 1:
			return 1
		case v != v:
			return 0.25
		}
		return v
	}
	rows, columns, channels := max(f.front.Rows, 1), f.front.Columns, max(f.front.Channels, 1)*features
	if columns == 0 {
		columns = f.inputs
	}
	p := blank(channels, rows, columns, func(c, i, j int) float64 { return feature((i*columns+j)*channels + c) })
	for k, c := range f.front.Conv {
		p = n.convolved(k, c, p)
	}
	for i := range p[0] {
		for j := range p[0][i] {
			for c := range p {
				y = append(y, p[c][i][j])
			}
		}
	}
	for at := rows * columns * channels; at < f.inputs*features; at++ {
		y = append(y, feature(at))
	}
	if f.time {
		y = append(y, math.Log(1+float64(dt)))
	}
	return y
}

// TestFrontsAgainstLoops: a model with a front end is the model without, fed with what convolutions give that are computed
// again plane by plane, from the equations.
func TestFrontsAgainstLoops(t *testing.T) {
	for name, f := range fronts() {
		m := f.model(t)
		n := net{t, m}
		w := walk(f.schema(), 9, 3)
		out := ran(t, m, &w, RunOptions{})
		fed := series.Series{DT: w.DT}
		width := 0
		for row, dt := range w.DT {
			y := n.seen(f, w.At(row), dt)
			width = len(y)
			for _, v := range y {
				fed.X = append(fed.X, float32(v))
			}
		}
		rest, err := Architecture{Layers: m.arch.Layers}.Model(series.Plain(width))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rest = rest.With(m.theta[len(m.theta)-rest.Parameters():]) // the front end's parameters come first
		for row, y := range widened(ran(t, rest, &fed, RunOptions{})) {
			near(t, fmt.Sprintf("%s, row %d", name, row), out[row], y)
		}
	}
}

// TestFrontsAreCausal: batch, stream and file give one model to the bit, and the file says so in format 2.
func TestFrontsAreCausal(t *testing.T) {
	for name, f := range fronts() {
		m := f.model(t)
		w := walk(f.schema(), 21, 9)
		want := ran(t, m, &w, RunOptions{})
		if row := differs(stepped(t, m.Stream(), &w), want); row != -1 {
			t.Errorf("%s: the stream differs from the batch in row %d", name, row)
		}
		again, err := Read(bytes.NewReader(written(t, m)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if row := differs(ran(t, again, &w, RunOptions{Workers: 2}), want); row != -1 || again.program.String() != m.program.String() {
			t.Errorf("%s: another model after loading, in row %d", name, row)
		}
		if text := manifestOf(t, m); !strings.HasPrefix(text, `{"format":2,`) || !strings.Contains(text, `"front":{"rows":`) {
			t.Errorf("%s: the file does not say what it holds: %s", name, text)
		}
	}
}

// TestFrontOfAScan: the front end of the lidar models of others, counted by hand.
func TestFrontOfAScan(t *testing.T) {
	conv, err := ParseConv("scan")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: 8})}, Front: Front{Conv: conv}}.Model(series.Plain(541))
	if err != nil {
		t.Fatal(err)
	}
	own := 0
	for _, q := range m.program.Params {
		if strings.HasPrefix(q.Name, "front.") {
			own += q.Shape.Len()
		}
	}
	if want := 8*(7+1) + 16*(5*8+1) + 16*(5*16+1) + 32*(20*16+1); own != want {
		t.Errorf("%d parameters, want %d", own, want)
	}
	plain, err := New(series.Plain(32), Recurrent(cell.GRU{Units: 8}))
	if err != nil {
		t.Fatal(err)
	}
	// 134, 44, 20 places and one: products and sums, a bias and a maximum each.
	want := float64(134*8*(2*7+2) + 44*16*(2*40+2) + 20*16*(2*80+2) + 32*(2*320+2))
	if got := m.program.FLOPs() - plain.program.FLOPs(); got != want {
		t.Errorf("%v FLOPs, want %v", got, want)
	}
}

func TestParseConv(t *testing.T) {
	for text, want := range map[string][]Conv{
		"8x7/4":                 {{Channels: 8, Kernel: 7, Stride: 4}},
		"16x5/max2/3/tanh, 2x1": {{Channels: 16, Kernel: 5, Stride: 3, Pool: 2, Activation: Tanh}, {Channels: 2, Kernel: 1}},
		"32xall/identity":       {{Channels: 32, Activation: Identity}},
	} {
		got, err := ParseConv(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is read as %v (%v), want %v", text, got, err, want)
		}
		again, err := ParseConv(Front{Conv: got}.String())
		if err != nil || !slices.Equal(again, got) {
			t.Errorf("%q is written as %q", text, Front{Conv: got})
		}
	}
	if text := (Front{Conv: []Conv{{Channels: 16, Kernel: 5, Stride: 3, Pool: 2, Activation: Tanh}, {Channels: 4}}}).String(); text != "16x5/3/max2/tanh,4xall" {
		t.Errorf("a list is written as %q", text)
	}
	for _, text := range []string{"", "8", "8x", "x7", "0x7", "8x0", "-8x7", "8x7/0", "8x7/2/3", "8x7/max", "8x7/max2/max3", "8x7/relu/tanh", "8x7/sin", "8x7,", "8xall/", "+8x7", "8x7x2"} {
		_, err := ParseConv(text)
		oneLine(t, err, "is no convolution", "16x5/2/max2/tanh", "relu, gelu, silu, tanh, identity")
	}
}

func TestWrongFronts(t *testing.T) {
	gru := []Layer{Recurrent(cell.GRU{Units: 4})}
	category := series.Plain(6)
	category.Inputs[2].Kind, category.Inputs[2].Levels = series.Category, []string{series.Other, "a"}
	uneven := series.Plain(6)
	uneven.Inputs[1].Missing, uneven.Inputs[1].Mask = true, true
	ok := Conv{Channels: 2, Kernel: 2}
	for _, c := range []struct {
		front  Front
		schema series.Schema
		words  []string
	}{
		{Front{Rows: 2}, series.Plain(6), []string{"no convolution on it"}},
		{Front{Rows: 4, Conv: []Conv{ok}}, series.Plain(6), []string{"4×0 positions", "6 inputs", "1×6"}},
		{Front{Rows: 2, Columns: 4, Conv: []Conv{ok}}, series.Plain(6), []string{"2×4", "does not fit 6 inputs"}},
		{Front{Rows: math.MaxInt, Columns: 6, Channels: math.MaxInt, Conv: []Conv{ok}}, series.Plain(6), []string{"does not fit"}},
		{Front{Rows: math.MaxInt, Channels: math.MaxInt, Conv: []Conv{ok}}, series.Plain(6), []string{"does not fit"}},
		{Front{Rows: -1, Conv: []Conv{ok}}, series.Plain(6), []string{"above 0"}},
		{Front{Conv: make([]Conv, 17)}, series.Plain(6), []string{"17 convolutions", "1 to 16"}},
		{Front{Conv: []Conv{{Kernel: 2}}}, series.Plain(6), []string{"convolution 0", "0 channels"}},
		{Front{Conv: []Conv{{Channels: 2, Kernel: -2}}}, series.Plain(6), []string{"width -2"}},
		{Front{Conv: []Conv{ok, {Channels: 2, Kernel: 6}}}, series.Plain(6), []string{"convolution 1", "1×6", "1×5 positions"}},
		{Front{Conv: []Conv{{Channels: 2, Kernel: 2, Pool: 6}}}, series.Plain(6), []string{"maximum of 6", "1×5 places"}},
		{Front{Conv: []Conv{{Channels: 2, Kernel: 2, Activation: "sin"}}}, series.Plain(6), []string{"convolution 0", `"sin"`, "relu, gelu"}},
		{Front{Conv: []Conv{{Channels: 4096, Kernel: 1200}}}, series.Plain(1200), []string{"4096 channels", "weights"}},
		{Front{Conv: []Conv{{Channels: 2, Kernel: 800}}}, series.Plain(1600), []string{"801 places of 800 values", "smaller"}},
		{Front{Conv: []Conv{ok}}, category, []string{`"x2"`, "no number"}},
		{Front{Conv: []Conv{ok}}, uneven, []string{`"x1"`, "masks"}},
	} {
		_, err := Architecture{Layers: gru, Front: c.front}.Model(c.schema)
		oneLine(t, err, c.words...)
	}
	missing := series.Plain(6)
	missing.Inputs[1].Missing = true
	_, err := Architecture{Layers: []Layer{Recurrent(cell.GRUD{Units: 4})}, Front: Front{Conv: []Conv{ok}}}.Model(missing)
	oneLine(t, err, "a convolutional front end would spread them")
}

// TestFrontsInFiles: a front end that is out of range is refused as the file is read; defaults may be absent.
func TestFrontsInFiles(t *testing.T) {
	data := written(t, fronts()["scan"].model(t))
	const whole = `"front":{"rows":1,"columns":13,"channels":1,"conv":[{"channels":3,"kernel":3,"stride":2,"pool":1,"activation":"relu"},{"channels":2,"kernel":2,"stride":1,"pool":1,"activation":"tanh"}]}`
	remake := func(new string) []byte {
		return remade(t, data, func(s string) string {
			if !strings.Contains(s, whole) {
				t.Errorf("the manifest %s does not hold %s", s, whole)
			}
			return strings.Replace(s, whole, new, 1)
		}, nil)
	}
	if _, err := Read(bytes.NewReader(remake(`"front":{"conv":[{"channels":3,"kernel":3,"stride":2},{"channels":2,"kernel":2,"activation":"tanh"}]}`))); err != nil {
		t.Error(err)
	}
	for old, c := range map[string][3]string{
		"a large grid":     {`"columns":13`, `"columns":9223372036854775807`, "does not fit 13 inputs"},
		"another stride":   {`"stride":2`, `"stride":0`, "F32"},
		"no activation":    {`"tanh"`, `"sin"`, `"sin"`},
		"an unknown field": {`"rows":1`, `"rows":1,"depth":1`, "depth"},
		"a wide window":    {`"kernel":3`, `"kernel":9223372036854775807`, "does not fit 1×13"},
	} {
		wrong(t, old, remake(strings.Replace(whole, c[0], c[1], 1)), c[2])
	}
}
