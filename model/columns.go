package model

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
)

// Columns names what a model without data reads and predicts. Its zero value are inputs x0, x1, …, an output y, and rows that
// are counted: dt is 1.
type Columns struct {
	// Inputs in the model's order.
	Inputs []string
	// Target is the column that it predicts; y if empty.
	Target string
	// Series is the column that tells series apart.
	Series string
	// Time is the column of times, TimeKind what it holds (Calendar or Elapsed), and TimeUnit the seconds that the model
	// counts as 1. The first row of a series has a dt of 1 unit.
	Time     string
	TimeKind series.TimeKind
	TimeUnit float64
}

// schema is that of a model with plain inputs. An error names what contradicts the model or itself.
func (c Columns) schema(inputs, outputs int) (series.Schema, error) {
	s := series.Plain(inputs)
	s.Target.Outputs = outputs
	s.Target.Name = cmp.Or(c.Target, s.Target.Name)
	s.SeriesColumn = c.Series
	if c.Time != "" {
		s.Clock = series.Clock{Column: c.Time, Kind: c.TimeKind, Unit: c.TimeUnit, FirstDT: 1}
	}
	if len(c.Inputs) > 0 && len(c.Inputs) != inputs {
		return s, &ContradictionError{fmt.Sprintf("the model has %d inputs, not %d; name a column for each, in its order (--inputs)", inputs, len(c.Inputs))}
	}
	for i, name := range c.Inputs {
		s.Inputs[i].Name = name
	}
	role := map[string]string{s.Target.Name: "target"}
	for _, r := range []struct{ name, role string }{{c.Series, "series"}, {c.Time, "time"}} {
		if r.name != "" && role[r.name] != "" {
			return s, &ContradictionError{fmt.Sprintf("column %q is named as %s and as %s; name two columns", r.name, role[r.name], r.role)}
		}
		role[r.name] = r.role
	}
	for _, in := range s.Inputs {
		if role[in.Name] != "" {
			return s, &ContradictionError{fmt.Sprintf("column %q is named as %s and as input; name two columns", in.Name, role[in.Name])}
		}
		role[in.Name] = "input"
	}
	return s, nil
}

// ContradictionError says that what was said of a model contradicts the file, or itself.
type ContradictionError struct{ Problem string }

// Error is one line.
func (e *ContradictionError) Error() string { return e.Problem }

// clock asks what a column of times holds. How the dt of the training data were counted is in no file.
func (im *importer) clock() {
	if d := im.said.Data; d.Time != "" {
		im.ask(d.TimeKind == series.Calendar || d.TimeKind == series.Elapsed,
			fmt.Sprintf("what column %q holds (--time-kind calendar for dates and epochs, elapsed for seconds since a start)", d.Time))
		im.ask(d.TimeUnit > 0, "how long a time span of 1 was in training (--time-unit in seconds; 1 where time spans were seconds)")
	}
}

// Contradicts refuses answers to what nobody asks of the model in a state dict, with a *ContradictionError: who gives them takes
// the file for another model. ImportNCPS has no use for them and leaves them be.
func (s NCPS) Contradicts(dict StateDict) error {
	im := importer{dict: dict, renamed: maps.Clone(dict), said: s, meta: cell.Meta{}}
	im.recognise()
	kind := im.meta["cell"]
	ltc, backbone := kind == "ltc", im.meta["backbone_activation"] != ""
	mapped := ltc && dict["rnn_cell.output_w"].Data != nil
	for _, answer := range []struct {
		flag  string
		given bool
		why   string
	}{
		{"--unfolds", s.Unfolds > 0 && !ltc, "it is not solved in sub-steps"},
		{"--epsilon", s.Epsilon > 0 && !ltc, "it has none"},
		{"--constraints", s.Constraints != "" && !ltc, "its weights have none"},
		{"--outputs", s.Outputs > 0 && (!ltc || mapped), "the file says how many there are"},
		{"--mode", s.Mode != "" && ltc, "it has none"},
		{"--mode", s.Mode != "" && !ltc && s.Mode != im.meta["mode"], "its tensors are those of mode " + im.meta["mode"]},
		{"--activation", s.Activation != "" && !backbone, "it has no backbone"},
	} {
		if answer.given {
			name := map[string]string{"ltc": "an LTC", "cfc": "a CfC", "wired_cfc": "a wired CfC"}[kind]
			return &ContradictionError{fmt.Sprintf("%s: the file holds %s, and %s; leave it out, or name another file", answer.flag, name, answer.why)}
		}
	}
	return nil
}
