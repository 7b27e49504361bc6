package train

import (
	"math"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

// targets is one target for each kind of output, by a name for messages.
var targets = map[string]series.Target{
	"two classes":   {Name: "on", Task: series.Classify, Classes: []string{"no", "yes"}},
	"three classes": {Name: "kind", Task: series.Classify, Classes: []string{"a", "b", "c"}},
	"point":         {Name: "flow", Task: series.Regress, Mean: 3.25, SD: 1.75},
	"quantiles":     {Name: "flow", Task: series.Regress, Mean: -2, SD: 0.6, Quantiles: []float64{0.1, 0.5, 0.85}},
	"gaussian":      {Name: "flow", Task: series.Regress, Mean: 1.5, SD: 2.5, Gaussian: true},
}

// labelsOf are a few labels that lie on both sides of the outputs used here.
func labelsOf(t series.Target) []float64 {
	if t.Task == series.Regress {
		return []float64{-1.7, 3.9, 12.25}
	}
	labels := make([]float64, len(t.Classes))
	for i := range labels {
		labels[i] = float64(i)
	}
	return labels
}

// slopeError is the largest difference between a loss's slope and central differences of its value.
func slopeError(loss Loss, y []float32, label float64) (worst float64) {
	dy, none := make([]float32, len(y)), make([]float32, len(y))
	loss(y, label, dy)
	for k := range y {
		const h = 1.0 / 256 // exact in float32
		at := y[k]
		y[k] = at + h
		up := loss(y, label, none)
		y[k] = at - h
		down := loss(y, label, none)
		y[k] = at
		difference := (up - down) / (2 * h)
		worst = math.Max(worst, math.Abs(difference-float64(dy[k]))/(1+math.Abs(difference)))
	}
	return worst
}

func TestSlopesAreDerivatives(t *testing.T) {
	checked := 0
	for name, target := range targets {
		y := []float32{0.8125, -1.375, 0.40625}[:target.Width()]
		for _, loss := range Losses(target) {
			l, err := NewLoss(target, Options{Loss: loss, HuberDelta: 1.5, ClassWeights: []float64{0.5, 2.5}}.Filled())
			if err != nil {
				t.Fatal(err)
			}
			for _, label := range labelsOf(target) {
				checked++
				if e := slopeError(l, y, label); e > 1e-4 {
					t.Errorf("%s of %s at label %g: the slope is off by %.2g", loss, name, label, e)
				}
			}
		}
	}
	if checked < 15 {
		t.Errorf("only %d losses and labels were checked", checked)
	}
}

func TestSlopeErrorBites(t *testing.T) {
	wrong := func(y []float32, label float64, dy []float32) float64 {
		e := float64(y[0]) - label
		dy[0] = float32(2.02 * e)
		return e * e
	}
	if e := slopeError(wrong, []float32{0.75}, 2); e < 1e-3 {
		t.Errorf("a slope that is 1 %% off was seen as %.2g off", e)
	}
}

// Known values, by hand: log(1 + e^-0.5), log(1 + e^0.5), and so on.
func TestKnownLosses(t *testing.T) {
	for _, c := range []struct {
		target, loss string
		o            Options
		y            []float32
		label, want  float64
	}{
		{"two classes", "cross_entropy", Options{}, []float32{0.5}, 1, 0.4740769841801067},
		{"two classes", "cross_entropy", Options{ClassWeights: []float64{3, 1}}, []float32{0.5}, 0, 3 * 0.9740769841801067},
		{"two classes", "cross_entropy", Options{}, []float32{-1000}, 1, 1000},
		{"three classes", "cross_entropy", Options{}, []float32{0, 0, 0}, 2, math.Log(3)},
		{"point", "squared", Options{}, []float32{1}, 6.75, 1},  // label scaled: 2
		{"point", "absolute", Options{}, []float32{4}, 6.75, 2}, //
		{"point", "huber", Options{}, []float32{0}, 6.75, 1.5},  // delta 1: 2 - 1/2
		{"point", "huber", Options{}, []float32{2.5}, 6.75, 0.125},
		{"quantiles", "quantile", Options{}, []float32{1, 1, 1}, -2, (0.9 + 0.5 + 0.15) / 3}, // label scaled: 0
		{"gaussian", "gaussian", Options{}, []float32{0, 0}, 4, 0.5 + math.Log(2*math.Pi)/2}, // label scaled: 1
	} {
		c.o.Loss = c.loss
		loss, err := NewLoss(targets[c.target], c.o.Filled())
		if err != nil {
			t.Fatal(err)
		}
		if got := loss(c.y, c.label, make([]float32, len(c.y))); math.Abs(got-c.want) > 1e-12*(1+c.want) {
			t.Errorf("%s of %s for y %v and label %g is %.15g, want %.15g", c.loss, c.target, c.y, c.label, got, c.want)
		}
	}
}

// Far out the log standard deviation is held within ±7, and nothing pushes it further out.
func TestGaussianIsHeld(t *testing.T) {
	loss, err := NewLoss(targets["gaussian"], Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		y     [2]float32
		label float64 // scaled: (label - 1.5) / 2.5
		want  float64
		slope float64
	}{
		{[2]float32{0, -50}, 1.5, -7 + math.Log(2*math.Pi)/2, 0},                                                 // certain and right: it would shrink for ever
		{[2]float32{0, -50}, 4, -7 + math.Exp(14)/2 + math.Log(2*math.Pi)/2, float64(float32(1 - math.Exp(14)))}, // certain and wrong: back inside
		{[2]float32{0, 60}, 4, 7 + math.Exp(-14)/2 + math.Log(2*math.Pi)/2, float64(float32(1 - math.Exp(-14)))},
	} {
		dy := make([]float32, 2)
		if got := loss(c.y[:], c.label, dy); math.Abs(got-c.want) > 1e-12*(1+math.Abs(c.want)) {
			t.Errorf("y %v, label %g: loss %v, want %v", c.y, c.label, got, c.want)
		}
		if math.Abs(float64(dy[1])-c.slope) > 1e-6*math.Abs(c.slope) {
			t.Errorf("y %v, label %g: slope %v, want %v", c.y, c.label, dy[1], c.slope)
		}
	}
}

func TestLossMustFitItsTarget(t *testing.T) {
	if _, err := NewLoss(targets["point"], Options{Loss: "cross_entropy"}); err == nil {
		t.Error("cross_entropy was accepted for a number")
	}
	for name, target := range targets {
		if len(Losses(target)) == 0 {
			t.Errorf("no loss fits %s", name)
		}
	}
}

func TestBalancedWeights(t *testing.T) {
	nan := math.NaN()
	list := []series.Series{{Y: []float64{0, 0, nan, 0, 2}}, {Y: []float64{2, 0, 0, 0}}}
	got := Balanced(targets["three classes"], list)
	want := []float64{8.0 / 12, 1, 8.0 / 4} // 6 rows of a, none of b, 2 of c
	for k := range want {
		if math.Abs(got[k]-want[k]) > 1e-15 {
			t.Errorf("weights are %v, want %v", got, want)
			break
		}
	}
}

// The loss of several outputs is the weighed mean of the losses of each in its own scale, and an output without a label
// pulls at nothing.
func TestLossOfSeveralOutputs(t *testing.T) {
	target := series.Target{Name: "pose", Task: series.Regress, SD: 1, Outputs: 3,
		Each: []series.Output{{Name: "x", Mean: 1, SD: 2}, {Name: "y", Mean: -3, SD: 0.5}, {Name: "z", SD: 1}}}
	loss, err := NewRowLoss(target, Options{OutputWeights: []float64{1, 3}}.Filled())
	if err != nil {
		t.Fatal(err)
	}
	y, dy := []float32{0.5, -1.25, 2}, []float32{9, 9, 9}
	got := loss(y, []float64{4, -2.5, math.NaN()}, dy)
	e0, e1 := 0.5-1.5, -1.25-1.0
	if want := (e0*e0 + 3*e1*e1) / 3; math.Abs(got-want) > 1e-12 {
		t.Errorf("the loss is %v, want %v", got, want)
	}
	for k, want := range []float64{2 * e0 / 3, 2 * e1, 0} {
		if math.Abs(float64(dy[k])-want) > 1e-6 {
			t.Errorf("slope %d is %v, want %v", k, dy[k], want)
		}
	}
	if _, err := NewLoss(target, Options{}.Filled()); err == nil {
		t.Error("three outputs were given the loss of one")
	}
}
