package engine_test

import (
	"github.com/elegans-nn/elegans/engine"
	. "github.com/elegans-nn/elegans/step"
)

// cells are small networks of every kind of structure.
var cells = map[string]func() *Program{
	"liquid":    liquid,
	"closed":    closed,
	"gated":     gated,
	"lstm":      memory,
	"shift":     shift,
	"stateless": stateless,
	"norm":      norm,
	"twins":     twins,
	"windows":   windows,
	"summed":    func() *Program { return engine.SummedGates(false) },
}

func some(in, out, skip int) *Edges {
	e := &Edges{In: in, Out: out}
	for to := range out {
		for from := range in {
			if (3*from+5*to)%skip == 0 {
				e.List = append(e.List, Edge{From: from, To: to})
			}
		}
	}
	return e
}

// liquid has conductance synapses with softplus weights and three sub-steps.
func liquid() *Program {
	b := New()
	x, v := b.Input("x", 3), b.State("v", Vector(7))
	synapses := func(name string, e *Edges) func(v Vec) (Vec, Vec) {
		s := Vector(len(e.List))
		w := Softplus(b.Param(name+".w", s, Between(-1, 1), Along(e)))
		sigma, mu := b.Param(name+".sigma", s, Between(1, 3)), b.Param(name+".mu", s, Between(-0.3, 0.8))
		erev := b.Param(name+".erev", s, Between(-1, 1))
		return func(v Vec) (Vec, Vec) { return Synapses(v, w, sigma, mu, erev, e) }
	}
	sensory, inner := synapses("sensory", some(3, 7, 2)), synapses("inner", some(7, 7, 3))
	gleak, cm := Softplus(b.Param("gleak", Vector(7), Between(-1, 1))), Softplus(b.Param("cm", Vector(7), Between(-1, 1)))
	vleak := b.Param("vleak", Vector(7), Between(-0.2, 0.2))
	G0, I0 := sensory(Add(Mul(x, b.Param("in.w", Vector(3), Between(0.5, 1))), b.Param("in.b", Vector(3), Between(-0.5, 0.5))))
	G0, I0 = Add(Plus(gleak, 1e-8), G0), Add(Mul(gleak, vleak), I0)
	h := Scale(1.0/3, b.DT())
	var G Vec
	next := b.Repeat(3, []Vec{v}, func(c []Vec) []Vec {
		g, i := inner(c[0])
		G = Add(G0, g)
		return []Vec{Relax(c[0], h, cm, G, Add(I0, i))}
	})[0]
	b.Probe("tau", Div(cm, G))
	b.Next("v", next)
	b.Output("y", b.Linear("readout", 2, Between(-1, 1), Between(-1, 1), Term{Name: "v", X: Slice(next, 0, 3)}))
	return b.Build()
}

func closed() *Program {
	b := New()
	x, h, dt := b.Input("x", 5), b.State("h", Vector(6)), b.DT()
	z := LecunTanh(b.Linear("backbone", 9, Between(-0.6, 0.6), Between(-0.5, 0.5), Term{Name: "x", X: x}, Term{Name: "h", X: h}))
	head := func(name string) Vec {
		return b.Linear(name, 6, Between(-0.8, 0.8), Between(-0.5, 0.5), Term{Name: "z", X: z}, Term{Name: "h", X: h, Edges: some(6, 6, 2)})
	}
	f1, f2 := Tanh(head("ff1")), Tanh(head("ff2"))
	g := Sigmoid(Add(Mul(head("a"), dt), head("b")))
	b.Probe("g", g)
	next := Add(Mul(f1, OneMinus(g)), Mul(f2, g))
	b.Next("h", next)
	b.Output("y", next)
	return b.Build()
}

func gated() *Program {
	b := New()
	x, h := b.Input("x", 4), b.State("h", Vector(5))
	gate := func(name string, v Vec) Vec {
		return b.Linear(name, 15, Between(-0.5, 0.5), Between(-0.5, 0.5), Term{Name: "w", X: v})
	}
	ih, hh := gate("ih", x), gate("hh", h)
	block := func(v Vec, k int) Vec { return Slice(v, k*5, (k+1)*5) }
	r, z := Sigmoid(Add(block(ih, 0), block(hh, 0))), Sigmoid(Add(block(ih, 1), block(hh, 1)))
	n := Tanh(Add(block(ih, 2), Mul(r, block(hh, 2))))
	next := Add(Mul(OneMinus(z), n), Mul(z, h))
	b.Next("h", next)
	b.Output("y", b.Linear("readout", 3, Between(-1, 1), nil, Term{Name: "h", X: next}))
	b.Output("gates", Concat(r, z))
	return b.Build()
}

func memory() *Program {
	b := New()
	x, h, c := b.Input("x", 3), b.State("h", Vector(4)), b.State("c", Vector(4))
	gates := b.Linear("gates", 16, Between(-0.5, 0.5), Between(-0.5, 0.5), Term{Name: "x", X: x}, Term{Name: "h", X: h})
	block := func(k int) Vec { return Slice(gates, k*4, (k+1)*4) }
	c = Add(Mul(Sigmoid(block(0)), c), Mul(Sigmoid(block(1)), Tanh(block(2))))
	h = Mul(Sigmoid(block(3)), Tanh(c))
	b.Next("h", h)
	b.Next("c", c)
	b.Output("y", h)
	return b.Build()
}

// shift carries an input through a register of states, one of which nobody writes anew, and gives a bias as an output.
func shift() *Program {
	b := New()
	x := b.Input("x", 2)
	s1, s2, keep := b.State("s1", Vector(2)), b.State("s2", Vector(2)), b.State("keep", Vector(3))
	bias := b.Param("bias", Vector(3), Between(-1, 1))
	b.Next("s1", x)
	b.Next("s2", s1)
	b.Next("keep", keep)
	b.Output("old", s2)
	b.Output("input", x)
	b.Output("bias", bias)
	b.Output("mixed", Add(Broadcast(Sum(Mul(s1, s2), Inner), Vector(3)), Mul(keep, Exp(bias))))
	b.Output("one", Gather(Concat(x, bias, s2), 4, 0, 6, 0))
	return b.Build()
}

func stateless() *Program {
	b := New()
	x := b.Input("x", 4)
	y := b.Linear("out", 3, Between(-1, 1), Between(-1, 1), Term{Name: "x", X: x})
	b.Output("y", Softmax(y))
	return b.Build()
}

// norm has a matrix state, a softmax over it and sums along both axes.
func norm() *Program {
	b := New()
	x, m := b.Input("x", 4), b.State("m", Shape{Outer: 3, Inner: 4})
	w := b.Linear("mix", 4, Between(-0.7, 0.7), nil, Term{Name: "m", X: m}) // every row of the matrix
	a := Softmax(Add(w, Broadcast(x, w.Shape())))
	mean := Scale(0.25, Sum(m, Inner))
	d := Sub(m, mean)
	scale := Rsqrt(Plus(Scale(0.25, Sum(Mul(d, d), Inner)), 1e-2))
	next := Add(Scale(0.5, Mul(d, scale)), a)
	b.Next("m", next)
	b.Output("y", Sum(next, Outer))
	return b.Build()
}

// twins are two states with one next value, whose cotangents are one value too, and that of the input; two matrices meet
// the same vectors.
func twins() *Program {
	b := New()
	x, h, g := b.Input("x", 3), b.State("h", Vector(3)), b.State("g", Vector(3))
	sum := Add(h, g, x)
	w := func(name string) Vec {
		return b.Linear(name, 3, Between(-0.4, 0.4), nil, Term{Name: "w", X: Tanh(sum)})
	}
	next := Add(w("a"), w("b"))
	b.Next("h", next)
	b.Next("g", next)
	b.Output("y", next)
	return b.Build()
}

// windows is a cell with windows that are read in every way: of the input, of what follows from itself, as a whole, in parts,
// as an output, one row long, of a row that is a state of its own, and of one that depends on parameters only.
func windows() *Program {
	b := New()
	draw := Between(-0.4, 0.5)
	x, h := b.Input("x", 5), b.State("h", Vector(8))
	past := b.Ring("past", 4, x)
	in := b.Linear("in", 8, draw, draw, Term{Name: "x", X: Reshape(past, Vector(20))}, Term{Name: "old", X: Slice(past, 0, 5)})
	fixed := b.Ring("fixed", 3, Tanh(b.Param("p", Vector(8), draw)))
	echo := b.Ring("echo", 6, Tanh(Add(in, Scale(0.5, h))))
	last := b.Ring("last", 1, h)
	mixed := Sum(Mul(Softmax(echo), Slice(Reshape(fixed, Vector(24)), 8, 16)), Outer)
	next := Tanh(Add(mixed, Slice(echo, 8, 16), Reshape(last, Vector(8))))
	b.Next("h", next)
	b.Output("y", b.Linear("out", 2, draw, draw, Term{Name: "h", X: next}, Term{Name: "echo", X: Reshape(echo, Vector(48))}))
	b.Output("window", past)
	return b.Build()
}
