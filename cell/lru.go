package cell

import (
	"math"
	"math/rand/v2"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// LRU is the linear recurrent unit, a diagonal linear recurrence of complex units with poles inside the unit circle:
//
//	lambda = exp(-exp(nu_log) + i exp(theta_log))
//	h' = lambda^dt h + exp(gamma_log) B x
//	output = f(Re(C h') + D x)
//
// B [units][inputs] and C [inputs][units] are complex, D [inputs] is real; the output is as wide as the input. States h_re
// and h_im [units] are zero at first. Of about 8·units·inputs + 15·units FLOPs a step, functions apart, only
// 10·units are sequential in time.
//
// The step is an update: at dt = 0 the pole is 1 and the input is still added, h + exp(gamma_log) B x. Any dt >= 0 is
// stable, for |lambda| < 1. Elapsed time is the exponent of the pole; dt = 1 is the authors' layer.
//
// First values: |lambda|² uniform on (0, 1), its angle uniform on (0, 6.28), gamma = sqrt(1 - |lambda|²) of the same
// lambda, so that the state has the variance of B x; both parts of B normal with deviation 1/sqrt(2 inputs), of C with
// 1/sqrt(units), D standard normal.
//
// Source: Orvieto et al., Resurrecting recurrent neural networks for long sequences, ICML 2023, and minimal-LRU.
type LRU struct {
	// Units is the number of complex units, 1 to 65536.
	Units int `json:"units"`
	// Activation f of the output: gelu, lecun_tanh, relu, silu or tanh; none if empty.
	Activation Activation `json:"activation"`
}

var lru = Entry{
	Name: "LRU", Summary: "linear recurrent unit", Source: "Orvieto et al., ICML 2023",
	Cell: LRU{}, Foreign: []string{"lru"}, Reference: lruReference,
	Variants: []Variant{{"5 units", LRU{Units: 5}, nil}, {"gelu", LRU{Units: 4, Activation: "gelu"}, nil}},
	Presets:  []Preset{{"lru-64", "LRU, 64 complex units, gelu", LRU{Units: 64, Activation: "gelu"}, nil}},
}

// maxPhase is the largest first angle, as in minimal-LRU.
const maxPhase = 6.28

// Check implements Cell.
func (c LRU) Check() error {
	if err := checkUnits("LRU", c.Units); err != nil {
		return err
	}
	return c.Activation.after("LRU")
}

// Build implements Cell.
func (c LRU) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	p := portal{c.Units, c.Activation}
	param := func(name string, init Init) Vec { return Exp(b.Param(name, Vector(c.Units), init)) }
	// The square of the modulus, u, is that of both parameters.
	decay := param("nu_log", b.Together("modulus", logOf("-log(u)/2", func(u float64) float64 { return -0.5 * math.Log(u) })))
	gamma := param("gamma_log", b.Together("modulus", logOf("sqrt(1 - u)", func(u float64) float64 { return math.Sqrt(1 - u) })))
	angle := param("theta_log", logOf("6.28 u", func(u float64) float64 { return maxPhase * u }))

	pole := complexVec{Neg(decay), angle}.scaled(b.DT()).exponential()
	in, out := Normal{SD: 1 / math.Sqrt(2*float64(x.Len()))}, Normal{SD: 1 / math.Sqrt(float64(c.Units))}
	h := pole.times(complexState(b, "h", c.Units)).plus(p.in(b, x, in, in).scaled(gamma))
	complexNext(b, "h", h)
	return p.out(b, h, x, out, out)
}

// logOf draws log f(u) with u uniform on (0, 1), both ends being left out.
func logOf(text string, f func(u float64) float64) Init {
	return Each{Text: "log of " + text, Draw: func(r *rand.Rand) float64 {
		u := r.Float64()
		for u == 0 {
			u = r.Float64()
		}
		return math.Log(f(u))
	}}
}

// Tensors implements Referenced.
func (c LRU) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	return portal{units: c.Units}.tensors(inputs, "nu_log", "theta_log", "gamma_log")
}

func lruReference(meta Meta) (Cell, error) {
	units, err := meta.Units()
	if err != nil {
		return nil, err
	}
	return LRU{Units: units}, meta.Constants(&struct{}{})
}
