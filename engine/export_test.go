package engine

import "github.com/elegans-nn/elegans/step"

// LinearRules lets tests plant a fault in the rules by which a reverse becomes rows.
var LinearRules = &linearRules

// Columns is the number of columns of S that belong to the state.
func (r *RealTime) Columns() int { return r.first }

// Products is the number of products of a lane that carry S on.
func (r *RealTime) Products() int { return r.products }

// Segmented is the gradient of one shard in segments at given times.
func Segmented(p *step.Program, theta []float32, lanes []Lane, at []int, loss func(lane, t int, y, dy []float32) float64) []float32 {
	b := NewBatch(p, BatchOptions{Workers: 1})
	b.derive()
	s := b.borrow(engineKey{steps: at[len(at)-1], lanes: padded(len(lanes)), train: true}, nil)
	s.e.SetParams(theta)
	s.gradient(lanes, 0, at, make([]float64, len(lanes)), loss)
	return s.e.Grad()
}

// Foretold is how many bytes an engine is expected to take, and how many it takes.
func Foretold(p *step.Program, steps, lanes int) (told, is int) {
	b := NewBatch(p, BatchOptions{})
	b.derive()
	return b.growthOf(lanes).bytes(1, steps), Compile(b.reverse, Options{Steps: steps, Lanes: lanes}).Bytes()
}
