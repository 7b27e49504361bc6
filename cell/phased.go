package cell

import (
	"fmt"
	"math"
	"math/rand/v2"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// PhasedLSTM is an LSTM whose units open for a part of their own period only, by the time t since the series began:
//
//	p' = frac(p + dt / tau),   phi = frac(p' - s / tau)
//	k  = 2 phi / r_on          where phi < r_on/2
//	     2 - 2 phi / r_on      where r_on/2 <= phi < r_on
//	     alpha phi             elsewhere
//	[g | i | f | o] = W x + U h + bias
//	c~ = c sigmoid(f + 1) + tanh(g) sigmoid(i),   c' = k c~ + (1 - k) c
//	h~ = tanh(c~) sigmoid(o),                     h' = k h~ + (1 - k) h
//
// with a period tau > 0, shift s and open ratio 0 < r_on <= 1 for each unit, kept there by projection. States are c, h and p
// [units]; the output is h. The derivative is that within the branch of k and the period that phi is in. The step is an
// update: at dt = 0 the gates act as far as they are open. Any dt is finite. As each unit carries its place p in its own period,
// and no count of time, a series may be of any length; phi is that of the paper, frac((t - s) / tau), also in its derivatives,
// which reach back to the beginning of the series. Cost: 8 (inputs + units) units + 43 units FLOPs, 5 units functions.
//
// Form "clock" carries the time t since the series began in place of p, as the paper writes it: t' = t + dt and
// phi = frac((t' - s) / tau). It is for series that begin at another time than 0; in single precision its phase is lost on long ones.
//
// Form "code" is what the code of Lechner and Hasani computes instead, for comparison with their results: tau, s and r_on are
// one number each, through softplus; phi is frac((dt - s) / tau), of the elapsed time; and the rising edge is 2 phi r_on.
//
// Source: Neil, Pfeiffer and Liu, Phased LSTM, NeurIPS 2016, eq. 6 to 14, without peepholes; arXiv 2006.04418 for the code.
// Initial values: W Glorot, U orthogonal, bias 0; tau log-uniform in 1 to 20 time units, s uniform in 0 to tau.
type PhasedLSTM struct {
	// Units is the width of the states c and h, 1 to 65536.
	Units int `json:"units"`
	// Form is paper, clock or code; paper if empty.
	Form PhasedForm `json:"form" default:"paper"`
	// Alpha is how far a closed unit leaks, above 0 to 1; 0.001 if zero.
	Alpha float64 `json:"alpha" default:"0.001"`
	// Open is what r_on starts from in forms paper and clock, 0.001 to 1; 0.05 if zero.
	Open float64 `json:"open" default:"0.05"`
}

// PhasedForm says how the phase of a PhasedLSTM follows from time.
type PhasedForm string

// Forms of PhasedLSTM.
const (
	PhasedPaper PhasedForm = "paper"
	PhasedClock PhasedForm = "clock"
	PhasedCode  PhasedForm = "code"
)

// minPeriod and minOpen bound tau and r_on from below, so that phi and its slope stay finite.
const (
	minPeriod = 1e-3
	minOpen   = 1e-3
)

var phasedLSTM = Entry{
	Name: "PhasedLSTM", Summary: "LSTM whose units open periodically", Source: "Neil et al., NeurIPS 2016",
	Cell: PhasedLSTM{}, Clocks: []string{"t"}, Foreign: []string{"phased_lstm", "phased_lstm_code"}, Reference: phasedReference,
	Variants: []Variant{
		{"5 units, open for half of the time", PhasedLSTM{Units: 5, Open: 0.5}, nil},
		{"by the clock", PhasedLSTM{Units: 4, Form: PhasedClock, Open: 0.4}, nil},
		{"as in the code, leaking", PhasedLSTM{Units: 3, Form: PhasedCode, Alpha: 0.02}, nil},
	},
	Presets: []Preset{{"phasedlstm-32", "phased LSTM, 32 units", PhasedLSTM{Units: 32}, nil}},
}

// Check implements Cell.
func (c PhasedLSTM) Check() error {
	switch {
	case c.Form != "" && c.Form != PhasedPaper && c.Form != PhasedClock && c.Form != PhasedCode:
		return fmt.Errorf("PhasedLSTM: form %q; allowed: %s, %s, %s", c.Form, PhasedPaper, PhasedClock, PhasedCode)
	case !(c.Alpha >= 0 && c.Alpha <= 1):
		return fmt.Errorf("PhasedLSTM: alpha is %g; allowed: above 0 to 1 (0 means 0.001)", c.Alpha)
	case !(c.Open == 0 || c.Open >= minOpen && c.Open <= 1):
		return fmt.Errorf("PhasedLSTM: open is %g; allowed: %g to 1 (0 means 0.05)", c.Open, minOpen)
	}
	return checkUnits("PhasedLSTM", c.Units)
}

// Build implements Cell.
func (c PhasedLSTM) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(PhasedLSTM)
	n := c.Units
	memory, h := b.State("c", Vector(n)), b.State("h", Vector(n))
	k := c.gate(b)
	gates := kerasGates(b, x, h, n)
	block := func(k int) Vec { return Slice(gates, k*n, (k+1)*n) }
	g, i, f, o := Tanh(block(0)), Sigmoid(block(1)), Sigmoid(Plus(block(2), 1)), Sigmoid(block(3))
	proposed := Add(Mul(memory, f), Mul(g, i))
	toward := func(old, new Vec) Vec { return Add(old, Mul(k, Sub(new, old))) }
	h = toward(h, Mul(Tanh(proposed), o))
	b.Next("c", toward(memory, proposed))
	b.Next("h", h)
	return h
}

// gate is how far the units are open, k.
func (c PhasedLSTM) gate(b *Builder) Vec {
	var phi, open, rise Vec
	if c.Form == PhasedCode {
		scalar := func(name string) Vec { return Softplus(b.Param(name, Vector(1), Values{0})) }
		tau, s := scalar("tau"), scalar("s")
		open = scalar("r_on")
		phi, rise = frac(Div(Sub(b.DT(), s), tau)), Scale(2, open)
	} else {
		n := c.Units
		tau := b.Param("tau", Vector(n), b.Together("period", periods), AtLeast(minPeriod))
		s := b.Param("s", Vector(n), b.Together("period", shifts))
		open = b.Param("r_on", Vector(n), Values{c.Open}, AtLeast(minOpen), AtMost(1))
		rise = Div(b.Const(2), open)
		if c.Form == PhasedClock {
			t := Add(b.State("t", Vector(1)), b.DT())
			b.Next("t", t)
			phi = frac(Div(Sub(t, s), tau))
		} else {
			p := frac(Add(b.State("p", Vector(n)), Div(b.DT(), tau)))
			b.Next("p", p)
			phi = frac(Sub(p, Div(s, tau)))
		}
	}
	b.Probe("phi", phi)
	k := Select(Step(Sub(open, phi)), Sub(b.Const(2), Div(Scale(2, phi), open)), Scale(c.Alpha, phi))
	return Select(Step(Sub(Scale(0.5, open), phi)), Mul(phi, rise), k)
}

// frac is what a is above the next integer below.
func frac(a Vec) Vec { return Sub(a, Floor(a)) }

// periods are log-uniform in 1 to e^3; shifts are uniform in 0 to the period of their unit, which they draw again.
var (
	periods = Each{Text: "log-uniform(1, 20.09)", Draw: func(r *rand.Rand) float64 { tau, _ := period(r); return tau }}
	shifts  = Each{Text: "uniform(0, period)", Draw: func(r *rand.Rand) float64 { _, s := period(r); return s }}
)

func period(r *rand.Rand) (tau, s float64) {
	tau = math.Exp(3 * r.Float64())
	return tau, tau * r.Float64()
}

// Tensors implements Referenced.
func (c PhasedLSTM) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	width, open := c.Units, "r_on"
	if c.Form == PhasedCode {
		width, open = 1, "ron"
	}
	return append(kerasGatesTensors(inputs, c.Units), Whole("tau", "tau", width), Whole("s", "s", width), Whole("r_on", open, width))
}

func phasedReference(meta Meta) (Cell, error) {
	var k struct {
		Alpha  float64    `json:"alpha"`
		Forget float64    `json:"forget_bias" want:"1"`
		Form   PhasedForm `json:"gate"`
	}
	units, err := meta.Read(&k)
	name := map[PhasedForm]string{PhasedPaper: "phased_lstm", PhasedCode: "phased_lstm_code"}[k.Form]
	form := map[PhasedForm]PhasedForm{PhasedPaper: PhasedClock, PhasedCode: PhasedCode}[k.Form] // vectors have t
	switch {
	case err != nil:
		return nil, err
	case name != meta["cell"]:
		return nil, fmt.Errorf("constants: gate is %q in a cell %s", k.Form, meta["cell"])
	case k.Alpha == 0: // which options would take for the default
		return nil, fmt.Errorf("constants: alpha is 0; a number greater than 0 is needed")
	}
	return PhasedLSTM{Units: units, Form: form, Alpha: k.Alpha}, nil
}
