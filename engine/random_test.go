package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	. "github.com/elegans-nn/elegans/step"
)

// maker writes random programs: any operation over values in lanes and values that depend on parameters only, several
// states, inputs and outputs, sub-steps. Functions are kept in ranges where their derivatives are moderate.
type maker struct {
	*rand.Rand
	b      *Builder
	lane   []Vec
	unif   []Vec
	params int
}

func (m *maker) any(list []Vec) Vec { return list[m.IntN(len(list))] }

func (m *maker) name() string {
	m.params++
	return fmt.Sprintf("p%d", m.params)
}

func (m *maker) param(s Shape) Vec { return m.b.Param(m.name(), s, Between(-0.9, 0.9)) }

// fit brings a vector to a width.
func (m *maker) fit(v Vec, n int) Vec {
	switch {
	case v.Shape().Outer > 1:
		return m.fit(Sum(v, Outer), n)
	case v.Len() == n:
		return v
	case v.Len() == 1:
		return Broadcast(v, Vector(n))
	case v.Len() > n:
		at := m.IntN(v.Len() - n + 1)
		return Slice(v, at, at+n)
	}
	index := make([]int, n)
	for i := range index {
		index[i] = m.IntN(v.Len())
	}
	return Gather(v, index...)
}

// rows repeats a vector.
func (m *maker) rows(v Vec, n int) Vec { return Broadcast(v, Shape{Outer: n, Inner: v.Len()}) }

// mild keeps values from growing.
func (m *maker) mild(v Vec) Vec { return Scale(0.8, Tanh(v)) }

func (m *maker) unary(v Vec) Vec {
	v = m.mild(v)
	switch m.IntN(17) {
	case 0:
		return Abs(v)
	case 1:
		return Sign(v)
	case 2:
		return Add(Step(v), Mul(v, v))
	case 3:
		return Sub(v, Floor(Scale(3, v)))
	case 4:
		return Exp(v)
	case 5:
		return Expm1(v)
	case 6:
		return Log(Plus(Mul(v, v), 0.5))
	case 7:
		return Sqrt(Plus(Mul(v, v), 0.3))
	case 8:
		return Rsqrt(Plus(Mul(v, v), 0.6))
	case 9:
		return Sin(Scale(2, v))
	case 10:
		return Cos(v)
	case 11:
		return Sigmoid(v)
	case 12:
		return Softplus(Scale(4, v))
	case 13:
		return Erf(v)
	case 14:
		return Gelu(v)
	case 15:
		return Relu(v)
	}
	return Add(v, Observed(v))
}

func (m *maker) binary(a, c Vec) Vec {
	switch m.IntN(8) {
	case 0:
		return Add(a, c)
	case 1:
		return Sub(a, c)
	case 2:
		return Mul(a, c)
	case 3:
		return Div(a, Plus(Mul(c, c), 0.7))
	case 4:
		return Min(a, c)
	case 5:
		return Max(a, c)
	case 6:
		return Select(Step(a), c, Mul(a, c))
	}
	return Relax(a, Abs(c), Plus(Mul(a, a), 0.5), Softplus(c), Tanh(a))
}

// structured is an operation that mixes components; w chooses among weights that depend on parameters only.
func (m *maker) structured(v, other Vec) Vec {
	switch n := 1 + m.IntN(6); m.IntN(10) {
	case 0:
		return m.b.Linear(m.name(), n, Between(-0.7, 0.7), Between(-0.5, 0.5), Term{Name: "a", X: v}, Term{Name: "b", X: m.rows(m.fit(other, 5), v.Shape().Outer)})
	case 1:
		v, e := m.fit(v, 4), some(4, n, 2)
		return m.b.Linear(m.name(), n, Between(-0.7, 0.7), nil, Term{Name: "a", X: v, Edges: e}, Term{Name: "b", X: v})
	case 2:
		e := some(5, n, 2)
		s := Vector(len(e.List))
		g, i := Synapses(m.fit(v, 5), Softplus(m.param(s)), Scale(2, m.param(s)), m.param(s), m.param(s), e)
		if m.IntN(2) == 0 {
			return g
		}
		return Add(m.mild(g), i)
	case 3:
		return Softmax(v)
	case 4:
		return Concat(m.fit(v, n), m.fit(other, 2), m.fit(v, 1))
	case 5:
		return Add(Sum(v, Axis(m.IntN(2))), m.b.Const(0.25))
	case 6:
		return Mul(Broadcast(m.fit(v, n), Shape{Outer: 3, Inner: n}), m.param(Shape{Outer: 3, Inner: 1}))
	case 7:
		return m.b.Ring(m.name(), 2+m.IntN(3), m.fit(v, n))
	case 8:
		return Mul(Reshape(Concat(m.fit(v, n), m.fit(other, n)), Shape{Outer: 2, Inner: n}), m.rows(m.fit(v, n), 2))
	}
	if m.IntN(2) == 0 {
		window := m.b.Ring(m.name(), 1+m.IntN(4), m.fit(v, 1+m.IntN(3)))
		return Add(Reshape(window, Vector(window.Len())), m.b.Const(0.1))
	}
	return Gather(v, m.IntN(v.Len()), m.IntN(v.Len()), m.IntN(v.Len()))
}

// grow adds one value.
func (m *maker) grow() {
	v, other := m.any(m.lane), m.any(m.lane)
	switch m.IntN(8) {
	case 0:
		u := m.any(m.unif)
		m.unif = append(m.unif, m.unary(u), m.binary(u, m.fit(m.any(m.unif), u.Shape().Inner)))
		return
	case 1, 2:
		v = m.unary(v)
	case 3:
		v = m.mild(m.binary(v, m.fit(other, v.Shape().Inner)))
	case 4:
		v = Add(v, m.fit(m.any(m.unif), v.Shape().Inner))
	case 5:
		v = m.mild(m.binary(m.fit(m.any(m.unif), v.Shape().Inner), v))
	default:
		v = m.mild(m.structured(v, other))
	}
	m.lane = append(m.lane, v)
}

// random is a program by its seed.
func random(seed uint64) *Program {
	b := New()
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 1)), b: b}
	m.lane = append(m.lane, b.Input("x", 3), b.Input("u", 1), b.DT())
	states := []Shape{Vector(1 + m.IntN(5)), {Outer: 2, Inner: 3}, Vector(4)}[:1+m.IntN(3)]
	for i, s := range states {
		m.lane = append(m.lane, b.State(fmt.Sprint("s", i), s))
	}
	m.unif = append(m.unif, m.param(Vector(3)), m.param(Vector(1)), b.Const(0.3, -0.7), m.param(Shape{Outer: 2, Inner: 2}))
	for range 4 + m.IntN(16) {
		m.grow()
	}
	if m.IntN(2) == 0 {
		e, s := some(4, 4, 2), Vector(8)
		w, k := Softplus(m.param(s)), m.param(s)
		h, G0 := Scale(0.5, b.DT()), m.fit(m.any(m.lane), 4)
		m.lane = append(m.lane, b.Repeat(2+m.IntN(2), []Vec{m.fit(m.any(m.lane), 4)}, func(c []Vec) []Vec {
			g, i := Synapses(c[0], w, k, k, w, e)
			return []Vec{Relax(c[0], h, b.Const(0.5), Plus(Add(Abs(G0), g), 0.1), i)}
		})[0])
	}
	for i, s := range states {
		next := m.fit(m.any(m.lane), s.Inner)
		if s.Outer > 1 {
			next = Mul(Broadcast(next, s), m.param(s))
		}
		if m.IntN(3) > 0 {
			next = m.mild(next)
		}
		b.Next(fmt.Sprint("s", i), next)
	}
	for i := range 1 + m.IntN(3) {
		b.Output(fmt.Sprint("y", i), m.any(m.lane))
	}
	b.Output("u", m.any(m.unif))
	b.Probe("lane", m.any(m.lane))
	b.Probe("uniform", m.any(m.unif))
	return b.Build()
}

func TestRandomProgramsAgreeWithOracle(t *testing.T) {
	for seed := range uint64(400) {
		p := random(seed)
		lanes, times := []int{1, 3, 8, 17}[seed%4], 1+int(seed%11)
		for _, q := range []*Program{p, p.Reverse(WRT{}), p.Reverse(everything)} {
			if err := agree(q, times, lanes, seed); err != nil {
				t.Fatalf("seed %d, lanes %d, times %d: %v\n%v", seed, lanes, times, err, p)
			}
		}
	}
}
