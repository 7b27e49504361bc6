package online

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/nearest"
	"github.com/elegans-nn/elegans/step"
)

// Rule is a way to the gradient of a loss while a stream runs, without keeping the stream. With J = ∂h'/∂h and M = ∂h'/∂θ of a
// step, which follow from the cell's program, the exact one carries S' = M + S J; the others carry a part of that, or go back
// through the last rows. engine.Rule has their equations.
type Rule struct {
	// Name, as in Options.Rule.
	Name string
	// Summary in a line.
	Summary string
	// Source of the rule.
	Source string
	// Window tells whether the rule looks at Options.Window.
	Window bool
	// make prepares the rule, bytes foretells the memory of that.
	make  func(p *step.Program, y int, o Options) (carrier, error)
	bytes func(p *step.Program, y int, o Options) (int, error)
}

// carrier runs a stream and gives gradients: engine.RealTime and engine.Truncated. It is wider than an interface should be,
// for it is nothing but what these two have in common, and nobody else implements it.
type carrier interface {
	Input(k int) []float32
	DT() []float32
	Part() []float32
	Output(k int) []float32
	Width() int
	SetParams(theta []float32)
	Step() bool
	Gradient(dst, dy []float32)
	State(k int) []float32
	AppendState(dst []float32) []float32
	StateSize() int
	SetState(src []float32)
	Forget()
	Bytes() int
	FLOPs() float64
}

var rules = []Rule{
	carried(engine.Exact, "rtrl", "exact: the derivative of the state by every parameter is carried along", "Williams and Zipser 1989"),
	carried(engine.SnAp1, "snap-1", "of it, what a parameter does to the units that it acts on within one step", "Menick et al. 2021"),
	carried(engine.RFLO, "rflo", "of it, what fades by the unit's own decay; what units do to each other is dropped", "Murray 2019"),
	carried(engine.EProp, "e-prop", "of it, what goes on within the unit, its synapse on itself included", "Bellec et al. 2020"),
	{
		Name: "tbptt", Summary: "back through the last rows, run again at today's parameters", Source: "Williams and Peng 1990", Window: true,
		make: func(p *step.Program, y int, o Options) (carrier, error) {
			return engine.NewTruncated(p, []int{y}, o.Window, o.Memory)
		},
		bytes: func(p *step.Program, y int, o Options) (int, error) {
			return engine.TruncatedBytes(p, []int{y}, o.Window), nil
		},
	},
}

func carried(r engine.Rule, name, summary, source string) Rule {
	options := func(y int, o Options) engine.RealTimeOptions {
		return engine.RealTimeOptions{Outputs: []int{y}, Memory: o.Memory, Rule: r}
	}
	return Rule{
		Name: name, Summary: summary, Source: source,
		make: func(p *step.Program, y int, o Options) (carrier, error) {
			if err := noHistory(p); err != nil {
				return nil, err
			}
			return engine.NewRealTime(p, options(y, o))
		},
		bytes: func(p *step.Program, y int, o Options) (int, error) {
			if err := noHistory(p); err != nil {
				return 0, err
			}
			return engine.RealTimeBytes(p, options(y, o))
		},
	}
}

// Rules lists all rules; the first, which is exact, is the default.
func Rules() []Rule { return slices.Clone(rules) }

// ruleOf finds a rule by its name.
func ruleOf(name string) (*Rule, error) {
	if name == "" {
		return &rules[0], nil
	}
	var names []string
	for i := range rules {
		if rules[i].Name == name {
			return &rules[i], nil
		}
		names = append(names, rules[i].Name)
	}
	hint := ""
	if near := nearest.Name(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return nil, fmt.Errorf("online: rule %q; allowed: %s%s", name, strings.Join(names, ", "), hint)
}

// HistoryError says that a state is a window of earlier values, as attention, temporal convolutions and windows of inputs have
// it. Its derivative by the parameters would be that of each value in the window, once a parameter; and nothing goes on in it
// that a window of rows does not show.
type HistoryError struct {
	// State that is a window, and how many values it holds.
	State string
	Rows  int
}

// Error is one line with the remedy.
func (e *HistoryError) Error() string {
	return fmt.Sprintf("online: state %s is a window of the last %d values and no recurrence, so that carrying its derivatives along gains nothing; "+
		"use the rule tbptt, which is exact with a window of as many rows as the network looks back", e.State, e.Rows)
}

// noHistory refuses programs with a window among their states.
func noHistory(p *step.Program) error {
	for k, row := range engine.Rings(p) {
		if row > 0 {
			return &HistoryError{p.States[k].Name, p.Nodes[p.States[k].Node].Shape.Len() / row}
		}
	}
	return nil
}
