package cell

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	. "github.com/elegans-nn/elegans/step"
)

// Method is an explicit Runge-Kutta method for h' = f(h) with the input held:
//
//	k_i = f(h + d Σ_{j<i} a_ij k_j),   h' = h + d Σ_i b_i k_i
//
// A sub-step costs one f for each stage. Its error over a fixed time shrinks with d to the power of the method's order.
type Method string

// Methods: explicit Euler (order 1), the midpoint rule (2), Heun's, which is the explicit trapezium (2), and the classical
// one of Runge and Kutta (4).
const (
	Euler    Method = "euler"
	Midpoint Method = "midpoint"
	Heun     Method = "heun"
	RK4      Method = "rk4"
)

// tableau is a method's: a below the diagonal, row by row, and b. Source: Hairer, Nørsett and Wanner, Solving Ordinary
// Differential Equations I, II.1.
type tableau struct {
	a [][]float64
	b []float64
}

var tableaus = map[Method]tableau{
	Euler:    {a: [][]float64{{}}, b: []float64{1}},
	Midpoint: {a: [][]float64{{}, {1. / 2}}, b: []float64{0, 1}},
	Heun:     {a: [][]float64{{}, {1}}, b: []float64{1. / 2, 1. / 2}},
	RK4:      {a: [][]float64{{}, {1. / 2}, {0, 1. / 2}, {0, 0, 1}}, b: []float64{1. / 6, 1. / 3, 1. / 3, 1. / 6}},
}

// check reports a method that is none; an empty one has passed Resolve before it is used.
func (m Method) check(cell string) error {
	if _, ok := tableaus[m]; ok || m == "" {
		return nil
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(tableaus)) {
		names = append(names, string(name))
	}
	return fmt.Errorf("%s: method %q; allowed: %s", cell, m, strings.Join(names, ", "))
}

// checkUnfolds reports a number of sub-steps out of range.
func checkUnfolds(cell string, unfolds int, standard int) error {
	if unfolds < 0 || unfolds > 1000 {
		return fmt.Errorf("%s: unfolds is %d; allowed: 1 to 1000 (0 means %d)", cell, unfolds, standard)
	}
	return nil
}

// flow takes h along h' = f(h) for the elapsed time, in equal sub-steps. At dt = 0 the result is h to the bit, where f is
// finite.
func (m Method) flow(b *Builder, h Vec, unfolds int, f func(h Vec) Vec) Vec {
	d := times(1/float64(unfolds), b.DT())
	return b.Repeat(unfolds, []Vec{h}, func(carried []Vec) []Vec {
		return []Vec{m.substep(carried[0], d, f)}
	})[0]
}

func (m Method) substep(h, d Vec, f func(h Vec) Vec) Vec {
	t := tableaus[m]
	var k []Vec
	for _, row := range t.a {
		at := h
		if s := weighted(row, k); s.OK() {
			at = Add(h, Mul(d, s))
		}
		k = append(k, f(at))
	}
	return Add(h, Mul(d, weighted(t.b, k)))
}

// weighted is Σ w_i k_i without the terms of weight 0; the zero Vec where there are no others.
func weighted(w []float64, k []Vec) (sum Vec) {
	for i, weight := range w {
		if weight == 0 {
			continue
		}
		term := times(weight, k[i])
		if sum.OK() {
			term = Add(sum, term)
		}
		sum = term
	}
	return sum
}

// times is w v, and v itself for 1.
func times(w float64, v Vec) Vec {
	if w == 1 {
		return v
	}
	return Scale(w, v)
}
