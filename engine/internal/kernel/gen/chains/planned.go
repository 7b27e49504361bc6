package main

import (
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// planned lists the chains of every preset, as a model and with its own outputs, run forward, trained, and learned in real
// time. Other configurations run what is generated of theirs, and the rest operation by operation.
func planned() (texts []string) {
	add := func(p *step.Program) {
		texts = append(texts, engine.Compile(p, engine.Options{}).Chains()...)
		texts = append(texts, engine.Compile(p.Reverse(step.WRT{}), engine.Options{}).Chains()...)
	}
	realTime := func(p *step.Program, output string) {
		r, err := engine.NewRealTime(p, engine.RealTimeOptions{Outputs: []int{p.Output(output)}})
		if err != nil {
			panic(err)
		}
		texts = append(texts, r.Chains()...)
	}
	for _, p := range direct() {
		add(p)
		realTime(p, "y")
	}
	for _, l := range layers() {
		for _, schema := range schemas() {
			m, err := model.New(schema, l)
			if err != nil {
				panic(err)
			}
			p := m.Program()
			texts = append(texts, engine.Compile(p, engine.Options{}).Chains()...)
			add(p.Only("y"))
			add(p.Only("prediction"))
			realTime(p, "y")
		}
	}
	return texts
}

// layers are all presets of the registry.
func layers() (all []model.Layer) {
	for _, p := range cell.Presets() {
		if p.Wiring == nil {
			all = append(all, model.Layer{Cell: p.Cell})
			continue
		}
		for outputs := range 2 { // one motor neuron or more
			all = append(all, model.Layer{Cell: p.Cell, Wiring: p.Wiring(1 + outputs)})
		}
	}
	return all
}

// schemas are those of one input and of several, with one output and with several.
func schemas() (all []series.Schema) {
	for _, inputs := range []int{1, 8} {
		for _, outputs := range []int{1, 2} {
			s := series.Plain(inputs)
			s.Target.Outputs = outputs
			all = append(all, s)
		}
	}
	return all
}

// direct are the wired presets whose motor neurons are the outputs, LTC through an affine map, as other libraries and the
// benchmarks have them.
func direct() (all []*step.Program) {
	for _, p := range cell.Presets() {
		if p.Wiring == nil {
			continue
		}
		if _, ok := p.Cell.(cell.LTC); ok {
			p.Cell = cell.LTC{OutputMap: cell.Affine}
		}
		schema := series.Plain(8)
		l := model.Layer{Cell: p.Cell, Wiring: p.Wiring(1)}
		w, err := l.Wiring.Build(8)
		if err != nil {
			panic(err)
		}
		schema.Target.Outputs = w.Outputs()
		m, err := model.Architecture{Layers: []model.Layer{l}, Readout: model.Direct}.Model(schema)
		if err != nil {
			panic(err)
		}
		all = append(all, m.Program().Only("y"), m.Program())
	}
	return all
}
