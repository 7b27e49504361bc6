package experiment

import (
	"slices"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// Part is a list of series that a model runs along from the zero state.
type Part struct {
	Series []series.Series
	// Whole are the series that windows were cut from, for drawing; the same as Series where there are no windows.
	Whole  []series.Series
	Target series.Target
	last   [][]float64 // the last known values of the target at each row, for skill; nil for classes and several outputs
}

// NewPart is a part of whole series, the state carried along each.
func NewPart(schema series.Schema, list []series.Series) Part {
	p := Part{Series: list, Whole: list, Target: schema.Target}
	if schema.Target.Task != series.Regress || schema.Target.Labels() > 1 {
		return p
	}
	for _, s := range list {
		p.last = append(p.last, baseline.LastValues(schema, s))
	}
	return p
}

// Rows is the number of rows, and how many of them have a label.
func (p Part) Rows() (rows, scored int) {
	for i := range p.Series {
		rows += p.Series[i].Len()
		scored += p.Series[i].Scored()
	}
	return rows, scored
}

// Parts are the data divided, as a protocol wants them: what is trained on, and what is scored.
type Parts struct {
	Data train.Data
	// Train, Valid and Test are what models run along: whole series, or windows from the zero state where the protocol
	// resets the state or draws the part from the training windows.
	Train, Valid, Test Part
	Warnings           []string
}

// Windowed are parts of which every window is run along by itself, from the zero state, in training and in scoring.
func Windowed(schema series.Schema, trained, valid, test dataset.Part) Parts {
	c := Parts{Data: train.Data{Train: trained, Valid: valid, ResetState: true}}
	for _, part := range []struct {
		from dataset.Part
		into *Part
	}{{trained, &c.Train}, {valid, &c.Valid}, {test, &c.Test}} {
		*part.into = NewPart(schema, train.Spans(part.from))
		part.into.Whole = part.from.Series
	}
	return c
}

// Cut applies a protocol to a split; the zero protocol carries the state along whole series.
func Cut(s *dataset.Split, p dataset.Protocol) Parts {
	trained, valid, test, warnings := p.Cut(s)
	warnings = slices.Concat(s.Warnings, warnings)
	// Validation windows that are drawn lie in series that are trained on, so that nothing may run along those as a whole.
	c := Parts{Data: train.Data{Train: trained, Valid: valid, ResetState: p.ResetState || p.DrawValid > 0}, Warnings: warnings}
	for _, part := range []struct {
		from  dataset.Part
		drawn bool
		into  *Part
	}{
		{trained, p.DrawValid > 0 || p.DrawTest > 0, &c.Train}, {valid, p.DrawValid > 0, &c.Valid}, {test, p.DrawTest > 0, &c.Test},
	} {
		list := part.from.Series
		if p.ResetState || part.drawn {
			list = train.Spans(part.from)
		}
		*part.into = NewPart(s.Schema, list)
		part.into.Whole = part.from.Series
	}
	return c
}
