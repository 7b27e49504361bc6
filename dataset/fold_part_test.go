package dataset

import (
	"fmt"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

var measured = series.Target{Task: series.Regress}

// traces are n series of two copies each, cut into windows that overlap.
func traces(n int) (p Part) {
	for i := n - 1; i >= 0; i-- {
		for _, copy := range []string{"", " mirrored"} {
			s := labelled(40)
			s.Group = fmt.Sprintf("trace%d.csv", i)
			s.Name = s.Group + copy
			p.Series = append(p.Series, s)
		}
	}
	p.Windows = Windows(p.Series, 16, 8)
	return p
}

// called names what a window is of.
func called(p Part, w Window) string {
	return fmt.Sprint(p.Series[w.Series].Name, " ", w.From, " ", w.To, " ", w.Lead)
}

// Copies of a trace are on one side, windows are scored once, and every K-th trace in the order of the names is a fold's.
func TestPartFoldsKeepGroups(t *testing.T) {
	p, seen := traces(11), map[string]bool{}
	for k := range 4 {
		trained, scored, err := p.Fold(measured, Fold{Number: k, Of: 4})
		if err != nil {
			t.Fatal(err)
		}
		groups := map[string]int{}
		for i, part := range []Part{trained, scored} {
			for j := range part.Series {
				if !slices.ContainsFunc(part.Windows, func(w Window) bool { return w.Series == j }) {
					t.Errorf("fold %d holds a series without a window", k)
				}
				groups[part.Series[j].Group] |= 1 << i
			}
		}
		for i := range 11 {
			want := 1
			if i%4 == k {
				want = 2
			}
			if got := groups[fmt.Sprintf("trace%d.csv", i)]; got != want {
				t.Errorf("fold %d has trace %d on sides %b, want %b", k, i, got, want)
			}
		}
		if len(trained.Windows)+len(scored.Windows) != len(p.Windows) {
			t.Errorf("fold %d has %d and %d of %d windows", k, len(trained.Windows), len(scored.Windows), len(p.Windows))
		}
		for _, w := range scored.Windows {
			seen[called(scored, w)] = true
		}
	}
	if len(seen) != len(p.Windows) {
		t.Errorf("%d of %d windows are scored", len(seen), len(p.Windows))
	}
	if said, err := p.Folds(measured, 4); said != "4 folds of 11 series" || err != nil {
		t.Errorf("%q, %v", said, err)
	}
	_, err := p.Folds(measured, 12) // copies of one time could not be kept together
	refused(t, err, new(UsageError), "there are 11 series", "give at most 11")
	_, _, err = p.Fold(measured, Fold{Of: 12})
	refused(t, err, new(UsageError), "too few for 12 folds")
}

// One long series, of which the parts repeat rows, is divided in time: no row of what is scored is trained on.
func TestPartFoldsInTime(t *testing.T) {
	long := labelled(200)
	for row := range long.Len() {
		long.Time = append(long.Time, 100+2*float64(row))
	}
	own := func(from, to int) Part {
		list := []series.Series{long.Span(from, to)}
		return Part{list, LastOnly(list, FullWindows(list, 12, 1))}
	}
	p, seen := Join(own(0, 120), own(109, 200)), 0 // the second begins with context of the first
	moments := func(part Part) map[float64]bool {
		all := map[float64]bool{}
		for _, w := range part.Windows {
			for _, at := range part.Series[w.Series].Time[w.From:w.To] {
				all[at] = true
			}
		}
		return all
	}
	last := -1.0
	for k := range 5 {
		trained, scored, err := p.Fold(measured, Fold{Number: k, Of: 5})
		if err != nil {
			t.Fatal(err)
		}
		inner := moments(scored)
		for at := range moments(trained) {
			if inner[at] {
				t.Fatalf("fold %d trains on the row of %g, which it scores", k, at)
			}
		}
		// at most one window's length of them is lost on each side
		if lost := len(p.Windows) - len(trained.Windows) - len(scored.Windows); lost < 11 || lost > 22 {
			t.Errorf("fold %d loses %d windows", k, lost)
		}
		if begins := scored.Series[0].Time[scored.Windows[0].From]; begins <= last {
			t.Errorf("fold %d begins at %g, the one before at %g", k, begins, last)
		} else {
			last = begins
		}
		seen += len(scored.Windows)
		half, _, err := p.Fold(measured, Fold{Number: k, Of: 5, Share: 0.5})
		if n := len(half.Windows); err != nil || n < len(trained.Windows)/2 || n > len(trained.Windows)/2+2 {
			t.Errorf("fold %d keeps %d of %d windows, %v", k, n, len(trained.Windows), err)
		}
	}
	if seen != len(p.Windows) {
		t.Errorf("%d of %d windows are scored", seen, len(p.Windows))
	}
	if said, err := p.Folds(measured, 5); said != "5 folds in time within each of 1 series" || err != nil {
		t.Errorf("%q, %v", said, err)
	}
}

// A share keeps whole groups, of what is trained on alone.
func TestPartShares(t *testing.T) {
	p := traces(9)
	_, all, err := p.Fold(measured, Fold{Number: 1, Of: 3})
	if err != nil {
		t.Fatal(err)
	}
	for share, want := range map[float64]int{0.1: 1, 0.5: 3, 1: 6} {
		trained, scored, err := p.Fold(measured, Fold{Number: 1, Of: 3, Share: share})
		if err != nil || len(scored.Windows) != len(all.Windows) || len(trained.Series) != 2*want {
			t.Errorf("%g: %d series to train on, want %d, and %d windows to score, %v", share, len(trained.Series), 2*want, len(scored.Windows), err)
		}
	}
	some, none, err := p.Fold(measured, Fold{Share: 0.3})
	if err != nil || len(some.Series) != 6 || len(none.Windows) > 0 {
		t.Errorf("without folds %d series are kept, %v", len(some.Series), err)
	}
}

func TestNaturally(t *testing.T) {
	sorted := []string{"", "1", "2", "02x", "10", "a", "a2", "a10b1", "a10b2", "b"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := naturally(a, b); got != min(1, max(-1, i-j)) {
				t.Errorf("%q against %q gives %d", a, b, got)
			}
		}
	}
}
