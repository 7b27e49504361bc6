package conform

import (
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/step"
)

// batchLanes makes three shards, the last of them not full.
const batchLanes = 70

// outcome is what a batch computes.
type outcome struct {
	loss   float64
	grad   []float32
	final  [][]float32
	output [][]float32
	bytes  int // kept by the gradient
}

// Workers: one worker and many give the same bits: loss, gradient, outputs and final states of a batch of series of
// different lengths. A series alone gives the outputs and the final state that it gives in the batch.
func Workers(s Subject) error {
	t := s.draw(s.Program, 4, batchLanes, 13)
	one := s.batch(t, engine.BatchOptions{Workers: 1}, allLanes(), rows)
	for _, workers := range []int{2, 5} {
		many := s.batch(t, engine.BatchOptions{Workers: workers}, allLanes(), rows)
		if err := one.same(many); err != nil {
			return fmt.Errorf("1 worker and %d: %w", workers, err)
		}
	}
	for _, lane := range []int{0, 37, batchLanes - 1} {
		alone := s.batch(t, engine.BatchOptions{Workers: 1}, []int{lane}, rows)
		if !bits(alone.output[0], one.output[lane]) || !bits(alone.final[0], one.final[lane]) {
			return fmt.Errorf("series %d gives %v alone and %v in a batch of %d", lane, alone.output[0], one.output[lane], batchLanes)
		}
	}
	return nil
}

// same compares two outcomes to the bit.
func (r outcome) same(q outcome) error {
	switch {
	case math.Float64bits(r.loss) != math.Float64bits(q.loss):
		return fmt.Errorf("the losses are %v and %v", r.loss, q.loss)
	case !bits(r.grad, q.grad):
		return fmt.Errorf("the gradients differ")
	case !slices.EqualFunc(r.final, q.final, bits):
		return fmt.Errorf("the final states differ")
	case !slices.EqualFunc(r.output, q.output, bits):
		return fmt.Errorf("the outputs differ")
	}
	return nil
}

// bits compares to the bit.
func bits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

func allLanes() (lanes []int) {
	for l := range batchLanes {
		lanes = append(lanes, l)
	}
	return lanes
}

// rows is the length of a series: 1 to 4, so that shards are ragged.
func rows(lane int) int { return 1 + (lane*7+2)%4 }

// batch runs some of the series of a trial, cut to numbers of rows.
func (s Subject) batch(t *trial.Trial, o engine.BatchOptions, picked []int, rows func(lane int) int) (r outcome) {
	theta := make([]float32, len(t.Theta))
	narrow(theta, t.Theta)
	lanes := make([]engine.Lane, len(picked))
	for i, l := range picked {
		one := t.Pick(l)
		lanes[i] = engine.Lane{X: [][]float32{make([]float32, rows(l)*inputs)}, DT: make([]float32, rows(l)), Final: make([]float32, s.Program.StateWidth())}
		narrow(lanes[i].X[0], one.X[0][:rows(l)*inputs])
		narrow(lanes[i].DT, one.DT[:rows(l)])
		if l%3 > 0 {
			lanes[i].Part = make([]float32, rows(l)*step.PartWidth)
			narrow(lanes[i].Part, one.Part[:len(lanes[i].Part)])
		}
		for _, h := range one.H0 {
			for _, v := range h {
				lanes[i].State = append(lanes[i].State, float32(v))
			}
		}
		r.final = append(r.final, lanes[i].Final)
	}
	r.output = make([][]float32, len(picked))
	b, seen := engine.NewBatch(s.Program, o), make([]int, len(picked))
	loss, grad := b.Gradient(theta, lanes, func(lane, time int, y, dy []float32) (sum float64) {
		if seen[lane]++; seen[lane] != time+1 {
			return math.NaN() // seen twice, or too early
		}
		for k, v := range y {
			dy[k] = v * float32(1+k+time) / 3
			sum += float64(v*v) * float64(1+k+time) / 6
		}
		return sum
	})
	r.loss, r.grad, r.bytes = loss, slices.Clone(grad), b.Bytes()
	b.Run(theta, lanes, func(lane, _ int, y []float32) { r.output[lane] = append(r.output[lane], y...) })
	return r
}
