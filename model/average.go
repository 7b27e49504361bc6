package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// MaxMembers is the largest number of models that are averaged.
const MaxMembers = 64

// Average is one model whose prediction is the mean of those of several, each with the same weight: of the probabilities of
// classes, or of values; of a Gaussian target mean and variance are those of the mixture of all. Its program holds the
// members side by side, with parameters member0.…, member1.… and states of their own, so that it streams, explains, counts
// and is written like any other, and costs the sum of its members. They are trained one by one, mostly from different seeds;
// the average itself is not trained further (see train.Fit).
//
// A member that cannot take a long gap in one step takes it in parts, while the others wait. The threshold on a probability is the mean
// of the members' ones; it may be chosen anew with WithThreshold. Info keeps what is the same of all members.
//
// An error says which model does not fit: there must be 2 to MaxMembers, none of them an average or bidirectional, with the
// same schema but for the threshold.
func Average(members ...*Model) (*Model, error) {
	if n := len(members); n < 2 || n > MaxMembers {
		return nil, fmt.Errorf("model: an average of %d models; allowed: 2 to %d", n, MaxMembers)
	}
	var a Architecture
	var theta []float32
	threshold, chosen := 0.0, false
	schema := members[0].schema
	schema.Target.Threshold = 0
	for k, m := range members {
		own := m.schema
		threshold, chosen = threshold+thresholdOf(own.Target), chosen || own.Target.Threshold != 0
		own.Target.Threshold = 0
		if !alike(own, schema) {
			return nil, fmt.Errorf("model: model %d reads or predicts other columns than model 0, or with other scales; average models of the same data and split", k)
		}
		a.Members, theta = append(a.Members, m.arch), append(theta, m.theta...)
	}
	if chosen {
		schema.Target.Threshold = threshold / float64(len(members))
	}
	avg, err := a.empty(schema)
	if err != nil {
		return nil, err
	}
	avg.info = shared(members)
	for k, m := range members {
		avg.members[k] = m.info
	}
	return avg.With(theta), nil
}

// thresholdOf is a threshold, 0.5 where none is set.
func thresholdOf(t series.Target) float64 {
	if t.Threshold == 0 {
		return 0.5
	}
	return t.Threshold
}

// alike compares schemas by what a file holds of them, which does not tell an empty list from none.
func alike(a, b series.Schema) bool {
	x, err := json.Marshal(a)
	y, failed := json.Marshal(b)
	return err == nil && failed == nil && bytes.Equal(x, y)
}

// shared is what is the same of all members' making; the seed is that of the first.
func shared(members []*Model) Info {
	all := members[0].info
	all.Metrics, all.Settings = nil, map[string]string{}
	for flag, value := range members[0].info.Settings {
		all.Settings[flag] = value
	}
	keep := func(text *string, other string) {
		if *text != other {
			*text = ""
		}
	}
	for _, m := range members[1:] {
		keep(&all.Data, m.info.Data)
		keep(&all.Name, m.info.Name)
		keep(&all.Version, m.info.Version)
		keep(&all.Kernels, m.info.Kernels)
		keep(&all.Protocol, m.info.Protocol)
		for flag, value := range all.Settings {
			if m.info.Settings[flag] != value {
				delete(all.Settings, flag)
			}
		}
	}
	if len(all.Settings) == 0 {
		all.Settings = nil
	}
	if all.Name != "" {
		all.Name += " × "
	}
	all.Name = fmt.Sprintf("%s%d", all.Name, len(members))
	return all
}

// Members says how each of the models was made whose average this is; none for a model that is no average.
func (m *Model) Members() []Info { return append([]Info(nil), m.members...) }

// each lists the architectures that are run side by side: the members, or the architecture itself.
func (a Architecture) each() []Architecture {
	if len(a.Members) > 0 {
		return a.Members
	}
	return []Architecture{a}
}

// all lists the layers of an architecture and its members.
func (a Architecture) all() (list []Layer) {
	for _, one := range a.each() {
		list = append(list, one.Layers...)
	}
	return list
}

// First is the first layer; of an average that of its first member. It panics where there is none.
func (a Architecture) First() Layer { return a.all()[0] }

// checkMembers refuses members that cannot run side by side.
func (a Architecture) checkMembers() error {
	plain := a
	plain.Members = nil
	if n := len(a.Members); n < 2 || n > MaxMembers || !reflect.DeepEqual(plain, Architecture{}) {
		return fmt.Errorf("model: an average has nothing but members, 2 to %d, and this one %d", MaxMembers, n)
	}
	adaptive := func(l Layer) bool { return cell.Adaptive(l.Cell) }
	split := slices.ContainsFunc(a.all(), adaptive) // the rows of one member are those of all
	for k, one := range a.Members {
		if split && !slices.ContainsFunc(one.Layers, adaptive) {
			return fmt.Errorf("model: model %d takes a row in one step, and another chooses its own steps, which would be those of all; average models of one kind", k)
		}
		if len(one.Members) > 0 {
			return fmt.Errorf("model: model %d is an average; give its members instead", k)
		}
		for i, l := range one.Layers {
			if l.Block.Bidirectional {
				return fmt.Errorf("model: layer %d of model %d is bidirectional, and an average runs its members from row to row; leave that model out", i, k)
			}
		}
	}
	return nil
}

// tiny is the least probability and variance whose logarithm is taken.
const tiny = 1e-30

// average writes the outputs of an average, from what the members' readouts give: y, which decodes to the prediction.
func average(b *step.Builder, ys []step.Vec, t series.Target) (y, prediction step.Vec) {
	mean := func(f func(y step.Vec) step.Vec) step.Vec {
		sum := f(ys[0])
		for _, y := range ys[1:] {
			sum = step.Add(sum, f(y))
		}
		return step.Scale(1/float64(len(ys)), sum)
	}
	log := func(x step.Vec) step.Vec { return step.Log(step.Max(x, b.Const(tiny))) }
	switch {
	case t.Task == series.Classify && len(t.Classes) == 2:
		// The probability of the first class is no difference from 1, which would cost all digits of a small one.
		first, second := mean(func(y step.Vec) step.Vec { return step.Sigmoid(step.Neg(y)) }), mean(step.Sigmoid)
		return step.Sub(log(second), log(first)), step.Concat(first, second)
	case t.Task == series.Classify:
		p := mean(step.Softmax)
		return log(p), p
	case t.Gaussian:
		part := func(k int) func(y step.Vec) step.Vec {
			return func(y step.Vec) step.Vec { return step.Slice(y, k, k+1) }
		}
		m := mean(part(0))
		variance := mean(func(y step.Vec) step.Vec {
			d := step.Sub(part(0)(y), m)
			return step.Add(step.Exp(step.Scale(2, part(1)(y))), step.Mul(d, d))
		})
		y = step.Concat(m, step.Scale(0.5, log(variance)))
	default:
		y = mean(func(y step.Vec) step.Vec { return y })
	}
	return y, decode(b, y, t)
}

// members writes all members, and gives what their readouts give.
func (s *stack) members(a Architecture, schema series.Schema) (Architecture, []step.Vec, error) {
	if err := a.checkMembers(); err != nil {
		return a, nil, err
	}
	drawn, ys := make([]Architecture, len(a.Members)), make([]step.Vec, len(a.Members))
	for k, one := range a.Members {
		var err error
		if drawn[k], ys[k], err = s.member(fmt.Sprintf("member%d", k), one, schema); err != nil {
			return a, nil, fmt.Errorf("model %d: %w", k, err)
		}
	}
	a.Members = drawn
	return a, ys, nil
}
