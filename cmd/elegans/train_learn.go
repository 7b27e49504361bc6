package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// numbersByName is a flag of numbers by name, such as a=1,b=3; given again it adds to them.
type numbersByName struct{ value *map[string]float64 }

func (f numbersByName) String() string {
	if f.value == nil {
		return ""
	}
	var list []string
	for _, name := range sortedKeys(*f.value) {
		list = append(list, name+"="+strconv.FormatFloat((*f.value)[name], 'g', -1, 64))
	}
	return strings.Join(list, ",")
}

func (f numbersByName) Type() string { return "NAME=NUMBER" }

func (f numbersByName) Set(text string) error {
	if *f.value == nil {
		*f.value = map[string]float64{}
	}
	for word := range strings.SplitSeq(text, ",") {
		cut := strings.LastIndexByte(word, '=') // a class may be called a=b
		if cut < 1 {
			return errors.New("is no list of names and numbers, such as a=1,b=3")
		}
		name := strings.TrimSpace(word[:cut])
		v, err := strconv.ParseFloat(word[cut+1:], 64)
		if err != nil || !(v >= 0 && v < 1e6) {
			return fmt.Errorf("%s: is no number from 0 to below 1e6; write such as %s=0.5", word, name)
		}
		if _, twice := (*f.value)[name]; twice {
			return fmt.Errorf("%s is named twice", name)
		}
		(*f.value)[name] = v
	}
	return nil
}

// losses lists the names of the losses of the tasks.
func losses(tasks ...series.Task) (names []string) {
	for _, t := range []series.Target{
		{Task: series.Classify}, {Task: series.Regress}, {Task: series.Regress, Quantiles: usualQuantiles}, {Task: series.Regress, Gaussian: true},
	} {
		if slices.Contains(tasks, t.Task) {
			names = append(names, train.Losses(t)...)
		}
	}
	return names
}

// learning sets how the target is learnt, and refuses what has no say on it.
func (f *trainFlags) learning(t *series.Target) error {
	o := &f.options
	if o.HuberDelta > 0 && o.Loss != "huber" {
		return usage("--huber-delta: is of --loss huber, and the loss is %s; leave it out, or add --loss huber where the target is a number", effective(o.Loss, t))
	}
	if o.Momentum != 0 && o.Optimiser != "sgd" {
		return usage("--momentum: is of --optimiser sgd alone; leave it out, or add --optimiser sgd")
	}
	if o.Kappa != 0 && o.Optimiser != "obgd" {
		return usage("--kappa: is of --optimiser obgd alone; leave it out, or add --optimiser obgd")
	}
	for _, weighs := range []struct {
		flag  string
		given bool
	}{{"--balance", o.Balance}, {"--class-weights", len(f.weights) > 0}} {
		if weighs.given && t.Task != series.Classify {
			return usage("%s: weighs classes, and target %q is a number; leave it out", weighs.flag, t.Name)
		}
	}
	if o.Balance && len(f.weights) > 0 {
		return usage("--class-weights: --balance gives the weights; leave out one of the two")
	}
	for _, class := range sortedKeys(f.weights) {
		if !slices.Contains(t.Classes, class) {
			return usage("--class-weights: target %q has no class %q%s; allowed: %s", t.Name, class, suggestion(class, "", t.Classes), strings.Join(t.Classes, ", "))
		}
	}
	o.ClassWeights = nil
	for _, class := range t.Classes {
		if weight, ok := f.weights[class]; ok {
			o.ClassWeights = append(o.ClassWeights, weight)
		} else if len(f.weights) > 0 {
			o.ClassWeights = append(o.ClassWeights, 1)
		}
	}
	return nil
}

func effective(loss string, t *series.Target) string {
	if loss == "" {
		return train.Losses(*t)[0]
	}
	return loss
}

// groups turns the rates of groups of parameters into shares of the learning rate, and refuses groups that no parameter of the
// model is in.
func (f *trainFlags) groups(a model.Architecture, s series.Schema) error {
	if len(f.rates) == 0 {
		return nil
	}
	m, err := a.Model(s)
	if err != nil {
		return err
	}
	var names []string
	for _, q := range m.Program().Params {
		names = append(names, q.Name)
	}
	f.options.Groups = map[string]float64{}
	base := f.options.For(s.Target, 1).LearningRate // which windows have no say in
	for _, group := range sortedKeys(f.rates) {
		if !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, group) }) {
			return usage("--rate %s: no parameter of the model is named so; parameters: %s", group, strings.Join(names, ", "))
		}
		f.options.Groups[group] = f.rates[group] / base
	}
	return nil
}
