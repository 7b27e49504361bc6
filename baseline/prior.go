package baseline

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/series"
)

// prior predicts the same for every row: the class frequencies, or the mean.
type prior struct {
	row     []float64
	account string
}

func fitPrior(schema *series.Schema, train, _ []series.Series) (Predictor, error) {
	t := &schema.Target
	if t.Task == series.Classify {
		p := &prior{row: make([]float64, len(t.Classes))}
		n := 0.0
		eachLabel(train, func(y float64) {
			p.row[int(y)]++
			n++
		})
		best := 0
		for k := range p.row {
			p.row[k] /= n
			if p.row[k] > p.row[best] {
				best = k
			}
		}
		p.account = fmt.Sprintf("always %s", t.Classes[best])
		return p, nil
	}
	mean, n := 0.0, 0.0
	eachLabel(train, func(y float64) {
		n++
		mean += (y - mean) / n
	})
	return &prior{row: []float64{mean}, account: fmt.Sprintf("always %.6g", mean)}, nil
}

// eachLabel visits the labels of scored rows.
func eachLabel(list []series.Series, visit func(y float64)) {
	for i := range list {
		for _, y := range list[i].Y {
			if !math.IsNaN(y) {
				visit(y)
			}
		}
	}
}

func (p *prior) Predict(s series.Series) [][]float64 {
	rows := grid(s.Len(), len(p.row))
	for _, row := range rows {
		copy(row, p.row)
	}
	return rows
}

// Parameters of class frequencies are one fewer than classes: they add up to 1.
func (p *prior) Parameters() int { return max(len(p.row)-1, 1) }

func (p *prior) String() string { return p.account }
