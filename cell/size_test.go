package cell

import (
	"reflect"
	"testing"
)

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		cell  Cell
		units int
		want  Cell // with 6 units
	}{
		{GRU{Units: 4}, 4, GRU{Units: 6}},
		{CfC{Units: 24, Backbone: []int{32, 1}, Mode: Pure}, 24, CfC{Units: 6, Backbone: []int{8, 1}, Mode: Pure}},
		{CfC{Units: 3}, 3, CfC{Units: 6}},
		{Mixed{CfC{Units: 3, Backbone: []int{4}}}, 3, Mixed{CfC{Units: 6, Backbone: []int{8}}}},
		{LTC{Unfolds: 3}, 0, LTC{Unfolds: 3}},
		{Transformer{Units: 32, Heads: 4, Layers: 2}, 32, Transformer{Units: 6, Heads: 3, FF: 12, Layers: 2, Window: 32, Position: Index}},
		{Transformer{Units: 4, FF: 5, Window: 4}, 4, Transformer{Units: 6, Heads: 1, FF: 8, Layers: 1, Window: 4, Position: Index}},
		{Mixed{LTC{Unfolds: 3}}, 0, Mixed{LTC{Unfolds: 3}}},
	} {
		if got := Units(c.cell); got != c.units {
			t.Errorf("%#v has %d units, want %d", c.cell, got, c.units)
		}
		kept := reflect.ValueOf(c.cell).Interface()
		if got := WithUnits(c.cell, 6); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%#v with 6 units is %#v, want %#v", c.cell, got, c.want)
		}
		if !reflect.DeepEqual(kept, c.cell) {
			t.Errorf("%#v was changed", c.cell)
		}
	}
}
