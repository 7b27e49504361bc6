package suite

import (
	"slices"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// Folding says on what divisions of a task's data models are compared: Folds of them, each with every one of the Shares of what it
// trains on.
type Folding struct {
	Folds  int
	Shares []float64
}

// Divisions are the contest of Task.Contest on folds of all but the test part, which is never scored; of says what they divide.
// Scalers that are moments of whole series are fitted anew to what a fold trains on. Those of tasks that fit them otherwise
// (to events, to clipped values, or to a stretch of one long series), loss weights among them, stay those of the task's training
// part. The error is that of dataset.Part.Fold.
func (t *Task) Divisions(d *Data, models []experiment.Contestant, o train.Options, f Folding) (list []experiment.Division, of string, err error) {
	all, target := dataset.Join(d.Train, d.Valid), d.Schema.Target
	if of, err = all.Folds(target, f.Folds); err != nil {
		return nil, "", err
	}
	spec := t.Contest(d, models, o)
	for k := range f.Folds {
		whole, _, err := all.Fold(target, dataset.Fold{Number: k, Of: f.Folds})
		if err != nil {
			return nil, "", err
		}
		for _, share := range f.Shares {
			trained, scored, err := all.Fold(target, dataset.Fold{Number: k, Of: f.Folds, Share: share})
			if err != nil {
				return nil, "", err
			}
			one := experiment.Division{ContestSpec: spec, Fold: k, Share: share}
			one.Schema = d.scaled(trained, scored)
			one.Parts, one.Windows = experiment.Windowed(one.Schema, trained, dataset.Part{}, scored), len(whole.Windows)
			list = append(list, one)
		}
	}
	return list, of, nil
}

// scaled is the schema with the scalers of what is trained on. Where series of both sides are pieces of one they stay as they are:
// its rows are those of what is scored too.
func (d *Data) scaled(trained, scored dataset.Part) series.Schema {
	s, units := d.Schema, map[string]bool{}
	for i := range scored.Series {
		units[scored.Series[i].Unit()] = true
	}
	if d.scale != nil && !slices.ContainsFunc(trained.Series, func(one series.Series) bool { return units[one.Unit()] }) {
		s.Inputs = d.scale(trained.Series)
	}
	return s
}
