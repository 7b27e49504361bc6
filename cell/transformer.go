package cell

import (
	"fmt"
	"math"
	"strconv"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// Transformer is a causal decoder: its input mapped to Units components, then Layers blocks of attention and of a network
// of one hidden layer, each around a normalised copy (pre-norm):
//
//	h = W_in x + b_in
//	a = LayerNorm(h),   q = W_q a,   k = W_k a,   v = W_v a                 each split into Heads of d = Units/Heads
//	s_j = (R(p) q) · (R(p_j) k_j) / sqrt(d),   c = Σ_j softmax(s)_j v_j      for each head, over the last Window rows j
//	h ← h + W_o [c of all heads]
//	h ← h + W_2 gelu(W_1 LayerNorm(h) + b_1) + b_2
//
// R(p) turns the pairs (2i, 2i+1) of a head by the angle p · 10000^(-2i/d). Only the difference of two places matters, so
// that the query is turned by the age of each key and the keys are kept as they came: places need not be counted, and a
// stream never ends. With Position index the age is a number of rows, and dt has no effect; with Position time it is the
// time that has passed, in the model's unit. Keys and values stand in rings of Window rows per block, the cache; rows
// before the start are masked out. As every block looks back Window rows, all of them together see
// Layers (Window-1) + 1. The step is an update: dt = 0 and any other is finite. The output is h after the last block.
//
// About 8 Units Window + 8 Units² + 4 Units FF FLOPs a row and block. gelu is the tanh form. Matrices start with Glorot's
// bound, biases with 0. Sources: Vaswani et al., Attention is all you need, 2017, section 3.2; Xiong et al., On layer
// normalization in the Transformer architecture, 2020, for pre-norm; Su et al., RoFormer, 2021, section 3.2.2.
type Transformer struct {
	// Units is the width of h, Heads times an even number, up to 65536.
	Units int `json:"units"`
	// Heads of the attention, 1 to 256; 2 if zero.
	Heads int `json:"heads" default:"2"`
	// FF is the width of the hidden layers, 1 to 65536; 64 if zero.
	FF int `json:"ff" default:"64"`
	// Layers is the number of blocks, 1 to 100; 1 if zero.
	Layers int `json:"layers" default:"1"`
	// Window is the number of rows that a block attends to, the present one included, 2 to 4096, and at most 2^20 numbers with
	// all Units; 32 if zero.
	Window int `json:"window" default:"32"`
	// Position is what the angles count, index or time; index if empty.
	Position Position `json:"position" default:"index"`
}

// Position is what the age of a row is counted in.
type Position string

// The counts of age.
const (
	Index   Position = "index" // rows
	Elapsed Position = "time"  // time in the model's unit
)

// rotaryBase is the number whose powers are the angles of a step, from Su et al.
const rotaryBase = 10000

var transformer = Entry{
	Name: "Transformer", Summary: "causal Transformer decoder", Source: "Vaswani et al. 2017, Su et al. 2021", Cell: Transformer{},
	Foreign: []string{"transformer_block"}, Reference: transformerReference,
	Variants: []Variant{
		{"2 heads, 4 rows", Transformer{Units: 4, FF: 5, Window: 4}, nil},
		{"2 blocks, 3 rows, by time", Transformer{Units: 4, Heads: 1, FF: 3, Layers: 2, Window: 3, Position: Elapsed}, nil},
	},
	Presets: []Preset{
		{"transformer-32", "two blocks of width 32 with 4 heads on the last 32 rows", Transformer{Units: 32, Heads: 4, Layers: 2}, nil},
		{"transformer-time-32", "the same with the elapsed time in place of the row number", Transformer{Units: 32, Heads: 4, Layers: 2, Position: Elapsed}, nil},
	},
}

// Check implements Cell.
func (c Transformer) Check() error {
	c = Resolve(c).(Transformer)
	if c.Heads < 1 || c.Heads > 256 {
		return fmt.Errorf("Transformer: heads is %d; allowed: 1 to 256", c.Heads)
	}
	if c.Units < 1 || c.Units > maxUnits || c.Units%(2*c.Heads) != 0 {
		return fmt.Errorf("Transformer: units is %d with heads %d; allowed: heads times an even number, up to %d", c.Units, c.Heads, maxUnits)
	}
	if c.FF < 1 || c.FF > maxUnits {
		return fmt.Errorf("Transformer: ff is %d; allowed: 1 to %d", c.FF, maxUnits)
	}
	if err := checkLayers("Transformer", c.Layers, 100); err != nil {
		return err
	}
	if c.Position != Index && c.Position != Elapsed {
		return fmt.Errorf("Transformer: position %q; allowed: %s, %s", c.Position, Index, Elapsed)
	}
	if err := checkWindow("Transformer", c.Window, 2); err != nil {
		return err
	}
	if n := c.Window * c.Units; n > maxCache {
		return fmt.Errorf("Transformer: window %d times units %d is %d; allowed: up to %d", c.Window, c.Units, n, maxCache)
	}
	return nil
}

// maxCache bounds the keys of a block, and with them the memory that a model file or a flag may ask for.
const maxCache = 1 << 20

// WithUnits implements Resizable: the hidden layers grow or shrink in proportion, and as many of the heads are kept as an
// even number of components each allows. Every even width can be built.
func (c Transformer) WithUnits(units int) Cell {
	c = Resolve(c).(Transformer)
	c.FF = max(1, int(math.Round(float64(c.FF)*float64(units)/float64(max(1, c.Units)))))
	for c.Heads > 1 && units%(2*c.Heads) != 0 {
		c.Heads--
	}
	c.Units = units
	return c
}

// Build implements Cell.
func (c Transformer) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(Transformer)
	p := c.past(b)
	h := c.linear(b, "in", c.Units, x, Values{0})
	for l := range c.Layers {
		b.Scope(fmt.Sprintf("block%d", l), func() { h = c.block(b, h, p) })
	}
	return h
}

// past is what all blocks know of the rows that they attend to.
type past struct {
	seen     Vec // [Window], 0 for rows before the start
	cos, sin Vec // [Window][Units], of the angles
}

func (c Transformer) past(b *Builder) past {
	seen := flat(b.Ring("seen", c.Window, b.Const(1)))
	cos, sin := c.angles(b)
	half := cos.Shape().Inner
	var pairs []int
	for r := range c.Window {
		for k := range c.Units {
			pairs = append(pairs, r*half+k/2%half)
		}
	}
	spread := func(v Vec) Vec { return Reshape(Gather(v, pairs...), Shape{Outer: c.Window, Inner: c.Units}) }
	return past{seen, spread(cos), spread(sin)}
}

// angles are the cosines and sines of the age of every row times the frequencies of a head, [Window][Units/Heads/2].
func (c Transformer) angles(b *Builder) (cos, sin Vec) {
	half := c.Units / c.Heads / 2
	shape := Shape{Outer: c.Window, Inner: half}
	frequency := make([]float64, half)
	for i := range frequency {
		frequency[i] = math.Pow(rotaryBase, -float64(i)/float64(half))
	}
	if c.Position == Index {
		cosines, sines := make([]float64, shape.Len()), make([]float64, shape.Len())
		for k := range cosines {
			sines[k], cosines[k] = math.Sincos(float64(c.Window-1-k/half) * frequency[k%half])
		}
		return Reshape(b.Const(cosines...), shape), Reshape(b.Const(sines...), shape)
	}
	// Rows grow older together, so that their angles are turned by one and the same: no time is added up, which would lose
	// digits, and a row costs one sine for each frequency.
	angle := Mul(b.DT(), b.Const(frequency...))
	older := func(name string) Vec {
		v := b.State(name, Vector(shape.Len()))
		return Reshape(Slice(v, half, shape.Len()), Shape{Outer: c.Window - 1, Inner: half})
	}
	oldCos, oldSin, dc, ds := older("cos"), older("sin"), Cos(angle), Sin(angle)
	next := func(name string, old Vec, present float64) Vec {
		v := Concat(flat(old), Broadcast(b.Const(present), Vector(half)))
		b.Next(name, v)
		return Reshape(v, shape)
	}
	return next("cos", Sub(Mul(oldCos, dc), Mul(oldSin, ds)), 1), next("sin", Add(Mul(oldSin, dc), Mul(oldCos, ds)), 0)
}

func (c Transformer) linear(b *Builder, name string, width int, x Vec, bias Init) Vec {
	return b.Linear(name, width, Xavier(x.Len(), width), bias, Term{Name: "w", X: x})
}

func (c Transformer) block(b *Builder, h Vec, p past) Vec {
	a := b.LayerNorm("norm1", h)
	q := c.linear(b, "q", c.Units, a, nil)
	k := b.Ring("k", c.Window, c.linear(b, "k", c.Units, a, nil))
	v := b.Ring("v", c.Window, c.linear(b, "v", c.Units, a, nil))
	h = Add(h, c.linear(b, "o", c.Units, c.attend(b, q, k, v, p), nil))
	z := GeluTanh(c.linear(b, "ff1", c.FF, b.LayerNorm("norm2", h), Values{0}))
	return Add(h, c.linear(b, "ff2", c.Units, z, Values{0}))
}

// masked is the score of rows before the start: e to it is 0 beside that of the present row.
const masked = -1e30

// attend is the attention of all heads at once. A row of the window [Window][Units] is its heads one after the other.
func (c Transformer) attend(b *Builder, q, k, v Vec, p past) Vec {
	d := c.Units / c.Heads
	byRow, heads := Shape{Outer: c.Window, Inner: c.Units}, Shape{Outer: c.Window * c.Heads, Inner: d}
	q = Scale(1/math.Sqrt(float64(d)), q)
	// R(age) q = cos q + sin q⊥ with q⊥ = (-q1, q0) for every pair. The products with k come first, so that training keeps
	// neither of them for all rows.
	s := Add(Mul(Mul(k, q), p.cos), Mul(Mul(k, quarter(b, q)), p.sin))
	s = Sum(Reshape(s, heads), Inner)

	of := func(k int) int { return k%c.Window*c.Heads + k/c.Window } // row by row, of head by head
	s = Reshape(Gather(s, permutation(s.Len(), of)...), Shape{Outer: c.Heads, Inner: c.Window})
	share := Softmax(Select(p.seen, s, b.Const(masked)))
	b.Probe("attention", share)
	back := func(k int) int { return k%c.Heads*c.Window + k/c.Heads }
	w := Reshape(Gather(share, permutation(share.Len(), back)...), Shape{Outer: heads.Outer, Inner: 1})
	return Sum(Reshape(Mul(Reshape(v, heads), w), byRow), Outer)
}

// quarter turns the pairs (2i, 2i+1) of a vector by a right angle.
func quarter(b *Builder, q Vec) Vec {
	sign := make([]float64, q.Len())
	for i := range sign {
		sign[i] = 1 - 2*float64((i+1)%2)
	}
	return Mul(Gather(q, permutation(q.Len(), func(k int) int { return k ^ 1 })...), b.Const(sign...))
}

func permutation(n int, of func(k int) int) []int {
	p := make([]int, n)
	for k := range p {
		p[k] = of(k)
	}
	return p
}

// Tensors implements Referenced. The vectors have one block, whose tensors have no prefix; those of further blocks have one.
func (c Transformer) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	c = Resolve(c).(Transformer)
	n := c.Units
	list := []Tensor{Turned("in.w", "w_in", inputs, n, 0, inputs), Whole("in.bias", "b_in", n)}
	for l := range c.Layers {
		own, prefix := fmt.Sprintf("block%d.", l), ""
		if l > 0 {
			prefix = own
		}
		whole := func(param, name string, width int) { list = append(list, Whole(own+param, prefix+name, width)) }
		turned := func(param, name string, in, out int) {
			list = append(list, Turned(own+param, prefix+name, in, out, 0, in))
		}
		whole("norm1.gain", "ln1_g", n)
		whole("norm1.bias", "ln1_b", n)
		for _, name := range []string{"q", "k", "v", "o"} {
			turned(name+".w", "w_"+name, n, n)
		}
		whole("norm2.gain", "ln2_g", n)
		whole("norm2.bias", "ln2_b", n)
		turned("ff1.w", "w_1", n, c.FF)
		whole("ff1.bias", "b_1", c.FF)
		turned("ff2.w", "w_2", c.FF, n)
		whole("ff2.bias", "b_2", n)
	}
	return list
}

// transformerReference is a cell whose window is the whole sequence of the vector: a block there attends to all rows before.
func transformerReference(meta Meta) (Cell, error) {
	var k struct {
		Heads    int     `json:"heads"`
		Head     int     `json:"d_head"`
		FF       int     `json:"d_ff"`
		Epsilon  float64 `json:"eps" want:"1e-05"`
		Gelu     string  `json:"gelu" want:"tanh"`
		Position string  `json:"position" want:"rotary"`
		Base     float64 `json:"rope_base" want:"10000"`
	}
	units, err := meta.Read(&k)
	if err != nil {
		return nil, err
	}
	rows, err := strconv.Atoi(meta["steps"])
	switch {
	case err != nil || rows < 1:
		return nil, fmt.Errorf("steps is %q; a whole number from 1 up is needed", meta["steps"])
	case k.Heads < 1 || k.Head < 1 || k.FF < 1: // which options would take for the default
		return nil, fmt.Errorf("heads is %d, d_head %d and d_ff %d; whole numbers from 1 up are needed", k.Heads, k.Head, k.FF)
	case units != k.Head: // files count the units of one head; nothing else would find another number
		return nil, fmt.Errorf("units is %d; in this cell it is d_head, %d", units, k.Head)
	}
	return Transformer{Units: k.Heads * k.Head, Heads: k.Heads, FF: k.FF, Window: max(rows, 2)}, nil
}
