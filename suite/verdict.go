package suite

import (
	"cmp"
	"fmt"
	"math"
	"strings"
)

// best is the best of some rows, by their test figures: what a model has to stand beside is not chosen in its favour.
func best(m Measure, rows []Row, is func(Row) bool) (best Row, ok bool) {
	for _, r := range rows {
		if is(r) && !math.IsNaN(r.Value(m)) && (!ok || m.Better(r.Value(m), best.Value(m))) {
			best, ok = r, true
		}
	}
	return best, ok
}

// rival is a row that ours has to stand beside, and the measure by which.
type rival struct {
	Row
	by Measure
}

func (r rival) String() string {
	return fmt.Sprintf("%s %s (%s, %s)", r.Model, figure(r.Value(r.by), r.SD[r.by.Name]), r.Kind, cmp.Or(r.Source, "elegans"))
}

// rivals are the best of every kind that is not a liquid model of ours: of our own rows, of what was measured and of what was
// published. Rows are compared by the first of the task's measures that any of their kind has.
func (o Outcome) rivals() (list []rival) {
	others := o.Task.Others()
	for _, from := range []struct {
		rows []Row
		is   func(Row) bool
	}{
		{o.Rows, func(r Row) bool { return r.Kind != Liquid }},
		{others, func(r Row) bool { return r.Source == Measured }},
		{others, func(r Row) bool { return r.Source != Measured }},
	} {
		for _, kind := range []Kind{Liquid, Network, Simple} {
			for _, m := range o.Task.Measures {
				if r, ok := best(m, from.rows, func(r Row) bool { return r.Kind == kind && from.is(r) }); ok {
					list = append(list, rival{r, m})
					break
				}
			}
		}
	}
	return list
}

// even says whether two rows differ by no more than twice the standard error of their difference.
func even(m Measure, a, b Row) bool {
	return math.Abs(a.Value(m)-b.Value(m)) <= 2*math.Hypot(a.standardError(m), b.standardError(m))
}

// standardError is that of a mean over seeds, or the deviation where nobody says over how many; 0 of a single run.
func (r Row) standardError(m Measure) float64 {
	if sd := r.SD[m.Name]; sd > 0 {
		return sd / math.Sqrt(float64(max(1, r.Seeds)))
	}
	return 0
}

// crossed tells whether cross-validation has chosen the first of the candidates.
func (o Outcome) crossed() bool { return o.Task.Crossed && !o.matched }

// chosen is the liquid row of ours of which the page speaks: that with the best validation measure, or the first one where validation
// does not rank models. Equal counts the others that validation does not tell from it, of which it is the first.
func (o Outcome) chosen() (best Row, equal int, ok bool) {
	m := o.Task.Measures[0]
	for _, r := range o.Rows {
		switch {
		case r.Kind != Liquid || r.Diverged == r.Seeds:
		case !ok:
			best, ok = r, true
		case o.crossed():
		case math.Abs(r.Valid-best.Valid) <= 1e-12*math.Abs(best.Valid): // the same scores of seeds, added up in another order
			equal++
		case m.Better(r.Valid, best.Valid):
			best, equal = r, 0
		}
	}
	return best, equal, ok
}

// verdict says how the liquid model that validation chooses stands beside its rivals, and what was found there.
func (o Outcome) verdict() string {
	ours, equal, ok := o.chosen()
	if !ok {
		return "None of our liquid models was trained."
	}
	who := "Of our liquid models validation chooses"
	switch {
	case o.crossed():
		who = "Of our liquid models cross-validation chooses"
	case equal > 0:
		who = fmt.Sprintf("Validation does not tell %d of our liquid models apart; the first candidate of these is", equal+1)
	}
	m := o.Task.Measures[0]
	var ahead, level, behind []string
	for _, r := range o.rivals() {
		list := &behind
		switch {
		case even(r.by, ours, r.Row):
			list = &level
		case r.by.Better(r.Value(r.by), ours.Value(r.by)):
			list = &ahead
		}
		text := r.String()
		if r.by.Name != m.Name {
			text += fmt.Sprintf(" with %s in %s", figure(ours.Value(r.by), ours.SD[r.by.Name]), r.by.Title)
		}
		*list = append(*list, text)
	}
	text := fmt.Sprintf("%s %s: %s.", who, ours.Model, figure(ours.Value(m), ours.SD[m.Name]))
	for _, part := range []struct {
		words string
		list  []string
	}{{"It is better than", behind}, {"It is level with", level}, {"We lose to", ahead}} {
		if len(part.list) > 0 {
			text += fmt.Sprintf(" %s %s.", part.words, strings.Join(part.list, ", "))
		}
	}
	if o.Note != "" {
		text += " " + o.Note
	}
	return text
}

// time says what elapsed times are worth to every model that was trained with and without them; empty where nothing was.
func (o Outcome) time(all []Outcome) string {
	m := o.Task.Measures[0]
	var pairs []string
	for _, timed := range all {
		if timed.Task != o.Task.Timed {
			continue
		}
		for _, r := range o.Rows {
			if with, ok := best(m, timed.Rows, func(w Row) bool { return w.Model == r.Model && w.Kind != Simple }); ok {
				pairs = append(pairs, fmt.Sprintf("%s %s and %s", r.Model, figure(with.Value(m), with.SD[m.Name]), figure(r.Value(m), r.SD[m.Name])))
			}
		}
	}
	if len(pairs) == 0 {
		return ""
	}
	return fmt.Sprintf("With elapsed times (`%s`) and without them, %s is: %s.", o.Task.Timed.Name, m.Title, strings.Join(pairs, "; "))
}

// Goal is what was to be reached on a task by a measure of it.
type Goal struct {
	Measure string
	Value   float64
}

// goals says of each goal of the task what it is and whether ours reaches it; reached is true where all are, and some are set.
func (o Outcome) goals() (text string, reached bool) {
	if o.matched {
		return "", false
	}
	ours, _, ok := o.chosen()
	var words []string
	reached = ok && len(o.Task.Goals) > 0
	for _, g := range o.Task.Goals {
		for _, m := range o.Task.Measures {
			if m.Name != g.Measure {
				continue
			}
			sign := "≤"
			if m.Better(1, 0) {
				sign = "≥"
			}
			one := fmt.Sprintf("%s %g", sign, g.Value)
			if m.Name != o.Task.Measures[0].Name {
				one += fmt.Sprintf(" in %s, ours %s", m.Title, figure(ours.Value(m), ours.SD[m.Name]))
			}
			words = append(words, one)
			reached = reached && !m.Better(g.Value, ours.Value(m))
		}
	}
	if text = strings.Join(words, "; "); text != "" {
		text += map[bool]string{true: ": reached", false: ": missed"}[reached]
	}
	return text, reached
}
