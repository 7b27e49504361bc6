package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// GRUD is a gated recurrent unit that takes missing values as they are: it knows which inputs were observed (m = 1, and 0
// where x is NaN) and for how long the others were not, replaces these by a value that goes from the last one seen to x_mean,
// and lets its state decay likewise. With r h for the product by components,
//
//	delta = dt + elapsed
//	g_x = exp(-max(0, w_x delta + b_x))      [inputs],    g_h = exp(-max(0, W_gh delta + b_gh))      [units]
//	xi  = x where observed, else g_x x_last + (1 - g_x) x_mean,   d = g_h h
//	z   = sigmoid(W_z xi + U_z d + V_z m + b_z),   r likewise
//	c   = tanh(W_h xi + U_h (r d) + V_h m + b_h)
//	h'  = (1 - z) d + z c
//	x_last' = x where observed, else x_last;   elapsed' = 0 where observed, else delta
//
// States are h [units], x_last and elapsed [inputs]; the output is h. The step is an update: at dt = 0 the gates act. Any dt is
// finite. As the cell imputes by itself, the head of a model scales its inputs and leaves NaN where nothing was observed. Cost:
// 14 inputs units + 6 units² + 15 units + 10 inputs FLOPs, 4 units + inputs functions.
//
// Form "code" is what the authors' file computes: it feeds 1 - m in place of m, goes from the last value to 0, and keeps the
// state as it was before its decay: h' = z h + (1 - z) c.
//
// Source: Che et al., Recurrent neural networks for multivariate time series with missing values, Scientific Reports 8:6085,
// 2018, eq. 3 to 12. Initial values: W, V Glorot, U orthogonal, biases 0 as there. The rates of decay start just
// above 0, uniform below 0.1 a time unit, where the authors' 0 has no slope.
type GRUD struct {
	// Units is the width of the state h, 1 to 65536.
	Units int `json:"units"`
	// Form is paper or code; paper if empty.
	Form GRUDForm `json:"form" default:"paper"`
	// TrainMean makes x_mean a parameter that starts at 0 and is trained. Without it x_mean is what the paper has, the mean of
	// what was observed in training: that is 0, as inputs are scaled by it. Form code has no mean, and refuses it.
	TrainMean bool `json:"train_mean"`
}

// GRUDForm says which of its equations a GRUD follows.
type GRUDForm string

// Forms of GRUD.
const (
	GRUDPaper GRUDForm = "paper"
	GRUDCode  GRUDForm = "code"
)

// GRUDecay is GRUD without a notion of missing values, of which the decay of the state is left:
//
//	d  = h exp(-max(0, w dt + b))
//	r  = sigmoid(W_r [x, d] + b_r),   z = sigmoid(W_z [x, d] + b_z),   c = tanh(W_c [x, r d] + b_c)
//	h' = z d + (1 - z) c
//
// The state h [units] is the output. The step is an update: at dt = 0 the gates act. Any dt is finite. Cost:
// 6 (inputs + units) units + 17 units FLOPs, 4 units functions.
//
// Source: GRUD in the code of Lechner and Hasani, arXiv 2006.04418; initial values as there: all kernels Glorot, w too, biases 0.
// A unit whose w starts below 0 does not decay until its bias says so.
type GRUDecay struct {
	// Units is the width of the state, 1 to 65536.
	Units int `json:"units"`
}

var grud = Entry{
	Name: "GRUD", Summary: "GRU with decay that takes missing values as they are", Source: "Che et al. 2018",
	Cell: GRUD{}, Missing: true, Clocks: []string{"elapsed"}, Foreign: []string{"gru_d", "gru_d_code"}, Reference: grudReference,
	Variants: []Variant{
		{"5 units", GRUD{Units: 5}, nil},
		{"with a mean that is trained", GRUD{Units: 3, TrainMean: true}, nil},
		{"as in the code", GRUD{Units: 4, Form: GRUDCode}, nil},
	},
	Presets: []Preset{
		{"grud-32", "GRU-D, 32 units, missing values as they are", GRUD{Units: 32}, nil},
		{"grud-64", "GRU-D, 64 units, missing values as they are", GRUD{Units: 64}, nil},
	},
}

var gruDecay = Entry{
	Name: "GRUDecay", Summary: "GRU whose state decays exponentially, unit by unit", Source: "Lechner and Hasani 2020",
	Cell: GRUDecay{}, Foreign: []string{"gru_d_nomask"}, Reference: gruDecayReference,
	Variants: []Variant{{"5 units", GRUDecay{5}, nil}},
	Presets:  []Preset{{"grudecay-32", "GRU with decay, 32 units", GRUDecay{32}, nil}},
}

// Check implements Cell.
func (c GRUD) Check() error {
	if c.Form != "" && c.Form != GRUDPaper && c.Form != GRUDCode {
		return fmt.Errorf("GRUD: form %q; allowed: %s, %s", c.Form, GRUDPaper, GRUDCode)
	}
	if c.TrainMean && c.Form == GRUDCode {
		return fmt.Errorf("GRUD: train_mean with form %s, which has no mean; allowed: form %s", GRUDCode, GRUDPaper)
	}
	return checkUnits("GRUD", c.Units)
}

// Check implements Cell.
func (c GRUDecay) Check() error { return checkUnits("GRUDecay", c.Units) }

// Build implements Cell.
func (c GRUD) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(GRUD)
	n := c.Units
	h := b.State("h", Vector(n))
	m, xi, delta := c.impute(b, x)
	decayed := Mul(h, decay(b.Linear("gamma_h", n, Between(0, 0.1/float64(x.Len())), Values{0}, Term{Name: "w", X: delta})))
	told := m
	if c.Form == GRUDCode {
		told = OneMinus(m)
	}
	gate := func(name string, d Vec) Vec {
		U := b.Param(name+".h", Shape{Outer: n, Inner: n}, Orthonormal{})
		return Add(b.Linear(name, n, Xavier(x.Len(), n), Values{0}, Term{Name: "x", X: xi}, Term{Name: "m", X: told}), MatVec(U, d))
	}
	z, r := Sigmoid(gate("z", decayed)), Sigmoid(gate("r", decayed))
	candidate := Tanh(gate("c", Mul(r, decayed)))
	if c.Form == GRUDCode {
		h = Add(Mul(z, h), Mul(OneMinus(z), candidate))
	} else {
		h = Add(Mul(OneMinus(z), decayed), Mul(z, candidate))
	}
	b.Next("h", h)
	return h
}

// impute is the mask m, the inputs without gaps, and the time since each was last observed; it declares x_last and elapsed.
func (c GRUD) impute(b *Builder, x Vec) (m, xi, delta Vec) {
	last, elapsed := b.State("x_last", x.Shape()), b.State("elapsed", x.Shape())
	m = Observed(x)
	delta = Add(b.DT(), elapsed)
	rate := Mul(b.Param("gamma_x.w", x.Shape(), Between(0, 0.1)), delta)
	g := decay(Add(rate, b.Param("gamma_x.bias", x.Shape(), Values{0})))
	guess := Mul(g, last)
	if c.TrainMean {
		guess = Add(guess, Mul(OneMinus(g), b.Param("x_mean", x.Shape(), Values{0})))
	}
	b.Next("x_last", Select(m, x, last))
	b.Next("elapsed", Select(m, b.Const(0), delta))
	return m, Select(m, x, guess), delta
}

// decay is exp(-max(0, a)).
func decay(a Vec) Vec { return Exp(Neg(Relu(a))) }

// Build implements Cell.
func (c GRUDecay) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	n := c.Units
	rate := b.Linear("decay", n, Xavier(1, n), Values{0}, Term{Name: "w", X: b.DT()})
	d := Mul(b.State("h", Vector(n)), decay(rate))
	reset, update, detect := joint(b, "reset", n, x, n, 0), joint(b, "update", n, x, n, 0), joint(b, "detect", n, x, n, 0)
	r, z := Sigmoid(reset(d)), Sigmoid(update(d))
	h := Add(Mul(z, d), Mul(OneMinus(z), Tanh(detect(Mul(r, d)))))
	b.Next("h", h)
	return h
}

// Tensors implements Referenced.
func (c GRUD) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	n := c.Units
	list := []Tensor{
		Turned("gamma_h.w", "gamma_h_w", inputs, n, 0, inputs), Whole("gamma_h.bias", "gamma_h_b", n),
		Whole("gamma_x.w", "gamma_x_w", inputs), Whole("gamma_x.bias", "gamma_x_b", inputs),
	}
	mean := Whole("x_mean", "x_mean", inputs)
	if !c.TrainMean { // files have it though nothing reads it
		mean = Tensor{Name: "x_mean", Shape: []int{inputs}}
	}
	list = append(list, mean)
	for _, g := range []struct{ name, letter string }{{"z", "z"}, {"r", "r"}, {"c", "h"}} {
		list = append(list,
			Turned(g.name+".x", "W_"+g.letter, inputs, n, 0, inputs), Turned(g.name+".m", "V_"+g.letter, inputs, n, 0, inputs),
			Turned(g.name+".h", "U_"+g.letter, n, n, 0, n), Whole(g.name+".bias", "b_"+g.letter, n))
	}
	return list
}

// Tensors implements Referenced.
func (c GRUDecay) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	return append(gatesTensors(inputs, c.Units), Turned("decay.w", "decay_kernel", 1, c.Units, 0, 1), Whole("decay.bias", "decay_bias", c.Units))
}

func grudReference(meta Meta) (Cell, error) {
	type constants struct {
		Feed   string   `json:"feed"`
		Impute bool     `json:"impute_to_mean"`
		Form   GRUDForm `json:"update"`
	}
	var k constants
	units, err := meta.Read(&k)
	if err != nil {
		return nil, err
	}
	want := map[string]constants{"gru_d": {"mask", true, GRUDPaper}, "gru_d_code": {"one_minus_mask", false, GRUDCode}}[meta["cell"]]
	if k != want {
		return nil, fmt.Errorf("constants of %s are %+v; %+v is needed", meta["cell"], k, want)
	}
	return GRUD{Units: units, Form: k.Form, TrainMean: k.Impute}, nil
}

func gruDecayReference(meta Meta) (Cell, error) {
	units, err := meta.Read(&struct{}{})
	return GRUDecay{units}, err
}
