package main

import (
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform"
	"github.com/elegans-nn/elegans/step"
)

// planned lists the chains of every variant of every registered cell, alone and as a model, run forward and trained.
func planned() (texts []string) {
	subjects, err := conform.Subjects(cell.Registry())
	if err != nil {
		panic(err)
	}
	add := func(p *step.Program) {
		texts = append(texts, engine.Compile(p, engine.Options{}).Chains()...)
		texts = append(texts, engine.Compile(p.Reverse(step.WRT{}), engine.Options{}).Chains()...)
	}
	for _, s := range subjects {
		add(s.Program)
		if s.Model != nil {
			p := s.Model.Program()
			texts = append(texts, engine.Compile(p, engine.Options{}).Chains()...)
			add(p.Only("y"))
			add(p.Only("prediction"))
		}
	}
	return texts
}
