package metric

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

func TestMeanSD(t *testing.T) {
	v := []float64{.007, .001, .008, .004, .01}
	if got := Mean(v); !near(got, 0.006, 1e-15) {
		t.Errorf("mean %v", got)
	}
	if got := SD(v); !near(got, 0.0035355339059327376, 1e-13) { // root of 1.25e-5
		t.Errorf("sd %v", got)
	}
	if got := SD([]float64{3}); !math.IsNaN(got) {
		t.Errorf("sd of one value is %v", got)
	}
	// The variance of shifted values is that of the values: 4, 7, 13, 16 has sample variance 30.
	if got := SD([]float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}); !near(got*got, 30, 1e-12) {
		t.Errorf("variance %v, want 30", got*got)
	}
}

func TestPaired(t *testing.T) {
	a := []float64{.991, .987, .993, .985, .99}
	b := []float64{.984, .986, .985, .981, .98}
	// scipy: ttest_rel(a, b).confidence_interval(.95 and .9)
	for _, c := range []struct{ level, lower, upper float64 }{
		{0, 0.001610054834574588, 0.010389945165425423},
		{.9, 0.0026292542663487422, 0.009370745733651266},
	} {
		d := Paired(a, b, c.level)
		if !near(d.Mean, .006, 1e-14) || !near(d.Lower, c.lower, 1e-9) || !near(d.Upper, c.upper, 1e-9) || d.N != 5 || !d.Clear() {
			t.Errorf("level %v: %+v, want [%v, %v]", c.level, d, c.lower, c.upper)
		}
	}
	if d := Paired(a[:1], b[:1], 0); !near(d.Mean, .007, 1e-13) || !math.IsNaN(d.Lower) || !math.IsNaN(d.Upper) || d.Clear() {
		t.Errorf("one pair: %+v", d)
	}
	if d := Paired([]float64{1, -2}, []float64{0, 0}, 0); d.Clear() {
		t.Errorf("an interval around zero is called clear: %+v", d)
	}
}

func TestDifferenceJSON(t *testing.T) {
	for want, d := range map[string]Difference{
		`{"mean":0.5,"lower":null,"upper":null,"level":0.95,"n":1}`: Paired([]float64{2}, []float64{1.5}, 0),
		`{"mean":-3,"lower":-4,"upper":-2,"level":0.9,"n":7}`:       {Mean: -3, Lower: -4, Upper: -2, Level: .9, N: 7},
	} {
		if got, err := json.Marshal(d); err != nil || string(got) != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}

// twoModels makes evaluators of n series with the given number of rows: a errs by noise of size 1, b by size scale.
func twoModels(n, rows int, scale float64) (a, b *Evaluator) {
	random := rand.New(rand.NewPCG(11, 2))
	a, b = NewEvaluator(series.Target{Task: series.Regress}), NewEvaluator(series.Target{Task: series.Regress})
	for range n {
		y, pa, pb := make([]float64, rows), make([]float64, rows), make([]float64, rows)
		for i := range y {
			y[i] = random.NormFloat64()
			pa[i], pb[i] = y[i]+random.NormFloat64(), y[i]+scale*random.NormFloat64()
		}
		a.Add(y, values(pa...), nil)
		b.Add(y, values(pb...), nil)
	}
	return a, b
}

func TestBootstrap(t *testing.T) {
	mse := mustMetric(t, "mse")
	a, b := twoModels(12, 30, 2)
	d := Bootstrap{Seed: 4}.Compare(a, b, mse)
	if want := a.Score(mse) - b.Score(mse); !near(d.Mean, want, 1e-12) || d.N != 12 || !d.Clear() || d.Mean > 0 {
		t.Errorf("an error four times as large: %+v, want a clear difference of %v over 12 series", d, want)
	}
	if again := (Bootstrap{Seed: 4}).Compare(a, b, mse); again != d {
		t.Errorf("the same seed gives %+v and %+v", d, again)
	}
	if another := (Bootstrap{Seed: 5}).Compare(a, b, mse); another == d {
		t.Error("another seed draws the same")
	}
	if same := (Bootstrap{}).Compare(a, a, mse); same.Mean != 0 || same.Lower != 0 || same.Upper != 0 || same.Clear() {
		t.Errorf("a model differs from itself: %+v", same)
	}
	wide, narrow := Bootstrap{Level: .99}.Compare(a, b, mse), Bootstrap{Level: .5}.Compare(a, b, mse)
	if !(wide.Lower < narrow.Lower && narrow.Upper < wide.Upper) {
		t.Errorf("99 %% %+v does not hold 50 %% %+v", wide, narrow)
	}
}

// TestBootstrapOfRuns: the difference is the mean over the runs, and one that errs less varies less.
func TestBootstrapOfRuns(t *testing.T) {
	mse := mustMetric(t, "mse")
	a, b := twoModels(12, 30, 2)
	c := NewEvaluator(series.Target{Task: series.Regress})
	from := 0
	for _, end := range a.ends {
		p := make([]float64, end-from)
		for i := range p {
			p[i] = a.y[from+i] + 0.25
		}
		c.Add(a.y[from:end], values(p...), nil)
		from = end
	}
	d := Bootstrap{Seed: 4}.CompareRuns([]*Evaluator{a, c}, []*Evaluator{b, b}, mse)
	if want := (a.Score(mse)+c.Score(mse))/2 - b.Score(mse); !near(d.Mean, want, 1e-12) || d.N != 12 || d.Lower > d.Mean || d.Upper < d.Mean {
		t.Errorf("%+v, want a mean of %v over 12 series", d, want)
	}
	if one := (Bootstrap{Seed: 4}).Compare(c, b, mse); one.Mean == d.Mean {
		t.Error("the first run alone gives the same")
	}
	defer func() {
		if recover() == nil {
			t.Error("two runs are compared with one")
		}
	}()
	Bootstrap{}.CompareRuns([]*Evaluator{a, c}, []*Evaluator{b}, mse)
}

// TestBootstrapInterval compares with the closed form: the mean of n independent block means has the standard error
// sd/sqrt(n), up to the factor sqrt((n-1)/n) of drawing from the sample itself.
func TestBootstrapInterval(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	const n = 60
	v := make([]float64, n)
	for i := range v {
		v[i] = 3 + 2*random.NormFloat64()
	}
	mean := func(chosen []int) float64 {
		sum := 0.0
		for _, i := range chosen {
			sum += v[i]
		}
		return sum / float64(len(chosen))
	}
	d := Bootstrap{Draws: 20000}.interval(n, mean)
	half := 1.96 * SD(v) / math.Sqrt(n) * math.Sqrt((n-1.0)/n)
	if math.Abs(d.Upper-d.Mean-half) > 0.04*half || math.Abs(d.Mean-d.Lower-half) > 0.04*half {
		t.Errorf("interval %+v, want half width %v within 4 %%", d, half)
	}
}

func TestBlocks(t *testing.T) {
	all := func(int) bool { return true }
	count := func(o Bootstrap, keep func(int) bool, ends ...int) string {
		return fmt.Sprint(o.blocks(ends, keep))
	}
	cases := []struct{ got, want string }{
		// Two series of 5 and 3 rows: blocks never cross their border.
		{count(Bootstrap{Block: 2}, all, 5, 8), "[[0 1] [2 3] [4] [5 6] [7]]"},
		{count(Bootstrap{Block: 2}, func(i int) bool { return i < 2 || i > 5 }, 5, 8), "[[0 1] [6] [7]]"},
		// Eight series are drawn whole, whatever the block.
		{count(Bootstrap{Block: 1}, all, 2, 3, 5, 6, 7, 8, 9, 11), "[[0 1] [2] [3 4] [5] [6] [7] [8] [9 10]]"},
		{count(Bootstrap{}, all), "[]"},
		{count(Bootstrap{}, all, 0, 0), "[]"},
		{count(Bootstrap{}, all, 3), "[[0] [1] [2]]"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	if n := len(Bootstrap{}.blocks([]int{9752}, all)); n != 20 {
		t.Errorf("one long series is cut into %d blocks, want 20", n)
	}
}

func TestCompareLeavesOutWhatOneModelMissed(t *testing.T) {
	a, b := NewEvaluator(series.Target{Task: series.Regress}), NewEvaluator(series.Target{Task: series.Regress})
	y := []float64{1, 2, 3, 4}
	a.Add(y, values(1, nan, 5, 4), nil)
	b.Add(y, values(9, 2, 3, nan), nil)
	// Both predict rows 0 and 2: MSE of a (0 + 4)/2, of b (64 + 0)/2.
	if d := (Bootstrap{}).Compare(a, b, mustMetric(t, "mse")); d.Mean != 2-32 {
		t.Errorf("difference %v, want -30", d.Mean)
	}
}

func ExamplePaired() {
	liquid := []float64{.990, .988, .992} // accuracy with seeds 1, 2, 3
	gru := []float64{.979, .984, .981}
	d := Paired(liquid, gru, 0)
	fmt.Printf("%.4f, 95 %% from %.4f to %.4f, clear: %v\n", d.Mean, d.Lower, d.Upper, d.Clear())
	// Output: 0.0087, 95 % from -0.0014 to 0.0187, clear: false
}

// TestSampled: a metric over chosen blocks is that over their rows, whether it is computed from rows or from sums of blocks.
func TestSampled(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 1))
	means := 0
	for _, target := range []series.Target{
		{Task: series.Classify, Classes: []string{"a", "b"}, Threshold: 0.4}, {Task: series.Regress, Outputs: 1},
		{Task: series.Regress, Quantiles: []float64{0.1, 0.5, 0.9}}, {Task: series.Regress, Gaussian: true},
	} {
		e := NewEvaluator(target)
		var blocks [][]int
		for k := range 5 {
			var y, last []float64
			var p [][]float64
			for range 2 + k {
				row := make([]float64, e.width)
				for i := range row {
					row[i] = 0.1 + random.Float64()
				}
				if target.Task == series.Classify {
					row[1] = 1 - row[0]/2
					row[0] = 1 - row[1]
				}
				slices.Sort(row[:len(row)*min(1, len(target.Quantiles))])
				y, last, p = append(y, float64(random.IntN(2))), append(last, random.NormFloat64()), append(p, row)
			}
			from := len(e.y)
			e.Add(y, p, last)
			var block []int
			for i := from; i < len(e.y); i++ {
				block = append(block, i)
			}
			blocks = append(blocks, block)
		}
		chosen := []int{4, 0, 4, 2}
		var rows []int
		for _, k := range chosen {
			rows = append(rows, blocks[k]...)
		}
		for _, m := range For(target) {
			if m.mean != noMean {
				means++
			}
			got, want := e.sampled(blocks, m)(chosen), e.valuer(rows)(m)
			if !(math.Abs(got-want) <= 1e-12*(1+math.Abs(want))) {
				t.Errorf("%s of blocks is %v, of their rows %v", m.Name, got, want)
			}
		}
	}
	if means < 8 {
		t.Errorf("only %d metrics are means of rows", means)
	}
}
