// Package conform is what every recurrent cell passes without being asked: derivatives, time, gaps, order, wiring, and
// agreement of the executors. Its test walks the registry of cells and all their variants, so that a new cell is tested by
// existing. A check is a function of a Subject; its error explains the rule that was broken.
package conform

import (
	"fmt"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// inputs is the number of inputs of every subject: no other size of a variant, so that no two axes agree by chance.
const inputs = 7

// Subject is one configuration of a cell.
type Subject struct {
	Entry   cell.Entry
	Variant cell.Variant
	// Wiring is drawn for the subject's inputs; nil for cells without one.
	Wiring *wiring.Wiring
	// Program is one step of the cell alone: input "x", output "y".
	Program *step.Program
	// Model has the cell as its only layer, with a linear readout of two outputs. It is nil for a cell that is not
	// registered, which no model file can name.
	Model *model.Model
}

// String names the subject.
func (s Subject) String() string { return s.Entry.Name + " " + s.Variant.Name }

// Subjects builds every variant of the given cells. A cell without variants, or one that cannot be built, is an error.
func Subjects(entries []cell.Entry) (all []Subject, err error) {
	for _, e := range entries {
		if len(e.Variants) == 0 {
			return nil, fmt.Errorf("%s: no variants; list in its Entry at least one configuration to be tested", e.Name)
		}
		for _, v := range e.Variants {
			s, err := NewSubject(e, v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s, err)
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// Presets builds every preset of the given cells. Their chains have kernels, which the variants' need not have, so that
// they are held against the oracle too.
func Presets(entries []cell.Entry) (all []Subject, err error) {
	for _, e := range entries {
		for _, p := range e.Presets {
			v := cell.Variant{Name: p.Name, Cell: p.Cell}
			if p.Wiring != nil {
				v.Wiring = p.Wiring(2)
			}
			s, err := NewSubject(e, v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s, err)
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// NewSubject builds one variant of a cell.
func NewSubject(e cell.Entry, v cell.Variant) (s Subject, err error) {
	s = Subject{Entry: e, Variant: v}
	if err := v.Cell.Check(); err != nil {
		return s, err
	}
	if v.Wiring != nil {
		if s.Wiring, err = v.Wiring.Build(inputs); err != nil {
			return s, err
		}
	}
	b := step.New()
	x := b.Input("x", inputs)
	if cell.InParts(v.Cell) {
		b.Divide(1)
	}
	b.InParts(1, func() { b.Output("y", v.Cell.Build(b, x, s.Wiring)) })
	s.Program = b.Build()
	if _, err := cell.EntryOf(v.Cell); err != nil {
		return s, nil // not registered
	}
	schema := series.Plain(inputs)
	schema.Target.Outputs = 2
	for i := range schema.Inputs {
		schema.Inputs[i].Missing = e.Missing
	}
	s.Model, err = model.New(schema, model.Layer{Cell: v.Cell, Wiring: v.Wiring})
	return s, err
}

// adaptiveStep is a step that the error of an adaptive solver allows about generic numbers. Executors take no longer ones there.
const adaptiveStep = 0.5

// maxStep is the longest stable dt.
func (s Subject) maxStep() float64 {
	if cell.Adaptive(s.Variant.Cell) {
		return adaptiveStep
	}
	if s.Model != nil {
		return s.Model.MaxStep()
	}
	return cell.MaxStep(s.Variant.Cell)
}

// flow says whether dt = 0 must leave the state as it is.
func (s Subject) flow() bool {
	if s.Model == nil {
		return s.Entry.Flow
	}
	return cell.Flow(s.Variant.Cell)
}

// Check is one rule that every cell keeps.
type Check struct {
	Name string
	Run  func(Subject) error
}

// Checks lists the suite.
func Checks() []Check {
	return []Check{
		{"Derivative", Derivative}, {"RealTime", RealTime}, {"RealTimeEngine", RealTimeEngine}, {"Online", Online},
		{"Permutation", Permutation}, {"Padding", Padding},
		{"Later", Later}, {"Splitting", Splitting}, {"ZeroTime", ZeroTime}, {"ExtremeTimes", ExtremeTimes}, {"Gaps", Gaps}, {"Parts", Parts},
		{"NotANumber", NotANumber}, {"AbsentSynapses", AbsentSynapses}, {"SynapseCounts", SynapseCounts},
		{"SinglePrecision", SinglePrecision}, {"Streaming", Streaming}, {"Workers", Workers}, {"Memory", Memory}, {"File", File},
	}
}

// size is a number of lanes and of times.
type size struct{ lanes, steps int }

// sizes are generic ones, B = units (where a confused axis would not show by its length), B = 1 and T = 1.
func (s Subject) sizes() []size {
	units := s.Program.Nodes[s.Program.States[0].Node].Shape.Len()
	return []size{{units, 3}, {1, 4}, {3, 1}, {2, 5}}
}

// trial draws numbers for the cell, with no dt beyond its longest stable one: longer rows come in parts, which half of these are.
func (s Subject) trial(z size) *trial.Trial {
	t := s.draw(s.Program, z.steps, z.lanes, uint64(100*z.lanes+z.steps))
	if limit := s.maxStep(); limit > 0 && limit < trial.Longest {
		for i := range t.DT {
			t.DT[i] *= limit / trial.Longest
		}
	}
	return t
}

// draw is a trial of the cell in any program. A cell that takes missing values itself is given some.
func (s Subject) draw(p *step.Program, steps, lanes int, seed uint64) *trial.Trial {
	t := trial.New(p, steps, lanes, seed)
	if s.Entry.Missing {
		t.Hide(0, seed)
	}
	return t
}
