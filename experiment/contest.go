package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// ContestSpec says which models are compared, on what and how. Every model has the same parts of the data, the same seeds
// and the same options of training.
type ContestSpec struct {
	// Schema of the data, and the parts of them: see Cut and Windowed.
	Schema  series.Schema
	Parts   Parts
	Models  []Contestant
	Options train.Options
	// Measures that are reported; all metrics of the target if empty.
	Measures []Measure
	// Metric that models are ranked by, by the name of a measure; the first if empty.
	Metric string
	// Threshold names the metric that the threshold between two classes is chosen for, on validation; that of the ranking if
	// empty, and NoThreshold for one half.
	Threshold string
	// Seeds are Seed, Seed+1, …, Seeds of them; 1 if zero.
	Seed  uint64
	Seeds int
	// Windows are those of a whole training part where Parts have a share of it; see Spec.
	Windows int
	// Match chooses the size of every network; the zero Goal leaves sizes as they are.
	Match Goal
	// Tune is the number of configurations that are tried for each network, the given ones among them; 0 and 1 draw none.
	Tune int
	// OneRow leaves out the second row of networks without a notion of time, to which neither time nor masks are fed.
	OneRow bool
	// Workers is the number of trials at once, each on one core; 1 if zero. Results do not depend on it.
	Workers int
	// Keep is the directory in which trials are kept; nothing is kept if empty.
	Keep string
	// Info is copied into the models.
	Info model.Info
}

// Contestant is a network, or a simple baseline where the architecture has no layers.
type Contestant struct {
	// Name is unique; that of package baseline for a simple baseline.
	Name, Summary string
	Architecture  model.Architecture
	// Inputs are the names of those that it sees; all if empty.
	Inputs []string
	// Bins is the number of bins that it sees numbers in too, of about as many training values each, where those of the schema
	// are not to do; see series.Knots.
	Bins int
	// Rates of learning that are tried with the first seed, of which validation chooses one; that of the options if empty.
	// Without a validation part the first is taken.
	Rates []float64
	// Average is the number of networks, trained one by one from seeds of their own, whose mean prediction is the contestant's;
	// parameters, FLOPs and seconds are those of all. A single one if 0.
	Average int
	// Own gives the options of training of this network, made of those of the contest; nil: these.
	Own func(train.Options) train.Options
	// OneRow leaves out its second row, as that of the contest does for all.
	OneRow bool
	// Optional says that it is left out, and named among those that are, where it would be an error of the contest else. Absent is
	// the reason where that is known before.
	Optional bool
	Absent   error
}

// LeftOut is a contestant that was optional and cannot take part.
type LeftOut struct {
	Name string
	Err  error
}

// Reason is one line without the name, and without advice for who named the model.
func (l LeftOut) Reason() string {
	var unmatched *UnmatchedError
	if errors.As(l.Err, &unmatched) {
		return unmatched.Reason
	}
	return strings.TrimPrefix(l.Err.Error(), l.Name+": ")
}

// Contest is a comparison with everything decided, ready to run.
type Contest struct {
	*run
	spec    ContestSpec
	rows    []*entrant
	leftOut []LeftOut
	store   store
	content string // hash of the parts that are trained on and chosen by
}

// entrant is a row of the leaderboard.
type entrant struct {
	name, summary string
	model         string // name of the contestant
	inputs        Feed
	simple        *baseline.Baseline
	size          int // as it was asked for
	average       int // models whose mean it is; 1 of most
	// settings are what Tune tries, the given one first; one that is chosen is the only one that is scored.
	settings []network
	chosen   int
	tried    []*job // a trial of each setting, where there are several
}

// Feed says what a network is given beside the values. One rule holds for all: the mask of every input that may be missing is
// an input, unless the cell takes missing values itself, and so is the elapsed time, unless it reaches the cell itself. A second
// row without either shows what they are worth.
type Feed string

const (
	// FeedOwn is for cells with a notion of time: dt reaches the cell itself.
	FeedOwn Feed = "dt, masks"
	// FeedTime is for those without: log(1 + dt) is an input.
	FeedTime Feed = "log(1+dt), masks"
	// FeedPlain is for those without, too: neither is fed.
	FeedPlain Feed = "none"
)

// NewContest chooses sizes and draws what is to be tried. Its errors are those of the spec: unknown or
// repeated models, *UnsuitedError, *UnmatchedError, *train.MemoryError, a metric that does not fit. Those of an optional contestant
// leave it out; where none of these can take part the error is an *AllLeftOutError.
func NewContest(spec ContestSpec) (*Contest, error) {
	spec.Seeds, spec.Workers = max(1, spec.Seeds), max(1, spec.Workers)
	spec.Options.Workers = 1
	x, err := begin(Spec{Options: spec.Options, Metric: spec.Metric, Seed: spec.Seed, Seeds: spec.Seeds, Windows: spec.Windows, Workers: spec.Workers, Info: spec.Info},
		spec.Schema, spec.Parts, spec.Measures)
	if err != nil {
		return nil, err
	}
	x.threshold = cmp.Or(spec.Threshold, x.threshold)
	if spec.Tune > 1 && len(x.out.Valid.Series) == 0 {
		return nil, fmt.Errorf("the validation part is empty, and nothing else may choose among %d configurations; give --valid a share, or do not tune", spec.Tune)
	}
	c := &Contest{run: x, spec: spec, store: store{spec.Keep}, content: contentHash(x.data)}
	seen := map[string]bool{}
	for _, m := range spec.Models {
		if seen[m.Name] {
			return nil, fmt.Errorf("model %s is named twice; name each once", m.Name)
		}
		seen[m.Name] = true
		if err := c.enter(m); err != nil {
			return nil, err
		}
	}
	if optional := count(spec.Models, func(m Contestant) bool { return m.Optional }); optional > 0 && len(c.leftOut) == optional {
		return nil, &AllLeftOutError{c.leftOut}
	}
	return c, nil
}

// AllLeftOutError says that there are optional contestants and none of them can take part. It wraps the error of the first.
type AllLeftOutError struct{ LeftOut []LeftOut }

// Error is that of the first in one line.
func (e *AllLeftOutError) Error() string { return e.LeftOut[0].Err.Error() }

// Unwrap gives the error of the first.
func (e *AllLeftOutError) Unwrap() error { return e.LeftOut[0].Err }

func count[T any](list []T, is func(T) bool) (n int) {
	for _, one := range list {
		if is(one) {
			n++
		}
	}
	return n
}

// enter makes the rows of a contestant, none for one that is left out.
func (c *Contest) enter(m Contestant) error {
	rows, err := len(c.rows), m.Absent
	if err == nil {
		err = c.admit(m)
	}
	if err == nil || !m.Optional {
		return err
	}
	c.rows, c.leftOut = c.rows[:rows], append(c.leftOut, LeftOut{m.Name, err})
	return nil
}

// LeftOut are the contestants that were optional and cannot take part.
func (c *Contest) LeftOut() []LeftOut { return slices.Clone(c.leftOut) }

// admit makes the rows of a contestant.
func (c *Contest) admit(m Contestant) error {
	schema := c.schema
	if len(m.Architecture.Layers) == 0 {
		if len(m.Inputs) > 0 {
			return fmt.Errorf("%s is no network, and sees all inputs; name none", m.Name)
		}
		b, err := simpleOf(schema, m.Name)
		if err != nil {
			return err
		}
		c.rows = append(c.rows, &entrant{name: b.Name, model: b.Name, summary: b.About, simple: &b})
		return nil
	}
	schema, err := showing(schema, m.Inputs)
	if err != nil {
		return fmt.Errorf("%s: %w", m.Name, err)
	}
	schema = c.binned(schema, m.Bins)
	timed, err := notices(m.Architecture, schema)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", m.Name, err)
	case timed:
		return c.network(m, schema, m.Name, FeedOwn)
	}
	if err := c.network(m, schema, m.Name, FeedTime); err != nil || c.spec.OneRow || m.OneRow {
		return err
	}
	return c.network(m, schema, m.Name+"-no-dt", FeedPlain)
}

// network makes the row of a network that is fed so.
func (c *Contest) network(m Contestant, schema series.Schema, name string, feed Feed) error {
	e := &entrant{name: name, model: m.Name, summary: m.Summary, inputs: feed, size: m.Architecture.Size(), average: max(1, m.Average)}
	if e.average > model.MaxMembers {
		return fmt.Errorf("%s is an average of %d models; at most %d", name, e.average, model.MaxMembers)
	}
	n := fed(network{m.Architecture, schema, c.run.spec.Options}, feed)
	if m.Own != nil {
		n.options = m.Own(n.options)
	}
	n.options = c.stretched(n.options)
	if c.spec.Match != (Goal{}) {
		var err error
		if n.arch, err = c.spec.Match.Match(name, n.arch, n.schema); err != nil {
			return err
		}
	}
	e.settings = c.search(n, m.Rates)
	for _, n := range e.settings {
		net, err := n.arch.Model(n.schema)
		if err == nil {
			err = train.CheckMemory(net, c.data, n.options)
		}
		if err == nil && m.Optional {
			err = c.takes(net)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, err := e.scored(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.rows = append(c.rows, e)
	return nil
}

// takes finds the first row that a model is to run along and cannot take, because its elapsed time is too long for the cell. Whatever
// else a row may have that is not to be taken, no model takes it. The error is a *model.InputError.
func (c *Contest) takes(m *model.Model) error {
	if m.MaxStep() == 0 {
		return nil
	}
	for _, list := range [][]series.Series{train.Spans(c.data.Train), c.out.Valid.Series, c.out.Test.Series} {
		for i := range list {
			if err := m.Check(&list[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// stretched are options with so many more epochs that a share of the training part takes as many optimiser steps as the whole.
func (c *Contest) stretched(o train.Options) train.Options {
	steps := func(windows int) float64 { return float64((windows + o.Batch - 1) / o.Batch) }
	if some := len(c.data.Train.Windows); c.spec.Windows > 0 && some > 0 {
		times := steps(c.spec.Windows) / steps(some)
		for _, n := range []*int{&o.Epochs, &o.Patience} {
			if *n > 0 {
				*n = max(1, int(math.Round(times*float64(*n))))
			}
		}
	}
	return o
}

// showing is a schema of whose inputs a model sees those that are named; all where none is.
func showing(s series.Schema, names []string) (series.Schema, error) {
	if len(names) == 0 {
		return s, nil
	}
	known := make([]string, len(s.Inputs))
	s.Inputs = slices.Clone(s.Inputs)
	for i := range s.Inputs {
		known[i] = s.Inputs[i].Name
		s.Inputs[i].Hidden = !slices.Contains(names, known[i])
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return s, fmt.Errorf("there is no input %q; inputs: %s", name, strings.Join(known, ", "))
		}
	}
	return s, nil
}

// binned is a schema whose numbers have bins, of the values that are trained on.
func (c *Contest) binned(s series.Schema, bins int) series.Schema {
	if bins == 0 {
		return s
	}
	s.Inputs = slices.Clone(s.Inputs)
	for k := range s.Inputs {
		if in := &s.Inputs[k]; in.Kind == series.Numeric {
			var values []float64
			for _, one := range c.out.Train.Series {
				for row := range one.Len() {
					values = append(values, float64(one.At(row)[k]))
				}
			}
			in.Knots = series.Knots(values, bins)
		}
	}
	return s
}

// notices tells whether time reaches an architecture by itself.
func notices(a model.Architecture, schema series.Schema) (bool, error) {
	n := fed(network{arch: a, schema: schema}, FeedPlain)
	m, err := n.arch.Model(n.schema)
	if err != nil {
		return false, err
	}
	return m.Program().Time >= 0, nil
}

// fed is the network with inputs of a kind.
func fed(n network, feed Feed) network {
	n.arch.TimeInput = feed == FeedTime
	n.schema.Inputs = slices.Clone(n.schema.Inputs)
	for i := range n.schema.Inputs {
		in := &n.schema.Inputs[i]
		in.Mask = feed != FeedPlain && (in.Mask || in.Missing && !n.arch.TakesMissing())
		in.Since = feed != FeedPlain && in.Since
	}
	return n
}

// simpleOf finds a simple baseline by name, among those that suit the data.
func simpleOf(schema series.Schema, name string) (baseline.Baseline, error) {
	var names []string
	for _, b := range baseline.For(schema) {
		if b.Name == name {
			return b, nil
		}
		names = append(names, b.Name)
	}
	return baseline.Baseline{}, &UnsuitedError{name, schema.Target.Name, names}
}

// UnsuitedError says that a simple baseline cannot predict the target, or is none.
type UnsuitedError struct {
	Name, Target string
	Suited       []string
}

// Error is one line with those that can.
func (e *UnsuitedError) Error() string {
	return fmt.Sprintf("baseline %s does not suit target %q; those that do: %s", e.Name, e.Target, strings.Join(e.Suited, ", "))
}

// Rows names the rows of the leaderboard in the order in which they were entered.
func (c *Contest) Rows() (names []string) {
	for _, e := range c.rows {
		names = append(names, e.name)
	}
	return names
}
