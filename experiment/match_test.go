package experiment

import (
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/wiring"
)

// sized architectures of every kind: cells with a width, cells on a wiring, and widths that follow.
func sized() map[string]model.Architecture {
	one := func(l model.Layer) model.Architecture { return model.Architecture{Layers: []model.Layer{l}} }
	timed := one(model.Recurrent(cell.GRU{Units: 8}))
	timed.TimeInput = true
	return map[string]model.Architecture{
		"GRU": timed, "LSTM": one(model.Recurrent(cell.LSTM{Units: 3})),
		"CfC": one(model.Recurrent(cell.CfC{Units: 24, Backbone: []int{32}})),
		"LTC": one(model.Liquid(cell.LTC{}, wiring.Auto(19, 1))), "full": one(model.Liquid(cell.LTC{}, wiring.Full(8))),
		"two": {Layers: []model.Layer{model.Recurrent(cell.GRU{Units: 8}), model.Liquid(cell.LTC{}, wiring.Auto(16, 2))}},
	}
}

// No size is nearer to the goal than the one found, whatever the model and the quantity.
func TestMatch(t *testing.T) {
	schema := split("three classes").Schema
	for name, a := range sized() {
		for _, g := range []Goal{{"params", 700}, {"params", 2500}, {"flops", 6000}} {
			found, err := g.Match(name, a, schema)
			if err != nil {
				t.Fatal(err)
			}
			s := sizes{g, a, schema}
			value, err := s.count(found.Size())
			if err != nil {
				t.Fatal(err)
			}
			if d := math.Abs(value - g.Value); d > 0.15*g.Value {
				t.Errorf("%s of size %d has %g for %v", name, found.Size(), value, g)
			}
			for n := 1; n < 200; n++ {
				v, err := s.count(n)
				if err == nil && math.Abs(v-g.Value) < math.Abs(value-g.Value) {
					t.Errorf("%s, %v: size %d gives %g, nearer than %g of size %d", name, g, n, v, value, found.Size())
				}
				if err == nil && v > 3*g.Value {
					break
				}
			}
		}
	}
	if units, _, err := (sizes{Goal{"params", 1}, sized()["GRU"], schema}).nearest(); err != nil || units != 1 {
		t.Errorf("a model with one parameter is matched by %d units (%v)", units, err)
	}
}

// Every preset that has a size can be given one near to any goal that is not smaller than the smallest of it.
func TestMatchPresets(t *testing.T) {
	schema := split("a number").Schema
	sized := 0
	for _, p := range cell.Presets() {
		layer := model.Layer{Cell: p.Cell}
		if p.Wiring != nil {
			layer.Wiring = p.Wiring(1)
		}
		a := model.Architecture{Layers: []model.Layer{layer}}
		if a.Size() == 0 {
			continue
		}
		sized++
		for _, g := range []Goal{{"params", 2000}, {"params", 6000}} {
			if _, err := g.Match(p.Name, a, schema); err != nil {
				t.Error(err)
			}
		}
	}
	if sized < 50 {
		t.Errorf("%d presets have a size", sized)
	}
}

func TestMatchRefuses(t *testing.T) {
	schema := split("a number").Schema
	w, err := wiring.Auto(19, 1).Build(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arch model.Architecture
		goal Goal
		text string
	}{
		{sized()["GRU"], Goal{"params", 3}, "net: cannot have params=3: the nearest that it can have are 20 parameters, with size 1"},
		{sized()["GRU"], Goal{"params", 1e11}, "cannot have params=100000000000"},
		{model.Architecture{Layers: []model.Layer{model.Liquid(cell.LTC{}, w)}}, Goal{"params", 500}, "has no size that could be chosen for params=500"},
		{sized()["LTC"], Goal{"flops", 10}, "FLOPs a step, with size "},
	} {
		if _, err := c.goal.Match("net", c.arch, schema); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%v: %v, want %q", c.goal, err, c.text)
		}
	}
}

func TestParseGoal(t *testing.T) {
	for _, text := range []string{"params=2000", "flops=1500.5"} {
		if g, err := ParseGoal(text); err != nil || g.String() != text {
			t.Errorf("%s is read as %v (%v)", text, g, err)
		}
	}
	for _, text := range []string{"", "params", "params=", "params=0", "params=-3", "params=x", "units=3", "params=NaN", "2000"} {
		if g, err := ParseGoal(text); err == nil {
			t.Errorf("%q is read as %v", text, g)
		}
	}
}
