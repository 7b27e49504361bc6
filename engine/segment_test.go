package engine_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/elegans-nn/elegans/engine"
)

// budgets are the least memory for a gradient, that of one segment, and some between them.
func budgets(b *engine.Batch, lanes, rows, unbounded int) []int {
	least := b.Need(lanes, rows)
	more := max(0, unbounded-least)
	return []int{least, least + more/5, least + more/2, least + 2*more}
}

func TestMemoryChangesNoBit(t *testing.T) {
	for name, build := range cells {
		p := build()
		theta := initial(p, 5)
		for _, list := range [][]int{{203}, lengths(3, 41, 100), lengths(67, 9, 83), ragged, {0, 0}, {0, 90, 7}} {
			lanes, rows := series(p, list, 8), 0
			for l := range lanes {
				rows = max(rows, list[l])
				lanes[l].State = make([]float32, p.StateWidth())
				for i := range lanes[l].State {
					lanes[l].State[i] = float32(math.Sin(float64(l + 3*i)))
				}
			}
			b := engine.NewBatch(p, engine.BatchOptions{Workers: 1})
			want := train(b, theta, lanes, 0)
			for _, workers := range []int{1, 2} {
				o := engine.BatchOptions{Workers: workers}
				for _, o.Memory = range budgets(engine.NewBatch(p, o), len(lanes), rows, b.Bytes()*workers) {
					bounded := engine.NewBatch(p, o)
					for range 2 { // again with engines and buffers that were used before
						got := train(bounded, theta, lanes, 0)
						if err := want.differs(got); err != "" {
							t.Fatalf("%s, %d series of up to %d rows, %d workers, %d bytes: another %s", name, len(lanes), rows, workers, o.Memory, err)
						}
					}
					if n := bounded.Bytes(); n > o.Memory {
						t.Errorf("%s, %d series of up to %d rows: %d bytes of %d", name, len(lanes), rows, n, o.Memory)
					}
				}
			}
		}
	}
}

// differs names what is not the same in another result.
func (r result) differs(q result) string {
	if r.loss != q.loss {
		return "loss"
	}
	if !same(r.grad, q.grad) {
		return "gradient"
	}
	for l := range r.final {
		if !same(r.final[l], q.final[l]) {
			return fmt.Sprint("final state of series ", l)
		}
	}
	for key, y := range r.output {
		if !same(y, q.output[key]) {
			return "output at lane and row " + key
		}
	}
	return ""
}

// The loss sees every row once, those of a series in order, however often they are computed.
func TestMemoryAndLoss(t *testing.T) {
	p := memory()
	lanes := series(p, []int{120, 77, 3}, 2)
	o := engine.BatchOptions{Workers: 1}
	o.Memory = engine.NewBatch(p, o).Need(3, 120)
	seen := make([]int, 3)
	engine.NewBatch(p, o).Gradient(initial(p, 1), lanes, func(lane, row int, _, _ []float32) float64 {
		if row != seen[lane] {
			t.Errorf("series %d: row %d comes after %d rows", lane, row, seen[lane])
		}
		seen[lane]++
		return 0
	})
	for l, n := range seen {
		if n != lanes[l].Rows(p) {
			t.Errorf("series %d: %d rows of %d", l, n, lanes[l].Rows(p))
		}
	}
}

// The size of an engine is known before it is compiled.
func TestGrowth(t *testing.T) {
	for name, build := range cells {
		for _, lanes := range []int{1, 8, 32} {
			for _, steps := range []int{32, 96, 800} {
				if told, is := engine.Foretold(build(), steps, lanes); told != is {
					t.Errorf("%s, %d steps of %d lanes: %d bytes foretold, %d taken", name, steps, lanes, told, is)
				}
			}
		}
	}
}

// Where memory is too little for all workers, fewer run.
func TestMemoryOfManyWorkers(t *testing.T) {
	p := liquid()
	lanes, theta := series(p, lengths(160, 90, 60), 1), initial(p, 2)
	one, many := engine.BatchOptions{Workers: 1}, engine.BatchOptions{Workers: 5}
	many.Memory = engine.NewBatch(p, one).Need(160, 90)
	b := engine.NewBatch(p, many)
	if err := train(engine.NewBatch(p, one), theta, lanes, 0).differs(train(b, theta, lanes, 0)); err != "" {
		t.Errorf("another %s", err)
	}
	if n := b.Bytes(); n > many.Memory {
		t.Errorf("%d bytes of %d", n, many.Memory)
	}
}

// What a gradient needs at least grows with the root of the length, where one segment grows with the length.
func TestMemoryOfLongSeries(t *testing.T) {
	p := liquid()
	b := engine.NewBatch(p, engine.BatchOptions{Workers: 1})
	slopes := 4 * p.Nodes[p.Outputs[0].Node].Shape.Len() // kept for every row
	short, long := b.Need(1, 1<<12)-slopes<<12, b.Need(1, 1<<18)-slopes<<18
	if k := float64(long) / float64(short); k > 8 {
		t.Errorf("64 times as many rows need %.1f times the memory, want 8 at most: %d and %d bytes", k, short, long)
	}
}

// Batches of other sizes and lengths leave nothing in memory that would not fit beside the next one.
func TestMemoryOfManyBatches(t *testing.T) {
	p := liquid()
	o := engine.BatchOptions{Workers: 2}
	o.Memory = engine.NewBatch(p, o).Need(70, 300) * 5 / 4
	b, free := engine.NewBatch(p, o), engine.NewBatch(p, engine.BatchOptions{Workers: 1})
	theta := initial(p, 3)
	for _, list := range [][]int{lengths(70, 300, 20), lengths(70, 30, 20), lengths(8, 99, 150), lengths(64, 300, 9), lengths(70, 300, 20)} {
		lanes := series(p, list, 1)
		b.Run(theta, lanes, func(int, int, []float32) {})
		if err := train(free, theta, lanes, 0).differs(train(b, theta, lanes, 0)); err != "" {
			t.Errorf("%d series: another %s", len(list), err)
		}
		if n := b.Bytes(); n > o.Memory {
			t.Errorf("%d series: %d bytes of %d", len(list), n, o.Memory)
		}
	}
}

func TestTooLittleMemory(t *testing.T) {
	p := liquid()
	o := engine.BatchOptions{Workers: 1}
	o.Memory = engine.NewBatch(p, o).Need(5, 100) - 1
	defer func() {
		if r := recover(); r != "engine: BatchOptions.Memory is below what Need says" {
			t.Errorf("one byte too few: %v", r)
		}
	}()
	engine.NewBatch(p, o).Gradient(initial(p, 1), series(p, lengths(5, 100, 100), 1), squares)
}

// A planted fault: segments that end within a chunk sum the same products in another order, which shows in the last bits.
func TestPlantedSegments(t *testing.T) {
	p := memory()
	lanes := series(p, lengths(9, 50, 50), 4)
	bits := func(at ...int) []float32 { return engine.Segmented(p, initial(p, 1), lanes, at, squares) }
	want := bits(0, 50)
	for _, at := range [][]int{{0, 8, 50}, {0, 16, 40, 50}, {0, 48, 50}} {
		if !same(bits(at...), want) {
			t.Errorf("segments at %d: other bits", at)
		}
	}
	for _, at := range [][]int{{0, 12, 50}, {0, 16, 29, 50}, {0, 44, 50}} {
		if same(bits(at...), want) {
			t.Errorf("segments at %d, which cut a chunk, change nothing: the comparison is blind", at)
		}
	}
}
