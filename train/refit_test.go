package train

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
)

// A model that is refit is the one that a training on both parts gives, for as many epochs as validation chose; what validation
// chose stays beside it.
func TestRefit(t *testing.T) {
	m, d := small(t, closed), tanks()
	o := Options{Seed: 7, Epochs: 6, Batch: 4, LearningRate: 0.3, Schedule: "constant", Patience: -1}
	plain := fitted(t, m, d, o, Hooks{})
	if plain.Best == o.Epochs {
		t.Fatal("validation chooses the last epoch, which shows nothing; take other options")
	}
	o.Refit = true
	again := fitted(t, m, d, o, Hooks{})
	if plain.Chosen != nil || again.Best != plain.Best || !slices.Equal(again.Chosen.Params(), plain.Model.Params()) {
		t.Errorf("epoch %d was chosen, without a second training %d", again.Best, plain.Best)
	}
	all := dataset.Part{Series: slices.Concat(d.Train.Series, d.Valid.Series), Windows: slices.Clone(d.Train.Windows)}
	all.Windows = append(all.Windows, dataset.Window{Series: 2, To: 40})
	o.Refit, o.Epochs = false, plain.Best
	if want := fitted(t, m, Data{Train: all}, o, Hooks{}); !slices.Equal(again.Model.Params(), want.Model.Params()) {
		t.Error("a training on both parts gives another model")
	}
	if slices.Equal(again.Model.Params(), plain.Model.Params()) {
		t.Error("the second training gives the model of the first")
	}
}

// A run that is stopped after any of its steps goes on to the same bits, in the second training too, and is told of all steps.
func TestRefitResumes(t *testing.T) {
	m, d := small(t, closed), tanks()
	o := Options{Seed: 7, Epochs: 3, Batch: 4, Patience: -1, Refit: true}
	last := 0
	want := fitted(t, m, d, o, Hooks{Step: func(epoch int, _ float64) { last = epoch }})
	if last != o.Epochs+want.Best {
		t.Errorf("the last step was of epoch %d, want %d", last, o.Epochs+want.Best)
	}
	for every := 1; every <= 5; every += 2 {
		got, stops := interrupted(t, m, d, o, every)
		if !same(got, want) || !slices.Equal(got.Chosen.Params(), want.Chosen.Params()) {
			t.Errorf("stopped after every %d steps (%d times) the run ends differently", every, stops)
		}
	}
}

// Without a validation part nothing says how long to train again.
func TestRefitNeedsValidation(t *testing.T) {
	d := tanks()
	d.Valid = dataset.Part{}
	if _, err := Fit(context.Background(), small(t, closed), d, Options{Epochs: 1, Refit: true}, Hooks{}); err == nil || !strings.Contains(err.Error(), "validation part") {
		t.Errorf("error %v", err)
	}
}

// The last epoch is kept where that is asked for, to the same bits as without a validation part; a second training is as long.
func TestLast(t *testing.T) {
	m, d := small(t, closed), tanks()
	o := Options{Seed: 7, Epochs: 6, Batch: 4, LearningRate: 0.3, Schedule: "constant", Patience: 1, Last: true}
	got := fitted(t, m, d, o, Hooks{})
	if got.Best != o.Epochs || len(got.Epochs) != o.Epochs {
		t.Errorf("epoch %d of %d was kept, want the last of %d", got.Best, len(got.Epochs), o.Epochs)
	}
	if want := fitted(t, m, Data{Train: d.Train}, o, Hooks{}); !slices.Equal(got.Model.Params(), want.Model.Params()) {
		t.Error("without a validation part another model is kept")
	}
	o.Refit = true
	again := fitted(t, m, d, o, Hooks{})
	o.Refit = false
	if want := fitted(t, m, Data{Train: dataset.Join(d.Train, d.Valid)}, o, Hooks{}); !slices.Equal(again.Model.Params(), want.Model.Params()) {
		t.Error("the second training is not one of all epochs")
	}
}
