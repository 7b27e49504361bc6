package main

import (
	"context"
	"fmt"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// epochs and window of the training of all models, with seed 1: enough for what they reach.
const epochs, window = 40, 64

// task is the built-in data set of room occupancy, divided as it is by default.
func task() (*dataset.Split, error) {
	d, err := dataset.Open("occupancy", dataset.Roles{})
	if err != nil {
		return nil, err
	}
	return d.Split(d.DefaultSplit())
}

// trained is a layer trained on the task, with its readout.
func trained(ctx context.Context, split *dataset.Split, l model.Layer) (*model.Model, error) {
	m, err := model.New(split.Schema, l)
	if err != nil {
		return nil, err
	}
	r, err := train.Fit(ctx, m.Initial(1), train.DataOf(split, window), train.Options{Epochs: epochs}, train.Hooks{})
	if err != nil {
		return nil, err
	}
	return r.Model, nil
}

// layer is that of a preset.
func layer(name string, split *dataset.Split) (model.Layer, error) {
	p, err := cell.LookupPreset(name)
	if err != nil {
		return model.Layer{}, err
	}
	l := model.Layer{Cell: p.Cell}
	if p.Wiring != nil {
		l.Wiring = p.Wiring(split.Schema.Target.Width())
	}
	return l, nil
}

// stepper is a model in some arithmetic.
type stepper interface {
	Step(x []float32, dt float32) ([]float32, error)
	Reset()
}

// inArithmetic is the model as an export computes it: in float32 as the engine does, in fixed point to the bit.
func inArithmetic(m *model.Model, a export.Arithmetic, calibration []series.Series) (stepper, error) {
	if a == export.Float32 {
		return m.Stream(), nil
	}
	return export.NewFixed(m, a, calibration)
}

// accuracy is the share of rows whose class is the likelier one.
func accuracy(s stepper, list []series.Series) (float64, error) {
	right, n := 0, 0
	for _, one := range list {
		s.Reset()
		for row, dt := range one.DT {
			p, err := s.Step(one.At(row), dt)
			if err != nil {
				return 0, fmt.Errorf("row %d: %w", row, err)
			}
			if n++; (p[1] > 0.5) == (one.Y[row] == 1) {
				right++
			}
		}
	}
	return float64(right) / float64(n), nil
}

// subject is a trained model with its accuracy in single precision.
type subject struct {
	name     string
	m        *model.Model
	accuracy float64
}

// within is how far below that of the LTC the accuracy of a GRU may be that is called equal, and widest the largest GRU tried.
const within, widest = 0.001, 10

// subjects trains the liquid models, and GRUs from one unit up until one is as accurate as the LTC; tried are the accuracies of
// those before it.
func subjects(ctx context.Context, split *dataset.Split) (list []subject, tried []float64, err error) {
	add := func(name string, l model.Layer) error {
		m, err := trained(ctx, split, l)
		if err != nil {
			return err
		}
		a, err := accuracy(m.Stream(), split.Test)
		list = append(list, subject{name, m, a})
		return err
	}
	for _, name := range []string{"ltc-ncp19", "cfc-ncp19"} {
		l, err := layer(name, split)
		if err != nil {
			return nil, nil, err
		}
		if err := add(name, l); err != nil {
			return nil, nil, err
		}
	}
	for units := 1; units <= widest; units++ {
		if err := add(fmt.Sprintf("gru-%d", units), model.Layer{Cell: cell.GRU{Units: units}}); err != nil {
			return nil, nil, err
		}
		last := len(list) - 1
		if tried = append(tried, list[last].accuracy); list[last].accuracy >= list[0].accuracy-within {
			return list, tried, nil
		}
		list = list[:last]
	}
	return nil, nil, fmt.Errorf("no GRU of up to %d units is as accurate as the LTC", widest)
}
