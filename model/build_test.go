package model

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// oneLine checks that an error says what it must in one line.
func oneLine(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want one with %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error %q does not say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error %q has more than one line", err)
	}
}

func TestWrongArchitectures(t *testing.T) {
	plain := series.Plain(2)
	other := func(change func(s *series.Schema)) series.Schema {
		s := series.Plain(2)
		change(&s)
		return s
	}
	for _, c := range []struct {
		arch   Architecture
		schema series.Schema
		words  []string
	}{
		{Architecture{}, plain, []string{"no layers", "model.Liquid"}},
		{Architecture{Layers: []Layer{{}}}, plain, []string{"layer 0", "no cell"}},
		{Architecture{Layers: []Layer{Recurrent(cell.LTC{})}}, plain, []string{"layer 0", "needs a wiring"}},
		{Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: 2}), Liquid(cell.GRU{Units: 2}, wiring.Full(2))}}, plain, []string{"layer 1", "takes no wiring"}},
		{Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: -3})}}, plain, []string{"layer 0", "-3", "allowed: 1 to"}},
		{Architecture{Layers: []Layer{Liquid(cell.LTC{Epsilon: math.NaN()}, wiring.Full(2))}}, plain, []string{"epsilon is NaN", "allowed"}},
		{Architecture{Layers: []Layer{Liquid(cell.LTC{}, wiring.Auto(2, 9))}}, plain, []string{"layer 0", "9"}},
		{Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: 2})}, Readout: "nearest"}, plain, []string{`"nearest"`, "linear, direct"}},
		{Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: 3})}, Readout: Direct}, plain, []string{"gives 3 values", `"y" needs 1`, "linear"}},
		{Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: 3})}}, series.Schema{}, []string{"no inputs"}},
		{Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: 3})}}, other(func(s *series.Schema) { s.Inputs[1].SD = 0 }), []string{`"x1"`, "sd 0"}},
	} {
		_, err := c.arch.Model(c.schema)
		oneLine(t, err, c.words...)
	}
}

// By hand: the direct readout is the layer's own output, the linear one W y + b of it.
func TestReadouts(t *testing.T) {
	s := series.Plain(2)
	s.Target.Outputs = 3
	direct := Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: 3})}, Readout: Direct}
	linear := Architecture{Layers: direct.Layers}
	d, err := direct.Model(s)
	if err != nil {
		t.Fatal(err)
	}
	d = moved(d, 4)
	s.Target.Outputs = 0
	l, err := linear.Model(s)
	if err != nil {
		t.Fatal(err)
	}
	theta := append(d.Params(), 0.5, -1.5, 0.25, 0.125) // the readout's w and bias come last
	w := walk(s, 6, 4)
	hidden, out := ran(t, d, &w, RunOptions{}), ran(t, l.With(theta), &w, RunOptions{})
	for row := range out {
		h := hidden[row]
		want := 0.5*float64(h[0]) - 1.5*float64(h[1]) + 0.25*float64(h[2]) + 0.125
		if len(out[row]) != 1 || math.Abs(float64(out[row][0])-want) > 1e-6 {
			t.Fatalf("row %d: the readout of %v is %v, want %v", row, h, out[row], want)
		}
	}
}

// Two layers are the second one fed with what the first one gives.
func TestLayersStack(t *testing.T) {
	s := series.Plain(3)
	first := Architecture{Layers: []Layer{networks["CfC"]}, Readout: Direct}
	second := Architecture{Layers: []Layer{networks["LTC"]}}
	wide := s
	wide.Target.Outputs = 5
	a, err := first.Model(wide)
	if err != nil {
		t.Fatal(err)
	}
	b, err := second.Model(series.Plain(5))
	if err != nil {
		t.Fatal(err)
	}
	a, b = moved(a, 6), moved(b, 7)
	both, err := New(s, networks["CfC"], networks["LTC"])
	if err != nil {
		t.Fatal(err)
	}
	both = both.With(append(a.Params(), b.Params()...))
	w := walk(s, 20, 9)
	between := series.Series{DT: w.DT}
	for _, row := range ran(t, a, &w, RunOptions{}) {
		between.X = append(between.X, row...)
	}
	if row := differs(ran(t, both, &w, RunOptions{}), ran(t, b, &between, RunOptions{})); row != -1 {
		t.Errorf("the stack differs from its layers in row %d", row)
	}
	if n := len(both.Wirings()); n != 1 || both.Synapses() != b.Synapses() || both.Synapses() == 0 {
		t.Errorf("%d wirings with %d synapses, want 1 with %d", n, both.Synapses(), b.Synapses())
	}
}

func TestModelsAreImmutable(t *testing.T) {
	m := made(t, rich(), networks["LTC"])
	before := m.Params()
	m.Params()[0] = 9
	m.Architecture().Layers[0] = Layer{}
	m.Initial(77)
	m.WithInfo(Info{Name: "other"})
	if _, err := m.WithThreshold(0.25); err != nil {
		t.Fatal(err)
	}
	theta := m.Params()
	changed := m.With(theta)
	theta[0]++
	if changed.theta[0] != before[0] || m.theta[0] != before[0] || m.arch.Layers[0].Cell == nil || m.info.Name != "" || m.schema.Target.Threshold != 0 {
		t.Error("a model changed")
	}
	defer func() {
		if recover() == nil {
			t.Error("With took a wrong number of parameters")
		}
	}()
	m.With(before[1:])
}

func TestInitialValues(t *testing.T) {
	m := made(t, series.Plain(2), networks["LTC"])
	a, b, again := m.Initial(1), m.Initial(2), m.Initial(1)
	if a.Info().Seed != 1 || b.Info().Seed != 2 {
		t.Error("the seed of the initial values is not kept")
	}
	same := 0
	for i := range a.theta {
		if a.theta[i] != again.theta[i] {
			t.Fatal("one seed gives two sets of initial values")
		}
		if a.theta[i] == b.theta[i] {
			same++
		}
	}
	if same > len(a.theta)/2 {
		t.Errorf("two seeds share %d of %d values", same, len(a.theta))
	}
}

func TestThreshold(t *testing.T) {
	m := made(t, rich(), networks["CfC"])
	c, err := m.WithThreshold(0.3)
	if err != nil || c.Schema().Target.Threshold != 0.3 {
		t.Errorf("the threshold is %v (%v)", c.Schema().Target.Threshold, err)
	}
	for _, bad := range []float64{-0.1, 1, math.NaN()} {
		_, err := m.WithThreshold(bad)
		oneLine(t, err, "threshold", "allowed")
	}
}

// Observe sees what the oracle sees: the states of the layer, not of the head, and the probe.
func TestObserve(t *testing.T) {
	s := rich()
	m := made(t, s, networks["LTC"])
	w := walk(s, 15, 12)
	seen, err := m.Observe(&w, "layer0.tau")
	if err != nil {
		t.Fatal(err)
	}
	theta := make([]float64, len(m.theta))
	for i, v := range m.theta {
		theta[i] = float64(v)
	}
	p := m.program
	tape := engine.Tape{Oracle: engine.NewOracle(p, 1, theta)}
	state := -1
	for i, st := range p.States {
		if st.Name == "layer0.v" {
			state = i
		}
	}
	tape.Forward(w.Len(), func(row int) {
		for i, v := range w.At(row) {
			tape.Oracle.Value(p.Inputs[0].Node)[i] = float64(v)
		}
		tape.Oracle.Value(p.Time)[0] = float64(w.DT[row])
	}, func(row int) {
		for name, pair := range map[string][2][]float64{
			"state": {tape.Oracle.Value(p.States[state].Next), at(seen.States, row)},
			"tau":   {tape.Oracle.Value(p.Probes[p.Probe("layer0.tau")].Node), at(seen.Probe, row)},
		} {
			for k, want := range pair[0] {
				if got := pair[1][k]; math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
					t.Errorf("%s %d in row %d is %g, want %g", name, k, row, got, want)
				}
			}
		}
	})
	if none, err := m.Observe(&w, "layer0.nothing"); err != nil || none.Probe != nil || len(none.States) != len(seen.States) {
		t.Errorf("an unknown probe gives %v (%v)", none.Probe, err)
	}
	w.DT[4] = -1
	var bad *InputError
	if _, err := m.Observe(&w, ""); !errors.As(err, &bad) || bad.Row != 4 {
		t.Errorf("a negative dt gives %v", err)
	}
}

func at(columns [][]float64, row int) (values []float64) {
	for _, c := range columns {
		values = append(values, c[row])
	}
	return values
}
