package cell_test

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// linear are the cells with a linear recurrence of independent units.
var linear = []cell.Cell{
	cell.LinOSS{Units: 5}, cell.LinOSS{Units: 5, Scheme: cell.IMEX},
	cell.DLinOSS{Units: 5}, cell.DLinOSS{Units: 5, Scheme: cell.IMEX2}, cell.DLinOSS{Units: 5, Scheme: cell.IM}, cell.DLinOSS{Units: 5, Scheme: cell.EX},
	cell.LRU{Units: 5}, cell.S5{Units: 5}, cell.S5{Units: 5, Discretisation: cell.Bilinear}, cell.S6{Units: 5}, cell.S6{Units: 5, Rank: 2},
}

// TestDiagonalParameterCounts: the counts of the papers' equations for U units and F inputs.
func TestDiagonalParameterCounts(t *testing.T) {
	const U, F = 5, 3
	want := []int{2*U + 4*U*F + F, 2*U + 4*U*F + F,
		3*U + 4*U*F + F, 3*U + 4*U*F + F, 3*U + 4*U*F + F, 3*U + 4*U*F + F,
		3*U + 4*U*F + F, 3*U + 4*U*F + F, 3*U + 4*U*F + F,
		(1+2*U)*F + F*1 + 2*F + F*U, (2+2*U)*F + F*2 + 2*F + F*U}
	for i, c := range linear {
		p, _ := program(t, c, nil, F)
		if got := p.ParamCount(); got != want[i] {
			t.Errorf("%#v: %d parameters, want %d", c, got, want[i])
		}
		states := 2 * U
		switch c.(type) {
		case cell.LinOSS, cell.DLinOSS:
			states = 4 * U
		case cell.S6:
			states = F * U
		}
		if got := p.StateWidth(); got != states {
			t.Errorf("%#v: %d state values, want %d", c, got, states)
		}
	}
	for inputs, rank := range map[int]int{1: 1, 16: 1, 17: 2, 40: 3} {
		p, _ := program(t, cell.S6{Units: 1}, nil, inputs)
		if got, want := p.ParamCount(), (rank+2)*inputs+inputs*rank+3*inputs; got != want {
			t.Errorf("S6 on %d inputs: %d parameters, want %d at rank %d", inputs, got, want, rank)
		}
	}
}

// runner runs one cell on the oracle for as many copies as there are lanes.
type runner struct {
	p     *step.Program
	o     *engine.Oracle
	theta []float64
	lanes int
}

func newRunner(t *testing.T, c cell.Cell, inputs, lanes int, seed uint64) *runner {
	t.Helper()
	p, _ := program(t, c, nil, inputs)
	r := &runner{p: p, theta: p.Initial(seed), lanes: lanes}
	r.o = engine.NewOracle(p, lanes, r.theta)
	return r
}

func (r *runner) state(name string) []float64 {
	for _, s := range r.p.States {
		if s.Name == name {
			return r.o.Value(s.Node)
		}
	}
	panic("no state " + name)
}

func (r *runner) next(name string) []float64 {
	for _, s := range r.p.States {
		if s.Name == name {
			return r.o.Value(s.Next)
		}
	}
	panic("no state " + name)
}

func (r *runner) param(name string) []float64 {
	for _, q := range r.p.Params {
		if q.Name == name {
			return r.theta[q.Offset:][:q.Shape.Len()]
		}
	}
	panic("no parameter " + name)
}

func (r *runner) probe(name string) []float64 { return r.o.Value(r.p.Probes[r.p.Probe(name)].Node) }

func (r *runner) time(dt float64) {
	for i := range r.o.Value(r.p.Time) {
		r.o.Value(r.p.Time)[i] = dt
	}
}

// TestNoTimeForLinearCells: at dt = 0 the output of a flow is that of its state and D x; LRU adds gamma B x to its state.
func TestNoTimeForLinearCells(t *testing.T) {
	for _, c := range linear {
		r := newRunner(t, c, 3, 1, 4)
		x := r.o.Value(r.p.Inputs[0].Node)
		copy(x, []float64{0.7, -1.3, 0.4})
		r.time(0)
		r.o.Step()
		D, y := r.param("D"), r.o.Value(r.p.Outputs[0].Node)
		if _, ok := c.(cell.LRU); ok {
			for u := range 5 {
				want := 0.0
				for k := range x {
					want += math.Exp(r.param("gamma_log")[u]) * r.param("B_im.x")[3*u+k] * x[k]
				}
				if got := r.next("h_im")[u]; math.Abs(got-want) > 1e-15 {
					t.Errorf("LRU: unit %d is %v after no time, want gamma B x = %v", u, got, want)
				}
			}
			continue
		}
		for k := range x {
			if math.Abs(y[k]-D[k]*x[k]) > 1e-15 {
				t.Errorf("%#v: output %d is %v after no time from zero, want D x = %v", c, k, y[k], D[k]*x[k])
			}
		}
	}
}

// poles are the eigenvalues of one step of every oscillator without input: lane 0 begins with velocity 1, lane 1 with
// position 1.
func (r *runner) poles(dt float64) (list [][2]complex128) {
	units := len(r.param("A"))
	for u := range units {
		r.state("z_re")[2*u], r.state("y_re")[2*u+1] = 1, 1
	}
	r.time(dt)
	r.o.Step()
	z, y := r.next("z_re"), r.next("y_re")
	for u := range units {
		half := complex((z[2*u]+y[2*u+1])/2, 0)
		det := complex(z[2*u]*y[2*u+1]-z[2*u+1]*y[2*u], 0)
		root := cmplx.Sqrt(half*half - det)
		list = append(list, [2]complex128{half + root, half - root})
	}
	return list
}

// TestDrawnOscillators: the first A, G and steps of DLinOSS are of one drawing, have the eigenvalues that it asks for at
// dt = 1 and lie where the scheme leaves them; together they fill the range.
func TestDrawnOscillators(t *testing.T) {
	for _, scheme := range []cell.Scheme{cell.IMEX1, cell.IMEX2, cell.IM, cell.EX} {
		r := newRunner(t, cell.DLinOSS{Units: 400, Scheme: scheme}, 2, 2, 11)
		angles, least := 0.0, 1.0
		for u, pole := range r.poles(1) {
			modulus, angle := cmplx.Abs(pole[0]), cmplx.Phase(pole[0])
			if !(modulus > 0.9-1e-9 && modulus < 1+1e-9 && math.Abs(cmplx.Abs(pole[1])-modulus) < 1e-6) {
				t.Fatalf("%s: oscillator %d has the eigenvalues %v", scheme, u, pole)
			}
			for name, raw := range map[string][]float64{"A": r.param("A"), "G": r.param("G")} {
				want, s := raw[u], step.Logistic(r.param("steps")[u])
				if scheme == cell.EX && name == "A" {
					want = min(want, 3.99/s/s) // a few drawn ones are beyond what is kept
				}
				if v := r.probe(name)[2*u]; math.Abs(v-want) > 1e-9*(1+math.Abs(v)) {
					t.Fatalf("%s: oscillator %d has the raw %s %v, which became %v", scheme, u, name, raw[u], v)
				}
			}
			angles, least = angles+math.Abs(angle)/400, min(least, modulus)
		}
		mean := math.Pi / 2
		if scheme == cell.IM { // of arccos(r)/2 over r² uniform on [0.81, 1)
			mean = 0.148
		}
		if math.Abs(angles-mean) > 0.06*mean || least > 0.905 {
			t.Errorf("%s: the angles are %v on average, want %v; the smallest modulus is %v", scheme, angles, mean, least)
		}
	}
}

// TestRegions: whatever the raw parameters that the optimiser allows, no oscillator grows over equal steps within MaxStep, of
// any dt where there is none; and no value and no gradient is NaN.
func TestRegions(t *testing.T) {
	raw := []float64{0, 1e-3, 0.3, 1, 3.1, 4, 9, 30, 400}
	for _, c := range []cell.Cell{
		cell.DLinOSS{Units: 729}, cell.DLinOSS{Units: 729, Scheme: cell.IMEX2}, cell.DLinOSS{Units: 729, Scheme: cell.IM},
		cell.DLinOSS{Units: 729, Scheme: cell.EX}, cell.LinOSS{Units: 729}, cell.LinOSS{Units: 729, Scheme: cell.IMEX},
	} {
		times := []float64{1, 0.8, 0.37, 0.02}
		if cell.MaxStep(c) == 0 {
			times = append(times, 1.7, 25, 1e4)
		} else {
			times = append(times, 1.001, 1.2, cell.MaxStep(c))
		}
		for _, dt := range times {
			r := newRunner(t, c, 2, 2, 1)
			for u := range 729 {
				r.param("A")[u], r.param("steps")[u] = raw[u%9], raw[u/9%9]-3
				if _, damped := c.(cell.DLinOSS); damped {
					r.param("G")[u] = raw[u/81]
				}
			}
			for _, q := range r.p.Params {
				for k := range q.Shape.Len() {
					r.theta[q.Offset+k] = min(max(r.theta[q.Offset+k], q.Min), q.Max)
				}
			}
			for u, pole := range r.poles(dt) {
				// Where both eigenvalues are nearly the same, rounding moves them by the root of its size.
				if m := max(cmplx.Abs(pole[0]), cmplx.Abs(pole[1])); !(m < 1+1e-6) {
					t.Fatalf("%#v: A %v, G %v, steps %v at dt = %v has the eigenvalues %v", c, raw[u%9], raw[u/81], raw[u/9%9]-3, dt, pole)
				}
			}
		}
	}
}

// TestImplicitStepsLoseEnergy: with im |z|² + A |y|² of no oscillator grows without input, over steps of any length in any
// order.
func TestImplicitStepsLoseEnergy(t *testing.T) {
	for _, c := range []cell.Cell{cell.LinOSS{Units: 200}, cell.DLinOSS{Units: 200, Scheme: cell.IM}} {
		r := newRunner(t, c, 2, 1, 6)
		A := r.param("A")
		energy := func(value func(name string) []float64, i int) (sum float64) {
			for _, part := range []string{"_re", "_im"} {
				z, y := value("z" + part)[i], value("y" + part)[i]
				sum += z*z + A[i]*y*y
			}
			return sum
		}
		for i := range A {
			for k, s := range r.p.States {
				r.o.Value(s.Node)[i] = math.Sin(float64(3*i + 5*k + 1))
			}
		}
		for step := range 300 {
			r.time([]float64{1, 0.3, 0.98, 7, 0.5, 1, 0.06}[step*step%7])
			r.o.Step()
			if _, moved := c.(cell.DLinOSS); moved {
				A = r.probe("A")
			}
			for i := range A {
				if old, new := energy(r.state, i), energy(r.next, i); !(new <= old*(1+1e-12)) {
					t.Fatalf("%#v: the energy of oscillator %d grows from %v to %v in step %d", c, i, old, new, step)
				}
			}
			r.carry()
		}
	}
}

// carry makes the next states the states.
func (r *runner) carry() {
	for _, s := range r.p.States {
		copy(r.o.Value(s.Node), r.o.Value(s.Next))
	}
}

// TestUnevenSteps: what the documentation of imex says of steps that differ. One step in four is split in halves, as a gap a
// little beyond MaxStep is; the growth of undamped oscillators by their angle θ, with 2 cos θ = 2 - d² A, is in nature's
// logarithms a step.
func TestUnevenSteps(t *testing.T) {
	angles, want := []float64{1, 1.5, 3}, []float64{0.005, 0.02, 0.2}
	r := newRunner(t, cell.LinOSS{Units: 3, Scheme: cell.IMEX}, 1, 1, 1)
	for u, theta := range angles {
		r.param("steps")[u], r.param("A")[u] = 0, 4*(2-2*math.Cos(theta)) // sigmoid(0) = 1/2
	}
	for _, split := range []bool{false, true} {
		growth, random := make([]float64, 3), rand.New(rand.NewPCG(8, 8))
		for u := range angles {
			r.state("z_re")[u], r.state("y_re")[u] = 1, 0.3
		}
		const steps = 20000
		for range steps {
			times := []float64{1}
			if split && random.IntN(4) == 0 {
				times = []float64{0.5, 0.5}
			}
			for _, dt := range times {
				r.time(dt)
				r.o.Step()
				r.carry()
			}
			for u := range angles {
				z, y := &r.state("z_re")[u], &r.state("y_re")[u]
				size := math.Hypot(*z, *y)
				growth[u] += math.Log(size) / steps
				*z, *y = *z/size, *y/size
			}
		}
		for u, g := range growth {
			switch {
			case !split && math.Abs(g) > 1e-3:
				t.Errorf("with equal steps an oscillator of angle %v grows by %v a step", angles[u], g)
			case split && math.Abs(g-want[u]) > 0.3*want[u]:
				t.Errorf("an oscillator of angle %v grows by %v a step, not by %v", angles[u], g, want[u])
			}
		}
	}
}

// TestClocks: rows of a regular series, a second early or late within a minute, are all taken in the same number of parts by
// every preset; and undamped oscillators of explicit schemes hardly grow over them, by their angle.
func TestClocks(t *testing.T) {
	for _, p := range cell.Presets() {
		limit := cell.MaxStep(p.Cell)
		if limit == 0 {
			continue
		}
		if early, late := math.Ceil(59./60/limit), math.Ceil(61./60/limit); early != late {
			t.Errorf("%s takes a minute that is a second short in %v parts, one that is a second long in %v: MaxStep is %v", p.Name, early, late, limit)
		}
	}
	angles, most := []float64{1, 1.5, 3}, []float64{1e-5, 1e-3, 2e-2}
	for _, c := range []cell.Cell{
		cell.LinOSS{Units: 3, Scheme: cell.IMEX}, cell.DLinOSS{Units: 3}, cell.DLinOSS{Units: 3, Scheme: cell.IMEX2},
	} {
		r := newRunner(t, c, 1, 1, 1)
		for u, theta := range angles {
			r.param("steps")[u], r.param("A")[u] = 0, 4*(2-2*math.Cos(theta)) // sigmoid(0) = 1/2
			if _, damped := c.(cell.DLinOSS); damped {
				r.param("G")[u] = 0
			}
			r.state("z_re")[u], r.state("y_re")[u] = 1, 0.3
		}
		const steps = 20000
		growth, random := make([]float64, 3), rand.New(rand.NewPCG(8, 8))
		for range steps {
			r.time(float64(59+random.IntN(3)) / 60)
			r.o.Step()
			r.carry()
			for u := range angles {
				z, y := &r.state("z_re")[u], &r.state("y_re")[u]
				size := math.Hypot(*z, *y)
				growth[u] += math.Log(size) / steps
				*z, *y = *z/size, *y/size
			}
		}
		t.Logf("%#v: growth a step %.2g", c, growth)
		for u, g := range growth {
			if !(g < most[u]) {
				t.Errorf("%#v: an oscillator of angle %v grows by %v a step", c, angles[u], g)
			}
		}
	}
}

// TestRegionGradients: at the corners where a root vanishes gradients are finite.
func TestRegionGradients(t *testing.T) {
	for _, scheme := range []cell.Scheme{cell.IMEX1, cell.IMEX2, cell.IM, cell.EX} {
		p, _ := program(t, cell.DLinOSS{Units: 4, Scheme: scheme}, nil, 2)
		p = p.Reverse(step.WRT{})
		theta := p.Initial(3)
		for k, corner := range [][3]float64{{0, 0, 0}, {4, 2, 0}, {16, 50, -30}, {1e3, 1e3, 3}} {
			for i, name := range []string{"A", "G", "steps"} {
				theta[find(t, p, name)+k] = corner[i]
			}
		}
		o := engine.NewOracle(p, 1, theta)
		for _, node := range append([]int{p.Time, p.Inputs[0].Node}, p.Adjoint.DNext...) {
			for i := range o.Value(node) {
				o.Value(node)[i] = 0.6
			}
		}
		o.Step()
		o.Clear()
		o.Back()
		o.Finish()
		for k, q := range p.Params {
			for i, g := range o.Grad(k) {
				if math.IsNaN(g) || math.IsInf(g, 0) {
					t.Errorf("%s: the gradient of %s[%d] is %v", scheme, q.Name, i, g)
				}
			}
		}
	}
}

// TestDiagonalInitialValues: what the papers draw, where parameters depend on each other or have a range of their own.
func TestDiagonalInitialValues(t *testing.T) {
	r := newRunner(t, cell.LRU{Units: 300}, 2, 1, 5)
	mean, last := 0.0, r.param("theta_log")
	for u, nu := range r.param("nu_log") {
		square := math.Exp(-2 * math.Exp(nu)) // |lambda|²
		if gamma := math.Exp(2 * r.param("gamma_log")[u]); math.Abs(gamma-(1-square)) > 1e-12 {
			t.Errorf("LRU: unit %d has |lambda|² = %v and gamma² = %v", u, square, gamma)
		}
		if angle := math.Exp(last[u]); angle > 6.28 {
			t.Errorf("LRU: unit %d has the angle %v", u, angle)
		}
		mean += square / 300
	}
	if math.Abs(mean-0.5) > 0.05 {
		t.Errorf("LRU: |lambda|² is %v on average", mean)
	}
	r = newRunner(t, cell.S6{Units: 3}, 200, 1, 5)
	least, most := 1.0, 0.0
	for f, v := range r.param("dt_proj.bias") {
		d := math.Log1p(math.Exp(v))
		least, most = min(least, d), max(most, d)
		for n := range 3 {
			if got := math.Exp(r.param("A_log")[3*f+n]); math.Abs(got-float64(n+1)) > 1e-14 {
				t.Errorf("S6: state %d of channel %d has the rate %v", n, f, got)
			}
		}
	}
	if least < 1e-3-1e-15 || most > 0.1 || least > 1.2e-3 || most < 0.085 {
		t.Errorf("S6: 200 steps lie in [%v, %v]", least, most)
	}
	for name, c := range map[string]struct {
		cell cell.Cell
		want map[string]string
	}{
		"LinOSS": {cell.LinOSS{Units: 4}, map[string]string{"A": "uniform(0, 1)", "steps": "uniform(0, 1)",
			"B_re.x": "uniform(-0.5774, 0.5774)", "C_im.h": "uniform(-0.5, 0.5)", "D": "normal(0, 1)"}},
		"LRU": {cell.LRU{Units: 4}, map[string]string{"B_im.x": "normal(0, 0.4082)", "C_re.h": "normal(0, 0.5)", "D": "normal(0, 1)"}},
		"S5":  {cell.S5{Units: 4}, map[string]string{"Lambda_re": "-0.5", "log_step": "uniform(-6.908, -2.303)", "D": "normal(0, 1)"}},
		"S6":  {cell.S6{Units: 4, Rank: 4}, map[string]string{"x_proj.x": "uniform(-0.5774, 0.5774)", "dt_proj.w": "uniform(-0.5, 0.5)", "D": "1"}},
	} {
		p, _ := program(t, c.cell, nil, 3)
		for _, q := range p.Params {
			if want, ok := c.want[q.Name]; ok && q.Init.String() != want {
				t.Errorf("%s: %s starts from %s, want %s", name, q.Name, q.Init, want)
			}
			delete(c.want, q.Name)
		}
		if len(c.want) > 0 {
			t.Errorf("%s has no parameters %v", name, c.want)
		}
	}
}

func TestDiagonalCheck(t *testing.T) {
	for _, c := range []struct {
		cell cell.Cell
		says string
	}{
		{cell.LinOSS{}, "LinOSS: units is 0"}, {cell.LinOSS{Units: 2, Scheme: "rk4"}, `LinOSS: scheme "rk4"; allowed: im, imex`},
		{cell.LinOSS{Units: 2, Scheme: cell.EX}, `scheme "ex"`}, {cell.DLinOSS{Units: 2, Scheme: cell.IMEX}, `DLinOSS: scheme "imex"; allowed: imex1, imex2, im, ex`},
		{cell.DLinOSS{Units: -1}, "DLinOSS: units is -1"}, {cell.LRU{}, "LRU: units is 0"}, {cell.S5{}, "S5: units is 0"}, {cell.S6{}, "S6: units is 0"},
		{cell.S5{Units: 1, Discretisation: "euler"}, `S5: discretisation "euler"; allowed: zoh, bilinear`},
		{cell.S6{Units: 1, Rank: -1}, "S6: rank is -1; allowed: 1 to 65536"}, {cell.S6{Units: 1, Rank: 65537}, "rank is 65537"},
		{cell.LRU{Units: 1, Activation: "glu"}, `LRU: activation "glu"; allowed: gelu, lecun_tanh, relu, silu, tanh, or none if empty`},
		{cell.S6{Units: 1, Activation: "glu"}, "S6: activation"}, {cell.S5{Units: 1, Activation: "glu"}, "S5: activation"},
		{cell.LinOSS{Units: 1, Activation: "glu"}, "LinOSS: activation"}, {cell.DLinOSS{Units: 1, Activation: "glu"}, "DLinOSS: activation"},
	} {
		if err := c.cell.Check(); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%#v gives %v; it must say %q", c.cell, err, c.says)
		}
	}
}

func TestDiagonalReferences(t *testing.T) {
	for text, want := range map[string]cell.Cell{
		`cell=linoss_imex units=4 constants={"damped":false,"scheme":"imex"}`:   cell.LinOSS{Units: 4, Scheme: cell.IMEX},
		`cell=dlinoss_imex2 units=4 constants={"damped":true,"scheme":"imex2"}`: cell.DLinOSS{Units: 4, Scheme: cell.IMEX2},
		`cell=lru units=3 constants={}`:                                         cell.LRU{Units: 3},
		`cell=s5_bilinear units=3 constants={"disc":"bilinear"}`:                cell.S5{Units: 3, Discretisation: cell.Bilinear},
		`cell=s6 units=3 constants={"dt_rank":2}`:                               cell.S6{Units: 3, Rank: 2},
	} {
		if got, err := cell.FromReference(meta(text)); err != nil || got != want {
			t.Errorf("%s gives %#v, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		`cell=linoss_im units=4 constants={"damped":false,"scheme":"imex"}`: `scheme is "imex"`,
		`cell=linoss_im units=4 constants={"damped":true,"scheme":"im"}`:    "damped is true",
		`cell=dlinoss_im units=4 constants={"damped":false,"scheme":"im"}`:  "damped is false",
		`cell=dlinoss_im units=x constants={"damped":true,"scheme":"im"}`:   `units is "x"`,
		`cell=linoss_im units=4 constants={"scheme":"im"}`:                  "damped",
		`cell=lru constants={}`: `units is ""`, `cell=lru units=2 constants={"a":1}`: "constants",
		`cell=s5_zoh units=2 constants={"disc":"bilinear"}`: `disc is "bilinear"`, `cell=s5_zoh constants={"disc":"zoh"}`: `units is ""`,
		`cell=s5_zoh units=2 constants={}`: "disc", `cell=s6 units=2 constants={}`: "dt_rank",
		`cell=s6 constants={"dt_rank":1}`: `units is ""`, `cell=s6 units=2 constants={"dt_rank":-1}`: "rank is -1",
	} {
		if c, err := cell.FromReference(meta(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s gives %#v, %v; it must say %q", text, c, err, says)
		}
	}
}
