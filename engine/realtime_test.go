package engine_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/internal/conform"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	. "github.com/elegans-nn/elegans/step"
)

var first = engine.RealTimeOptions{Outputs: []int{0}}

// online gathers the gradient of a trial of one lane row by row, in real time.
func online(t *trial.Trial) ([]float64, error) { return onlineBy(engine.Exact, t) }

// onlineBy does so by a rule.
func onlineBy(rule engine.Rule, t *trial.Trial) ([]float64, error) {
	var outputs []int
	for k := range t.Program.Outputs {
		outputs = append(outputs, k)
	}
	r, err := engine.NewRealTime(t.Program, engine.RealTimeOptions{Outputs: outputs, Rule: rule})
	if err != nil {
		return nil, err
	}
	r.SetParams(single(t.Theta))
	for k, h := range t.H0 {
		copy(r.State(k), single(h))
	}
	sum, g := make([]float64, len(t.Theta)), make([]float32, len(t.Theta))
	row := func(v []float64, time int) []float32 {
		n := len(v) / t.Steps
		return single(v[time*n : (time+1)*n])
	}
	for time := range t.Steps {
		for k := range t.X {
			copy(r.Input(k), row(t.X[k], time))
		}
		copy(r.DT(), row(t.DT, time))
		if r.Part() != nil {
			copy(r.Part(), row(t.Part, time))
		}
		if !r.Step() {
			return nil, fmt.Errorf("the state is not finite at time %d", time)
		}
		var dy []float32
		for k := range t.DY {
			dy = append(dy, row(t.DY[k], time)...)
		}
		r.Gradient(g, dy)
		for i, v := range g {
			sum[i] += float64(v)
		}
	}
	return sum, nil
}

func single(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

// realTimeAgrees compares with the oracle's way back through the whole history, each parameter on its own scale.
func realTimeAgrees(p *Program, steps int, seed uint64) error {
	t := trial.New(p, steps, 1, seed)
	for k := range t.DH {
		clear(t.DH[k])
	}
	for _, list := range [][][]float64{t.X, t.H0, t.DY, {t.Theta, t.DT}} {
		for _, v := range list {
			for i := range v {
				v[i] = float64(float32(v[i]))
			}
		}
	}
	got, err := online(t)
	if err != nil {
		return err
	}
	want := t.Gradient().Theta
	for _, q := range p.Params {
		scale := 1.0
		for i := range q.Shape.Len() {
			scale = math.Max(scale, math.Abs(want[q.Offset+i]))
		}
		for i := range q.Shape.Len() {
			if a, b := got[q.Offset+i], want[q.Offset+i]; !(math.Abs(a-b) <= gradBound*scale) {
				return fmt.Errorf("gradient of %s[%d] is %.9g in real time, %.9g through time (ratio %.6g)", q.Name, i, a, b, a/b)
			}
		}
	}
	return nil
}

// onBothPaths runs f with the assembly and without.
func onBothPaths(f func(path string)) {
	for _, path := range []string{"assembly", "go"} {
		was := kernel.Accelerate(path == "assembly")
		f(path)
		kernel.Accelerate(was)
	}
}

// Every variant of every registered cell learns in real time as it does through time, on both kernel paths.
func TestRealTimeOfEveryCell(t *testing.T) {
	subjects, err := conform.Subjects(cell.Registry())
	if err != nil || len(subjects) == 0 {
		t.Fatal(len(subjects), err)
	}
	onBothPaths(func(path string) {
		for _, s := range subjects {
			if err := conform.RealTimeEngine(s); err != nil {
				t.Errorf("%v, %s: %v", s, path, err)
			}
		}
	})
}

// So do networks of every kind of structure, and random programs.
func TestRealTimeOfPrograms(t *testing.T) {
	onBothPaths(func(path string) {
		for name, build := range cells {
			if err := realTimeAgrees(build(), 7, 3); err != nil {
				t.Errorf("%s, %s: %v", name, path, err)
			}
		}
		for seed := range uint64(300) {
			if err := realTimeAgrees(random(seed), 1+int(seed%6), seed); err != nil {
				t.Fatalf("seed %d, %s: %v\n%v", seed, path, err, random(seed))
			}
		}
	})
}

// A rule that drops, doubles or misplaces something is found.
func TestRealTimeFaults(t *testing.T) {
	faults := map[Op]string{}
	for op, rule := range engine.LinearRules {
		if rule != nil {
			faults[Op(op)] = ""
		}
	}
	for op := range faults {
		found := false
		right := engine.LinearRules[op]
		engine.LinearRules[op] = nil
		for seed := range uint64(300) {
			if err := realTimeAgrees(random(seed), 2, seed); err != nil {
				found = strings.Contains(err.Error(), "no rule for the reverse of "+op.String())
				break
			}
		}
		engine.LinearRules[op] = right
		if !found {
			t.Errorf("no random program needs the rule of %v", op)
		}
	}
	right := engine.LinearRules[OpSub]
	engine.LinearRules[OpSub] = engine.LinearRules[OpAdd]
	defer func() { engine.LinearRules[OpSub] = right }()
	for seed := range uint64(300) {
		if err := realTimeAgrees(random(seed), 2, seed); err != nil {
			return
		}
	}
	t.Error("a difference taken for a sum is not found")
}

// diagonal is a cell whose units do not act on each other.
func diagonal(n int) *Program {
	b := New()
	x, h := b.Input("x", 3), b.State("h", Vector(n))
	drive := b.Linear("in", n, Between(-1, 1), Between(-1, 1), Term{Name: "w", X: x})
	a := Sigmoid(b.Param("a", Vector(n), Between(-1, 1)))
	next := Add(Mul(a, h), Mul(OneMinus(a), Tanh(Add(drive, Mul(h, b.Param("own", Vector(n), Between(-1, 1)))))))
	b.Next("h", next)
	b.Output("y", b.Linear("readout", 1, Between(-1, 1), nil, Term{Name: "h", X: next}))
	return b.Build()
}

// S has the columns that paths need: one where no unit acts on another, whatever their number; in a layered wiring those
// of the layers below; all where everything meets everything.
func TestColumnsFollowPaths(t *testing.T) {
	chain := &Edges{In: 4, Out: 4, List: []Edge{{From: 0, To: 1}, {From: 1, To: 2}, {From: 2, To: 3}}}
	ladder := func() *Program { // h0 -> h1 -> h2 -> h3, each a step later
		b := New()
		h := b.State("h", Vector(4))
		next := Add(Tanh(b.Linear("m", 4, Between(-1, 1), Between(-1, 1), Term{Name: "h", X: h, Edges: chain})), b.Param("own", Vector(4), Between(-1, 1)))
		b.Next("h", next)
		b.Output("y", Slice(next, 3, 4))
		return b.Build()
	}
	for name, c := range map[string]struct {
		p                 *Program
		columns, products int
	}{
		"diagonal of 5":  {diagonal(5), 1, 5 * (3 + 1 + 1 + 1)},
		"diagonal of 90": {diagonal(90), 1, 90 * (3 + 1 + 1 + 1)},
		// A bias and own of unit i reach 4-i units, the weight into unit i too.
		"ladder":    {ladder(), 4, 2*(4+3+2+1) + 3 + 2 + 1},
		"dense":     {gated(), 5, 15 * (4 + 1 + 5 + 1) * 5},
		"two alike": {twins(), 6, 18 * 6},
	} {
		r, err := engine.NewRealTime(c.p, first)
		if err != nil {
			t.Fatal(err)
		}
		if r.Columns() != c.columns || r.Products() != c.products {
			t.Errorf("%s: %d columns and %d products, want %d and %d", name, r.Columns(), r.Products(), c.columns, c.products)
		}
		if err := realTimeAgrees(c.p, 9, 4); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	small, _ := engine.NewRealTime(diagonal(40), first)
	large, _ := engine.NewRealTime(diagonal(80), first)
	if k := float64(large.Bytes()) / float64(small.Bytes()); k > 2.1 {
		t.Errorf("twice the units of a diagonal cell take %.2f times the memory", k)
	}
}

func TestRealTimeRefusals(t *testing.T) {
	o := engine.RealTimeOptions{Outputs: []int{0}, Memory: 180 * 8 * 4}
	if _, err := engine.NewRealTime(gated(), o); err == nil || !strings.Contains(err.Error(), "5 state components and 3 outputs by 180 parameters need") {
		t.Errorf("too little memory: %v", err)
	}
	if _, err := engine.NewRealTime(gated(), first); err != nil {
		t.Error(err)
	}
	row := OpTanh.Row()
	right := *row
	defer func() { *row = right }()
	for says, rule := range map[string]func(v Adj) []Vec{
		"multiplies cotangents":  func(v Adj) []Vec { return []Vec{Mul(v.DY[0], v.DY[0])} },
		"divides by cotangents":  func(v Adj) []Vec { return []Vec{Div(v.DY[0], v.DY[0])} },
		"decides by cotangents":  func(v Adj) []Vec { return []Vec{Select(v.DY[0], v.DY[0], v.Y)} },
		"is not linear":          func(v Adj) []Vec { return []Vec{Plus(v.DY[0], 1)} },
		"for the reverse of abs": func(v Adj) []Vec { return []Vec{Abs(v.DY[0])} },
	} {
		row.Reverse = rule
		if _, err := engine.NewRealTime(closed(), first); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("a reverse that %s: %v", says, err)
		}
	}
}

// A step allocates nothing, its outputs have the bits of a stream without learning, and Forget begins again.
func TestRealTimeSteps(t *testing.T) {
	p := liquid()
	r, err := engine.NewRealTime(p, first)
	if err != nil {
		t.Fatal(err)
	}
	e := engine.Compile(p, engine.Options{})
	theta := single(p.Initial(3))
	r.SetParams(theta)
	e.SetParams(theta)
	g, earlier := make([]float32, len(theta)), []float32(nil)
	for round := range 2 {
		for time := range 20 {
			for k := range r.Input(0) {
				v := float32(math.Sin(float64(3*time + k)))
				r.Input(0)[k], e.Input(0, 0)[k] = v, v
			}
			r.DT()[0], e.DT(0)[0] = 0.3, 0.3
			r.Step()
			e.Forward(1)
			for k, v := range e.Output(0, 0) {
				if got := r.Output(0)[k]; got != v {
					t.Fatalf("round %d, row %d: output %d is %g while learning, %g otherwise", round, time, k, got, v)
				}
			}
		}
		r.Gradient(g, []float32{1, -2})
		if round == 0 {
			earlier = append(earlier, g...)
		}
		r.Forget()
		clear(e.State(0))
	}
	for i, v := range earlier {
		if g[i] != v {
			t.Fatalf("after Forget the gradient of parameter %d is %g, at first %g", i, g[i], v)
		}
	}
	if n := testing.AllocsPerRun(20, func() { r.Step(); r.Gradient(g, []float32{1, 0}); r.SetParams(theta) }); n != 0 {
		t.Errorf("an update allocates %v times", n)
	}
	for _, say := range []string{"real time: 8 lanes, 5 columns for 7 state components, 2 for outputs", "blocks of parameters"} {
		if !strings.Contains(r.Plan(), say) {
			t.Errorf("the plan does not say %q:\n%s", say, r.Plan())
		}
	}
	if r.FLOPs() < 1e3 || r.Width() != 2 {
		t.Errorf("%v FLOPs, %d outputs", r.FLOPs(), r.Width())
	}
	defer func() {
		if recover() == nil {
			t.Error("a gradient of wrong length is taken")
		}
	}()
	r.Gradient(g[1:], []float32{1, 0})
}
