package cell

import (
	"fmt"
	"math"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// CTGRU is the continuous-time gated recurrent unit: every unit keeps its memory on several time scales tau_k, which decay
// at their own rates, and learns on which to read and on which to write:
//
//	h   = Σ_k H_k,   tau_k = 10^(k/2) for k = 0 … scales-1, in the model's time unit
//	r_k = softmax_k(-(lnr_k - ln tau_k)²),   lnr = W_r [x, h] + b_r        [units, scales]
//	q   = Σ_k r_k H_k,   c = tanh(W_c [x, q] + b_c)
//	s_k = softmax_k(-(lns_k - ln tau_k)²),   lns = W_s [x, h] + b_s        [units, scales]
//	H_k' = ((1 - s_k) H_k + s_k c) exp(-dt / tau_k),   output Σ_k H_k'
//
// The state is H, h_hat [units, scales]. The step is an update: at dt = 0 nothing decays, but the gates act. Any dt is finite.
// What a row writes has decayed by the row's own dt when it is read, as in the authors' code. Cost:
// 4 (inputs + units) units scales + 2 (inputs + units) units + 18 units scales FLOPs, softmax apart.
//
// Source: Mozer, Kazakov and Lindsey, Discrete event, continuous time RNNs, arXiv 1710.04110; scales and initial values
// (kernels Glorot, biases 0) as in the code of Lechner and Hasani, arXiv 2006.04418.
type CTGRU struct {
	// Units is the number of units, 1 to 65536.
	Units int `json:"units"`
	// Scales is the number of time scales, 1 to 32; 8 if zero, which reaches to 3162 time units.
	Scales int `json:"scales" default:"8"`
}

// maxScales keeps the slowest time scale within single precision.
const maxScales = 32

var ctgru = Entry{
	Name: "CTGRU", Summary: "continuous-time GRU, memory on several time scales", Source: "Mozer et al. 2017",
	Cell: CTGRU{}, Foreign: []string{"ct_gru"}, Reference: ctgruReference,
	Variants: []Variant{
		{"4 units, 3 scales", CTGRU{Units: 4, Scales: 3}, nil},
		{"2 units", CTGRU{Units: 2}, nil},
	},
	Presets: []Preset{{"ctgru-32", "continuous-time GRU, 32 units, 8 time scales", CTGRU{Units: 32}, nil}},
}

// Check implements Cell.
func (c CTGRU) Check() error {
	if c.Scales < 0 || c.Scales > maxScales {
		return fmt.Errorf("CTGRU: scales is %d; allowed: 1 to %d (0 means 8)", c.Scales, maxScales)
	}
	return checkUnits("CTGRU", c.Units)
}

// Build implements Cell.
func (c CTGRU) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(CTGRU)
	n, s := c.Units, Shape{Outer: c.Units, Inner: c.Scales}
	H := b.State("h_hat", s)
	tau, rate := make([]float64, c.Scales), make([]float64, c.Scales)
	for k := range tau {
		tau[k] = float64(k) / 2 * math.Ln10
		rate[k] = -math.Pow(10, -float64(k)/2)
	}
	vector := func(v Vec) Vec { return Reshape(v, Vector(v.Len())) }
	total := func(v Vec) Vec { return vector(Sum(v, Inner)) }
	h := total(H)
	on := func(name string) Vec { // which scales
		off := Sub(Reshape(joint(b, name, s.Len(), x, n, 0)(h), s), b.Const(tau...))
		return Softmax(Neg(Mul(off, off)))
	}
	q := total(Mul(on("retrieval"), H))
	signal := Tanh(joint(b, "detect", n, x, n, 0)(q))
	write := on("update")
	written := Add(H, Mul(write, Sub(Reshape(signal, Shape{Outer: n, Inner: 1}), H)))
	H = Mul(written, Exp(Mul(b.DT(), b.Const(rate...))))
	b.Next("h_hat", H)
	return total(H)
}

// Tensors implements Referenced.
func (c CTGRU) Tensors(inputs int, _ *wiring.Wiring) (list []Tensor) {
	c = Resolve(c).(CTGRU)
	wide := c.Units * c.Scales
	for _, t := range []struct {
		name  string
		width int
	}{{"retrieval", wide}, {"detect", c.Units}, {"update", wide}} {
		list = append(list, jointTensors(t.name, t.name+"_kernel", t.name+"_bias", inputs, c.Units, t.width)...)
	}
	return list
}

func ctgruReference(meta Meta) (Cell, error) {
	var k struct {
		Scales int `json:"M"`
	}
	units, err := meta.Read(&k)
	if err == nil && k.Scales < 1 { // which options would take for the default
		err = fmt.Errorf("constants: M is %d; a whole number from 1 up is needed", k.Scales)
	}
	return CTGRU{Units: units, Scales: k.Scales}, err
}
