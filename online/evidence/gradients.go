package evidence

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/train"
	"github.com/elegans-nn/elegans/wiring"
)

var gradients = Section{Number: 1, Name: "gradients", Title: "Quality of gradients", About: aboutGradients(), run: runGradients}

// The protocol of the comparison.
const (
	gradientRows = 15000
	gradientRate = 0.005
	backRows     = 8 // of tbptt
)

func aboutGradients() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Each rule (`online.Rules`) on streams of %d rows, one update a label, Adam with a learning rate of %g, gradients clipped to a norm of 1. "+
		"The cosine is that between the rule's gradient of one row's loss and the exact one, at the same parameters and in the same stream, while the exact "+
		"rule learns; its mean is over the labels after the first tenth of the rows. The loss is that before each update, in a run in which the rule learns by itself, "+
		"its mean over the last fifth: of numbers the squared error in variances, else the cross-entropy in nats. tbptt goes back %d rows. "+
		"ltc-ncp19 is LTC on an NCP of 19 neurons, in whose six sub-steps a step reaches most units, so that SnAp-1 keeps nearly everything and only the units' own decay tells RFLO and e-prop from it; gru-16 and ctrnn-16, dh/dt = tanh(W x + U h + b) - h/2 by one step of Euler, are dense, and a weight of theirs acts on one unit.\n\n", gradientRows, gradientRate, backRows)
	for _, t := range tasks {
		b.WriteString("- " + t.about + "\n")
	}
	return b.String()
}

// network is one that learns the tasks.
type network struct {
	name  string
	layer func(outputs int) model.Layer
}

var networks = []network{
	{"ltc-ncp19", func(outputs int) model.Layer { return model.Liquid(cell.LTC{}, wiring.Auto(19, outputs)) }},
	{"ctrnn-16", func(int) model.Layer {
		return model.Recurrent(cell.CTRNN{Units: 16, Method: cell.Euler, Unfolds: 1, Tau: 0.5})
	}},
	{"gru-16", func(int) model.Layer { return model.Recurrent(cell.GRU{Units: 16}) }},
}

func (n network) model(t task, seed uint64) (*model.Model, error) {
	m, err := model.New(t.schema(), n.layer(t.outputs()))
	if err != nil {
		return nil, err
	}
	return m.Initial(seed), nil
}

func runGradients(ctx context.Context, o Options) (*Result, error) {
	cosine := Table{Title: "Cosine to the exact gradient", Labels: []string{"rule", "network"}}
	loss := Table{Title: "Loss while learning", Labels: []string{"rule", "network"}, Caption: "not learning: the network as it was drawn."}
	for _, t := range tasks {
		cosine.Columns, loss.Columns = append(cosine.Columns, t.name), append(loss.Columns, t.name)
	}
	names := []string{}
	for _, r := range online.Rules() {
		names = append(names, r.Name)
	}
	done, all := 0, float64(len(networks)*len(tasks)*o.Seeds)
	for _, n := range networks {
		cosines, losses := map[string][]*Figure{}, map[string][]*Figure{}
		for _, t := range tasks {
			c, l := map[string][]float64{}, map[string][]float64{}
			for seed := range uint64(o.Seeds) {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				o.Progress(fmt.Sprintf("%s, %s, seed %d", n.name, t.name, seed), float64(done)/all)
				done++
				run := comparison{n: n, t: t, seed: seed, rows: o.rows(gradientRows)}
				if err := run.all(names, c, l); err != nil {
					return nil, err
				}
			}
			for _, name := range append(names, frozen) {
				cosines[name], losses[name] = append(cosines[name], over(c[name])), append(losses[name], over(l[name]))
			}
		}
		for _, name := range append(names, frozen) {
			if name != frozen {
				cosine.Rows = append(cosine.Rows, Row{Labels: []string{name, n.name}, Figures: cosines[name]})
			}
			loss.Rows = append(loss.Rows, Row{Labels: []string{name, n.name}, Figures: losses[name]})
		}
	}
	return &Result{Made: fmt.Sprintf("%d seeds, kernels %s", o.Seeds, engine.KernelPath()), Tables: []Table{cosine, loss}}, nil
}

// frozen is the name of what does not learn.
const frozen = "not learning"

// comparison is of all rules with one network on one task and with one seed.
type comparison struct {
	n    network
	t    task
	seed uint64
	rows int
}

// all adds the cosines and losses of this seed.
func (c comparison) all(names []string, cosines, losses map[string][]float64) error {
	found, err := c.cosines(names)
	if err != nil {
		return err
	}
	for name, v := range found {
		cosines[name] = append(cosines[name], v)
	}
	for _, name := range append(slices.Clone(names), frozen) {
		v, err := c.loss(name)
		if err != nil {
			return err
		}
		losses[name] = append(losses[name], v)
	}
	return nil
}

// learner starts a stream by a rule.
func (c comparison) learner(rule string) (*online.RTRL, online.Options, error) {
	m, err := c.n.model(c.t, c.seed)
	if err != nil {
		return nil, online.Options{}, err
	}
	u, err := train.NewOptimiser(m.Program(), train.Options{LearningRate: gradientRate})
	if err != nil {
		return nil, online.Options{}, err
	}
	loss, err := train.NewRowLoss(m.Schema().Target, train.Options{}.Filled())
	o := online.Options{Rule: rule, Window: backRows, Loss: loss, Update: u.Update, Keep: u.Keep, Undo: u.Undo}
	if err != nil {
		return nil, o, err
	}
	l, err := online.New(m, o)
	return l, o, err
}

// cosines follows a stream from which the exact rule learns with all others, at its parameters.
func (c comparison) cosines(names []string) (map[string]float64, error) {
	var all []*online.RTRL
	var loss online.Options
	for _, name := range names {
		l, o, err := c.learner(name)
		if err != nil {
			return nil, err
		}
		all, loss = append(all, l), o
	}
	next, dy := c.t.stream(c.seed), make([]float32, c.t.outputs())
	values := make([][]float64, len(all))
	for k := range c.rows {
		e := next()
		for _, l := range all {
			if e.begin {
				l.Reset()
			}
			if _, err := l.Step(e.x, 1); err != nil {
				return nil, err
			}
		}
		if e.label != e.label {
			continue
		}
		clear(dy)
		loss.Loss(all[0].Y(), []float64{e.label}, dy)
		exact := all[0].Gradient(dy)
		for i, l := range all {
			if v := online.Cosine(exact, l.Gradient(dy)); k >= c.rows/10 && v == v {
				values[i] = append(values[i], v)
			}
		}
		_ = all[0].Apply(exact) // what is refused is not learned
		theta := all[0].Model().Params()
		for _, l := range all[1:] {
			l.SetParams(theta)
		}
	}
	found := map[string]float64{}
	for i, name := range names {
		found[name] = metric.Mean(values[i])
	}
	return found, nil
}

// loss lets one rule learn, or none.
func (c comparison) loss(rule string) (float64, error) {
	name := rule
	if rule == frozen {
		name = ""
	}
	l, o, err := c.learner(name)
	if err != nil {
		return 0, err
	}
	next, dy := c.t.stream(c.seed), make([]float32, c.t.outputs())
	sum, count := 0.0, 0
	for k := range c.rows {
		e := next()
		if e.begin {
			l.Reset()
		}
		if _, err := l.Step(e.x, 1); err != nil {
			return math.NaN(), nil // it has diverged, which no figure can say
		}
		if e.label != e.label {
			continue
		}
		var loss float64
		if rule == frozen {
			loss = o.Loss(l.Y(), []float64{e.label}, dy)
		} else {
			loss, _ = l.Learn(e.label) // what is refused is not learned
		}
		if k >= c.rows-c.rows/5 {
			sum, count = sum+loss, count+1
		}
	}
	return sum / float64(count), nil
}
