package model

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// A personal part changes no prediction at first, whatever stands around it, and its parameters stand together.
func TestPersonalBeginsWithNothing(t *testing.T) {
	classes := series.Plain(2)
	classes.Target = series.Target{Name: "y", Task: series.Classify, Classes: []string{"a", "b", "c"}}
	gaussian := series.Plain(2)
	gaussian.Target.Gaussian, gaussian.Target.Mean, gaussian.Target.SD = true, 3, 2
	for name, c := range map[string]struct {
		a      Architecture
		schema series.Schema
	}{
		"ltc":     {Architecture{Layers: []Layer{Liquid(cell.LTC{}, wiring.Auto(9, 3))}}, series.Plain(2)},
		"classes": {Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: 4})}, Encoder: 3}, classes},
		"pooled":  {Architecture{Layers: []Layer{Recurrent(cell.LSTM{Units: 3})}, Pool: Mean}, gaussian},
	} {
		m, err := c.a.Model(c.schema)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range PersonalKinds() {
			p, err := m.Personal(k.Name)
			if err != nil {
				t.Fatal(err)
			}
			if p.Model.Parameters() != m.Parameters()+len(p.Start) || len(p.Start) == 0 {
				t.Errorf("%s, %s: %d parameters, %d without the %d of its own", name, k.Name, p.Model.Parameters(), m.Parameters(), len(p.Start))
			}
			a, b := m.Stream(), p.Model.Stream()
			for i := range 6 {
				x := []float32{float32(math.Sin(float64(i))), float32(i) - 2}
				want, err := a.Step(x, 1)
				if err != nil {
					t.Fatal(err)
				}
				got, err := b.Step(x, 1)
				if err != nil || !slices.Equal(got, want) {
					t.Fatalf("%s, %s, row %d: %v, the model alone %v (%v)", name, k.Name, i, got, want, err)
				}
			}
			shared, own := make([]float32, m.Parameters()), make([]float32, len(p.Start))
			if p.Split(p.Model.Params(), shared, own); !slices.Equal(shared, m.Params()) || !slices.Equal(own, p.Start) {
				t.Errorf("%s, %s: Split does not undo Join", name, k.Name)
			}
			all := p.Model.Params()
			if p.Split(all, all[:m.Parameters()], own); !slices.Equal(all[:m.Parameters()], m.Params()) {
				t.Errorf("%s, %s: Split in place gives other parameters", name, k.Name)
			}
		}
	}
}

// What runs row by row alone can have a personal part.
func TestPersonalRefusals(t *testing.T) {
	m, err := New(series.Plain(2), Layer{Cell: cell.GRU{Units: 3}, Block: Block{Bidirectional: true}})
	if err != nil {
		t.Fatal(err)
	}
	var offline *OfflineError
	if _, err := m.Personal("outputs"); !errors.As(err, &offline) {
		t.Errorf("a bidirectional model: %v", err)
	}
	if _, err := m.Personal("nosuch"); err == nil {
		t.Error("there is a kind nosuch")
	}
}
