package model

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
)

// Streams stepped together, in groups of any size and order, give what each gives alone.
func TestStepManyIsStep(t *testing.T) {
	for name, layer := range networks {
		s := rich()
		m := made(t, s, layer)
		if m.longest == 0 {
			m.longest = 0.9 // so that rows are split into different numbers of steps
		}
		const n = 71
		many, alone := m.Streams(n), make([]*Stream, n)
		rows, next := make([]series.Series, n), make([]int, n)
		for i := range alone {
			alone[i], rows[i] = m.Stream(), walk(s, 20, uint64(i))
		}
		r := rand.New(rand.NewPCG(3, 8))
		for _, size := range []int{n, 1, 40, 33, 32, 2, n, 65, 8, 9, 31, 0} {
			which := r.Perm(n)[:size]
			if size == n {
				which = nil
			}
			x, dt := gather(many, which, rows, next)
			got, err := many.StepMany(which, x, dt)
			if err != nil {
				t.Fatal(err)
			}
			width := s.Target.Width() + 1
			for i := range dt {
				k := many.number(which, i)
				want, err := alone[k].Step(rows[k].At(next[k]), rows[k].DT[next[k]])
				if err != nil {
					t.Fatal(err)
				}
				if differs([][]float32{got[i*width : (i+1)*width]}, [][]float32{want}) != -1 {
					t.Fatalf("%s: %d streams: stream %d predicts %v, alone %v", name, size, k, got[i*width:(i+1)*width], want)
				}
				next[k]++
			}
		}
		for i, stream := range alone {
			if differs([][]float32{many.State(i)}, [][]float32{slices.Concat(stream.states...)}) != -1 {
				t.Errorf("%s: stream %d has another state than alone", name, i)
			}
		}
	}
}

// gather are the next rows of some streams.
func gather(s *Streams, which []int, rows []series.Series, next []int) (x, dt []float32) {
	n := len(which)
	if which == nil {
		n = s.Len()
	}
	for i := range n {
		k := s.number(which, i)
		x, dt = append(x, rows[k].At(next[k])...), append(dt, rows[k].DT[next[k]])
	}
	return x, dt
}

// A state is a place to go on from, and the layout is that of Run.
func TestStreamsState(t *testing.T) {
	s := rich()
	m := made(t, s, networks["LTC"])
	w := walk(s, 30, 4)
	before, after := w.Span(0, 11), w.Span(11, 30)
	state := make([]float32, m.program.StateWidth())
	ran(t, m, &before, RunOptions{State: [][]float32{state}})
	want := ran(t, m, &after, RunOptions{})
	if many := m.Streams(3); differs(want, sole(t, many, 1, &after)) != -1 {
		t.Error("a fresh stream is not a run from zero")
	}
	want = ran(t, m, &after, RunOptions{State: [][]float32{slices.Clone(state)}})
	many := m.Streams(3)
	copy(many.State(1), state)
	if row := differs(want, sole(t, many, 1, &after)); row != -1 {
		t.Errorf("a stream that goes on from a state of Run differs in row %d", row)
	}
	if slices.ContainsFunc(slices.Concat(many.State(0), many.State(2)), func(v float32) bool { return v != 0 }) {
		t.Error("streams that were not stepped have moved")
	}
	if many.Bytes() < 4*len(state) || many.Bytes() > 4*len(state)+8 {
		t.Errorf("a stream of %d numbers costs %d bytes", len(state), many.Bytes())
	}
}

// sole steps one of several streams.
func sole(t *testing.T, s *Streams, k int, w *series.Series) (out [][]float32) {
	t.Helper()
	for row, dt := range w.DT {
		y, err := s.StepMany([]int{k}, w.At(row), []float32{dt})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, slices.Clone(y))
	}
	return out
}

func TestStepManyRefuses(t *testing.T) {
	m := made(t, series.Plain(2), Recurrent(cell.CfC{Units: 3}))
	many := m.Streams(4)
	x, dt := []float32{.1, .2, .3, .4, .5, .6, .7, .8}, []float32{1, 1, 1, 1}
	if _, err := many.StepMany(nil, x, dt); err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(many.states)
	var input *InputError
	_, err := many.StepMany([]int{0, 3}, []float32{.1, .2, .3, float32(math.Inf(1))}, dt[:2])
	if !errors.As(err, &input) || input.Series != "3" || input.Column != "x1" || !strings.HasPrefix(err.Error(), "series 3, x1 is +Inf: ") {
		t.Errorf("an infinite input of stream 3 gives %v", err)
	}
	if !slices.Equal(before, many.states) {
		t.Error("a refused row moved a stream")
	}
	for what, call := range map[string]func(){
		"twice":            func() { _, _ = many.StepMany([]int{1, 1}, x[:4], dt[:2]) },
		"not there":        func() { _, _ = many.StepMany([]int{4}, x[:2], dt[:1]) },
		"one row":          func() { _, _ = many.StepMany([]int{1}, x[:3], dt[:1]) },
		"at least":         func() { m.Streams(0) },
		"one elapsed time": func() { _, _ = many.StepMany([]int{1}, x[:2], dt[:2]) },
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, what) {
					t.Errorf("want a panic that says %q, got %q", what, text)
				}
			}()
			call()
		}()
	}
}

func TestStepManyAllocatesNothing(t *testing.T) {
	for _, name := range []string{"LTC", "adaptive"} {
		s := rich()
		m := made(t, s, networks[name])
		many := m.Streams(50)
		rows, next := make([]series.Series, 50), make([]int, 50)
		for i := range rows {
			rows[i] = walk(s, 1, uint64(i))
		}
		x, dt := gather(many, nil, rows, next)
		n := testing.AllocsPerRun(20, func() {
			if _, err := many.StepMany(nil, x, dt); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: StepMany allocates %v times", name, n)
		}
	}
}

// TestPickTakesItsLane holds the transposition of the engine's layout against one written out.
func TestPickTakesItsLane(t *testing.T) {
	v, dst := []float32{1, 2, 3, 4, 5, 6}, make([]float32, 2)
	pick(dst, v, 1)
	if dst[0] != 2 || dst[1] != 5 {
		t.Errorf("lane 1 of 3 is %v, want [2 5]", dst)
	}
	var l lanes
	l.runs, l.x, l.states = make([]int, 3), make([]float32, 6), [][]float32{make([]float32, 6), make([]float32, 3)}
	l.loadInput(2, []float32{7, 8})
	l.loadState(2, []float32{1, 2, 3})
	if !slices.Equal(l.x, []float32{0, 0, 7, 0, 0, 8}) || !slices.Equal(l.states[0], []float32{0, 0, 1, 0, 0, 2}) || l.states[1][2] != 3 {
		t.Errorf("lane 2 of 3 holds %v, %v", l.x, l.states)
	}
}
