package model

import (
	"strings"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// Observed is what goes on inside a model along a series.
type Observed struct {
	// States of the first layer's first state, [component][row], after each row.
	States [][]float64
	// Probe values, [component][row]; nil where the program has no such probe.
	Probe [][]float64
}

// Observe runs the model along a series from the zero state and records the first layer's state and a named probe of
// the program, such as "layer0.tau". Where layers look at a series from both ends it is one of the first pass, which the
// first layer's cell belongs to; of an average it is one of the first member. The error is that of Rows.
func (m *Model) Observe(s *series.Series, probe string) (Observed, error) {
	rows, err := m.Rows(s)
	if err != nil {
		return Observed{}, err
	}
	if !m.Adaptive() {
		rows = split(s, m.passes[0].Limits)
	}
	p := m.passes[0].Program
	o := engine.Options{Steps: 1, Lanes: 1}
	k := p.Probe(m.first() + probe)
	if k >= 0 {
		o.Probes = []int{k}
	}
	e := engine.Compile(p, o)
	e.SetParams(m.theta[:p.ParamCount()])
	first := m.firstState()
	var seen Observed
	at, inputs := 0, len(m.schema.Inputs)
	for row := range s.DT {
		last := row
		if rows.At != nil {
			last = rows.At[row]
		}
		for ; at <= last; at++ {
			copy(e.Input(0, 0), rows.X[at*inputs:][:inputs])
			if dt := e.DT(0); dt != nil {
				dt[0] = rows.DT[at]
			}
			if rows.Part != nil {
				copy(e.Part(0), rows.Part[at*step.PartWidth:][:step.PartWidth])
			}
			e.Forward(1)
		}
		seen.States = record(seen.States, e.State(first))
		if k >= 0 {
			seen.Probe = record(seen.Probe, e.Probe(k, 0))
		}
	}
	return seen, nil
}

// firstState is the number of the first state that belongs to a layer, not to the head.
func (m *Model) firstState() int {
	for i, s := range m.program.States {
		if strings.HasPrefix(s.Name, m.first()+"layer") {
			return i
		}
	}
	return 0
}

// first is what names of the first member begin with.
func (m *Model) first() string {
	if len(m.arch.Members) > 0 {
		return "member0."
	}
	return ""
}

func record(list [][]float64, values []float32) [][]float64 {
	if list == nil {
		list = make([][]float64, len(values))
	}
	for i, v := range values {
		list[i] = append(list[i], float64(v))
	}
	return list
}
