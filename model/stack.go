package model

import (
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// form is what a model is written for.
type form struct {
	// training says that dropout is written, and no prediction.
	training bool
	// passes cuts the model where a layer looks at a series from its end. Without it the model is one program, where what
	// such a layer knows of the rows after is an input: all parameters in the order of the passes, and all operations, but
	// nothing to be run.
	passes bool
	// personal is what a series has of its own; nil for nothing.
	personal *PersonalKind
}

// stack writes a model's layers.
type stack struct {
	b *step.Builder
	form
	x     step.Vec       // the raw inputs
	heads map[bool]*head // by whether missing values stay in the features
	cells []Layer        // all layers, of an average those of all members
	// Of the program at hand: the longest steps of its cells that take rows in parts, the number of turns, and the last turn.
	limits      engine.Limits
	turns, turn int
	before      []engine.Pass // those that are complete
	masks       []Mask
	units       int // of all masks
}

// Mask is a dropout: an input of the training program, 1 where a value is kept and 0 where it is dropped.
type Mask struct {
	// Input is its name in the program, Width the number of its values, and First the number of the first of them among
	// those of all masks.
	Input        string
	Width, First int
	// Rate is the share of zeros.
	Rate float64
}

// layer writes layer i and gives what it hands on, and the layer as it is stored: wiring drawn, options filled in. A residual path
// begins at past, which is x but where x has missing values.
func (s *stack) layer(i int, l Layer, x, past step.Vec) (step.Vec, Layer, error) {
	w, err := l.draw(x.Len())
	if err != nil {
		return x, l, fmt.Errorf("layer %d: %w", i, err)
	}
	stored := Layer{Cell: cell.Resolve(l.Cell), Block: l.Block.filled()}
	if w != nil {
		stored.Wiring = w
	}
	k, block := stored.Block, fmt.Sprintf("block%d", i)
	seen := x
	if k.NormPlace == NormBefore {
		if seen, err = s.norm(block, k, x); err != nil {
			return x, l, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	var z step.Vec
	s.cell(fmt.Sprintf("layer%d", i), l.Cell, func() { z = l.Cell.Build(s.b, seen, w) })
	if k.Bidirectional {
		past, z = s.backward(i, l.Cell, w, past, seen, z)
	}
	s.b.Scope(block, func() {
		z = s.feedForward(block, k, z)
		z = s.drop(block+".mask", k.Dropout, z)
		if k.Residual {
			z = step.Add(s.skip(past, z.Len()), z)
		}
	})
	if k.NormPlace == NormAfter {
		if z, err = s.norm(block, k, z); err != nil {
			return x, l, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	return z, stored, nil
}

// backward runs a second cell from the end of the series, on what the first one has seen, and joins it to what that gave. It
// gives the layer's input and the cells' output in the program of the pass that follows.
func (s *stack) backward(i int, c cell.Cell, w *wiring.Wiring, x, seen, z step.Vec) (input, both step.Vec) {
	scope := fmt.Sprintf("backward%d", i)
	build := func(seen step.Vec) (back step.Vec) {
		s.cell(scope, c, func() { back = c.Build(s.b, seen, w) })
		return back
	}
	if !s.passes {
		back := build(seen)
		s.b.Output(scope, back)
		return x, step.Concat(z, s.b.Input(scope, back.Len()))
	}
	// Each pass hands on all that later ones need, so that passes are a list and no graph.
	from, carried := 0, x
	if seen != x {
		from, carried = x.Len(), step.Concat(x, seen)
	}
	width, given := x.Len(), carried.Len()
	rows := s.cut(step.Concat(carried, z), false, s.cells[i:i+1])
	rows = s.cut(step.Concat(rows, build(step.Slice(rows, from, from+width))), true, s.ahead(i+1))
	return step.Slice(rows, 0, width), step.Slice(rows, given, rows.Len())
}

// cut ends a pass with what it hands on, and begins the next one, with the cells of some layers, which reads it.
func (s *stack) cut(rows step.Vec, backward bool, next []Layer) step.Vec {
	width := rows.Len()
	s.b.Output("rows", rows)
	s.before = append(s.before, engine.Pass{Program: s.b.Build(), Backward: backward, Limits: s.limits})
	s.begin(next)
	return s.b.Input("rows", width)
}

// ahead are the layers from i on whose forward cells are in one program.
func (s *stack) ahead(i int) []Layer {
	n := slices.IndexFunc(s.cells[i:], func(l Layer) bool { return l.Block.Bidirectional && s.passes })
	if n < 0 {
		return s.cells[i:]
	}
	return s.cells[i : i+n+1]
}

// begin starts a program. Each cell with a longest step takes a row in parts of its own, in a turn of its own; adaptive ones, and
// any beside them, share theirs.
func (s *stack) begin(layers []Layer) {
	s.b, s.limits, s.turn = step.New(), nil, 0
	adaptive := false
	for _, l := range layers {
		adaptive = adaptive || cell.Adaptive(l.Cell)
		if limit := cell.MaxStep(l.Cell); limit > 0 {
			s.limits = append(s.limits, limit)
			if l.Block.Bidirectional && !s.passes {
				s.limits = append(s.limits, limit)
			}
		}
	}
	if s.turns = len(s.limits); adaptive {
		s.limits, s.turns = nil, 1
	}
	s.b.Divide(s.turns)
}

// cell writes a cell. What it has but for a flow in parts is of the whole row, as all else in a model is.
func (s *stack) cell(scope string, c cell.Cell, build func()) {
	if !cell.InParts(c) {
		s.b.Scope(scope, build)
		return
	}
	s.turn = min(s.turn+1, s.turns)
	s.b.InParts(s.turn, func() { s.b.Scope(scope, build) })
}

// norm normalises; a single value would be lost.
func (s *stack) norm(block string, k Block, x step.Vec) (y step.Vec, err error) {
	if k.Norm != NoNorm && x.Len() == 1 {
		fix := "let the layer give more values (a wiring more motor neurons), or leave the norm out"
		if k.NormPlace == NormBefore {
			fix = "place the norm after the layer, give the model an encoder, or the layer before more values"
		}
		return x, fmt.Errorf("the %s norm %s it has a single value, which it makes the same for any row; %s", k.Norm, k.NormPlace, fix)
	}
	y = x
	s.b.Scope(block, func() {
		switch k.Norm {
		case LayerNorm:
			y = s.b.LayerNorm("norm", x)
		case RMSNorm:
			y = s.b.RMSNorm("norm", x)
		}
	})
	return y, nil
}

// skip is the path past the cell.
func (s *stack) skip(x step.Vec, width int) step.Vec {
	if x.Len() == width {
		return x
	}
	return s.b.Linear("skip", width, step.Xavier(x.Len(), width), nil, step.Term{Name: "x", X: x})
}

func (s *stack) feedForward(block string, k Block, z step.Vec) step.Vec {
	n := z.Len()
	dense := func(name string, width int, a step.Vec) step.Vec {
		return s.b.Linear(name, width, step.Xavier(a.Len(), width), step.Values{0}, step.Term{Name: "x", X: a})
	}
	switch k.FeedForward {
	case GLU:
		a := s.drop(block+".inner_mask", k.Dropout, step.Gelu(z))
		return step.Mul(dense("value", n, a), step.Sigmoid(dense("gate", n, a)))
	case MLP:
		a := s.drop(block+".inner_mask", k.Dropout, step.Gelu(dense("hidden", mlpWidth*n, z)))
		return dense("out", n, a)
	}
	return z
}

// drop is z / (1 - rate) where the mask is not 0, else 0.
func (s *stack) drop(name string, rate float64, z step.Vec) step.Vec {
	if rate == 0 || !s.training {
		return z
	}
	mask := s.b.Input(name, z.Len())
	s.masks = append(s.masks, Mask{Input: name, Width: z.Len(), First: s.units, Rate: rate})
	s.units += z.Len()
	return step.Select(mask, step.Scale(1/(1-rate), z), s.b.Const(0))
}
