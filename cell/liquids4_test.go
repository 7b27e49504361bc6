package cell_test

import (
	"math"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/internal/conform/trial"
)

// outputs of a form of LiquidS4 from zero states, with inputs scaled; the forms have the same parameters in one order.
func outputs(t *testing.T, form cell.LiquidForm, scale float64) []float64 {
	t.Helper()
	p, _ := program(t, cell.LiquidS4{Units: 3, Form: form}, nil, 2)
	tr := trial.New(p, 6, 1, 5)
	for i := range tr.X[0] {
		tr.X[0][i] *= scale
	}
	for k := range tr.H0 {
		clear(tr.H0[k])
	}
	return tr.Forward().Y[0]
}

// TestLiquidTruncation: rec is a series in the input, of which p2 has the products of two exactly, and pb a part: halving the
// input makes what p2 leaves out 8 times smaller and what pb or rec_diag change 4 times.
func TestLiquidTruncation(t *testing.T) {
	left := func(a, b cell.LiquidForm, scale float64) float64 {
		return distance(outputs(t, a, scale), outputs(t, b, scale))
	}
	for _, c := range []struct {
		a, b cell.LiquidForm
		want float64
	}{{cell.Rec, cell.P2, 8}, {cell.P2, cell.PB, 4}, {cell.Rec, cell.RecDiag, 4}} {
		whole, half := left(c.a, c.b, 1e-3), left(c.a, c.b, 5e-4)
		if r := whole / half; !(math.Abs(r-c.want) < 0.05*c.want) {
			t.Errorf("%s and %s differ by %.3g and, of half the input, %.3g: ratio %.3f, want %g", c.a, c.b, whole, half, r, c.want)
		}
	}
}

// TestLiquidPoles: known answers of both sets of first poles, N = 2: π n, and (2N/π)(2N/(2n+1) - 1).
func TestLiquidPoles(t *testing.T) {
	for inverse, want := range map[bool][]float64{
		false: {0, math.Pi, 0, math.Pi},
		true:  {4 / math.Pi * 3, 4 / math.Pi / 3, 4 / math.Pi * 3, 4 / math.Pi / 3},
	} {
		p, _ := program(t, cell.LiquidS4{Units: 2, InversePoles: inverse}, nil, 2)
		theta := p.Initial(1)
		if d := distance(theta[find(t, p, "A_im"):][:4], want); !(d < 1e-15) {
			t.Errorf("inverse %v: poles begin at %v, want %v", inverse, theta[find(t, p, "A_im"):][:4], want)
		}
		if re := -math.Exp(theta[find(t, p, "A_log_re")]); math.Abs(re+0.5) > 1e-15 {
			t.Errorf("real parts begin at %v", re)
		}
	}
}

// TestLiquidFlow: all forms but pb are flows.
func TestLiquidFlow(t *testing.T) {
	for form, want := range map[cell.LiquidForm]bool{"": false, cell.PB: false, cell.Rec: true, cell.RecDiag: true, cell.P2: true} {
		if got := cell.Flow(cell.LiquidS4{Units: 2, Form: form}); got != want {
			t.Errorf("form %q: a flow is %v", form, got)
		}
	}
	if !cell.Flow(cell.LTC{}) || cell.Flow(cell.GRU{Units: 2}) {
		t.Error("of other cells the entry says whether they are a flow")
	}
}
