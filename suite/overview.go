package suite

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteSummary writes what came of every task in a line, and how many goals were reached.
func WriteSummary(w io.Writer, outcomes []Outcome) error {
	p := &printer{w: w}
	p.line("\n| section | task | measure | scored | ours | goal | seeds | best baseline of ours | published: liquid | published: network | peers: simple | " +
		"peers: network | peers: liquid | looked at |")
	p.line("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, o := range outcomes {
		p.line("| %s | %d |", strings.Join(o.cells(), " | "), o.Configurations)
	}
	p.goals(outcomes)
	return p.err
}

// cells are those of the outcome's line.
func (o Outcome) cells() []string {
	m := o.Task.Measures[0]
	scored := "every step"
	if o.Task.LastOnly {
		scored = "last step"
	}
	cells := []string{fmt.Sprint(o.Section), fmt.Sprintf("`%s`", o.Task.Name), m.Title, scored}
	if o.Task.Leaky {
		cells[1] += ", leaky"
	}
	goal, _ := o.goals()
	if ours, _, ok := o.chosen(); ok {
		cells = append(cells, "**"+brief(m, ours)+"**", goal, fmt.Sprint(ours.Seeds))
	} else {
		cells = append(cells, "not run", goal, "")
	}
	others := o.Task.Others()
	for _, one := range []struct {
		rows []Row
		is   func(Row) bool
	}{
		{o.Rows, func(r Row) bool { return r.Kind != Liquid }},
		{others, func(r Row) bool { return r.Source != Measured && r.Kind == Liquid }},
		{others, func(r Row) bool { return r.Source != Measured && r.Kind == Network }},
		{others, func(r Row) bool { return r.Source == Measured && r.Kind == Simple }},
		{others, func(r Row) bool { return r.Source == Measured && r.Kind == Network }},
		{others, func(r Row) bool { return r.Source == Measured && r.Kind == Liquid }},
	} {
		text := ""
		if r, ok := best(m, one.rows, one.is); ok {
			text = brief(m, r)
		}
		cells = append(cells, text)
	}
	return cells
}

// brief is a row as a cell of the summary.
func brief(m Measure, r Row) string {
	text := r.Model + " " + figure(r.Value(m), r.SD[m.Name])
	if _, other, ok := strings.Cut(r.Source, ", another "); ok {
		text += ", another " + other
	}
	return text
}

// goals counts the tasks of the peers whose goals are reached, each once, and names others that have goals.
func (p *printer) goals(outcomes []Outcome) {
	var reached, missed, beside []string
	seen := map[*Task]bool{}
	for _, o := range outcomes {
		if len(o.Task.Goals) == 0 || o.matched || seen[o.Task] {
			continue
		}
		seen[o.Task] = true
		list := &missed
		switch _, ok := o.goals(); {
		case ok && slices.Contains(Peers(), o.Task):
			list = &reached
		case ok:
			list = &beside
		}
		*list = append(*list, fmt.Sprintf("`%s`", o.Task.Name))
	}
	if len(seen) == 0 {
		return
	}
	text := fmt.Sprintf("Goals were set before, from what others had measured. Reached: %s. Missed: %s.", listed(reached), listed(missed))
	if len(beside) > 0 {
		text += fmt.Sprintf(" Reached with more than the others had: %s.", listed(beside))
	}
	p.line("\n%s", text)
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d (%s)", len(names), strings.Join(names, ", "))
}
