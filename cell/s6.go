package cell

import (
	"fmt"
	"math"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// S6 is the selective diagonal state space at the core of Mamba: each of F input channels drives N states of its own, with
// a step, an input map and an output map that all follow from the input. With R the rank of the step,
//
//	[r | Bm | Cm] = x_proj x                                          R + N + N values
//	delta_f = softplus(dt_proj_w r + dt_proj_b)_f dt
//	X'[f,n] = exp(-delta_f exp(A_log[f,n])) X[f,n] + delta_f x_f Bm_n
//	y_f     = Σ_n X'[f,n] Cm_n + D_f x_f,   output = act(y)
//
// The state x [F][N] is zero at first, and a flow: dt = 0 keeps it, and the output still has D x. The output is as wide as
// the input. Of about 2F(R+2N) + 2FR + 8FN FLOPs and FN exponentials a step only the 2FN of the recurrence are sequential.
//
// Elapsed time multiplies the selected step; dt = 1 is the authors' layer. The decay is exact for any dt, but the input is
// taken by Euler's rule, delta B, whose sum over a long gap grows with it; gaps longer than 1.5 are split, see MaxStep.
//
// First values: A_log = log(1 … N) in each channel, D = 1, dt_proj_w within 1/sqrt(R), softplus(dt_proj_b) log-uniform on
// [0.001, 0.1), x_proj within 1/sqrt(F).
//
// Source: Gu and Dao, Mamba: linear-time sequence modeling with selective state spaces, 2023, algorithm 2, and the
// reference scan of their code. The block around it (projections, convolution, gate) is not part of the cell.
type S6 struct {
	// Units is the number N of states of each input channel, 1 to 65536.
	Units int `json:"units"`
	// Rank R of the step, 1 to 65536 and of use up to the number of inputs; one for every 16 inputs, rounded up, if zero.
	Rank int `json:"rank"`
	// Activation act of the output: gelu, lecun_tanh, relu, silu or tanh; none if empty.
	Activation Activation `json:"activation"`
}

var s6 = Entry{
	Name: "S6", Summary: "selective diagonal state space", Source: "Gu and Dao 2023",
	Cell: S6{}, Flow: true, Foreign: []string{"s6"}, Reference: s6Reference,
	Variants: []Variant{
		{"3 states a channel", S6{Units: 3}, nil},
		{"rank 2, gelu", S6{Units: 2, Rank: 2, Activation: "gelu"}, nil},
	},
	Presets: []Preset{{"s6-32", "S6, 32 states for each input, gelu", S6{Units: 32, Activation: "gelu"}, nil}},
}

// channelsPerRank is Mamba's default.
const channelsPerRank = 16

// Check implements Cell.
func (c S6) Check() error {
	if err := checkUnits("S6", c.Units); err != nil {
		return err
	}
	if c.Rank < 0 || c.Rank > maxUnits {
		return fmt.Errorf("S6: rank is %d; allowed: 1 to %d, or 0 for one of every %d inputs", c.Rank, maxUnits, channelsPerRank)
	}
	return c.Activation.after("S6")
}

// MaxStep implements Limited. No step is unstable; the bound is one of accuracy. The share of the input that Euler's rule
// takes is right to (delta A)²/2, so that within 1.5 it is of the order of the authors' own error at dt = 1, and rows of a
// regular series, whose dt is 1 within what its clock does, are never split.
func (c S6) MaxStep() float64 { return explicitStep }

// rank is R for a number of inputs.
func (c S6) rank(inputs int) int {
	if c.Rank == 0 {
		return (inputs + channelsPerRank - 1) / channelsPerRank
	}
	return c.Rank
}

// Build implements Cell.
func (c S6) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	F, N, R := x.Len(), c.Units, c.rank(x.Len())
	z := b.Linear("x_proj", R+2*N, FanIn(F), nil, Term{Name: "x", X: x})
	r, Bm, Cm := Slice(z, 0, R), Slice(z, R, R+N), Slice(z, R+N, R+2*N)
	delta := Mul(Softplus(b.Linear("dt_proj", F, FanIn(R), inverseSoftplus(0.001, 0.1), Term{Name: "w", X: r})), b.DT())
	b.Probe("delta", delta)
	decay := Exp(Neg(Mul(Column(delta), Exp(b.Param("A_log", Shape{Outer: F, Inner: N}, logs(F, N))))))
	X := b.State("x", Shape{Outer: F, Inner: N})
	X = Add(Mul(decay, X), Mul(Column(Mul(delta, x)), Bm))
	b.Next("x", X)
	y := Slice(Sum(Mul(X, Cm), Inner), 0, F)
	return c.Activation.of(Add(y, Mul(b.Param("D", Vector(F), Values{1}), x)))
}

// logs are log(1 … n), once for each of some rows.
func logs(rows, n int) (v Values) {
	for range rows {
		for k := range n {
			v = append(v, math.Log(float64(k+1)))
		}
	}
	return v
}

// Tensors implements Referenced.
func (c S6) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	R := c.rank(inputs)
	return []Tensor{
		Whole("x_proj.x", "x_proj", R+2*c.Units, inputs), Whole("dt_proj.w", "dt_proj_w", inputs, R), Whole("dt_proj.bias", "dt_proj_b", inputs),
		Whole("A_log", "A_log", inputs, c.Units), Whole("D", "D", inputs),
	}
}

func s6Reference(meta Meta) (Cell, error) {
	units, err := meta.Units()
	if err != nil {
		return nil, err
	}
	var given struct {
		Rank int `json:"dt_rank"`
	}
	if err := meta.Constants(&given); err != nil {
		return nil, err
	}
	return S6{Units: units, Rank: given.Rank}, nil
}
