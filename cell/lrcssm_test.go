package cell_test

import (
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/internal/conform/trial"
)

// TestComplexOfRealNumbers: without imaginary parts the complex LrcSSM is the real one, and has none.
func TestComplexOfRealNumbers(t *testing.T) {
	for _, e := range []cell.Elastance{cell.AsymmetricElastance, cell.SymmetricElastance} {
		const n, inputs = 4, 3
		real, _ := program(t, cell.LrcSSM{Units: n, Elastance: e}, nil, inputs)
		both, _ := program(t, cell.LrcSSM{Units: n, Elastance: e, Complex: true}, nil, inputs)
		a, b := trial.New(real, 4, 2, 8), trial.New(both, 4, 2, 8)
		b.X, b.DT = a.X, a.DT
		for _, q := range both.Params {
			dst := b.Theta[q.Offset:][:q.Shape.Len()]
			if strings.HasSuffix(q.Name, "_im") {
				clear(dst)
				continue
			}
			copy(dst, a.Theta[find(t, real, strings.TrimSuffix(q.Name, "_re")):])
		}
		b.H0[0] = a.H0[0]
		clear(b.H0[1])
		x, y := a.Forward(), b.Forward()
		if d := distance(x.H[0], y.H[0]); !(d < 1e-15) {
			t.Errorf("%s: real parts are off by %g", e, d)
		}
		if d := distance(y.H[1], make([]float64, len(y.H[1]))); d != 0 {
			t.Errorf("%s: imaginary parts of up to %g arise from nothing", e, d)
		}
	}
}
