package metric

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/elegans-nn/elegans/series"
)

// Mean of values, NaN without any.
func Mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// SD is the sample standard deviation (n - 1 in the denominator), NaN for fewer than two values.
func SD(values []float64) float64 {
	if len(values) < 2 {
		return math.NaN()
	}
	mean, sum := Mean(values), 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(values)-1))
}

// Difference is how much one model differs from another, with an interval that holds the true difference with the
// probability Level, as far as its method can tell.
type Difference struct {
	Mean  float64 // of a - b; its sign is that of the metric, not of better or worse
	Lower float64 // end of the interval, NaN where there is none
	Upper float64 // end of the interval, NaN where there is none
	Level float64 // between 0 and 1
	N     int     // pairs, or blocks
	Draws int     // of a bootstrap
}

// MarshalJSON writes mean, lower, upper, level and n; what is not finite is null.
func (d Difference) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Mean  *float64 `json:"mean"`
		Lower *float64 `json:"lower"`
		Upper *float64 `json:"upper"`
		Level float64  `json:"level"`
		N     int      `json:"n"`
	}{finite(d.Mean), finite(d.Lower), finite(d.Upper), d.Level, d.N})
}

// Clear reports whether the interval leaves zero out.
func (d Difference) Clear() bool { return d.Lower > 0 || d.Upper < 0 }

// defaultLevel is that of every interval unless asked otherwise.
const defaultLevel = 0.95

// Paired is the mean of a[i] - b[i], the scores of two models with the same seed or fold i, with Student's t interval.
// Level 0 means 0.95. With fewer than two pairs the interval is NaN. It panics where the lengths differ.
func Paired(a, b []float64, level float64) Difference {
	if len(a) != len(b) {
		panic("metric: paired scores must have the same length")
	}
	level = levelOr(level)
	diff := make([]float64, len(a))
	for i := range diff {
		diff[i] = a[i] - b[i]
	}
	d := Difference{Mean: Mean(diff), Lower: math.NaN(), Upper: math.NaN(), Level: level, N: len(diff)}
	if len(diff) > 1 {
		t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(len(diff) - 1)}.Quantile((1 + level) / 2)
		half := t * SD(diff) / math.Sqrt(float64(len(diff)))
		d.Lower, d.Upper = d.Mean-half, d.Mean+half
	}
	return d
}

func levelOr(level float64) float64 {
	switch {
	case level == 0:
		return defaultLevel
	case level > 0 && level < 1:
		return level
	}
	panic("metric: the level of an interval must lie between 0 and 1")
}

// Bootstrap says how rows are drawn again. Its zero value works.
type Bootstrap struct {
	// Draws is the number of repetitions; 0 means 1000. Metrics that are no mean over rows get fewer where there are many
	// rows: see Difference.Draws.
	Draws int
	// Level of the interval, between 0 and 1; 0 means 0.95.
	Level float64
	// Seed of the draws.
	Seed uint64
	// Block is the number of neighbouring rows drawn together where there are too few series to draw whole ones; 0 means a
	// twentieth of all rows.
	Block int
}

const (
	defaultDraws = 1000
	// WholeSeries is the number of series from which whole ones are drawn: percentiles of fewer take too few values.
	WholeSeries = 8
	// wantedBlocks is how many parts the rows of few series are cut into: many enough to draw from, and long enough that
	// neighbouring rows, whose errors are alike, stay together.
	wantedBlocks = 20
)

// Compare is the difference of a metric, a - b, between two models that were given the same series in the same order,
// with the percentile interval of a block bootstrap: whole series are drawn again with replacement, or where there are
// fewer than eight, blocks of neighbouring rows. Only rows that both models predict count. It panics where the two have
// seen different labels. Draws in which the metric is undefined are left out.
func (o Bootstrap) Compare(a, b *Evaluator, m Metric) Difference {
	return o.CompareRuns([]*Evaluator{a}, []*Evaluator{b}, m)
}

// CompareRuns is Compare for the mean over runs of a[i] - b[i]: two models that were trained several times, or one of them and
// the same evaluator again and again. Rows that any run does not predict are left out. It panics where the lengths differ.
func (o Bootstrap) CompareRuns(a, b []*Evaluator, m Metric) Difference {
	if len(a) != len(b) || len(a) == 0 {
		panic("metric: paired runs must be as many, and one at least")
	}
	all := slices.Concat(a, b)
	for _, e := range all {
		if !slices.Equal(a[0].y, e.y) || !slices.Equal(a[0].ends, e.ends) {
			panic("metric: the two models to compare have not been given the same labels")
		}
	}
	blocks := o.blocks(a[0].ends, func(i int) bool {
		return !slices.ContainsFunc(all, func(e *Evaluator) bool { return e.p[i] == nil })
	})
	score := map[*Evaluator]func(chosen []int) float64{} // one that stands there again is scored once
	for _, e := range all {
		if score[e] == nil {
			score[e] = e.sampled(blocks, m)
		}
	}
	o.Draws = o.draws(m, len(a[0].y)*len(score))
	return o.interval(len(blocks), func(chosen []int) float64 {
		value, sum := map[*Evaluator]float64{}, 0.0
		for e, f := range score {
			value[e] = f(chosen)
		}
		for i := range a {
			sum += value[a[i]] - value[b[i]]
		}
		return sum / float64(len(a))
	})
}

// affordable is how many rows the draws of a metric may read that each computes from rows anew: some seconds.
const affordable = 50e6

// draws are fewer where a draw computes a metric from many rows anew, but not fewer than 100.
func (o Bootstrap) draws(m Metric, rows int) int {
	n := o.Draws
	if n == 0 {
		n = defaultDraws
	}
	if m.mean == noMean {
		n = min(n, max(100, affordable/max(1, rows)))
	}
	return n
}

// sampled computes a metric over some of the blocks of rows, a block as often as it is chosen.
func (e *Evaluator) sampled(blocks [][]int, m Metric) func(chosen []int) float64 {
	if m.mean == noMean {
		var sample []int
		return func(chosen []int) float64 {
			sample = sample[:0]
			for _, k := range chosen {
				sample = append(sample, blocks[k]...)
			}
			return e.valuer(sample)(m)
		}
	}
	sums := make([]float64, len(blocks))
	for k, block := range blocks {
		for _, i := range block {
			v := e.valuer([]int{i})(m)
			if m.mean == rowsRoot {
				v *= v
			}
			sums[k] += v
		}
	}
	return func(chosen []int) float64 {
		sum, n := 0.0, 0
		for _, k := range chosen {
			sum, n = sum+sums[k], n+len(blocks[k])
		}
		if m.mean == rowsRoot {
			return math.Sqrt(sum / float64(n))
		}
		return sum / float64(n)
	}
}

// interval chooses among n blocks again and again and returns the percentile interval of value.
func (o Bootstrap) interval(n int, value func(chosen []int) float64) Difference {
	level, draws := levelOr(o.Level), o.Draws
	if draws == 0 {
		draws = defaultDraws
	}
	chosen := make([]int, n)
	for k := range chosen {
		chosen[k] = k
	}
	d := Difference{Mean: value(chosen), Lower: math.NaN(), Upper: math.NaN(), Level: level, N: n, Draws: draws}
	if n < 2 {
		return d
	}
	random := rand.New(rand.NewPCG(o.Seed, uint64(n)))
	var drawn []float64
	for range draws {
		for k := range chosen {
			chosen[k] = random.IntN(n)
		}
		if v := value(chosen); !math.IsNaN(v) {
			drawn = append(drawn, v)
		}
	}
	slices.Sort(drawn)
	d.Lower, d.Upper = series.Quantile(drawn, (1-level)/2), series.Quantile(drawn, (1+level)/2)
	return d
}

// blocks lists the rows of each block that keep accepts; blocks without such rows are left out.
func (o Bootstrap) blocks(ends []int, keep func(int) bool) (blocks [][]int) {
	if len(ends) == 0 {
		return nil
	}
	size := o.Block
	switch {
	case len(ends) >= WholeSeries:
		size = ends[len(ends)-1]
	case size == 0:
		size = (ends[len(ends)-1] + wantedBlocks - 1) / wantedBlocks
	}
	from := 0
	for _, end := range ends {
		for ; from < end; from += size {
			var rows []int
			for i := from; i < min(from+size, end); i++ {
				if keep(i) {
					rows = append(rows, i)
				}
			}
			if len(rows) > 0 {
				blocks = append(blocks, rows)
			}
		}
		from = end
	}
	return blocks
}
