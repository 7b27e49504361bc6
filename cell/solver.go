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
// one of Runge and Kutta (4), in equal sub-steps; and that of Dormand and Prince (5), in steps as short as its error asks.
const (
	Euler    Method = "euler"
	Midpoint Method = "midpoint"
	Heun     Method = "heun"
	RK4      Method = "rk4"
	// Dopri5 is adaptive: the program takes one step of length dt and has the probe "error",
	//
	//	sqrt(Σ_i (e_i / (atol + rtol max(|h_i|, |h'_i|)))² / units),   e = d Σ_i (b_i - b*_i) k_i
	//
	// where b* are the weights of the embedded method of order 4. Executors keep a step whose error is at most 1, and else
	// try a shorter one; see Adapting. A step costs six f, its error one more. Source: Dormand and Prince, A family of
	// embedded Runge-Kutta formulae, 1980; the norm is that of Hairer, Nørsett and Wanner, II.4, eq. 4.11. Options for which a
	// method has no use must keep their defaults: the sub-steps with this one, the tolerances with the others.
	Dopri5 Method = "dopri5"
)

// tableau is a method's: a below the diagonal, row by row, and b; of an adaptive one also e, which is b less the weights of the
// embedded method. Source: Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, II.1 and table II.5.2.
type tableau struct {
	a    [][]float64
	b, e []float64
}

var tableaus = map[Method]tableau{
	Euler:    {a: [][]float64{{}}, b: []float64{1}},
	Midpoint: {a: [][]float64{{}, {1. / 2}}, b: []float64{0, 1}},
	Heun:     {a: [][]float64{{}, {1}}, b: []float64{1. / 2, 1. / 2}},
	RK4:      {a: [][]float64{{}, {1. / 2}, {0, 1. / 2}, {0, 0, 1}}, b: []float64{1. / 6, 1. / 3, 1. / 3, 1. / 6}},
	Dopri5: {
		a: [][]float64{
			{}, {1. / 5}, {3. / 40, 9. / 40}, {44. / 45, -56. / 15, 32. / 9},
			{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
			{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
			{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}, // which is b: the last stage is f(h')
		},
		b: []float64{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84, 0},
		e: []float64{71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40},
	},
}

// adaptive tells the methods that choose their own steps.
func (m Method) adaptive() bool { return tableaus[m].e != nil }

// methods lists their names.
func methods() string {
	var names []string
	for _, m := range slices.Sorted(maps.Keys(tableaus)) {
		names = append(names, string(m))
	}
	return strings.Join(names, ", ")
}

// checkUnfolds reports a number of sub-steps out of range.
func checkUnfolds(cell string, unfolds int, standard int) error {
	if unfolds < 0 || unfolds > 1000 {
		return fmt.Errorf("%s: unfolds is %d; allowed: 1 to 1000 (0 means %d)", cell, unfolds, standard)
	}
	return nil
}

// solver is how a cell follows its state along a flow. The tolerances are those of an adaptive method.
type solver struct {
	method     Method
	unfolds    int
	rtol, atol float64
}

// Tolerances if none are given, and their ranges: numbers of single precision have no smaller relative error.
const (
	standardRTol, leastRTol, mostRTol = 1e-3, 1e-6, 0.1
	standardATol, leastATol, mostATol = 1e-5, 1e-8, 1
)

// check reports the first option out of range, or one that the method does not look at.
func (s solver) check(cell string, standard int) error {
	if err := checkUnfolds(cell, s.unfolds, standard); err != nil {
		return err
	}
	for _, tol := range []struct {
		name                       string
		value, standard, low, high float64
	}{{"rtol", s.rtol, standardRTol, leastRTol, mostRTol}, {"atol", s.atol, standardATol, leastATol, mostATol}} {
		switch given := tol.value != 0 && tol.value != tol.standard; {
		case given && !(tol.value >= tol.low && tol.value <= tol.high):
			return fmt.Errorf("%s: %s is %g; allowed: %g to %g (0 means %g)", cell, tol.name, tol.value, tol.low, tol.high, tol.standard)
		case given && !s.method.adaptive():
			return fmt.Errorf("%s: %s is %g, but only method %q has tolerances; leave it out, or use that", cell, tol.name, tol.value, Dopri5)
		}
	}
	if s.method.adaptive() {
		if s.unfolds != 0 && s.unfolds != standard {
			return fmt.Errorf("%s: unfolds is %d, but method %q chooses its own steps; leave it out", cell, s.unfolds, s.method)
		}
		return nil
	}
	if _, ok := tableaus[s.method]; !ok && s.method != "" { // an empty one is resolved before it is used
		return fmt.Errorf("%s: method %q; allowed: %s", cell, s.method, methods())
	}
	return nil
}

// flow takes h along h' = f(h) for the elapsed time. At dt = 0 the result is h to the bit, where f is finite.
func (s solver) flow(b *Builder, h Vec, f func(h Vec) Vec) Vec {
	if !s.method.adaptive() {
		return s.method.flow(b, h, s.unfolds, f)
	}
	next, k := s.method.stages(h, b.DT(), f)
	e := Mul(b.DT(), weighted(tableaus[s.method].e, k))
	ratio := Div(e, Plus(Scale(s.rtol, Max(Abs(h), Abs(next))), s.atol))
	b.Probe(ErrorProbe, Sqrt(Scale(1/float64(h.Len()), Sum(Mul(ratio, ratio), Inner))))
	return next
}

// flow takes h along h' = f(h) for the elapsed time, in equal sub-steps. At dt = 0 the result is h to the bit, where f is
// finite.
func (m Method) flow(b *Builder, h Vec, unfolds int, f func(h Vec) Vec) Vec {
	d := times(1/float64(unfolds), b.DT())
	return b.Repeat(unfolds, []Vec{h}, func(carried []Vec) []Vec {
		next, _ := m.stages(carried[0], d, f)
		return []Vec{next}
	})[0]
}

// stages are h after a step of length d, and the slopes that it is made of.
func (m Method) stages(h, d Vec, f func(h Vec) Vec) (next Vec, k []Vec) {
	t := tableaus[m]
	for _, row := range t.a {
		at := h
		if s := weighted(row, k); s.OK() {
			at = Add(h, Mul(d, s))
		}
		k = append(k, f(at))
	}
	return Add(h, Mul(d, weighted(t.b, k))), k
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
