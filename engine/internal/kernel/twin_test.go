package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// mixed are random numbers with special values among them.
func mixed(r *rand.Rand, n int) []float32 {
	special := []float32{0, float32(math.Copysign(0, -1)), 1, -1, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 1e-41, -3e38}
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(3 * r.NormFloat64())
		if r.IntN(6) == 0 {
			x[i] = special[r.IntN(len(special))]
		}
	}
	return x
}

func equalBits(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// byOperation computes a chain by its text, one operation after the other.
func byOperation(text string, kinds string, out, in [][]float32, rows, lanes int, run func(op step.Op, dst []float32, in [][]float32)) {
	n := rows * lanes
	full := make([][]float32, len(in))
	for k, x := range in {
		full[k] = make([]float32, n)
		for i := range n {
			switch kinds[k] {
			case 'f':
				full[k][i] = x[i]
			case 'u':
				full[k][i] = x[i/lanes]
			case 'l':
				full[k][i] = x[i%lanes]
			default:
				full[k][i] = x[0]
			}
		}
	}
	code, outs, _ := strings.Cut(text, " > ")
	stored := map[int]int{}
	for j, w := range strings.Fields(strings.Trim(outs, "[]")) {
		k, _ := strconv.Atoi(w)
		stored[k] = j
	}
	var values [][]float32
	for k, part := range strings.Split(code, "; ") {
		words := strings.Fields(part)
		var op step.Op
		for op.String() != words[0] {
			op++
		}
		var args [][]float32
		if op == step.OpAccum {
			args = append(args, out[stored[k]][:n])
		}
		for _, w := range words[1:] {
			i, _ := strconv.Atoi(w[1:])
			if w[0] == 't' {
				args = append(args, values[i])
			} else {
				args = append(args, full[i])
			}
		}
		y := make([]float32, n)
		run(op, y, args)
		values = append(values, y)
		if j, ok := stored[k]; ok {
			copy(out[j], y)
		}
	}
}

// kindsOf are the kinds of a chain's inputs, by its text, and the number of its results.
func kindsOf(text string) (kinds string, outs int) {
	code, results, _ := strings.Cut(text, " > ")
	list := make([]byte, 0, 32)
	for _, w := range strings.FieldsFunc(code, func(r rune) bool { return r == ' ' || r == ';' }) {
		k, err := strconv.Atoi(w[1:])
		if err != nil || !strings.Contains("fulk", w[:1]) {
			continue // an operation, or the value of one
		}
		for len(list) <= k {
			list = append(list, 0)
		}
		list[k] = w[0]
	}
	return string(list), len(strings.Fields(results))
}

// inGo runs an operation by its chain in Go; operands of one number stand for all.
func inGo(op step.Op, dst []float32, in [][]float32) {
	kinds := make([]byte, len(in))
	for k, x := range in {
		if kinds[k] = 'f'; len(x) < len(dst) {
			kinds[k] = 'k'
		}
	}
	plain[Alone(op, kinds)]([][]float32{dst}, in, len(dst), 1)
}

// Every generated chain in Go gives the bits of its operations one by one, and writes nothing else.
func TestPlainChainsEqualTheirOperations(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	lengths := map[byte]func(rows, lanes int) int{
		'f': func(rows, lanes int) int { return rows * lanes }, 'u': func(rows, _ int) int { return rows },
		'l': func(_, lanes int) int { return lanes }, 'k': func(_, _ int) int { return 1 },
	}
	for text, f := range plain {
		kinds, outs := kindsOf(text)
		for _, size := range [][2]int{{1, 1}, {3, 8}, {7, 1}, {70, 1}, {5, 24}, {2, 5}, {2, 130}} {
			rows, lanes := size[0], size[1]
			var in, got, want [][]float32
			for k := range kinds {
				in = append(in, mixed(r, lengths[kinds[k]](rows, lanes)))
			}
			for range outs {
				y := append(mixed(r, rows*lanes), guard)
				got, want = append(got, y), append(want, slices.Clone(y))
			}
			if !f(got, in, rows, lanes) {
				t.Fatalf("%s: does nothing for %d lanes", text, lanes)
			}
			byOperation(text, kinds, want, in, rows, lanes, inGo)
			for j := range got {
				for i := range got[j] {
					if !equalBits(got[j][i], want[j][i]) {
						t.Fatalf("%s: %d rows of %d lanes: number %d of output %d is %g, by operations %g", text, rows, lanes, i, j, got[j][i], want[j][i])
					}
				}
			}
		}
	}
	if len(plain) < 50 {
		t.Errorf("%d chains only", len(plain))
	}
}

const guard = 12345.678
