package experiment

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/train"
)

// Networks that are refit have the validation figures and thresholds of what validation chose, and test figures of their own, also
// in an average and where trials were kept.
func TestRefit(t *testing.T) {
	for _, task := range []string{"two classes", "one label"} {
		s := contestSpec(task)
		s.Models = s.Models[:1]
		s.Models[0].Average, s.Keep = 2, t.TempDir()
		plain := contested(t, s)
		s.Options.Refit = true
		first := contested(t, s)
		c, err := NewContest(s.cut())
		if err != nil {
			t.Fatal(err)
		}
		if e, err := c.Estimate(context.Background()); err != nil || e.Kept != e.Trials {
			t.Errorf("%s: %d of %d trials were kept, %v", task, e.Kept, e.Trials, err)
		}
		kept := contested(t, s)
		if first.text() != kept.text() {
			t.Errorf("%s: what was kept scores otherwise:\n%s\n%s", task, first.text(), kept.text())
		}
		a, b := plain.Rows[0], first.Rows[0]
		for i := range a.Runs {
			x, y := a.Runs[i], b.Runs[i]
			if fmt.Sprint(x.Valid) != fmt.Sprint(y.Valid) || x.ValidLoss != y.ValidLoss {
				t.Errorf("%s: on validation a refit model has %v, and what was chosen %v", task, y.Valid, x.Valid)
			}
			if x.Model.Schema().Target.Threshold != y.Model.Schema().Target.Threshold {
				t.Errorf("%s: the threshold is another", task)
			}
			if slices.Equal(x.Model.Params(), y.Model.Params()) {
				t.Errorf("%s: the model is the same", task)
			}
		}
	}
}

// The average of a training's seeds that are refit is that of the refit models, with the threshold of those that were chosen.
func TestRefitAverage(t *testing.T) {
	s := spec("two classes")
	s.NoBaselines, s.Average = true, true
	plain := executed(t, s, Hooks{})
	s.Options.Refit = true
	again := executed(t, s, Hooks{})
	x, y := plain.Average.Runs[0], again.Average.Runs[0]
	if fmt.Sprint(x.Valid) != fmt.Sprint(y.Valid) || x.Model.Schema().Target.Threshold != y.Model.Schema().Target.Threshold || slices.Equal(x.Model.Params(), y.Model.Params()) {
		t.Errorf("on validation %v and %v", x.Valid, y.Valid)
	}
}

// A trial that is refit is half done when its first training is.
func TestRefitProgress(t *testing.T) {
	var half, last Progress
	watch := func(p Progress) {
		if p.Epochs < last.Epochs {
			t.Errorf("progress falls from %g to %g epochs", last.Epochs, p.Epochs)
		}
		if last = p; p.Epoch != nil && p.Epoch.Number == 3 {
			half = p
		}
	}
	reached := func(which string, total float64) {
		if half.Total != total || half.Epochs != total/2 || last.Epochs != total {
			t.Errorf("%s: %g of %g epochs after the first training, %g in the end; want %g, %g and %g", which, half.Epochs, half.Total, last.Epochs, total/2, total, total)
		}
		half, last = Progress{}, Progress{}
	}
	again := func(o train.Options) train.Options { o.Epochs, o.Patience, o.Refit = 3, -1, true; return o }
	c := contestSpec("two classes")
	c.Models, c.Seeds = c.Models[:1], 1
	c.Options.Epochs, c.Models[0].Own = 4, again
	one, err := NewContest(c.cut())
	if err == nil {
		_, err = one.Run(t.Context(), ContestHooks{Progress: watch})
	}
	if err != nil {
		t.Fatal(err)
	}
	reached("contest", 4)
	s := spec("two classes")
	s.NoBaselines, s.Seeds, s.Options = true, 1, again(s.Options)
	executed(t, s, Hooks{Progress: watch})
	reached("training", 6)
}
