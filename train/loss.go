package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/elegans-nn/elegans/series"
)

// A Loss compares the program's output y of one row with its label and writes the slope dy = ∂loss/∂y.
type Loss func(y []float32, label float64, dy []float32) float64

// lossRow is a row of the table of losses.
type lossRow struct {
	name string
	// fits says for which targets the loss is meant; the first row that fits is the default.
	fits func(t series.Target) bool
	make func(t series.Target, o Options) Loss
}

var losses = []lossRow{
	{"cross_entropy", func(t series.Target) bool { return t.Task == series.Classify }, crossEntropy},
	{"gaussian", func(t series.Target) bool { return t.Gaussian }, gaussian},
	{"quantile", func(t series.Target) bool { return len(t.Quantiles) > 0 }, quantile},
	{"squared", point, squared},
	{"absolute", point, absolute},
	{"huber", point, huber},
}

// point tells targets with one predicted value.
func point(t series.Target) bool {
	return t.Task == series.Regress && !t.Gaussian && len(t.Quantiles) == 0
}

// Losses lists the names of the losses that fit a target; the first is its default.
func Losses(t series.Target) (names []string) {
	for _, row := range losses {
		if row.fits(t) {
			names = append(names, row.name)
		}
	}
	return names
}

// A RowLoss compares the program's output y of one row with all labels of that row, one a value of the target, and writes the
// slope dy = ∂loss/∂y; that of a value whose label is NaN is 0.
type RowLoss func(y []float32, labels []float64, dy []float32) float64

// NewRowLoss makes the loss of a row: that of its label, or for a target of several outputs the mean over the outputs of the
// loss of each, weighed by Options.OutputWeights. The error is that of NewLoss.
func NewRowLoss(t series.Target, o Options) (RowLoss, error) {
	n := t.Labels()
	each, weight := make([]Loss, n), make([]float64, n)
	for k := range each {
		var err error
		if each[k], err = NewLoss(t.Of(k), o); err != nil {
			return nil, err
		}
		weight[k] = 1 / float64(n)
		if k < len(o.OutputWeights) {
			weight[k] *= o.OutputWeights[k]
		}
	}
	if n == 1 {
		return func(y []float32, labels []float64, dy []float32) float64 { return each[0](y, labels[0], dy) }, nil
	}
	return func(y []float32, labels []float64, dy []float32) (sum float64) {
		clear(dy)
		for k, label := range labels {
			if label == label {
				sum += weight[k] * each[k](y[k:k+1], label, dy[k:k+1])
				dy[k] *= float32(weight[k])
			}
		}
		return sum
	}, nil
}

// NewLoss makes the loss that the options name, or the default of the target. A target of several outputs has one for each:
// NewLoss of Target.Of.
func NewLoss(t series.Target, o Options) (Loss, error) {
	if t.Outputs > 1 {
		return nil, fmt.Errorf("target %q has %d outputs; a loss is of one of them", t.Name, t.Outputs)
	}
	names := Losses(t)
	for _, row := range losses {
		if row.fits(t) && (o.Loss == "" || o.Loss == row.name) {
			return row.make(t, o), nil
		}
	}
	return nil, fmt.Errorf("loss %q does not fit target %q; allowed: %s", o.Loss, t.Name, strings.Join(names, ", "))
}

// crossEntropy is -weight · log p(label). Two classes have one logit y with p(1) = sigmoid(y); more have one a class.
func crossEntropy(t series.Target, o Options) Loss {
	weight := func(class int) float64 {
		if class < len(o.ClassWeights) {
			return o.ClassWeights[class]
		}
		return 1
	}
	if len(t.Classes) == 2 {
		return func(y []float32, label float64, dy []float32) float64 {
			w, z := weight(int(label)), float64(y[0])
			p := 1 / (1 + math.Exp(-z))
			dy[0] = float32(w * (p - label))
			if label == 1 {
				z = -z
			}
			return w * (math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))))
		}
	}
	return func(y []float32, label float64, dy []float32) float64 {
		class := int(label)
		w, top, sum := weight(class), math.Inf(-1), 0.0
		for _, v := range y {
			top = math.Max(top, float64(v))
		}
		for _, v := range y {
			sum += math.Exp(float64(v) - top)
		}
		for k, v := range y {
			p := math.Exp(float64(v)-top) / sum
			if k == class {
				p--
			}
			dy[k] = float32(w * p)
		}
		return w * (top + math.Log(sum) - float64(y[class]))
	}
}

// scaled is the label in the units of the program's output.
func scaled(t series.Target, label float64) float64 { return (label - t.Mean) / t.SD }

// squared is (y - label)² in units of the label's variance.
func squared(t series.Target, _ Options) Loss {
	return func(y []float32, label float64, dy []float32) float64 {
		e := float64(y[0]) - scaled(t, label)
		dy[0] = float32(2 * e)
		return e * e
	}
}

// absolute is |y - label| in units of the label's standard deviation.
func absolute(t series.Target, _ Options) Loss {
	return func(y []float32, label float64, dy []float32) float64 {
		e := float64(y[0]) - scaled(t, label)
		dy[0] = float32(slope(e))
		return math.Abs(e)
	}
}

func slope(e float64) float64 {
	switch {
	case e > 0:
		return 1
	case e < 0:
		return -1
	}
	return 0
}

// huber is e²/2 for |e| <= delta and delta (|e| - delta/2) beyond.
func huber(t series.Target, o Options) Loss {
	delta := o.HuberDelta
	return func(y []float32, label float64, dy []float32) float64 {
		e := float64(y[0]) - scaled(t, label)
		if a := math.Abs(e); a > delta {
			dy[0] = float32(delta * slope(e))
			return delta * (a - delta/2)
		}
		dy[0] = float32(e)
		return e * e / 2
	}
}

// quantile is the mean pinball loss over the target's levels q: max(q (label - y), (q - 1)(label - y)).
func quantile(t series.Target, _ Options) Loss {
	n := float64(len(t.Quantiles))
	return func(y []float32, label float64, dy []float32) (sum float64) {
		for k, q := range t.Quantiles {
			if e := scaled(t, label) - float64(y[k]); e >= 0 {
				sum += q * e / n
				dy[k] = float32(-q / n)
			} else {
				sum += (q - 1) * e / n
				dy[k] = float32((1 - q) / n)
			}
		}
		return sum
	}
}

// gaussian is the negative log-likelihood of a normal distribution with mean y[0] and log standard deviation y[1],
// which is held within ±7 against overflow.
func gaussian(t series.Target, _ Options) Loss {
	return func(y []float32, label float64, dy []float32) float64 {
		s := math.Max(-7, math.Min(7, float64(y[1])))
		e := (float64(y[0]) - scaled(t, label)) * math.Exp(-s)
		dy[0], dy[1] = float32(e*math.Exp(-s)), float32(1-e*e)
		if s != float64(y[1]) && (s > 0) == (dy[1] < 0) {
			dy[1] = 0 // held at the bound, and pushed further out
		}
		return s + e*e/2 + math.Log(2*math.Pi)/2
	}
}
