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

// carried is a random problem for Carry, with what its definition gives in float64.
type carried struct {
	lanes         int
	carry         *Carry
	s, x, coef    []float32
	want          []float64
	rows, reached int
}

func newCarried(seed uint64) *carried {
	r := rand.New(rand.NewPCG(seed, 22))
	p := &carried{lanes: 8 * (1 + r.IntN(8)), rows: 1 + r.IntN(30), reached: 1 + r.IntN(9)}
	if r.IntN(4) == 0 {
		p.lanes = 1 + r.IntN(20)
	}
	random := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return v
	}
	p.carry, p.s, p.x, p.coef = NewCarry(p.lanes), random(p.rows*p.lanes), random(p.reached*p.lanes), random(1+r.IntN(20))
	p.want = make([]float64, len(p.s))
	rows := r.Perm(p.rows)
	for len(rows) > 0 {
		var pairs [][2]int
		for range r.IntN(7) {
			pairs = append(pairs, [2]int{r.IntN(p.lanes), r.IntN(p.reached)})
		}
		b := p.carry.Block(pairs...)
		for range 1 + r.IntN(3) {
			n := min(1+r.IntN(4), len(rows))
			if n == 0 {
				break
			}
			from, coefs := make([]int, r.IntN(5)), make([][]int, n)
			for k := range from {
				from[k] = r.IntN(p.reached)
			}
			for i, row := range rows[:n] {
				for range from {
					coefs[i] = append(coefs[i], r.IntN(len(p.coef)))
				}
				for l := range p.lanes {
					y := &p.want[row*p.lanes+l]
					for k, at := range from {
						*y += float64(p.coef[coefs[i][k]]) * float64(p.x[at*p.lanes+l])
					}
					for _, q := range pairs {
						*y += float64(p.s[row*p.lanes+q[0]]) * float64(p.x[q[1]*p.lanes+l])
					}
				}
			}
			p.carry.Add(b, rows[:n], from, coefs)
			rows = rows[n:]
		}
	}
	return p
}

// Carry is what its definition says, for all numbers of rows and lanes, on both paths, in place where it may be.
func TestCarryByDefinition(t *testing.T) {
	for seed := range uint64(300) {
		p := newCarried(seed)
		for _, on := range []bool{true, false} {
			was := Accelerate(on)
			from := append([]float32(nil), p.s...)
			got := from
			if !InPlace(p.lanes) {
				got = make([]float32, len(from), len(from)+1)
			}
			got = append(got, guardNumber)
			p.carry.Run(got[:len(p.s)], from[:len(p.s)], p.x, p.coef)
			if InPlace(p.lanes) { // and in place
				got = append(append([]float32(nil), p.s...), guardNumber)
				p.carry.Run(got[:len(p.s)], got[:len(p.s)], p.x, p.coef)
			}
			Accelerate(was)
			for i, v := range p.want {
				if d := math.Abs(float64(got[i]) - v); !(d <= 1e-5*(1+math.Abs(v))) {
					t.Fatalf("seed %d, %d rows of %d lanes, assembly %v: number %d is %g, by definition %g", seed, p.rows, p.lanes, on, i, got[i], v)
				}
			}
			if got[len(p.s)] != guardNumber {
				t.Fatalf("seed %d, assembly %v: wrote beyond %d numbers", seed, on, len(p.s))
			}
		}
	}
}

const guardNumber = 4711

// Operands that are too short are refused before anything is read.
func TestShortRowsAreRefused(t *testing.T) {
	rows, x := NewRows(8), make([]float32, 32)
	rows.Add([2]int{1, 0}, [2]int{0, 2})
	carry := NewCarry(8)
	carry.Add(carry.Block([2]int{7, 2}), []int{1}, []int{1}, [][]int{{4}})
	for name, f := range map[string]func(){
		"destination":  func() { rows.Run(x[:7], x, x) },
		"rows":         func() { rows.Run(x[24:], x[:16], x) },
		"coefficients": func() { rows.Run(x[24:], x, x[:1]) },
		"result":       func() { carry.Run(x[:15], x, x, x) },
		"state":        func() { carry.Run(x, x[:15], x, x) },
		"jacobian":     func() { carry.Run(x, x, x[:23], x) },
		"number":       func() { carry.Run(x, x, x, x[:4]) },
		"lane":         func() { carry.Block([2]int{8, 0}) },
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
