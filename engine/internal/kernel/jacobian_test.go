package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// sums are random sparse sums, as pairs of a coefficient and a row; later ones read earlier ones.
func sums(r *rand.Rand, count, leaves, coefs int) (list [][][2]int) {
	for i := range count {
		var terms [][2]int
		for range r.IntN(7) {
			terms = append(terms, [2]int{r.IntN(coefs), r.IntN(leaves + i)})
		}
		list = append(list, terms)
	}
	return list
}

// Rows are what their definition says, in float64, for all numbers of lanes and on both paths.
func TestRowsByDefinition(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 21))
		lanes, leaves, count, coefs := 8*(1+r.IntN(9)), 1+r.IntN(5), 1+r.IntN(20), 1+r.IntN(9)
		if r.IntN(4) == 0 {
			lanes = 1 + r.IntN(20)
		}
		list, rows := sums(r, count, leaves, coefs), NewRows(lanes)
		for _, terms := range list {
			rows.Add(terms...)
		}
		coef, x := make([]float32, coefs), make([]float32, (leaves+count)*lanes+1)
		for i := range coef {
			coef[i] = float32(r.NormFloat64())
		}
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		want := make([]float64, len(x))
		for i, v := range x {
			want[i] = float64(v)
		}
		for i, terms := range list {
			for l := range lanes {
				s := 0.0
				for _, e := range terms {
					s += float64(coef[e[0]]) * want[e[1]*lanes+l]
				}
				want[(leaves+i)*lanes+l] = s
			}
		}
		for _, on := range []bool{true, false} {
			was := Accelerate(on)
			got := append([]float32(nil), x...)
			rows.Run(got[leaves*lanes:], got, coef)
			Accelerate(was)
			for i, v := range want {
				if d := math.Abs(float64(got[i]) - v); !(d <= 1e-4*(1+math.Abs(v))) {
					t.Fatalf("seed %d, %d lanes, assembly %v: number %d is %g, by definition %g", seed, lanes, on, i, got[i], v)
				}
			}
		}
	}
}

// Influence is what its definition says, for all numbers of rows and lanes and on both paths.
func TestInfluenceByDefinition(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 22))
		lanes, rows, xs := 8*(1+r.IntN(8)), r.IntN(30), 1+r.IntN(9)
		if r.IntN(4) == 0 {
			lanes = 1 + r.IntN(20)
		}
		var pairs [][2]int
		for range r.IntN(12) {
			pairs = append(pairs, [2]int{r.IntN(lanes), r.IntN(xs)})
		}
		random := func(n int) []float32 {
			v := make([]float32, n)
			for i := range v {
				v[i] = float32(r.NormFloat64())
			}
			return v
		}
		y, s, x := random(rows*lanes), random(rows*lanes), random(xs*lanes)
		for _, on := range []bool{true, false} {
			was := Accelerate(on)
			got := append(append([]float32(nil), y...), guardNumber)
			NewInfluence(lanes, pairs...).Add(got[:len(y)], s, x)
			Accelerate(was)
			for i, v := range y {
				want := float64(v)
				for _, p := range pairs {
					want += float64(s[i/lanes*lanes+p[0]]) * float64(x[p[1]*lanes+i%lanes])
				}
				if d := math.Abs(float64(got[i]) - want); !(d <= 1e-5*(1+math.Abs(want))) {
					t.Fatalf("seed %d, %d rows of %d lanes, assembly %v: number %d is %g, by definition %g", seed, rows, lanes, on, i, got[i], want)
				}
			}
			if got[len(y)] != guardNumber {
				t.Fatalf("seed %d, assembly %v: wrote beyond %d numbers", seed, on, len(y))
			}
		}
	}
}

const guardNumber = 4711

// Operands that are too short are refused before anything is read.
func TestShortRowsAreRefused(t *testing.T) {
	rows, x := NewRows(8), make([]float32, 32)
	rows.Add([2]int{1, 0}, [2]int{0, 2})
	sum := NewInfluence(8, [2]int{7, 2})
	for name, f := range map[string]func(){
		"destination":  func() { rows.Run(x[:7], x, x) },
		"rows":         func() { rows.Run(x[24:], x[:16], x) },
		"coefficients": func() { rows.Run(x[24:], x, x[:1]) },
		"influence":    func() { sum.Add(x[:8], x[:7], x) },
		"jacobian":     func() { sum.Add(x[:8], x[:8], x[:16]) },
		"lane":         func() { NewInfluence(8, [2]int{8, 0}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a short or wrong %s is taken", name)
				}
			}()
			f()
		}()
	}
}
