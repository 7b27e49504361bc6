package model

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

var (
	preGLU  = Block{Residual: true, Norm: LayerNorm, NormPlace: NormBefore, FeedForward: GLU}
	postMLP = Block{Residual: true, Norm: RMSNorm, FeedForward: MLP}
)

// What cells ask of those who run them: steps that are not too long, missing values left as they are, memory of the last rows, a
// wiring.
var (
	stiff   = Layer{Cell: cell.CTRNN{Units: 4}}
	gappy   = Layer{Cell: cell.GRUD{Units: 4}}
	recent  = Layer{Cell: cell.TCN{Units: 4, Layers: 2}}
	windows = Layer{Cell: cell.Transformer{Units: 4, FF: 6, Window: 12}}
	wired   = Layer{Cell: cell.LTC{Unfolds: 3}, Wiring: wiring.NCP{Inter: 3, Command: 2, Motor: 2, SensoryFanout: 2, InterFanout: 1, Recurrent: 2, MotorFanin: 1}}
)

// within is a layer with something around it.
func (l Layer) within(k Block) Layer { l.Block = k; return l }

// stacks have everything that can stand around cells, each at least once alone, and cells that ask for something.
func stacks() map[string]Architecture {
	gru := func(units int, k Block) Layer { return Layer{Cell: cell.GRU{Units: units}, Block: k} }
	cfc := func(units int, k Block) Layer { return Layer{Cell: cell.CfC{Units: units}, Block: k} }
	return map[string]Architecture{
		"two layers":        {Layers: []Layer{gru(4, Block{}), cfc(3, Block{})}},
		"residual":          {Layers: []Layer{cfc(4, Block{Residual: true}), gru(4, Block{Residual: true})}},
		"layer after":       {Layers: []Layer{gru(4, Block{Norm: LayerNorm})}},
		"rms before":        {Layers: []Layer{gru(4, Block{}), cfc(5, Block{Norm: RMSNorm, NormPlace: NormBefore})}},
		"glu":               {Layers: []Layer{gru(4, Block{FeedForward: GLU})}},
		"mlp":               {Layers: []Layer{cfc(4, Block{FeedForward: MLP})}},
		"deep":              {Layers: []Layer{cfc(4, preGLU), gru(4, preGLU)}, Encoder: 4},
		"post":              {Layers: []Layer{cfc(4, postMLP), gru(3, postMLP)}},
		"stiff":             {Layers: []Layer{gru(3, Block{}), stiff.within(preGLU)}},
		"missing":           {Layers: []Layer{gappy, gru(4, preGLU)}},
		"missing, residual": {Layers: []Layer{gappy.within(postMLP), gru(4, Block{})}},
		"rings":             {Layers: []Layer{recent.within(postMLP), windows.within(preGLU)}},
		"wired":             {Layers: []Layer{wired.within(Block{Residual: true}), stiff}},
	}
}

func stacked(t testing.TB, s series.Schema, a Architecture) *Model {
	t.Helper()
	m, err := a.Model(s)
	if err != nil {
		t.Fatal(err)
	}
	return moved(m, 6)
}

// net computes a stack a second time: cells run as models of their own, what is around them in float64, from the equations.
type net struct {
	t *testing.T
	m *Model
}

func (n net) param(name string) []float64 {
	n.t.Helper()
	for _, q := range n.m.program.Params {
		if q.Name == name {
			var wide []float64
			for _, v := range n.m.theta[q.Offset:][:q.Shape.Len()] {
				wide = append(wide, float64(v))
			}
			return wide
		}
	}
	n.t.Fatalf("there is no parameter %s", name)
	return nil
}

// linear is W x + b.
func (n net) linear(x []float64, w string, bias string) (y []float64) {
	m := n.param(w)
	for i := range len(m) / len(x) {
		sum := 0.0
		if bias != "" {
			sum = n.param(bias)[i]
		}
		for j, v := range x {
			sum += m[i*len(x)+j] * v
		}
		y = append(y, sum)
	}
	return y
}

func each(x []float64, f func(i int, v float64) float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = f(i, v)
	}
	return y
}

func mean(x []float64, f func(v float64) float64) (sum float64) {
	for _, v := range x {
		sum += f(v) / float64(len(x))
	}
	return sum
}

func (n net) norm(kind Norm, block string, x []float64) []float64 {
	square := func(v float64) float64 { return v * v }
	switch kind {
	case LayerNorm:
		m := mean(x, func(v float64) float64 { return v })
		s := math.Sqrt(mean(x, func(v float64) float64 { return square(v - m) }) + 1e-5)
		gain, bias := n.param(block+".norm.gain"), n.param(block+".norm.bias")
		return each(x, func(i int, v float64) float64 { return gain[i]*(v-m)/s + bias[i] })
	case RMSNorm:
		s, gain := math.Sqrt(mean(x, square)+1e-5), n.param(block+".norm.gain")
		return each(x, func(i int, v float64) float64 { return gain[i] * v / s })
	}
	return x
}

func gelu(_ int, v float64) float64 { return v * (1 + math.Erf(v/math.Sqrt2)) / 2 }

func (n net) feedForward(kind FeedForward, block string, z []float64) []float64 {
	switch kind {
	case GLU:
		a := each(z, gelu)
		gate := n.linear(a, block+".gate.x", block+".gate.bias")
		return each(n.linear(a, block+".value.x", block+".value.bias"), func(i int, v float64) float64 { return v / (1 + math.Exp(-gate[i])) })
	case MLP:
		hidden := n.linear(z, block+".hidden.x", block+".hidden.bias")
		return n.linear(each(hidden, gelu), block+".out.x", block+".out.bias")
	}
	return z
}

// cell runs the cell of layer i, or the one that reads from the end, along rows, as the only layer of a model whose readout
// gives it as it is.
func (n net) cell(i int, scope string, rows [][]float64, dt []float32) [][]float64 {
	l := n.m.arch.Layers[i]
	schema := series.Plain(len(rows[0]))
	for k := range schema.Inputs {
		schema.Inputs[k].Missing = cell.TakesMissing(l.Cell)
	}
	drawn, _ := l.Wiring.(*wiring.Wiring)
	b := step.New()
	schema.Target.Outputs = l.Cell.Build(b, b.Input("x", len(rows[0])), drawn).Len()
	m, err := Architecture{Layers: []Layer{{Cell: l.Cell, Wiring: l.Wiring}}, Readout: Direct}.Model(schema)
	if err != nil {
		n.t.Fatal(err)
	}
	theta := make([]float32, 0, m.Parameters())
	for _, q := range m.program.Params {
		for _, v := range n.param(strings.Replace(q.Name, "layer0", fmt.Sprintf("%s%d", scope, i), 1)) {
			theta = append(theta, float32(v))
		}
	}
	w := series.Series{DT: dt}
	for _, x := range rows {
		for _, v := range x {
			w.X = append(w.X, float32(v))
		}
	}
	return widened(ran(n.t, m.With(theta), &w, RunOptions{}))
}

// along is what the stack gives at each row, before the readout.
func (n net) along(w *series.Series) [][]float64 {
	rows := make([][]float64, w.Len())
	for t := range rows {
		for _, v := range w.At(t) {
			rows[t] = append(rows[t], float64(v))
		}
		if n.m.arch.Encoder > 0 {
			rows[t] = n.linear(rows[t], "encoder.x", "encoder.bias")
		}
	}
	for i, l := range n.m.arch.Layers {
		k, block := l.Block, fmt.Sprintf("block%d", i)
		seen := rows
		if k.NormPlace == NormBefore {
			seen = slices.Clone(rows)
			for t, x := range rows {
				seen[t] = n.norm(k.Norm, block, x)
			}
		}
		z := n.cell(i, "layer", seen, w.DT)
		if k.Bidirectional {
			back, dt := slices.Clone(seen), append(slices.Clone(w.DT[1:]), w.DT[0])
			slices.Reverse(back)
			slices.Reverse(dt) // row by row the time to the row after; the last row has that before the first
			back = n.cell(i, "backward", back, dt)
			for t := range z {
				z[t] = append(z[t], back[len(back)-1-t]...)
			}
		}
		for t := range z {
			z[t] = n.feedForward(k.FeedForward, block, z[t])
			if k.Residual {
				x := each(rows[t], func(k int, v float64) float64 {
					if math.IsNaN(v) { // of an input: the path past a cell that takes it has what is imputed
						return n.m.schema.Inputs[k].Impute
					}
					return v
				})
				if len(x) != len(z[t]) {
					x = n.linear(x, block+".skip.x", "")
				}
				z[t] = each(z[t], func(i int, v float64) float64 { return v + x[i] })
			}
			if k.NormPlace == NormAfter {
				z[t] = n.norm(k.Norm, block, z[t])
			}
		}
		rows = z
	}
	return rows
}

func widened(rows [][]float32) [][]float64 {
	out := make([][]float64, len(rows))
	for t, y := range rows {
		for _, v := range y {
			out[t] = append(out[t], float64(v))
		}
	}
	return out
}

// near compares single precision with what it should be, relative to 1 or more.
func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, v := range got {
		if d := math.Abs(float64(v) - want[i]); !(d <= 2e-5*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, v, want[i])
		}
	}
}

// TestStacksAgainstEquations: a stack gives what its equations say, computed a second time.
func TestStacksAgainstEquations(t *testing.T) {
	s := series.Plain(3)
	s.Target.Outputs = 2
	w := walk(s, 9, 3)
	for name, a := range stacks() {
		s, w := demanded(s, a, w)
		m := stacked(t, s, a)
		n := net{t, m}
		out := ran(t, m, &w, RunOptions{})
		for row, h := range n.along(&w) {
			near(t, fmt.Sprintf("%s, row %d", name, row), out[row], n.linear(h, "readout.w", "readout.bias"))
		}
	}
}

// demanded is a schema and a series for a stack: with missing values where its first cell takes them, and without gaps that are
// split where a cell asks for short steps.
func demanded(s series.Schema, a Architecture, w series.Series) (series.Schema, series.Series) {
	if a.TakesMissing() {
		s.Inputs = slices.Clone(s.Inputs)
		s.Inputs[1].Missing, s.Inputs[1].Impute = true, 0.4
		w = walk(s, w.Len(), 3)
	}
	w.DT = slices.Clone(w.DT)
	for _, l := range a.Layers {
		for t, dt := range w.DT {
			if limit := float32(cell.MaxStep(l.Cell)); limit > 0 {
				w.DT[t] = min(dt, 0.9*limit)
			}
		}
	}
	return s, w
}

// bothWays are stacks that read a series from both ends.
func bothWays() map[string]Architecture {
	pre, post := preGLU, postMLP
	pre.Bidirectional, post.Bidirectional = true, true
	return map[string]Architecture{
		"one":     {Layers: []Layer{{Cell: cell.CfC{Units: 4}, Block: Block{Bidirectional: true}}}},
		"first":   {Layers: []Layer{{Cell: cell.GRU{Units: 4}, Block: post}, {Cell: cell.CfC{Units: 4}, Block: postMLP}}},
		"second":  {Layers: []Layer{{Cell: cell.CfC{Units: 4}, Block: preGLU}, {Cell: cell.GRU{Units: 3}, Block: pre}}, Encoder: 4},
		"both":    {Layers: []Layer{{Cell: cell.CfC{Units: 3}, Block: pre}, {Cell: cell.CfC{Units: 4}, Block: post}}},
		"stiff":   {Layers: []Layer{stiff.within(post), stiff.within(preGLU)}},
		"missing": {Layers: []Layer{gappy.within(post), {Cell: cell.GRU{Units: 4}}}},
		"rings":   {Layers: []Layer{recent.within(pre), windows.within(post)}},
		"wired":   {Layers: []Layer{wired.within(Block{Residual: true, Bidirectional: true})}},
	}
}

// TestBothWaysAgainstEquations: layers that read a series from both ends give what their equations say, and know of the
// last row at the first.
func TestBothWaysAgainstEquations(t *testing.T) {
	s := series.Plain(3)
	s.Target.Outputs = 2
	w := walk(s, 9, 3)
	for name, a := range bothWays() {
		s, w := demanded(s, a, w)
		m := stacked(t, s, a)
		n := net{t, m}
		out := ran(t, m, &w, RunOptions{})
		for row, h := range n.along(&w) {
			near(t, fmt.Sprintf("%s, row %d", name, row), out[row], n.linear(h, "readout.w", "readout.bias"))
		}
		later := w
		later.X = slices.Clone(w.X)
		later.X[len(later.X)-1] += 2
		if row := differs(ran(t, m, &later, RunOptions{}), out); row != 0 {
			t.Errorf("%s: the last row has an effect from row %d on", name, row)
		}
	}
}

// TestPools: a pooled output is the pool of the outputs of the rows so far, which another run gives without a pool; the
// readout is linear, so that it may stand before the pool or behind it.
func TestPools(t *testing.T) {
	s := series.Plain(3)
	s.Target.Outputs = 2
	w := walk(s, 40, 8)
	layers := []Layer{{Cell: cell.GRU{Units: 4}, Block: postMLP}}
	last := stacked(t, s, Architecture{Layers: layers})
	single := ran(t, last, &w, RunOptions{})
	pooled := ran(t, stacked(t, s, Architecture{Layers: layers, Pool: Mean}).With(last.theta), &w, RunOptions{})
	sum := make([]float64, 2)
	for row := range single {
		want := each(sum, func(i int, v float64) float64 { return (v + float64(single[row][i])) / float64(row+1) })
		near(t, fmt.Sprintf("mean, row %d", row), pooled[row], want)
		sum = each(sum, func(i int, v float64) float64 { return v + float64(single[row][i]) })
	}

	m := stacked(t, s, Architecture{Layers: layers, Pool: Attention})
	for _, scale := range []float32{0, 1, 5000, -5000} { // the last: exponents far beyond what exp can take
		m := m.With(m.theta)
		for _, q := range m.program.Params {
			for i := range q.Shape.Len() {
				if q.Name == "pool.query.w" {
					m.theta[q.Offset+i] *= scale
				}
			}
		}
		n, highest := net{t, m}, 0.0
		hidden, out := n.along(&w), ran(t, m, &w, RunOptions{})
		for row := range out {
			shares := make([]float64, row+1)
			top := math.Inf(-1)
			for k := range shares {
				shares[k] = n.linear(hidden[k], "pool.query.w", "")[0]
				top = max(top, shares[k])
				highest = max(highest, math.Abs(shares[k]))
			}
			total, h := 0.0, make([]float64, len(hidden[0]))
			for k := range shares {
				shares[k] = math.Exp(shares[k] - top)
				total += shares[k]
			}
			for k, share := range shares {
				h = each(h, func(i int, v float64) float64 { return v + share/total*hidden[k][i] })
			}
			for i, v := range n.linear(h, "readout.w", "readout.bias") {
				// A score is wrong by its size times 1e-7, and its exponential by as much.
				if d := math.Abs(float64(out[row][i]) - v); !(d <= (2e-5+1e-6*math.Abs(float64(scale)))*(1+math.Abs(v))) {
					t.Fatalf("attention, scores times %v, row %d: value %d is %v, want %v", scale, row, i, out[row][i], v)
				}
			}
		}
		if scale > 1 && highest < 100 {
			t.Errorf("scores are %g at most, which exp takes", highest)
		}
	}
}

// TestAttentionBegins: the first row is its own pool whatever its score, in double precision too, where exp overflows to Inf.
func TestAttentionBegins(t *testing.T) {
	for _, query := range []float64{-1e6, 1e6} {
		b := step.New()
		h := b.Input("h", 2)
		b.Output("pooled", (&stack{b: b}).pool(Attention, h))
		p, row := b.Build(), []float64{0.75, 1.25}
		o := engine.NewOracle(p, 1, []float64{query, query / 2})
		copy(o.Value(p.Inputs[0].Node), row)
		o.Step()
		if got := o.Value(p.Outputs[0].Node); !slices.Equal(got, row) {
			t.Errorf("query %g: the first row is pooled to %v", query, got)
		}
	}
}

// TestUntrainedAttentionIsTheMean: at first every row has the same share.
func TestUntrainedAttentionIsTheMean(t *testing.T) {
	s := series.Plain(2)
	w := walk(s, 20, 5)
	layers := []Layer{Recurrent(cell.CfC{Units: 4})}
	var out [][][]float32
	for _, pool := range []Pool{Mean, Attention} {
		m, err := Architecture{Layers: layers, Pool: pool}.Model(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ran(t, m.Initial(4), &w, RunOptions{}))
	}
	for row := range out[0] {
		near(t, fmt.Sprint("row ", row), out[1][row], widened(out[0])[row])
	}
}

// TestStacksAreCausal: a stack with a pool streams with the bits of a batch, from the middle of a series too, and rows that
// come later change nothing. It survives its file.
func TestStacksAreCausal(t *testing.T) {
	s := rich()
	w := walk(s, 23, 9)
	for name, a := range stacks() {
		for _, a.Pool = range Pools() {
			m := stacked(t, s, a)
			causal(t, fmt.Sprintf("%s, %s", name, a.Pool), m, &w)
		}
	}
}

// causal demands that a model streams with the bits of a batch, goes on from the middle of a series, and survives its file, which
// it gives.
func causal(t *testing.T, name string, m *Model, w *series.Series) (again *Model) {
	t.Helper()
	want := ran(t, m, w, RunOptions{})
	if row := differs(stepped(t, m.Stream(), w), want); row != -1 {
		t.Errorf("%s: the stream differs from the batch in row %d", name, row)
	}
	first, rest := w.Span(0, 9), w.Span(9, w.Len())
	state := [][]float32{make([]float32, m.program.StateWidth())}
	parts := append(ran(t, m, &first, RunOptions{State: state}), ran(t, m, &rest, RunOptions{State: state})...)
	if row := differs(parts, want); row != -1 {
		t.Errorf("%s: cut in two, it differs in row %d", name, row)
	}
	again, err := Read(bytes.NewReader(written(t, m)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if row := differs(ran(t, again, w, RunOptions{Workers: 2}), want); row != -1 || again.program.String() != m.program.String() {
		t.Errorf("%s: another model after loading, in row %d", name, row)
	}
	return again
}

// TestDropoutByHand: with a mask of ones what is kept is divided by the share that is, with one of zeros nothing is left.
func TestDropoutByHand(t *testing.T) {
	s, w := series.Plain(3), walk(series.Plain(3), 7, 2)
	m := stacked(t, s, Architecture{Layers: []Layer{{Cell: cell.GRU{Units: 4}, Block: Block{Dropout: 0.375}}}})
	n := net{t, m}
	passes, masks := m.Training()
	for _, bit := range []float32{0, 1} {
		lane, err := m.Lane(&w)
		if err != nil {
			t.Fatal(err)
		}
		lane.Draw = func(input string, _ int, dst []float32) {
			if input != "block0.mask" || len(dst) != 4 {
				t.Errorf("%d values of %q are drawn", len(dst), input)
			}
			for i := range dst {
				dst[i] = bit
			}
		}
		hidden := n.along(&w)
		engine.NewPasses(passes, engine.BatchOptions{Workers: 1}).Run(m.theta, []engine.Lane{lane}, func(_, row int, y []float32) {
			kept := each(hidden[row], func(_ int, v float64) float64 { return v * float64(bit) / 0.625 })
			near(t, fmt.Sprintf("mask %v, row %d", bit, row), y, n.linear(kept, "readout.w", "readout.bias"))
		})
	}
	if len(masks) != 1 || masks[0] != (Mask{Input: "block0.mask", Width: 4, Rate: 0.375}) {
		t.Errorf("the masks are %+v", masks)
	}
}
