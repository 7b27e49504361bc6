package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// series makes random series of the given lengths for a program.
func series(p *step.Program, lengths []int, seed uint64) []engine.Lane {
	r := rand.New(rand.NewPCG(seed, 3))
	lanes := make([]engine.Lane, len(lengths))
	for l, rows := range lengths {
		lane := &lanes[l]
		lane.DT = make([]float32, rows)
		for t := range lane.DT {
			lane.DT[t] = float32(0.1 + r.ExpFloat64())
		}
		for _, q := range p.Inputs {
			x := make([]float32, rows*p.Nodes[q.Node].Shape.Len())
			for i := range x {
				x[i] = float32(r.NormFloat64())
			}
			lane.X = append(lane.X, x)
		}
		lane.Final = make([]float32, p.StateWidth())
	}
	return lanes
}

func initial(p *step.Program, seed uint64) []float32 {
	theta := make([]float32, p.ParamCount())
	narrow(theta, p.Initial(seed))
	return theta
}

// squares is Σ (y - target)², with a target that differs by lane, time and component.
func squares(lane, t int, y, dy []float32) (sum float64) {
	for i, v := range y {
		d := float64(v) - math.Sin(float64(7*lane+3*t+i))
		dy[i] = float32(2 * d)
		sum += d * d
	}
	return sum
}

// result is everything that a batch gives, in bits.
type result struct {
	loss   uint64
	grad   []float32
	final  [][]float32
	output map[string][]float32
}

// train runs a batch to its gradient; rows and lanes keep the numbers that they have in the whole batch.
func train(b *engine.Batch, theta []float32, lanes []engine.Lane, first int) result {
	r := result{output: map[string][]float32{}}
	var mu sync.Mutex
	loss, grad := b.Gradient(theta, lanes, func(lane, t int, y, dy []float32) float64 {
		mu.Lock()
		r.output[fmt.Sprint(first+lane, t)] = slices.Clone(y)
		mu.Unlock()
		return squares(first+lane, t, y, dy)
	})
	r.loss, r.grad = math.Float64bits(loss), slices.Clone(grad)
	for _, l := range lanes {
		r.final = append(r.final, slices.Clone(l.Final))
	}
	return r
}

func same(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

var ragged = []int{9, 1, 17, 4, 0, 17, 12, 5, 3, 17, 2, 8, 1, 1, 6, 30, 11, 7, 9, 13, 2}

func TestRaggedEqualsSeparate(t *testing.T) {
	for name, build := range cells {
		ragged := ragged
		if name == "gated" {
			ragged = []int{0, 3, 0, 7} // begins with a series without rows
		}
		p := build()
		theta, lanes := initial(p, 5), series(p, ragged, 11)
		whole := train(engine.NewBatch(p, engine.BatchOptions{Workers: 2}), theta, lanes, 0)
		sum := make([]float64, len(theta))
		for l := range lanes {
			b := engine.NewBatch(p, engine.BatchOptions{Workers: 1})
			one := train(b, theta, lanes[l:l+1], l)
			for key, y := range one.output {
				if !same(y, whole.output[key]) {
					t.Fatalf("%s: the output at lane and row %s is %v alone, %v in the batch", name, key, y, whole.output[key])
				}
				delete(whole.output, key)
			}
			if !same(one.final[0], whole.final[l]) {
				t.Fatalf("%s: lane %d ends in %v alone, in %v in the batch", name, l, one.final[0], whole.final[l])
			}
			for i, g := range one.grad {
				sum[i] += float64(g)
			}
		}
		if len(whole.output) > 0 {
			t.Errorf("%s: rows that no series has: %d", name, len(whole.output))
		}
		for i, g := range whole.grad {
			if d := math.Abs(float64(g) - sum[i]); !(d <= 1e-5*(1+math.Abs(sum[i]))) {
				t.Errorf("%s: gradient %d of the batch is %g, the sum of separate ones %g", name, i, g, sum[i])
			}
		}
	}
}

// lengths gives n series one length, but for the first, which has another.
func lengths(n, first, others int) []int {
	list := slices.Repeat([]int{others}, n)
	list[0] = first
	return list
}

func TestWorkersGiveTheSameBits(t *testing.T) {
	p := liquid()
	theta := initial(p, 2)
	for _, list := range [][]int{ragged, lengths(75, 12, 12), lengths(64, 3, 9), lengths(33, 5, 5)} {
		lanes := series(p, list, 4)
		want := train(engine.NewBatch(p, engine.BatchOptions{Workers: 1}), theta, lanes, 0)
		for _, workers := range []int{2, 3, 0} {
			got := train(engine.NewBatch(p, engine.BatchOptions{Workers: workers}), theta, lanes, 0)
			if got.loss != want.loss || !same(got.grad, want.grad) {
				t.Errorf("%d series, %d workers: other bits than with one", len(list), workers)
			}
		}
	}
}

// A lane that has ended must not be told from one that was never there: the same series beside longer ones, with
// masks, and in a batch of equal lengths, without.
func TestMaskedEqualsPlain(t *testing.T) {
	for name, build := range cells {
		p := build()
		theta := initial(p, 3)
		plain := engine.Compile(p.Reverse(everything), engine.Options{Steps: 10, Lanes: 8})
		masked := engine.Compile(p.Reverse(everything), engine.Options{Steps: 10, Lanes: 8})
		f := newFeed(p.Reverse(everything), 10, 8, 6)
		narrow(theta, f.theta)
		masked.SetLengths(slices.Repeat([]int{10}, 8))
		a, b := f.engine(plain, nil), f.engine(masked, nil)
		for k := range a.names {
			if !slices.Equal(a.values[k], b.values[k]) {
				t.Errorf("%s: %s differs", name, a.names[k])
			}
		}
	}
}

func TestTwiceLeavesNothingBehind(t *testing.T) {
	p := liquid()
	theta, b := initial(p, 8), engine.NewBatch(p, engine.BatchOptions{Workers: 1})
	lanes := series(p, ragged, 1)
	first := train(b, theta, lanes, 0)
	poison := series(p, lengths(21, 9, 30), 2)
	for l := range poison {
		for i := range poison[l].X[0] {
			poison[l].X[0][i] = float32(math.NaN())
		}
	}
	if r := train(b, theta, poison, 0); r.grad[0] == r.grad[0] {
		t.Fatal("a NaN in every input must reach the gradient")
	}
	second := train(b, theta, lanes, 0)
	if first.loss != second.loss || !same(first.grad, second.grad) {
		t.Error("the second run gives other bits than the first")
	}
}

func TestRunInSpans(t *testing.T) {
	p := liquid()
	theta, lanes := initial(p, 8), series(p, []int{300, 150, 64, 65, 1, 0, 129}, 1)
	e := engine.Compile(p, engine.Options{Steps: 300, Lanes: 1, Probes: []int{0}})
	got := make([][]float32, len(lanes))
	b := engine.NewBatch(p, engine.BatchOptions{Workers: 1})
	b.Trace(theta, lanes, []int{0}, func(lane, t int, y []float32, values [][]float32) {
		got[lane] = append(append(got[lane], y...), values[0]...)
	})
	for l := range lanes {
		var want []float32
		rows := lanes[l].Rows(p)
		e.SetParams(theta)
		clear(e.State(0))
		for t := range rows {
			copy(e.Input(0, t), lanes[l].X[0][3*t:])
			e.DT(t)[0] = lanes[l].DT[t]
		}
		if rows > 0 {
			e.Forward(rows)
		}
		for t := range rows {
			want = append(append(want, e.Output(0, t)...), e.Probe(0, t)...)
		}
		if !same(want, got[l]) || rows > 0 && !same(e.State(0), lanes[l].Final) {
			t.Errorf("series %d of %d rows: in spans other bits than at once", l, rows)
		}
	}
}

// Splitting a series and carrying the state on changes no bit.
func TestSplitAnywhere(t *testing.T) {
	p := memory()
	theta, lane := initial(p, 4), series(p, []int{23}, 9)[0]
	b := engine.NewBatch(p, engine.BatchOptions{Workers: 1})
	run := func(l engine.Lane) (y []float32) {
		b.Run(theta, []engine.Lane{l}, func(_, _ int, v []float32) { y = append(y, v...) })
		return y
	}
	want := run(lane)
	for cut := range 24 {
		head, rest := lane, lane
		head.DT, rest.DT = lane.DT[:cut], lane.DT[cut:]
		head.X, rest.X = [][]float32{lane.X[0][:3*cut]}, [][]float32{lane.X[0][3*cut:]}
		head.Final, rest.Final = make([]float32, 8), nil
		y := run(head)
		rest.State = head.Final
		if y = append(y, run(rest)...); !same(y, want) {
			t.Errorf("cut at %d: other bits than in one", cut)
		}
	}
}

// Memory of Run does not grow with the series.
func TestRunMemoryIsBounded(t *testing.T) {
	p := liquid()
	sizes := map[int]int{}
	for _, rows := range []int{1000, 20000} {
		b := engine.NewBatch(p, engine.BatchOptions{Workers: 1})
		n := 0
		b.Run(initial(p, 1), series(p, []int{rows}, 1), func(int, int, []float32) { n++ })
		if n != rows {
			t.Errorf("%d of %d rows visited", n, rows)
		}
		sizes[rows] = b.Bytes()
	}
	if sizes[1000] != sizes[20000] || sizes[1000] == 0 {
		t.Errorf("memory by rows: %v", sizes)
	}
}
