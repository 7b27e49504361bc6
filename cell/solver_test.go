package cell

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	. "github.com/elegans-nn/elegans/step"
)

// orders of the methods, by their literature.
var orders = map[Method]float64{Euler: 1, Midpoint: 2, Heun: 2, RK4: 4, Dopri5: 5}

// endpoint takes h = 0.7 along h' = f(h) over a dt of 1 in double precision.
func endpoint(t *testing.T, m Method, unfolds int, f func(h Vec) Vec) float64 {
	t.Helper()
	b := New()
	h := m.flow(b, b.State("h", Vector(1)), unfolds, f)
	b.Next("h", h)
	b.Output("y", h)
	p := b.Build()
	o := engine.NewOracle(p, 1, nil)
	o.Value(p.States[0].Node)[0], o.Value(p.Time)[0] = 0.7, 1
	o.Step()
	return o.Value(p.Outputs[0].Node)[0]
}

// TestOrders measures the order of every method by halving the sub-steps: on h' = h (1 - h), whose solution is
// 1 / (1 + (1/h0 - 1) exp(-t)), and by Richardson's ratio of differences on h' = sin(3 h) - h, which has none.
func TestOrders(t *testing.T) {
	if len(orders) != len(tableaus) {
		t.Errorf("%d methods, %d orders", len(tableaus), len(orders))
	}
	logistic := func(h Vec) Vec { return Mul(h, OneMinus(h)) }
	wavy := func(h Vec) Vec { return Sub(Sin(Scale(3, h)), h) }
	exact := 1 / (1 + (1/0.7-1)*math.Exp(-1))
	for m, order := range orders {
		error := func(n int) float64 { return math.Abs(endpoint(t, m, n, logistic) - exact) }
		// In more sub-steps the error of order 5 drowns in rounding.
		if got := math.Log2(error(16) / error(32)); math.Abs(got-order) > 0.15 {
			t.Errorf("%s has order %.3f on the logistic equation, want %g", m, got, order)
		}
		y := func(n int) float64 { return endpoint(t, m, n, wavy) }
		a, b, c := y(32), y(64), y(128)
		if got := math.Log2((a - b) / (b - c)); math.Abs(got-order) > 0.1 {
			t.Errorf("%s has order %.3f by Richardson, want %g", m, got, order)
		}
	}
}

// TestOrdersBite: a wrong coefficient costs order.
func TestOrdersBite(t *testing.T) {
	right := tableaus[RK4]
	defer func() { tableaus[RK4] = right }()
	wrong := tableau{a: right.a, b: []float64{1. / 6, 1. / 3, 1. / 4, 1. / 4}}
	tableaus[RK4] = wrong
	y := func(n int) float64 { return endpoint(t, RK4, n, func(h Vec) Vec { return Mul(h, OneMinus(h)) }) }
	if got := math.Log2((y(16) - y(32)) / (y(32) - y(64))); got > 2.5 {
		t.Errorf("with a wrong coefficient the order is still %.3f", got)
	}
}

// TestErrorProbe: the error of a step of h' = h (1 - h) shrinks with the fifth power of its length, is that of the embedded
// method of order 4 by hand, and zero where no time passes.
func TestErrorProbe(t *testing.T) {
	const rtol, atol = 0.01, 0.25
	logistic := func(h Vec) Vec { return Mul(h, OneMinus(h)) }
	b := New()
	h := solver{method: Dopri5, rtol: rtol, atol: atol}.flow(b, b.State("h", Vector(1)), logistic)
	b.Next("h", h)
	b.Output("y", h)
	p := b.Build()
	o := engine.NewOracle(p, 1, nil)
	excess := func(dt float64) (float64, float64) {
		o.Value(p.States[0].Node)[0], o.Value(p.Time)[0] = 0.7, dt
		o.Step()
		return o.Value(p.Probes[p.Probe(ErrorProbe)].Node)[0], o.Value(p.Outputs[0].Node)[0]
	}
	a, _ := excess(0.25)
	c, _ := excess(0.125)
	if got := math.Log2(a / c); math.Abs(got-5) > 0.1 {
		t.Errorf("the error of a step has order %.3f, want 5", got)
	}
	got, y := excess(0.5)
	w := []float64{5179. / 57600, 0, 7571. / 16695, 393. / 640, -92097. / 339200, 187. / 2100, 1. / 40} // of order 4
	f, at, k := func(h float64) float64 { return h * (1 - h) }, 0.7, []float64{}
	embedded := at
	for i, row := range tableaus[Dopri5].a {
		v := at
		for j, a := range row {
			v += 0.5 * a * k[j]
		}
		k = append(k, f(v))
		embedded += 0.5 * w[i] * k[i]
	}
	if want := math.Abs(y-embedded) / (atol + rtol*math.Max(at, y)); math.Abs(got-want) > 1e-9*want {
		t.Errorf("the error is %v, by hand %v", got, want)
	}
	if zero, same := excess(0); zero != 0 || same != 0.7 {
		t.Errorf("dt = 0 moves h to %v with error %v", same, zero)
	}
}

// TestTableaus: the weights of a method add up to 1, and each stage looks at those before it only.
func TestTableaus(t *testing.T) {
	for m, tab := range tableaus {
		sum, difference := 0.0, 0.0
		for _, w := range tab.b {
			sum += w
		}
		for _, w := range tab.e {
			difference += w
		}
		if math.Abs(difference) > 1e-16 || m.adaptive() && (len(tab.e) != len(tab.b) || !slices.Equal(tab.a[len(tab.a)-1], tab.b[:len(tab.b)-1])) {
			t.Errorf("%s: weights of the error add up to %v, or its last stage is not that of the result", m, difference)
		}
		if math.Abs(sum-1) > 1e-15 || len(tab.a) != len(tab.b) {
			t.Errorf("%s: weights add up to %v; %d stages, %d weights", m, sum, len(tab.a), len(tab.b))
		}
		for i, row := range tab.a {
			if len(row) != i {
				t.Errorf("%s: stage %d has %d coefficients", m, i, len(row))
			}
		}
	}
}

// TestMaxSteps by hand.
func TestMaxSteps(t *testing.T) {
	for _, c := range []struct {
		cell Cell
		want float64
	}{
		{CTRNN{Units: 3}, 1.5}, {CTRNN{Units: 3, Unfolds: 8, Tau: 3}, 2}, {NeuralODE{Units: 3}, 0.75}, {NeuralODE{Units: 3, Unfolds: 8}, 2},
		{GRUODE{Units: 3}, 4}, {ODELSTM{Units: 3, Unfolds: 5}, 2.5}, {ODERNN{Units: 3}, 2}, {RNNLinearDecay{3}, 0}, {S6{Units: 3}, 1.5}, {LrcSSM{Units: 3}, 1.5},
		{CTGRU{Units: 3}, 0}, {CTRNN{Units: 3, Method: Dopri5}, 0}, {NeuralODE{Units: 3, Method: Dopri5}, 0}, {GRUODE{Units: 3, Method: Dopri5}, 0}, {GRUD{Units: 3}, 0}, {Mixed{Cell: CTRNN{Units: 3}}, 1.5},
	} {
		if got := MaxStep(c.cell); got != c.want {
			t.Errorf("%#v: MaxStep %g, want %g", c.cell, got, c.want)
		}
	}
}

// TestConstants: what is said of a vector's constants is all read, and nothing else.
func TestConstants(t *testing.T) {
	type constants struct {
		M      int     `json:"M"`
		Alpha  float64 `json:"alpha" want:"0.5"`
		Method Method  `json:"method"`
	}
	var k constants
	if err := (Meta{"constants": `{"M": 8, "alpha": 0.5, "method": "rk4"}`}).Constants(&k); err != nil || k != (constants{8, 0.5, RK4}) {
		t.Errorf("%+v, %v", k, err)
	}
	for text, says := range map[string]string{
		"": `constants is ""`, "null": "a JSON object", "[]": "a JSON object", `{"M": 8`: "a JSON object", `{"M": 8}{}`: "a JSON object",
		`{"alpha": 0.5, "method": "rk4"}`:                         "constants lack M",
		`{"m": 8, "alpha": 0.5, "method": "rk4"}`:                 "constants lack M",
		`{"M": null, "alpha": 0.5, "method": "rk4"}`:              "constants lack M",
		`{"M": 8.5, "alpha": 0.5, "method": "rk4"}`:               "M is 8.5; int is needed",
		`{"M": 8, "alpha": "half", "method": "rk4"}`:              `alpha is "half"; float64 is needed`,
		`{"M": 8, "alpha": 0.25, "method": "rk4"}`:                "alpha is 0.25; only 0.5 is supported",
		`{"M": 8, "alpha": 0.5, "method": "rk4", "unfolds": 3.0}`: "constants have unfolds",
	} {
		if err := (Meta{"constants": text}).Constants(&k); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want %q", text, err, says)
		}
	}
	for _, units := range []string{"", "0", "-3", "4.0", "many"} {
		if _, err := (Meta{"units": units, "constants": "{}"}).Read(&struct{}{}); err == nil || !strings.Contains(err.Error(), "units is") {
			t.Errorf("units %q: %v", units, err)
		}
	}
}

// TestTurned: element i, o of a tensor is element o, i of the parameter.
func TestTurned(t *testing.T) {
	// rows 1 and 2 of a tensor of 3 rows and 2 columns: 2 3 / 4 5
	got := Turned("w", "kernel", 3, 2, 1, 3)
	want := []int{2, 4, 3, 5}
	for k := range want {
		if len(got.Index) != 4 || got.Index[k] != want[k] {
			t.Fatalf("%v, want %v", got.Index, want)
		}
	}
}
