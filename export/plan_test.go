package export

import (
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// loops counts the loops of a plan, those within others too.
func loops(items []item) (n int) {
	for _, it := range items {
		if it.kind == looped {
			n += 1 + loops(it.loop.body)
		}
	}
	return n
}

// TestRepeatsBecomeLoops: the sub-steps of every preset that has any are one loop.
func TestRepeatsBecomeLoops(t *testing.T) {
	repeats := 0
	for _, p := range cell.Presets() {
		s := series.Plain(3)
		l := model.Layer{Cell: p.Cell}
		if p.Wiring != nil {
			l.Wiring = p.Wiring(1)
		}
		m, err := model.New(s, l)
		if err != nil {
			t.Fatal(err)
		}
		q := m.Program().Only("prediction")
		want := 0
		for _, r := range q.Repeats {
			if len(r.Start) > 2 {
				want++
			}
		}
		if want == 0 {
			continue
		}
		repeats++
		pl, err := newPlan(q, m.Params())
		if err != nil {
			t.Fatal(err)
		}
		if got := loops(pl.body); got != want {
			t.Errorf("%s: %d loops of %d repeats", p.Name, got, want)
		}
	}
	if repeats < 5 {
		t.Errorf("%d presets repeat anything", repeats)
	}
	t.Logf("%d presets have loops", repeats)
}

// TestUnequalIterationsStayApart: what cannot be a loop is computed one after the other, with the same result; the reasons
// are planted one by one.
func TestUnequalIterationsStayApart(t *testing.T) {
	for name, c := range map[string]struct {
		loops int
		body  func(b *step.Builder, x, h step.Vec) step.Vec
	}{
		"a loop": {1, func(b *step.Builder, x, h step.Vec) step.Vec {
			return b.Repeat(4, []step.Vec{h}, func(v []step.Vec) []step.Vec { return []step.Vec{step.Tanh(step.Add(v[0], x))} })[0]
		}},
		"iterations differ": {0, func(b *step.Builder, x, h step.Vec) step.Vec {
			k := 0.0
			return b.Repeat(4, []step.Vec{h}, func(v []step.Vec) []step.Vec {
				k++
				return []step.Vec{step.Tanh(step.Scale(k, step.Add(v[0], x)))}
			})[0]
		}},
		"an earlier one is read": {0, func(b *step.Builder, x, h step.Vec) step.Vec {
			var all []step.Vec
			y := b.Repeat(4, []step.Vec{h}, func(v []step.Vec) []step.Vec {
				all = append(all, v[0])
				return []step.Vec{step.Tanh(step.Add(v[0], x))}
			})[0]
			return step.Add(y, all[2])
		}},
		"two values change places": {0, func(b *step.Builder, x, h step.Vec) step.Vec {
			v := b.Repeat(5, []step.Vec{h, x}, func(v []step.Vec) []step.Vec { return []step.Vec{step.Sub(v[1], x), v[0]} })
			return step.Add(step.Tanh(v[0]), v[1])
		}},
		"a value of the last one is read": {1, func(b *step.Builder, x, h step.Vec) step.Vec {
			var last step.Vec
			y := b.Repeat(3, []step.Vec{h}, func(v []step.Vec) []step.Vec {
				last = step.Sigmoid(step.Sub(v[0], x))
				return []step.Vec{step.Tanh(step.Add(last, x))}
			})[0]
			return step.Add(y, last)
		}},
		"a loop in a loop": {2, func(b *step.Builder, x, h step.Vec) step.Vec {
			return b.Repeat(3, []step.Vec{h}, func(v []step.Vec) []step.Vec {
				in := b.Repeat(2, []step.Vec{v[0]}, func(w []step.Vec) []step.Vec { return []step.Vec{step.Sin(step.Add(w[0], x))} })
				return []step.Vec{step.Mul(in[0], x)}
			})[0]
		}},
	} {
		b := step.New()
		x, h := b.Input("x", 3), b.State("h", step.Vector(3))
		next := c.body(b, x, h)
		b.Next("h", next)
		b.Output("y", step.Slice(next, 0, 2))
		p := b.Build()
		pl, err := newPlan(p, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := loops(pl.body); got != c.loops {
			t.Errorf("%s: %d loops, not %d", name, got, c.loops)
		}
		runs(t, name, p, pl)
	}
}
