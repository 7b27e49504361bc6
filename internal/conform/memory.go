package conform

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/engine"
)

// Memory: a bound on memory changes no bit, holds, and lets the loss see every row once and in order: for one series and
// for two shards of ragged ones, from the least memory that will do to more than one segment takes. Where the states that
// segments keep take more than the rows that they save, as those of rings do at first, the series are made longer.
func Memory(s Subject) error {
	for _, z := range []size{{1, 77}, {21, 50}} {
		most := 16 * z.steps
		whole, least, err := s.segments(z)
		for ; err == nil && least >= whole && z.steps < most; whole, least, err = s.segments(z) {
			z.steps *= 2
		}
		if err == nil && least >= whole {
			err = fmt.Errorf("%d series of %d rows take %d bytes and %d at least, so that nothing is cut", z.lanes, z.steps, whole, least)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// segments compares a batch without bound to bounded ones. It gives the bytes that it takes whole, and at least.
func (s Subject) segments(z size) (whole, least int, err error) {
	t := s.draw(s.Program, z.steps, z.lanes, uint64(z.steps))
	var all []int
	for l := range z.lanes {
		all = append(all, l)
	}
	ragged := func(lane int) int { return z.steps - lane*lane%z.steps }
	o := engine.BatchOptions{Workers: 2}
	want := s.batch(t, o, all, ragged)
	if math.IsNaN(want.loss) {
		return 0, 0, fmt.Errorf("the loss is %v, or sees rows out of order", want.loss)
	}
	if least = engine.NewBatch(s.Program, o).Need(z.lanes, z.steps); least >= want.bytes {
		return want.bytes, least, nil
	}
	for _, o.Memory = range []int{least, least * 5 / 4, least + 2*want.bytes} {
		got := s.batch(t, o, all, ragged)
		if err := want.same(got); err != nil {
			return 0, 0, fmt.Errorf("%d series within %d bytes and %d: %w", z.lanes, o.Memory, want.bytes, err)
		}
		if got.bytes > o.Memory {
			return 0, 0, fmt.Errorf("%d series within %d bytes take %d", z.lanes, o.Memory, got.bytes)
		}
	}
	return want.bytes, least, nil
}
