package suite

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/train"
)

// Candidate is a network with all that is decided about it for a task. What is zero is the preset's or the task's.
type Candidate struct {
	// Name in tables; that of the preset if empty.
	Name string
	// Preset names the cell with its options and wiring, Units its size.
	Preset string
	Units  int
	// Conv are convolutions before it; see model.ParseConv.
	Conv string
	// Inputs that it sees, by name; all if empty.
	Inputs []string
	// Summaries of the inputs that it sees beside them, and the share of its inputs that training drops.
	Summaries    []model.Summary
	InputDropout float64
	// Bins that it sees numbers in; see series.Knots.
	Bins int
	// Layers of it, one on the other, with Block around each; Pool gives what the readout sees.
	Layers int
	Block  model.Block
	Pool   model.Pool
	// Average is the number of networks whose mean prediction it is.
	Average int
	// Epochs of training; or, of a cell that is slow, the Share of those of the task that there is time for, above 0 to 1. Rates of
	// learning of which validation chooses one.
	Epochs int
	Share  float64
	Rates  []float64
	// WeightDecay is decoupled.
	WeightDecay float64
	// Optimiser is one of train.Optimisers, Batch the number of windows a step, Clip the largest norm of a gradient.
	Optimiser string
	Batch     int
	Clip      float64
	// Last keeps the last epoch, Refit trains a second time, on the validation part too; see train.Options.
	Last, Refit bool
	// Optional lets the others take part where it cannot, as where it has no size as is asked for; see experiment.Contestant.
	Optional bool
	// Plain adds a row to which neither time nor masks are fed, where the cell has no notion of time.
	Plain bool
}

// presets are candidates as they are.
func presets(names ...string) (list []Candidate) {
	for _, name := range names {
		list = append(list, Candidate{Preset: name})
	}
	return list
}

// sized are candidates of one size.
func sized(units int, list []Candidate) []Candidate {
	list = slices.Clone(list)
	for i := range list {
		list[i].Units = units
	}
	return list
}

// Title is the name in tables.
func (c Candidate) Title() string { return cmp.Or(c.Name, c.Preset) }

// about says what was added to the preset.
func (c Candidate) about() (words []string) {
	if c.Units > 0 {
		words = append(words, fmt.Sprintf("%d units", c.Units))
	}
	if len(c.Inputs) > 0 {
		words = append(words, "sees "+strings.Join(c.Inputs, ", "))
	}
	if c.Conv != "" {
		words = append(words, "convolutions "+c.Conv)
	}
	if len(c.Summaries) > 0 {
		words = append(words, "summaries "+joined(c.Summaries))
	}
	if c.Bins > 0 {
		words = append(words, fmt.Sprintf("%d bins", c.Bins))
	}
	if c.InputDropout > 0 {
		words = append(words, fmt.Sprintf("input dropout %g", c.InputDropout))
	}
	if c.Layers > 1 {
		words = append(words, fmt.Sprintf("%d layers", c.Layers))
	}
	if text := c.Block.String(); text != "" {
		words = append(words, text)
	}
	if c.Pool != "" && c.Pool != model.Last {
		words = append(words, "pool "+string(c.Pool))
	}
	if c.WeightDecay > 0 {
		words = append(words, fmt.Sprintf("weight decay %g", c.WeightDecay))
	}
	if c.Optimiser != "" {
		words = append(words, c.Optimiser)
	}
	if c.Batch > 0 {
		words = append(words, fmt.Sprintf("%d windows a step", c.Batch))
	}
	if c.Clip > 0 {
		words = append(words, fmt.Sprintf("gradients clipped to %g", c.Clip))
	}
	if c.Last {
		words = append(words, "last epoch")
	}
	if c.Refit {
		words = append(words, "refit to training and validation part")
	}
	return words
}

// joined are names in one word.
func joined[T ~string](names []T) string {
	text := ""
	for i, name := range names {
		if i > 0 {
			text += ","
		}
		text += string(name)
	}
	return text
}

// Contestant is the candidate for the data. The error is a *cell.UnknownError, or that of model.ParseConv.
func (d *Data) Contestant(c Candidate) (one experiment.Contestant, err error) {
	p, err := cell.LookupPreset(c.Preset)
	if err != nil {
		return one, err
	}
	layer := model.Layer{Cell: p.Cell, Block: c.Block}
	if p.Wiring != nil {
		layer.Wiring = p.Wiring(d.Schema.Target.Width())
	}
	a := model.Architecture{Pool: c.Pool, Summaries: c.Summaries, InputDropout: c.InputDropout}
	if c.Conv != "" {
		if a.Front.Conv, err = model.ParseConv(c.Conv); err != nil {
			return one, err
		}
	}
	for range max(1, c.Layers) {
		a.Layers = append(a.Layers, layer)
	}
	if c.Units > 0 {
		a = a.Resized(c.Units)
	}
	one = experiment.Contestant{Name: c.Title(), Summary: strings.Join(append([]string{p.Summary}, c.about()...), "; "), Architecture: a, Inputs: c.Inputs, Bins: c.Bins,
		Rates: c.Rates, Average: c.Average, OneRow: !c.Plain, Optional: c.Optional}
	if len(c.Rates) == 0 {
		one.Rates = Rates(p.Cell)
	}
	if c.Epochs > 0 || c.Share > 0 || c.WeightDecay > 0 || c.Optimiser != "" || c.Batch > 0 || c.Clip > 0 || c.Last || c.Refit {
		one.Own = c.own
	}
	return one, nil
}

// own are the options of training of the candidate.
func (c Candidate) own(o train.Options) train.Options {
	if c.Share > 0 {
		o.Epochs = max(1, int(math.Round(c.Share*float64(o.Epochs))))
	}
	o.Epochs = cmp.Or(c.Epochs, o.Epochs)
	if c.WeightDecay > 0 {
		o.WeightDecay, o.Optimiser = c.WeightDecay, "adamw"
	}
	o.Optimiser, o.Batch = cmp.Or(c.Optimiser, o.Optimiser), cmp.Or(c.Batch, o.Batch)
	o.Clip, o.Last, o.Refit = cmp.Or(c.Clip, o.Clip), o.Last || c.Last, o.Refit || c.Refit
	return o
}

// Baselines are the simple models that suit the data. One that reads labels of earlier rows does not: a window holds none.
func (d *Data) Baselines() (list []experiment.Contestant) {
	for _, b := range simple(d) {
		list = append(list, experiment.Contestant{Name: b.Name, Summary: b.About})
	}
	return list
}

// Rates of learning that are tried for a cell: conductances learn slower than gates at the same rate.
func Rates(c cell.Cell) []float64 {
	switch entry(c) {
	case "LTC", "LRC":
		return []float64{0.005, 0.02}
	}
	return []float64{0.002, 0.008}
}

// KindOf says what stands in a table about an architecture. Liquid are liquid time constants, their closed forms, liquid resistance and
// capacitance, and the liquid and oscillatory state spaces that came of them; LRU, S5 and S6 are held against these.
func KindOf(a model.Architecture) Kind {
	if len(a.Layers) == 0 {
		return Simple
	}
	switch entry(a.Layers[0].Cell) {
	case "LTC", "CfC", "WiredCfC", "NcpsCfC", "LRC", "LrcSSM", "LinOSS", "DLinOSS", "LiquidS4", "RiccatiSSM":
		return Liquid
	}
	return Network
}

// entry is the registered name of a cell, or of the one that it wraps.
func entry(c cell.Cell) string {
	if w, ok := c.(cell.Wrapper); ok {
		return entry(w.Inner())
	}
	e, err := cell.EntryOf(c)
	if err != nil {
		return ""
	}
	return e.Name
}
