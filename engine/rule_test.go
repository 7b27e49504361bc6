package engine_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	. "github.com/elegans-nn/elegans/step"
)

// The rules once more, in double precision and by their definition: dense matrices of every step from the oracle, and what a rule
// drops dropped by a mask. Nothing of the engine's structure is used; which entries there are shows in the numbers.

// frozen makes some nodes of a program inputs.
func frozen(p *Program, nodes []int) *Program {
	q := *p
	q.Nodes, q.Inputs = slices.Clone(p.Nodes), slices.Clone(p.Inputs)
	for _, i := range nodes {
		q.Nodes[i] = Node{Op: OpInput, Shape: p.Nodes[i].Shape, Index: []int{len(q.Inputs)}}
		q.Inputs = append(q.Inputs, Port{Name: fmt.Sprint("frozen ", i), Node: i})
	}
	return &q
}

// slopes has a lane for each component of the next state and then of the outputs: its derivatives by the state before, by the
// parameters and by what is frozen.
type slopes struct {
	p       *Program
	o       *engine.Oracle
	lanes   int
	nodes   []int
	H, T, F [][]float64 // [lane][component]
}

func newSlopes(p *Program, nodes []int, theta []float64) *slopes {
	s := &slopes{nodes: nodes, lanes: p.StateWidth()}
	for _, o := range p.Outputs {
		s.lanes += p.Nodes[o.Node].Shape.Len()
	}
	s.p = frozen(p, nodes).Reverse(WRT{Inputs: true, States: true})
	s.o = engine.NewOracle(s.p, s.lanes, theta)
	return s
}

// flat reads all lanes of some cotangents, which are zero where there are none, and of what they are cotangents.
func (s *slopes) flat(nodes, of []int) [][]float64 {
	out := make([][]float64, s.lanes)
	for n, i := range nodes {
		for l := range out {
			if i < 0 {
				out[l] = append(out[l], make([]float64, s.p.Nodes[of[n]].Shape.Len())...)
				continue
			}
			for k := l; k < len(s.o.Value(i)); k += s.lanes {
				out[l] = append(out[l], s.o.Value(i)[k])
			}
		}
	}
	return out
}

// take computes them where a step of one lane stands.
func (s *slopes) take(at *engine.Oracle, of *Program) {
	fill := func(node int) {
		v := s.o.Value(node)
		for i := range v {
			v[i] = at.Value(node)[i/s.lanes]
		}
	}
	for _, h := range of.States {
		fill(h.Node)
	}
	for _, x := range of.Inputs {
		fill(x.Node)
	}
	for _, leaf := range []int{of.Time, of.Part} {
		if leaf >= 0 {
			fill(leaf)
		}
	}
	for _, i := range s.nodes {
		fill(i)
	}
	s.o.Step()
	s.o.Clear()
	lane := 0
	for _, i := range slices.Concat(s.p.Adjoint.DNext, s.p.Adjoint.DOutput) {
		v := s.o.Value(i)
		clear(v)
		for k := range len(v) / s.lanes {
			v[k*s.lanes+lane] = 1
			lane++
		}
	}
	s.o.Back()
	s.o.Finish()
	s.H = s.flat(s.p.Adjoint.DState, nil)
	s.F = s.flat(s.p.Adjoint.DInput[len(of.Inputs):], s.nodes)
	s.T = make([][]float64, s.lanes)
	for q, param := range s.p.Params {
		for l := range s.T {
			for k := range param.Shape.Len() {
				if g := s.o.Grad(q); g != nil {
					s.T[l] = append(s.T[l], g[k*s.lanes+l])
				} else {
					s.T[l] = append(s.T[l], 0)
				}
			}
		}
	}
}

// moment are the derivatives of one step: of the next state by the state, by it within units, and by the parameters; of the
// outputs by the next state, by the state beside it, and by the parameters beside it.
type moment struct{ J, W, M, C, H, T [][]float64 }

// moments runs a trial of one lane.
func moments(t *trial.Trial) (list []moment) {
	p := t.Program
	var next, between []int
	for _, s := range p.States {
		if !slices.Contains(next, s.Next) {
			next = append(next, s.Next)
		}
	}
	for i := range p.Nodes {
		n := &p.Nodes[i]
		if n.Op == OpLinear || n.Op == OpSynapses || n.Op == OpResult && p.Nodes[n.In[0]].Op == OpSynapses {
			between = append(between, i)
		}
	}
	o := engine.NewOracle(p, 1, t.Theta)
	whole, apart, within := newSlopes(p, nil, t.Theta), newSlopes(p, next, t.Theta), newSlopes(p, between, t.Theta)
	n := p.StateWidth()
	tape := &engine.Tape{Oracle: o}
	for k, s := range p.States {
		copy(o.Value(s.Node), t.H0[k])
	}
	tape.Forward(t.Steps, func(time int) { read(t, o, time) }, func(int) {
		for _, s := range []*slopes{whole, apart, within} {
			s.take(o, p)
		}
		m := moment{J: whole.H[:n], W: within.H[:n], M: whole.T[:n], H: apart.H[n:], T: apart.T[n:]}
		for _, f := range apart.F[n:] { // of frozen nodes, to components of the state
			c, at := []float64(nil), map[int]int{}
			for _, i := range next {
				at[i] = len(c)
				c = append(c, f[len(c):][:p.Nodes[i].Shape.Len()]...)
			}
			var row []float64
			seen := map[int]bool{}
			for _, s := range p.States {
				part := slices.Clone(c[at[s.Next]:][:p.Nodes[s.Next].Shape.Len()])
				if seen[s.Next] {
					clear(part)
				}
				seen[s.Next] = true
				row = append(row, part...)
			}
			m.C = append(m.C, row)
		}
		list = append(list, m)
	})
	return list
}

// read writes what a trial of one lane reads at a time.
func read(t *trial.Trial, o *engine.Oracle, time int) {
	at := func(v []float64) []float64 { return v[time*len(v)/t.Steps : (time+1)*len(v)/t.Steps] }
	for k, in := range t.Program.Inputs {
		copy(o.Value(in.Node), at(t.X[k]))
	}
	if t.Program.Time >= 0 {
		copy(o.Value(t.Program.Time), at(t.DT))
	}
	if t.Program.Part >= 0 {
		copy(o.Value(t.Program.Part), at(t.Part))
	}
}

// byDefinition is the sum of the gradients of all rows of a trial by a rule.
func byDefinition(rule engine.Rule, t *trial.Trial) []float64 {
	list, n, P := moments(t), t.Program.StateWidth(), len(t.Theta)
	touches := func(some func(m moment) [][]float64, i, j int) bool {
		return slices.ContainsFunc(list, func(m moment) bool { return some(m)[i][j] != 0 })
	}
	unit := make([][]bool, n) // [to][from]
	for i := range unit {
		for j := range n {
			unit[i] = append(unit[i], touches(func(m moment) [][]float64 { return m.W }, i, j))
		}
	}
	kept := make([][]bool, n) // [component][parameter]
	for i := range kept {
		for q := range P {
			kept[i] = append(kept[i], touches(func(m moment) [][]float64 { return m.M }, i, q))
		}
	}
	for range n {
		for i := range n {
			for j := range n {
				for q := range P {
					kept[i][q] = kept[i][q] || unit[i][j] && kept[j][q]
				}
			}
		}
	}
	S, g := matrix(n, P), make([]float64, P)
	for time, m := range list {
		next := matrix(n, P)
		for i := range n {
			for q := range P {
				sum := m.M[i][q]
				for j := range n {
					k := m.J[i][j]
					switch {
					case rule == engine.RFLO:
						k = m.W[i][j]
					case rule == engine.EProp && i != j && !unit[i][j]:
						k = 0
					}
					sum += k * S[j][q]
				}
				if rule == engine.Exact || kept[i][q] {
					next[i][q] = sum
				}
			}
		}
		lane := 0
		for k := range t.DY {
			w := len(t.DY[k]) / t.Steps
			for _, d := range t.DY[k][time*w:][:w] {
				for q := range P {
					g[q] += d * m.T[lane][q]
					for i := range n {
						g[q] += d * (m.H[lane][i]*S[i][q] + m.C[lane][i]*next[i][q])
					}
				}
				lane++
			}
		}
		S = next
	}
	return g
}

func matrix(n, m int) [][]float64 {
	a := make([][]float64, n)
	for i := range a {
		a[i] = make([]float64, m)
	}
	return a
}

// Each rule is its definition, for every cell, and the definition of the exact one is backpropagation through time. Where units
// act on each other the rules differ.
func TestRulesByDefinition(t *testing.T) {
	subjects, err := conform.Subjects(cell.Registry())
	if err != nil {
		t.Fatal(err)
	}
	seen, apart := map[string]bool{}, map[engine.Rule]int{}
	for k, s := range subjects {
		if seen[s.Entry.Name] && testing.Short() || s.Program.ParamCount()*s.Program.StateWidth() > 20000 {
			continue
		}
		seen[s.Entry.Name] = true
		q := plainTrial(s.Program, 5, uint64(k), min(1, stable(s)))
		if s.Entry.Missing {
			q.Hide(0, uint64(k))
		}
		exact := q.Gradient().Theta
		if i := far(byDefinition(engine.Exact, q), exact, 1e-9); i >= 0 {
			t.Fatalf("%v: this test is wrong about parameter %d", s, i)
		}
		for rule := engine.Exact; rule <= engine.EProp; rule++ {
			got, err := onlineBy(rule, q)
			if err != nil {
				t.Fatal(s, err)
			}
			want := byDefinition(rule, q)
			if i := far(got, want, 3e-4); i >= 0 {
				t.Errorf("%v, rule %d: parameter %d is %g, by definition %g, exactly %g", s, rule, i, got[i], want[i], exact[i])
			}
			if far(want, exact, 1e-3) >= 0 {
				apart[rule]++
			}
		}
	}
	t.Logf("%d cells; rules that differ from the exact one: %v", len(seen), apart)
	if apart[engine.SnAp1] < 5 || apart[engine.RFLO] <= apart[engine.SnAp1] || apart[engine.EProp] < apart[engine.SnAp1] {
		t.Errorf("too few cells tell the rules apart: %v", apart)
	}
}

// stable is the longest stable step of a subject.
func stable(s conform.Subject) float64 {
	if s.Model == nil || s.Model.MaxStep() == 0 {
		return 1
	}
	return s.Model.MaxStep()
}

// plainTrial has single-precision numbers, no slope at the last state, and steps up to a longest one.
func plainTrial(p *Program, steps int, seed uint64, longest float64) *trial.Trial {
	t := trial.New(p, steps, 1, seed)
	for i := range t.DT {
		t.DT[i] *= longest / trial.Longest
	}
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
	return t
}

// far is the first component that differs by more than a share of the largest; -1 for none.
func far(got, want []float64, share float64) int {
	scale := 0.0
	for _, v := range want {
		scale = math.Max(scale, math.Abs(v))
	}
	for i, v := range want {
		if !(math.Abs(got[i]-v) <= share*scale) {
			return i
		}
	}
	return -1
}

// Where units do not act on each other, every rule is the exact one; where they do, each parameter keeps its unit only, and
// that in one column.
func TestRulesKeepLess(t *testing.T) {
	dense := func(n int) *Program {
		b := New()
		x, h := b.Input("x", 3), b.State("h", Vector(n))
		next := Tanh(b.Linear("m", n, Between(-1, 1), Between(-1, 1), Term{Name: "x", X: x}, Term{Name: "h", X: h}))
		b.Next("h", next)
		b.Output("y", b.Linear("readout", 1, Between(-1, 1), nil, Term{Name: "h", X: next}))
		return b.Build()
	}
	for rule := engine.SnAp1; rule <= engine.EProp; rule++ {
		q := plainTrial(diagonal(6), 8, 5, 1)
		got, err := onlineBy(rule, q)
		if err != nil {
			t.Fatal(err)
		}
		if i := far(got, q.Gradient().Theta, 1e-5); i >= 0 {
			t.Errorf("rule %d is not exact for a diagonal cell, at parameter %d", rule, i)
		}
		o := engine.RealTimeOptions{Outputs: []int{0}, Rule: rule}
		r, err := engine.NewRealTime(dense(40), o)
		if err != nil {
			t.Fatal(err)
		}
		want := 40 * (3 + 40 + 1) // one product for each parameter of the cell
		if rule == engine.RFLO {
			want = 0 // there is no leak
		}
		if r.Columns() != 1 || r.Products() != want {
			t.Errorf("rule %d: %d columns and %d products, want 1 and %d", rule, r.Columns(), r.Products(), want)
		}
		exact, _ := engine.NewRealTime(dense(40), first)
		if r.Bytes() > exact.Bytes()/2 || r.FLOPs() > exact.FLOPs()/20 {
			t.Errorf("rule %d: %d bytes and %g operations, exactly %d and %g", rule, r.Bytes(), r.FLOPs(), exact.Bytes(), exact.FLOPs())
		}
		if told, err := engine.RealTimeBytes(dense(40), o); err != nil || told != r.Bytes() {
			t.Errorf("rule %d: %d bytes foretold (%v), %d taken", rule, told, err, r.Bytes())
		}
	}
}
