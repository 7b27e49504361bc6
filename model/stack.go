package model

import (
	"fmt"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/step"
)

// stack writes a model's layers.
type stack struct {
	b *step.Builder
	// training says that dropout is written; predictions have none.
	training bool
	masks    []Mask
	units    int // of all masks
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

// layer writes layer i and gives what it hands on, and the layer as it is stored: wiring drawn, options filled in.
func (s *stack) layer(i int, l Layer, x step.Vec) (step.Vec, Layer, error) {
	w, err := l.draw(x.Len())
	if err != nil {
		return x, l, fmt.Errorf("layer %d: %w", i, err)
	}
	stored := Layer{Cell: cell.Resolve(l.Cell), Block: l.Block.filled()}
	if w != nil {
		stored.Wiring = w
	}
	k, block := stored.Block, fmt.Sprintf("block%d", i)
	z := x
	if k.NormPlace == NormBefore {
		if z, err = s.norm(block, k, z); err != nil {
			return x, l, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	s.b.Scope(fmt.Sprintf("layer%d", i), func() { z = l.Cell.Build(s.b, z, w) })
	s.b.Scope(block, func() {
		z = s.feedForward(block, k, z)
		z = s.drop(block+".mask", k.Dropout, z)
		if k.Residual {
			z = step.Add(s.skip(x, z.Len()), z)
		}
	})
	if k.NormPlace == NormAfter {
		if z, err = s.norm(block, k, z); err != nil {
			return x, l, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	return z, stored, nil
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
