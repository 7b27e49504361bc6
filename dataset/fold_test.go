package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
	"pgregory.net/rapid"
)

// place names a row of a series, whichever part it lies in.
func place(s series.Series, row int) string { return fmt.Sprint(s.Name, " ", s.Row[row]) }

// labelledRows are the rows of series that have a label.
func labelledRows(lists ...[]series.Series) map[string]bool {
	rows := map[string]bool{}
	for _, list := range lists {
		for _, s := range list {
			for row := range s.Len() {
				if series.Labelled(s.Label(row)) {
					rows[place(s, row)] = true
				}
			}
		}
	}
	return rows
}

// allRows are the rows of series with or without a label, those given as context among them.
func allRows(list []series.Series) map[string]bool {
	rows := map[string]bool{}
	for _, s := range list {
		for row := range s.Len() {
			rows[place(s, row)] = true
		}
	}
	return rows
}

func shared(a, b map[string]bool) (n int) {
	for row := range a {
		if b[row] {
			n++
		}
	}
	return n
}

// units20 is a table of 20 series with one class each, the classes in turn in the first half.
func units20() string {
	var b strings.Builder
	b.WriteString("id,t,x,y\n")
	for id := range 20 {
		class := "no"
		if id%2 == 1 && id < 10 || id >= 15 {
			class = "yes"
		}
		for row := range 4 {
			fmt.Fprintf(&b, "u%d,%d,%d,%s\n", id, row, id*id+row, class)
		}
	}
	return b.String()
}

// Folds score every row once that is not the test part's, train on no row that they score, and see no row of the test part.
func TestFoldsCoverAllButTheTest(t *testing.T) {
	for _, c := range []struct {
		name  string
		text  string
		roles Roles
		split SplitOptions
		folds int
		said  string
	}{
		{"in time", noisy(300, nil), Roles{Series: "id", Time: "t", Target: "y"}, SplitOptions{Valid: 0.2, Test: 0.2}, 4, "4 folds in time within each of 3 series"},
		{"at one moment", noisy(300, nil), Roles{Series: "id", Time: "t", Target: "y"}, SplitOptions{Valid: 0.2, Test: 0.2, Global: true}, 3, "3 folds in time within each of 3 series"},
		{"no validation", noisy(300, nil), Roles{Series: "id", Time: "t", Target: "y"}, SplitOptions{Valid: -1, Test: 0.3, Context: 9}, 5, "5 folds in time within each of 3 series"},
		{"by group", units20(), Roles{Series: "id", Time: "t", Target: "y", LastStep: true}, SplitOptions{Test: 0.2}, 5, "5 folds of 16 series"},
		{"units", units20(), Roles{Series: "id", Time: "t", Target: "x"}, SplitOptions{By: ByGroup, Valid: 0.2, Test: 0.2}, 3, "3 folds of 16 series"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, c.text, c.roles)
			whole, err := d.Split(c.split)
			if err != nil {
				t.Fatal(err)
			}
			if said, err := d.Folds(c.split, c.folds); said != c.said || err != nil {
				t.Errorf("they are said to be %q, %v", said, err)
			}
			test, rest, seen := allRows(whole.Test), labelledRows(whole.Train, whole.Valid), map[string]bool{}
			for _, g := range whole.Test { // context of the test part is of the others
				for row := range g.Len() {
					if !series.Labelled(g.Label(row)) {
						delete(test, place(g, row))
					}
				}
			}
			for k := range c.folds {
				s, err := d.SplitFold(c.split, Fold{Number: k, Of: c.folds})
				if err != nil {
					t.Fatal(err)
				}
				scored, trained := labelledRows(s.Test), allRows(s.Train)
				if len(s.Valid) > 0 || len(scored) < len(rest)/c.folds/2 || len(scored) > 2*len(rest)/c.folds || len(trained) < len(rest)/3 {
					t.Errorf("fold %d scores %d of %d rows and trains on %d, %d series are for validation", k, len(scored), len(rest), len(trained), len(s.Valid))
				}
				if a, b, e := shared(trained, scored), shared(trained, test), shared(allRows(s.Test), test); a+b+e > 0 {
					t.Errorf("fold %d: %d rows are on both sides, %d and %d of the test part", k, a, b, e)
				}
				if n := len(allRows(s.Test)) - len(scored); !c.roles.LastStep && n != min(k, 1)*len(s.Test)*c.split.Context {
					t.Errorf("fold %d has %d rows of context", k, n)
				}
				if shared(scored, seen) > 0 {
					t.Errorf("fold %d scores rows of another", k)
				}
				for row := range scored {
					seen[row] = true
				}
				if x := s.Schema.Inputs[0]; x.Kind == series.Numeric && !c.roles.LastStep {
					if mean := meanOf(s.Train, 0); math.Abs(mean-x.Mean) > 1e-6*math.Abs(x.Mean) {
						t.Errorf("fold %d: the mean of what is trained on is %g, fitted %g", k, mean, x.Mean)
					}
				}
			}
			if len(seen) != len(rest) || shared(seen, rest) != len(rest) {
				t.Errorf("folds score %d of %d rows", len(seen), len(rest))
			}
		})
	}
}

// meanOf is the mean of an input where it was observed.
func meanOf(list []series.Series, input int) float64 {
	sum, n := 0.0, 0.0
	for _, s := range list {
		for row := range s.Len() {
			if v := float64(s.At(row)[input]); v == v {
				sum, n = sum+v, n+1
			}
		}
	}
	return sum / n
}

// With files as parts, a file is in one fold as a whole.
func TestFoldsKeepFiles(t *testing.T) {
	roles := Roles{Time: "t", Target: "y"}
	text := func(from int) string {
		var b strings.Builder
		b.WriteString("t,x,y\n")
		for i := range 12 {
			fmt.Fprintf(&b, "%d,%d,%d\n", i, from+i, from-i)
		}
		return b.String()
	}
	d, err := FromTables(roles, csv(t, "a.csv", text(0)), csv(t, "b.csv", text(100)), csv(t, "c.csv", text(300)))
	if err != nil {
		t.Fatal(err)
	}
	o := SplitOptions{ValidFiles: []string{"b.csv"}, TestFiles: []string{"c.csv"}}
	for k, want := range []string{"a.csv", "b.csv"} {
		s, err := d.SplitFold(o, Fold{Number: k, Of: 2})
		if err != nil || len(s.Test) != 1 || s.Test[0].Name != want || len(s.Train) != 1 {
			t.Errorf("fold %d: %+v, %v", k, s, err)
		}
	}
	_, err = d.SplitFold(o, Fold{Of: 3})
	refused(t, err, new(UsageError), "there are 2 files outside the test part, too few for 3 folds", "give at most 2", "--split time")
	_, err = d.SplitFold(o, Fold{Of: 1})
	refused(t, err, new(UsageError), "at least 2")
	_, err = d.SplitFold(o, Fold{Of: 2, Share: 1.5})
	refused(t, err, new(UsageError), "1.5 is no share")
}

// Every fold has its part of every class, in whatever order the series come.
func TestFoldsAreStratified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		class := rapid.SliceOfN(rapid.IntRange(0, 3), 2, 60).Draw(t, "classes")
		of := rapid.IntRange(2, len(class)).Draw(t, "folds")
		times, count := make([]int, len(class)), map[int]int{}
		for _, k := range class {
			count[k]++
		}
		for k := range of {
			f := Fold{Number: k, Of: of}
			some, chosen := map[int]int{}, 0
			for i, is := range f.scores(class) {
				if is {
					times[i]++
					chosen++
					some[class[i]]++
				}
			}
			if chosen < len(class)/of || chosen > (len(class)+of-1)/of {
				t.Fatalf("fold %d of %d scores %d of %d", k, of, chosen, len(class))
			}
			for k, n := range count {
				if some[k] < n/of || some[k] > (n+of-1)/of {
					t.Fatalf("a fold of %d scores %d of %d series of class %d", of, some[k], n, k)
				}
			}
		}
		if slices.ContainsFunc(times, func(n int) bool { return n != 1 }) {
			t.Fatalf("series are scored %v times", times)
		}
	})
}

// A smaller share is a part of a larger one, has as many units as it says, and of every class its part.
func TestSharesAreNested(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		class := rapid.SliceOfN(rapid.IntRange(0, 2), 1, 50).Draw(t, "classes")
		seed, count := rapid.Uint64().Draw(t, "seed"), map[int]int{}
		for _, k := range class {
			count[k]++
		}
		before := make([]bool, len(class))
		for _, share := range []float64{0.1, 0.25, 0.5, 0.8, 1} {
			kept, n, some := Fold{Share: share, Seed: seed}.draws(class), 0, map[int]int{}
			for i, is := range kept {
				if before[i] && !is {
					t.Fatalf("unit %d is in a smaller share than %g", i, share)
				}
				if is {
					n++
					some[class[i]]++
				}
			}
			if want := int(math.Ceil(share*float64(len(class)) - 1e-9)); n != want {
				t.Fatalf("%d of %d units are kept for %g", n, len(class), share)
			}
			for k, of := range count {
				if math.Abs(float64(some[k])-share*float64(of)) > 2 {
					t.Fatalf("%d of %d units of class %d are kept for %g", some[k], of, k, share)
				}
			}
			before = kept
		}
	})
	a, b := Fold{Share: 0.5, Seed: 1}.draws(make([]int, 30)), Fold{Share: 0.5, Seed: 2}.draws(make([]int, 30))
	if slices.Equal(a, b) {
		t.Error("two seeds draw alike")
	}
}

// In time a share is what lies nearest to what is scored.
func TestSharesInTime(t *testing.T) {
	d := open(t, noisy(300, nil), Roles{Series: "id", Time: "t", Target: "y"})
	o := SplitOptions{Valid: 0.2, Test: 0.2}
	for _, of := range []int{0, 3} {
		whole, err := d.SplitFold(o, Fold{Number: of / 2, Of: of})
		if err != nil {
			t.Fatal(err)
		}
		half, err := d.SplitFold(o, Fold{Number: of / 2, Of: of, Share: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		if a, b := labelledRows(whole.Test, whole.Valid), labelledRows(half.Test, half.Valid); len(a) != len(b) || shared(a, b) != len(a) {
			t.Errorf("of %d: a share changes what is scored", of)
		}
		if len(half.Train) != len(whole.Train) {
			t.Fatalf("of %d: %d stretches, want %d", of, len(half.Train), len(whole.Train))
		}
		for i, s := range half.Train {
			all := whole.Train[i]
			want := slices.Clone(all.Row[:s.Len()])
			follows := slices.ContainsFunc(whole.Test, func(g series.Series) bool { return g.Name == s.Name && g.Time[g.Len()-1] < all.Time[0] })
			if !follows {
				want = all.Row[all.Len()-s.Len():]
			}
			if s.Len() != (all.Len()+1)/2 || !slices.Equal(s.Row, want) {
				t.Errorf("of %d: stretch %d of %s keeps rows %v of %v", of, i, s.Name, s.Row, all.Row)
			}
		}
	}
}
