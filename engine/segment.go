package engine

import "math"

// A gradient within bounded memory: series are cut into segments of times, and an engine holds the values of one of them.
// On the way forward only the states at the beginnings are kept, and the slopes of the loss; on the way back every
// segment but the last, which the engine still holds, runs forward again. Segments consist of whole chunks, so that sums
// over times are taken in the same order, and their accumulators go on from one to the next: the bits are those of one
// segment. One level is enough: with n times in segments of √n both what is kept and what an engine holds grow with √n,
// and nothing is computed more than twice.

// grain is what the lengths of segments are multiples of. It holds whole chunks, and as many times as there are numbers
// between the places where values may begin: the memory of an engine grows by the same with each.
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

// widths are the numbers of lanes of the shards of n series, and how many shards have them.
func widths(n int) map[int]int {
	size, count := shardOf(n), map[int]int{}
	if n >= size {
		count[size] = n / size
	}
	if rest := n % size; rest > 0 {
		count[padded(rest)]++
	}
	return count
}

// engines is how many engines stand side by side: of each width one for each worker, as far as there are shards.
func engines(widths map[int]int, workers int) (n int) {
	for _, count := range widths {
		n += min(count, workers)
	}
	return n
}

// Need is the fewest bytes that BatchOptions.Memory may be for the gradient of n series of up to so many rows. With so few
// shards run one after the other.
func (b *Batch) Need(n, rows int) int {
	b.derive()
	most, list := 0, widths(n)
	for lanes := range list {
		most = max(most, b.growthOf(lanes).least(capacity(rows)))
	}
	return most * engines(list, 1)
}

// fitting is how a batch fits into memory.
type fitting struct {
	workers int
	steps   map[int]int // of an engine, by lanes; nil without bound
	bytes   int         // of an engine and what is kept beside it
}

// fit decides how many steps the engines for a batch have, and how many workers run at once: of those that would run as
// many as possible, for what is computed twice costs less than a processor that waits. Engines that do not fit beside the
// others are dropped.
func (b *Batch) fit(lanes []Lane) fitting {
	if b.memory <= 0 {
		return fitting{workers: b.workers}
	}
	rows, list := capacity(longest(b.p, lanes)), widths(len(lanes))
	for workers := b.workers; workers > 0; workers-- {
		f := fitting{workers: workers, steps: map[int]int{}, bytes: b.memory / max(1, engines(list, workers))}
		for n := range list {
			if k := b.growthOf(n).segment(rows, f.bytes); k > 0 {
				f.steps[n] = k
			}
		}
		if len(f.steps) == len(list) {
			b.drop(f, list)
			return f
		}
	}
	panic("engine: BatchOptions.Memory is below what Need says")
}

// drop drops engines of other sizes, those that keep too much, and those beyond what runs at once.
func (b *Batch) drop(f fitting, widths map[int]int) {
	for key, list := range b.free {
		kept := list[:0]
		for _, s := range list {
			if key.train && key.steps == f.steps[key.lanes] && s.bytes() <= f.bytes && len(kept) < min(f.workers, widths[key.lanes]) {
				kept = append(kept, s)
			}
		}
		clear(list[len(kept):])
		b.free[key] = kept
		if len(kept) == 0 {
			delete(b.free, key)
		}
	}
}

// stepsFor is the length of the engine for a shard.
func (b *Batch) stepsFor(f fitting, part []Lane) int {
	if f.steps == nil {
		return capacity(longest(b.p, part))
	}
	return f.steps[padded(len(part))]
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
// Batch.Gradient. The first of them is number first of the batch. It reports whether there were any rows.
func (s *shard) gradient(lanes []Lane, first int, at []int, sums []float64, loss Loss) bool {
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
		s.slopes(first, at[k], sums, loss)
		if k < last {
			s.keptSlopes(at[k], save)
		}
	}
	s.store(lanes)
	s.e.start()
	s.e.reverse()
	s.cotangents(lanes, at[last])
	for k := last - 1; k >= 0; k-- {
		s.load(lanes, at[k], at[k+1]-at[k])
		s.states(k, restore)
		s.e.Forward(s.times)
		s.keptSlopes(at[k], restore)
		for i := range s.p.States {
			copy(s.e.DStateFinal(i), s.e.DState(i))
		}
		s.e.reverse()
		s.cotangents(lanes, at[k])
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
