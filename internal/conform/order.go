package conform

import (
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/internal/conform/trial"
)

// runner is one executor of a trial.
type runner struct {
	name    string
	forward func(*trial.Trial) trial.Result
}

// runners are the executors that are checked.
var runners = []runner{{"oracle", (*trial.Trial).Forward}, {"engine", single}}

// ragged are executors that know lanes of different lengths by themselves: they end one lane early.
var ragged = []func(lane, length int) runner{
	func(lane, length int) runner { return runner{"engine with lengths", lengths(lane, length)} },
}

// same compares two values to the bit, but for the sign of zero; NaN is the same as NaN.
func same(a, b float64) bool { return a == b || a != a && b != b }

// equal says where two results differ.
func equal(a, b trial.Result) error {
	see := func(what string, x, y []float64) error {
		if len(x) != len(y) {
			return fmt.Errorf("%s has %d and %d values", what, len(x), len(y))
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return fmt.Errorf("%s[%d] is %v and %v", what, i, x[i], y[i])
			}
		}
		return nil
	}
	for k := range a.Y {
		if err := see("output", a.Y[k], b.Y[k]); err != nil {
			return err
		}
	}
	for k := range a.H {
		if err := see("final state", a.H[k], b.H[k]); err != nil {
			return err
		}
	}
	return nil
}

// every runs a check on all sizes and executors.
func (s Subject) every(check func(t *trial.Trial, forward func(*trial.Trial) trial.Result) error) error {
	for _, z := range s.sizes() {
		for _, r := range runners {
			if err := check(s.trial(z), r.forward); err != nil {
				return fmt.Errorf("%s, %d lanes, %d steps: %w", r.name, z.lanes, z.steps, err)
			}
		}
	}
	return nil
}

// Permutation: a lane is an independent copy, so that permuting the batch permutes outputs and states, to the bit.
func Permutation(s Subject) error {
	return s.every(func(t *trial.Trial, forward func(*trial.Trial) trial.Result) error {
		order := make([]int, t.Lanes)
		for l := range order {
			order[l] = (t.Lanes - l + 1) % t.Lanes // mirrored and shifted by one
		}
		all, picked := forward(t), forward(t.Pick(order...))
		want := pick(all, t.Lanes, order)
		if err := equal(picked, want); err != nil {
			return fmt.Errorf("a lane's result depends on its place or on other lanes: %w", err)
		}
		return nil
	})
}

// pick takes lanes from a result.
func pick(r trial.Result, of int, lanes []int) trial.Result {
	take := func(v []float64) (out []float64) {
		for row := 0; row < len(v); row += of {
			for _, l := range lanes {
				out = append(out, v[row+l])
			}
		}
		return out
	}
	var q trial.Result
	for _, v := range r.Y {
		q.Y = append(q.Y, take(v))
	}
	for _, v := range r.H {
		q.H = append(q.H, take(v))
	}
	return q
}

// Later: what has not happened yet has no effect; appending rows changes no earlier output.
func Later(s Subject) error {
	return s.every(func(t *trial.Trial, forward func(*trial.Trial) trial.Result) error {
		whole := forward(t)
		for end := 1; end < t.Steps; end++ {
			part := forward(t.Span(0, end, nil))
			for k := range part.Y {
				if err := equal(trial.Result{Y: part.Y[k : k+1]}, trial.Result{Y: [][]float64{whole.Y[k][:len(part.Y[k])]}}); err != nil {
					return fmt.Errorf("rows after row %d change what came before: %w", end, err)
				}
			}
		}
		return nil
	})
}

// Splitting: the state is all that is carried; a sequence cut anywhere and continued gives the same numbers.
func Splitting(s Subject) error {
	return s.every(func(t *trial.Trial, forward func(*trial.Trial) trial.Result) error {
		whole := forward(t)
		for cut := 1; cut < t.Steps; cut++ {
			first := forward(t.Span(0, cut, nil))
			second := forward(t.Span(cut, t.Steps, first.H))
			joined := trial.Result{H: second.H}
			for k := range first.Y {
				joined.Y = append(joined.Y, append(append([]float64(nil), first.Y[k]...), second.Y[k]...))
			}
			if err := equal(joined, whole); err != nil {
				return fmt.Errorf("cut before row %d: something besides the declared states is carried: %w", cut, err)
			}
		}
		return nil
	})
}

// Padding: a lane that has ended keeps its state whatever its padding holds, its outputs before are as without padding,
// and the padding adds exactly nothing to any gradient.
func Padding(s Subject) error {
	const lanes, steps, end = 3, 5, 2
	t := s.draw(s.Program.Ragged(), steps, lanes, 77)
	active := t.Program.Input("active")
	for i := range t.X[active] {
		t.X[active][i] = 1
		if time, lane := i/lanes, i%lanes; lane == 1 && time >= end {
			t.X[active][i] = 0
		}
	}
	for k := range t.DY { // padding is not scored
		width := len(t.DY[k]) / steps
		for i := end * width; i < len(t.DY[k]); i++ {
			if i%lanes == 1 {
				t.DY[k][i] = 0
			}
		}
	}
	short := t.Pick(1).Span(0, end, nil)
	all := slices.Clone(runners)
	for _, r := range ragged {
		all = append(all, r(1, end))
	}
	for _, r := range all {
		padded, alone := pick(r.forward(t), lanes, []int{1}), r.forward(short)
		for k := range padded.Y {
			padded.Y[k] = padded.Y[k][:len(alone.Y[k])]
		}
		if err := equal(padded, alone); err != nil {
			return fmt.Errorf("%s: padding changes the lane that it follows: %w", r.name, err)
		}
	}
	padded, alone := t.Gradient(), short.Gradient()
	for q := range alone.Lane {
		for i, v := range alone.Lane[q] {
			if got := padded.Lane[q][i*lanes+1]; !same(got, v) {
				return fmt.Errorf("padding changes the gradient of %s: %v with it, %v without", s.Program.Params[q].Name, got, v)
			}
		}
	}
	return nil
}

// finite reports the first number of a result that is none.
func finite(r trial.Result) error {
	for _, part := range []struct { // outputs first, where a fault shows before it has spread
		what string
		list [][]float64
	}{{"output", r.Y}, {"state", r.H}} {
		for _, v := range part.list {
			for i, x := range v {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					return fmt.Errorf("%s[%d] is %v", part.what, i, x)
				}
			}
		}
	}
	return nil
}
