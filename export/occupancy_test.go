package export_test

import (
	"context"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// occupancy is a model trained for some epochs on the built-in data set, and that divided.
func occupancy(t testing.TB, preset string, epochs int) (*model.Model, *dataset.Split) {
	t.Helper()
	d, err := dataset.Open("occupancy", dataset.Roles{})
	if err != nil {
		t.Fatal(err)
	}
	split, err := d.Split(d.DefaultSplit())
	if err != nil {
		t.Fatal(err)
	}
	p, err := cell.LookupPreset(preset)
	if err != nil {
		t.Fatal(err)
	}
	l := model.Layer{Cell: p.Cell}
	if p.Wiring != nil {
		l.Wiring = p.Wiring(split.Schema.Target.Width())
	}
	m, err := model.New(split.Schema, l)
	if err != nil {
		t.Fatal(err)
	}
	r, err := train.Fit(context.Background(), m.Initial(1), train.DataOf(split, 64), train.Options{Epochs: epochs}, train.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Model, split
}

// accuracy is the share of rows whose class is the likelier one.
func accuracy(t testing.TB, list []series.Series, step func(x []float32, dt float32) ([]float32, error), reset func()) float64 {
	t.Helper()
	right, n := 0, 0
	for _, s := range list {
		reset()
		for row, dt := range s.DT {
			p, err := step(s.At(row), dt)
			if err != nil {
				t.Fatal(err)
			}
			if n++; (p[1] > 0.5) == (s.Y[row] == 1) {
				right++
			}
		}
	}
	return float64(right) / float64(n)
}

// lost is what accuracy in fixed point may lose.
const lost = 0.005

// TestAccuracyInFixedPoint: a trained model keeps its accuracy on the test part.
func TestAccuracyInFixedPoint(t *testing.T) {
	for _, name := range []string{"ltc-ncp19", "cfc-ncp19"} {
		m, split := occupancy(t, name, 40)
		s := m.Stream()
		want := accuracy(t, split.Test, s.Step, s.Reset)
		if want < 0.95 {
			t.Errorf("%s: accuracy %.4f in single precision; it has not learnt", name, want)
		}
		for _, a := range []export.Arithmetic{export.Int8, export.Q15} {
			f, err := export.NewFixed(m, a, split.Train)
			if err != nil {
				t.Fatal(err)
			}
			got := accuracy(t, split.Test, f.Step, f.Reset)
			t.Logf("%s: accuracy %.4f in single precision, %.4f in %s", name, want, got, a)
			if got < want-lost {
				t.Errorf("%s: accuracy %.4f in %s, %.4f in single precision; it may lose %.3f", name, got, a, want, lost)
			}
		}
	}
}
