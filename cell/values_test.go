package cell_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// TestParameterCounts: counted by hand on 5 inputs, without a readout. The sums with a readout of one output (33 more at
// 32 units) are those of torch and ncps: 5025 for LSTM-32, 3777 for GRU-32, 21409 for CfC-32 with a backbone of 128.
func TestParameterCounts(t *testing.T) {
	auto := wiring.Auto(19, 1) // on 5 inputs: 27 sensory and 47 inner synapses
	for _, c := range []struct {
		cell   cell.Cell
		wiring wiring.Spec
		want   int
		why    string
	}{
		{cell.LSTM{Units: 32}, nil, 4992, "4·32·(5 + 32 + 2)"},
		{cell.GRU{Units: 32}, nil, 3744, "3·32·(5 + 32 + 2)"},
		{cell.CfC{Units: 32, Backbone: []int{128}}, nil, 21376, "(5+32)·128 + 128 + 4·(128·32 + 32)"},
		{cell.CfC{Units: 32}, nil, 4864, "4·((5+32)·32 + 32)"},
		{cell.CfC{Units: 32, Mode: cell.Pure}, nil, 1280, "(5+32)·32 + 32 + 2·32"},
		{cell.CfC{Units: 8, Mode: cell.NoGate, Backbone: []int{6, 4}}, nil, 84 + 28 + 160, "13·6+6 + 6·4+4 + 4·(4·8+8)"},
		{cell.LTC{}, wiring.Full(32), 4842, "3·32 + 4·(5·32 + 32·32) + 2·5"},
		{cell.LTC{OutputMap: cell.Affine}, wiring.Full(32), 4906, "and 2·32"},
		{cell.LTC{InputMap: cell.NoMap}, wiring.Full(32), 4832, "without 2·5"},
		{cell.LTC{}, auto, 363, "3·19 + 4·74 + 2·5"},
		{cell.LRC{}, wiring.Full(32), 4*1024 + 4*160 + 37*32 + 6*32 + 10, "4U² + 4FU + (F+U)U + 6U + 2F"},
		{cell.LRC{Elastance: cell.ConstantElastance}, wiring.Full(32), 4*1024 + 4*160 + 4*32 + 10, "4U² + 4FU + 4U + 2F"},
		{cell.LRC{NoForgetGate: true}, wiring.Full(32), 4*1024 + 4*160 + 37*32 + 6*32 + 10 - 1024 - 160 + 32, "U² + FU fewer, U more"},
		{cell.LRC{Elastance: cell.AsymmetricElastance}, auto, 5*74 + 3*19 + 10 + 2, "5 a synapse, 3 a neuron, 2 an input and an output"},
		{cell.LrcSSM{Units: 32}, nil, 2*5 + 2*5*32 + 8*32, "2F + 2FU + 8U"},
		{cell.LrcSSM{Units: 32, Elastance: cell.SymmetricElastance, Complex: true}, nil, 2*5 + 2*5*32 + 13*32, "2F + 2FU + 13U"},
		{cell.LiquidS4{Units: 32}, nil, 2*5 + 6*5*32, "2F + 6FU"},
		{cell.RiccatiSSM{Units: 32}, nil, 2*5 + 4*32*6, "2F + 4U(F+1)"},
		{cell.WiredCfC{}, auto, 4*(74+19-1) + 4*19, "a map: 74 synapses and 19 own states, one of which is a synapse already"},
		{cell.NcpsCfC{}, auto, 1172, "1174 with a readout of one motor neuron"},
		{cell.Linear{Window: 7}, nil, 0, "all in the readout"},
		{cell.MLP{Units: 32}, nil, 5*8*32 + 32 + 32*32 + 32, "8·5·32 + 32 + 32·32 + 32"},
		{cell.TCN{Units: 4}, nil, 3*5*4 + 4 + 3*4*4 + 4 + 5*4 + 4, "UFK + U + U²K + U + UF + U"},
		{cell.TCN{Units: 4, Layers: 3}, nil, 140 + 2*2*(3*16+4), "and 2(U²K + U) for each further block"},
		{cell.Transformer{Units: 8, FF: 6, Layers: 2}, nil, 5*8 + 8 + 2*(4*64+4*8+2*8*6+6+8), "FD + D + L (4D² + 4D + 2 D d_ff + d_ff + D)"},
		{cell.Mixed{Cell: cell.LTC{}}, wiring.Full(4), 3*4 + 4*36 + 10 + 16*5 + 16 + 64, "LTC, 4·4·5 + 16 + 4·4·4"},
	} {
		p, w := program(t, c.cell, c.wiring, 5)
		if got := p.ParamCount(); got != c.want {
			t.Errorf("%#v (%v): %d parameters, want %d = %s", c.cell, w, got, c.want, c.why)
		}
	}
}

// TestTau: the effective time constant is positive, is cm / G, and lies below cm / (gleak + epsilon).
func TestTau(t *testing.T) {
	for _, c := range []cell.LTC{{}, {Explicit: true, Unfolds: 2}, {Explicit: true, Unfolds: 1, Spread: 50}} {
		p, w := program(t, c, wiring.Auto(9, 2), 3)
		tr := trial.New(p, 1, 4, 8)
		o := engine.NewOracle(p, 4, tr.Theta)
		copy(o.Value(p.States[0].Node), tr.H0[0])
		copy(o.Value(p.Inputs[0].Node), tr.X[0])
		copy(o.Value(p.Time), tr.DT)
		o.Step()
		probe := func(name string) []float64 { return o.Value(p.Probes[p.Probe(name)].Node) }
		tau, G := probe("tau"), probe("G")
		positive := func(v float64) float64 {
			if c.Explicit {
				return v
			}
			return math.Log1p(math.Exp(v))
		}
		for i := range w.Units() {
			cm, leak := positive(tr.Theta[find(t, p, "cm")+i]), positive(tr.Theta[find(t, p, "gleak")+i])
			for l := range 4 {
				k := i*4 + l
				if want := cm / G[k]; !(tau[k] > 0) || math.Abs(tau[k]-want) > 1e-14*want {
					t.Errorf("tau of neuron %d is %v, cm/G is %v", i, tau[k], want)
				}
				if tau[k] > cm/leak {
					t.Errorf("tau of neuron %d is %v, more than without synapses: %v", i, tau[k], cm/leak)
				}
			}
		}
	}
}

// alone is a wiring of neurons without synapses.
func alone(t *testing.T, units, inputs int) *wiring.Wiring {
	t.Helper()
	empty := func(rows int) (m [][]int8) {
		for range rows {
			m = append(m, make([]int8, units))
		}
		return m
	}
	w, err := wiring.FromMatrix(empty(units), empty(inputs), 1)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestSpread: the capacitances of 400 neurons start log-uniform on 1 to Spread, by the test of Kolmogorov and Smirnov, whose bound
// for a chance of 1 % is 1.63/sqrt(n).
func TestSpread(t *testing.T) {
	const units = 400
	for _, c := range []cell.LTC{{Spread: 100}, {Spread: 100, Explicit: true}, {Spread: 2.5}, {Spread: 1e6, Explicit: true}} {
		p, _ := program(t, c, alone(t, units, 2), 2)
		raw := p.Initial(7)[find(t, p, "cm"):][:units]
		places := make([]float64, units) // of cm between 1 and Spread, by its logarithm
		for i, cm := range raw {
			if !c.Explicit {
				cm = softplus(cm)
			}
			places[i] = math.Log(cm) / math.Log(c.Spread)
		}
		slices.Sort(places)
		if lo, hi := places[0], places[units-1]; lo < -1e-12 || hi >= 1 {
			t.Errorf("%+v: log cm / log spread is from %v to %v, want 0 to 1", c, lo, hi)
		}
		off := 0.0
		for i, place := range places {
			off = max(off, place-float64(i)/units, float64(i+1)/units-place)
		}
		if bound := 1.63 / math.Sqrt(units); off > bound {
			t.Errorf("%+v: cm is not log-uniform: the distribution is off by %.3f, at most %.3f is allowed", c, off, bound)
		}
	}
}

// softplus is log(1 + e^v), which overflows for none.
func softplus(v float64) float64 { return max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))) }

// TestSpreadLengthensMemories: of 32 neurons, fully connected, the longest memory at first is at least 100 times as long with a spread
// of 100 as without one, and the shortest is not shorter.
func TestSpreadLengthensMemories(t *testing.T) {
	memories := func(c cell.LTC, seed uint64) (shortest, longest float64) {
		p, w := program(t, c, wiring.Full(32), 3)
		o := engine.NewOracle(p, 1, p.Initial(seed))
		o.Value(p.Time)[0] = 1
		o.Step()
		tau := o.Value(p.Probes[p.Probe("tau")].Node)[:w.Units()]
		return slices.Min(tau), slices.Max(tau)
	}
	for seed := range uint64(5) {
		for _, explicit := range []bool{false, true} {
			lo, hi := memories(cell.LTC{Explicit: explicit}, seed)
			from, to := memories(cell.LTC{Explicit: explicit, Spread: 100}, seed)
			if to < 100*hi || from < lo {
				t.Errorf("seed %d, explicit %v: tau is %.3f to %.3f, with a spread of 100 %.3f to %.3f", seed, explicit, lo, hi, from, to)
			}
		}
	}
}

// find is the position of a parameter in the flat vector.
func find(t *testing.T, p *step.Program, name string) int {
	t.Helper()
	for _, q := range p.Params {
		if q.Name == name {
			return q.Offset
		}
	}
	t.Fatalf("no parameter %s", name)
	return 0
}

// masked computes WiredCfC neuron by neuron from the wiring's synapses: what the drawing says, with no mask in sight.
type masked struct {
	t     *testing.T
	p     *step.Program
	w     *wiring.Wiring
	theta []float64
	layer []int // of each unit
	index []int // of each unit within its layer
}

// weight finds the parameter of one map for one synapse.
func (m *masked) weight(layer int, name, term string, from, to int) float64 {
	full := fmt.Sprintf("layer%d.%s.%s", layer, name, term)
	for _, q := range m.p.Params {
		if q.Name != full {
			continue
		}
		for k, e := range q.Edges.List {
			if e.From == from && e.To == to {
				return m.theta[q.Offset+k]
			}
		}
	}
	m.t.Fatalf("no weight %s from %d to %d", full, from, to)
	return 0
}

// sum is one linear map of one unit.
func (m *masked) sum(unit int, name string, x, old, new []float64) float64 {
	l, at := m.layer[unit], m.index[unit]
	total := m.theta[find(m.t, m.p, fmt.Sprintf("layer%d.%s.bias", l, name))+at]
	for _, s := range m.w.Sensory() {
		if s.To == unit {
			total += m.weight(l, name, "x", s.From, at) * x[s.From]
		}
	}
	self := false
	for _, s := range m.w.Inner() {
		if s.To != unit {
			continue
		}
		source := old
		if m.layer[s.From] < l {
			source = new
		}
		self = self || s.From == unit
		total += m.weight(l, name, fmt.Sprintf("h%d", m.layer[s.From]), m.index[s.From], at) * source[s.From]
	}
	if !self {
		total += m.weight(l, name, fmt.Sprintf("h%d", l), at, at) * old[unit]
	}
	return total
}

// next is the new state of one unit.
func (m *masked) next(unit int, mode cell.Mode, dt float64, x, old, new []float64) float64 {
	value := func(name string) float64 { return m.sum(unit, name, x, old, new) }
	own := func(name string) float64 {
		return m.theta[find(m.t, m.p, fmt.Sprintf("layer%d.%s", m.layer[unit], name))+m.index[unit]]
	}
	if mode == cell.Pure {
		f := value("ff1")
		return own("A") - own("A")*math.Exp(-dt*(math.Abs(own("w_tau"))+math.Abs(f)))*f
	}
	g := 1 / (1 + math.Exp(-(value("time_a")*dt + value("time_b"))))
	f1, f2 := math.Tanh(value("ff1")), math.Tanh(value("ff2"))
	if mode == cell.NoGate {
		return f1 + f2*g
	}
	return f1*(1-g) + f2*g
}

// check compares one step of one lane with the program's.
func (m *masked) check(mode cell.Mode) {
	tr := trial.New(m.p, 1, 1, 6)
	m.theta = tr.Theta
	old, new := make([]float64, m.w.Units()), make([]float64, m.w.Units())
	var order []int // of the state
	for l, ids := range m.w.Layers() {
		for i, id := range ids {
			m.layer[id], m.index[id], old[id] = l, i, tr.H0[0][len(order)]
			order = append(order, id)
		}
	}
	for _, id := range order { // neurons of one layer do not see each other's new state
		new[id] = m.next(id, mode, tr.DT[0], tr.X[0], old, new)
	}
	r := tr.Forward()
	for k := range m.w.Outputs() {
		if got := r.Y[0][k]; math.Abs(got-new[k]) > 1e-14 {
			m.t.Errorf("%v %q: motor neuron %d is %v, by hand %v", m.w, mode, k, got, new[k])
		}
	}
	for at, id := range order {
		if got := r.H[0][at]; math.Abs(got-new[id]) > 1e-14 {
			m.t.Errorf("%v %q: state of neuron %d is %v, by hand %v", m.w, mode, id, got, new[id])
		}
	}
}

func TestWiredCfCByHand(t *testing.T) {
	for _, spec := range []wiring.Spec{
		wiring.NCP{Inter: 4, Command: 3, Motor: 2, SensoryFanout: 2, InterFanout: 2, Recurrent: 3, MotorFanin: 2},
		wiring.Random{Units: 5, Outputs: 2, Sparsity: 0.5},
	} {
		for _, mode := range []cell.Mode{"", cell.NoGate, cell.Pure} {
			p, w := program(t, cell.WiredCfC{Mode: mode}, spec, 3)
			m := &masked{t: t, p: p, w: w, layer: make([]int, w.Units()), index: make([]int, w.Units())}
			m.check(mode)
		}
	}
}

// TestTensors: every parameter of a cell that other libraries have stands in exactly one place of one tensor.
func TestTensors(t *testing.T) {
	seen := 0
	for _, e := range cell.Registry() {
		for _, v := range e.Variants {
			c, ok := v.Cell.(cell.Referenced)
			if mixed, isMixed := v.Cell.(cell.Mixed); isMixed {
				_, ok = mixed.Cell.(cell.Referenced)
			}
			if !ok {
				continue
			}
			seen++
			p, w := program(t, v.Cell, v.Wiring, 3)
			if err := placed(p, c.Tensors(3, w)); err != nil {
				t.Errorf("%s %s: %v", e.Name, v.Name, err)
			}
		}
	}
	if seen < 14 {
		t.Errorf("%d variants have a reference", seen)
	}
}

// placed checks that tensors hold every parameter once.
func placed(p *step.Program, list []cell.Tensor) error {
	size, taken, shape := map[string]int{}, map[string]bool{}, map[string]string{}
	for _, tensor := range list {
		if was := shape[tensor.Name]; was != "" && was != fmt.Sprint(tensor.Shape) {
			return fmt.Errorf("tensor %s has the shapes %s and %v", tensor.Name, was, tensor.Shape)
		}
		shape[tensor.Name] = fmt.Sprint(tensor.Shape)
		if tensor.Param == "" && len(tensor.Index) == 0 {
			continue // nothing of it is used
		}
		if size[tensor.Param] != 0 {
			return fmt.Errorf("parameter %s is listed twice", tensor.Param)
		}
		size[tensor.Param] = len(tensor.Index)
		for _, i := range tensor.Index {
			place := fmt.Sprint(tensor.Name, i)
			if taken[place] || i < 0 || i >= tensor.Len() {
				return fmt.Errorf("two parameters stand at %s, or it is outside", place)
			}
			taken[place] = true
		}
	}
	for _, q := range p.Params {
		if size[q.Name] != q.Shape.Len() {
			return fmt.Errorf("parameter %s has %d values and %d places", q.Name, q.Shape.Len(), size[q.Name])
		}
	}
	if len(size) != len(p.Params) {
		return fmt.Errorf("%d parameters are listed, the cell has %d", len(size), len(p.Params))
	}
	return nil
}

func TestFromReference(t *testing.T) {
	good := map[string]cell.Cell{
		"cell=ltc unfolds=3 epsilon=1e-4 implicit_param_constraints=false input_mapping=linear output_mapping=none": cell.LTC{Unfolds: 3, Epsilon: 1e-4, Explicit: true, InputMap: cell.LinearM, OutputMap: cell.NoMap},
		"cell=wired_cfc mode=pure mixed_memory=true":                                                                cell.Mixed{Cell: cell.NcpsCfC{Mode: cell.Pure}},
		"cell=gru units=4": cell.GRU{Units: 4}, "cell=lstm units=4 mixed_memory=false": cell.LSTM{Units: 4},
	}
	for text, want := range good {
		if got, err := cell.FromReference(meta(text)); err != nil || got != want {
			t.Errorf("%s gives %#v, %v", text, got, err)
		}
	}
	got, err := cell.FromReference(meta("cell=cfc units=4 mode=no_gate backbone_layers=2 backbone_units=7 backbone_activation=gelu"))
	if err != nil || fmt.Sprint(got) != fmt.Sprint(cell.CfC{Units: 4, Mode: cell.NoGate, Backbone: []int{7, 7}, Activation: "gelu"}) {
		t.Errorf("a CfC gives %#v, %v", got, err)
	}
	for text, says := range map[string]string{
		"": `unknown cell of another library "" (known: `, "cell=s5": `"s5"`, "cell=lstm units=4 mixed_memory=true": "more than one state", "cell=gru units=x": `units is "x"`, "cell=lstm": `units is ""`,
		"cell=ltc epsilon=1": `unfolds is ""`, "cell=ltc unfolds=2 epsilon=": `epsilon is ""`, "cell=ltc unfolds=0 epsilon=1": `unfolds is "0"`, "cell=ltc unfolds=2 epsilon=0": `epsilon is "0"`, "cell=ltc unfolds=2 epsilon=2": "epsilon is 2",
		"cell=ltc unfolds=2 epsilon=NaN": "epsilon is NaN", "cell=cfc": `units is ""`, "cell=cfc units=2": `backbone_layers is ""`,
		"cell=cfc units=2 backbone_layers=101": "0 to 100", "cell=cfc units=2 backbone_layers=1": `backbone_units is ""`,
		"cell=cfc units=2 backbone_layers=1 backbone_units=0": "backbone layer has 0 units", "cell=wired_cfc mode=x": `mode "x"`,
	} {
		if c, err := cell.FromReference(meta(text)); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q gives %#v, error %v; it must say %q", text, c, err, says)
		}
	}
}

func meta(text string) cell.Meta {
	m := cell.Meta{}
	for _, field := range strings.Fields(text) {
		key, value, _ := strings.Cut(field, "=")
		m[key] = value
	}
	return m
}

// TestInitialValues: those of the reference where there is one, for every parameter of each cell.
func TestInitialValues(t *testing.T) {
	for _, c := range []struct {
		cell   cell.Cell
		wiring wiring.Spec
		want   map[string]string
	}{
		{cell.LTC{}, wiring.Full(4), map[string]string{
			"gleak": "uniform(0.001, 1)", "vleak": "uniform(-0.2, 0.2)", "cm": "uniform(0.4, 0.6)",
			"sensory.w": "uniform(0.001, 1)", "sensory.sigma": "uniform(3, 8)", "sensory.mu": "uniform(0.3, 0.8)", "sensory.erev": "20 given values",
			"inner.w": "uniform(0.001, 1)", "inner.sigma": "uniform(3, 8)", "inner.mu": "uniform(0.3, 0.8)", "inner.erev": "16 given values",
			"input.w": "1", "input.b": "0"}},
		{cell.CfC{Units: 3, Mode: cell.Pure, Backbone: []int{8}}, nil, map[string]string{
			"backbone0.x": "uniform(-0.6124, 0.6124)", "backbone0.h": "uniform(-0.6124, 0.6124)", "backbone0.bias": "uniform(-0.3536, 0.3536)",
			"ff1.z": "uniform(-0.7385, 0.7385)", "ff1.bias": "uniform(-0.3536, 0.3536)", "w_tau": "uniform(-1.225, 1.225)", "A": "uniform(-1.225, 1.225)"}},
		{cell.GRU{Units: 16}, nil, map[string]string{
			"ih.w": "uniform(-0.25, 0.25)", "ih.bias": "uniform(-0.25, 0.25)", "hh.w": "uniform(-0.25, 0.25)", "hh.bias": "uniform(-0.25, 0.25)"}},
	} {
		p, w := program(t, c.cell, c.wiring, 5)
		for _, q := range p.Params {
			if got := q.Init.String(); got != c.want[q.Name] {
				t.Errorf("%T: %s starts from %s, want %s", c.cell, q.Name, got, c.want[q.Name])
			}
		}
		if len(p.Params) != len(c.want) {
			t.Errorf("%T has %d parameters, want %d", c.cell, len(p.Params), len(c.want))
		}
		if w == nil {
			continue
		}
		theta, at := p.Initial(1), find(t, p, "inner.erev")
		for k, s := range w.Inner() {
			if theta[at+k] != float64(s.Polarity) {
				t.Errorf("reversal potential %d starts from %v, polarity %d", k, theta[at+k], s.Polarity)
			}
		}
	}
}

// TestCapacitanceBound: projection keeps cm at or above 1e-6, also where it is the softplus of a parameter.
func TestCapacitanceBound(t *testing.T) {
	for _, c := range []cell.LTC{{}, {Explicit: true}} {
		p, _ := program(t, c, wiring.Full(2), 1)
		for _, q := range p.Params {
			want := math.Inf(-1)
			switch {
			case q.Name == "cm" && c.Explicit:
				want = 1e-6
			case q.Name == "cm":
				want = math.Log(math.Expm1(1e-6))
			case c.Explicit && (q.Name == "gleak" || strings.HasSuffix(q.Name, ".w") && !strings.HasPrefix(q.Name, "input")):
				want = 0
			}
			if q.Min != want || !math.IsInf(q.Max, 1) {
				t.Errorf("explicit %v: %s is within [%v, %v], want at least %v", c.Explicit, q.Name, q.Min, q.Max, want)
			}
		}
	}
}

// TestLTCWithoutSynapses: neurons that nothing reaches are leaky integrators, v' = v + h·gleak (vleak - v) / (cm + h·gleak).
func TestLTCWithoutSynapses(t *testing.T) {
	w := alone(t, 3, 2)
	p, _ := program(t, cell.LTC{Unfolds: 1, Explicit: true, Epsilon: 1e-3, InputMap: cell.NoMap}, w, 2)
	tr := trial.New(p, 2, 2, 4)
	if _, n, err := tr.Differences(); err != nil || n == 0 {
		t.Errorf("%d derivatives: %v", n, err)
	}
	gleak, vleak, cm := tr.Theta[find(t, p, "gleak")+1], tr.Theta[find(t, p, "vleak")+1], tr.Theta[find(t, p, "cm")+1]
	v := tr.H0[0][1*2]
	for _, h := range []float64{tr.DT[0], tr.DT[2]} {
		v = (cm*v/h + gleak*vleak) / (cm/h + gleak + 1e-3)
	}
	if got := tr.Forward().H[0][1*2]; math.Abs(got-v) > 1e-14 {
		t.Errorf("after two steps the potential is %v, want %v", got, v)
	}
}
