package bench

import (
	"math"
	"math/bits"
	"time"
)

// histogram counts durations: exact up to 255 ns, above that in 128 classes for every doubling, so that a quantile errs by
// less than 0.4 %. Adding to it costs a nanosecond and no memory.
type histogram struct {
	counts [256 + 128*56]uint32
	n      uint64
}

func (h *histogram) add(d time.Duration) {
	h.counts[class(uint64(max(d, 0)))]++
	h.n++
}

func class(ns uint64) int {
	if ns < 256 {
		return int(ns)
	}
	e := bits.Len64(ns) - 8
	return 256 + (e-1)*128 + int(ns>>e) - 128
}

// middle is the value that stands for a class.
func middle(class int) float64 {
	if class < 256 {
		return float64(class)
	}
	e := (class-256)/128 + 1
	return (float64((class-256)%128+128)+0.5)*math.Ldexp(1, e) - 0.5
}

// quantile is the smallest value that a share q of all does not exceed; 0 where there is none.
func (h *histogram) quantile(q float64) float64 {
	rank, seen := uint64(math.Ceil(q*float64(h.n))), uint64(0)
	for k, c := range h.counts {
		if seen += uint64(c); c > 0 && seen >= rank {
			return middle(k)
		}
	}
	return 0
}
