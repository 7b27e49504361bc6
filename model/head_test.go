package model

import (
	"fmt"
	"math"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// features is what the first layer should see of a series, worked out column by column in double precision. It knows
// nothing of programs.
func features(s series.Schema, w *series.Series, timeInput, gaps bool) (rows [][]float64) {
	held, since := map[int]float64{}, make([]float64, len(s.Inputs))
	for row, dt := range w.DT {
		var f []float64
		for i, in := range s.Inputs {
			v := float64(w.At(row)[i])
			observed := !math.IsNaN(v)
			since[i] += float64(dt)
			if observed {
				held[i], since[i] = v, 0
			} else if gaps && in.Kind == series.Numeric {
				v = math.NaN()
			} else if old, ok := held[i]; ok && in.Hold {
				v = old
			} else {
				v = in.Impute
			}
			if in.Kind == series.Category {
				for k := range in.Levels {
					f = append(f, indicator(int(v) == k))
				}
			} else {
				if len(in.Range) > 0 {
					v = math.Max(in.Range[0], math.Min(in.Range[1], v))
				}
				z := (v - in.Mean) / in.SD
				if in.Clip > 0 {
					z = math.Max(-in.Clip, math.Min(in.Clip, z))
				}
				f = append(f, z)
			}
			if in.Mask {
				f = append(f, indicator(observed))
			}
			if in.Since {
				f = append(f, math.Log1p(since[i]))
			}
		}
		if timeInput {
			f = append(f, math.Log1p(float64(dt)))
		}
		rows = append(rows, f)
	}
	return rows
}

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// headProgram is the head of a schema alone.
func headProgram(s series.Schema, timeInput, gaps bool) *step.Program {
	b := step.New()
	h := newHead(b, b.Input("x", len(s.Inputs)), s, gaps)
	x := h.features(h.values)
	if timeInput {
		x = step.Concat(x, step.Log(step.Plus(b.DT(), 1)))
	}
	b.Output("y", x)
	return b.Build()
}

// headError runs the head of a schema along a series and names the worst feature.
func headError(s series.Schema, w *series.Series, want [][]float64, gaps bool) (worst float64, where string) {
	p := headProgram(s, true, gaps)
	batch := engine.NewBatch(p, engine.BatchOptions{Workers: 1})
	lane := engine.Lane{X: [][]float32{w.X}, DT: w.DT}
	names := append(s.Names(), "log(1+dt)")
	batch.Run(nil, []engine.Lane{lane}, func(_, t int, y []float32) {
		for k, v := range y {
			e := math.Abs(float64(v)-want[t][k]) / (1 + math.Abs(want[t][k]))
			if v != v && math.IsNaN(want[t][k]) {
				e = 0
			}
			if !(e <= worst) && !math.IsNaN(worst) {
				worst, where = e, fmt.Sprintf("%s in row %d is %g, want %g", names[k], t, v, want[t][k])
			}
		}
	})
	return worst, where
}

func TestHeadAgainstReference(t *testing.T) {
	s := rich()
	w := walk(s, 60, 3)
	for i := range s.Inputs { // a first row where nothing that may be missing was observed
		if s.Inputs[i].Missing {
			w.X[i] = float32(nan)
		}
	}
	for _, gaps := range []bool{false, true} {
		want := features(s, &w, true, gaps)
		if n := s.Features() + 1; len(want[0]) != n || len(s.Names())+1 != n {
			t.Fatalf("the reference has %d features, the schema %d and %d names", len(want[0]), s.Features(), len(s.Names()))
		}
		if worst, where := headError(s, &w, want, gaps); !(worst <= 1e-6) {
			t.Errorf("relative error %.2g: %s", worst, where)
		}
		// Each feature by itself in a schema of its own, so that no other one brings its mechanism along.
		for i, in := range s.Inputs {
			one := series.Schema{Inputs: s.Inputs[i : i+1]}
			part := series.Series{DT: w.DT}
			for row := range w.DT {
				part.X = append(part.X, w.At(row)[i])
			}
			if worst, where := headError(one, &part, features(one, &part, true, gaps), gaps); !(worst <= 1e-6) {
				t.Errorf("%s alone: relative error %.2g: %s", in.Name, worst, where)
			}
		}
	}
}

// TestHeadLeavesGaps: the head of a cell that takes missing values itself gives NaN where numbers were not observed and
// remembers nothing of them; and it does so for that cell alone.
func TestHeadLeavesGaps(t *testing.T) {
	s := rich()
	w := walk(s, 60, 3)
	for _, gaps := range []bool{false, true} {
		if worst, _ := headError(s, &w, features(s, &w, true, !gaps), gaps); !math.IsNaN(worst) {
			t.Errorf("a head with gaps %v gives what one with gaps %v should", gaps, !gaps)
		}
	}
	numbers := series.Plain(3)
	for i := range numbers.Inputs {
		numbers.Inputs[i].Missing, numbers.Inputs[i].Hold = true, true
	}
	if n := len(headProgram(numbers, false, true).States); n != 0 {
		t.Errorf("a head that leaves gaps has %d states", n)
	}
	for _, c := range []struct {
		cell cell.Cell
		gaps bool
	}{{cell.GRUD{Units: 3}, true}, {cell.GRUDecay{Units: 3}, false}, {cell.GRU{Units: 3}, false}} {
		m := made(t, numbers, Recurrent(c.cell))
		gapless := len(m.program.States) > 0 && m.program.States[0].Name == "held"
		if gapless == c.gaps {
			t.Errorf("%T: the head imputes: %v", c.cell, gapless)
		}
		row := []float32{0.5, float32(nan), -1}
		y, err := m.Stream().Step(row, 1)
		if err != nil || y[0] != y[0] {
			t.Errorf("%T: a row with a gap gives %v, %v", c.cell, y, err)
		}
	}
}

// TestHeadReferenceBites: every property of a column matters to the comparison.
func TestHeadReferenceBites(t *testing.T) {
	w := walk(rich(), 60, 3)
	faults := map[string]func(in []series.Input){
		"clip":        func(in []series.Input) { in[0].Clip = 0 },
		"mean":        func(in []series.Input) { in[0].Mean = 20.6 },
		"sd":          func(in []series.Input) { in[2].SD = 0.62 },
		"impute mean": func(in []series.Input) { in[2].Impute = 0 },
		"impute zero": func(in []series.Input) { in[3].Impute = 2.75 },
		"impute":      func(in []series.Input) { in[4].Impute = 7 },
		"hold":        func(in []series.Input) { in[4].Hold = false },
		"range":       func(in []series.Input) { in[3].Range = nil },
		"clip held":   func(in []series.Input) { in[6].Clip = 0 },
		"category":    func(in []series.Input) { in[1].Impute = 2 },
	}
	for name, spoil := range faults {
		other := rich()
		spoil(other.Inputs)
		if worst, _ := headError(rich(), &w, features(other, &w, true, false), false); worst < 1e-3 {
			t.Errorf("another %s changes the features by %.2g only", name, worst)
		}
	}
}

// An observed value reaches the layer as it is, even where it is far from what is imputed.
func TestHeldValuesAreNotRounded(t *testing.T) {
	s := series.Plain(1)
	s.Inputs[0].Missing, s.Inputs[0].Hold, s.Inputs[0].Impute = true, true, 1e6
	p := headProgram(s, false, false)
	e := engine.Compile(p, engine.Options{})
	const v = float32(0.1234567)
	e.Input(0, 0)[0] = v
	e.Forward(1)
	if got := e.Output(0, 0)[0]; got != v {
		t.Errorf("an observed %v became %v", v, got)
	}
}

// A value that was not observed has no slope and disturbs no other: by central differences in double precision.
func TestMissingValuesAndTheGradient(t *testing.T) {
	s := rich()
	m := made(t, s, networks["LTC"])
	w := walk(s, 12, 8)
	b := engine.NewBatch(m.program.Only("y"), engine.BatchOptions{Workers: 1})
	lane, err := m.Lane(&w)
	if err != nil {
		t.Fatal(err)
	}
	weight := func(t int) float64 { return 0.3 + 0.17*float64(t%5) }
	_, grad := b.Gradient(m.theta, []engine.Lane{lane}, func(_, t int, y, dy []float32) float64 {
		dy[0] = float32(weight(t))
		return weight(t) * float64(y[0])
	})
	loss := func(theta []float64) (sum float64) {
		tape := engine.Tape{Oracle: engine.NewOracle(m.program, 1, theta)}
		o := tape.Oracle
		y := m.program.Outputs[m.program.Output("y")].Node
		tape.Forward(w.Len(), func(t int) {
			for i, v := range w.At(t) {
				o.Value(m.program.Inputs[0].Node)[i] = float64(v)
			}
			o.Value(m.program.Time)[0] = float64(w.DT[t])
		}, func(t int) { sum += weight(t) * o.Value(y)[0] })
		return sum
	}
	theta := make([]float64, len(m.theta))
	for i, v := range m.theta {
		theta[i] = float64(v)
	}
	for _, q := range m.program.Params {
		for i := q.Offset; i < q.Offset+q.Shape.Len(); i += 1 + q.Shape.Len()/4 {
			const h = 1e-4
			at := theta[i]
			theta[i] = at + h
			up := loss(theta)
			theta[i] = at - h
			down := loss(theta)
			theta[i] = at
			want := (up - down) / (2 * h)
			if got := float64(grad[i]); !(math.Abs(got-want) <= 2e-4*(1+math.Abs(want))) {
				t.Errorf("gradient of %s at %d is %g, want %g by differences", shape(q), i-q.Offset, got, want)
			}
		}
	}
}

func TestMissingInputsHaveNoSlope(t *testing.T) {
	s := rich()
	m := made(t, s, networks["CfC"])
	p := m.program.Only("y").Reverse(step.WRT{Inputs: true})
	w := walk(s, 1, 8)
	w.X[1], w.X[2], w.X[4] = float32(nan), float32(nan), float32(nan)
	e := engine.Compile(p, engine.Options{})
	e.SetParams(m.theta)
	copy(e.Input(0, 0), w.X)
	e.DT(0)[0] = w.DT[0]
	e.Forward(1)
	e.DOutput(0, 0)[0] = 1
	e.Backward()
	for i, v := range e.DInput(0, 0) {
		switch {
		case w.X[i] != w.X[i]:
			if v != 0 {
				t.Errorf("%s was not observed and has slope %v", s.Inputs[i].Name, v)
			}
		case s.Inputs[i].Kind == series.Numeric && s.Inputs[i].Clip == 0 && len(s.Inputs[i].Range) == 0 && v == 0 || v != v:
			t.Errorf("%s was observed and has slope %v", s.Inputs[i].Name, v)
		}
	}
}

// Decoding by hand: y is what the loss sees, prediction what a user reads.
func TestDecode(t *testing.T) {
	exp := math.Exp
	for _, c := range []struct {
		name   string
		target series.Target
		y      []float64
		want   []float64
	}{
		{"two classes", series.Target{Task: series.Classify, Classes: []string{"a", "b"}}, []float64{0.7}, []float64{1 / (1 + exp(0.7)), 1 / (1 + exp(-0.7))}},
		{"three classes", series.Target{Task: series.Classify, Classes: []string{"a", "b", "c"}}, []float64{0.5, -1.25, 2},
			[]float64{exp(0.5) / (exp(0.5) + exp(-1.25) + exp(2)), exp(-1.25) / (exp(0.5) + exp(-1.25) + exp(2)), exp(2) / (exp(0.5) + exp(-1.25) + exp(2))}},
		{"a number", series.Target{Task: series.Regress, Mean: -3.5, SD: 2.25}, []float64{1.5}, []float64{-0.125}},
		{"an unscaled number", series.Target{Task: series.Regress, SD: 1}, []float64{1.75}, []float64{1.75}},
		{"three numbers", series.Target{Task: series.Regress, Mean: 1, SD: 0.5, Outputs: 3}, []float64{1, -2, 4}, []float64{1.5, 0, 3}},
		{"two numbers of their own scales", series.Target{Task: series.Regress, SD: 1, Outputs: 2, Each: []series.Output{{Name: "a", Mean: 1, SD: 0.5}, {Name: "b", Mean: -4, SD: 8}}},
			[]float64{1, -0.25}, []float64{1.5, -6}},
		{"quantiles", series.Target{Task: series.Regress, Mean: 10, SD: 4, Quantiles: []float64{0.1, 0.5}}, []float64{-1.5, 0.25}, []float64{4, 11}},
		{"gaussian", series.Target{Task: series.Regress, Mean: 10, SD: 4, Gaussian: true}, []float64{-0.5, -1.25}, []float64{8, 4 * exp(-1.25)}},
	} {
		b := step.New()
		b.Output("prediction", decode(b, b.Input("y", len(c.y)), c.target))
		if c.target.Width() != len(c.y) {
			t.Errorf("%s: the target asks for %d outputs, want %d", c.name, c.target.Width(), len(c.y))
		}
		e := engine.Compile(b.Build(), engine.Options{})
		for i, v := range c.y {
			e.Input(0, 0)[i] = float32(v)
		}
		e.Forward(1)
		got := e.Output(0, 0)
		if len(got) != len(c.want) {
			t.Fatalf("%s: %d values, want %d", c.name, len(got), len(c.want))
		}
		for k, want := range c.want {
			if math.Abs(float64(got[k])-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("%s: value %d is %v, want %v", c.name, k, got[k], want)
			}
		}
	}
}

// TestTimeInput: what cells without a notion of time are given.
func TestTimeInput(t *testing.T) {
	a := Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: 3})}, TimeInput: true}
	m, err := a.Model(series.Plain(2))
	if err != nil {
		t.Fatal(err)
	}
	without, err := New(series.Plain(2), Recurrent(cell.GRU{Units: 3}))
	if err != nil {
		t.Fatal(err)
	}
	if d := m.Parameters() - without.Parameters(); d != 3*3 {
		t.Errorf("log(1 + dt) brought %d parameters, want one a gate and unit: 9", d)
	}
	w := walk(m.schema, 5, 2)
	longer := w
	longer.DT = append([]float32(nil), w.DT...)
	longer.DT[2] += 0.5
	if row := differs(ran(t, moved(m, 5), &w, RunOptions{}), ran(t, moved(m, 5), &longer, RunOptions{})); row != 2 {
		t.Errorf("another dt in row 2 shows first in row %d", row)
	}
	if row := differs(ran(t, moved(without, 5), &w, RunOptions{}), ran(t, moved(without, 5), &longer, RunOptions{})); row != -1 {
		t.Errorf("a GRU without time input sees dt in row %d", row)
	}
}
