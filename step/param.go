package step

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// Edge is one synapse of a masked operation, from a component of its operand to a component of its result.
type Edge struct{ From, To int }

// Edges is an adjacency between In sources and Out targets: the drawn graph that the operation computes. A weight exists
// per edge, in this order; an absent edge has no weight and no path. It is immutable.
type Edges struct {
	In, Out int
	List    []Edge // sorted by To, then From
}

// Param declares a trained value. The optimiser keeps its values within [Min, Max] after each step.
type Param struct {
	Name   string
	Shape  Shape
	Node   int // its leaf
	Offset int // of its first scalar in the flat parameter vector
	Init   Init
	Min    float64 // -Inf: no bound
	Max    float64 // +Inf: no bound
	Edges  *Edges  // a value per edge of this adjacency; nil for a dense value
}

// Bounded reports whether the optimiser has to project the parameter.
func (q Param) Bounded() bool { return !math.IsInf(q.Min, -1) || !math.IsInf(q.Max, 1) }

// Init draws the first values of a parameter.
type Init interface {
	// Fill writes the values of a parameter of the given shape.
	Fill(dst []float64, s Shape, r *rand.Rand)
	String() string
}

// Uniform draws from [Lo, Hi).
type Uniform struct{ Lo, Hi float64 }

// Between is the uniform distribution on [lo, hi).
func Between(lo, hi float64) Uniform { return Uniform{Lo: lo, Hi: hi} }

// Fill implements Init.
func (u Uniform) Fill(dst []float64, _ Shape, r *rand.Rand) {
	for i := range dst {
		dst[i] = u.Lo + (u.Hi-u.Lo)*r.Float64()
	}
}

// String implements Init.
func (u Uniform) String() string { return fmt.Sprintf("uniform(%.4g, %.4g)", u.Lo, u.Hi) }

// Xavier is Glorot's uniform distribution with bound sqrt(6 / (in + out)).
func Xavier(in, out int) Uniform {
	r := math.Sqrt(6 / float64(in+out))
	return Uniform{-r, r}
}

// FanIn is the uniform distribution with bound 1 / sqrt(in).
func FanIn(in int) Uniform {
	r := 1 / math.Sqrt(float64(in))
	return Uniform{-r, r}
}

// He is the uniform distribution with bound sqrt(6 / in): before a rectifier it keeps the mean square of what passes. Source:
// He et al., Delving deep into rectifiers, 2015, eq. 10.
func He(in int) Uniform {
	r := math.Sqrt(6 / float64(in))
	return Uniform{-r, r}
}

// Normal draws from the normal distribution.
type Normal struct{ Mean, SD float64 }

// Fill implements Init.
func (n Normal) Fill(dst []float64, _ Shape, r *rand.Rand) {
	for i := range dst {
		dst[i] = n.Mean + n.SD*r.NormFloat64()
	}
}

// String implements Init.
func (n Normal) String() string { return fmt.Sprintf("normal(%.4g, %.4g)", n.Mean, n.SD) }

// Each draws every component by the same rule, in their order.
type Each struct {
	Text string // what String says
	Draw func(r *rand.Rand) float64
}

// Fill implements Init.
func (e Each) Fill(dst []float64, _ Shape, r *rand.Rand) {
	for i := range dst {
		dst[i] = e.Draw(r)
	}
}

// String implements Init.
func (e Each) String() string { return e.Text }

// together is an Init on a stream that several parameters share; see Builder.Together.
type together struct {
	Init
	stream string
}

// Values starts a parameter from given numbers; one number fills it.
type Values []float64

// Fill implements Init. It panics where the number of values fits neither one nor all.
func (v Values) Fill(dst []float64, _ Shape, _ *rand.Rand) {
	if len(v) == 1 {
		for i := range dst {
			dst[i] = v[0]
		}
		return
	}
	if len(v) != len(dst) {
		panic("step: Values do not fit their parameter")
	}
	copy(dst, v)
}

// String implements Init.
func (v Values) String() string {
	if len(v) == 1 {
		return fmt.Sprintf("%.4g", v[0])
	}
	return fmt.Sprintf("%d given values", len(v))
}

// Orthonormal draws a matrix whose columns (rows, where it is wide) are orthonormal, by Gram-Schmidt on normal draws.
type Orthonormal struct{}

// Fill implements Init.
func (Orthonormal) Fill(dst []float64, s Shape, r *rand.Rand) {
	rows, cols := s.Outer, s.Inner
	at := func(i, k int) *float64 { return &dst[i*cols+k] }
	if rows < cols {
		rows, cols = cols, rows
		at = func(i, k int) *float64 { return &dst[k*s.Inner+i] }
	}
	for k := 0; k < cols; {
		for i := range rows {
			*at(i, k) = r.NormFloat64()
		}
		for range 2 { // twice is enough
			for j := range k {
				dot := 0.0
				for i := range rows {
					dot += *at(i, j) * *at(i, k)
				}
				for i := range rows {
					*at(i, k) -= dot * *at(i, j)
				}
			}
		}
		norm := 0.0
		for i := range rows {
			norm += *at(i, k) * *at(i, k)
		}
		if norm = math.Sqrt(norm); norm < 1e-6 {
			continue // nearly dependent: draw again
		}
		for i := range rows {
			*at(i, k) /= norm
		}
		k++
	}
}

// String implements Init.
func (Orthonormal) String() string { return "orthonormal" }

// Initial draws all parameters of the program, in its flat order. Each parameter has its own stream of random numbers,
// keyed by seed and name, so that adding one changes no other; those that are drawn together have equal streams.
func (p *Program) Initial(seed uint64) []float64 {
	theta := make([]float64, p.ParamCount())
	for _, q := range p.Params {
		stream := q.Name
		if t, ok := q.Init.(together); ok {
			stream = t.stream
		}
		h := fnv.New64a()
		h.Write([]byte(stream))
		dst := theta[q.Offset:][:q.Shape.Len()]
		q.Init.Fill(dst, q.Shape, rand.New(rand.NewPCG(seed, h.Sum64())))
		for i, v := range dst {
			dst[i] = min(max(v, q.Min), q.Max)
		}
	}
	return theta
}
