package engine

import (
	"math"
	"slices"
)

// A gradient within bounded memory: series are cut into segments of times, and an engine holds the values of one of them.
// On the way forward only the states at the beginnings are kept, and the slopes of the loss; on the way back every
// segment but the last, which the engine still holds, runs forward again. Segments consist of whole chunks, so that sums
// over times are taken in the same order, and their accumulators go on from one to the next: the bits are those of one
// segment. One level is enough: with n times in segments of √n both what is kept and what an engine holds grow with √n,
// and nothing is computed more than twice.

// grain is what the lengths of segments are multiples of. It holds whole chunks, and as many times as a cache line holds
// numbers: the memory of an engine grows by the same with each.
const grain = line

// growth tells the bytes that a shard of some lanes takes.
type growth struct {
	base, time   int // of an engine: whatever its steps, and for each
	state, slope int // kept where a segment begins, and for each time
}

// growthOf measures what shards of a number of lanes take.
func (b *Batch) growthOf(lanes int) growth {
	g, ok := b.growth[lanes]
	if !ok {
		one := arrange(b.reverse, Options{Steps: grain, Lanes: lanes}).bytes()
		two := arrange(b.reverse, Options{Steps: 2 * grain, Lanes: lanes}).bytes()
		g = growth{base: 2*one - two, time: (two - one) / grain,
			state: 4 * lanes * b.p.StateWidth(), slope: 4 * lanes * b.p.Nodes[b.p.Outputs[0].Node].Shape.Len()}
		b.growth[lanes] = g
	}
	return g
}

// bytes is what a shard takes for some rows in segments of a number of steps, a multiple of grain.
func (g growth) bytes(rows, steps int) int {
	again := (rows+steps-1)/steps - 1 // segments that run forward twice
	return g.base + g.time*steps + again*(g.state+steps*g.slope)
}

// grains rounds a number of rows up to the length of a segment.
func grains(rows int) int { return (rows + grain - 1) / grain * grain }

// segment is the longest segment that keeps a shard of some rows within a number of bytes; 0 where none does.
func (g growth) segment(rows, bytes int) int {
	for steps := grains(rows); steps > 0; steps -= grain {
		if g.bytes(rows, steps) <= bytes {
			return min(steps, rows)
		}
	}
	return 0
}

// least is the fewest bytes that a shard of some rows takes.
func (g growth) least(rows int) int {
	n := math.MaxInt
	for steps := grains(rows); steps > 0; steps -= grain {
		n = min(n, g.bytes(rows, steps))
	}
	return n
}

// widths are the numbers of lanes of the shards of n series.
func widths(n int) (list []int) {
	size := shardOf(n)
	if n >= size {
		list = append(list, size)
	}
	if rest := padded(n % size); rest > 0 && !slices.Contains(list, rest) {
		list = append(list, rest)
	}
	return list
}

// engines is how many a gradient of n series keeps: one for each worker, and one more where the last shard has a width of
// its own.
func (b *Batch) engines(n int) int {
	size := shardOf(n)
	return max(1, min(b.workers+len(widths(n))-1, (n+size-1)/size))
}

// Need is the fewest bytes that BatchOptions.Memory may be for the gradient of n series of up to so many rows.
func (b *Batch) Need(n, rows int) int {
	b.derive()
	most := 0
	for _, lanes := range widths(n) {
		most = max(most, b.growthOf(lanes).least(capacity(rows)))
	}
	return most * b.engines(n)
}

// fit decides how many steps the engines for some shards of a batch have. Within bounded memory it drops all other
// engines.
func (b *Batch) fit(lanes []Lane) (steps func(part []Lane) int) {
	if b.memory <= 0 {
		return func(part []Lane) int { return capacity(longest(b.p, part)) }
	}
	rows, bytes := capacity(longest(b.p, lanes)), b.memory/b.engines(len(lanes))
	byLanes := map[int]int{}
	for _, n := range widths(len(lanes)) {
		k := b.growthOf(n).segment(rows, bytes)
		if k == 0 {
			panic("engine: BatchOptions.Memory is below what Need says")
		}
		byLanes[n] = k
	}
	for key := range b.free {
		if !key.train || key.steps != byLanes[key.lanes] {
			delete(b.free, key)
		}
	}
	return func(part []Lane) int { return byLanes[padded(len(part))] }
}

// cuts are the times at which the segments of so many rows begin, and their end. All but the first are full, for the last
// one runs forward once only.
func cuts(rows, steps int) []int {
	list := []int{0}
	first := rows - (rows-1)/steps*steps
	for t := (first + chunk - 1) / chunk * chunk; t < rows; t += steps {
		list = append(list, t)
	}
	return append(list, rows)
}

// gradient runs the series forward and back in segments that begin at some times and end at the last of them; see
// Batch.Gradient. It reports whether there were any rows.
func (s *shard) gradient(lanes []Lane, at []int, sums []float64, loss func(lane, t int) float64) bool {
	last := len(at) - 2
	s.reserve(last, at[last])
	for k := range at[1:] {
		if !s.load(lanes, at[k], at[k+1]-at[k]) {
			s.store(lanes)
			return false
		}
		if k < last {
			s.states(k, save)
		}
		s.e.Forward(s.times)
		s.slopes(at[k], sums, loss)
		if k < last {
			s.keptSlopes(at[k], save)
		}
	}
	s.store(lanes)
	s.e.start()
	s.e.reverse()
	for k := last - 1; k >= 0; k-- {
		s.load(lanes, at[k], at[k+1]-at[k])
		s.states(k, restore)
		s.e.Forward(s.times)
		s.keptSlopes(at[k], restore)
		for i := range s.p.States {
			copy(s.e.DStateFinal(i), s.e.DState(i))
		}
		s.e.reverse()
	}
	s.e.finish()
	return true
}

func save(kept, live []float32)    { copy(kept, live) }
func restore(kept, live []float32) { copy(live, kept) }

// reserve makes room for the states at the beginnings of some segments, and for the slopes of some rows.
func (s *shard) reserve(segments, rows int) {
	s.ends = room(s.ends, segments*s.key.lanes*s.p.StateWidth())
	s.kept = room(s.kept, rows*s.key.lanes*len(s.y))
}

func room(v []float32, n int) []float32 {
	if cap(v) < n {
		return make([]float32, n)
	}
	return v[:n]
}

// states calls f with the states of the engine and those of the beginning of segment k.
func (s *shard) states(k int, f func(kept, live []float32)) {
	at := s.ends[k*s.key.lanes*s.p.StateWidth():]
	for i := range s.p.States {
		h := s.e.State(i)
		f(at[:len(h)], h)
		at = at[len(h):]
	}
}

// keptSlopes calls f with the slopes in the engine and those kept of the same rows, which begin at time from.
func (s *shard) keptSlopes(from int, f func(kept, live []float32)) {
	for t := range s.times {
		d := s.e.DOutput(0, t)
		f(s.kept[(from+t)*len(d):][:len(d)], d)
	}
}

// bytes is the memory of all values.
func (s *shard) bytes() int { return s.e.Bytes() + 4*(cap(s.ends)+cap(s.kept)) }
