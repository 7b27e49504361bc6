package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// PersonalKind is a small part of a model that one series may have of its own, while all share the rest. It is written into
// the program, between the network and its readout or after that, with parameters that change nothing at first:
//
//	outputs  y' = a ⊙ y + c             a = 1, c = 0; 2 numbers an output
//	readout  y' = y + D h + c           D = 0, c = 0; h what the readout y = W h + b reads, so that W + D is the series' own one
//	gains    y' = W (g ⊙ h) + b         g = 1; one number for each neuron that the readout reads
type PersonalKind struct {
	// Name, as Model.Personal takes it.
	Name string
	// Summary in a line.
	Summary string
	// neurons says that it needs a linear readout, which reads neurons.
	neurons bool
	// Each of these may be nil: what becomes of h before the readout, of the readout's y, and of the output of the whole model.
	before  func(b *step.Builder, h step.Vec) step.Vec
	beside  func(b *step.Builder, h, y step.Vec) step.Vec
	outputs func(b *step.Builder, y step.Vec) step.Vec
	// fold writes the part into the weights, [output][neuron], and the bias of a linear readout.
	fold func(w, bias, own []float32)
}

// personalScope names the parameters of a personal part.
const personalScope = "personal"

// own is a parameter of a personal part.
func own(b *step.Builder, name string, width int, start float64) (v step.Vec) {
	b.Scope(personalScope, func() { v = b.Param(name, step.Vector(width), step.Values{start}) })
	return v
}

var personalKinds = []*PersonalKind{
	{
		Name: "outputs", Summary: "a scale and a bias of each output",
		outputs: func(b *step.Builder, y step.Vec) step.Vec {
			return step.Add(step.Mul(y, own(b, "scale", y.Len(), 1)), own(b, "bias", y.Len(), 0))
		},
		fold: func(w, bias, own []float32) {
			n := len(w) / len(bias)
			for o := range bias {
				for i := range n {
					w[o*n+i] *= own[o]
				}
				bias[o] = float32(bias[o]*own[o]) + own[len(bias)+o]
			}
		},
	},
	{
		Name: "readout", Summary: "what is added to the weights and the bias of the linear readout", neurons: true,
		beside: func(b *step.Builder, h, y step.Vec) (sum step.Vec) {
			b.Scope(personalScope, func() {
				sum = step.Add(y, b.Linear("readout", y.Len(), step.Values{0}, step.Values{0}, step.Term{Name: "w", X: h}))
			})
			return sum
		},
		fold: func(w, bias, own []float32) {
			for i := range w {
				w[i] += own[i]
			}
			for o := range bias {
				bias[o] += own[len(w)+o]
			}
		},
	},
	{
		Name: "gains", Summary: "a factor of each neuron that the linear readout reads", neurons: true,
		before: func(b *step.Builder, h step.Vec) step.Vec { return step.Mul(h, own(b, "gain", h.Len(), 1)) },
		fold: func(w, _, own []float32) {
			for i := range w {
				w[i] *= own[i%len(own)]
			}
		},
	},
}

// PersonalKinds lists all kinds.
func PersonalKinds() (list []PersonalKind) {
	for _, k := range personalKinds {
		list = append(list, *k)
	}
	return list
}

func personalKind(name string) (*PersonalKind, error) {
	var names []string
	for _, k := range personalKinds {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return nil, fmt.Errorf("model: personal part %q; allowed: %s", name, strings.Join(names, ", "))
}

// Personal is a model whose program has a personal part. The parameters of that stand together in the flat order.
type Personal struct {
	// Model is to be run and learned, not written: what a file holds is the model that it was made of.
	Model *Model
	// Start is what the part begins with, which changes no prediction.
	Start []float32
	at    int
	of    *Model
}

// Personal is the model with a personal part of a kind. The error says that there is no such kind, or why the model cannot have
// it: those of neurons need one linear readout.
func (m *Model) Personal(kind string) (*Personal, error) {
	k, err := personalKind(kind)
	if err != nil {
		return nil, err
	}
	if err := m.linearReadout(kind); k.neurons && err != nil {
		return nil, fmt.Errorf("%w; use %q", err, personalKinds[0].Name)
	}
	if err := m.Causal(); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	_, whole, _, err := m.arch.build(m.schema, form{personal: k})
	if err != nil {
		return nil, err
	}
	c := *m
	c.personal, c.program, c.passes, c.training, c.masks = k, whole[0].Program, whole, nil, nil
	p := &Personal{of: m, at: slices.IndexFunc(c.program.Params, func(q step.Param) bool { return strings.HasPrefix(q.Name, personalScope+".") })}
	start := c.program.Initial(0)
	p.at = c.program.Params[p.at].Offset
	for _, v := range start[p.at:][:len(start)-len(m.theta)] {
		p.Start = append(p.Start, float32(v))
	}
	p.Model = c.With(p.Join(nil, m.theta, p.Start))
	return p, nil
}

// Join is the flat order of both, the shared parameters and those of the part, appended to dst.
func (p *Personal) Join(dst, shared, own []float32) []float32 {
	return append(append(append(dst, shared[:p.at]...), own...), shared[p.at:]...)
}

// Split undoes Join, into lists of the right lengths. The shared list may be the first numbers of all.
func (p *Personal) Split(all, shared, own []float32) {
	copy(own, all[p.at:])
	copy(shared, all[:p.at])
	copy(shared[p.at:], all[p.at+len(own):])
}

// Fold is the model with shared parameters and a part that is written into its linear readout: a model like any other, which
// predicts what Model predicts with both, but for rounding. The error says that there is no such readout.
func (p *Personal) Fold(shared, own []float32) (*Model, error) {
	if err := p.of.linearReadout(p.Model.personal.Name); err != nil {
		return nil, err
	}
	m := p.of.With(shared)
	r, _ := ReadoutOf(m.program) // there is one, as was just seen
	of := func(q step.Param) []float32 { return m.theta[q.Offset:][:q.Shape.Len()] }
	p.Model.personal.fold(of(r.Weights), of(r.Bias), own)
	return m, nil
}

// linearReadout is nil where the model has one, which a personal part of a kind needs.
func (m *Model) linearReadout(kind string) error {
	switch {
	case len(m.arch.Members) > 0:
		return fmt.Errorf("model: personal part %q needs one linear readout for that, and the model is an average of several with a readout each", kind)
	case m.arch.Readout != Linear:
		return fmt.Errorf("model: personal part %q needs one linear readout for that, and the model takes its last layer as it is", kind)
	}
	return nil
}

// errPersonal is why a model is not written.
var errPersonal = errors.New("model: a model with a personal part is no file; write the model that it was made of")
