package main

import (
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// planned lists the chains of every preset, as a model and with its own outputs, run forward and trained, and those of
// learning in real time, which has one lane. Other configurations run what is generated of theirs, and the rest operation by
// operation.
func planned() (texts, one []string) {
	add := func(p *step.Program) {
		texts = append(texts, engine.Compile(p, engine.Options{}).Chains()...)
		texts = append(texts, engine.Compile(p.Reverse(step.WRT{}), engine.Options{}).Chains()...)
	}
	realTime := func(p *step.Program, output string) {
		if p.StateWidth() > mostState {
			return
		}
		r, err := engine.NewRealTime(p, engine.RealTimeOptions{Outputs: []int{p.Output(output)}})
		if err != nil {
			panic(err)
		}
		one = append(one, r.Chains()...)
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
	for _, m := range ends() {
		passes, _ := m.Training()
		add(passes[0].Program)
		texts = append(texts, engine.Compile(m.Program(), engine.Options{}).Chains()...)
		add(m.Program().Only("prediction"))
		realTime(m.Program(), "y")
	}
	for _, a := range stacks() {
		m, err := a.Model(series.Plain(8))
		if err != nil {
			panic(err)
		}
		passes, _ := m.Training()
		add(passes[0].Program)
		add(m.Program().Only("prediction"))
		texts = append(texts, engine.Compile(m.Program(), engine.Options{}).Chains()...)
	}
	return texts, one
}

// mostState is the widest state of which chains of real-time learning are planned; that of a wider one, such as a Transformer's window,
// costs far more than anybody would learn with.
const mostState = 2048

// stacked are the presets of which stacks are planned. Products stand between a cell and what is around it, so that the
// chains of a norm, a gated unit or a pool are the same for most cells.
var stacked = []string{"cfc-small", "gru-32", "linoss-64", "lrcssm-64"}

// stacks are two layers of some presets, with what usually stands around them: norm and gated unit before the sum with
// dropout, as in deep state-space models, and a norm after it.
func stacks() (all []model.Architecture) {
	deep := model.Block{Residual: true, Norm: model.LayerNorm, NormPlace: model.NormBefore, FeedForward: model.GLU, Dropout: 0.1}
	after := model.Block{Residual: true, Norm: model.LayerNorm}
	for _, name := range stacked {
		p, err := cell.LookupPreset(name)
		if err != nil {
			panic(err)
		}
		l := model.Layer{Cell: p.Cell}
		l.Block = deep
		all = append(all, model.Architecture{Layers: []model.Layer{l, l}, Encoder: 16, Pool: model.Attention})
		l.Block = after
		all = append(all, model.Architecture{Layers: []model.Layer{l, l}, Pool: model.Mean})
	}
	return all
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
