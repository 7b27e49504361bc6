package wiring

import "math/bits"

// pcg is PCG XSL-RR 128/64 (O'Neill, 2014), seeded through numpy's seed sequence and drawn from in the manner of numpy's
// Generator. Full and random wirings are drawn with it.
type pcg struct {
	hi, lo       uint64 // state
	incHi, incLo uint64 // increment, odd
	half         uint32 // high half of the last 64-bit draw
	hasHalf      bool
}

// newPCG seeds the generator with one number, and its increment too, as numpy's PCG64(seed) does.
func newPCG(seed uint32) *pcg {
	w := seedWords(seed)
	return startPCG(w[0], w[1], w[2], w[3])
}

// startPCG starts from a 128-bit state and the 128-bit number of a stream.
func startPCG(stateHi, stateLo, streamHi, streamLo uint64) *pcg {
	p := &pcg{incHi: streamHi<<1 | streamLo>>63, incLo: streamLo<<1 | 1}
	p.step()
	var carry uint64
	p.lo, carry = bits.Add64(p.lo, stateLo, 0)
	p.hi, _ = bits.Add64(p.hi, stateHi, carry)
	p.step()
	return p
}

// step is state = state · multiplier + increment, modulo 2^128; the multiplier is the one of the PCG paper.
func (p *pcg) step() {
	const multiplierHi, multiplierLo = 0x2360ed051fc65da4, 0x4385df649fccf645
	hi, lo := bits.Mul64(p.lo, multiplierLo)
	hi += p.hi*multiplierLo + p.lo*multiplierHi
	var carry uint64
	p.lo, carry = bits.Add64(lo, p.incLo, 0)
	p.hi, _ = bits.Add64(hi, p.incHi, carry)
}

// next64 folds the two halves of the state and turns the result right by its top six bits.
func (p *pcg) next64() uint64 {
	p.step()
	return bits.RotateLeft64(p.hi^p.lo, -int(p.hi>>58))
}

// next32 is the low half of a 64-bit draw first, then its high half.
func (p *pcg) next32() uint32 {
	if p.hasHalf {
		p.hasHalf = false
		return p.half
	}
	v := p.next64()
	p.half, p.hasHalf = uint32(v>>32), true
	return uint32(v)
}

// upTo is uniform in 0 to n by Lemire's multiplication with rejection. n = 0 takes no word.
func (p *pcg) upTo(n int) int {
	if n == 0 {
		return 0
	}
	count := uint32(n) + 1
	hi, lo := bits.Mul32(p.next32(), count)
	if lo < count {
		for threshold := -count % count; lo < threshold; {
			hi, lo = bits.Mul32(p.next32(), count)
		}
	}
	return int(hi)
}

// polarity is -1 with probability 1/3, otherwise +1.
func (p *pcg) polarity() int8 {
	if p.upTo(2) == 0 {
		return -1
	}
	return 1
}

// some draws k different numbers out of 0 to n-1 in random order, by the two methods of numpy's Generator.choice: Floyd's
// for few numbers or a small share, the shuffled tail of the whole list otherwise.
func (p *pcg) some(n, k int) []int {
	if n > 10000 && k > n/50 {
		all := span{0, n}.ids()
		p.shuffle(all, max(n-k, 1))
		return all[n-k:]
	}
	chosen := make([]int, 0, k)
	taken := make(map[int]bool, k)
	for j := n - k; j < n; j++ {
		v := p.upTo(j)
		if taken[v] {
			v = j
		}
		taken[v] = true
		chosen = append(chosen, v)
	}
	p.shuffle(chosen, 1)
	return chosen
}

// shuffle exchanges every place from the last down to first with a place at or before it.
func (p *pcg) shuffle(list []int, first int) {
	for i := len(list) - 1; i >= first; i-- {
		j := p.upTo(i)
		list[i], list[j] = list[j], list[i]
	}
}

// seedWords spreads a number over four 64-bit words like numpy's SeedSequence, after the seed_seq_fe of O'Neill (2015), where
// the constants come from: hash four words of entropy into a pool, mix every word with every other, hash the words out.
func seedWords(seed uint32) [4]uint64 {
	factor := uint32(0x43b0d7e5)
	hash := func(value uint32) uint32 {
		value ^= factor
		factor *= 0x931e8875
		value *= factor
		return value ^ value>>16
	}
	var pool [4]uint32
	for i, entropy := range [4]uint32{seed} {
		pool[i] = hash(entropy)
	}
	for from := range pool {
		for to := range pool {
			if from != to {
				mixed := 0xca01f9dd*pool[to] - 0x4973f715*hash(pool[from])
				pool[to] = mixed ^ mixed>>16
			}
		}
	}
	factor = 0x8b51f9dd
	var words [4]uint64
	for i := range 8 {
		value := pool[i%4] ^ factor
		factor *= 0x58f38ded
		value *= factor
		words[i/2] |= uint64(value^value>>16) << (i % 2 * 32)
	}
	return words
}
