package cell_test

import (
	"math"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/step"
)

// slope gives the right side of unit i of a RiccatiSSM, dh/dt = eps (alpha + beta h + gamma h²), from the paper's formulas.
func slope(t *testing.T, p *step.Program, tr *trial.Trial, c cell.RiccatiSSM, i int) (f func(h float64) float64, eps, r float64) {
	inputs := len(tr.X[0])
	sigmoid := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
	raw := func(k string) float64 {
		sum := tr.Theta[find(t, p, k+".bias")+i]
		for j, x := range tr.X[0] {
			s := sigmoid(tr.Theta[find(t, p, "sensory_sigma")+j] * (x - tr.Theta[find(t, p, "sensory_mu")+j]))
			sum += tr.Theta[find(t, p, k+".s")+i*inputs+j] * s
		}
		return sum
	}
	D, gamma := c.Bound, raw("gamma")
	eps, r = sigmoid(raw("eps")), c.Floor+math.Log1p(math.Exp(raw("beta")))
	alpha := (r*D + math.Abs(gamma)*D*D) * math.Tanh(raw("alpha"))
	beta := -(r + 2*math.Abs(gamma)*D)
	return func(h float64) float64 { return eps * (alpha + beta*h + gamma*h*h) }, eps, r
}

// TestRiccatiSolvesItsEquation: against the classical Runge-Kutta method with many steps.
func TestRiccatiSolvesItsEquation(t *testing.T) {
	const dt, K = 2.3, 2000
	for seed := range uint64(4) {
		c := cell.RiccatiSSM{Units: 4, Bound: 1.3, Floor: 0.05}
		p, _ := program(t, c, nil, 3)
		tr := trial.New(p, 1, 1, seed)
		tr.DT[0] = dt
		got := tr.Forward().H[0]
		for i := range c.Units {
			f, _, _ := slope(t, p, tr, c, i)
			h, d := tr.H0[0][i], dt/K
			for range K {
				k1 := f(h)
				k2 := f(h + d/2*k1)
				k3 := f(h + d/2*k2)
				h += d / 6 * (k1 + 2*k2 + 2*k3 + f(h+d*k3))
			}
			if !(math.Abs(got[i]-h) < 1e-12) {
				t.Errorf("seed %d, unit %d: %.15g, by small steps %.15g", seed, i, got[i], h)
			}
		}
	}
}

// TestRiccatiIsAFlow: steps add up, states stay within the bound under inputs of any size, and two states approach each
// other as fast as promised.
func TestRiccatiIsAFlow(t *testing.T) {
	c := cell.RiccatiSSM{Units: 5, Bound: 0.7, Floor: 0.2}
	p, _ := program(t, c, nil, 3)
	if d := distance(held(p, 3, 1, 1.3), held(p, 3, 13, 0.1)); !(d < 1e-14) {
		t.Errorf("13 steps of 0.1 differ from one of 1.3 by %g", d)
	}
	tr := trial.New(p, 40, 3, 6)
	for i := range tr.X[0] {
		tr.X[0][i] *= 40
	}
	for i := range tr.Theta {
		tr.Theta[i] *= 8
	}
	for i := range tr.H0[0] {
		tr.H0[0][i] = c.Bound * float64(1-2*(i%2))
	}
	for time, path := range tr.Forward().Path {
		for i, h := range path[0] {
			if !(math.Abs(h) <= c.Bound*(1+1e-12)) {
				t.Errorf("after row %d state %d is %g, beyond %g", time, i, h, c.Bound)
			}
		}
	}
	a := trial.New(p, 1, 1, 7)
	for i := range a.H0[0] { // within the bound, as the promise has it
		a.H0[0][i] *= 0.5
	}
	b := a.Copy()
	for i := range b.H0[0] {
		b.H0[0][i] += 0.2
	}
	x, y := a.Forward().H[0], b.Forward().H[0]
	for i := range x {
		_, eps, r := slope(t, p, a, c, i)
		if got, most := (y[i]-x[i])/0.2, math.Exp(-eps*r*a.DT[0]); !(got > 0 && got <= most) {
			t.Errorf("unit %d: a difference shrinks to %.4f of itself, promised at most %.4f", i, got, most)
		}
	}
}
