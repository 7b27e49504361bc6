// Package bench times what the engine does: training steps, forward passes, single steps of streams, updates of
// streams that learn, kernels. A case is one line in the file of its group. Each case runs in a process of its own, so that
// its memory is its own, and all cases take turns over several rounds, so that a machine that changes its speed meanwhile
// shows as spread and not as a difference between cases.
//
// Suite starts the processes and gathers a Report; Serve is what runs in each.
package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/internal/nearest"
)

// Case is one thing to be timed.
type Case struct {
	// Name is GROUP/WHAT/SIZE, as it stands in reports.
	Name string
	// Growth, where set, says which size this case varies; such cases run on demand only.
	Growth *Growth
	open   func(s setting) work
}

// Growth is a size that a group of cases varies with everything else fixed. The time of a fit with exponent 1 is linear.
type Growth struct {
	// Axis is "time", "batch", "synapses", "time within memory" or "time of a diagonal cell".
	Axis string
	Size float64
}

// setting is what a process runs a case with.
type setting struct {
	threads int
	// least, where positive, bounds batch, times and streams, for tests.
	least int
	// memory bounds what training keeps, if it is not zero; set by a case.
	memory int
}

// bound is n, or what tests allow.
func (s setting) bound(n int) int {
	if s.least > 0 {
		return min(n, s.least)
	}
	return n
}

// work is a case ready to run.
type work struct {
	// op is one operation. It allocates what the product allocates, and nothing for the measurement.
	op func()
	// items is what one operation advances: rows, steps, numbers.
	items int
	// flops is the number of floating point operations by the cost table of the program, computed once each: not what an
	// engine may compute again to save memory.
	flops float64
	// traffic tells the bytes that must move at least, each value written and read once; known after the first operation.
	traffic func() float64
	// perStream is the memory that one more stream costs.
	perStream float64
	// loss is the mean loss before the last step of training.
	loss func() float64
}

// groups are the cases by group, in the order of reports.
var groups = [][]Case{trainCases, forwardCases, streamCases, streamsCases, onlineCases, kernelCases, longCases}

// Cases lists all cases.
func Cases() []Case { return slices.Concat(groups...) }

// begin lists what names of cases begin with.
func begin() (kinds []string) {
	for _, group := range groups {
		kind, _, _ := strings.Cut(group[0].Name, "/")
		kinds = append(kinds, kind)
	}
	return kinds
}

// UnknownError is a text that occurs in no name of a case.
type UnknownError struct {
	Text    string
	Nearest string // empty where nothing is near
	// Hidden says that it does occur, but in cases of growth, which were not asked for.
	Hidden bool
}

// Error is one line that names what is known.
func (e *UnknownError) Error() string {
	switch {
	case e.Hidden:
		return fmt.Sprintf("%q names cases of growth only, which run with all", e.Text)
	case e.Nearest != "":
		return fmt.Sprintf("no case has %q in its name; did you mean %q?", e.Text, e.Nearest)
	}
	return fmt.Sprintf("no case has %q in its name; names begin with %s", e.Text, strings.Join(begin(), ", "))
}

// Select finds the cases whose name contains one of some texts, all of them where there is no text; cases of growth only
// with all. Every text must occur. The error is an *UnknownError.
func Select(only []string, all bool) (chosen []Case, err error) {
	used := make([]bool, len(only))
	for _, c := range Cases() {
		take := len(only) == 0
		for k, text := range only {
			if text != "" && strings.Contains(c.Name, text) {
				used[k] = used[k] || all || c.Growth == nil
				take = true
			}
		}
		if take && (all || c.Growth == nil) {
			chosen = append(chosen, c)
		}
	}
	for k, ok := range used {
		if !ok {
			return nil, unknown(only[k])
		}
	}
	return chosen, nil
}

// unknown looks for what was meant: a whole name, or one of its parts.
func unknown(text string) *UnknownError {
	var known []string
	e := &UnknownError{Text: text}
	for _, c := range Cases() {
		e.Hidden = e.Hidden || text != "" && strings.Contains(c.Name, text)
		known = append(append(known, c.Name), strings.Split(c.Name, "/")...)
	}
	e.Nearest = nearest.Name(text, known)
	return e
}

// lookup finds a case by its whole name.
func lookup(name string) (Case, error) {
	for _, c := range Cases() {
		if c.Name == name {
			return c, nil
		}
	}
	return Case{}, unknown(name)
}
