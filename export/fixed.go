package export

import (
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// Arithmetic is the kind of numbers that printed code computes with.
type Arithmetic string

const (
	// Float32 is single precision.
	Float32 Arithmetic = "float32"
	// Int8 has weights of 8 bits, in fixed point; NAME_step takes and gives floating point numbers.
	Int8 Arithmetic = "int8"
	// Q15 has weights of 16 bits, in fixed point, and no floating point number anywhere: NAME_step takes and gives words.
	Q15 Arithmetic = "q15"
)

// Arithmetics lists them.
func Arithmetics() []Arithmetic { return []Arithmetic{Float32, Int8, Q15} }

// Fixed is a model in fixed point, computed bit for bit as the code that C prints for Int8 or Q15. Values are held in 16 bits,
// states that are added to and what is computed with the elapsed time in 32, with exponents chosen from calibration data;
// what exceeds the range is clamped. It belongs to one goroutine.
type Fixed struct {
	m               *model.Model
	x               *fixedStep
	f               *fixedModel
	inputs, outputs []int // exponents
	time            int
	parts           []int // those of the leaf of parts
	limits          []int32
	y               []float32
	warnings        []string
}

// NewFixed brings a model into fixed point. Ranges come from the rows of calibration series, which should be like those that the
// model will meet; an input has at least the range of the schema. The error is a *RefusedError.
func NewFixed(m *model.Model, a Arithmetic, calibration []series.Series) (*Fixed, error) {
	pl, limits, err := planned(m)
	if err != nil {
		return nil, err
	}
	return newFixed(m, pl, limits, a, calibration)
}

func newFixed(m *model.Model, pl *plan, limits []float64, a Arithmetic, calibration []series.Series) (f *Fixed, err error) {
	if !slices.ContainsFunc(calibration, func(s series.Series) bool { return s.Len() > 0 }) {
		return nil, refused("fixed point needs calibration data, from which ranges are chosen; give series like those that the model will meet")
	}
	defer caught(&err)
	weights := int32(top8)
	if a == Q15 {
		weights = top16
	}
	seen, warnings := calibrate(m, pl, calibration)
	f = &Fixed{m: m, x: newFixedStep(newForms(pl, seen, m.Schema()), weights), warnings: warnings}
	if err := f.x.printable(); err != nil {
		return nil, err
	}
	p := pl.p
	f.inputs = f.x.inputs()
	f.time = 16
	if p.Time >= 0 && !pl.live[p.Time] {
		p.Time = -1
	}
	if p.Time >= 0 {
		f.time = f.x.of(p.Time).f[0]
	}
	if p.Part >= 0 && pl.live[p.Part] {
		f.parts = f.x.of(p.Part).f
	} else if len(limits) > 0 {
		f.parts = []int{f.time, f.time, 0}
	}
	for k := range pl.len(p.Outputs[0].Node) {
		f.outputs = append(f.outputs, f.x.wordAt(p.Outputs[0].Node, k).f)
	}
	for _, l := range limits {
		f.limits = append(f.limits, int32(max(1, min(math.Floor(math.Ldexp(l, f.time)), top28))))
	}
	f.f = newFixedModel(f.x)
	f.y = make([]float32, len(f.outputs))
	f.f.walkOnce()
	return f, nil
}

// caught makes an error of what is refused in the depth of printing.
func caught(err *error) {
	switch e := recover().(type) {
	case nil:
	case *RefusedError:
		*err = e
	default:
		panic(e)
	}
}

// printable refuses operations without a rule.
func (x *fixedStep) printable() error {
	for _, i := range x.pl.made(x.pl.body) {
		op := x.pl.p.Nodes[i].Op
		if _, ok := fixedRules[op]; !ok && op != step.OpResult && !x.pl.phi[i] {
			return refused("the operation %v has no rule for fixed point; export in float32", op)
		}
	}
	return nil
}

// inputs are the exponents of inputs; 16 where nothing reads them.
func (x *fixedStep) inputs() []int {
	in := x.pl.p.Inputs[0].Node
	if !x.pl.live[in] {
		return slices.Repeat([]int{16}, x.pl.len(in))
	}
	return x.of(in).f
}

// bits are those of weights.
func (x *fixedStep) bits() int {
	if x.weights == top8 {
		return 8
	}
	return 16
}

// walkOnce computes a step of zeros, so that what cannot be computed is known.
func (m *fixedModel) walkOnce() {
	m.pl.walk(m.pl.body, m)
	m.reset()
}

// longest is the longest elapsed time that a step takes, as a word.
func (f *Fixed) longest() int32 {
	if len(f.limits) == 0 {
		return top28
	}
	return int32(min(top28, math.Floor(math.Ldexp(longest*f.m.MaxStep(), f.time))))
}

// Word is a number as a word of an exponent: rounded, halves away from zero, in single precision, and clamped; the most
// negative word where it is NaN.
func Word(v float32, exponent int) int32 {
	v = float32(v * float32(math.Ldexp(1, exponent)))
	switch {
	case v != v:
		return gone
	case v >= top28+1:
		return top28
	case v <= -top28-1:
		return -top28
	case v < 0:
		return int32(float32(v - 0.5))
	}
	return int32(float32(v + 0.5))
}

// Words are the words of a row and of its elapsed time, as NAME_step of Q15 takes them.
func (f *Fixed) Words(x []float32, dt float32) ([]int32, int32) {
	words := make([]int32, len(x))
	for k, v := range x {
		words[k] = Word(v, f.inputs[k])
	}
	return words, Word(dt, f.time)
}

// Reset returns to the zero state.
func (f *Fixed) Reset() { f.f.reset() }

// Step takes a row in raw units and gives the prediction, which the next Step overwrites, as NAME_step does. The error is a
// *model.InputError, and the state is as before.
func (f *Fixed) Step(x []float32, dt float32) ([]float32, error) {
	if _, err := f.m.Parts(x, dt); err != nil {
		return nil, err
	}
	words, t := f.Words(x, dt)
	for k, q := range f.StepWords(words, t) {
		f.y[k] = float32(q) * float32(math.Ldexp(1, -f.outputs[k]))
	}
	return f.y, nil
}

// StepWords is Step on words.
func (f *Fixed) StepWords(x []int32, dt int32) []int32 {
	n, longer := make([]int32, len(f.limits)), false
	for turn, limit := range f.limits {
		if n[turn] = 1; dt > limit {
			n[turn], longer = (dt-1)/limit+1, true
		}
	}
	if !longer {
		f.f.step(x, dt, []int32{0, 0, 0})
		return f.f.y
	}
	for turn, count := range n {
		d := dt / count
		for k := range count {
			f.f.step(x, d, []int32{fit(k*d, f.time-f.parts[0], top28), fit((count-1-k)*d, f.time-f.parts[1], top28), fit(int32(turn)+1, -f.parts[2], top28)})
		}
	}
	return f.f.y
}

// Report says how words are held, one value a line, for those who want to know where precision goes.
func (f *Fixed) Report() (lines []string) {
	for _, i := range f.x.roots() {
		q := f.x.of(i)
		lines = append(lines, fmt.Sprintf("t%d %v: exponents %d to %d, %d bits", i, f.x.pl.p.Nodes[i].Op, slices.Min(q.f), slices.Max(q.f), word{0, q.top}.width()+1))
	}
	return lines
}
