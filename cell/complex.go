package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
)

// complexVec is a vector of complex numbers as two real ones: parameters, states and tensors NAME_re and NAME_im. The
// derivative by each part is the plain real one.
type complexVec struct{ re, im Vec }

// parts applies a real map to both parts.
func (a complexVec) parts(f func(Vec) Vec) complexVec { return complexVec{f(a.re), f(a.im)} }

func (a complexVec) plus(c complexVec) complexVec {
	return complexVec{Add(a.re, c.re), Add(a.im, c.im)}
}

func (a complexVec) minus(c complexVec) complexVec {
	return complexVec{Sub(a.re, c.re), Sub(a.im, c.im)}
}

// scaled is r a with r real.
func (a complexVec) scaled(r Vec) complexVec {
	return a.parts(func(v Vec) Vec { return Mul(r, v) })
}

func (a complexVec) times(c complexVec) complexVec {
	return complexVec{Sub(Mul(a.re, c.re), Mul(a.im, c.im)), Add(Mul(a.re, c.im), Mul(a.im, c.re))}
}

// inverse is 1 / v of a real vector. Where v follows from parameters and time alone, a recurrence then has a product in
// place of a quotient.
func inverse(b *Builder, v Vec) Vec { return Div(b.Const(1), v) }

// inverse is 1 / a.
func (a complexVec) inverse() complexVec {
	norm := Add(Mul(a.re, a.re), Mul(a.im, a.im))
	return complexVec{Div(a.re, norm), Neg(Div(a.im, norm))}
}

// exponential is e^a.
func (a complexVec) exponential() complexVec {
	return complexVec{Cos(a.im), Sin(a.im)}.scaled(Exp(a.re))
}

// exponentialMinusOne is e^a - 1, exact near 0: with q = sin(im/2), which has no difference of two numbers near 1 in it,
// e^re cos im - 1 = expm1(re) - 2 q² e^re.
func (a complexVec) exponentialMinusOne() complexVec {
	half := Scale(0.5, a.im)
	m, q := Expm1(a.re), Sin(half)
	twice := Mul(Scale(2, q), Plus(m, 1)) // 2 q e^re
	return complexVec{Sub(m, Mul(q, twice)), Mul(twice, Cos(half))}
}

// complexState declares states NAME_re and NAME_im.
func complexState(b *Builder, name string, units int) complexVec {
	return complexVec{b.State(name+"_re", Vector(units)), b.State(name+"_im", Vector(units))}
}

// complexNext sets their next values.
func complexNext(b *Builder, name string, v complexVec) {
	b.Next(name+"_re", v.re)
	b.Next(name+"_im", v.im)
}

// portal is the way into and out of a diagonal state of complex numbers, which is the same for all of its cells:
//
//	u = B x,   y = f(Re(C h) + D x)        B [units][inputs], C [inputs][units] complex, D [inputs] real
//
// Both products stand outside the recurrence, so that an executor takes them for many times at once.
type portal struct {
	units int
	f     Activation
}

// in is B x, with first values for both parts of B.
func (p portal) in(b *Builder, x Vec, re, im Init) complexVec {
	part := func(name string, init Init) Vec { return b.Linear(name, p.units, init, nil, Term{Name: "x", X: x}) }
	return complexVec{part("B_re", re), part("B_im", im)}
}

// out is f(Re(C h) + D x), with first values for both parts of C; those of D are standard normal.
func (p portal) out(b *Builder, h complexVec, x Vec, re, im Init) Vec {
	part := func(name string, init Init, h Vec) Vec {
		return b.Linear(name, x.Len(), init, nil, Term{Name: "h", X: h})
	}
	y := Add(part("C_re", re, h.re), part("C_im", im, Neg(h.im)), Mul(b.Param("D", Vector(x.Len()), Normal{SD: 1}), x))
	return p.f.of(y)
}

// tensors are those of B, C, D and of the given parameters with one value a unit.
func (p portal) tensors(inputs int, own ...string) (list []Tensor) {
	for _, name := range own {
		list = append(list, Whole(name, name, p.units))
	}
	for _, part := range []string{"_re", "_im"} {
		list = append(list, Whole("B"+part+".x", "B"+part, p.units, inputs), Whole("C"+part+".h", "C"+part, inputs, p.units))
	}
	return append(list, Whole("D", "D", inputs))
}

// of applies an activation after a cell; none where it is empty.
func (a Activation) of(v Vec) Vec {
	if a == "" {
		return v
	}
	return activations[a](v)
}

// after checks an activation that may be empty.
func (a Activation) after(cell string) error {
	if a != "" && activations[a] == nil {
		return fmt.Errorf("%s: activation %q; allowed: %s, or none if empty", cell, a, names(activations))
	}
	return nil
}
