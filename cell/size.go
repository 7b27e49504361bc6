package cell

import (
	"math"
	"reflect"
)

// Units is the width of a cell: its field Units, or that of the cell inside a Wrapper. It is 0 for a cell that has none,
// because a wiring gives it or because there is nothing to choose.
func Units(c Cell) int {
	if f := unitsOf(reflect.ValueOf(c)); f.IsValid() {
		return int(f.Int())
	}
	if w, ok := c.(Wrapper); ok {
		return Units(w.Inner())
	}
	return 0
}

func unitsOf(v reflect.Value) (f reflect.Value) {
	if v.Kind() == reflect.Struct {
		f = v.FieldByName("Units")
	}
	if f.IsValid() && f.Kind() != reflect.Int {
		f = reflect.Value{}
	}
	return f
}

// Resizable is a cell that says itself what it is with another width, because other options have to suit that.
type Resizable interface {
	Cell
	// WithUnits is the cell with a width of units. Not every width can be built; Check says so.
	WithUnits(units int) Cell
}

// WithUnits is the cell with another width. Lists of widths that have the tag `follows:"units"` grow or shrink in
// proportion, to at least 1; everything else stays, except in a Resizable. A cell without a width is returned as it is.
// Check says whether the result can be built.
func WithUnits(c Cell, units int) Cell {
	if own, ok := c.(Resizable); ok {
		return own.WithUnits(units)
	}
	v := reflect.New(reflect.TypeOf(c)).Elem()
	v.Set(reflect.ValueOf(c))
	before := unitsOf(v)
	if !before.IsValid() {
		if w, ok := c.(Wrapper); ok && v.Kind() == reflect.Struct {
			inner := reflect.ValueOf(WithUnits(w.Inner(), units))
			for i := range v.NumField() {
				if f := v.Field(i); f.Type() == reflect.TypeFor[Cell]() {
					f.Set(inner)
				}
			}
		}
		return v.Interface().(Cell)
	}
	was := max(1, int(before.Int()))
	before.SetInt(int64(units))
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("follows") != "units" {
			continue
		}
		var scaled []int
		for _, width := range v.Field(i).Interface().([]int) {
			scaled = append(scaled, max(1, int(math.Round(float64(width)*float64(units)/float64(was)))))
		}
		v.Field(i).Set(reflect.ValueOf(scaled))
	}
	return v.Interface().(Cell)
}
