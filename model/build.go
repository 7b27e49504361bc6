package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// build writes the program: that of the model, or of the members of an average side by side.
func (a Architecture) build(schema series.Schema, as form) (Architecture, []engine.Pass, []Mask, error) {
	s := &stack{form: as, heads: map[bool]*head{}}
	for _, one := range a.each() {
		if one, err := one.filled(); err == nil { // else member says what is wrong
			s.cells = append(s.cells, one.Layers...)
		}
	}
	s.begin(s.ahead(0))
	s.x = s.b.Input("x", len(schema.Inputs))
	var ys []step.Vec
	var err error
	if len(a.Members) > 0 {
		a, ys, err = s.members(a, schema)
	} else {
		ys = make([]step.Vec, 1)
		a, ys[0], err = s.member("", a, schema)
	}
	if err != nil {
		return a, nil, nil, err
	}
	y, prediction := ys[0], step.Vec{}
	if len(ys) > 1 {
		y, prediction = average(s.b, ys, schema.Target)
	}
	own := as.personal != nil && as.personal.outputs != nil
	if own {
		y = as.personal.outputs(s.b, y)
	}
	if !as.training && (own || len(ys) == 1) {
		prediction = decode(s.b, y, schema.Target)
	}
	s.b.Output("y", y)
	if !as.training {
		s.b.Output("prediction", prediction)
	}
	return a, append(s.before, engine.Pass{Program: s.b.Build(), Limits: s.limits}), s.masks, nil
}

// member writes one model: head (scaling, masks, one-hot), front end, encoder, layers, pool, readout. Its parameters and
// states are named within a scope, where one is given; the head is shared.
func (s *stack) member(scope string, a Architecture, schema series.Schema) (Architecture, step.Vec, error) {
	a, err := a.filled()
	if err != nil {
		return a, step.Vec{}, err
	}
	gaps, err := a.gaps(schema)
	if err != nil {
		return a, step.Vec{}, err
	}
	var grid step.Grid
	if a.Front, grid, err = a.Front.filled(schema.Inputs); err != nil {
		return a, step.Vec{}, err
	}
	if err := summarised(a.Summaries, schema.Inputs); err != nil {
		return a, step.Vec{}, err
	}
	h, y := s.head(schema, gaps), step.Vec{}
	if len(a.Summaries) > 0 {
		within(s, h.scope, func() { h.summary(a.Summaries) }) // outside of the member, for others share it
	}
	within(s, scope, func() {
		var x step.Vec
		if x, a.Layers, err = s.network(a, h, grid); err == nil {
			y, err = a.read(s.b, x, schema.Target, s.personal)
		}
	})
	return a, y, err
}

// network writes what stands between the head and the readout, and gives the layers as they are stored.
func (s *stack) network(a Architecture, h *head, grid step.Grid) (x step.Vec, layers []Layer, err error) {
	features := func(values step.Vec) step.Vec {
		x := a.Front.write(s.b, h.features(values), grid)
		if len(a.Summaries) > 0 {
			x = step.Concat(x, h.summary(a.Summaries))
		}
		if bins := h.bins(a.Summaries); bins.OK() {
			x = step.Concat(x, bins)
		}
		if a.TimeInput {
			x = step.Concat(x, step.Log(step.Plus(s.b.DT(), 1)))
		}
		return x
	}
	x = s.drop("features.mask", a.InputDropout, features(h.values))
	if a.Encoder > 0 {
		x = s.b.Linear("encoder", a.Encoder, step.Xavier(x.Len(), a.Encoder), step.Values{0}, step.Term{Name: "x", X: x})
	}
	past := x
	if h.values != h.filled && a.Layers[0].Block.Residual && some(h.ins, missing) {
		past = s.drop("filled.mask", a.InputDropout, features(h.filled))
	}
	layers = make([]Layer, len(a.Layers))
	for i, l := range a.Layers {
		if x, layers[i], err = s.layer(i, l, x, past); err != nil {
			return x, a.Layers, err
		}
		past = x
	}
	if err := a.adapts(); err != nil {
		return x, a.Layers, err
	}
	return s.pool(a.Pool, x), layers, nil
}

// within runs build in a scope, where one is given.
func within(s *stack, scope string, build func()) {
	if scope == "" {
		build()
		return
	}
	s.b.Scope(scope, build)
}

// head is the one that members which take missing values alike have in common. There are two kinds at most, and names of
// states for both.
func (s *stack) head(schema series.Schema, gaps bool) *head {
	if h, ok := s.heads[gaps]; ok {
		return h
	}
	scope := ""
	if len(s.heads) > 0 {
		scope = "other"
	}
	within(s, scope, func() { s.heads[gaps] = newHead(s.b, s.x, schema, gaps) })
	s.heads[gaps].scope = scope
	return s.heads[gaps]
}

// TakesMissing tells whether the first layer, of an average that of its first member, takes missing values itself, as a GRU-D
// does: the head imputes no numbers then.
func (a Architecture) TakesMissing() bool {
	first := a.each()[0]
	return len(first.Layers) > 0 && cell.TakesMissing(first.Layers[0].Cell)
}

// MaxLayers is the largest number of layers; like maxEncoder far beyond what makes sense, and soon built.
const MaxLayers = 64

const maxEncoder = 1 << 12

// filled is the architecture with its defaults, checked but for its layers.
func (a Architecture) filled() (Architecture, error) {
	if len(a.Layers) == 0 {
		return a, fmt.Errorf("model: no layers; give at least one, such as model.Liquid(cell.LTC{}, wiring.Auto(19, 1))")
	}
	if len(a.Layers) > MaxLayers {
		return a, fmt.Errorf("model: %d layers; allowed: 1 to %d", len(a.Layers), MaxLayers)
	}
	if a.Readout == "" {
		a.Readout = Linear
	}
	if a.Readout != Linear && a.Readout != Direct {
		return a, fmt.Errorf("model: readout %q; allowed: %s, %s", a.Readout, Linear, Direct)
	}
	if a.Pool == "" {
		a.Pool = Last
	}
	if err := oneOf("pool", a.Pool, Pools()); err != nil {
		return a, fmt.Errorf("model: %w", err)
	}
	if err := checkSummaries(a.Summaries); err != nil {
		return a, fmt.Errorf("model: %w", err)
	}
	if !(a.InputDropout >= 0 && a.InputDropout < 1) {
		return a, fmt.Errorf("model: input dropout is %g; allowed: 0 (none) to below 1", a.InputDropout)
	}
	if a.Encoder < 0 || a.Encoder > maxEncoder {
		return a, fmt.Errorf("model: encoder is %d values wide; allowed: 0 (none) to %d", a.Encoder, maxEncoder)
	}
	return a, nil
}

// gaps tells whether missing values reach the first layer, whose cell takes them itself. What would spread them over all inputs
// of that cell is an error. A residual path past it has imputed values.
func (a Architecture) gaps(schema series.Schema) (bool, error) {
	if !a.TakesMissing() {
		return false, nil
	}
	k, spreads, fix := a.Layers[0].Block, "", ""
	switch {
	case !a.Front.None():
		spreads, fix = "a convolutional front end", "leave the front end out"
	case a.Encoder > 0:
		spreads, fix = "an encoder", "leave the encoder out"
	case k.Norm != NoNorm && k.NormPlace == NormBefore:
		spreads, fix = "a norm before it", "place the norm after the layer, or leave it out"
	}
	if spreads != "" && some(schema.Inputs, missing) {
		return false, fmt.Errorf("layer 0: %T takes missing values itself, and %s would spread them over all that it knows; %s", a.Layers[0].Cell, spreads, fix)
	}
	return true, nil
}

// adapts refuses what would need other steps than the solver beside it.
func (a Architecture) adapts() error {
	adaptive := slices.IndexFunc(a.Layers, func(l Layer) bool { return cell.Adaptive(l.Cell) })
	both := slices.IndexFunc(a.Layers, func(l Layer) bool { return l.Block.Bidirectional })
	if adaptive < 0 || both < 0 {
		return nil
	}
	return fmt.Errorf("layer %d: the solver of %T takes a row in steps as its error asks, but layer %d is bidirectional, and each direction would need steps of its own; leave that out, or give the cell a method with fixed steps",
		adaptive, a.Layers[adaptive].Cell, both)
}

// errors are the probes by which layers choose their own steps, those of all members.
func (a Architecture) errors(p *step.Program) (probes []int) {
	for k, one := range a.each() {
		scope := ""
		if len(a.Members) > 0 {
			scope = fmt.Sprintf("member%d.", k)
		}
		for i, l := range one.Layers {
			if cell.Adaptive(l.Cell) {
				probes = append(probes, p.Probe(fmt.Sprintf("%slayer%d.%s", scope, i, cell.ErrorProbe)))
			}
		}
	}
	return probes
}

// head turns raw inputs into the features of the first layer.
type head struct {
	b   *step.Builder
	ins []series.Input
	// values are the inputs as the first layer takes them: filled, or, where its cell takes missing values itself, NaN where a
	// number was not observed; only categories are imputed then.
	values, filled  step.Vec
	observed, since step.Vec
	// summaries that were written, by their list, in the head's scope.
	summaries map[string]step.Vec
	scope     string
}

func newHead(b *step.Builder, x step.Vec, schema series.Schema, gaps bool) *head {
	h := &head{b: b, ins: schema.Inputs, summaries: map[string]step.Vec{}}
	if gaps {
		h.ins = slices.Clone(h.ins)
		for i := range h.ins {
			h.ins[i].Hold = h.ins[i].Hold && h.ins[i].Kind == series.Category
		}
	}
	h.observed, h.filled = fill(b, x, h.ins)
	h.values = h.filled
	if gaps {
		h.values = reopen(b, x, h.filled, h.ins)
	}
	if some(h.ins, func(in series.Input) bool { return in.Since }) {
		h.since = age(b, h.observed)
	}
	return h
}

// features are values scaled, one-hot, and with their masks and ages: whole vectors, of which those that are wanted are picked in
// the order of the inputs. Computed column by column they would be as many loops as there are columns.
func (h *head) features(values step.Vec) step.Vec {
	all := []step.Vec{scale(h.b, values, h.ins)}
	width := len(h.ins)
	join := func(v step.Vec) (from int) {
		all, from, width = append(all, v), width, width+v.Len()
		return from
	}
	masks, ages := 0, 0
	if some(h.ins, func(in series.Input) bool { return in.Mask }) {
		masks = join(h.observed)
	}
	if h.since.OK() {
		ages = join(step.Log(step.Plus(h.since, 1)))
	}
	var wanted []int
	for i, in := range h.ins {
		if in.Hidden {
			continue
		}
		if in.Kind == series.Category {
			from := join(oneHot(h.b, step.Slice(values, i, i+1), len(in.Levels)))
			wanted = append(wanted, spread(from, len(in.Levels))...)
		} else {
			wanted = append(wanted, i)
		}
		if in.Mask {
			wanted = append(wanted, masks+i)
		}
		if in.Since {
			wanted = append(wanted, ages+i)
		}
	}
	return components(step.Concat(all...), wanted)
}

// spread are n positions in a row.
func spread(from, n int) []int {
	at := make([]int, n)
	for k := range at {
		at[k] = from + k
	}
	return at
}

// components is the vector of some components, the vector itself where those are all in order.
func components(v step.Vec, wanted []int) step.Vec {
	if slices.Equal(wanted, spread(0, v.Len())) {
		return v
	}
	return step.Gather(v, wanted...)
}

func some(ins []series.Input, f func(series.Input) bool) bool {
	for _, in := range ins {
		if f(in) {
			return true
		}
	}
	return false
}

func missing(in series.Input) bool { return in.Missing }

// column is a constant with one number an input.
func column(b *step.Builder, ins []series.Input, f func(series.Input) float64) step.Vec {
	values := make([]float64, len(ins))
	for i, in := range ins {
		values[i] = f(in)
	}
	return b.Const(values...)
}

// fill replaces what was not observed: by the imputed value, or by the last observed one where the schema holds it.
func fill(b *step.Builder, x step.Vec, ins []series.Input) (observed, filled step.Vec) {
	if !some(ins, missing) && !some(ins, func(in series.Input) bool { return in.Mask || in.Since }) {
		return step.Vec{}, x
	}
	observed = step.Observed(x)
	impute := column(b, ins, func(in series.Input) float64 { return in.Impute })
	if !some(ins, func(in series.Input) bool { return in.Hold }) {
		return observed, step.Select(observed, x, impute)
	}
	// The state is kept relative to the imputed value, so that zero means "never observed".
	held := b.State("held", x.Shape())
	hold := column(b, ins, func(in series.Input) float64 {
		if in.Hold {
			return 1
		}
		return 0
	})
	next := step.Select(observed, step.Sub(x, impute), step.Select(hold, held, b.Const(0)))
	b.Next("held", next)
	// What was observed passes as it is: x - impute + impute would round it.
	return observed, step.Select(observed, x, step.Add(next, impute))
}

// reopen takes what was filled back from numbers.
func reopen(b *step.Builder, x, filled step.Vec, ins []series.Input) step.Vec {
	if !some(ins, func(in series.Input) bool { return in.Kind == series.Category && in.Missing }) {
		return x
	}
	category := column(b, ins, func(in series.Input) float64 {
		if in.Kind == series.Category {
			return 1
		}
		return 0
	})
	return step.Select(category, filled, x)
}

// bounded moves every component to the nearer end of its range, where it has one.
func bounded(b *step.Builder, x step.Vec, ins []series.Input, within func(series.Input) (lo, hi float64, ok bool)) step.Vec {
	if !some(ins, func(in series.Input) bool { _, _, ok := within(in); return ok }) {
		return x
	}
	end := func(k int) func(series.Input) float64 {
		return func(in series.Input) float64 {
			lo, hi, ok := within(in)
			if !ok {
				lo, hi = -math.MaxFloat32, math.MaxFloat32
			}
			return [2]float64{lo, hi}[k]
		}
	}
	return step.Max(step.Min(x, column(b, ins, end(1))), column(b, ins, end(0)))
}

// scale is (x - mean) / sd, held within the schema's ranges before and clipped after.
func scale(b *step.Builder, x step.Vec, ins []series.Input) step.Vec {
	x = bounded(b, x, ins, func(in series.Input) (lo, hi float64, ok bool) {
		if len(in.Range) == 0 {
			return 0, 0, false
		}
		return in.Range[0], in.Range[1], true
	})
	plain := func(in series.Input) bool { return in.Kind == series.Numeric && (in.Mean != 0 || in.SD != 1) }
	if some(ins, plain) {
		mean := column(b, ins, func(in series.Input) float64 { return in.Mean })
		inverse := column(b, ins, func(in series.Input) float64 {
			if in.Kind == series.Category {
				return 1
			}
			return 1 / in.SD
		})
		x = step.Mul(step.Sub(x, mean), inverse)
	}
	return bounded(b, x, ins, func(in series.Input) (lo, hi float64, ok bool) { return -in.Clip, in.Clip, in.Clip > 0 })
}

// age is the time since each input was last observed, 0 where it is now.
func age(b *step.Builder, observed step.Vec) step.Vec {
	since := b.State("since", observed.Shape())
	next := step.Select(observed, b.Const(0), step.Add(since, b.DT()))
	b.Next("since", next)
	return next
}

// oneHot is 1 at the position of a level's index and 0 elsewhere: 1 - min(1, |index - k|) for whole numbers.
func oneHot(b *step.Builder, index step.Vec, levels int) step.Vec {
	k := make([]float64, levels)
	for i := range k {
		k[i] = float64(i)
	}
	return step.OneMinus(step.Min(b.Const(1), step.Abs(step.Sub(index, b.Const(k...)))))
}

// read applies the readout, with what a series has of its own there.
func (a Architecture) read(b *step.Builder, x step.Vec, t series.Target, own *PersonalKind) (step.Vec, error) {
	if a.Readout == Direct {
		if x.Len() != t.Width() {
			return x, fmt.Errorf("model: the last layer gives %d values, the target %q needs %d; use the linear readout", x.Len(), t.Name, t.Width())
		}
		return x, nil
	}
	if own != nil && own.before != nil {
		x = own.before(b, x)
	}
	y := b.Linear("readout", t.Width(), step.Xavier(x.Len(), t.Width()), step.Values{0}, step.Term{Name: "w", X: x})
	if own != nil && own.beside != nil {
		y = own.beside(b, x, y)
	}
	return y, nil
}

// decode turns the program's output into what a user wants to read: one probability a class, or values in raw units.
// A Gaussian target gives mean and standard deviation.
func decode(b *step.Builder, y step.Vec, t series.Target) step.Vec {
	switch {
	case t.Task == series.Classify && len(t.Classes) == 2:
		p := step.Sigmoid(y)
		return step.Concat(step.OneMinus(p), p)
	case t.Task == series.Classify:
		return step.Softmax(y)
	case t.Gaussian:
		return step.Concat(step.Plus(step.Scale(t.SD, step.Slice(y, 0, 1)), t.Mean), step.Scale(t.SD, step.Exp(step.Slice(y, 1, 2))))
	case len(t.Each) > 0:
		var sd, mean []float64
		for _, o := range t.Each {
			sd, mean = append(sd, o.SD), append(mean, o.Mean)
		}
		return step.Add(step.Mul(y, b.Const(sd...)), b.Const(mean...))
	case t.SD == 1 && t.Mean == 0:
		return y
	}
	return step.Plus(step.Scale(t.SD, y), t.Mean)
}
