package evidence

import (
	"math"
	"math/rand/v2"

	"github.com/elegans-nn/elegans/series"
)

// task is a stream that is made by a formula, to be predicted while it runs.
type task struct {
	name string
	// about is its equation, what is read and what is asked, with the source.
	about   string
	inputs  int
	classes []string // nil: a number
	mean    float64  // of that number
	sd      float64
	stream  func(seed uint64) func() event
}

// event is a row of a stream.
type event struct {
	begin bool // of a sequence: the state is zero before it
	x     []float32
	label float64 // NaN where none is asked
}

// tasks are those of the comparison of rules.
var tasks = []task{henon, lorenz, mackeyGlass, copying, adding, anbn}

// schema is what a model of the task reads and predicts.
func (t task) schema() series.Schema {
	s := series.Plain(t.inputs)
	if t.classes != nil {
		s.Target.Task, s.Target.Classes = series.Classify, t.classes
		return s
	}
	s.Target.Mean, s.Target.SD = t.mean, t.sd
	return s
}

// outputs is the width of what the loss sees.
func (t task) outputs() int {
	if len(t.classes) > 2 {
		return len(t.classes)
	}
	return 1
}

// random is the generator of a task with a seed.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x65766964656e6365)) }

// none is the label of a row that is not asked.
var none = math.NaN()

// ahead makes a stream of one scaled number whose label is the next one.
func ahead(mean, sd float64, next func() float64) func() event {
	x := []float32{0}
	v, first := next(), true
	return func() event {
		x[0] = float32((v - mean) / sd)
		v = next()
		e := event{begin: first, x: x, label: v}
		first = false
		return e
	}
}

// in makes a stream of sequences, each a list of rows; the slices of its inputs are the sequence's own.
func in(sequence func() []event) func() event {
	var rest []event
	return func() event {
		begin := len(rest) == 0
		if begin {
			rest = sequence()
		}
		e := rest[0]
		rest = rest[1:]
		e.begin = begin
		return e
	}
}
