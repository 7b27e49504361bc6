package mersenne

import "testing"

// TestTwister checks the generator against the C++ standard, which fixes the 10000th word of mt19937 ([rand.predef]), the first
// word of the authors' own program for the same seed, and words of numpy.random.RandomState(22222).
func TestTwister(t *testing.T) {
	r := New(5489)
	if got := r.Next(); got != 3499211612 {
		t.Errorf("first word of seed 5489: %d", got)
	}
	for range 9998 {
		r.Next()
	}
	if got := r.Next(); got != 4123659995 {
		t.Errorf("10000th word of seed 5489: %d", got)
	}
	r = New(22222)
	for i, want := range []uint32{0x11891001, 0x6e1fdf82, 0x50040cea, 0x112c3448} {
		if got := r.Next(); got != want {
			t.Errorf("word %d of seed 22222: %#x, numpy has %#x", i, got, want)
		}
	}
}

// TestFromDigits: the first words are those of Python's random.Random(seed).getrandbits(32).
func TestFromDigits(t *testing.T) {
	for seed, want := range map[uint64][2]uint32{0: {3626764237, 1654615998}, 7: {1390851128, 4071050724}, 4294967301: {675479763, 2085189291}} {
		r := FromDigits(seed)
		if a, b := r.Next(), r.Next(); a != want[0] || b != want[1] {
			t.Errorf("from %d the first words are %d and %d, want %v", seed, a, b, want)
		}
	}
}
