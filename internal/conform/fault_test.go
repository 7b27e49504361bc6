package conform

import (
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// planted is a cell made of a function.
type planted struct {
	build func(b *Builder, x, h Vec) Vec // the next state
	wired func(b *Builder, x Vec, w *wiring.Wiring) Vec
	check error
	limit float64 // of a step
}

// MaxStep implements cell.Limited.
func (c planted) MaxStep() float64 { return c.limit }

func (c planted) Check() error { return c.check }

func (c planted) Build(b *Builder, x Vec, w *wiring.Wiring) Vec {
	if c.wired != nil {
		return c.wired(b, x, w)
	}
	h := b.State("h", Vector(4))
	next := c.build(b, x, h)
	b.Next("h", next)
	return next
}

// drive is a generic function of inputs and state.
func drive(b *Builder, x, h Vec) Vec {
	return Tanh(b.Linear("drive", 4, Between(-1, 1), Between(-1, 1), Term{Name: "x", X: x}, Term{Name: "h", X: h}))
}

// subject builds a planted cell.
func subject(t *testing.T, e cell.Entry, c cell.Cell, w wiring.Spec) Subject {
	t.Helper()
	if e.Name == "" {
		e.Name = "planted"
	}
	s, err := NewSubject(e, cell.Variant{Name: "fault", Cell: c, Wiring: w})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bites fails the test unless a check finds the fault and explains it in these words.
func bites(t *testing.T, check func(Subject) error, s Subject, says string) {
	t.Helper()
	err := check(s)
	switch {
	case err == nil:
		t.Errorf("the fault is not found; the check should say %q", says)
	case !strings.Contains(err.Error(), says):
		t.Errorf("the check says %q, not %q", err, says)
	}
}

// TestWrongCells: each cell breaks one rule.
func TestWrongCells(t *testing.T) {
	flow := cell.Entry{Flow: true}
	for name, f := range map[string]struct {
		entry cell.Entry
		build func(b *Builder, x, h Vec) Vec
		check func(Subject) error
		says  string
	}{
		"an update declared as a flow": {flow, drive, ZeroTime, "declares Flow, but dt = 0 moves state h["},
		"dt kept from zero": {flow, func(b *Builder, x, h Vec) Vec {
			return Add(h, Mul(Max(b.DT(), b.Const(1e-3)), drive(b, x, h)))
		}, ZeroTime, "declares Flow, but dt = 0 moves"},
		"a flow not declared": {cell.Entry{}, func(b *Builder, x, h Vec) Vec {
			return Add(h, Mul(b.DT(), drive(b, x, h)))
		}, ZeroTime, "declare Flow"},
		"zero over zero": {cell.Entry{}, func(b *Builder, x, h Vec) Vec {
			return Mul(b.DT(), Div(drive(b, x, h), b.DT()))
		}, ZeroTime, "dt = 0 must be finite"},
		"explicit Euler without MaxStep": {flow, func(b *Builder, x, h Vec) Vec {
			return Add(h, Mul(b.DT(), Sub(drive(b, x, h), h)))
		}, ExtremeTimes, "has grown to"},
		"an overflow": {cell.Entry{}, func(b *Builder, x, h Vec) Vec {
			return Add(drive(b, x, h), Log(Exp(b.DT())))
		}, ExtremeTimes, "is +Inf"},
		"a derivative that overflows": {cell.Entry{}, func(b *Builder, x, h Vec) Vec {
			return Mul(drive(b, x, h), Tanh(Exp(Scale(1e-3, Mul(b.DT(), b.Param("p", Vector(4), Values{1}))))))
		}, ExtremeTimes, "the gradient of"},
		"a clock not declared": {cell.Entry{}, func(b *Builder, x, h Vec) Vec {
			return Add(h, b.DT())
		}, ExtremeTimes, "has grown to"},
		"a clock that runs too fast": {cell.Entry{Clocks: []string{"h"}}, func(b *Builder, x, h Vec) Vec {
			return Add(h, Mul(b.DT(), b.DT()))
		}, ExtremeTimes, "has grown to"},
		"missing values that are not taken": {cell.Entry{Missing: true}, func(b *Builder, x, h Vec) Vec {
			return drive(b, x, h)
		}, NotANumber, "declares Missing, but a row without any observed input does not stay finite"},
		"a missing value in the gradient": {cell.Entry{Missing: true}, func(b *Builder, x, h Vec) Vec {
			seen := Slice(x, 0, 4)
			return Tanh(Add(h, Select(Observed(seen), Mul(seen, b.Param("w", Vector(4), Between(-1, 1))), b.Const(0))))
		}, NotANumber, "makes the gradient of w NaN"},
		"a hidden NaN": {cell.Entry{}, func(b *Builder, x, h Vec) Vec {
			return drive(b, Select(Observed(x), x, b.Const(0)), h)
		}, NotANumber, "leaves no trace"},
	} {
		t.Run(name, func(t *testing.T) {
			s := subject(t, f.entry, planted{build: f.build}, nil)
			bites(t, f.check, s, f.says)
		})
	}
}

// TestWrongLimits: a longest step that is too long, and an update where nobody can tell what a row in parts should be.
func TestWrongLimits(t *testing.T) {
	euler := func(b *Builder, x, h Vec) Vec { return Add(h, Mul(b.DT(), Sub(drive(b, x, h), h))) }
	bites(t, ExtremeTimes, subject(t, cell.Entry{Flow: true}, planted{build: euler, limit: 2.5}, nil), "has grown to")
	update := func(b *Builder, x, h Vec) Vec { return Tanh(euler(b, x, h)) }
	bites(t, Parts, subject(t, cell.Entry{}, planted{build: update, limit: 0.5}, nil), "has an option Unfolds")
}

// hasty takes a row in parts as the fault says.
type hasty struct {
	Unfolds int
	step    func(b *Builder, x, h Vec, flow func(h Vec) Vec) Vec
}

func (c hasty) Check() error     { return nil }
func (c hasty) MaxStep() float64 { return float64(c.Unfolds) / 2 }

func (c hasty) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	h := b.State("h", Vector(4))
	next := c.step(b, x, h, func(h Vec) Vec {
		rate := Softplus(b.Param("rate", Vector(4), Between(-1, 1)))
		return b.Repeat(c.Unfolds, []Vec{h}, func(c2 []Vec) []Vec {
			return []Vec{Sub(c2[0], Mul(Scale(1/float64(c.Unfolds), b.DT()), rate, c2[0]))}
		})[0]
	})
	b.Next("h", next)
	return next
}

// TestWrongParts: updates in every part of a row, or at the wrong end of it.
func TestWrongParts(t *testing.T) {
	type build = func(b *Builder, x, h Vec, flow func(h Vec) Vec) Vec
	after := func(b *Builder, x, h Vec, flow func(h Vec) Vec) Vec {
		h = flow(h)
		return b.Arrive(drive(b, x, h), h)
	}
	if err := Parts(subject(t, cell.Entry{}, hasty{2, after}, nil)); err != nil {
		t.Fatal(err)
	}
	for name, step := range map[string]build{
		"in every part": func(b *Builder, x, h Vec, flow func(h Vec) Vec) Vec { return drive(b, x, flow(h)) },
		"too early": func(b *Builder, x, h Vec, flow func(h Vec) Vec) Vec {
			h = flow(h)
			return b.Begin(drive(b, x, h), h)
		},
		"never flowing": func(b *Builder, x, h Vec, flow func(h Vec) Vec) Vec { return b.Arrive(drive(b, x, flow(h)), h) },
	} {
		t.Run(name, func(t *testing.T) {
			bites(t, Parts, subject(t, cell.Entry{}, hasty{2, step}, nil), "a row in 3 parts is not a row with 3 times the sub-steps")
		})
	}
}

// TestWrongGraphs: a synapse too many, too few, or moved, in the program or in the drawing.
func TestWrongGraphs(t *testing.T) {
	spec := wiring.NCP{Inter: 4, Command: 3, Motor: 2, SensoryFanout: 2, InterFanout: 2, Recurrent: 2, MotorFanin: 2}
	drawn, err := spec.Build(inputs)
	if err != nil {
		t.Fatal(err)
	}
	change := func(from, to int, p int8) *wiring.Wiring {
		inner := drawn.Matrix()
		inner[from][to] = p
		w, err := wiring.FromMatrixLayers(inner, drawn.SensoryMatrix(), drawn.Outputs(), drawn.Layers())
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	inter, motor := drawn.Layers()[0][0], 0
	present := drawn.Inner()[0]
	for _, c := range []cell.Cell{cell.LTC{Unfolds: 1}, cell.WiredCfC{}} {
		e, err := cell.EntryOf(c)
		if err != nil {
			t.Fatal(err)
		}
		s := subject(t, e, c, drawn)
		for _, check := range []func(Subject) error{AbsentSynapses, SynapseCounts} {
			if err := check(s); err != nil {
				t.Fatalf("%s before any fault: %v", e.Name, err)
			}
		}
		more := subject(t, e, c, change(motor, inter, 1)) // computes a synapse that is not drawn
		more.Wiring, more.Model = drawn, nil
		bites(t, AbsentSynapses, more, "an absent synapse has an effect")
		bites(t, SynapseCounts, more, "parameters;")
		fewer := subject(t, e, c, change(present.From, present.To, 0))
		fewer.Wiring, fewer.Model = drawn, nil
		bites(t, AbsentSynapses, fewer, "a synapse has no effect")
		bites(t, SynapseCounts, fewer, "parameters;")
		fewer.Model, fewer.Wiring = s.Model, change(present.From, present.To, 0)
		bites(t, SynapseCounts, fewer, "the model counts")
	}

	unmasked := planted{wired: func(b *Builder, x Vec, w *wiring.Wiring) Vec {
		h := b.State("h", Vector(w.Units()))
		next := Tanh(b.Linear("m", w.Units(), Between(-1, 1), nil, Term{Name: "x", X: x}, Term{Name: "h", X: h}))
		b.Next("h", next)
		return next
	}}
	s := subject(t, cell.Entry{Wired: true}, unmasked, spec)
	bites(t, AbsentSynapses, s, "an absent synapse has an effect")
	bites(t, SynapseCounts, s, "no parameter of the cell is declared along")

	for name, list := range map[string][]Edge{"twice": {{From: 0, To: 1}, {From: 0, To: 1}}, "outside": {{From: 0, To: 9}}} {
		q := Param{Name: "w", Shape: Vector(len(list)), Edges: &Edges{In: 2, Out: 2, List: list}}
		if distinct(q) == nil {
			t.Errorf("an edge %s is not found", name)
		}
	}
	if distinct(Param{Name: "w", Shape: Vector(2), Edges: &Edges{In: 2, Out: 2, List: []Edge{{From: 0, To: 1}}}}) == nil {
		t.Error("a weight without an edge is not found")
	}
}

// TestWrongReverse: a wrong rule is seen by differences, one that is not linear in the cotangent by real-time learning,
// and a kernel that computes something else by the comparison of the executors.
func TestWrongReverse(t *testing.T) {
	s := subject(t, cell.Entry{}, planted{build: drive}, nil)
	row := OpTanh.Row()
	right := *row
	defer func() { *row = right }()

	row.Reverse = func(v Adj) []Vec { return []Vec{Scale(1.00001, right.Reverse(v)[0])} }
	bites(t, Derivative, s, "the reverse is not the derivative")
	row.Reverse = func(v Adj) []Vec { return []Vec{Mul(v.DY[0], Abs(v.DY[0]))} }
	bites(t, RealTime, s, "real-time learning and backpropagation through time disagree")
	row.Reverse = right.Reverse
	row.F = func(x []float64) float64 { return right.F(x) * (1 + 1e-5) }
	bites(t, SinglePrecision, s, "in single precision and")
	row.F = func(x []float64) float64 { return right.F(x) * (1 + 1e-4) }
	bites(t, RealTimeEngine, s, "in single precision and")
	row.F = right.F
	row.Reverse = func(v Adj) []Vec { return []Vec{Mul(v.DY[0], Abs(v.DY[0]))} }
	bites(t, RealTimeEngine, s, "no rule for the reverse of abs")
}

// TestWrongExecutors: the checks of order and lanes run against executors with one fault each.
func TestWrongExecutors(t *testing.T) {
	right, rightRagged := runners, ragged
	defer func() { runners, ragged = right, rightRagged }()
	s := subject(t, cell.Entry{}, planted{build: drive}, nil)
	calls := 0
	for name, f := range map[string]struct {
		forward func(*trial.Trial) trial.Result
		check   func(Subject) error
		says    string
	}{
		"lanes that mix": {func(t *trial.Trial) trial.Result {
			r := t.Forward()
			r.Y[0][0] += 1e-15 * r.Y[0][len(r.Y[0])-1]
			return r
		}, Permutation, "depends on its place or on other lanes"},
		"a look ahead": {func(t *trial.Trial) trial.Result {
			r := t.Forward()
			r.Y[0][0] += 1e-12 * t.X[0][len(t.X[0])-1]
			return r
		}, Later, "change what came before"},
		"something else that is carried": {func(t *trial.Trial) trial.Result {
			calls++
			r := t.Forward()
			r.H[0][0] += 1e-12 * float64(calls)
			return r
		}, Splitting, "besides the declared states"},
		"padding that counts": {func(t *trial.Trial) trial.Result {
			if k := t.Program.Input("active"); k >= 0 {
				t = t.Copy()
				for i := range t.X[k] {
					t.X[k][i] = 1
				}
			}
			return t.Forward()
		}, Padding, "padding changes the lane"},
		"a NaN that spreads": {func(t *trial.Trial) trial.Result {
			r := t.Forward()
			sum := 0.0
			for _, v := range r.H[0] {
				sum += v
			}
			r.H[0][0] += 0 * sum
			return r
		}, NotANumber, "a NaN in one lane reaches another"},
	} {
		runners, ragged = []runner{{"faulty", f.forward}}, nil
		t.Run(name, func(t *testing.T) { bites(t, f.check, s, f.says) })
	}
}

// TestWrongOutcomes: what differs between workers, or between a saved and a loaded model, is seen to the last bit.
func TestWrongOutcomes(t *testing.T) {
	s := subject(t, cell.Entry{}, planted{build: drive}, nil)
	tr := trial.New(s.Program, 4, batchLanes, 13)
	good := s.batch(tr, engine.BatchOptions{Workers: 1}, allLanes(), rows)
	bump := func(v *float32) { *v = math.Nextafter32(*v, 9) }
	for name, damage := range map[string]func(r *outcome){
		"loss":   func(r *outcome) { r.loss = math.Nextafter(r.loss, 9) },
		"grad":   func(r *outcome) { bump(&r.grad[3]) },
		"state":  func(r *outcome) { bump(&r.final[69][1]) },
		"output": func(r *outcome) { bump(&r.output[33][0]) },
	} {
		bad := s.batch(tr, engine.BatchOptions{Workers: 1}, allLanes(), rows)
		if err := good.same(bad); err != nil {
			t.Fatal(err)
		}
		damage(&bad)
		if good.same(bad) == nil {
			t.Errorf("another %s in the last bit is not seen", name)
		}
	}

	registered, err := NewSubject(cell.Registry()[1], cell.Registry()[1].Variants[0])
	if err != nil {
		t.Fatal(err)
	}
	mt := trial.New(registered.Model.Program(), 3, 1, 2)
	theta := registered.Model.Params()
	for i := range theta {
		theta[i] *= 1 + 1e-5
	}
	if streams(registered.Model, registered.Model.With(theta), mt) == nil {
		t.Error("two models with different parameters predict the same")
	}
}

// TestSubjects: what cannot be tested is an error, not a pass.
func TestSubjects(t *testing.T) {
	if _, err := Subjects([]cell.Entry{{Name: "bare"}}); err == nil || !strings.Contains(err.Error(), "no variants") {
		t.Errorf("a cell without variants: %v", err)
	}
	for name, v := range map[string]cell.Variant{
		"units is 0":   {Name: "bad options", Cell: cell.GRU{}},
		"units is 300": {Name: "bad wiring", Cell: cell.LTC{}, Wiring: wiring.FullyConnected{Units: 300, Outputs: 301}},
	} {
		if _, err := Subjects([]cell.Entry{{Name: "c", Variants: []cell.Variant{v}}}); err == nil {
			t.Errorf("%s (%s) is accepted", v.Name, name)
		}
	}
}

// TestWindowTakenForARecurrence: a network that is learned in real time although its cell is a window, and the other way round, is found.
func TestWindowTakenForARecurrence(t *testing.T) {
	one := func(c cell.Cell) Subject {
		e, err := cell.EntryOf(c)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSubject(e, cell.Variant{Name: "fault", Cell: c})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	window, recurrence := one(cell.TCN{Units: 3}), one(cell.GRU{Units: 3})
	window.Program, recurrence.Program = recurrence.Program, window.Program
	bites(t, Online, window, "a state is a window of earlier values: false")
	bites(t, Online, recurrence, "a state is a window of earlier values: true")
}
