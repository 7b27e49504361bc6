package evidence

import (
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/suite"
	"github.com/elegans-nn/elegans/train"
)

const aboutUnlike = "*Five unlike tasks*: occupancy, ozone, traffic, vowels and cheetah with the windows, labels and losses of the results of training, through one network: the inputs of all side by side, those of " +
	"other tasks at their means, one state, and a readout of 29 values, of which each task reads its own; vowels begins its 216 utterances again. Scores are AUROC, AUROC, R², accuracy and the mean R² of 17 values, each at most 1."

// unlikeLabels is how many labels a task gives, from unlikeWindows of its windows at most, and unlikeScored how many it is scored
// on, all evenly spaced.
const unlikeLabels, unlikeWindows, unlikeScored = 300, 1000, 300

// branch is a task among others that share a network.
type branch struct {
	data   *suite.Data
	metric string
	loss   train.RowLoss
	inputs int // where its own begin
	at     int // and its outputs
}

// unlike lists the tasks, with what they are scored by.
var unlike = []struct{ name, metric string }{
	{"occupancy", "auroc"}, {"ozone", "auroc"}, {"traffic", "r2"}, {"vowels", "accuracy"}, {"cheetah-clip", "r2"},
}

func unlikeCourse(o Options) (*course, error) {
	schema := series.Schema{Clock: series.Clock{Kind: series.Index, Unit: 1, FirstDT: 1}, Target: series.Target{Name: "all tasks", Task: series.Regress, SD: 1}}
	var branches []*branch
	for _, u := range unlike {
		d, err := readTask(u.name, o)
		if err != nil {
			return nil, err
		}
		b := &branch{data: d, metric: u.metric, inputs: len(schema.Inputs), at: schema.Target.Outputs}
		if b.loss, err = train.NewRowLoss(d.Schema.Target, d.Options.Filled()); err != nil {
			return nil, err
		}
		for _, in := range d.Schema.Inputs {
			in.Name = u.name + " " + in.Name
			schema.Inputs = append(schema.Inputs, in)
		}
		schema.Target.Outputs += d.Schema.Target.Width()
		branches = append(branches, b)
	}
	net, err := model.New(schema, model.Recurrent(cell.LRU{Units: 16, Activation: "gelu"}))
	if err != nil {
		return nil, err
	}
	c := &course{title: "Five unlike tasks through one network", net: net, caption: fmt.Sprintf("%d labels a task.", o.rows(unlikeLabels)),
		loss: func(y []float32, labels []float64, dy []float32) (sum float64) {
			for _, b := range branches {
				sum += b.of(y, labels, dy)
			}
			return sum
		}}
	for k, b := range branches {
		l := lesson{name: unlike[k].name, labels: o.rows(unlikeLabels), train: b.wide(schema, cut(b.data.Train, unlikeWindows)), score: b.score}
		l.parts = [2][]series.Series{b.wide(schema, cut(b.data.Valid, unlikeScored)), b.wide(schema, cut(b.data.Test, unlikeScored))}
		c.lessons = append(c.lessons, l)
	}
	return c, nil
}

// labels are those of a task among those of the network: a class index stands in the first of its places.
func (b *branch) labels(all []float64) []float64 { return all[b.at:][:b.data.Schema.Target.Labels()] }

// of is the loss of the task, 0 for a row of another one.
func (b *branch) of(y []float32, labels []float64, dy []float32) float64 {
	own := b.labels(labels)
	if !series.Labelled(own) {
		return 0
	}
	n := b.data.Schema.Target.Width()
	return b.loss(y[b.at:][:n], own, dy[b.at:][:n])
}

// wide are the series of the task as the network reads them.
func (b *branch) wide(schema series.Schema, list []series.Series) []series.Series {
	rest := make([]float32, len(schema.Inputs))
	for k, in := range schema.Inputs {
		rest[k] = float32(in.Mean)
		if in.Missing {
			rest[k] = float32(math.NaN())
		}
	}
	out := make([]series.Series, len(list))
	for i, s := range list {
		out[i] = series.Series{Name: s.Name, DT: s.DT, Y: slices.Repeat([]float64{none}, s.Len()*schema.Target.Outputs)}
		for row := range s.Len() {
			x := slices.Clone(rest)
			copy(x[b.inputs:], s.At(row))
			out[i].X = append(out[i].X, x...)
			copy(b.labels(out[i].Label(row)), s.Label(row))
		}
	}
	return out
}

// score is that of a network on a part.
func (b *branch) score(m *model.Model, part []series.Series) (float64, error) {
	by, err := metric.ByName(b.metric)
	if err != nil {
		return 0, err
	}
	t := b.data.Schema.Target
	e := metric.NewEvaluator(t)
	if err := evaluate(m, part, "y", e, b.decode, b.labels); err != nil {
		return 0, err
	}
	if t.Labels() == 1 {
		return e.Score(by), nil
	}
	var each []float64
	for k := range t.Labels() {
		each = append(each, e.Output(k).Score(by))
	}
	return metric.Mean(each), nil
}

// decode turns the task's outputs into probabilities or raw units.
func (b *branch) decode(y []float64) (out []float64) {
	t := b.data.Schema.Target
	own := y[b.at:][:t.Width()]
	if t.Task == series.Regress {
		for k, v := range own {
			of := t.Of(k)
			out = append(out, v*of.SD+of.Mean)
		}
		return out
	}
	if len(own) == 1 {
		own = []float64{0, own[0]} // two classes have one logit, that of the second
	}
	sum := 0.0
	for _, v := range own {
		out = append(out, math.Exp(v-slices.Max(own)))
		sum += out[len(out)-1]
	}
	for k := range out {
		out[k] /= sum
	}
	return out
}
