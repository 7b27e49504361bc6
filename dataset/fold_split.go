package dataset

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/elegans-nn/elegans/series"
)

// SplitFold is Split for cross-validation: of what is neither in the test part, which is left out, the fold trains on a part and
// has the other as the test part of the Split, whose validation part is empty. Everything is fitted on the training part of the
// fold. Without folds the parts are those of Split, with a share of the training part. The errors are those of Split, and a
// *UsageError where there are fewer units than folds.
func (d *Dataset) SplitFold(o SplitOptions, f Fold) (*Split, error) {
	if d.Roles.Target == "" {
		return nil, d.noTarget()
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	segments, by, err := d.cut(o)
	if err != nil {
		return nil, err
	}
	units := d.unitsOf(o)
	if f.Of > 0 {
		if segments, by, err = d.fold(segments, units, o, f); err != nil {
			return nil, err
		}
	}
	if f.partial() {
		segments[0] = f.share(segments, units)
		by += fmt.Sprintf(", with a share of %g of what is trained on", f.Share)
	}
	schema, warnings, err := d.fit(segments[0])
	if err != nil {
		return nil, err
	}
	names := partNames
	if f.Of > 0 {
		names[2] = "scored"
	}
	return d.fill(schema, segments, names, &Split{By: by, Warnings: warnings})
}

// units are what folds of a split keep whole.
type units struct {
	name  string // of several
	of    func(track int) int
	class func(track int) int
}

// unitsOf are the units of a split.
func (d *Dataset) unitsOf(o SplitOptions) units {
	same := func(int) int { return 0 }
	switch d.kindOf(o) {
	case ByFile:
		return units{"files", func(track int) int { return d.tracks[track].part }, same}
	case ByGroup:
		u := units{"series", func(track int) int { return track }, same}
		if d.Roles.LastStep && d.Roles.Task == series.Classify {
			u.class = func(track int) int {
				if y := d.lastLabel(&d.tracks[track]); y == y {
					return int(y)
				}
				return -1
			}
		}
		return u
	}
	return units{} // in time there are none
}

// fold divides the segments of the training and the validation part anew.
func (d *Dataset) fold(parts [3][]segment, u units, o SplitOptions, f Fold) (segments [3][]segment, by string, err error) {
	rest := slices.Concat(parts[0], parts[1])
	slices.SortStableFunc(rest, func(a, b segment) int {
		if a.track != b.track {
			return a.track - b.track
		}
		return a.scored - b.scored
	})
	if u.of == nil {
		segments = d.foldTime(rest, o, f)
		return segments, fmt.Sprintf("fold %d of %d in time", f.Number+1, f.Of), nil
	}
	names, class := u.list(rest)
	if err := f.enough(len(names), u.name, fmt.Sprintf("or divide in time with --split %s where series have many labels", ByTime)); err != nil {
		return segments, "", err
	}
	chosen := f.scores(class)
	for _, g := range rest {
		part := 0
		if chosen[slices.Index(names, u.of(g.track))] {
			part = 2
		}
		segments[part] = append(segments[part], g)
	}
	return segments, fmt.Sprintf("fold %d of %d of %d %s", f.Number+1, f.Of, len(names), u.name), nil
}

// list are the units of segments in order, each once, and the class of each.
func (u units) list(segments []segment) (names, class []int) {
	for _, g := range segments {
		if unit := u.of(g.track); !slices.Contains(names, unit) {
			names, class = append(names, unit), append(class, u.class(g.track))
		}
	}
	return names, class
}

// foldTime cuts what is left of each track into stretches. A later part may be given its past as context, inputs only; what is
// trained on after the scored stretch is given none.
func (d *Dataset) foldTime(rest []segment, o SplitOptions, f Fold) (segments [3][]segment) {
	var spans []segment // of each track, all that is not the test part
	var times []float64
	for _, g := range rest {
		if n := len(spans); n > 0 && spans[n-1].track == g.track {
			spans[n-1].to = g.to
		} else {
			spans = append(spans, segment{track: g.track, from: g.scored, scored: g.scored, to: g.to})
		}
		times = append(times, d.tracks[g.track].time[g.scored:g.to]...)
	}
	slices.Sort(times)
	for _, g := range spans {
		from, to := f.stretch(g.to - g.scored)
		from, to = from+g.scored, to+g.scored
		if o.Global {
			first, end := f.stretch(len(times))
			from, to = d.moment(g, times, first), d.moment(g, times, end)
		}
		for _, side := range []struct {
			part int
			segment
		}{{0, segment{g.track, g.from, g.from, from}}, {2, segment{g.track, max(g.from, from-o.Context), from, to}}, {0, segment{g.track, to, to, g.to}}} {
			if side.to > side.scored {
				segments[side.part] = append(segments[side.part], side.segment)
			}
		}
	}
	return segments
}

// moment is the first row of a segment at or after the time that stands at a place among all.
func (d *Dataset) moment(g segment, times []float64, place int) int {
	moment := math.Inf(1)
	if place < len(times) {
		moment = times[place]
	}
	return min(g.to, max(g.scored, sort.SearchFloat64s(d.tracks[g.track].time, moment)))
}

// share is a part of what is trained on.
func (f Fold) share(segments [3][]segment, u units) (kept []segment) {
	if u.of == nil {
		for _, g := range segments[0] {
			n := f.some(g.to - g.scored)
			follows := func(s segment) bool { return s.track == g.track && s.to == g.scored }
			if slices.ContainsFunc(segments[2], follows) {
				g.to = g.scored + n
			} else {
				g.scored = g.to - n
				g.from = g.scored
			}
			kept = append(kept, g)
		}
		return kept
	}
	names, class := u.list(segments[0])
	drawn := f.draws(class)
	for _, g := range segments[0] {
		if drawn[slices.Index(names, u.of(g.track))] {
			kept = append(kept, g)
		}
	}
	return kept
}

// Folds says in words what folds of a split would divide, such as "4 folds of 22 series".
func (d *Dataset) Folds(o SplitOptions, of int) (string, error) {
	segments, _, err := d.cut(o)
	if err != nil {
		return "", err
	}
	f, u, rest := Fold{Of: of}, d.unitsOf(o), slices.Concat(segments[0], segments[1])
	if err := f.check(); err != nil {
		return "", err
	}
	if u.of == nil {
		tracks := map[int]bool{}
		for _, g := range rest {
			tracks[g.track] = true
		}
		return fmt.Sprintf("%d folds in time within each of %d series", of, len(tracks)), nil
	}
	if _, _, err := d.fold(segments, u, o, f); err != nil {
		return "", err
	}
	names, _ := u.list(rest)
	return fmt.Sprintf("%d folds of %d %s", of, len(names), u.name), nil
}
