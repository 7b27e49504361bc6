package cell_test

import (
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// held is the state after some steps of dt each with one input, from generic numbers that depend on the seed only.
func held(p *step.Program, seed uint64, steps int, dt float64) []float64 {
	tr := trial.New(p, 1, 1, seed)
	x := tr.X[0]
	tr.Steps, tr.X[0], tr.DT = steps, nil, nil
	for range steps {
		tr.X[0], tr.DT = append(tr.X[0], x...), append(tr.DT, dt)
	}
	for k := range tr.DY {
		tr.DY[k] = make([]float64, steps*len(tr.DY[k]))
	}
	return tr.Forward().H[0]
}

// distance is the largest difference of two vectors.
func distance(a, b []float64) (d float64) {
	for i := range a {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

// TestLRCTimeConstant: the probe tau is 1/(e a), and finite where the elastance has closed for good.
func TestLRCTimeConstant(t *testing.T) {
	for _, closed := range []bool{false, true} {
		p, w := program(t, cell.LRC{}, wiring.Full(4), 3)
		tr := trial.New(p, 1, 1, 4)
		if at := find(t, p, "shift"); closed {
			clear(tr.Theta[at:][:w.Units()]) // sigmoid(q) - sigmoid(q)
		}
		o := engine.NewOracle(p, 1, tr.Theta)
		copy(o.Value(p.States[0].Node), tr.H0[0])
		copy(o.Value(p.Inputs[0].Node), tr.X[0])
		copy(o.Value(p.Time), tr.DT)
		o.Step()
		probe := func(name string) []float64 { return o.Value(p.Probes[p.Probe(name)].Node) }
		for i, tau := range probe("tau") {
			want := 1 / (probe("a")[i] * probe("e")[i])
			if closed {
				want = 1e6
			}
			if !(math.Abs(tau-want) <= 1e-12*want) {
				t.Errorf("closed %v: tau of neuron %d is %v, want %v", closed, i, tau, want)
			}
		}
	}
}

// TestLRCOrder: sub-steps divide a step, and with more of them every solver comes nearer to one flow, with order 1.
func TestLRCOrder(t *testing.T) {
	const dt = 2.0
	for _, c := range []cell.LRC{{}, {Elastance: cell.ConstantElastance}, {Elastance: cell.AsymmetricElastance, NoForgetGate: true}} {
		after := func(solver cell.LRCSolver, unfolds, steps int) []float64 {
			c := c
			c.Solver, c.Unfolds = solver, unfolds
			p, _ := program(t, c, wiring.Full(5), 3)
			return held(p, 9, steps, dt/float64(steps))
		}
		flow := after(cell.ExponentialLRC, 1, 1<<14)
		for _, solver := range []cell.LRCSolver{cell.ExplicitLRC, cell.HybridLRC, cell.ExponentialLRC} {
			if d := distance(after(solver, 12, 1), after(solver, 3, 4)); !(d < 1e-14) {
				t.Errorf("%+v %s: 12 sub-steps are not four times 3: %g", c, solver, d)
			}
			coarse, fine := distance(after(solver, 32, 1), flow), distance(after(solver, 64, 1), flow)
			if r := coarse / fine; !(r > 1.9 && r < 2.1) {
				t.Errorf("%+v %s: errors %.3g and %.3g of 32 and 64 sub-steps, ratio %.3f; order 1 has 2", c, solver, coarse, fine, r)
			}
		}
		// The adaptive solver in fixed steps: the same flow, with order 5.
		exact := after(cell.AdaptiveLRC, 0, 512)
		if d := distance(exact, flow); !(d < 1e-3) {
			t.Errorf("%+v: dopri5 goes elsewhere, by %g", c, d)
		}
		coarse, fine := distance(after(cell.AdaptiveLRC, 0, 32), exact), distance(after(cell.AdaptiveLRC, 0, 64), exact)
		if order := math.Log2(coarse / fine); !(order > 4.5 && order < 5.5) {
			t.Errorf("%+v dopri5: errors %.3g and %.3g of 32 and 64 steps, order %.3f", c, coarse, fine, order)
		}
	}
}

// TestExponentialLRC: it is exact where nothing depends on the potential: without synapses that act and with a fixed rate,
// dv/dt = tau (b/tau - v) has an exponential for solution, at any dt.
func TestExponentialLRC(t *testing.T) {
	p, _ := program(t, cell.LRC{Solver: cell.ExponentialLRC, Elastance: cell.ConstantElastance, NoForgetGate: true}, wiring.Full(3), 2)
	for _, dt := range []float64{1e-9, 0.3, 7, 1e5} {
		tr := trial.New(p, 1, 1, 4)
		tr.DT[0] = dt
		for _, name := range []string{"inner.h", "sensory.h"} {
			clear(tr.Theta[find(t, p, name):][:width(p, name)])
		}
		h := tr.Forward().H[0]
		for i := range 3 {
			of := func(name string) float64 { return tr.Theta[find(t, p, name)+i] }
			tau := of("tau")
			rest := of("vleak") * math.Tanh(of("gleak")) / tau
			if want := rest + (tr.H0[0][i]-rest)*math.Exp(-tau*dt); !(math.Abs(h[i]-want) < 1e-14) {
				t.Errorf("dt %g: potential %d is %.17g, want %.17g", dt, i, h[i], want)
			}
		}
	}
}

// width is the number of values of a parameter.
func width(p *step.Program, name string) int {
	for _, q := range p.Params {
		if q.Name == name {
			return q.Shape.Len()
		}
	}
	return 0
}

// TestLRCInitial: the sums of g begin with orthonormal columns, of which a sparse wiring takes the entries it has.
func TestLRCInitial(t *testing.T) {
	const n = 6
	p, _ := program(t, cell.LRC{}, wiring.Full(n), 4)
	theta := p.Initial(3)
	h := theta[find(t, p, "inner.h"):][:n*n] // by target, then source
	for i := range n {
		for j := range n {
			dot, want := 0.0, 0.0
			for k := range n {
				dot += h[i*n+k] * h[j*n+k]
			}
			if i == j {
				want = 1
			}
			if math.Abs(dot-want) > 1e-12 {
				t.Errorf("columns %d and %d of h have the product %g", i, j, dot)
			}
		}
	}
	sparse, w := program(t, cell.LRC{}, wiring.Random{Units: n, Outputs: n, Sparsity: 0.5}, 4)
	some := sparse.Initial(3)[find(t, sparse, "inner.h"):]
	for k, s := range w.Inner() {
		if some[k] != h[s.To*n+s.From] {
			t.Errorf("synapse %d to %d begins at %g, in the whole matrix at %g", s.From, s.To, some[k], h[s.To*n+s.From])
		}
	}
	for name, bounds := range map[string][2]float64{"gleak": {0.001, 1}, "vleak": {-0.2, 0.2}, "inner.w": {0.001, 1}, "sensory.sigma": {3, 8}, "inner.mu": {0.3, 0.8}, "shift": {1, 1}, "output.w": {1, 1}, "elastance.bias": {0, 0}} {
		for _, v := range theta[find(t, p, name):][:width(p, name)] {
			if v < bounds[0] || v > bounds[1] {
				t.Errorf("%s begins at %g, out of %v", name, v, bounds)
			}
		}
	}
}

// TestLRCMaxStep: explicit steps are limited by the sub-steps, the other solvers not.
func TestLRCMaxStep(t *testing.T) {
	for _, c := range []struct {
		cell cell.LRC
		want float64
	}{{cell.LRC{}, 1.5}, {cell.LRC{Unfolds: 6}, 9}, {cell.LRC{Solver: cell.HybridLRC}, 0}, {cell.LRC{Solver: cell.ExponentialLRC, Unfolds: 2}, 0}} {
		if got := cell.MaxStep(c.cell); got != c.want {
			t.Errorf("%+v has MaxStep %g, want %g", c.cell, got, c.want)
		}
	}
	if got := cell.MaxStep(cell.Mixed{Cell: cell.LRC{Unfolds: 2}}); got != 3 {
		t.Errorf("with mixed memory MaxStep is %g, want 3", got)
	}
}

// TestPaperReferences: what the metadata of a vector leave out or contradict is an error, never a default.
func TestPaperReferences(t *testing.T) {
	for _, c := range []struct{ cell, constants, says string }{
		{"stc", `{"elastance": "constant", "forget_gate": true, "solver": "explicit", "unfolds": 0}`, "unfolds 0"},
		{"lrc_sym", `{"elastance": "", "forget_gate": true, "solver": "explicit", "unfolds": 1}`, `elastance ""`},
		{"lrc_sym", `{"elastance": "interp", "forget_gate": true, "solver": "explicit", "unfolds": 1}`, `elastance "interp"; allowed`},
		{"lrc_sym", `{"elastance": "symmetric", "solver": "explicit", "unfolds": 1}`, "lack forget_gate"},
		{"lrcssm", `{"complex": false}`, "lack symmetric"},
		{"liquid_s4_rec", `{"disc": "bilinear", "form": "p2"}`, `form is "p2"`},
		{"liquid_s4_pb", `{"disc": "", "form": "pb"}`, "disc is empty"},
		{"riccati_ssm", `{"bound": 0, "s_min": 0.1}`, "bound is 0"},
		{"riccati_ssm", `{"bound": 1e9, "s_min": 0.1}`, "bound is 1e+09; allowed"},
	} {
		_, err := cell.FromReference(cell.Meta{"cell": c.cell, "units": "4", "constants": c.constants})
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %s: %v; it must say %q", c.cell, c.constants, err, c.says)
		}
	}
}
