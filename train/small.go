package train

import "github.com/elegans-nn/elegans/series"

// For is the options with the defaults that depend on the data. Few windows make small batches and more epochs, or there
// would be too few optimiser steps to learn anything; a number needs larger steps than a class, whose loss is steeper.
//
//	Batch         a quarter of the windows, from 4 to 32
//	Epochs        what takes 1,000 steps, at most 40; but at least 4, and at least what takes 320 steps
//	Patience      10, or a quarter of the epochs where these are more
//	LearningRate  0.01 for a class, 0.02 for a number
func (o Options) For(t series.Target, windows int) Options {
	const most, usual, fewest, quarter = 1000, 40, 4, 4
	o.Batch = whole(o.Batch, min(max(windows/quarter, 4), 32))
	steps := max(1, (windows+o.Batch-1)/max(o.Batch, 1))
	o.Epochs = whole(o.Epochs, max(min(most/steps, usual), fewest, 320/steps))
	o.Patience = whole(o.Patience, max(10, o.Epochs/quarter))
	if t.Task == series.Regress {
		o.LearningRate = number(o.LearningRate, 0.02)
	}
	return o.Filled()
}
