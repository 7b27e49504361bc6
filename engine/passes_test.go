package engine_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// leaky is a pass that looks at time, with a state: h' = h + dt / (1 + dt) (tanh(W x + U h + b) - h), and gives [x | h'].
func leaky(in, units int, carry bool) *step.Program {
	b := step.New()
	x, h := b.Input("x", in), b.State("h", step.Vector(units))
	drive := step.Tanh(b.Linear("drive", units, step.Between(-1, 1), step.Between(-0.5, 0.5), step.Term{Name: "x", X: x}, step.Term{Name: "h", X: h}))
	next := step.Add(h, step.Mul(step.Div(b.DT(), step.Plus(b.DT(), 1)), step.Sub(drive, h)))
	b.Next("h", next)
	if carry {
		next = step.Concat(x, next)
	}
	b.Output("y", next)
	return b.Build()
}

// bothWays are five passes: forward, backward, forward, backward, forward.
func bothWays() []engine.Pass {
	return []engine.Pass{
		{Program: leaky(3, 2, true)}, {Program: leaky(5, 3, true), Backward: true}, {Program: leaky(8, 2, false)},
		{Program: leaky(2, 2, true), Backward: true}, {Program: leaky(4, 2, false)},
	}
}

// exact runs passes over one series in float64, row by row on the oracle, by the definition of a pass: a backward one goes
// through the rows from the last to the first, with the time to the row after.
func exact(list []engine.Pass, theta []float64, lane engine.Lane) [][]float64 {
	times := len(lane.DT)
	rows := make([][]float64, times)
	for t := range rows {
		rows[t] = widen(lane.X[0][t*len(lane.X[0])/times:][:len(lane.X[0])/times])
	}
	for _, pass := range list {
		p := pass.Program
		o := engine.NewOracle(p, 1, theta[:p.ParamCount()])
		theta = theta[p.ParamCount():]
		out := make([][]float64, times)
		for k := range times {
			t, dt := k, lane.DT[k]
			if pass.Backward {
				if t = times - 1 - k; t == times-1 {
					dt = lane.DT[0]
				} else {
					dt = lane.DT[t+1]
				}
			}
			copy(o.Value(p.Inputs[0].Node), rows[t])
			o.Value(p.Time)[0] = float64(dt)
			o.Step()
			out[t] = slices.Clone(o.Value(p.Outputs[0].Node))
			for _, s := range p.States {
				copy(o.Value(s.Node), slices.Clone(o.Value(s.Next)))
			}
		}
		rows = out
	}
	return rows
}

func thetaOf(list []engine.Pass) (theta []float32) {
	for k, pass := range list {
		theta = append(theta, initial(pass.Program, uint64(k+3))...)
	}
	return theta
}

// seriesFor are series for the first pass, without states.
func seriesFor(list []engine.Pass, lengths []int) []engine.Lane {
	lanes := series(list[0].Program, lengths, 21)
	for l := range lanes {
		lanes[l].Final = nil
	}
	return lanes
}

var uneven = []int{6, 1, 9, 0, 4, 2}

// TestPassesAgainstOracle: rows are those of the definition, and the gradient is that of the loss by central differences
// through it.
func TestPassesAgainstOracle(t *testing.T) {
	list := bothWays()
	theta, lanes := thetaOf(list), seriesFor(list, uneven)
	p := engine.NewPasses(list, engine.BatchOptions{Workers: 2})
	seen := 0
	p.Run(theta, lanes, func(lane, row int, y []float32) {
		seen++
		for i, want := range exact(list, widen(theta), lanes[lane])[row] {
			if d := math.Abs(float64(y[i]) - want); !(d <= 1e-5) {
				t.Errorf("series %d, row %d: %v, want %v", lane, row, y[i], want)
			}
		}
	})
	if want := 6 + 1 + 9 + 4 + 2; seen != want {
		t.Fatalf("%d rows were shown of %d", seen, want)
	}
	loss := func(theta []float64) (sum float64) {
		for l := range lanes {
			for row, y := range exact(list, theta, lanes[l]) {
				for i, v := range y {
					d := v - math.Sin(float64(7*l+3*row+i)) // that of squares
					sum += d * d
				}
			}
		}
		return sum
	}
	sum, grad := p.Gradient(theta, lanes, squares)
	if want := loss(widen(theta)); math.Abs(sum-want) > 1e-4*want {
		t.Errorf("the loss is %v, want %v", sum, want)
	}
	const h = 1e-5
	largest := 0.0
	for i := range theta {
		moved := widen(theta)
		moved[i] += h
		up := loss(moved)
		moved[i] -= 2 * h
		want := (up - loss(moved)) / (2 * h)
		d := math.Abs(float64(grad[i])-want) / (1 + math.Abs(want))
		largest = max(largest, d)
		if !(d <= 1e-4) {
			t.Errorf("gradient %d is %v, by differences %v", i, grad[i], want)
		}
	}
	t.Logf("largest relative difference of the gradient %.1e", largest)
}

// TestPassesAndWorkers: one worker and many give the same bits, a series the rows that it has alone.
func TestPassesAndWorkers(t *testing.T) {
	list := bothWays()
	theta, lanes := thetaOf(list), seriesFor(list, append(lengths(70, 12, 7), uneven...))
	one := engine.NewPasses(list, engine.BatchOptions{Workers: 1})
	sum, grad := one.Gradient(theta, lanes, squares)
	grad = slices.Clone(grad)
	many := engine.NewPasses(list, engine.BatchOptions{Workers: 3})
	for range 2 {
		again, g := many.Gradient(theta, lanes, squares)
		if again != sum || !same(g, grad) {
			t.Errorf("three workers give other bits than one")
		}
	}
	rows := map[string][]float32{}
	one.Run(theta, lanes, func(lane, row int, y []float32) { rows[fmt.Sprint(lane, row)] = slices.Clone(y) })
	one.Run(theta, lanes[2:3], func(_, row int, y []float32) {
		if !same(y, rows[fmt.Sprint(2, row)]) {
			t.Errorf("row %d of a series is %v alone, %v among others", row, y, rows[fmt.Sprint(2, row)])
		}
	})
}

// TestOnePassIsABatch to the bit.
func TestOnePassIsABatch(t *testing.T) {
	p := liquid()
	theta, lanes := initial(p, 4), series(p, ragged, 7)
	want, grad := engine.NewBatch(p, engine.BatchOptions{Workers: 1}).Gradient(theta, lanes, squares)
	got, g := engine.NewPasses([]engine.Pass{{Program: p}}, engine.BatchOptions{Workers: 2}).Gradient(theta, lanes, squares)
	if got != want || !same(g, grad) {
		t.Error("one pass gives other bits than a batch")
	}
}

// TestDrawnInputs: an input that is drawn is one that was given, in segments too, and cotangents of inputs do not depend on
// them.
func TestDrawnInputs(t *testing.T) {
	b := step.New()
	x, mask, h := b.Input("x", 3), b.Input("mask", 3), b.State("h", step.Vector(3))
	next := step.Tanh(b.Linear("drive", 3, step.Between(-1, 1), nil, step.Term{Name: "x", X: step.Select(mask, x, b.Const(0))}, step.Term{Name: "h", X: h}))
	b.Next("h", next)
	b.Output("y", next)
	p := b.Build()
	theta := initial(p, 2)
	given := series(p, []int{90, 41, 77}, 5)
	drawn := slices.Clone(given)
	for l := range given {
		for i := range given[l].X[1] {
			given[l].X[1][i] = float32((i*7 + l) % 3 % 2)
		}
		whole := given[l].X[1]
		drawn[l].X = given[l].X[:1]
		drawn[l].Draw = func(input string, row int, dst []float32) {
			if input != "mask" {
				t.Errorf("input %q is drawn", input)
			}
			copy(dst, whole[row*3:])
		}
	}
	cotangents := func(o engine.BatchOptions, lanes []engine.Lane) (float64, []float32, [][]float32) {
		lanes = slices.Clone(lanes)
		var dx [][]float32
		for l := range lanes {
			dx = append(dx, make([]float32, len(lanes[l].X[0])))
			lanes[l].DX = dx[l : l+1 : l+1]
		}
		o.Inputs = true
		b := engine.NewBatch(p, o)
		if o.Memory > 0 {
			o.Memory = b.Need(3, 90)
			b = engine.NewBatch(p, o)
		}
		sum, grad := b.Gradient(theta, lanes, squares)
		return sum, slices.Clone(grad), dx
	}
	want, grad, dx := cotangents(engine.BatchOptions{Workers: 1}, given)
	for _, o := range []engine.BatchOptions{{Workers: 1}, {Workers: 2}, {Workers: 1, Memory: 1}} {
		sum, g, d := cotangents(o, drawn)
		if sum != want || !same(g, grad) || !slices.EqualFunc(d, dx, same) {
			t.Errorf("with %+v drawn inputs give other bits than given ones", o)
		}
	}
}
