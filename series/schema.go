package series

import (
	"fmt"
	"math"
	"slices"
)

// Kind says how an input column is read.
type Kind string

const (
	Numeric  Kind = "numeric"  // a number, scaled by (x - Mean) / SD
	Category Kind = "category" // one of Levels, one-hot coded; level 0 is "other"
)

// Other is the name of level 0 of every category: what the training part did not hold.
const Other = "other"

// Input describes one input column and how the head of the program prepares it.
type Input struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Levels of a category; Levels[0] is always Other.
	Levels []string `json:"levels,omitempty"`
	// Mean and SD are those of the observed training values; SD is never 0 (1 for a constant column).
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
	// Clip bounds the scaled value to [-Clip, Clip]; 0 means no bound.
	Clip float64 `json:"clip,omitempty"`
	// Range, where given, are the least and the greatest raw value: what lies outside counts as the nearer of the two,
	// before scaling. Numeric only.
	Range []float64 `json:"range,omitempty"`
	// Knots, where given, ascend and are the edges of bins, in which a model sees the number too; raw values. Numeric only.
	Knots []float64 `json:"knots,omitempty"`
	// Missing declares that NaN means "not observed". Where it is false a NaN is an error of the data.
	Missing bool `json:"missing,omitempty"`
	// Impute is the raw value that stands in for what was not observed: the training mean unless chosen otherwise.
	Impute float64 `json:"impute,omitempty"`
	// Hold replaces Impute by the last observed value of the series, once there is one.
	Hold bool `json:"hold,omitempty"`
	// Mask feeds one more input: 1 where the value was observed, 0 where not.
	Mask bool `json:"mask,omitempty"`
	// Since feeds one more input: log(1 + time since the value was last observed), in the schema's time unit.
	Since bool `json:"since,omitempty"`
	// Hidden keeps the input from the model: its column is read as any other, and no feature is made of it.
	Hidden bool `json:"hidden,omitempty"`
}

// Width is the number of features that the input becomes inside the program.
func (in Input) Width() int {
	if in.Hidden {
		return 0
	}
	n := 1
	if in.Kind == Category {
		n = len(in.Levels)
	}
	if in.Mask {
		n++
	}
	if in.Since {
		n++
	}
	return n
}

// Task is what is asked of the target.
type Task string

const (
	Classify Task = "classify" // one of Classes; the program's output is one logit for two classes, else one a class
	Regress  Task = "regress"  // a number, scaled by (y - Mean) / SD
)

// Target describes the column to be predicted.
type Target struct {
	Name string `json:"name"`
	Task Task   `json:"task"`
	// Classes in the order of their indices; a class index in Series.Y counts into it.
	Classes []string `json:"classes,omitempty"`
	// Mean and SD of the training labels, for Regress.
	Mean float64 `json:"mean,omitempty"`
	SD   float64 `json:"sd,omitempty"`
	// Horizon is how far ahead the label lies: seconds, or rows where HorizonRows is set. 0 is the row itself.
	Horizon     float64 `json:"horizon,omitempty"`
	HorizonRows bool    `json:"horizon_rows,omitempty"`
	// AsInput says that the target's own past is one of the inputs.
	AsInput bool `json:"as_input,omitempty"`
	// LastStep says that a series has one label, at its last row.
	LastStep bool `json:"last_step,omitempty"`
	// Threshold on the probability of Classes[1], two classes only; chosen on validation. 0 means 0.5.
	Threshold float64 `json:"threshold,omitempty"`
	// Quantiles that the model predicts instead of one value, ascending.
	Quantiles []float64 `json:"quantiles,omitempty"`
	// Outputs is the number of values of a regression target; 0 means 1.
	Outputs int `json:"outputs,omitempty"`
	// Each describes the outputs where there are several; without it all have Mean and SD.
	Each []Output `json:"each,omitempty"`
	// Gaussian says that the model predicts mean and log standard deviation.
	Gaussian bool `json:"gaussian,omitempty"`
}

// Output is one of several values of a target, scaled by (y - Mean) / SD.
type Output struct {
	Name string  `json:"name"`
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
}

// Labels is the number of values that a row of data is labelled with: more than 1 for a target of several outputs.
func (t Target) Labels() int { return max(1, t.Outputs) }

// Of is the target of output k alone.
func (t Target) Of(k int) Target {
	if len(t.Each) > 0 {
		t.Name, t.Mean, t.SD = t.Each[k].Name, t.Each[k].Mean, t.Each[k].SD
	}
	t.Outputs, t.Each = 0, nil
	return t
}

// Width is the number of program outputs that the target asks for.
func (t Target) Width() int {
	switch {
	case t.Task == Classify && len(t.Classes) == 2:
		return 1
	case t.Task == Classify:
		return len(t.Classes)
	case t.Gaussian:
		return 2
	case len(t.Quantiles) > 0:
		return len(t.Quantiles)
	}
	return max(1, t.Outputs)
}

// TimeKind says what the time column holds.
type TimeKind string

const (
	Calendar TimeKind = "calendar" // dates and times
	Elapsed  TimeKind = "elapsed"  // seconds
	Index    TimeKind = "index"    // row numbers: every dt is one row
)

// Clock is the meaning of dt.
type Clock struct {
	// Column of the time stamps; empty where rows are simply counted.
	Column string   `json:"column,omitempty"`
	Kind   TimeKind `json:"kind"`
	// Unit is the length of one model time unit in seconds (rows for Index): the median positive dt of the training part
	// unless chosen otherwise.
	Unit float64 `json:"unit"`
	// FirstDT is the dt of the first row of a series, in units.
	FirstDT float64 `json:"first_dt"`
	// Zone is the IANA name of the zone in which time stamps without one are read.
	Zone string `json:"zone,omitempty"`
	// Calendar features derived from the time stamp and appended to the inputs: hour, weekday, month, yearday.
	Calendar []string `json:"calendar,omitempty"`
}

// Schema is everything a model knows of its data. It is stored in the model file.
type Schema struct {
	Inputs []Input `json:"inputs"`
	Target Target  `json:"target"`
	Clock  Clock   `json:"clock"`
	// SeriesColumn names the column that tells the series of a file apart.
	SeriesColumn string `json:"series_column,omitempty"`
}

// Features is the number of values that the inputs become inside the program.
func (s Schema) Features() (n int) {
	for _, in := range s.Inputs {
		n += in.Width()
	}
	return n
}

// Names lists the names of the features in the program's order: a column, COLUMN=LEVEL for a category, COLUMN? for its
// mask, COLUMN~ for the time since it was observed.
func (s Schema) Names() (names []string) {
	for _, in := range s.Inputs {
		if in.Hidden {
			continue
		}
		if in.Kind == Category {
			for _, level := range in.Levels {
				names = append(names, in.Name+"="+level)
			}
		} else {
			names = append(names, in.Name)
		}
		if in.Mask {
			names = append(names, in.Name+"?")
		}
		if in.Since {
			names = append(names, in.Name+"~")
		}
	}
	return names
}

// Plain is a schema of n unscaled numeric inputs x0, x1, … and an unscaled regression target y, with rows counted: what a
// model without data starts from.
func Plain(n int) Schema {
	s := Schema{Target: Target{Name: "y", Task: Regress, SD: 1}, Clock: Clock{Kind: Index, Unit: 1, FirstDT: 1}}
	for i := range n {
		s.Inputs = append(s.Inputs, Input{Name: fmt.Sprintf("x%d", i), Kind: Numeric, SD: 1})
	}
	return s
}

// Check reports the first thing in the schema that no program could be built from. Numbers must be finite in single
// precision, in which programs run.
func (s Schema) Check() error {
	if len(s.Inputs) == 0 {
		return fmt.Errorf("schema: no inputs; at least one column besides the target is needed")
	}
	seen := map[string]bool{}
	for _, in := range s.Inputs {
		switch {
		case seen[in.Name]:
			return fmt.Errorf("schema: input %q appears twice", in.Name)
		case in.Kind != Numeric && in.Kind != Category:
			return fmt.Errorf("schema: input %q has kind %q; allowed: %s, %s", in.Name, in.Kind, Numeric, Category)
		case in.Kind == Category && (len(in.Levels) < 1 || in.Levels[0] != Other):
			return fmt.Errorf("schema: category %q must list %q as its first level", in.Name, Other)
		case in.Kind == Numeric && !(scale(in.SD) && finite(in.Mean) && finite(in.Impute)):
			return fmt.Errorf("schema: input %q has mean %g, sd %g, impute %g; all must be finite and sd > 0 (in single precision)",
				in.Name, in.Mean, in.SD, in.Impute)
		case in.Kind == Category && !(in.Impute >= 0 && in.Impute < float64(len(in.Levels)) && in.Impute == math.Trunc(in.Impute)):
			return fmt.Errorf("schema: category %q has impute %g; it must be the index of a level, 0 to %d", in.Name, in.Impute, len(in.Levels)-1)
		case !(in.Clip >= 0 && finite(in.Clip)):
			return fmt.Errorf("schema: input %q has clip %g; it must be at least 0 (0: none)", in.Name, in.Clip)
		case len(in.Range) > 0 && (len(in.Range) != 2 || in.Kind != Numeric || !(in.Range[0] < in.Range[1]) || !finite(in.Range[0]) || !finite(in.Range[1])):
			return fmt.Errorf("schema: input %q has range %v; it must be a least and a greater finite value of a number", in.Name, in.Range)
		case !checkKnots(in):
			return fmt.Errorf("schema: input %q has knots %v; they must be 2 to %d finite values of a number that ascend (in single precision)", in.Name, in.Knots, MaxBins+1)
		}
		seen[in.Name] = true
	}
	if !slices.ContainsFunc(s.Inputs, func(in Input) bool { return !in.Hidden }) {
		return fmt.Errorf("schema: all inputs are hidden from the model; it must see at least one")
	}
	if err := s.Target.check(); err != nil {
		return err
	}
	c := s.Clock
	if !(c.Unit > 0 && !math.IsInf(c.Unit, 1) && c.FirstDT >= 0 && finite(c.FirstDT)) {
		return fmt.Errorf("schema: time unit %g s and first dt %g; the unit must be > 0 and the first dt at least 0", c.Unit, c.FirstDT)
	}
	return nil
}

// finite numbers are so in single precision too, in which programs run.
func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat32 }

// scale numbers can be divided by.
func scale(v float64) bool { return v > 0 && finite(v) && finite(1/v) }

func (t Target) check() error {
	switch t.Task {
	case Classify:
		switch {
		case len(t.Classes) < 2:
			return fmt.Errorf("schema: target %q has %d classes; at least 2 are needed", t.Name, len(t.Classes))
		case t.Gaussian || len(t.Quantiles) > 0 || t.Outputs != 0:
			return fmt.Errorf("schema: target %q is a class; gaussian, quantiles and outputs are for numbers", t.Name)
		case !(t.Threshold >= 0 && t.Threshold < 1):
			return fmt.Errorf("schema: target %q has threshold %g; allowed: 0 (means 0.5) to below 1", t.Name, t.Threshold)
		}
	case Regress:
		switch {
		case !(scale(t.SD) && finite(t.Mean)):
			return fmt.Errorf("schema: target %q has mean %g, sd %g; both must be finite and sd > 0 (in single precision)", t.Name, t.Mean, t.SD)
		case t.Gaussian && len(t.Quantiles) > 0 || t.Outputs > 1 && (t.Gaussian || len(t.Quantiles) > 0):
			return fmt.Errorf("schema: target %q can have only one of gaussian, quantiles and several outputs", t.Name)
		case len(t.Each) > 0 && (len(t.Each) != t.Outputs || t.Outputs < 2):
			return fmt.Errorf("schema: target %q describes %d outputs and has %d; describe each of several, or none", t.Name, len(t.Each), t.Outputs)
		case slices.ContainsFunc(t.Each, func(o Output) bool { return !scale(o.SD) || !finite(o.Mean) }):
			return fmt.Errorf("schema: target %q has an output without a finite mean and sd > 0 (in single precision)", t.Name)
		case t.Outputs < 0:
			return fmt.Errorf("schema: target %q has %d outputs; at least 1 is needed (0 means 1)", t.Name, t.Outputs)
		}
	default:
		return fmt.Errorf("schema: target %q has task %q; allowed: %s, %s", t.Name, t.Task, Classify, Regress)
	}
	if !slices.IsSorted(t.Quantiles) || len(t.Quantiles) > 0 && !(t.Quantiles[0] > 0 && t.Quantiles[len(t.Quantiles)-1] < 1) {
		return fmt.Errorf("schema: quantiles %v must ascend and lie between 0 and 1", t.Quantiles)
	}
	return nil
}
