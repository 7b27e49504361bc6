package engine_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

func TestStepsAllocateNothing(t *testing.T) {
	for name, build := range cells {
		e := engine.Compile(build().Reverse(everything), engine.Options{Steps: 3, Lanes: 1})
		if n := testing.AllocsPerRun(20, func() { e.Forward(3) }); n != 0 {
			t.Errorf("%s: Forward allocates %g times", name, n)
		}
		if n := testing.AllocsPerRun(20, func() { e.Forward(2); e.Backward() }); n != 0 {
			t.Errorf("%s: Backward allocates %g times", name, n)
		}
	}
}

// A NaN in one lane reaches no other, forward or back; permuting the lanes permutes the results, to the bit.
func TestLanesAreIndependent(t *testing.T) {
	const lanes, times, bad = 5, 6, 2
	for name, build := range cells {
		p := build().Reverse(everything)
		f := newFeed(p, times, lanes, 3)
		e := engine.Compile(p, engine.Options{Steps: times, Lanes: lanes})
		clean := f.engine(e, nil)
		turned := f.turned()
		got := turned.engine(e, nil)
		for i := range f.inputs[0][1] {
			if i%lanes == bad {
				f.inputs[0][1][i] = math.NaN()
			}
		}
		dirty := f.engine(e, nil)
		nans := 0
		for k, array := range clean.names {
			if len(array) > 4 && array[:4] == "grad" {
				continue // summed over lanes
			}
			for i, v := range clean.values[k] {
				l := i % lanes
				if w := got.values[k][i-l+(l+1)%lanes]; w != v {
					t.Fatalf("%s: %s of lane %d is %g, turned to lane %d %g", name, array, l, v, (l+1)%lanes, w)
				}
				switch w := dirty.values[k][i]; {
				case w != w:
					nans++
					if l != bad {
						t.Fatalf("%s: a NaN in lane %d reached %s of lane %d", name, bad, array, l)
					}
				case l != bad && w != v:
					t.Fatalf("%s: a NaN in lane %d changed %s of lane %d", name, bad, array, l)
				}
			}
		}
		if nans == 0 {
			t.Errorf("%s: the NaN vanished", name)
		}
	}
}

// turned moves every lane to the next one.
func (f *feed) turned() *feed {
	turn := func(v []float64) []float64 {
		w := make([]float64, len(v))
		for i, x := range v {
			l := i % f.lanes
			w[i-l+(l+1)%f.lanes] = x
		}
		return w
	}
	rows := func(list [][]float64) (all [][]float64) {
		for _, v := range list {
			all = append(all, turn(v))
		}
		return all
	}
	g := *f
	g.inputs, g.doutput = nil, nil
	for _, list := range f.inputs {
		g.inputs = append(g.inputs, rows(list))
	}
	for _, list := range f.doutput {
		g.doutput = append(g.doutput, rows(list))
	}
	g.dt, g.state, g.dfinal = rows(f.dt), rows(f.state), rows(f.dfinal)
	return &g
}

// Where a lane has ended its state and the state's cotangent pass through unchanged, and its inputs have none.
func TestEndedLanes(t *testing.T) {
	const lanes, times = 4, 20
	length := []int{7, 20, 0, 12}
	for name, build := range cells {
		p := build().Reverse(everything)
		f := newFeed(p, times, lanes, 12)
		for k := range f.doutput {
			for time, v := range f.doutput[k] {
				for i := range v {
					if time >= length[i%lanes] {
						v[i] = 0
					}
				}
			}
		}
		e := engine.Compile(p, engine.Options{Steps: times, Lanes: lanes})
		e.SetLengths(length)
		whole := f.engine(e, nil)
		for l, n := range length {
			g := f.only(l, n)
			alone := engine.Compile(p, engine.Options{Steps: times, Lanes: 1})
			if n == 0 {
				continue
			}
			one := g.engine(alone, nil)
			at := map[string][]float64{}
			for k, array := range one.names {
				at[array] = one.values[k]
			}
			for k, array := range whole.names {
				want, ok := at[array]
				if !ok || array[:4] == "grad" {
					continue
				}
				for i, v := range want {
					if w := whole.values[k][i*lanes+l]; w != v {
						t.Fatalf("%s: %s of lane %d is %g among others, %g alone", name, array, l, w, v)
					}
				}
			}
		}
		for s := range p.States {
			for i, v := range e.State(s) {
				if i%lanes == 2 && v != float32(f.state[s][i]) {
					t.Errorf("%s: a lane of length 0 moved", name)
				}
			}
			for i, v := range e.DState(s) {
				if i%lanes == 2 && v != float32(f.dfinal[s][i]) {
					t.Errorf("%s: the cotangent of a lane of length 0 changed", name)
				}
			}
		}
	}
}

// only is one lane of the problem, n times long.
func (f *feed) only(l, n int) *feed {
	take := func(v []float64) (w []float64) {
		for i := l; i < len(v); i += f.lanes {
			w = append(w, v[i])
		}
		return w
	}
	rows := func(list [][]float64) (all [][]float64) {
		for _, v := range list {
			all = append(all, take(v))
		}
		return all
	}
	g := &feed{p: f.p, lanes: 1, times: n, theta: f.theta, dt: rows(f.dt), state: rows(f.state), dfinal: rows(f.dfinal)}
	for _, list := range f.inputs {
		g.inputs = append(g.inputs, rows(list))
	}
	for _, list := range f.doutput {
		g.doutput = append(g.doutput, rows(list))
	}
	return g
}

// Cotangents of one sequence do not stay for the next.
func TestCotangentsAreTaken(t *testing.T) {
	for name, build := range cells {
		p := build().Reverse(step.WRT{})
		e := engine.Compile(p, engine.Options{Steps: 4, Lanes: 3})
		newFeed(p, 4, 3, 2).engine(e, nil)
		e.Forward(4)
		e.Backward()
		for s := range p.States {
			for _, v := range e.DState(s) {
				if v != 0 {
					t.Fatalf("%s: without cotangents state %d has %g", name, s, v)
				}
			}
		}
		for i, v := range e.Grad() {
			if v != 0 {
				t.Fatalf("%s: without cotangents gradient %d is %g", name, i, v)
			}
		}
	}
}

// The comparison itself must bite: a value off by a little, a gradient off by a little, a missing array.
func TestComparisonBites(t *testing.T) {
	p := liquid().Reverse(everything)
	f := newFeed(p, 4, 3, 1)
	faults := map[string]func(tr *trace){
		"value":    func(tr *trace) { tr.values[1][2] += 1e-4 },
		"gradient": func(tr *trace) { v := tr.values[len(tr.values)-1]; v[0] += 1e-3 * (1 + math.Abs(v[0])) },
		"name":     func(tr *trace) { tr.names[3] = "other" },
		"missing":  func(tr *trace) { tr.names, tr.values = tr.names[1:], tr.values[1:] },
		"NaN":      func(tr *trace) { tr.values[0][0] = math.NaN() },
	}
	want := f.oracle(nil)
	for name, plant := range faults {
		got := f.engine(engine.Compile(p, engine.Options{Steps: 4, Lanes: 3}), nil)
		if err := differs(want, got); err != nil {
			t.Fatal(err)
		}
		plant(got)
		if differs(want, got) == nil {
			t.Errorf("a planted fault (%s) was not seen", name)
		}
	}
}

// Every registered cell agrees with the oracle.
func TestRegisteredCells(t *testing.T) {
	ran := 0
	for _, entry := range cell.Registry() {
		for _, v := range entry.Variants {
			p := network(t, v)
			for i, lanes := range []int{1, 3, 16} {
				f := newFeed(p.Reverse(everything), 5+i, lanes, uint64(ran)).within(cell.MaxStep(v.Cell))
				if cell.Adaptive(v.Cell) { // steps of a length that is kept; the error is one over a tolerance
					f = f.within(0.5)
					inner := v.Cell
					if w, ok := inner.(cell.Wrapper); ok {
						inner = w.Inner()
					}
					f.units = map[int]float64{p.Probe(cell.ErrorProbe): reflect.ValueOf(cell.Resolve(inner)).FieldByName("RTol").Float()}
				}
				if err := f.agrees(); err != nil {
					t.Errorf("%s, %s, %d lanes: %v", entry.Name, v.Name, lanes, err)
				}
			}
			ran++
		}
	}
	if ran == 0 {
		t.Error("no cell ran")
	}
}

func network(t *testing.T, v cell.Variant) *step.Program {
	t.Helper()
	var w *wiring.Wiring
	if v.Wiring != nil {
		var err error
		if w, err = v.Wiring.Build(3); err != nil {
			t.Fatal(err)
		}
	}
	b := step.New()
	y := v.Cell.Build(b, b.Input("x", 3), w)
	b.Output("y", b.Linear("readout", 2, step.Between(-1, 1), step.Between(-1, 1), step.Term{Name: "y", X: y}))
	return b.Build()
}

// A neuron that follows its input with a time constant of 2, at two rows one time unit apart.
func ExampleCompile() {
	b := step.New()
	x, v := b.Input("x", 1), b.State("v", step.Vector(1))
	tau := b.Param("tau", step.Vector(1), step.Values{2})
	next := step.Relax(v, b.DT(), tau, b.Const(1), x)
	b.Next("v", next)
	b.Output("y", next)

	e := engine.Compile(b.Build(), engine.Options{Steps: 2})
	e.SetParams([]float32{2})
	for t := range 2 {
		e.Input(0, t)[0], e.DT(t)[0] = 3, 1
	}
	e.Forward(2)
	fmt.Printf("%.4f %.4f\n", e.Output(0, 0)[0], e.Output(0, 1)[0])
	// Output: 1.0000 1.6667
}

// The gradient of a squared error over two series of different lengths.
func ExampleBatch_Gradient() {
	b := step.New()
	b.Output("y", step.Mul(b.Input("x", 1), b.Param("w", step.Vector(1), step.Values{1})))
	batch := engine.NewBatch(b.Build(), engine.BatchOptions{})
	lanes := []engine.Lane{{X: [][]float32{{1, 2}}}, {X: [][]float32{{3}}}}
	loss, grad := batch.Gradient([]float32{0.5}, lanes, func(_, _ int, y, dy []float32) float64 {
		dy[0] = y[0] - 1
		return 0.5 * float64(dy[0]*dy[0])
	})
	fmt.Println(loss, grad)
	// Output: 0.25 [1]
}
