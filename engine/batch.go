package engine

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/elegans-nn/elegans/step"
)

// Lane is one series, or a window of one. Its number of rows is that of DT or, without it, of the first input.
type Lane struct {
	// X are the program's inputs, each row-major [row][width]. Inputs beyond the last of them are drawn.
	X [][]float32
	// Draw writes row t of an input that is not in X, whose name it is given, such as the mask of a dropout: the same numbers
	// whenever it is asked, for rows may be run twice, and from any goroutine.
	Draw func(input string, t int, dst []float32)
	// DX receives from Gradient the cotangents of the first inputs, as long as those in X. It needs BatchOptions.Inputs.
	DX [][]float32
	// DT is the elapsed time before each row; not read if the program does not look at it.
	DT []float32
	// Part says of each row which part of a longer one it is, [row][step.PartWidth]; nil where none is. Not read if that makes
	// no difference to the program.
	Part []float32
	// Of is the row that each of these parts belongs to, which is what Draw is asked for: what is drawn is held as inputs are.
	Of []int
	// State is the initial state, all states in their order; zero if nil.
	State []float32
	// Final, if not nil, receives the state after the last row.
	Final []float32
	// Label is for the loss function, which may read it by lane, row and output; the engine does not.
	Label []float64
}

// Rows is the number of rows.
func (l *Lane) Rows(p *step.Program) int {
	if l.DT != nil || len(p.Inputs) == 0 {
		return len(l.DT)
	}
	return len(l.X[0]) / p.Nodes[p.Inputs[0].Node].Shape.Len()
}

// row is the row that step t belongs to.
func (l *Lane) row(t int) int {
	if l.Of != nil {
		return l.Of[t]
	}
	return t
}

// BatchOptions are the options of a Batch.
type BatchOptions struct {
	// Workers is the number of goroutines; as many as there are processors if zero. Results do not depend on it.
	Workers int
	// Memory is how many bytes Gradient may keep, as Bytes counts them; without bound if zero. Where all values of all rows
	// would take more, each series is cut into segments: states are kept where they begin, and the rest is computed again
	// on the way back. Results do not depend on it. Need says what it must be at least.
	Memory int
	// Inputs makes Gradient compute the cotangents of inputs, see Lane.DX.
	Inputs bool
}

// Batch runs a program over many series at once, of any lengths. They are cut into shards of 32 lanes, 16 in a batch
// below 64, on every machine; each shard runs by itself, and sums over shards are taken in their order, so that one
// worker and many give the same bits. Engines are kept for the next call. A Batch belongs to one goroutine.
type Batch struct {
	p       *step.Program
	reverse *step.Program // derived at first use
	workers int
	memory  int
	inputs  bool
	growth  map[int]growth // by lanes
	mu      sync.Mutex
	free    map[engineKey][]*shard
	shards  []job
	sums    []float64
	grad    []float32
}

// engineKey tells which engines are alike.
type engineKey struct {
	steps, lanes int
	train        bool
	probes       string
}

// job is a shard of the batch at hand and its results.
type job struct {
	from, to int // lanes
	grad     []float32
}

// NewBatch prepares a program without reverse, which it derives itself, and with an output.
func NewBatch(p *step.Program, o BatchOptions) *Batch {
	if p.Adjoint != nil || len(p.Outputs) == 0 {
		panic("engine: a Batch takes a program with an output and without reverse")
	}
	if o.Workers < 1 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return &Batch{p: p, workers: o.Workers, memory: o.Memory, inputs: o.Inputs, growth: map[int]growth{}, free: map[engineKey][]*shard{}}
}

// Loss gives the loss of row t of a lane with output y, and writes its slope dy, which is zero before. Both are valid during
// the call. Rows of a lane come in order, lanes concurrently.
type Loss func(lane, t int, y, dy []float32) float64

// Gradient runs the series from their initial states and back. loss is called for every row of every lane, with the first
// output. The result is the sum of what loss gave and the gradient of that sum, valid until the next call. It panics where
// BatchOptions.Memory is below what Need says.
func (b *Batch) Gradient(theta []float32, lanes []Lane, loss Loss) (float64, []float32) {
	b.derive()
	b.cut(len(lanes))
	f := b.fit(lanes)
	b.sums = append(b.sums[:0], make([]float64, len(lanes))...)
	b.each(f.workers, func(j *job) {
		part := lanes[j.from:j.to]
		s := b.borrow(engineKey{steps: b.stepsFor(f, part), lanes: padded(len(part)), train: true}, nil)
		defer b.giveBack(s)
		s.e.SetParams(theta)
		rows := s.gradient(part, j.from, cuts(longest(b.p, part), s.key.steps), b.sums[j.from:j.to], loss)
		j.grad = append(j.grad[:0], s.e.Grad()...)
		if !rows {
			clear(j.grad)
		}
	})
	clear(b.grad)
	for k := range b.shards {
		for i, g := range b.shards[k].grad {
			b.grad[i] += g
		}
	}
	sum := 0.0
	for _, v := range b.sums {
		sum += v
	}
	return sum, b.grad
}

// derive makes the reverse at its first use.
func (b *Batch) derive() {
	if b.reverse == nil {
		b.reverse = b.p.Reverse(step.WRT{Inputs: b.inputs})
		b.grad = make([]float32, b.p.ParamCount())
	}
}

// span is how many rows Run takes at once.
const span = 64

// Run runs the series from their initial states. visit is called for every row of every lane, rows of a lane in order,
// lanes concurrently; y is the first output, valid during the call. Memory does not grow with the length of the series.
func (b *Batch) Run(theta []float32, lanes []Lane, visit func(lane, t int, y []float32)) {
	b.Trace(theta, lanes, nil, func(lane, t int, y []float32, _ [][]float32) { visit(lane, t, y) })
}

// Trace is Run with the values of some probes, in the order of their numbers in probes.
func (b *Batch) Trace(theta []float32, lanes []Lane, probes []int, visit func(lane, t int, y []float32, values [][]float32)) {
	b.cut(len(lanes))
	b.each(b.workers, func(j *job) {
		part := lanes[j.from:j.to]
		s := b.borrow(engineKey{steps: min(capacity(longest(b.p, part)), span), lanes: padded(len(part))}, probes)
		defer b.giveBack(s)
		s.e.SetParams(theta)
		for t := 0; s.load(part, t, s.key.steps); t += s.times {
			s.e.Forward(s.times)
			s.visit(func(lane, k int) { visit(j.from+lane, t+k, s.y, s.values) })
		}
		s.store(part)
	})
}

// shardOf is how many of n series make a shard.
func shardOf(n int) int {
	if n < 64 {
		return 16
	}
	return 32
}

// cut makes the shards of a batch of n lanes.
func (b *Batch) cut(n int) {
	size := shardOf(n)
	count := (n + size - 1) / size
	for len(b.shards) < count {
		b.shards = append(b.shards, job{})
	}
	b.shards = b.shards[:count]
	for k := range b.shards {
		b.shards[k].from, b.shards[k].to = k*size, min((k+1)*size, n)
	}
}

// each runs the shards on so many workers.
func (b *Batch) each(workers int, run func(j *job)) {
	if workers == 1 || len(b.shards) == 1 {
		for k := range b.shards {
			run(&b.shards[k])
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, len(b.shards)) {
		wg.Go(func() {
			for k := int(next.Add(1)) - 1; k < len(b.shards); k = int(next.Add(1)) - 1 {
				run(&b.shards[k])
			}
		})
	}
	wg.Wait()
}

// capacity rounds a number of rows up, so that few engines serve many lengths.
func capacity(n int) int {
	c := 4
	for c < n {
		if c+c/2 >= n {
			return c + c/2
		}
		c *= 2
	}
	return c
}

// padded is the number of lanes of the engine for n series: one, or a multiple of what a vector holds.
func padded(n int) int {
	if n == 1 {
		return 1
	}
	return (n + 7) &^ 7
}

// longest is the number of rows of the longest series.
func longest(p *step.Program, lanes []Lane) (rows int) {
	for i := range lanes {
		rows = max(rows, lanes[i].Rows(p))
	}
	return rows
}

// borrow finds a free engine or compiles one.
func (b *Batch) borrow(key engineKey, probes []int) *shard {
	p := b.p
	if key.train {
		p = b.reverse
	}
	if len(probes) > 0 {
		key.probes = fmt.Sprint(probes)
	}
	b.mu.Lock()
	list := b.free[key]
	if n := len(list); n > 0 {
		s := list[n-1]
		b.free[key] = list[:n-1]
		b.mu.Unlock()
		return s
	}
	b.mu.Unlock()
	return newShard(b.p, key, probes, Compile(p, Options{Steps: key.steps, Lanes: key.lanes, Probes: probes}))
}

func (b *Batch) giveBack(s *shard) {
	b.mu.Lock()
	b.free[s.key] = append(b.free[s.key], s)
	b.mu.Unlock()
}

// Bytes is the memory of all engines that no worker holds, with what they keep between segments.
func (b *Batch) Bytes() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, list := range b.free {
		for _, s := range list {
			n += s.bytes()
		}
	}
	return n
}
