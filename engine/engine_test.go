package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// bounds of the float32 engine against the float64 oracle, relative to the largest value of the array compared.
const (
	valueBound = 2e-5
	gradBound  = 1e-4
)

// feed is a random problem for a program: parameters, inputs, initial states and cotangents, [time][component·lane].
type feed struct {
	p             *step.Program
	lanes, times  int
	theta         []float64
	inputs        [][][]float64 // [input][time]
	dt            [][]float64
	state, dfinal [][]float64
	doutput       [][][]float64
	// units of probes that are divided by something small, by their number: so are their rounding errors.
	units map[int]float64
}

func newFeed(p *step.Program, times, lanes int, seed uint64) *feed {
	r := rand.New(rand.NewPCG(seed, 7))
	f := &feed{p: p, lanes: lanes, times: times, theta: p.Initial(seed)}
	row := func(node int, scale float64) []float64 {
		v := make([]float64, p.Nodes[node].Shape.Len()*lanes)
		for i := range v {
			v[i] = float64(float32(scale * r.NormFloat64()))
		}
		return v
	}
	rows := func(node int) (all [][]float64) {
		for range times {
			all = append(all, row(node, 1))
		}
		return all
	}
	for i, v := range f.theta {
		f.theta[i] = float64(float32(v))
	}
	for _, q := range p.Inputs {
		f.inputs = append(f.inputs, rows(q.Node))
	}
	for range times {
		v := make([]float64, lanes)
		for l := range v {
			v[l] = float64(float32(0.2 + r.ExpFloat64()))
		}
		f.dt = append(f.dt, v)
	}
	for _, s := range p.States {
		f.state = append(f.state, row(s.Node, 0.5))
		f.dfinal = append(f.dfinal, row(s.Node, 1))
	}
	for _, o := range p.Outputs {
		f.doutput = append(f.doutput, rows(o.Node))
	}
	return f
}

// trace is everything that a run gives.
type trace struct {
	names  []string
	values [][]float64
	grads  map[string]bool
}

func (tr *trace) add(name string, grad bool, v []float64) {
	if tr.grads == nil {
		tr.grads = map[string]bool{}
	}
	tr.names, tr.values = append(tr.names, name), append(tr.values, v)
	tr.grads[name] = grad
}

func clone(v []float64) []float64 { return append([]float64(nil), v...) }

// inUnits are the values of a probe, multiplied by its unit.
func (f *feed) inUnits(probe int, v []float64) []float64 {
	if unit, ok := f.units[probe]; ok {
		for i := range v {
			v[i] *= unit
		}
	}
	return v
}

// oracle runs the problem in float64.
func (f *feed) oracle(probes []int) *trace {
	tr := &trace{}
	p := f.p
	o := engine.NewOracle(p, f.lanes, f.theta)
	for s, q := range p.States {
		copy(o.Value(q.Node), f.state[s])
	}
	write := func(t int) {
		for k, q := range p.Inputs {
			copy(o.Value(q.Node), f.inputs[k][t])
		}
		if p.Time >= 0 {
			copy(o.Value(p.Time), f.dt[t])
		}
	}
	tape := &engine.Tape{Oracle: o}
	tape.Forward(f.times, write, func(t int) {
		for k, q := range p.Outputs {
			tr.add(fmt.Sprintf("output %d at %d", k, t), false, clone(o.Value(q.Node)))
		}
		for _, k := range probes {
			tr.add(fmt.Sprintf("probe %d at %d", k, t), false, f.inUnits(k, clone(o.Value(p.Probes[k].Node))))
		}
	})
	for s, q := range p.States {
		tr.add(fmt.Sprintf("state %d", s), false, clone(o.Value(q.Node)))
	}
	a := p.Adjoint
	if a == nil {
		return tr
	}
	for s, i := range a.DNext {
		copy(o.Value(i), f.dfinal[s])
	}
	tape.Backward(write, func(t int) {
		for k, i := range a.DOutput {
			copy(o.Value(i), f.doutput[k][t])
		}
	}, func(t int) {
		for k, i := range a.DInput {
			if i >= 0 {
				tr.add(fmt.Sprintf("dinput %d at %d", k, t), true, clone(o.Value(i)))
			}
		}
		if a.DTime >= 0 {
			tr.add(fmt.Sprintf("dtime at %d", t), true, clone(o.Value(a.DTime)))
		}
	})
	for s, i := range a.DState {
		tr.add(fmt.Sprintf("dstate %d", s), true, clone(o.Value(i)))
	}
	for k, q := range p.Params {
		sum := make([]float64, q.Shape.Len())
		for i, v := range o.Grad(k) {
			sum[i/f.lanes] += v
		}
		tr.add("grad "+q.Name, true, sum)
	}
	return tr
}

func narrow(dst []float32, src []float64) {
	for i, v := range src {
		dst[i] = float32(v)
	}
}

func widen(src []float32) []float64 {
	v := make([]float64, len(src))
	for i, x := range src {
		v[i] = float64(x)
	}
	return v
}

// load writes the problem's first times into an engine.
func (f *feed) load(e *engine.Engine) {
	theta := make([]float32, len(f.theta))
	narrow(theta, f.theta)
	e.SetParams(theta)
	for t := range f.times {
		for k := range f.inputs {
			narrow(e.Input(k, t), f.inputs[k][t])
		}
		if e.DT(t) != nil {
			narrow(e.DT(t), f.dt[t])
		}
	}
	for s := range f.state {
		narrow(e.State(s), f.state[s])
	}
}

// engine runs the problem in float32.
func (f *feed) engine(e *engine.Engine, probes []int) *trace {
	tr := &trace{}
	p := f.p
	f.load(e)
	e.Forward(f.times)
	for t := range f.times {
		for k := range p.Outputs {
			tr.add(fmt.Sprintf("output %d at %d", k, t), false, widen(e.Output(k, t)))
		}
		for _, k := range probes {
			tr.add(fmt.Sprintf("probe %d at %d", k, t), false, f.inUnits(k, widen(e.Probe(k, t))))
		}
	}
	for s := range p.States {
		tr.add(fmt.Sprintf("state %d", s), false, widen(e.State(s)))
	}
	a := p.Adjoint
	if a == nil {
		return tr
	}
	for t := range f.times {
		for k := range p.Outputs {
			narrow(e.DOutput(k, t), f.doutput[k][t])
		}
	}
	for s := range p.States {
		narrow(e.DStateFinal(s), f.dfinal[s])
	}
	e.Backward()
	for t := f.times - 1; t >= 0; t-- {
		for k, i := range a.DInput {
			if i >= 0 {
				tr.add(fmt.Sprintf("dinput %d at %d", k, t), true, widen(e.DInput(k, t)))
			}
		}
		if a.DTime >= 0 {
			tr.add(fmt.Sprintf("dtime at %d", t), true, widen(e.DTime(t)))
		}
	}
	for s := range p.States {
		tr.add(fmt.Sprintf("dstate %d", s), true, widen(e.DState(s)))
	}
	for _, q := range p.Params {
		tr.add("grad "+q.Name, true, widen(e.Grad()[q.Offset:][:q.Shape.Len()]))
	}
	return tr
}

// differs names the first array beyond its bound, relative to the array's largest value.
func differs(want, got *trace) error {
	if len(want.names) != len(got.names) {
		return fmt.Errorf("%d arrays, want %d", len(got.names), len(want.names))
	}
	for k, name := range want.names {
		if got.names[k] != name || len(got.values[k]) != len(want.values[k]) {
			return fmt.Errorf("%s [%d] where %s [%d] belongs", got.names[k], len(got.values[k]), name, len(want.values[k]))
		}
		scale, bound := 1.0, valueBound
		if want.grads[name] {
			bound = gradBound
		}
		for _, v := range want.values[k] {
			scale = math.Max(scale, math.Abs(v))
		}
		for i, v := range want.values[k] {
			if d := math.Abs(v - got.values[k][i]); !(d <= bound*scale) && !(math.IsNaN(v) && math.IsNaN(got.values[k][i])) {
				return fmt.Errorf("%s: component %d is %.9g, the oracle has %.9g (scale %.3g)", name, i, got.values[k][i], v, scale)
			}
		}
	}
	return nil
}

// allProbes lists the probes of a program.
func allProbes(p *step.Program) (list []int) {
	for k := range p.Probes {
		list = append(list, k)
	}
	return list
}

// agree compares engine and oracle on one random problem.
func agree(p *step.Program, times, lanes int, seed uint64) error {
	return newFeed(p, times, lanes, seed).agrees()
}

func (f *feed) agrees() error {
	probes := allProbes(f.p)
	e := engine.Compile(f.p, engine.Options{Steps: f.times, Lanes: f.lanes, Probes: probes})
	return differs(f.oracle(probes), f.engine(e, probes))
}

// within shortens all times so that none is beyond the longest step that executors take; 0 means any.
func (f *feed) within(limit float64) *feed {
	longest := 0.0
	for _, row := range f.dt {
		longest = max(longest, slices.Max(row))
	}
	for _, row := range f.dt {
		for l := range row {
			if limit > 0 && longest > limit {
				row[l] = float64(float32(row[l] * limit / longest))
			}
		}
	}
	return f
}

var everything = step.WRT{Inputs: true, Time: true, States: true}

func TestCellsAgreeWithOracle(t *testing.T) {
	for name, build := range cells {
		p := build()
		t.Run(name, func(t *testing.T) {
			for i, lanes := range []int{1, 3, 8, 16, 24, 32, 40} {
				for j, times := range []int{1, 2, 9, 20} {
					seed := uint64(100*i + j)
					for _, q := range []*step.Program{p, p.Reverse(step.WRT{}), p.Reverse(everything)} {
						if err := agree(q, times, lanes, seed); err != nil {
							t.Fatalf("lanes %d, times %d, seed %d: %v", lanes, times, seed, err)
						}
					}
				}
			}
		})
	}
}
