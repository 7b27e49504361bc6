package conform

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/engine"
)

// Memory: a bound on memory changes no bit, holds, and lets the loss see every row once and in order: for one series and
// for two shards of ragged ones, from the least memory that will do to more than one segment takes.
func Memory(s Subject) error {
	for _, z := range []size{{1, 77}, {21, 50}} {
		t := s.draw(s.Program, z.steps, z.lanes, uint64(z.steps))
		var all []int
		for l := range z.lanes {
			all = append(all, l)
		}
		ragged := func(lane int) int { return z.steps - lane*lane%z.steps }
		o := engine.BatchOptions{Workers: 2}
		want := s.batch(t, o, all, ragged)
		if math.IsNaN(want.loss) {
			return fmt.Errorf("the loss is %v, or sees rows out of order", want.loss)
		}
		least := engine.NewBatch(s.Program, o).Need(z.lanes, z.steps)
		for _, o.Memory = range []int{least, least * 5 / 4, least + 2*want.bytes} {
			got := s.batch(t, o, all, ragged)
			if err := want.same(got); err != nil {
				return fmt.Errorf("%d series within %d bytes and %d: %w", z.lanes, o.Memory, want.bytes, err)
			}
			if got.bytes > o.Memory {
				return fmt.Errorf("%d series within %d bytes take %d", z.lanes, o.Memory, got.bytes)
			}
		}
		if least >= want.bytes {
			return fmt.Errorf("%d series of %d rows take %d bytes and %d at least, so that nothing is cut", z.lanes, z.steps, want.bytes, least)
		}
	}
	return nil
}
