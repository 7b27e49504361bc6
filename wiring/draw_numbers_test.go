package wiring

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"testing"
)

// TestTwisterChoice checks choices against numpy.random.RandomState(22222): choice(10, size=4, replace=False), five times
// choice([-1, 1]), choice(7).
func TestTwisterChoice(t *testing.T) {
	r := newTwister(22222)
	if got := r.some(10, 4); !slices.Equal(got, []int{3, 5, 9, 4}) {
		t.Errorf("4 of 10: %v", got)
	}
	var signs []int8
	for range 5 {
		signs = append(signs, r.sign())
	}
	if !slices.Equal(signs, []int8{1, 1, -1, 1, -1}) {
		t.Errorf("signs %v", signs)
	}
	if got := r.upTo(6); got != 0 {
		t.Errorf("one of 7: %d", got)
	}
}

// TestPCG checks the generator against the check file of the PCG reference implementation (pcg64, state 42, stream 54).
func TestPCG(t *testing.T) {
	r := startPCG(0, 42, 0, 54)
	for i, want := range []uint64{0x86b1da1d72062b68, 0x1304aa46c9853d39, 0xa3670e9e0dd50358, 0xf9090e529a7dae00} {
		if got := r.next64(); got != want {
			t.Errorf("number %d: %#x, the reference has %#x", i, got, want)
		}
	}
}

// TestPCGSeeds checks the seeding against numpy.random.PCG64(seed).random_raw.
func TestPCGSeeds(t *testing.T) {
	for seed, want := range map[uint32][]uint64{
		0:          {0xa30febcfd9c2825f, 0x4510bdf882d9d721},
		1111:       {0xdbfdfdd6d6fab48b, 0xa822a50efe888cab, 0x7b5641e27861ebb6, 0xa94a79cd999500a6},
		4294967295: {0x407f5fa930d8fd9f, 0x3814b22eb9684802},
	} {
		r := newPCG(seed)
		for i, w := range want {
			if got := r.next64(); got != w {
				t.Errorf("number %d of seed %d: %#x, numpy has %#x", i, seed, got, w)
			}
		}
	}
}

// TestRandomLarge compares with wirings that were drawn by numpy 2.4.6 itself, with default_rng(seed).choice, around the
// sizes at which numpy changes its method. The hashes are of the int8 matrices, row by row.
func TestRandomLarge(t *testing.T) {
	for _, c := range []struct {
		spec           Random
		inputs         int
		inner, sensory string
	}{
		{Random{Units: 101, Sparsity: 0.5, Seed: 7}, 3, "de8a06292de88343", "1d39ee17471647cb"},
		{Random{Units: 120, Sparsity: 0.9}, 90, "51e5b2d72ef0f9f0", "56cbceb5f7a1001c"},
		{Random{Units: 110, Sparsity: 0.975, Seed: 5}, 100, "bd0d2fbbad546fce", "ff25edd59302f05d"},
		{Random{Units: 150, Sparsity: 0.98, Seed: 5}, 80, "e7b645f275a47202", "4cb9d03752917e4e"},
		{Random{Units: 150, Sparsity: 0.985, Seed: 5}, 80, "9f2fe374a535bdd8", "c098a3558203375b"},
	} {
		w := build(t, c.spec, c.inputs)
		if got := hashMatrix(w.Matrix()); got != c.inner {
			t.Errorf("%s: inner matrix %s, numpy has %s", c.spec, got, c.inner)
		}
		if got := hashMatrix(w.SensoryMatrix()); got != c.sensory {
			t.Errorf("%s: sensory matrix %s, numpy has %s", c.spec, got, c.sensory)
		}
	}
}

func hashMatrix(m [][]int8) string {
	h := sha256.New()
	writeMatrix(h, m)
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// writeMatrix adds the bytes of a matrix, row by row.
func writeMatrix(h hash.Hash, m [][]int8) {
	for _, row := range m {
		for _, v := range row {
			h.Write([]byte{byte(v)})
		}
	}
}

// TestUpTo checks range and evenness of both generators for bounds around powers of two. Each count must lie within six
// standard deviations of its mean; the draws are fixed by the seeds.
func TestUpTo(t *testing.T) {
	twister, pcg := newTwister(3), newPCG(3)
	for name, upTo := range map[string]func(int) int{"twister": twister.upTo, "pcg": pcg.upTo} {
		for _, n := range []int{1, 2, 3, 6, 7, 8, 12} {
			const draws = 20000
			seen := make([]int, n+1)
			for range draws {
				seen[upTo(n)]++ // out of range panics
			}
			mean := draws / float64(n+1)
			for v, count := range seen {
				if d := float64(count) - mean; d*d > 36*mean {
					t.Errorf("%s: %d of 0 to %d came %d times, expected about %.0f", name, v, n, count, mean)
				}
			}
		}
	}
}

// TestPCGRejects checks bounds at which three words in ten are rejected, against numpy.random.default_rng(3).integers(0, 1500000001).
func TestPCGRejects(t *testing.T) {
	r := newPCG(3)
	for i, want := range []int{128473750, 269161101, 1201911698, 1303848905, 873243054, 141192963, 498302313, 649690410} {
		if got := r.upTo(1500000000); got != want {
			t.Errorf("number %d: %d, numpy has %d", i, got, want)
		}
	}
}

// TestNothingToDraw checks that a choice of one costs no word of either generator.
func TestNothingToDraw(t *testing.T) {
	r, fresh := newTwister(9), newTwister(9)
	if r.upTo(0) != 0 || r.some(1, 1)[0] != 0 || r.Next() != fresh.Next() {
		t.Error("the twister took a word for a choice of one")
	}
	p, freshPCG := newPCG(9), newPCG(9)
	if p.upTo(0) != 0 || p.some(1, 1)[0] != 0 || p.next32() != freshPCG.next32() {
		t.Error("the PCG took a word for a choice of one")
	}
}

// TestSome checks that both generators draw different numbers within range, all of them when asked for all.
func TestSome(t *testing.T) {
	twister, pcg := newTwister(4), newPCG(4)
	for _, some := range []func(n, k int) []int{twister.some, pcg.some} {
		for _, c := range [][2]int{{1, 0}, {5, 0}, {5, 3}, {5, 5}, {10001, 10001}, {10001, 201}, {10001, 200}} {
			got := some(c[0], c[1])
			if len(got) != c[1] {
				t.Errorf("%d of %d: %d numbers", c[1], c[0], len(got))
			}
			slices.Sort(got)
			if len(slices.Compact(got)) != c[1] || c[1] > 0 && (got[0] < 0 || got[c[1]-1] >= c[0]) {
				t.Errorf("%d of %d: not different numbers in range", c[1], c[0])
			}
		}
	}
}
