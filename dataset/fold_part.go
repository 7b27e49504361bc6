package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/series"
)

// Join is two parts as one.
func Join(a, b Part) Part {
	all := Part{Series: slices.Concat(a.Series, b.Series), Windows: slices.Clone(a.Windows)}
	for _, w := range b.Windows {
		w.Series += len(a.Series)
		all.Windows = append(all.Windows, w)
	}
	return all
}

// Fold divides the windows of a part for cross-validation, of which it scores some and trains on the others. Its units are those of
// series.Series.Unit, in the order of their names, in which 10 comes after 9. A part with fewer units than folds is divided in time:
// the windows of each unit into stretches, without any window to train on that shares a row with one that is scored. No part holds
// the series of windows that are not its own.
//
// The error is a *UsageError for a Fold out of its range, and where fewer units cannot be divided in time, for one of them holds
// copies.
func (p Part) Fold(t series.Target, f Fold) (trained, scored Part, err error) {
	if err := f.check(); err != nil {
		return p, p, err
	}
	list := p.units(t)
	if f.Of == 0 {
		trained, scored = p.only(f.kept(list)), Part{}
		return trained, scored, nil
	}
	if inTime, err := divided(list, p, f); err != nil {
		return p, p, err
	} else if inTime {
		trained, scored = p.foldTime(list, f)
		return trained, scored, nil
	}
	chosen := f.scores(classes(list))
	var rest []unit
	var windows []Window
	for i, u := range list {
		if chosen[i] {
			windows = append(windows, u.windows...)
		} else {
			rest = append(rest, u)
		}
	}
	return p.only(f.kept(rest)), p.only(windows), nil
}

// Folds says in words what folds would divide, such as "4 folds of 22 series". The error is that of Fold.
func (p Part) Folds(t series.Target, of int) (string, error) {
	f, list := Fold{Of: of}, p.units(t)
	if err := f.check(); err != nil {
		return "", err
	}
	inTime, err := divided(list, p, f)
	switch {
	case err != nil:
		return "", err
	case inTime:
		return fmt.Sprintf("%d folds in time within each of %d series", of, len(list)), nil
	}
	return fmt.Sprintf("%d folds of %d series", of, len(list)), nil
}

// unit is what a fold keeps whole.
type unit struct {
	name    string
	class   int // of a target with one class a series; 0 else
	windows []Window
}

func classes(list []unit) (class []int) {
	for _, u := range list {
		class = append(class, u.class)
	}
	return class
}

// units are those of the windows, in the order of their names, each with its windows in the order of time.
func (p Part) units(t series.Target) (list []unit) {
	place := map[string]int{}
	for _, w := range p.Windows {
		s := &p.Series[w.Series]
		at, seen := place[s.Unit()]
		if !seen {
			at = len(list)
			place[s.Unit()] = at
			list = append(list, unit{name: s.Unit()})
		}
		u := &list[at]
		u.windows = append(u.windows, w)
		if y := s.Label(w.To - 1)[0]; t.Task == series.Classify && t.LastStep && y == y {
			u.class = int(y)
		}
	}
	slices.SortStableFunc(list, func(a, b unit) int { return naturally(a.name, b.name) })
	for _, u := range list {
		slices.SortStableFunc(u.windows, func(a, b Window) int {
			return cmp.Compare(p.begins(a), p.begins(b))
		})
	}
	return list
}

// begins is when a window does; that of series without times its first row.
func (p Part) begins(w Window) float64 {
	if s := &p.Series[w.Series]; s.Time != nil {
		return s.Time[w.From]
	}
	return float64(w.From)
}

// ends is when the last row of a window is.
func (p Part) ends(w Window) float64 {
	w.From = w.To - 1
	return p.begins(w)
}

// divided tells whether a fold must divide in time, and refuses it where a unit holds copies of one time.
func divided(list []unit, p Part, f Fold) (bool, error) {
	if len(list) >= f.Of {
		return false, nil
	}
	for _, u := range list {
		for _, w := range u.windows {
			if s, first := &p.Series[w.Series], &p.Series[u.windows[0].Series]; s.Name != first.Name || s.Time == nil && w.Series != u.windows[0].Series {
				return false, f.enough(len(list), "series", "")
			}
		}
	}
	return true, nil
}

// kept are the windows of those units that the share keeps.
func (f Fold) kept(list []unit) (windows []Window) {
	drawn := f.draws(classes(list))
	for i, u := range list {
		if drawn[i] {
			windows = append(windows, u.windows...)
		}
	}
	return windows
}

// foldTime divides the windows of each unit.
func (p Part) foldTime(list []unit, f Fold) (trained, scored Part) {
	var fit, chosen []Window
	for _, u := range list {
		from, to := f.stretch(len(u.windows))
		own := u.windows[from:to]
		apart := func(windows []Window) []Window {
			return slices.DeleteFunc(slices.Clone(windows), func(w Window) bool { return p.meets(w, own) })
		}
		before, after := apart(u.windows[:from]), apart(u.windows[to:])
		fit = append(fit, before[len(before)-f.some(len(before)):]...)
		fit = append(fit, after[:f.some(len(after))]...)
		chosen = append(chosen, own...)
	}
	return p.only(fit), p.only(chosen)
}

// meets tells whether a window shares a row with the stretch that windows in the order of time make up.
func (p Part) meets(w Window, stretch []Window) bool {
	if len(stretch) == 0 {
		return false
	}
	first, last := stretch[0], stretch[len(stretch)-1]
	return p.begins(w) <= p.ends(last) && p.begins(first) <= p.ends(w)
}

// only is the part with some of its windows and the series that they lie in.
func (p Part) only(windows []Window) (some Part) {
	place := map[int]int{}
	for _, w := range windows {
		at, seen := place[w.Series]
		if !seen {
			at = len(some.Series)
			place[w.Series] = at
			some.Series = append(some.Series, p.Series[w.Series])
		}
		w.Series = at
		some.Windows = append(some.Windows, w)
	}
	return some
}

// naturally compares names with the numbers in them by their values.
func naturally(a, b string) int {
	for a != "" && b != "" {
		m, n := numerals(a), numerals(b)
		if m == 0 || n == 0 {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		x, y := strings.TrimLeft(a[:m], "0"), strings.TrimLeft(b[:n], "0")
		if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
			return c
		}
		a, b = a[m:], b[n:]
	}
	return cmp.Compare(len(a), len(b))
}

// numerals is the number of those that a text begins with.
func numerals(s string) (n int) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
