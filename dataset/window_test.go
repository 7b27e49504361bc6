package dataset

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
	"pgregory.net/rapid"
)

// labelled is a series of n rows, all scored but those named.
func labelled(n int, unscored ...int) series.Series {
	s := series.Series{X: make([]float32, n), DT: make([]float32, n), Y: make([]float64, n)}
	for _, row := range unscored {
		s.Y[row] = math.NaN()
	}
	return s
}

func TestWindows(t *testing.T) {
	list := []series.Series{labelled(10), labelled(3), labelled(7, 0, 1, 2, 3)}
	for _, c := range []struct {
		length, stride int
		full           bool
		want           []Window
	}{
		{4, 3, false, []Window{{0, 0, 4, 0}, {0, 3, 7, 0}, {0, 6, 10, 0}, {1, 0, 3, 0}, {2, 3, 7, 0}}},
		{4, 4, false, []Window{{0, 0, 4, 0}, {0, 4, 8, 0}, {0, 8, 10, 0}, {1, 0, 3, 0}, {2, 4, 7, 0}}},
		{4, 0, true, []Window{{0, 0, 4, 0}, {0, 4, 8, 0}}},
		{4, 1, true, []Window{{0, 0, 4, 0}, {0, 1, 5, 0}, {0, 2, 6, 0}, {0, 3, 7, 0}, {0, 4, 8, 0}, {0, 5, 9, 0}, {0, 6, 10, 0}, {2, 1, 5, 0}, {2, 2, 6, 0}, {2, 3, 7, 0}}},
		{0, 0, false, []Window{{0, 0, 10, 0}, {1, 0, 3, 0}, {2, 0, 7, 0}}},
		{2, 5, false, []Window{{0, 0, 2, 0}, {0, 5, 7, 0}, {1, 0, 2, 0}, {2, 5, 7, 0}}},
		{99, 1, false, []Window{{0, 0, 10, 0}, {1, 0, 3, 0}, {2, 0, 7, 0}}},
	} {
		cut := Windows
		if c.full {
			cut = FullWindows
		}
		if got := cut(list, c.length, c.stride); !slices.Equal(got, c.want) {
			t.Errorf("length %d stride %d full %v: %v, want %v", c.length, c.stride, c.full, got, c.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a negative length does not panic")
		}
	}()
	Windows(list, -1, 1)
}

func TestWindowsCoverEveryScoredRow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(rt, "rows")
		length := rapid.IntRange(1, 70).Draw(rt, "length")
		stride := rapid.IntRange(1, length).Draw(rt, "stride")
		s := labelled(n, rapid.SliceOf(rapid.IntRange(0, n-1)).Draw(rt, "unscored")...)
		times := make([]int, n)
		for _, w := range Windows([]series.Series{s}, length, stride) {
			if w.To-w.From > length || w.From%stride != 0 {
				rt.Fatalf("window %v", w)
			}
			for row := w.From; row < w.To; row++ {
				times[row]++
			}
		}
		for row, y := range s.Y {
			if y == y && (times[row] == 0 || stride == length && times[row] != 1) {
				rt.Fatalf("row %d lies in %d windows", row, times[row])
			}
		}
	})
}

func TestProtocolDraws(t *testing.T) {
	s := &Split{Train: []series.Series{labelled(50)}, Valid: []series.Series{labelled(9)}, Test: []series.Series{labelled(20)}}
	p := Protocol{Name: "p", Window: 5, TrainStride: 1, TestStride: 4, FullWindows: true, DrawValid: 0.1, DrawTest: 0.25, Seed: 3}
	train, valid, test, warnings := p.Cut(s)
	if len(train.Windows) != 31 || len(valid.Windows) != 4 || len(test.Windows) != 11 || &valid.Series[0] != &s.Train[0] {
		t.Errorf("%d %d %d", len(train.Windows), len(valid.Windows), len(test.Windows))
	}
	seen := map[Window]int{}
	for _, w := range slices.Concat(train.Windows, valid.Windows, test.Windows) {
		seen[w]++
	}
	if len(seen) != 46 {
		t.Errorf("%d different windows of 46", len(seen))
	}
	if len(warnings) != 2 || !strings.Contains(warnings[0], "validation") || !strings.Contains(warnings[1], "test windows") {
		t.Errorf("%q", warnings)
	}
	again, _, _, _ := p.Cut(s)
	p.Seed = 4
	other, _, _, _ := p.Cut(s)
	if !slices.Equal(again.Windows, train.Windows) || slices.Equal(other.Windows, train.Windows) {
		t.Error("the draw does not follow the seed")
	}
	p.TrainStride = 5 // windows that share no row need no warning
	if _, _, _, warnings := p.Cut(s); len(warnings) != 0 {
		t.Errorf("%q", warnings)
	}
	p = Protocol{Window: 5, TestStride: 4}
	train, valid, test, warnings = p.Cut(s)
	if len(train.Windows) != 10 || len(valid.Windows) != 2 || len(test.Windows) != 5 || warnings != nil || &test.Series[0] != &s.Test[0] {
		t.Errorf("without a draw: %d %d %d %q", len(train.Windows), len(valid.Windows), len(test.Windows), warnings)
	}
}

// Only the last row of a window is scored, and a window without a label there is none.
func TestLastOnly(t *testing.T) {
	list := []series.Series{labelled(6, 3)}
	p := Part{Series: list, Windows: LastOnly(list, FullWindows(list, 3, 1))}
	if want := []Window{{0, 0, 3, 2}, {0, 2, 5, 2}, {0, 3, 6, 2}}; !slices.Equal(p.Windows, want) {
		t.Fatalf("windows %v, want %v", p.Windows, want)
	}
	list[0].Y[4] = 7
	if s := p.Span(1); s.Scored() != 1 || s.Y[2] != 7 || list[0].Scored() != 5 {
		t.Errorf("the window has labels %v; the series keeps %v", s.Y, list[0].Y)
	}
	split := &Split{Train: list, Valid: list, Test: list}
	train, valid, test, _ := Protocol{Window: 3, TrainStride: 1, TestStride: 1, FullWindows: true, LastOnly: true}.Cut(split)
	for _, part := range []Part{train, valid, test} {
		if !slices.Equal(part.Windows, p.Windows) {
			t.Errorf("the protocol cuts %v", part.Windows)
		}
	}
}
