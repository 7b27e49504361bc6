package step_test

import (
	"math"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	. "github.com/elegans-nn/elegans/step"
)

// norms are both norms of one operand with given parameters, by their names.
func norms(b *Builder, x Vec) {
	b.Output("layer", b.LayerNorm("layer", x))
	b.Output("rms", b.RMSNorm("rms", x))
}

// TestNormsKnownAnswers: values of Python with exact sums; the second row is so small that NormEps shows, the third is the
// first with an offset that a difference of squares would drown in.
func TestNormsKnownAnswers(t *testing.T) {
	b := New()
	x := b.Param("x", Shape{3, 3}, Values{0.3, -1.2, 2.5, 0.001, -0.002, 0.0015, 0.3 + 1<<20, -1.2 + 1<<20, 2.5 + 1<<20})
	norms(b, x)
	p := b.Build()
	theta := p.Initial(1)
	for _, q := range p.Params {
		switch q.Name {
		case "layer.gain", "rms.gain":
			copy(theta[q.Offset:], []float64{1.1, 0.7, -0.4})
		case "layer.bias":
			copy(theta[q.Offset:], []float64{0.05, -0.2, 0.6})
		}
	}
	o := engine.NewOracle(p, 1, theta)
	o.Step()
	for name, want := range map[string][]float64{
		"layer": {-0.1189145315412458, -0.9985050581949799, 0.08228792930215578, 0.31043254809570814, -0.6308974886674443, 0.4484756083806789,
			-0.1189145315412458, -0.9985050581949799, 0.08228792930215578},
		"rms": {0.20491980381205907, -0.5216140460670594, -0.6209691024607851},
	} {
		got := o.Value(p.Outputs[p.Output(name)].Node)
		for i, w := range want {
			bound := 4e-16
			if i >= 6 { // 0.3 + 2^20 is rounded to 1e-10
				bound = 1e-9
			}
			if !(math.Abs(got[i]-w) <= bound) {
				t.Errorf("%s[%d] = %.17g, want %.17g", name, i, got[i], w)
			}
		}
	}
	for _, q := range p.Params[1:] {
		if want := map[string]float64{"layer.gain": 1, "layer.bias": 0, "rms.gain": 1}[q.Name]; p.Initial(5)[q.Offset] != want || q.Shape != Vector(3) {
			t.Errorf("%s of shape %v starts at %v, want %v", q.Name, q.Shape, p.Initial(5)[q.Offset], want)
		}
	}
}

// TestNormsDerivative: reverse against differences, of a vector, of a matrix, and of one component.
func TestNormsDerivative(t *testing.T) {
	for _, s := range []Shape{Vector(4), {Outer: 2, Inner: 3}, Vector(1)} {
		l := &leaves{Builder: New()}
		norms(l.Builder, l.operand(s))
		worst, n, err := trial.New(l.Build(), 3, 2, 7).Differences()
		if least := 4 * s.Inner; err != nil || n < least {
			t.Errorf("%v: %d derivatives, worst %.1e: %v", s, n, worst, err)
		}
	}
}

// TestNormsOfEqualComponents: no derivative is infinite where the deviation vanishes.
func TestNormsOfEqualComponents(t *testing.T) {
	l := &leaves{Builder: New()}
	norms(l.Builder, l.operand(Vector(3)))
	tr := trial.New(l.Build(), 2, 1, 7)
	for i := range tr.H0[0] {
		tr.H0[0][i] = 0
	}
	g := tr.Gradient()
	for i, v := range g.H0[0] {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("the gradient of component %d is %v", i, v)
		}
	}
}
