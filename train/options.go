// Package train fits one model to series: losses, optimisers, schedules, early stopping on a validation part, and states
// that resume to the bit. Several seeds and models side by side are package experiment's.
package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/elegans-nn/elegans/series"
)

// Options of a training run. The zero value suits small data.
type Options struct {
	// Seed of the order in which windows are seen. Initial values are the model's own.
	Seed uint64 `json:"seed"`
	// Epochs is the largest number of passes over the training windows. If zero: see For.
	Epochs int `json:"epochs"`
	// Batch is the number of windows a step; from 4 to 32 if zero, see For.
	Batch int `json:"batch"`
	// LearningRate at its highest; 0.01 for a class and 0.02 for a number if zero.
	LearningRate float64 `json:"learning_rate"`
	// Optimiser is one of Optimisers; adam if empty.
	Optimiser string `json:"optimiser"`
	// Momentum of sgd, in [0, 1); 0.9 if zero, none if negative.
	Momentum float64 `json:"momentum"`
	// Kappa of obgd bounds the step: the rate is divided by rate · Kappa · ‖gradient‖₁ where that is above 1. 2 if zero, as for a
	// value function by its authors, who use it with a learning rate of 1.
	Kappa float64 `json:"kappa,omitempty"`
	// WeightDecay of all optimisers, decoupled for adamw; at least 0.
	WeightDecay float64 `json:"weight_decay"`
	// Schedule is one of Schedules; cosine if empty.
	Schedule string `json:"schedule"`
	// WarmUp is the share of all steps over which the rate rises, in [0, 1).
	WarmUp float64 `json:"warm_up"`
	// Curriculum is the share of all epochs in which long windows are held back, in [0, 1); 0 for none. The first epoch has the
	// shortest windows alone, each later one has as many more, and windows repeat so that an epoch keeps its number of steps.
	// For labels that depend on all rows of a window, such as a parity, of which long windows alone teach nothing. Source:
	// Zaremba and Sutskever, Learning to execute, 2014, section 4, the naive strategy.
	Curriculum float64 `json:"curriculum,omitempty"`
	// Clip bounds the norm of the gradient; 1 if zero, no bound if negative.
	Clip float64 `json:"clip"`
	// Patience is the number of epochs without a better validation loss after which training stops; at least 10 if zero, see
	// For; never if negative.
	Patience int `json:"patience"`
	// Loss is one of Losses(target); the first of them if empty.
	Loss string `json:"loss"`
	// HuberDelta of the huber loss, in standard deviations of the label; 1 if zero.
	HuberDelta float64 `json:"huber_delta"`
	// ClassWeights of cross_entropy, by class; 1 where missing. See Balanced.
	ClassWeights []float64 `json:"class_weights,omitempty"`
	// OutputWeights of a target of several outputs, by output; 1 where missing.
	OutputWeights []float64 `json:"output_weights,omitempty"`
	// Last keeps the last epoch and runs all of them, for a validation part that is unlike the rest: it is scored and decides
	// nothing. With Refit the second training is as long as the first.
	Last bool `json:"last,omitempty"`
	// Refit trains a second time once validation has chosen the epoch: from the same initial values, on the windows of the
	// training and the validation part together, for as many epochs. The model is that of the second training, and what it scores
	// on the validation part says nothing any more; see Result.Chosen.
	Refit bool `json:"refit,omitempty"`
	// Balance weighs classes inversely to their share of the training rows.
	Balance bool `json:"balance,omitempty"`
	// Groups multiply the learning rate of the parameters whose name contains the key.
	Groups map[string]float64 `json:"groups,omitempty"`
	// Workers is the number of goroutines of one trial; 1 if zero. Results do not depend on it.
	Workers int `json:"-"`
	// Memory is how many bytes the values of a batch may take in training; without bound if zero. Where they would take
	// more, most of them are computed a second time instead of being kept. Results do not depend on it.
	Memory int `json:"-"`
}

// Filled is the options with their defaults, but for those that depend on the data; see For.
func (o Options) Filled() Options {
	o.Batch = whole(o.Batch, 32)
	o.Patience = whole(o.Patience, 10)
	o.Workers = whole(o.Workers, 1)
	o.LearningRate = number(o.LearningRate, 0.01)
	o.Momentum = number(o.Momentum, 0.9)
	o.Clip = number(o.Clip, 1)
	o.HuberDelta = number(o.HuberDelta, 1)
	if o.Optimiser == "" {
		o.Optimiser = Optimisers()[0]
	}
	if o.Optimiser == "obgd" { // of others it stays out of what they are kept by
		o.Kappa = number(o.Kappa, 2)
	}
	if o.Schedule == "" {
		o.Schedule = Schedules()[0]
	}
	return o
}

func whole(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

func number(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}

// Check reports the first option outside its range.
func (o Options) Check() error {
	o = o.Filled()
	switch {
	case o.Epochs < 0:
		return fmt.Errorf("epochs is %d; it must be at least 1", o.Epochs)
	case o.Batch < 1:
		return fmt.Errorf("batch is %d; it must be at least 1", o.Batch)
	case o.Memory < 0:
		return fmt.Errorf("memory is %d; it must be a number of bytes above 0", o.Memory)
	case !(o.LearningRate > 0 && finite(o.LearningRate)):
		return fmt.Errorf("learning rate is %g; it must be above 0", o.LearningRate)
	case !(o.Momentum < 1):
		return fmt.Errorf("momentum is %g; it must be below 1", o.Momentum)
	case !(o.Kappa >= 0 && finite(o.Kappa)):
		return fmt.Errorf("kappa is %g; it must be above 0, or 0 for 2", o.Kappa)
	case !(o.WeightDecay >= 0 && finite(o.WeightDecay)):
		return fmt.Errorf("weight decay is %g; it must be at least 0", o.WeightDecay)
	case !(o.WarmUp >= 0 && o.WarmUp < 1):
		return fmt.Errorf("warm-up is %g; it must be a share of the steps from 0 to below 1", o.WarmUp)
	case !(o.Curriculum >= 0 && o.Curriculum < 1):
		return fmt.Errorf("curriculum is %g; it must be a share of the epochs from 0 to below 1", o.Curriculum)
	case !(o.HuberDelta > 0 && finite(o.HuberDelta)):
		return fmt.Errorf("huber delta is %g; it must be above 0", o.HuberDelta)
	case math.IsNaN(o.Clip):
		return fmt.Errorf("clip is %g; it must be the largest norm of the gradient, or negative for none", o.Clip)
	case schedules[o.Schedule] == nil:
		return fmt.Errorf("schedule %q; allowed: %s", o.Schedule, strings.Join(Schedules(), ", "))
	}
	for class, w := range o.ClassWeights {
		if !(w >= 0 && finite(w)) {
			return fmt.Errorf("the weight of class %d is %g; it must be at least 0", class, w)
		}
	}
	for k, w := range o.OutputWeights {
		if !(w >= 0 && finite(w)) {
			return fmt.Errorf("the weight of output %d is %g; it must be at least 0", k, w)
		}
	}
	for name, k := range o.Groups {
		if !(k >= 0 && finite(k)) {
			return fmt.Errorf("group %q has rate multiplier %g; it must be at least 0", name, k)
		}
	}
	return nil
}

// Balanced are class weights inverse to the share of each class among the labels, with mean 1 over the rows. A class
// without a row weighs 1. Labels must be class indices or NaN.
func Balanced(t series.Target, list []series.Series) []float64 {
	count, rows := make([]float64, len(t.Classes)), 0.0
	for i := range list {
		for _, y := range list[i].Y {
			if y == y {
				count[int(y)]++
				rows++
			}
		}
	}
	present := 0.0
	for _, n := range count {
		if n > 0 {
			present++
		}
	}
	weights := make([]float64, len(count))
	for k, n := range count {
		weights[k] = 1
		if n > 0 {
			weights[k] = rows / (present * n)
		}
	}
	return weights
}
