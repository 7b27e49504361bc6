package online_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
	"github.com/elegans-nn/elegans/wiring"
)

// Every rule predicts as a stream does, to the bit, takes the memory that was foretold, and allocates nothing.
func TestEveryRule(t *testing.T) {
	m := liquid()
	for _, r := range online.Rules() {
		o := options(m, train.Options{})
		o.Rule, o.Window = r.Name, 5
		told, err := online.Bytes(m, o)
		if err != nil {
			t.Fatal(err)
		}
		l, s := start(t, m, o), m.Stream()
		if l.Bytes() != told {
			t.Errorf("%s: %d bytes foretold, %d taken", r.Name, told, l.Bytes())
		}
		if r.Summary == "" || r.Source == "" || r.Window != (r.Name == "tbptt") || l.FLOPs() < 1e3 {
			t.Errorf("%+v, %v FLOPs", r, l.FLOPs())
		}
		for k := range 12 {
			x, dt := row(k)
			got, err := l.Step(x, dt)
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := s.Step(x, dt); !slices.Equal(got, want) {
				t.Errorf("%s, row %d: prediction %v, a stream's is %v", r.Name, k, got, want)
			}
			l.Gradient([]float32{1})
		}
		x, dt := row(3)
		if n := testing.AllocsPerRun(20, func() { _, _ = l.Step(x, dt); _, _ = l.Learn(1) }); n != 0 {
			t.Errorf("%s: an update allocates %v times", r.Name, n)
		}
		o.Memory = 1000
		var memory *engine.MemoryError
		if _, err := online.New(m, o); !errors.As(err, &memory) || memory.Limit != o.Memory || memory.Need <= memory.Limit {
			t.Errorf("%s within %d bytes: %v", r.Name, o.Memory, err)
		}
	}
	_, err := online.New(m, online.Options{Rule: "snap1"})
	if err == nil || !strings.Contains(err.Error(), `did you mean "snap-1"`) || !strings.Contains(err.Error(), "rtrl, snap-1, rflo, e-prop, tbptt") {
		t.Errorf("an unknown rule: %v", err)
	}
	if _, err := online.New(m, online.Options{Rule: "tbptt", Window: -1}); err == nil || !strings.Contains(err.Error(), "window is -1 rows") {
		t.Errorf("a negative window: %v", err)
	}
}

// The rule tbptt goes back exactly as many rows as it is told, and is backpropagation through time while there are no more.
func TestTruncated(t *testing.T) {
	m := liquid()
	for _, window := range []int{1, 4, 30} {
		l := start(t, m, online.Options{Rule: "tbptt", Window: window})
		for k := range 22 {
			x, dt := row(k)
			if _, err := l.Step(x, dt); err != nil {
				t.Fatal(err)
			}
			if k%7 != 0 {
				continue
			}
			agree(t, fmt.Sprintf("window %d, row %d", window, k), l.Gradient([]float32{1}), through(m, max(0, k+1-window), k, only(k, 1)), 2e-5)
		}
	}
}

// A window gives exact gradients of a network that looks back no further, for which the rules that carry anything along are
// refused.
func TestWindowsAreRefused(t *testing.T) {
	for _, c := range []cell.Cell{cell.TCN{Units: 3, Layers: 2}, cell.Transformer{Units: 4, Heads: 2, Window: 5}, cell.MLP{Window: 4, Units: 3, Layers: 1}, cell.Linear{Window: 3}} {
		m, err := model.New(series.Plain(2), model.Recurrent(c))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range online.Rules() {
			_, err := online.New(m, online.Options{Rule: r.Name, Window: 40})
			_, foretold := online.Bytes(m, online.Options{Rule: r.Name, Window: 40})
			var history *online.HistoryError
			if refused := errors.As(err, &history); refused == r.Window || errors.As(foretold, &history) == r.Window {
				t.Errorf("%T, %s: %v, %v", c, r.Name, err, foretold)
			} else if refused && (history.Rows < 2 || !strings.Contains(err.Error(), "tbptt")) {
				t.Errorf("%T, %s: %v", c, r.Name, err)
			}
		}
	}
}

// Cosine by hand, and where it has no meaning.
func TestCosine(t *testing.T) {
	for _, c := range []struct {
		a, b []float32
		want float64
	}{
		{[]float32{3, 4}, []float32{6, 8}, 1},
		{[]float32{3, 4}, []float32{-4, 3}, 0},
		{[]float32{1, 0, 0}, []float32{-2, 0, 0}, -1},
		{[]float32{1e-30, 1e-30}, []float32{1e30, 0}, math.Sqrt(0.5)},
		{[]float32{0, 0}, []float32{1, 2}, math.NaN()},
	} {
		if got := online.Cosine(c.a, c.b); math.Abs(got-c.want) > 1e-12 || math.IsNaN(got) != math.IsNaN(c.want) {
			t.Errorf("cosine of %v and %v is %g, want %g", c.a, c.b, got, c.want)
		}
	}
}

// A stream of a hundred thousand updates takes no more memory than one of a thousand.
func TestMemoryIsFlat(t *testing.T) {
	m, err := model.New(series.Plain(3), model.Liquid(cell.LTC{}, wiring.Auto(6, 1)))
	if err != nil {
		t.Fatal(err)
	}
	m = m.Initial(5)
	updates := 100000
	if testing.Short() {
		updates /= 20
	}
	for _, r := range online.Rules()[:4] {
		o := options(m, train.Options{LearningRate: 1e-3})
		o.Rule = r.Name
		l := start(t, m, o)
		bytes, x := l.Bytes(), []float32{0, 0, 0}
		run := func(n int) {
			for k := range n {
				x[0], x[1], x[2] = float32(k%7)/3-1, float32(k%5)/2-1, float32(k%3)-1
				_, err := l.Step(x, 1)
				if _, failed := l.Learn(float64(x[0] * x[1])); err != nil || failed != nil {
					t.Fatal(r.Name, err, failed)
				}
			}
		}
		run(1000)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run(updates)
		runtime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; n > 200 || l.Bytes() != bytes { // the runtime's own
			t.Errorf("%s: %d allocations in %d updates; %d bytes, at first %d", r.Name, n, updates, l.Bytes(), bytes)
		}
	}
}
