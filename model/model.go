// Package model joins layers to one program, from raw inputs to decoded predictions, with its parameters and the schema
// of its data. A Model is immutable and shared freely; a Stream carries state and belongs to one goroutine.
package model

import (
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// Readout says how the last layer's output becomes the program's.
type Readout string

const (
	// Linear is W y + b, so that the number of outputs is free of the number of motor neurons. The default.
	Linear Readout = "linear"
	// Direct takes the last layer's output as it is.
	Direct Readout = "direct"
)

// Architecture is everything about a model but its data and its parameters.
type Architecture struct {
	Layers []Layer
	// Readout is Linear if empty.
	Readout Readout
	// TimeInput appends log(1 + dt) to the inputs of the first layer: what cells without a notion of time need.
	TimeInput bool
	// Summaries are statistics of the numeric inputs so far, after those inputs and after what a front end makes of them.
	Summaries []Summary
	// InputDropout is the share of features that training sets to zero before all layers, [0, 1), as Block.Dropout does after
	// a layer: no decision can lean on a few of them.
	InputDropout float64
	// Front is a convolutional front end before all that follows; none if zero.
	Front Front
	// Encoder is the width of a linear map, with bias, from the features to what the first layer sees; none if 0.
	Encoder int
	// Pool is Last if empty.
	Pool Pool
	// Members are the models of an average, which has nothing else; see Average. None otherwise.
	Members []Architecture
}

// Model is a program with parameters and the schema of its data. It is immutable.
type Model struct {
	schema  series.Schema
	arch    Architecture // every wiring drawn
	program *step.Program
	// passes are what is run, and training what is fitted, with masks; see Training.
	passes, training []engine.Pass

	masks []Mask
	// personal is the part that Personal has written; nil for none.
	personal *PersonalKind
	theta    []float32
	info     Info
	members  []Info        // of an average
	longest  float64       // see MaxStep
	limits   engine.Limits // of the layers that take rows in parts, where the model is causal and not adaptive
	errors   []int         // the probes of the layers that choose their own steps, see Adaptive
}

// Info is what a model file says of the model's making. It holds no time, path or host, so that equal runs give equal
// files.
type Info struct {
	// Name of the preset or the file it came from.
	Name string `json:"name,omitempty"`
	// Seed of the initial values and of the order of training.
	Seed uint64 `json:"seed"`
	// Data is a hash of the training data.
	Data string `json:"data,omitempty"`
	// Version of the program that wrote it.
	Version string `json:"version,omitempty"`
	// Kernels that it was trained on, as engine.KernelPath names them; others give other last bits.
	Kernels string `json:"kernels,omitempty"`
	// Protocol says how series are cut at evaluation: state carried along, or windows from zero.
	Protocol string `json:"protocol,omitempty"`
	// Settings are the options of training, by flag.
	Settings map[string]string `json:"settings,omitempty"`
	// Metrics by name, NaN left out.
	Metrics map[string]float64 `json:"metrics,omitempty"`
}

// New joins layers to a model with a linear readout and initial values drawn from seed 0.
func New(schema series.Schema, layers ...Layer) (*Model, error) {
	return Architecture{Layers: layers}.Model(schema)
}

// Model builds the program for a schema, with initial values drawn from seed 0.
func (a Architecture) Model(schema series.Schema) (*Model, error) {
	m, err := a.empty(schema)
	if err != nil {
		return nil, err
	}
	return m.Initial(0), nil
}

// empty is the model without parameters.
func (a Architecture) empty(schema series.Schema) (*Model, error) {
	if err := schema.Check(); err != nil {
		return nil, err
	}
	drawn, whole, _, err := a.build(schema, form{})
	if err != nil {
		return nil, err
	}
	m := &Model{schema: schema, arch: drawn, program: whole[0].Program, passes: whole, members: make([]Info, len(drawn.Members))}
	if drawn.any(func(k Block) bool { return k.Bidirectional }) {
		if _, m.passes, _, err = drawn.build(schema, form{passes: true}); err != nil {
			return nil, err
		}
	}
	m.training = m.to("y")
	// An average is not trained, so that nothing of it is dropped.
	if len(drawn.Members) == 0 && (drawn.InputDropout > 0 || drawn.any(func(k Block) bool { return k.Dropout > 0 })) {
		if _, m.training, m.masks, err = drawn.build(schema, form{passes: true, training: true}); err != nil {
			return nil, err
		}
	}
	m.errors = drawn.errors(m.program)
	for _, l := range drawn.all() {
		if s := cell.MaxStep(l.Cell); s > 0 && (m.longest == 0 || s < m.longest) {
			m.longest = s
		}
	}
	if m.Causal() == nil && !m.Adaptive() {
		m.limits = m.passes[0].Limits
	}
	return m, nil
}

// any tells whether something is true of what is around some layer's cell.
func (a Architecture) any(f func(Block) bool) bool {
	return slices.ContainsFunc(a.all(), func(l Layer) bool { return f(l.Block) })
}

// to are the passes to one of the outputs.
func (m *Model) to(output string) []engine.Pass {
	list := slices.Clone(m.passes)
	last := &list[len(list)-1]
	last.Program = last.Program.Only(output)
	return list
}

// Count is the number of parameters that the model would have.
func (a Architecture) Count(schema series.Schema) (int, error) {
	_, p, _, err := a.build(schema, form{})
	if err != nil {
		return 0, err
	}
	return p[0].Program.ParamCount(), nil
}

// Schema of the data that the model reads and predicts.
func (m *Model) Schema() series.Schema { return m.schema }

// Architecture is the model's, with every wiring drawn.
func (m *Model) Architecture() Architecture {
	return m.arch.clone()
}

// clone shares no list with a.
func (a Architecture) clone() Architecture {
	a.Layers, a.Front.Conv, a.Members = slices.Clone(a.Layers), slices.Clone(a.Front.Conv), slices.Clone(a.Members)
	for k, one := range a.Members {
		a.Members[k] = one.clone()
	}
	return a
}

// Program is one step of the whole model: input "x" in raw units, outputs "y" (what the loss sees: logits or scaled
// values) and "prediction" (class probabilities, or values in raw units). That of a model that is not Causal is to be read
// and counted, not to be run: what a backward cell knows of later rows is an input of it, "backward0" of layer 0.
func (m *Model) Program() *step.Program { return m.program }

// Training is what is fitted, with the parameters of Program: output "y" alone, and where layers have dropout an input for
// each mask. It is one pass, or several where layers look at a series from both ends.
func (m *Model) Training() ([]engine.Pass, []Mask) {
	return slices.Clone(m.training), slices.Clone(m.masks)
}

// OfflineError says why a model cannot be run row by row, be it to stream, to learn online or to be exported.
type OfflineError struct{ Layer int }

// Error is one line with the fix.
func (e *OfflineError) Error() string {
	return fmt.Sprintf("layer %d is bidirectional: it reads a series from its end, so that no row has a prediction before the last one is there; "+
		"predict whole series, or train a model without --bidirectional", e.Layer)
}

// Causal is nil where every row's prediction follows from the rows up to it, else an *OfflineError.
func (m *Model) Causal() error {
	for i, l := range m.arch.Layers {
		if l.Block.Bidirectional {
			return &OfflineError{i}
		}
	}
	return nil
}

// Params is a copy of the parameters, in the program's flat order.
func (m *Model) Params() []float32 { return slices.Clone(m.theta) }

// Info says how the model was made.
func (m *Model) Info() Info { return m.info }

// Parameters is the number of trained scalars.
func (m *Model) Parameters() int { return len(m.theta) }

// Synapses counts the synapses of all wirings; 0 for cells without one.
func (m *Model) Synapses() (n int) {
	for _, w := range m.Wirings() {
		sensory, inner := w.Synapses()
		n += sensory + inner
	}
	return n
}

// Wirings lists the drawn wirings of the layers that have one.
func (m *Model) Wirings() (all []*wiring.Wiring) {
	for _, l := range m.arch.all() {
		if w, ok := l.Wiring.(*wiring.Wiring); ok {
			all = append(all, w)
		}
	}
	return all
}

// With is the model with other parameters. It panics if their number is wrong.
func (m *Model) With(theta []float32) *Model {
	if len(theta) != m.program.ParamCount() {
		panic("model: With needs one value per parameter")
	}
	c := *m
	c.theta = slices.Clone(theta)
	return &c
}

// WithInfo is the model with another account of its making.
func (m *Model) WithInfo(info Info) *Model {
	c := *m
	c.info = info
	return &c
}

// WithThreshold is the model with another threshold on the probability of the second of two classes, such as one chosen on
// validation; 0 means 0.5. It changes what is decided, not what is predicted.
func (m *Model) WithThreshold(threshold float64) (*Model, error) {
	c := *m
	c.schema.Target.Threshold = threshold
	if err := c.schema.Check(); err != nil {
		return nil, err
	}
	return &c, nil
}

// Initial is the model with fresh initial values drawn from a seed.
func (m *Model) Initial(seed uint64) *Model {
	values := m.program.Initial(seed)
	theta := make([]float32, len(values))
	for i, v := range values {
		theta[i] = float32(v)
	}
	c := m.With(theta)
	c.info.Seed = seed
	return c
}

// MaxStep is the longest dt that all layers can take in one step, in model units; 0 means any. A row with a longer one is taken
// in parts, with its inputs held: each layer that needs it, one after the other, flows through equal parts of the time, and what
// is no flow of such a cell happens once. So every layer gives what it would give alone.
func (m *Model) MaxStep() float64 { return m.longest }
