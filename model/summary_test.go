package model

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// polynomial is the Legendre polynomial P_k at x, by Bonnet's recurrence.
func polynomial(k int, x float64) float64 {
	if k < 2 {
		return math.Pow(x, float64(k))
	}
	n := float64(k)
	return ((2*n-1)*x*polynomial(k-1, x) - (n-1)*polynomial(k-2, x)) / n
}

// coefficient is that of P_k in z as it was until each of the times t, by ∫ P_k = (P_{k+1} - P_{k-1}) / (2k + 1).
func coefficient(k int, z, t []float64) (sum float64) {
	if len(z) == 0 {
		return 0
	}
	n, from := 2*float64(k)+1, -1.0
	integral := func(x float64) float64 { return (polynomial(k+1, x) - polynomial(k-1, x)) / n }
	for i, v := range z {
		to := 2*t[i]/t[len(t)-1] - 1
		sum += v * (integral(to) - integral(from)) / 2
		from = to
	}
	return math.Sqrt(n) * sum
}

// statistic is one of the values z observed at times t, by its definition; the first component of the shape.
func statistic(kind Summary, z, t []float64) float64 {
	n := float64(len(z))
	if n == 0 {
		if kind == SummarySD {
			return 1e-6
		}
		return 0
	}
	average := func(x []float64) (sum float64) {
		for _, v := range x {
			sum += v / n
		}
		return sum
	}
	product := func(x, y []float64) (sum float64) {
		mx, my := average(x), average(y)
		for i := range x {
			sum += (x[i] - mx) * (y[i] - my)
		}
		return sum
	}
	least, greatest := math.Inf(1), math.Inf(-1)
	for _, v := range z {
		least, greatest = math.Min(least, v), math.Max(greatest, v)
	}
	switch kind {
	case SummaryMean:
		return average(z)
	case SummarySD:
		return math.Max(1e-6, math.Sqrt(product(z, z)/n))
	case SummaryMin:
		return least
	case SummaryMax:
		return greatest
	case SummaryCount:
		return math.Log1p(n)
	case SummaryTrend:
		return product(t, z) / math.Sqrt(n*math.Max(1e-12, product(t, t)))
	case SummaryShape:
		return coefficient(1, z, t)
	}
	panic("an unknown statistic")
}

// observedOf are the scaled values of a number up to and with each row, and their times.
func observedOf(in series.Input, w *series.Series, i, rows int) (z, t []float64) {
	one := series.Schema{Inputs: []series.Input{{Name: in.Name, Kind: in.Kind, Mean: in.Mean, SD: in.SD, Clip: in.Clip, Range: in.Range, Missing: true}}}
	now := 0.0
	for row := range rows {
		now += float64(w.DT[row])
		if v := w.At(row)[i]; v == v {
			z = append(z, features(one, &series.Series{X: []float32{v}, DT: []float32{1}}, false, false)[0][0])
			t = append(t, now)
		}
	}
	return z, t
}

// TestSummariesAgainstDefinitions: each statistic of each number is what its definition says of the rows so far, also far from
// 0, and before anything was observed.
func TestSummariesAgainstDefinitions(t *testing.T) {
	s := rich()
	w := walk(s, 40, 5)
	for i := range s.Inputs {
		if s.Inputs[i].Missing {
			w.X[i] = float32(nan)
		}
	}
	for _, gaps := range []bool{false, true} {
		for _, kind := range Summaries() {
			compareSummary(t, s, &w, kind, gaps)
		}
	}
	far := series.Plain(2)
	w = walk(far, 40, 6)
	for i := range w.X {
		w.X[i] += 100
	}
	for _, kind := range Summaries() {
		compareSummary(t, far, &w, kind, false)
	}
}

func compareSummary(t *testing.T, s series.Schema, w *series.Series, kind Summary, gaps bool) {
	t.Helper()
	b := step.New()
	b.Output("y", newHead(b, b.Input("x", len(s.Inputs)), s, gaps).summary([]Summary{kind}))
	var numbers []int
	for i, in := range s.Inputs {
		if in.Kind == series.Numeric {
			numbers = append(numbers, i)
		}
	}
	engine.NewBatch(b.Build(), engine.BatchOptions{Workers: 1}).Run(nil, []engine.Lane{{X: [][]float32{w.X}, DT: w.DT}}, func(_, row int, y []float32) {
		if kind == SummaryCount && !some(s.Inputs, missing) {
			numbers = numbers[:1]
		}
		var want []float64
		for _, i := range numbers {
			z, at := observedOf(s.Inputs[i], w, i, row+1)
			want = append(want, statistic(kind, z, at))
		}
		for k := 2; kind == SummaryShape && k <= 4; k++ {
			for _, i := range numbers {
				z, at := observedOf(s.Inputs[i], w, i, row+1)
				want = append(want, coefficient(k, z, at))
			}
		}
		near(t, fmt.Sprintf("%s, gaps %v, row %d", kind, gaps, row), y, want)
	})
}

// TestSummariesInModels: a model with summaries streams as it runs, comes back from its file, and members of an average that
// have the same ones share their states.
func TestSummariesInModels(t *testing.T) {
	s := rich()
	w := walk(s, 12, 8)
	a := Architecture{Layers: []Layer{{Cell: cell.CfC{Units: 4}, Block: Block{Residual: true}}}, Summaries: Summaries(), InputDropout: 0.25}
	m := stacked(t, s, a)
	again := comesBack(t, m, &w)
	if again.Architecture().InputDropout != 0.25 {
		t.Errorf("input dropout is %g after a file", again.Architecture().InputDropout)
	}
	if plain := stacked(t, s, Architecture{Layers: a.Layers}); plain.program.StateWidth() >= m.program.StateWidth() {
		t.Errorf("summaries take no state: %d and %d", plain.program.StateWidth(), m.program.StateWidth())
	}
	avg, err := Average(m, moved(m, 3))
	if err != nil {
		t.Fatal(err)
	}
	if got, own := avg.program.StateWidth(), m.program.StateWidth(); got != own+4 {
		t.Errorf("an average of two has a state of %d, of which each alone would have %d", got, own)
	}
}

// comesBack demands that a model streams as it runs, and predicts the same when it has been written and read.
func comesBack(t *testing.T, m *Model, w *series.Series) *Model {
	t.Helper()
	if n := differs(ran(t, m, w, RunOptions{}), stepped(t, m.Stream(), w)); n >= 0 {
		t.Errorf("row %d differs in a stream", n)
	}
	var file bytes.Buffer
	if err := m.Write(&file); err != nil {
		t.Fatal(err)
	}
	again, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	if n := differs(ran(t, m, w, RunOptions{}), ran(t, again, w, RunOptions{})); n >= 0 {
		t.Errorf("row %d differs after a file", n)
	}
	return again
}

// TestInputDropoutByHand: what is dropped is 0 for all layers, and the rest is larger by what is missing.
func TestInputDropoutByHand(t *testing.T) {
	s, w := series.Plain(3), walk(series.Plain(3), 7, 2)
	m := stacked(t, s, Architecture{Layers: []Layer{{Cell: cell.GRU{Units: 4}}}, InputDropout: 0.375})
	passes, masks := m.Training()
	if len(masks) != 1 || masks[0] != (Mask{Input: "features.mask", Width: 3, Rate: 0.375}) {
		t.Fatalf("the masks are %+v", masks)
	}
	keep := func(row, k int) bool { return (row+k)%3 != 0 }
	lane, err := m.Lane(&w)
	if err != nil {
		t.Fatal(err)
	}
	lane.Draw = func(_ string, row int, dst []float32) {
		for k := range dst {
			dst[k] = float32(indicator(keep(row, k)))
		}
	}
	seen := w
	seen.X = make([]float32, len(w.X))
	for i, v := range w.X {
		if keep(i/3, i%3) {
			seen.X[i] = v / 0.625
		}
	}
	want := ran(t, m, &seen, RunOptions{})
	engine.NewPasses(passes, engine.BatchOptions{Workers: 1}).Run(m.theta, []engine.Lane{lane}, func(_, row int, y []float32) {
		near(t, fmt.Sprintf("row %d", row), y, widened(want)[row])
	})
}

// Summaries of nothing but categories are refused.
func TestSummariesNeedANumber(t *testing.T) {
	s := rich()
	s.Inputs = s.Inputs[5:6]
	_, err := Architecture{Layers: []Layer{{Cell: cell.GRU{Units: 2}}}, Summaries: Summaries()}.Model(s)
	oneLine(t, err, "all inputs are categories")
}

// TestHiddenInputs: a model from which inputs are hidden predicts as one whose data never had them, summaries included.
func TestHiddenInputs(t *testing.T) {
	s := rich()
	w := walk(s, 15, 4)
	bare := s
	bare.Inputs = nil
	rest := series.Series{DT: w.DT}
	kept := []int{0, 1, 4}
	for _, i := range kept {
		bare.Inputs = append(bare.Inputs, s.Inputs[i])
	}
	for row := range w.Len() {
		for _, i := range kept {
			rest.X = append(rest.X, w.At(row)[i])
		}
	}
	for i := range s.Inputs {
		s.Inputs[i].Hidden = i != 0 && i != 1 && i != 4
	}
	a := Architecture{Layers: []Layer{{Cell: cell.CfC{Units: 4}}}, Summaries: Summaries()}
	m, plain := stacked(t, s, a), stacked(t, bare, a)
	if row := differs(ran(t, m, &w, RunOptions{}), ran(t, plain.With(m.Params()), &rest, RunOptions{})); row >= 0 {
		t.Errorf("row %d differs from that of a model without the columns", row)
	}
}
