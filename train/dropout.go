package train

import "math"

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
	keys := newSchedule([2]uint32{uint32(seed), uint32(seed >> 32)})
	least := uint64(math.Ceil(rate * (1 << 32))) // the least word that is kept
	for from := first % words; len(dst) > 0; from = 0 {
		a, b, c, d := keys.philox(at[0], at[1], at[2], uint32(first/words))
		if from == 0 && len(dst) >= words {
			dst[0], dst[1], dst[2], dst[3] = kept(a, least), kept(b, least), kept(c, least), kept(d, least)
			dst, first = dst[words:], first+words
			continue
		}
		block := [words]uint32{a, b, c, d}
		n := min(words-from, len(dst))
		for i := range n {
			dst[i] = kept(block[from+i], least)
		}
		dst, first = dst[n:], first+n
	}
}

// kept is 1 for a word that is not below the least one, else 0, without a branch: nobody could foresee it.
func kept(word uint32, least uint64) float32 {
	const one = 0x3f800000
	below := uint32((uint64(word) - least) >> 63)
	return math.Float32frombits(one * (1 - below))
}

// schedule are the keys of Philox's rounds.
type schedule [10][2]uint32

func newSchedule(key [2]uint32) (s schedule) {
	const w0, w1 = 0x9E3779B9, 0xBB67AE85
	for i := range s {
		s[i] = key
		key[0] += w0
		key[1] += w1
	}
	return s
}

// philox is the counter-based generator Philox-4x32-10: ten rounds of a bijection of the counter under a key, any four
// words of which are random numbers, in any order of calls. Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers:
// as easy as 1, 2, 3, 2011, section 3.3 and table 2, with its constants.
func (s *schedule) philox(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	// Ten calls, for the end of a loop of ten would be foreseen wrongly each time.
	a, b, c, d = round(a, b, c, d, s[0][0], s[0][1])
	a, b, c, d = round(a, b, c, d, s[1][0], s[1][1])
	a, b, c, d = round(a, b, c, d, s[2][0], s[2][1])
	a, b, c, d = round(a, b, c, d, s[3][0], s[3][1])
	a, b, c, d = round(a, b, c, d, s[4][0], s[4][1])
	a, b, c, d = round(a, b, c, d, s[5][0], s[5][1])
	a, b, c, d = round(a, b, c, d, s[6][0], s[6][1])
	a, b, c, d = round(a, b, c, d, s[7][0], s[7][1])
	a, b, c, d = round(a, b, c, d, s[8][0], s[8][1])
	return round(a, b, c, d, s[9][0], s[9][1])
}

func round(a, b, c, d, k0, k1 uint32) (uint32, uint32, uint32, uint32) {
	const m0, m1 = 0xD2511F53, 0xCD9E8D57
	p, q := m0*uint64(a), m1*uint64(c)
	return uint32(q>>32) ^ b ^ k0, uint32(q), uint32(p>>32) ^ d ^ k1, uint32(p)
}
