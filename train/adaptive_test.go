package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

var adaptive = model.Recurrent(cell.CTRNN{Units: 4, Method: cell.Dopri5})

// TestAdaptiveResumes: a run that is stopped after any of its steps and goes on ends with the same bits, on one worker and on
// several, for the steps of rows follow from the present parameters alone.
func TestAdaptiveResumes(t *testing.T) {
	m, d := small(t, adaptive), tanks()
	o := Options{Seed: 7, Epochs: 3, Batch: 4, Patience: -1}
	want := fitted(t, m, d, o, Hooks{})
	if first, last := want.Epochs[0], want.Epochs[2]; !(last.Train < first.Train) {
		t.Errorf("nothing is learned: %+v, %+v", first, last)
	}
	for every := 1; every <= 5; every += 2 {
		if got, _ := interrupted(t, m, d, o, every); !same(got, want) {
			t.Errorf("stopped after every %d steps the run ends differently", every)
		}
	}
	var list []series.Series
	for k := range 12 {
		list = append(list, leaky(20+7*k, uint64(k)))
	}
	d = Data{Train: part(10, 3, list...), Valid: part(0, 0, leaky(60, 40), leaky(20, 41))}
	o = Options{Epochs: 2, Batch: 100}
	one := fitted(t, m, d, o, Hooks{})
	if o.Workers = 3; !same(one, fitted(t, m, d, o, Hooks{})) {
		t.Error("three workers end differently than one")
	}
}

// TestAdaptiveGradient: the gradient of a batch is that of the steps which the present parameters give, whose lengths are
// constants: the same as of a model with those rows.
func TestAdaptiveGradient(t *testing.T) {
	m, d := small(t, adaptive), tanks()
	f, err := newFit(m, d, Options{Epochs: 1, Batch: 3}.For(m.Schema().Target, 5), Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	chosen := []int{0, 2, 3}
	lanes, err := f.batchOf(chosen)
	if err != nil {
		t.Fatal(err)
	}
	longer := 0
	for i, k := range chosen {
		part := d.Train.Span(k)
		want, err := m.Lane(&part)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(lanes[i].DT, want.DT) || scored(&lanes[i]) != part.Scored() {
			t.Errorf("window %d is split into %v, alone %v; %d of %d labels", k, lanes[i].DT, want.DT, scored(&lanes[i]), part.Scored())
		}
		longer += len(want.DT) - part.Len()
	}
	if longer == 0 {
		t.Error("no row has several steps")
	}
	for i := range f.s.Theta {
		f.s.Theta[i] *= 3
	}
	moved, err := f.batchOf(chosen)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(moved[0].DT, lanes[0].DT) && slices.Equal(moved[1].DT, lanes[1].DT) {
		t.Error("other parameters take the same steps")
	}
}

// TestAdaptiveDivergence: parameters that are no numbers, or make a row too stiff, are a run that diverged.
func TestAdaptiveDivergence(t *testing.T) {
	m, d := small(t, adaptive), tanks()
	theta := m.Params()
	theta[0] = float32(math.NaN())
	e := stopped(t, m.With(theta), d, Options{}, "epoch 1, step 1", "series tank", "the adaptive solver", "NaN times the error", "--learning-rate")
	if e.Epoch != 1 || e.Step != 1 {
		t.Errorf("the place is %+v", e)
	}
	// A step of the optimiser that makes the next row too stiff.
	stopped(t, m, d, Options{LearningRate: 1e18, Clip: -1, Optimiser: "sgd"}, "training diverged")
	d.Valid.Series[0].DT[11] = 1e6
	stopped(t, m, d, Options{Epochs: 1, LearningRate: 1e-9}, "epoch 1", "series tank, row 12", "of dt 1e+06", "on the validation part")
	if err := CheckMemory(m, d, Options{Memory: 1 << 40}); err == nil || !strings.Contains(err.Error(), "--memory: the steps of an adaptive solver") {
		t.Errorf("a bound on memory gives %v", err)
	}
	d.Train.Series[1].X[3] = float32(math.Inf(1))
	var input *model.InputError
	if _, err := Fit(context.Background(), m, d, Options{}, Hooks{}); !errors.As(err, &input) {
		t.Errorf("an infinite input gives %v", err)
	}
}
