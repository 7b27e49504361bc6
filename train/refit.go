package train

import (
	"context"
	"errors"

	"github.com/elegans-nn/elegans/dataset"
)

// refit trains a second time, from the same initial values, on training and validation windows, as many epochs as validation has
// chosen in the first training and at the rates that these had. The state of the second is part of the first one's, so that a run
// resumes in either.
func (f *fit) refit(ctx context.Context, chosen *Result) (*Result, error) {
	if len(f.data.Valid.Windows) == 0 {
		return nil, errors.New("train: refit takes the number of epochs from the validation part, and there is none; give it a share, or leave out refit")
	}
	hooks := Hooks{Resume: f.s.Second}
	if f.hooks.Save != nil {
		hooks.Save = func(s *State) error {
			f.s.Second = s
			return f.hooks.Save(f.s)
		}
	}
	if f.hooks.Step != nil {
		hooks.Step = func(epoch int, done float64) { f.hooks.Step(len(chosen.Epochs)+epoch, done) }
	}
	again, err := newFit(f.m, Data{Train: dataset.Join(f.data.Train, f.data.Valid)}, f.o, hooks)
	if err != nil {
		return nil, err
	}
	again.until = chosen.Best
	if err := again.run(ctx); err != nil {
		return nil, err
	}
	all := *chosen
	all.Model, all.Chosen = f.m.With(again.s.Best), chosen.Model
	return &all, nil
}
