package model

import (
	"fmt"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/wiring"
)

// Layer is a cell with the wiring that it needs, if any, and what stands around it.
type Layer struct {
	Cell   cell.Cell
	Wiring wiring.Spec
	Block  Block
}

// Block is what stands around a cell in a layer, as in deep networks. With the layer's input x and the cell f, a layer
// gives, at each row,
//
//	z = f(n(x))                n: Norm, where NormPlace is NormBefore; [f | b](n(x)) where Bidirectional
//	z = g(z)                   FeedForward
//	y = n(x + drop(z))         x: Residual, as P x where its width is not z's; n: Norm, where NormPlace is NormAfter
//
// and what is left out stands for the identity, or for 0 in place of x. The zero value is the cell alone.
type Block struct {
	// Residual adds the layer's input to its output; where the widths differ, through a trained projection without bias.
	Residual bool `json:"residual"`
	// Norm is NoNorm if empty.
	Norm Norm `json:"norm"`
	// NormPlace is NormAfter if empty. NormBefore in the first layer takes the scaled features: give the model an Encoder.
	NormPlace NormPlace `json:"norm_place" default:"after"`
	// Dropout is the share of values that training sets to zero, [0, 1); the others are divided by 1 - Dropout. It is
	// absent from predictions. State is never dropped, only what a layer hands on, and what is inside of FeedForward.
	Dropout float64 `json:"dropout"`
	// FeedForward is NoFeedForward if empty.
	FeedForward FeedForward `json:"feed_forward"`
	// Bidirectional joins to the cell's output that of a second cell b, like it but with parameters of its own, which reads
	// the series from its last row to its first. The model then predicts whole series only; see Model.Causal. With one
	// decision for a series pool by Mean or Attention: at the last row b has seen a single one.
	Bidirectional bool `json:"bidirectional"`
}

// Norm is a normalisation over the values of one row, so that lanes stay independent.
type Norm string

const (
	// NoNorm leaves values as they are. The default.
	NoNorm Norm = ""
	// LayerNorm takes mean and deviation off; see step.Builder.LayerNorm.
	LayerNorm Norm = "layer"
	// RMSNorm takes the root mean square off; see step.Builder.RMSNorm.
	RMSNorm Norm = "rms"
)

// Norms lists the normalisations but NoNorm.
func Norms() []Norm { return []Norm{LayerNorm, RMSNorm} }

// NormPlace says where a layer normalises.
type NormPlace string

const (
	// NormAfter normalises what the layer gives, after the sum with its input. The default.
	NormAfter NormPlace = "after"
	// NormBefore normalises what the cell sees; the path past the cell stays as it is.
	NormBefore NormPlace = "before"
)

// NormPlaces lists the places.
func NormPlaces() []NormPlace { return []NormPlace{NormAfter, NormBefore} }

// FeedForward is a map after the cell, the same at every row, as deep state-space models have it.
type FeedForward string

const (
	// NoFeedForward is none. The default.
	NoFeedForward FeedForward = ""
	// GLU is a = drop(gelu(z)), then (V a + b) · sigmoid(W a + c), of the cell's width. Source: Dauphin et al., Language
	// modeling with gated convolutional networks, 2017, eq. 1; with gelu before as in Gu et al., S4, 2022.
	GLU FeedForward = "glu"
	// MLP is a = drop(gelu(V z + b)) of mlpWidth times the cell's width, then W a + c. Source: Vaswani et al. 2017, eq. 2,
	// with gelu.
	MLP FeedForward = "mlp"
)

// FeedForwards lists the maps but NoFeedForward.
func FeedForwards() []FeedForward { return []FeedForward{GLU, MLP} }

// mlpWidth is the width of the inside of MLP over that of the cell's output.
const mlpWidth = 2

// Plain tells whether the block is the cell alone.
func (k Block) Plain() bool { return k.String() == "" }

// String names what stands around the cell, in the order in which a row passes it; empty for the cell alone.
func (k Block) String() string {
	k = k.filled()
	var list []string
	add := func(on bool, format string, v ...any) {
		if on {
			list = append(list, fmt.Sprintf(format, v...))
		}
	}
	add(k.Norm != "" && k.NormPlace == NormBefore, "%s norm before", k.Norm)
	add(k.Bidirectional, "both directions")
	add(k.FeedForward != "", "%s", k.FeedForward)
	add(k.Dropout > 0, "dropout %g", k.Dropout)
	add(k.Residual, "residual")
	add(k.Norm != "" && k.NormPlace == NormAfter, "%s norm after", k.Norm)
	return strings.Join(list, ", ")
}

// filled is the block with its defaults.
func (k Block) filled() Block { return cell.Filled(k) }

// check reports the first option out of range.
func (k Block) check() error {
	k = k.filled()
	if err := oneOf("norm", k.Norm, append([]Norm{NoNorm}, Norms()...)); err != nil {
		return err
	}
	if err := oneOf("norm place", k.NormPlace, NormPlaces()); err != nil {
		return err
	}
	if err := oneOf("feed-forward", k.FeedForward, append([]FeedForward{NoFeedForward}, FeedForwards()...)); err != nil {
		return err
	}
	if !(k.Dropout >= 0 && k.Dropout < 1) {
		return fmt.Errorf("dropout is %g; allowed: 0 (none) to below 1", k.Dropout)
	}
	return nil
}

// oneOf refuses a choice that there is not.
func oneOf[T ~string](what string, v T, known []T) error {
	var list []string
	for _, k := range known {
		switch {
		case k == v:
			return nil
		case k == "":
			list = append(list, `"" for none`)
		default:
			list = append(list, string(k))
		}
	}
	return fmt.Errorf("%s is %q; allowed: %s", what, v, strings.Join(list, ", "))
}

// Liquid is a layer of a cell on a wiring. The wiring is a specification and is drawn when the number of inputs is known.
func Liquid(c cell.Cell, w wiring.Spec) Layer { return Layer{Cell: c, Wiring: w} }

// Recurrent is a layer of a cell without a wiring.
func Recurrent(c cell.Cell) Layer { return Layer{Cell: c} }

// draw checks a layer and draws its wiring for a number of inputs.
func (l Layer) draw(inputs int) (*wiring.Wiring, error) {
	if l.Cell == nil {
		return nil, fmt.Errorf("no cell")
	}
	if err := l.Cell.Check(); err != nil {
		return nil, err
	}
	if err := l.Block.check(); err != nil {
		return nil, err
	}
	wired := cell.Wired(l.Cell)
	switch {
	case !wired && l.Wiring != nil:
		return nil, fmt.Errorf("%T takes no wiring; use model.Recurrent", l.Cell)
	case !wired:
		return nil, nil
	case l.Wiring == nil:
		return nil, fmt.Errorf("%T needs a wiring; use model.Liquid(cell, wiring.Auto(19, 1))", l.Cell)
	}
	return l.Wiring.Build(inputs)
}
