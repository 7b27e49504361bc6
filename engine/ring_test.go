package engine

import (
	"slices"
	"testing"

	. "github.com/elegans-nn/elegans/step"
)

// longRing sums the rows of a ring.
func longRing(rows int) *Program {
	b := New()
	x := Tanh(b.Linear("in", 16, Between(-1, 1), nil, Term{Name: "x", X: b.Input("x", 3)}))
	b.Output("y", Sum(b.Ring("last", rows, x), Outer))
	return b.Build()
}

// TestRingsAreFound: a ring is known by what it computes. What only looks like one is none.
func TestRingsAreFound(t *testing.T) {
	b := New()
	x := b.Input("x", 3)
	b.Ring("ring", 4, x)
	b.Ring("row", 1, x)
	h := b.State("scaled", Vector(6))
	b.Next("scaled", Concat(Scale(0.9, Slice(h, 3, 6)), x))
	h = b.State("backwards", Vector(6))
	b.Next("backwards", Concat(x, Slice(h, 0, 3)))
	h = b.State("other", Vector(6))
	b.Next("other", Concat(Slice(b.State("source", Vector(6)), 3, 6), x))
	b.Next("source", Concat(Slice(h, 2, 5), x))
	b.Output("y", x)
	want := []int{3, 0, 0, 0, 0, 0}
	if got := newPlan(b.Build(), nil).rings; !slices.Equal(got, want) {
		t.Errorf("rows of %v components, want %v", got, want)
	}
}

// TestRingTakesARowOfMemoryForEachTime: however long it is, and whatever reads it.
func TestRingTakesARowOfMemoryForEachTime(t *testing.T) {
	const lanes, times = 8, 64
	growth := func(p *Program) int {
		return Compile(p, Options{Lanes: lanes, Steps: 2 * times}).Bytes() - Compile(p, Options{Lanes: lanes, Steps: times}).Bytes()
	}
	for name, p := range map[string]func(rows int) *Program{
		"forward":  longRing,
		"training": func(rows int) *Program { return longRing(rows).Reverse(WRT{}) },
	} {
		short, long := growth(p(2)), growth(p(100))
		if short != long || short <= 0 {
			t.Errorf("%s: %d times take %d bytes with a ring of 2 rows and %d with one of 100", name, times, short, long)
		}
	}
	if got, want := growth(longRing(100)), 4*lanes*times*(3+16+16); got != want {
		t.Errorf("%d times take %d bytes, want %d: input, row and output", times, got, want)
	}
}
