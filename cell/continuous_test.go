package cell_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/step"
)

// TestContinuousParameterCounts: by the formulas of the literature, on 5 inputs.
func TestContinuousParameterCounts(t *testing.T) {
	for _, c := range []struct {
		cell cell.Cell
		want int
		why  string
	}{
		{cell.CTRNN{Units: 32}, 5*32 + 32*32 + 2*32, "F U + U² + 2 U"},
		{cell.NeuralODE{Units: 32}, 5*32 + 32*32 + 2*32, "as CTRNN"},
		{cell.CTGRU{Units: 32}, 2*38*32*8 + 38*32, "2 (F+U+1) U M + (F+U+1) U, M = 8"},
		{cell.CTGRU{Units: 6, Scales: 3}, 2*12*18 + 12*6, "M = 3"},
		{cell.ODELSTM{Units: 32}, 4*32*39 + 2*(32*32+32), "4 U (F+U+2) + 2 (U² + U)"},
		{cell.ODELSTM{Units: 32, Form: cell.FlowOfState}, 4*32*38 + 2*32*32 + 2*32, "4 U (F+U+1) + 2 U² + 2 U"},
		{cell.ODERNN{Units: 8, Hidden: 3}, 2*8*3 + 3 + 8 + 3*8*15, "2 U H + H + U, and a GRU"},
		{cell.GRUD{Units: 32}, 3*(2*5*32+32*32+32) + 5*32 + 32 + 2*5, "3 (2 F U + U² + U) + F U + U + 2 F"},
		{cell.GRUD{Units: 32, TrainMean: true}, 3*(2*5*32+32*32+32) + 5*32 + 32 + 2*5 + 5, "and x_mean"},
		{cell.GRUD{Units: 32, Form: cell.GRUDCode}, 3*(2*5*32+32*32+32) + 5*32 + 32 + 2*5, "without x_mean"},
		{cell.GRUDecay{Units: 32}, 3*32*38 + 2*32, "3 U (F+U+1) + 2 U"},
		{cell.RNNDecay{Units: 32}, 3*32*39 + 2, "3 U (F+U+2) + 2"},
		{cell.RNNLinearDecay{Units: 4}, 10*4 + 4*4 + 4 + 4, "w1, b1, w2, b2, tau"},
		{cell.PhasedLSTM{Units: 32}, 4*32*38 + 3*32, "4 U (F+U+1) + 3 U"},
		{cell.PhasedLSTM{Units: 32, Form: cell.PhasedCode}, 4*32*38 + 3, "4 U (F+U+1) + 3"},
		{cell.GRUODE{Units: 32}, 3 * 32 * 38, "3 U (F+U+1)"},
	} {
		p, _ := program(t, c.cell, nil, 5)
		if got := p.ParamCount(); got != c.want {
			t.Errorf("%#v: %d parameters, want %d = %s", c.cell, got, c.want, c.why)
		}
	}
}

// TestContinuousChecks: an option out of range gives one line with the value and what is allowed.
func TestContinuousChecks(t *testing.T) {
	for _, c := range []struct {
		cell cell.Cell
		says string
	}{
		{cell.CTRNN{}, "CTRNN: units is 0; allowed: 1 to 65536"}, {cell.CTRNN{Units: 2, Method: "rk3"}, `CTRNN: method "rk3"; allowed: dopri5, euler`},
		{cell.CTRNN{Units: 2, Unfolds: 1001}, "unfolds is 1001; allowed: 1 to 1000 (0 means 3)"},
		{cell.CTRNN{Units: 2, Tau: -1}, "tau is -1; allowed: above 0 to 1000 (0 means 1)"},
		{cell.CTRNN{Units: 2, Tau: math.NaN()}, "tau is NaN"}, {cell.CTRNN{Units: 2, Tau: 1001}, "tau is 1001"},
		{cell.CTRNN{Units: 2, Method: cell.Dopri5, Unfolds: 5}, `CTRNN: unfolds is 5, but method "dopri5" chooses its own steps`},
		{cell.CTRNN{Units: 2, RTol: 0.01}, `CTRNN: rtol is 0.01, but only method "dopri5" has tolerances`},
		{cell.GRUODE{Units: 2, ATol: 1e-6}, `GRUODE: atol is 1e-06, but only`},
		{cell.CTRNN{Units: 2, Method: cell.Dopri5, RTol: 1e-7}, "rtol is 1e-07; allowed: 1e-06 to 0.1 (0 means 0.001)"},
		{cell.NeuralODE{Units: 2, Method: cell.Dopri5, ATol: math.NaN()}, "atol is NaN; allowed: 1e-08 to 1 (0 means 1e-05)"},
		{cell.ODERNN{Units: 2, Method: cell.Dopri5, Unfolds: 5}, `ODERNN: unfolds is 5, but method "dopri5" chooses its own steps`},
		{cell.ODELSTM{Units: 2, Method: "rk5"}, `ODELSTM: method "rk5"; allowed: dopri5, euler, heun, midpoint, rk4`},
		{cell.Mixed{Cell: cell.MLP{Units: 2, Window: 1}}, "Mixed: cell.MLP as inner cell remembers rows as they are"},
		{cell.Mixed{Cell: cell.Linear{Window: 4}}, "Mixed: cell.Linear as inner cell remembers rows as they are"},
		{cell.NeuralODE{}, "NeuralODE: units is 0"}, {cell.NeuralODE{Units: 2, Unfolds: -1}, "unfolds is -1"},
		{cell.CTGRU{}, "CTGRU: units is 0"}, {cell.CTGRU{Units: 2, Scales: 33}, "scales is 33; allowed: 1 to 32 (0 means 8)"},
		{cell.GRUODE{}, "GRUODE: units is 0"}, {cell.GRUODE{Units: 2, Unfolds: -2}, "(0 means 4)"}, {cell.GRUODE{Units: 2, Method: "x"}, `method "x"`},
		{cell.ODELSTM{}, "ODELSTM: units is 0"}, {cell.ODELSTM{Units: 2, Form: "x"}, `form "x"; allowed: output, state`},
		{cell.ODELSTM{Units: 2, Unfolds: -2}, "unfolds is -2"}, {cell.ODELSTM{Units: 2, Method: "x"}, `method "x"`},
		{cell.ODERNN{}, "ODERNN: units is 0"}, {cell.ODERNN{Units: 2, Hidden: -1}, "hidden is -1; allowed: 1 to 65536 (0 means 32)"},
		{cell.ODERNN{Units: 2, Unfolds: -2}, "unfolds is -2"}, {cell.ODERNN{Units: 2, Method: "x"}, `method "x"`},
		{cell.RNNDecay{}, "RNNDecay: units is 0"}, {cell.RNNLinearDecay{}, "RNNLinearDecay: units is 0"},
		{cell.PhasedLSTM{}, "PhasedLSTM: units is 0"}, {cell.PhasedLSTM{Units: 2, Form: "x"}, `form "x"; allowed: paper, clock, code`},
		{cell.PhasedLSTM{Units: 2, Alpha: -1}, "alpha is -1; allowed: above 0 to 1"}, {cell.PhasedLSTM{Units: 2, Open: 1.5}, "open is 1.5; allowed: 0.001 to 1"},
		{cell.PhasedLSTM{Units: 2, Open: 1e-4}, "open is 0.0001"},
		{cell.GRUD{}, "GRUD: units is 0"}, {cell.GRUD{Units: 2, Form: "x"}, `form "x"; allowed: paper, code`},
		{cell.GRUD{Units: 2, Form: cell.GRUDCode, TrainMean: true}, "train_mean with form code"}, {cell.GRUDecay{}, "GRUDecay: units is 0"},
	} {
		if err := c.cell.Check(); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%#v: %v does not say %q in one line", c.cell, err, c.says)
		}
	}
}

// TestContinuousInitialValues: those of the authors' code, or what the cell says instead.
func TestContinuousInitialValues(t *testing.T) {
	const kernel = "uniform(-0.8165, 0.8165)" // Glorot of 5 values in and 4 out: sqrt(6/9)
	for _, c := range []struct {
		cell cell.Cell
		want map[string]string
	}{
		{cell.CTRNN{Units: 4}, map[string]string{"kernel.w": kernel, "kernel.bias": "0", "recurrent_kernel": "orthonormal", "scale": "1"}},
		{cell.GRUODE{Units: 4}, map[string]string{
			"reset.x": "uniform(-0.6794, 0.6794)", "reset.h": "uniform(-0.6794, 0.6794)", "reset.bias": "1",
			"update.x": "uniform(-0.6794, 0.6794)", "update.h": "uniform(-0.6794, 0.6794)", "update.bias": "0",
			"detect.x": "uniform(-0.6794, 0.6794)", "detect.h": "uniform(-0.6794, 0.6794)", "detect.bias": "0"}},
		{cell.ODERNN{Units: 4, Hidden: 6}, map[string]string{
			"flow.w1": "normal(0, 0.1)", "flow.b1": "0", "flow.w2": "normal(0, 0.1)", "flow.b2": "0",
			"ih.w": "uniform(-0.5, 0.5)", "ih.bias": "uniform(-0.5, 0.5)", "hh.w": "uniform(-0.5, 0.5)", "hh.bias": "uniform(-0.5, 0.5)"}},
		{cell.RNNDecay{Units: 4}, map[string]string{"decay.w": "normal(0, 0.1)", "decay.bias": "0",
			"ih.w": "uniform(-0.5, 0.5)", "ih.bias": "uniform(-0.5, 0.5)", "hh.w": "uniform(-0.5, 0.5)", "hh.bias": "uniform(-0.5, 0.5)"}},
		{cell.GRUD{Units: 4, TrainMean: true}, map[string]string{
			"gamma_h.w": "uniform(0, 0.02)", "gamma_h.bias": "0", "gamma_x.w": "uniform(0, 0.1)", "gamma_x.bias": "0", "x_mean": "0",
			"z.x": kernel, "z.m": kernel, "z.h": "orthonormal", "z.bias": "0", "r.x": kernel, "r.m": kernel, "r.h": "orthonormal", "r.bias": "0",
			"c.x": kernel, "c.m": kernel, "c.h": "orthonormal", "c.bias": "0"}},
		{cell.PhasedLSTM{Units: 4}, map[string]string{"tau": "log-uniform(1, 20.09)", "s": "uniform(0, period)", "r_on": "0.05",
			"input_kernel.w": "uniform(-0.5345, 0.5345)", "input_kernel.bias": "0", "recurrent_kernel.w": "orthonormal"}},
	} {
		p, _ := program(t, c.cell, nil, 5)
		for _, q := range p.Params {
			if got := q.Init.String(); got != c.want[q.Name] {
				t.Errorf("%T: %s starts from %s, want %s", c.cell, q.Name, got, c.want[q.Name])
			}
		}
		if len(p.Params) != len(c.want) {
			t.Errorf("%T has %d parameters, want %d", c.cell, len(p.Params), len(c.want))
		}
	}
}

// TestPhases: every unit's shift starts within its own period, periods are spread, and all are kept where phi is defined.
func TestPhases(t *testing.T) {
	const n = 200
	p, _ := program(t, cell.PhasedLSTM{Units: n}, nil, 2)
	theta := p.Initial(7)
	tau, s := theta[find(t, p, "tau"):][:n], theta[find(t, p, "s"):][:n]
	late := 0
	for i := range tau {
		if !(tau[i] >= 1 && tau[i] <= 20.1 && s[i] >= 0 && s[i] < tau[i]) {
			t.Errorf("unit %d has period %v and shift %v", i, tau[i], s[i])
		}
		if s[i] > tau[i]/2 {
			late++
		}
	}
	if late < 70 || late > 130 {
		t.Errorf("%d of %d shifts lie in the second half of their period", late, n)
	}
	for _, q := range p.Params {
		lo, hi := math.Inf(-1), math.Inf(1)
		switch q.Name {
		case "tau":
			lo = 1e-3
		case "r_on":
			lo, hi = 1e-3, 1
		}
		if q.Min != lo || q.Max != hi {
			t.Errorf("%s is kept within [%v, %v], want [%v, %v]", q.Name, q.Min, q.Max, lo, hi)
		}
	}
}

// TestPhaseForms: from the beginning of a series the places in the periods and the clock are one cell, derivatives too.
func TestPhaseForms(t *testing.T) {
	var of [2]trial.Gradient
	var y [2][]float64
	var first *trial.Trial
	for i, form := range []cell.PhasedForm{cell.PhasedPaper, cell.PhasedClock} {
		p, _ := program(t, cell.PhasedLSTM{Units: 4, Form: form, Open: 0.6}, nil, 3)
		tr := trial.New(p, 30, 2, 5)
		if first == nil {
			first = tr
		}
		tr.DY = first.DY
		for k, s := range p.States {
			clear(tr.H0[k])
			if tr.DH[k] = first.DH[k]; s.Name == "p" || s.Name == "t" {
				tr.DH[k] = make([]float64, len(tr.H0[k]))
			}
		}
		y[i], of[i] = tr.Forward().Y[0], tr.Gradient()
	}
	same := func(what string, a, b []float64) {
		for i, v := range a {
			if math.Abs(v-b[i]) > 1e-11*(1+math.Abs(b[i])) {
				t.Errorf("%s[%d] is %v by places and %v by the clock", what, i, v, b[i])
			}
		}
	}
	same("output", y[0], y[1])
	same("the gradient of a parameter", of[0].Theta, of[1].Theta)
	same("the gradient of dt", of[0].DT, of[1].DT)
}

// TestLongPhases: in single precision the phase is right after 10^9 time units, where a clock in single precision counts in
// steps of 64. Periods are some rows, as those that a PhasedLSTM starts from.
func TestLongPhases(t *testing.T) {
	const rows, typical, units = 100_000, 10_000, 4
	after := func(form cell.PhasedForm) (off float64) {
		p, _ := program(t, cell.PhasedLSTM{Units: units, Form: form}, nil, 1)
		theta := make([]float32, p.ParamCount())
		tau, s := theta[find(t, p, "tau"):][:units], theta[find(t, p, "s"):][:units]
		for i := range tau {
			tau[i] = typical * float32(1.7+2.3*float64(i*i))
			s[i], theta[find(t, p, "r_on")+i] = 0.3*tau[i], 0.5
		}
		e := engine.Compile(p, engine.Options{Probes: []int{p.Probe("phi")}})
		e.SetParams(theta)
		r, elapsed := rand.New(rand.NewPCG(8, 9)), 0.0
		for range rows {
			dt := float32(typical * (0.5 + r.Float64()))
			elapsed += float64(dt)
			e.DT(0)[0] = dt
			e.Forward(1)
		}
		if elapsed < 9.9e8 {
			t.Fatalf("only %g time units have passed", elapsed)
		}
		for i := range tau {
			turns := (elapsed - float64(s[i])) / float64(tau[i])
			d := math.Abs(float64(e.Probe(0, 0)[i]) - (turns - math.Floor(turns)))
			off = max(off, min(d, 1-d))
		}
		return off
	}
	if off := after(cell.PhasedPaper); off > 2e-3 {
		t.Errorf("the phase is off by %g of a period", off)
	}
	if off := after(cell.PhasedClock); off < 2e-3 {
		t.Errorf("by the clock the phase is off by %g of a period only: the series is not long", off)
	}
}

// TestFloors: a parameter that the optimiser has moved to its lower bound has a slope there, so that it can come back, and all
// is finite.
func TestFloors(t *testing.T) {
	for _, c := range []struct {
		cell cell.Cell
		name string
	}{
		{cell.LinOSS{Units: 4}, "A"}, {cell.LinOSS{Units: 4, Scheme: cell.IMEX}, "A"},
		{cell.LiquidS4{Units: 3, Discretisation: cell.ZOH}, "A_log_re"}, {cell.LiquidS4{Units: 3}, "A_log_re"},
	} {
		p, _ := program(t, c.cell, nil, 2)
		tr := trial.New(p, 4, 1, 3)
		for _, q := range p.Params {
			values := tr.Theta[q.Offset:][:q.Shape.Len()]
			switch {
			case q.Name == "A_im":
				clear(values)
			case q.Name != c.name:
			case math.IsInf(q.Min, -1):
				t.Errorf("%#v: %s has no lower bound", c.cell, q.Name)
			default:
				for i := range values {
					values[i] = q.Min
				}
			}
		}
		at := find(t, p, c.name)
		for i, g := range tr.Gradient().Theta {
			if math.IsNaN(g) || math.IsInf(g, 0) || g == 0 && i == at {
				t.Errorf("%#v: at its lower bound of %s the slope of parameter %d is %v", c.cell, c.name, i, g)
			}
		}
	}
}

// TestODERNN: by a second implementation, number by number: Euler and RK4 of the flow, then a GRU.
func TestODERNN(t *testing.T) {
	const inputs, n, hidden, steps = 2, 3, 4, 3
	for _, c := range []cell.ODERNN{{Units: n, Hidden: hidden, Unfolds: 2}, {Units: n, Hidden: hidden, Method: cell.RK4, Unfolds: 3}} {
		p, _ := program(t, c, nil, inputs)
		tr := trial.New(p, steps, 1, 11)
		get := func(name string) []float64 { return tr.Theta[find(t, p, name):] }
		affine := func(w, b, x []float64, rows int) (y []float64) {
			for r := range rows {
				sum := b[r]
				for i, v := range x {
					sum += w[r*len(x)+i] * v
				}
				y = append(y, sum)
			}
			return y
		}
		field := func(h []float64) []float64 {
			a := affine(get("flow.w1"), get("flow.b1"), h, hidden)
			for i := range a {
				a[i] = math.Tanh(a[i])
			}
			return affine(get("flow.w2"), get("flow.b2"), a, n)
		}
		plus := func(h []float64, d float64, k []float64) (y []float64) {
			for i := range h {
				y = append(y, h[i]+d*k[i])
			}
			return y
		}
		h := append([]float64(nil), tr.H0[0]...)
		for time := range steps {
			d := tr.DT[time] / float64(c.Unfolds)
			for range c.Unfolds {
				k1 := field(h)
				if c.Method == "" {
					h = plus(h, d, k1)
					continue
				}
				k2 := field(plus(h, d/2, k1))
				k3 := field(plus(h, d/2, k2))
				k4 := field(plus(h, d, k3))
				for i := range h {
					h[i] += d / 6 * (k1[i] + 2*k2[i] + 2*k3[i] + k4[i])
				}
			}
			a := affine(get("ih.w"), get("ih.bias"), tr.X[0][time*inputs:][:inputs], 3*n)
			b := affine(get("hh.w"), get("hh.bias"), h, 3*n)
			for i := range n {
				r, z := step.Logistic(a[i]+b[i]), step.Logistic(a[n+i]+b[n+i])
				h[i] = (1-z)*math.Tanh(a[2*n+i]+r*b[2*n+i]) + z*h[i]
			}
		}
		for i, got := range tr.Forward().H[0] {
			if math.Abs(got-h[i]) > 1e-14 {
				t.Errorf("%+v: h[%d] is %v, want %v", c, i, got, h[i])
			}
		}
	}
}

// TestCTRNNConverges: without a drive the leak alone remains, h exp(-tau dt); more sub-steps come closer to it.
func TestCTRNNConverges(t *testing.T) {
	for _, c := range []struct {
		cell  cell.CTRNN
		bound float64
	}{
		{cell.CTRNN{Units: 1, Unfolds: 4}, 1e-3}, {cell.CTRNN{Units: 1, Unfolds: 40}, 1e-7},
		{cell.CTRNN{Units: 1, Method: cell.Euler, Unfolds: 1000}, 1e-3}, {cell.CTRNN{Units: 1, Tau: 0.25}, 1e-5},
	} {
		p, _ := program(t, c.cell, nil, 1)
		o := engine.NewOracle(p, 1, make([]float64, p.ParamCount())) // scale 0
		o.Value(p.States[0].Node)[0], o.Value(p.Time)[0] = 0.8, 2.5
		o.Step()
		tau := cell.Resolve(c.cell).(cell.CTRNN).Tau
		if got, want := o.Value(p.States[0].Next)[0], 0.8*math.Exp(-2.5*tau); !(math.Abs(got-want) <= c.bound) {
			t.Errorf("%+v: h is %v, want %v", c.cell, got, want)
		}
	}
}

// TestGRUDMemory: the cell remembers the last value of every input and for how long it has not been seen; what it puts in its
// place goes from that value to x_mean.
func TestGRUDMemory(t *testing.T) {
	nan := math.NaN()
	p, _ := program(t, cell.GRUD{Units: 2, TrainMean: true}, nil, 2)
	theta := p.Initial(3)
	copy(theta[find(t, p, "gamma_x.w"):], []float64{0.5, 0.25})
	copy(theta[find(t, p, "x_mean"):], []float64{-1, 2})
	o := engine.NewOracle(p, 1, theta)
	state := func(name string) step.State {
		for _, s := range p.States {
			if s.Name == name {
				return s
			}
		}
		t.Fatalf("no state %s", name)
		return step.State{}
	}
	last, elapsed := state("x_last"), state("elapsed")
	for row, c := range []struct {
		x             []float64
		dt            float64
		last, elapsed []float64
	}{
		{[]float64{0.5, nan}, 1, []float64{0.5, 0}, []float64{0, 1}},
		{[]float64{nan, 0.7}, 2, []float64{0.5, 0.7}, []float64{2, 0}},
		{[]float64{nan, nan}, 3, []float64{0.5, 0.7}, []float64{5, 3}},
		{[]float64{nan, -0.2}, 0, []float64{0.5, -0.2}, []float64{5, 0}},
		{[]float64{1.5, nan}, 0.5, []float64{1.5, -0.2}, []float64{0, 0.5}},
	} {
		copy(o.Value(p.Inputs[0].Node), c.x)
		o.Value(p.Time)[0] = c.dt
		o.Step()
		for i := range 2 {
			if got := o.Value(last.Next)[i]; got != c.last[i] {
				t.Errorf("row %d: the last value of input %d is %v, want %v", row, i, got, c.last[i])
			}
			if got := o.Value(elapsed.Next)[i]; math.Abs(got-c.elapsed[i]) > 1e-15 {
				t.Errorf("row %d: input %d was not seen for %v, want %v", row, i, got, c.elapsed[i])
			}
		}
		for _, s := range p.States {
			copy(o.Value(s.Node), o.Value(s.Next))
		}
	}
	if !cell.TakesMissing(cell.GRUD{Units: 2}) || cell.TakesMissing(cell.GRUDecay{Units: 2}) || cell.TakesMissing(cell.Mixed{Cell: cell.GRU{Units: 2}}) {
		t.Error("GRUD takes missing values itself, and no other")
	}
}

// TestReferenceForms: the name of a vector and its constants must tell the same.
func TestReferenceForms(t *testing.T) {
	read := func(name, constants string) (cell.Cell, error) {
		return cell.FromReference(cell.Meta{"cell": name, "units": "4", "constants": constants})
	}
	for name, c := range map[string]struct {
		constants string
		want      cell.Cell
	}{
		"ctrnn_heun":  {`{"method": "heun", "tau": 0.5, "unfolds": 2}`, cell.CTRNN{Units: 4, Method: cell.Heun, Unfolds: 2, Tau: 0.5}},
		"node_rk4":    {`{"method": "rk4", "tau": 0, "unfolds": 7}`, cell.NeuralODE{Units: 4, Method: cell.RK4, Unfolds: 7}},
		"gru_d_code":  {`{"feed": "one_minus_mask", "impute_to_mean": false, "update": "code"}`, cell.GRUD{Units: 4, Form: cell.GRUDCode}},
		"gru_d":       {`{"feed": "mask", "impute_to_mean": true, "update": "paper"}`, cell.GRUD{Units: 4, Form: cell.GRUDPaper, TrainMean: true}},
		"phased_lstm": {`{"alpha": 0.001, "forget_bias": 1, "gate": "paper"}`, cell.PhasedLSTM{Units: 4, Form: cell.PhasedClock, Alpha: 0.001}},
		"ct_gru":      {`{"M": 5}`, cell.CTGRU{Units: 4, Scales: 5}},
	} {
		if got, err := read(name, c.constants); err != nil || got != c.want {
			t.Errorf("%s %s is %#v, %v", name, c.constants, got, err)
		}
	}
	for _, c := range []struct{ name, constants, says string }{
		{"ctrnn_heun", `{"method": "rk4", "tau": 0.5, "unfolds": 2}`, `method is "rk4" in a cell ctrnn_heun`},
		{"ctrnn_heun", `{"method": "heun", "tau": 0, "unfolds": 2}`, "tau is 0"}, {"ctrnn_heun", `{"method": "heun", "tau": 1, "unfolds": 0}`, "unfolds is 0"},
		{"node_rk4", `{"method": "rk4", "tau": 1, "unfolds": 7}`, "tau is 1; only 0"}, {"node_rk4", `{"method": "rk4", "tau": 0, "unfolds": 0}`, "unfolds is 0"},
		{"gru_d", `{"feed": "one_minus_mask", "impute_to_mean": false, "update": "code"}`, "is needed"},
		{"gru_d", `{"feed": "mask", "impute_to_mean": true, "update": "code"}`, "is needed"},
		{"phased_lstm", `{"alpha": 0.001, "forget_bias": 1, "gate": "code"}`, `gate is "code" in a cell phased_lstm`},
		{"phased_lstm", `{"alpha": 0, "forget_bias": 1, "gate": "paper"}`, "alpha is 0"},
		{"phased_lstm", `{"alpha": 0.001, "forget_bias": 3, "gate": "paper"}`, "forget_bias is 3; only 1"},
		{"ode_lstm", `{"forget_bias": 3.0, "gate_order": "candidate,input,forget,output", "ode_method": "", "ode_tau": 1.0, "ode_unfolds": 4}`, "the method is empty"},
		{"ode_lstm", `{"forget_bias": 3.0, "gate_order": "candidate,input,forget,output", "ode_method": "euler", "ode_tau": 2.0, "ode_unfolds": 4}`, "ode_tau is 2.0; only 1"},
		{"ode_lstm_node", `{"gate_order": "input,forget,candidate,output", "method": "rk4", "unfolds": 0}`, "unfolds is 0"},
		{"gru_ode", `{"unfolds": 0}`, "unfolds is 0"}, {"ct_gru", `{"M": 0}`, "M is 0"}, {"gru_d_nomask", `{"more": 0}`, "constants have more"},
	} {
		if got, err := read(c.name, c.constants); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %s is %#v, %v; the error must say %q", c.name, c.constants, got, err, c.says)
		}
	}
}
