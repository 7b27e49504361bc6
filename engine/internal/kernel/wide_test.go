//go:build amd64 && !noasm

package kernel

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// needWide skips a test on a processor without AVX-512, also where nothing else may be skipped: most have none.
func needWide(t *testing.T) {
	t.Helper()
	if !Wide {
		t.Skip("this processor has no AVX-512 with F, BW, DQ, VL and VBMI2")
	}
}

// onNarrow runs f without AVX-512.
func onNarrow(f func()) {
	defer Widen(Widen(false))
	f()
}

// heads are those of a chain on some edges, with values of their own and special ones among what they read.
func heads(t *testing.T, r *rand.Rand, uses []headUse, list []step.Edge, rows, cols, lanes int) (all []Head) {
	for _, use := range uses {
		values := make([][]float32, use.numbers)
		for k := range values {
			values[k] = fill(r, make([]float32, len(list)))
		}
		s := NewSlots(list, rows, lanes, use.halves)
		if use.halves == ForSynapses {
			s.PackSynapses(Synapse{W: values[0], S: values[1], M: values[2], E: values[3]})
		} else {
			s.Pack(values...)
		}
		h := Head{Slots: s}
		h.Read(guardedMixed(t, r, cols*lanes))
		all = append(all, h)
	}
	return all
}

// guardedMixed are mixed numbers before or behind what must not be touched.
func guardedMixed(t *testing.T, r *rand.Rand, n int) []float32 {
	x := guarded(t, n, r.IntN(2) == 0)
	copy(x, mixed(r, n))
	return x
}

// someEdges are edges in any order; the last rows have none.
func someEdges(r *rand.Rand, rows, cols int) (list []step.Edge) {
	for to := range max(rows-1, 1) {
		for from := range cols {
			if from == cols-1 || r.IntN(2) == 0 { // the last source has an edge, so that all of it counts
				list = append(list, step.Edge{From: from, To: to})
			}
		}
	}
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// Every chain gives the bits of AVX2, for every number of lanes that wide vectors fill, and touches nothing else.
func TestWideChainsGiveTheBitsOfNarrowOnes(t *testing.T) {
	needWide(t)
	if len(generatedWide) == 0 {
		t.Fatal("there are none")
	}
	for text := range generatedWide {
		t.Run(text, func(t *testing.T) { // after which its memory goes
			r := rand.New(rand.NewPCG(31, uint64(len(text))))
			for n, lanes := range []int{16, 32, 48, 64, 80} {
				a, rows, cols := generatedGathered[text], 1+3*n, 1+r.IntN(9)
				h := heads(t, r, a.heads, someEdges(r, rows, cols), rows, cols, lanes)
				var in [][]float32
				for _, kind := range []byte(a.kinds) {
					in = append(in, guardedMixed(t, r, extent(kind, rows, lanes)))
				}
				var got, want [][]float32
				for range a.outs {
					y := guardedMixed(t, r, rows*lanes)
					got, want = append(got, y), append(want, slices.Clone(y))
				}
				Bind(text, got, in, h, rows, lanes)()
				onNarrow(func() { Bind(text, want, in, h, rows, lanes)() })
				for j := range got {
					sameBits(t, fmt.Sprintf("%d rows of %d lanes, output %d", rows, lanes, j), got[j], want[j])
				}
			}
		})
	}
}

// The wide function of a chain is taken where vectors are filled and the processor has them, else that of AVX2.
func TestWideFunctionsAreTaken(t *testing.T) {
	needWide(t)
	entry := func(f gatheredRows) string { return fmt.Sprintf("%p", f) }
	text := AloneSynapses
	narrow, wide := entry(generatedGathered[text].rows), entry(generatedWide[text])
	for lanes := range 100 {
		want := narrow
		if lanes%16 == 0 {
			want = wide
		}
		if entry(rowsOf(text, lanes)) != want {
			t.Errorf("%d lanes take the other function", lanes)
		}
		onNarrow(func() {
			if entry(rowsOf(text, lanes)) != narrow {
				t.Errorf("%d lanes take the wide function, which is switched off", lanes)
			}
		})
	}
}

// The reverse of synapses gives the bits of AVX2 for all lanes, over several times, and touches nothing else.
func TestWideSynapsesBackGiveTheBitsOfNarrowOnes(t *testing.T) {
	needWide(t)
	for lanes := 1; lanes <= 100; lanes++ {
		t.Run(fmt.Sprint(lanes), func(t *testing.T) {
			r := rand.New(rand.NewPCG(32, uint64(lanes)))
			rows, cols := 1+r.IntN(5), 1+r.IntN(5)
			list := someEdges(r, rows, cols)
			if lanes%5 == 0 {
				list = list[:1]
			}
			n := len(list)
			y := Synapse{W: fill(r, make([]float32, n)), S: fill(r, make([]float32, n)), M: fill(r, make([]float32, n)), E: fill(r, make([]float32, n))}
			wide, narrow := NewSynapsesBack(list, lanes), NewSynapsesBack(list, lanes)
			wide.Pack(y)
			narrow.Pack(y)
			for time := range 4 {
				of := guardedMixed
				if time == 1 { // after numbers of which sums are NaN for good
					of = func(t *testing.T, r *rand.Rand, n int) []float32 { return fill(r, guarded(t, n, r.IntN(2) == 0)) }
				}
				c := Cotangent{of(t, r, cols*lanes), of(t, r, cols*lanes), of(t, r, rows*lanes), of(t, r, rows*lanes)}
				d := c
				d.DV = slices.Clone(c.DV)
				wide.Run(c)
				onNarrow(func() { narrow.Run(d) })
				sameBits(t, "cotangents of potentials", c.DV, d.DV)
				sameBits(t, "sums", wide.sums, narrow.sums)
				if time == 0 {
					wide.Clear()
					narrow.Clear()
				}
			}
		})
	}
}

// What the wide files need is asked for, and they are the only ones beyond AVX2.
func TestWideFilesNeedWhatIsAskedFor(t *testing.T) {
	files, err := filepath.Glob("*_wide_amd64.s")
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	requires := regexp.MustCompile(`// Requires: (.*)`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := requires.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 || !beyondAVX2.Match(text) {
			t.Errorf("%s: %d functions say what they need", name, len(found))
		}
		for _, m := range found {
			for _, feature := range strings.Split(m[1], ", ") {
				if !slices.Contains([]string{"AVX", "AVX2", "FMA3", "AVX512F", "AVX512BW", "AVX512DQ", "AVX512VL"}, feature) {
					t.Errorf("%s: a function needs %s", name, feature)
				}
			}
		}
	}
}
