// Package stress changes series in the ways in which the world changes them after a model was trained: rows are lost, the
// rate of sampling is another, clocks jitter, sensors are noisy, freeze, fail or drift. How a metric falls with the level of
// a condition says how far a model can be trusted outside of what it has seen.
//
// A condition is one row of a table: its name, its levels, and how it changes a series. Changes are drawn from a seed, the
// condition and the series, never from the level, so that a higher level is more of the same; labels stay those of their
// rows, and no change shows a model anything earlier than it was known.
package stress

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"github.com/elegans-nn/elegans/series"
)

// Condition is one way in which series differ from those of training. Conditions are made by this package only; see All.
type Condition struct {
	// Name as in flags, files and JSON.
	Name string
	// About says in one line what happens.
	About string
	// Unit of the levels, such as "share of rows".
	Unit string
	// Clean is the level at which nothing changes; Levels ascend from there.
	Clean  float64
	Levels []float64
	// PerChannel says that one input is changed at a time.
	PerChannel bool

	numbers bool                          // channels are numbers alone
	suits   func(s *series.Schema) string // why the condition means nothing for these data; empty where it does
	change  func(c *change)
}

// change is one series on its way.
type change struct {
	schema *series.Schema
	s      *series.Series // a copy that may be written to
	level  float64
	input  int // the channel, for conditions by channel
	random *rand.Rand
}

// table holds every condition in the order in which they are shown.
var table = []Condition{
	{Name: "dropped-rows", About: "rows are lost at random; what remains knows how much time has passed", Unit: "share of rows",
		Levels: []float64{0.1, 0.3, 0.5, 0.7}, change: drop},
	{Name: "slower", About: "every k-th row alone is sampled", Unit: "times slower", Clean: 1, Levels: []float64{2, 3, 4, 8}, change: slower},
	{Name: "faster", About: "between two rows the last values are read again", Unit: "times faster", Clean: 1, Levels: []float64{2, 3, 4},
		suits: timedHorizon, change: faster},
	{Name: "jitter", About: "time stamps are moved by up to half the step to their neighbours", Unit: "share of half the step",
		Levels: []float64{0.25, 0.5, 0.75, 0.95}, suits: clocked, change: jitter},
	{Name: "noise", About: "Gaussian noise on every number that a sensor gives", Unit: "standard deviations of the column",
		Levels: []float64{0.1, 0.25, 0.5, 1, 2}, suits: sensed(false), change: noise},
	{Name: "frozen", About: "one sensor after the other repeats a value to the end of the series", Unit: "share of the rows",
		Levels: []float64{0.25, 0.5, 0.75, 1}, PerChannel: true, suits: sensed(true), change: freeze},
	{Name: "absent", About: "one sensor after the other is not observed; its mean stands in where the model knows no missing values",
		Unit: "share of the rows", Levels: []float64{0.25, 0.5, 0.75, 1}, PerChannel: true, suits: sensed(true), change: absent},
	{Name: "drift", About: "one sensor after the other drifts away, steadily up or down", Unit: "standard deviations at the end",
		Levels: []float64{0.5, 1, 2, 3}, PerChannel: true, numbers: true, suits: sensed(false), change: drift},
}

// All lists the conditions.
func All() []Condition { return slices.Clone(table) }

// Unsuited says in a few words why a condition means nothing for a schema; empty where it does.
func (c Condition) Unsuited(schema series.Schema) string {
	if c.suits == nil {
		return ""
	}
	return c.suits(&schema)
}

// Channels lists the inputs that a condition by channel changes, by name: those that a sensor gives, and numbers alone where
// the change is one of numbers. Features of the calendar are none.
func (c Condition) Channels(schema series.Schema) (names []string) {
	for _, in := range sensors(&schema) {
		if in.Kind == series.Numeric || !c.numbers {
			names = append(names, in.Name)
		}
	}
	return names
}

// Apply gives the series as a model meets it at a level. channel is the name of an input for a condition by channel; a
// schema without it is not affected. index is the place of the series among those that are tried. The series itself is not
// changed, and the result may share memory with it.
func (c Condition) Apply(schema series.Schema, s series.Series, level float64, channel string, index int, seed uint64) series.Series {
	input := slices.IndexFunc(schema.Inputs, func(in series.Input) bool { return in.Name == channel })
	if level == c.Clean || s.Len() == 0 || c.PerChannel && input < 0 {
		return s
	}
	h := fnv.New64a()
	h.Write([]byte(c.Name + "\x00" + channel))
	s.X, s.DT = slices.Clone(s.X), slices.Clone(s.DT)
	c.change(&change{&schema, &s, level, input, rand.New(rand.NewPCG(seed^h.Sum64(), uint64(index)))})
	return s
}

// sensors are the inputs that come from outside: all but the features of the calendar, which stand at the end.
func sensors(schema *series.Schema) []series.Input {
	return schema.Inputs[:max(0, len(schema.Inputs)-len(schema.Clock.Calendar))]
}

func sensed(any bool) func(*series.Schema) string {
	return func(schema *series.Schema) string {
		for _, in := range sensors(schema) {
			if any || in.Kind == series.Numeric {
				return ""
			}
		}
		return "no input is a number that a sensor gives"
	}
}

func clocked(schema *series.Schema) string {
	if schema.Clock.Kind == series.Index {
		return "rows are counted, so there are no time stamps"
	}
	return ""
}

func timedHorizon(schema *series.Schema) string {
	if schema.Target.Horizon > 0 && schema.Target.HorizonRows {
		return "the horizon is a number of rows, and there would be more of them"
	}
	return ""
}
