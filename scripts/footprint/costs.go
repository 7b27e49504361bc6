package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// references are the presets that costs are fitted to.
var references = []string{"ltc-ncp19", "ltc-fc32", "cfc-ncp19", "cfc-dense", "gru-32", "lstm-32", "ctrnn-32", "liquids4-32", "grud-32", "node-32", "s6-32",
	"lrc-32", "odelstm-32", "lru-64", "phasedlstm-32"}

// sample is what a step does, and how many instructions it took.
type sample struct {
	name  string
	work  export.Work
	taken float64
}

// fit writes the costs of all kinds of work, by target and arithmetic.
func (l *lab) fit(ctx context.Context, w io.Writer) error {
	all := map[string]map[export.Arithmetic]export.Costs{}
	printed, err := referencesIn(export.Arithmetics())
	if err != nil {
		return err
	}
	for _, t := range export.Targets() {
		all[t.Name] = map[export.Arithmetic]export.Costs{}
		for _, a := range export.Arithmetics() {
			samples, err := l.samples(ctx, t, a, printed[a])
			if err != nil {
				return err
			}
			costs := nonNegative(samples)
			worst, sum, name := 0.0, 0.0, ""
			for _, s := range samples {
				e := math.Abs(product(costs, s.work)/s.taken - 1)
				if sum += e; e > worst {
					worst, name = e, s.name
				}
			}
			fmt.Fprintf(os.Stderr, "%s %s: %d presets, off by %.0f %% in the mean, at most %.0f %% (%s)\n", t.Name, a, len(samples), 100*sum/float64(len(samples)), 100*worst, name)
			for k, c := range costs {
				costs[k] = rounded(c, 1)
			}
			all[t.Name][a] = export.Costs{Instructions: costs, Mean: rounded(sum/float64(len(samples)), 3), Most: rounded(worst, 3)}
		}
	}
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}

// reference is a preset as it is printed, and in how many parts it takes the rows of its self-test.
type reference struct {
	name    string
	printed *export.Printed
	parts   int
}

// referencesIn prints all references.
func referencesIn(arithmetics []export.Arithmetic) (map[export.Arithmetic][]reference, error) {
	all := map[export.Arithmetic][]reference{}
	for _, a := range arithmetics {
		for _, name := range references {
			p, parts, err := drawn(name, a)
			if err != nil {
				return nil, fmt.Errorf("%s in %s: %w", name, a, err)
			}
			all[a] = append(all[a], reference{name, p, parts})
		}
	}
	return all, nil
}

// samples runs the references that a target reads.
func (l *lab) samples(ctx context.Context, t export.Target, a export.Arithmetic, of []reference) (list []sample, err error) {
	for _, r := range of {
		if t.Most > 0 && r.printed.Constants > t.Most {
			continue
		}
		c, err := l.count(ctx, t, r.printed, a)
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w", r.name, a, err)
		}
		list = append(list, sample{r.name, r.printed.Work, c.instructions / float64(r.parts)})
	}
	return list, nil
}

// drawn prints a preset with drawn weights, of five inputs and two classes.
func drawn(name string, a export.Arithmetic) (printed *export.Printed, parts int, err error) {
	s := series.Plain(5)
	s.Target = series.Target{Name: "state", Task: series.Classify, Classes: []string{"0", "1"}}
	p, err := cell.LookupPreset(name)
	if err != nil {
		return nil, 0, err
	}
	l := model.Layer{Cell: p.Cell}
	if p.Wiring != nil {
		l.Wiring = p.Wiring(s.Target.Width())
	}
	m, err := model.New(s, l)
	if err != nil {
		return nil, 0, err
	}
	if parts, err = m.Parts(make([]float32, len(s.Inputs)), float32(s.Clock.FirstDT)); err != nil {
		return nil, 0, err
	}
	rows := series.Series{}
	for k := range 60 {
		for i := range 5 {
			rows.X = append(rows.X, float32(math.Sin(float64(k*(i+2)))))
		}
		rows.DT = append(rows.DT, 1)
	}
	printed, err = export.C(m.Initial(7), export.Options{Name: "net", Arithmetic: a, Calibration: []series.Series{rows}})
	return printed, parts, err
}

func rounded(v float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(scale*v) / scale
}

func product(costs, work export.Work) (sum float64) {
	for k, c := range costs {
		sum += c * work[k]
	}
	return sum
}

// nonNegative are the costs of least relative squared error that are not below zero, by coordinate descent.
func nonNegative(samples []sample) (c export.Work) {
	for range 20000 {
		for k := range c {
			up, down := 0.0, 1e-12
			for _, s := range samples {
				x := s.work[k] / s.taken
				up += x * (1 - product(c, s.work)/s.taken + c[k]*x)
				down += x * x
			}
			c[k] = max(0, up/down)
		}
	}
	return c
}
