package model

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/step"
)

// degrees of the polynomials of SummaryShape.
const degrees = 4

// shape keeps the coefficients c_k of a number in the polynomials φ_k(u) = sqrt(2k + 1) P_k(2u - 1) of u = s/T, the place in its
// history. When T grows to T/r, the history has its old form between 0 and r and the present value from there to 1, so that
//
//	c_k ← r Σ_j Q_kj c_j + z ∫ φ_k(u) du from r to 1,    φ_k(r v) = Σ_j Q_kj φ_j(v).
//
// That is exact for rows at any distance. A constant has c_k = 0 for k > 0, which gives the last integral as -r Q_k0, and
// differences from the mean in time, c_0, as all that matters. Written in q = 1 - r the terms are as small as the step.
func (h *head) shape(z, now step.Vec) step.Vec {
	b := h.b
	pending := step.Add(b.State("pending", now.Shape()), b.DT())
	b.Next("pending", step.Mul(step.OneMinus(now), pending))
	past := step.Mul(now, pending)
	q := step.Div(past, step.Max(h.sum("span", past), b.Const(least)))
	level := b.State("level", z.Shape())
	away := step.Sub(level, z)
	b.Next("level", step.Sub(level, step.Mul(q, away)))
	old, shrinks := []step.Vec{away}, []step.Vec{step.OneMinus(q)}
	next := make([]step.Vec, degrees)
	for k := range next {
		name := fmt.Sprintf("degree%d", k+1)
		next[k] = step.Mul(power(b, stretched(k+1, 0), q), step.Mul(shrinks[0], away))
		old = append(old, b.State(name, z.Shape()))
		shrinks = append(shrinks, step.Mul(shrinks[k], shrinks[0]))
		for j := 1; j <= k+1; j++ {
			next[k] = step.Add(next[k], step.Mul(power(b, stretched(k+1, j), q), step.Mul(shrinks[j], old[j])))
		}
		b.Next(name, next[k])
	}
	return step.Concat(next...)
}

// power is the power series with coefficients p at q, by Horner's rule.
func power(b *step.Builder, p []float64, q step.Vec) step.Vec {
	y := b.Const(p[len(p)-1])
	for i := len(p) - 2; i >= 0; i-- {
		y = step.Plus(step.Mul(y, q), p[i])
	}
	return y
}

// stretched are the coefficients of Q_kj / r^j in powers of q = 1 - r.
func stretched(k, j int) []float64 {
	p := make([]float64, k-j+1)
	for i, a := range shifted(k) { // a v^i, of which ∫ v^i φ_j is the share of φ_j, becomes a r^i v^i
		share := 0.0
		for l, b := range shifted(j) {
			share += b / float64(i+l+1)
		}
		for m := range i - j + 1 { // r^(i-j) = Σ_m binomial(i - j, m) (-q)^m
			p[m] += a * share * binomial(i-j, m) * math.Pow(-1, float64(m))
		}
	}
	for m := range p {
		p[m] = math.Sqrt(float64((2*k+1)*(2*j+1))) * p[m]
	}
	return p
}

// shifted are the coefficients of P_k(2u - 1) in powers of u: (-1)^(k+i) binomial(k, i) binomial(k+i, i).
func shifted(k int) []float64 {
	p := make([]float64, k+1)
	for i := range p {
		p[i] = math.Pow(-1, float64(k+i)) * binomial(k, i) * binomial(k+i, i)
	}
	return p
}

func binomial(n, k int) float64 {
	y := 1.0
	for i := range k {
		y = y * float64(n-i) / float64(i+1)
	}
	return math.Round(y)
}
