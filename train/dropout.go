package train

import "math/bits"

// draw is what draws the masks of a training window in the present epoch. A mask depends on nothing else, so that neither
// the order of windows nor the number of workers nor an interruption changes it.
func (f *fit) draw(window int) func(input string, t int, dst []float32) {
	if len(f.masks) == 0 {
		return nil
	}
	epoch := f.s.Epoch
	return func(input string, t int, dst []float32) {
		m := f.masks[input]
		mask(dst, m.Rate, f.o.Seed, [3]uint32{uint32(epoch), uint32(window), uint32(t)}, m.First)
	}
}

// mask writes 0 for a share rate of units first, first+1, … and 1 for the others. Unit u has word u mod 4 of the block that
// Philox gives for the seed and (epoch, window, t, u / 4).
func mask(dst []float32, rate float64, seed uint64, at [3]uint32, first int) {
	const words = 4
	key := [2]uint32{uint32(seed), uint32(seed >> 32)}
	var block [words]uint32
	for i := range dst {
		u := first + i
		if i == 0 || u%words == 0 {
			block = philox([4]uint32{at[0], at[1], at[2], uint32(u / words)}, key)
		}
		dst[i] = 0
		if float64(block[u%words]) >= rate*(1<<32) {
			dst[i] = 1
		}
	}
}

// philox is the counter-based generator Philox-4x32-10: ten rounds of a bijection of the counter under a key, any four
// words of which are random numbers, in any order of calls. Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers:
// as easy as 1, 2, 3, 2011, section 3.3 and table 2, with its constants.
func philox(c [4]uint32, key [2]uint32) [4]uint32 {
	const rounds, m0, m1, w0, w1 = 10, 0xD2511F53, 0xCD9E8D57, 0x9E3779B9, 0xBB67AE85
	for range rounds {
		hi0, lo0 := bits.Mul32(m0, c[0])
		hi1, lo1 := bits.Mul32(m1, c[2])
		c = [4]uint32{hi1 ^ c[1] ^ key[0], lo1, hi0 ^ c[3] ^ key[1], lo0}
		key[0] += w0
		key[1] += w1
	}
	return c
}
