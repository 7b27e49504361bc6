package online_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/train"
)

// exploding is an update that is good but for the third time, when it asks too much or ends where the state explodes.
func exploding(t *testing.T, rule, what string) online.Options {
	m := liquid()
	o := options(m, train.Options{})
	u, err := train.NewOptimiser(m.Program(), train.Options{Optimiser: "adam", LearningRate: 0.01, Clip: -1})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	o.Rule, o.Keep, o.Undo = rule, u.Keep, u.Undo
	o.Update = func(theta, grad []float32) error {
		count++
		if count == 3 && what == "parameters" {
			grad[0] = math.MaxFloat32 // its square, which Adam remembers, is infinite
		}
		if err := u.Update(theta, grad); err != nil {
			return err
		}
		if count == 3 && what == "state" {
			explode(m, theta)
		}
		return nil
	}
	return o
}

// explode gives a liquid network reversal potentials whose sum is infinite.
func explode(m *model.Model, theta []float32) {
	for _, q := range m.Program().Params {
		if strings.HasSuffix(q.Name, "erev") {
			for i := range q.Shape.Len() {
				theta[q.Offset+i] = math.MaxFloat32
			}
		}
	}
}

// A step that makes a parameter or the state infinite is not learned, and all goes on as if it had never been taken, the
// memory of Adam included.
func TestWhatIsNotFiniteIsNotLearned(t *testing.T) {
	for _, what := range []string{"parameters", "state"} {
		for _, r := range online.Rules() {
			m := liquid()
			l, twin := start(t, m, exploding(t, r.Name, what)), start(t, m, exploding(t, r.Name, ""))
			for k := range 9 {
				x, dt := row(k)
				a, err := l.Step(x, dt)
				b, errTwin := twin.Step(x, dt)
				if err != nil || errTwin != nil || !slices.Equal(a, b) {
					t.Fatalf("%s, %s, row %d: predicts %v (%v), without the step %v (%v)", r.Name, what, k, a, err, b, errTwin)
				}
				_, err = l.Learn(0.4)
				if k == 2 {
					var refused *online.Refusal
					if (what == "parameters") != (errors.As(err, &refused) && errors.Is(err, online.ErrNotFinite) && refused.What == what) {
						t.Errorf("%s, %s: the update says %v", r.Name, what, err)
					}
				} else if _, errTwin := twin.Learn(0.4); err != nil || errTwin != nil {
					t.Fatal(err, errTwin)
				}
			}
			count, last := l.Refused()
			if count != 1 || last == nil || !strings.Contains(last.Error(), what) {
				t.Errorf("%s, %s: %d refusals, the last: %v", r.Name, what, count, last)
			}
			if n, err := twin.Refused(); n != 0 || err != nil {
				t.Errorf("the twin has %d refusals: %v", n, err)
			}
		}
	}
}

// The parameters stay also where an update breaks its word.
func TestUpdateThatBreaksItsWord(t *testing.T) {
	m := liquid()
	o := options(m, train.Options{})
	o.Update = func(theta, _ []float32) error { theta[3] = float32(math.Inf(-1)); return nil }
	l := start(t, m, o)
	x, dt := row(0)
	if _, err := l.Step(x, dt); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Learn(1); !errors.Is(err, online.ErrNotFinite) || !slices.Equal(l.Model().Params(), m.Params()) {
		t.Errorf("%v; the parameters have changed: %v", err, !slices.Equal(l.Model().Params(), m.Params()))
	}
}

// A network that explodes by itself says so, and keeps the state before.
func TestStateThatIsNotFinite(t *testing.T) {
	m := liquid()
	theta := m.Params()
	explode(m, theta)
	for _, r := range online.Rules() {
		l := start(t, m, online.Options{Rule: r.Name})
		x, dt := row(0)
		if _, err := l.Step(x, dt); err != nil {
			t.Fatal(err)
		}
		l.SetParams(theta)
		x, dt = row(3)
		if _, err := l.Step(x, dt); !errors.Is(err, online.ErrState) {
			t.Errorf("%s: %v", r.Name, err)
		}
		l.SetParams(m.Params())
		s := m.Stream()
		x0, dt0 := row(0)
		_, _ = s.Step(x0, dt0)
		got, err := l.Step(x, dt)
		if want, _ := s.Step(x, dt); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: predicts %v (%v) after a row that was not taken, want %v", r.Name, got, err, want)
		}
	}
}
