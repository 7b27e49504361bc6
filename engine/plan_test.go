package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	. "github.com/elegans-nn/elegans/step"
)

// Every operation that a program can hold has a way to run.
func TestEveryOperationRuns(t *testing.T) {
	counted := 0
	for op := range Op(Ops) {
		ways := 0
		for _, has := range []bool{
			op.Leaf(), kernel.Elementwises[op] != (kernel.Elementwise{}), structured[op] != nil,
			op == OpSlice || op == OpResult, // places
		} {
			if has {
				ways++
			}
		}
		want := 1
		if op == OpAccum { // in chains, or for a chunk of times together
			want = 2
		}
		if ways != want {
			t.Errorf("%v has %d ways to run, not %d", op, ways, want)
		}
		if op.Elementwise() && kernel.Elementwises[op] == (kernel.Elementwise{}) {
			t.Errorf("%v is element-wise and has no kernel", op)
		}
		counted++
	}
	if counted != Ops {
		t.Errorf("%d operations of %d", counted, Ops)
	}
}

// leaky is a small cell with something in every stage.
func leaky() *Program {
	b := New()
	x, h := b.Input("x", 2), b.State("h", Vector(3))
	u := b.Linear("in", 3, Between(-1, 1), Between(-1, 1), Term{Name: "x", X: x})
	tau := Softplus(b.Param("tau", Vector(3), Between(-1, 1)))
	next := Relax(h, b.DT(), b.Const(0.75), tau, Tanh(u))
	b.Next("h", next)
	b.Probe("slack", Sub(next, u))
	b.Output("y", b.Linear("out", 1, Between(-1, 1), nil, Term{Name: "h", X: Sigmoid(next)}))
	return b.Build()
}

func TestStages(t *testing.T) {
	p := leaky().Reverse(WRT{})
	pl := newPlan(p, nil)
	want := map[Op][]stage{
		OpSoftplus: {once}, OpTanh: {before}, OpRelax: {core}, OpSigmoid: {after, tail},
		OpOuter: {rafter, rbefore}, OpLinear: {before, after}, OpLinearT: {rbefore},
	}
	seen := map[Op][]stage{}
	for i, n := range p.Nodes {
		if want[n.Op] != nil && pl.live[i] && !slices.Contains(seen[n.Op], pl.of[i]) {
			seen[n.Op] = append(seen[n.Op], pl.of[i])
		}
	}
	for op, stages := range want {
		slices.Sort(seen[op])
		slices.Sort(stages)
		if !slices.Equal(seen[op], stages) {
			t.Errorf("%v runs in stages %v, want %v", op, seen[op], stages)
		}
	}
	for s, items := range pl.items {
		if len(items) == 0 {
			t.Errorf("stage %s is empty", stageNames[s])
		}
	}
}

// A probe that nobody asks for costs nothing.
func TestProbesAreDead(t *testing.T) {
	count := func(e *Engine) (n int) {
		for s := range numStages {
			for _, it := range e.plan.items[s] {
				if it.chain == nil {
					continue
				}
				for _, o := range it.chain.ops {
					if o.op == OpSub {
						n++
					}
				}
			}
		}
		return n
	}
	p := leaky()
	without, with := count(Compile(p, Options{})), count(Compile(p, Options{Probes: []int{0}}))
	if with != 1 || without != 0 {
		t.Errorf("the probe's subtraction runs %d times if asked for, %d times if not", with, without)
	}
}

// chains lists the texts of a plan.
func chains(e *Engine) (texts []string) {
	for s := range numStages {
		for _, it := range e.plan.items[s] {
			if it.chain != nil {
				texts = append(texts, it.chain.text())
			}
		}
	}
	return texts
}

func TestChainsFollowFromTheProgram(t *testing.T) {
	p := leaky().Reverse(WRT{Inputs: true})
	want := chains(Compile(p, Options{}))
	for _, o := range []Options{{Lanes: 8}, {Lanes: 40, Steps: 100}} {
		if got := chains(Compile(p, o)); !slices.Equal(got, want) {
			t.Errorf("%+v: chains %q, want %q", o, got, want)
		}
	}
	if !slices.Contains(want, "relax f0 l1 k2 u3 f4 > [0]") {
		t.Errorf("the chains are %q", want)
	}
}

// A fused kernel that is registered runs in place of the interpreter, on operands as its text says, and is no longer
// marked.
func TestFusedKernels(t *testing.T) {
	const text = "relax f0 l1 k2 u3 f4 > [0]"
	run := func() ([]float32, string) {
		p := leaky()
		e := Compile(p, Options{Steps: 2, Lanes: 3})
		theta := make([]float32, p.ParamCount())
		for i := range theta {
			theta[i] = float32(i%5) - 1.5
		}
		e.SetParams(theta)
		for time := range 2 {
			for i := range e.Input(0, time) {
				e.Input(0, time)[i] = float32(i*i%7) - 3
			}
			copy(e.DT(time), []float32{0.5, 2, 1.25})
		}
		e.Forward(2)
		return append(slices.Clone(e.Output(0, 1)), e.State(0)...), e.Plan()
	}
	want, plan := run()
	if !strings.Contains(plan, "chain (no kernel) of 3 rows: "+text) {
		t.Fatalf("the plan does not mark its chain:\n%s", plan)
	}
	calls := 0
	kernel.Chains[text] = func(out, in [][]float32, _ []kernel.Head, rows, lanes int) {
		calls++
		if rows != 3 || lanes != 3 || len(in[0]) != 9 || len(in[1]) != 3 || len(in[2]) != 1 || len(in[3]) != 3 {
			t.Errorf("%d rows, %d lanes, operands of %d, %d, %d, %d", rows, lanes, len(in[0]), len(in[1]), len(in[2]), len(in[3]))
		}
		for i := range out[0] {
			v, h, c, G, I := in[0][i], in[1][i%lanes], in[2][0], in[3][i/lanes], in[4][i]
			out[0][i] = v + float32(h*((I-float32(G*v))/(c+float32(h*G))))
		}
	}
	defer delete(kernel.Chains, text)
	got, plan := run()
	if calls != 2 || !slices.Equal(got, want) {
		t.Errorf("%d calls, results %v, want %v", calls, got, want)
	}
	if !strings.Contains(plan, "chain of 3 rows: "+text) {
		t.Errorf("the plan still marks the chain:\n%s", plan)
	}
}

// Values that live at the same time have different places.
func TestPlacesDoNotOverlap(t *testing.T) {
	l := newLayout(newPlan(leaky().Reverse(WRT{Inputs: true, Time: true}), []int{0}), 5, 3)
	used, carried := map[int]int{}, map[int]bool{}
	for _, q := range l.ports {
		if !q.copy && (q.kind == portNext || q.kind == portDState) {
			carried[q.node] = true // stands in the memory of the state or its cotangent, at another time
		}
	}
	for i, at := range l.fixed {
		if carried[i] {
			continue
		}
		slots := 1
		if at.stride > 0 {
			slots = l.steps
		}
		if at.mod > 0 {
			slots = at.mod
		}
		for k := range slots * at.n {
			if j, ok := used[at.off+k]; ok {
				t.Fatalf("nodes %d (%v) and %d (%v) share number %d", i, l.p.Nodes[i].Op, j, l.p.Nodes[j].Op, at.off+k)
			}
			used[at.off+k] = i
		}
	}
	if len(carried) != 2 || len(used) < 100 {
		t.Errorf("%d carried values, %d numbers in use", len(carried), len(used))
	}
}

func TestMisuse(t *testing.T) {
	p := leaky()
	lane := New()
	x := lane.Input("x", 2)
	e := &Edges{In: 2, Out: 1, List: []Edge{{From: 0, To: 0}, {From: 1, To: 0}}}
	G, _ := Synapses(x, x, x, x, x, e)
	lane.Output("y", G)
	for name, f := range map[string]func(){
		"too many lanes":      func() { Compile(p, Options{Lanes: 513}) },
		"weights in lanes":    func() { Compile(lane.Build(), Options{}) },
		"too many steps":      func() { Compile(p, Options{Steps: 2}).Forward(3) },
		"no steps":            func() { Compile(p, Options{Steps: 2}).Forward(0) },
		"no reverse":          func() { Compile(p, Options{}).Backward() },
		"parameters":          func() { Compile(p, Options{}).SetParams(nil) },
		"lengths":             func() { Compile(p, Options{Lanes: 2}).SetLengths([]int{1}) },
		"probe not asked for": func() { Compile(p, Options{}).Probe(0, 0) },
		"batch of a reverse":  func() { NewBatch(p.Reverse(WRT{}), BatchOptions{}) },
		"input of odd length": func() {
			lanes := []Lane{{DT: []float32{1}, X: [][]float32{{1}}}}
			NewBatch(p, BatchOptions{Workers: 1}).Run(make([]float32, p.ParamCount()), lanes, func(int, int, []float32) {})
		},
	} {
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "engine: ") {
					t.Errorf("%s: panic %q", name, text)
				}
			}()
			f()
		}()
	}
}
