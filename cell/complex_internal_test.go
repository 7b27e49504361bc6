package cell

import (
	"math/cmplx"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	. "github.com/elegans-nn/elegans/step"
)

// TestComplexFunctions: tanh and sigmoid of complex arguments, also where exponentials overflow, and near a pole, where an error of the argument grows
// tenfold.
func TestComplexFunctions(t *testing.T) {
	z := []complex128{0.3 - 0.4i, -1.7 + 2.9i, 40 + 1.2i, -900 - 0.3i, 1e-5 + 1e-4i, 0.02 + 1.5i, 2i, -3}
	b := New()
	a := complexVec{b.Input("re", len(z)), b.Input("im", len(z))}
	for name, v := range map[string]complexVec{"tanh": a.tanh(), "sigmoid": a.sigmoid()} {
		b.Output(name+"_re", v.re)
		b.Output(name+"_im", v.im)
	}
	p := b.Build()
	o := engine.NewOracle(p, 1, nil)
	for k, v := range z {
		o.Value(p.Inputs[0].Node)[k], o.Value(p.Inputs[1].Node)[k] = real(v), imag(v)
	}
	o.Step()
	part := func(name string) []float64 { return o.Value(p.Outputs[p.Output(name)].Node) }
	sigmoid := func(z complex128) complex128 {
		if real(z) < 0 {
			return cmplx.Exp(z) / (1 + cmplx.Exp(z))
		}
		return 1 / (1 + cmplx.Exp(-z))
	}
	tanh := func(z complex128) complex128 { return 2*sigmoid(2*z) - 1 }
	for name, f := range map[string]func(complex128) complex128{"tanh": tanh, "sigmoid": sigmoid} {
		for k, v := range z {
			got, want := complex(part(name + "_re")[k], part(name + "_im")[k]), f(v)
			if e := cmplx.Abs(got-want) / (1 + cmplx.Abs(want)); !(e < 2e-14) {
				t.Errorf("%s(%v) is %v, want %v", name, v, got, want)
			}
		}
	}
}
