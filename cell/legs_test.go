package cell

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// skew is the skew part of the normal part of HiPPO-LegS, from the definition of both.
func skew(size int) [][]float64 {
	K := make([][]float64, size)
	for n := range K {
		K[n] = make([]float64, size)
		for k := range K[n] {
			legs := 0.0 // A[n,k]
			switch {
			case n > k:
				legs = -math.Sqrt(float64(2*n+1)) * math.Sqrt(float64(2*k+1))
			case n == k:
				legs = -float64(n + 1)
			}
			K[n][k] = legs + math.Sqrt(float64(n)+0.5)*math.Sqrt(float64(k)+0.5)
			if n == k {
				K[n][k] += 0.5
			}
		}
	}
	return K
}

// TestLegsKnownAnswers: of size 2 the eigenvalue is the one entry; of size 4 the squares are the roots of t² - s t + p² with
// s the sum of all squares above the diagonal, 86/4, and p the Pfaffian, √105/4.
func TestLegsKnownAnswers(t *testing.T) {
	root := math.Sqrt(21.5*21.5 - 4*105.0/16)
	for units, want := range map[int][]float64{1: {math.Sqrt(3) / 2}, 2: {math.Sqrt((21.5 - root) / 2), math.Sqrt((21.5 + root) / 2)}} {
		for m, omega := range legsFrequencies(units) {
			if math.Abs(omega-want[m]) > 1e-13*want[m] {
				t.Errorf("frequency %d of %d is %.17g, want %.17g", m, units, omega, want[m])
			}
		}
	}
}

// TestLegsEigenvectors: K v = i ω v for the matrix itself, vectors of norm 1 that are orthogonal to each other and to all
// conjugates, and frequencies that rise; so there are no others.
func TestLegsEigenvectors(t *testing.T) {
	for _, units := range []int{1, 3, 16, 64} {
		size := 2 * units
		K, vs, last := skew(size), [][]complex128{}, 0.0
		for _, omega := range legsFrequencies(units) {
			if !(omega > last) {
				t.Errorf("%d units: frequency %v follows %v", units, omega, last)
			}
			last = omega
			v := legsVector(omega, size)
			for n := range K {
				var sum complex128
				for k, x := range K[n] {
					sum += complex(x, 0) * v[k]
				}
				if e := cmplx.Abs(sum - complex(0, omega)*v[n]); !(e < 1e-12*float64(size*size)) {
					t.Fatalf("%d units, frequency %v: row %d is off by %v", units, omega, n, e)
				}
			}
			vs = append(vs, v)
		}
		for i, v := range vs {
			for j, w := range vs {
				var dot, conjugate complex128
				for n := range v {
					dot += cmplx.Conj(v[n]) * w[n]
					conjugate += v[n] * w[n]
				}
				if i == j {
					dot--
				}
				if cmplx.Abs(dot) > 1e-12 || cmplx.Abs(conjugate) > 1e-12 {
					t.Fatalf("%d units: vectors %d and %d have products %v and %v", units, i, j, dot, conjugate)
				}
			}
		}
	}
}

// TestLegsMatrices: both parts of B belong to one real R, which 2 Re(V B) gives back, and is a normal distribution of
// deviation 1/sqrt(2·units) cut off at two deviations; C is a complex R on the same vectors.
func TestLegsMatrices(t *testing.T) {
	const units, inputs, size = 40, 50, 80
	fill := func(init step.Init, s step.Shape) []float64 {
		v := make([]float64, s.Len())
		init.Fill(v, s, rand.New(rand.NewPCG(3, 4)))
		return v
	}
	in, out := step.Shape{Outer: units, Inner: inputs}, step.Shape{Outer: inputs, Inner: units}
	Bre, Bim := fill(legsInput{}, in), fill(legsInput{true}, in)
	Cre, Cim := fill(legsOutput{}, out), fill(legsOutput{true}, out)
	frequencies := legsFrequencies(units)
	vs := make([][]complex128, units)
	for u := range vs {
		vs[u] = legsVector(frequencies[u], size)
	}
	bound, squares := 2/0.8796256610342398/math.Sqrt(size), 0.0
	for k := range inputs {
		power := 0.0
		for n := range size {
			var R complex128
			for u, v := range vs {
				R += 2 * v[n] * complex(Bre[u*inputs+k], Bim[u*inputs+k])
			}
			if math.Abs(real(R)) > bound+1e-12 {
				t.Fatalf("R[%d, %d] is %v, the bound is %v", n, k, real(R), bound)
			}
			squares += real(R) * real(R)
			power += real(R) * real(R)
		}
		sum := 0.0
		for u := range vs { // |V* R|² over half of the vectors is half of |R|² for a real R
			sum += 2 * (Bre[u*inputs+k]*Bre[u*inputs+k] + Bim[u*inputs+k]*Bim[u*inputs+k])
		}
		if math.Abs(sum-power) > 1e-12*power {
			t.Errorf("column %d: B has the norm %v, the R behind it %v", k, sum, power)
		}
	}
	if v := squares / inputs; math.Abs(v-1) > 0.05 { // 4,000 draws: three deviations are below 0.05
		t.Errorf("R has the variance %v/%d, want 1/%d", v, size, size)
	}
	squares = 0
	for i := range Cre {
		squares += Cre[i]*Cre[i] + Cim[i]*Cim[i]
	}
	if v := squares / (inputs * units) * size; math.Abs(v-2) > 0.2 { // 2,000 values |C|², of relative deviation 1
		t.Errorf("|C|² is %v/%d on average, want 2/%d", v, size, size)
	}
}

// TestExponentialMinusOne: exact near 0, where the difference of two numbers near 1 has no digits left.
func TestExponentialMinusOne(t *testing.T) {
	for _, z := range []complex128{complex(-1e-9, 3e-8), complex(-2e-5, -4e-6), complex(-0.3, 2.2), complex(-40, 5), complex(1.5, -7)} {
		want := cmplx.Exp(z) - 1
		if cmplx.Abs(z) < 1e-3 {
			want = z * (1 + z/2*(1+z/3*(1+z/4)))
		}
		b := step.New()
		got := complexVec{b.Const(real(z)), b.Const(imag(z))}.exponentialMinusOne()
		b.Output("re", got.re)
		b.Output("im", got.im)
		p := b.Build()
		o := engine.NewOracle(p, 1, nil)
		o.Step()
		e := cmplx.Abs(complex(o.Value(p.Outputs[0].Node)[0], o.Value(p.Outputs[1].Node)[0]) - want)
		if !(e <= 1e-15*cmplx.Abs(want)) {
			t.Errorf("e^%v - 1 is off by %v of %v", z, e, want)
		}
	}
}
