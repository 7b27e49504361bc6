package baseline

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
)

var nan = math.NaN()

// scale sets mean and sd of the numeric inputs, and of a number as target, to those of the training part.
func scale(schema *series.Schema, train ...series.Series) {
	for k := range schema.Inputs {
		in := &schema.Inputs[k]
		if in.Kind != series.Numeric {
			continue
		}
		var x []float64
		for _, s := range train {
			for i := range s.Len() {
				if v := float64(s.At(i)[k]); !math.IsNaN(v) {
					x = append(x, v)
				}
			}
		}
		in.Mean = metric.Mean(x)
		in.SD = metric.SD(x) * math.Sqrt(1-1/float64(len(x)))
		in.Impute = in.Mean
		if !(in.SD > 0) {
			in.SD = 1
		}
	}
	if schema.Target.Task == series.Regress {
		schema.Target.SD = 1
	}
}

// column makes a series of one input, which is 0 where x is nil, at times 0, 1, 2, ...
func column(x, y []float64) series.Series {
	s := series.Series{Y: y}
	for i := range y {
		v := 0.0
		if x != nil {
			v = x[i]
		}
		s.X = append(s.X, float32(v))
		s.DT = append(s.DT, 1)
		s.Time = append(s.Time, float64(i))
	}
	return s
}

// at gives a series time stamps, and the dt that follow from them.
func at(s series.Series, unit float64, time ...float64) series.Series {
	s.Time = time
	for i := 1; i < len(time); i++ {
		s.DT[i] = float32((time[i] - time[i-1]) / unit)
	}
	return s
}

func first(rows [][]float64) (list []float64) {
	for _, r := range rows {
		list = append(list, r[0])
	}
	return list
}

// near reports that two lists are equal to a tolerance that scales with the values; NaN equals NaN.
func near(a, b []float64, tolerance float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.IsNaN(a[i]) != math.IsNaN(b[i]) || math.Abs(a[i]-b[i]) > tolerance*(1+math.Abs(b[i])) {
			return false
		}
	}
	return true
}

func TestNearBites(t *testing.T) {
	if near([]float64{1, nan}, []float64{1, 2}, 1) || near([]float64{1}, []float64{1.01}, 1e-3) || near(nil, []float64{1}, 1) ||
		!near([]float64{1, nan}, []float64{1.001, nan}, 1e-2) {
		t.Error("near does not compare")
	}
}

// fit finds a baseline by name and fits it.
func fit(t *testing.T, name string, schema series.Schema, train, valid []series.Series) Predictor {
	t.Helper()
	for _, b := range For(schema) {
		if b.Name != name {
			continue
		}
		p, err := b.Fit(schema, train, valid)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	t.Fatalf("%s is not among the baselines for %s", name, schema.Target.Task)
	return nil
}

// regression is the schema of one numeric input and a number as target.
func regression() series.Schema {
	s := series.Plain(1)
	s.Target.Name = "y"
	return s
}

// classification is the schema of one numeric input and n classes.
func classification(n int) series.Schema {
	s := series.Plain(1)
	s.Target = series.Target{Name: "state", Task: series.Classify, Classes: []string{"a", "b", "c", "d"}[:n]}
	return s
}

// world is a schema and series of every kind of input, irregular in time, with gaps in values and labels.
type world struct {
	name   string
	schema series.Schema
	train  []series.Series
	valid  []series.Series
	test   series.Series
}

// worlds are the tasks that a leak could hide in. Labels follow from the horizon as a reader of files finds them.
func worlds() (list []world) {
	targets := []struct {
		name   string
		target series.Target
		kind   series.TimeKind
	}{
		{"regression", series.Target{Task: series.Regress}, series.Index},
		{"regression 3 rows ahead", series.Target{Task: series.Regress, Horizon: 3, HorizonRows: true}, series.Index},
		{"regression 90 minutes ahead", series.Target{Task: series.Regress, Horizon: 5400}, series.Calendar},
		{"regression ahead, target as input", series.Target{Task: series.Regress, Horizon: 5400, AsInput: true}, series.Calendar},
		{"quantiles", series.Target{Task: series.Regress, Quantiles: []float64{.1, .6}}, series.Elapsed},
		{"Gaussian", series.Target{Task: series.Regress, Gaussian: true, Horizon: 7200}, series.Elapsed},
		{"classes", series.Target{Task: series.Classify}, series.Calendar},
		{"classes 2 rows ahead", series.Target{Task: series.Classify, Horizon: 2, HorizonRows: true}, series.Calendar},
		{"classes ahead, target as input", series.Target{Task: series.Classify, Horizon: 5400, AsInput: true}, series.Elapsed},
	}
	for _, w := range targets {
		w.target.Name, w.target.SD = "state", 1
		if w.target.Task == series.Classify {
			w.target.Classes = []string{"0", "1", "2"}
		}
		schema := series.Schema{
			Inputs: []series.Input{
				{Name: "x", Kind: series.Numeric, Missing: true, Hold: true, Since: true, Clip: 2},
				{Name: "kind", Kind: series.Category, Levels: []string{series.Other, "u", "v"}},
				{Name: "state", Kind: series.Numeric, Missing: true, Mask: true},
			},
			Target: w.target, Clock: series.Clock{Kind: w.kind, Unit: 3600, FirstDT: 1},
		}
		if !w.target.AsInput {
			schema.Inputs[2].Name = "z"
		}
		made := world{name: w.name, schema: schema}
		for i := range 4 {
			made.train = append(made.train, wander(&schema, uint64(i), 150))
		}
		made.valid = []series.Series{wander(&schema, 10, 120)}
		made.test = wander(&schema, 11, 100)
		scale(&made.schema, made.train...)
		list = append(list, made)
	}
	return list
}

// wander is a series with a period of 24 steps of an hour.
func wander(schema *series.Schema, seed uint64, rows int) series.Series {
	random := rand.New(rand.NewPCG(seed, 77))
	s := series.Series{}
	state := make([]float64, rows)
	time := 1.7e9
	for i := range rows {
		dt := 1.0
		if random.IntN(9) == 0 {
			dt = float64(random.IntN(4)) / 2 // also rows of the same time
		}
		time += dt * 3600
		swing := math.Sin(2 * math.Pi * time / day)
		state[i] = 3*swing + 0.2*random.NormFloat64()
		if schema.Target.Task == series.Classify {
			state[i] = math.Round(1 + swing + 0.1*random.NormFloat64())
			state[i] = min(max(state[i], 0), 2)
		}
		s.Time, s.DT = append(s.Time, time), append(s.DT, float32(dt))
		x, z := swing+random.NormFloat64(), state[i]
		if random.IntN(5) == 0 {
			x = nan
		}
		if random.IntN(6) == 0 {
			z = nan
		}
		if schema.Inputs[2].Name != schema.Target.Name {
			z = random.NormFloat64()
		}
		s.X = append(s.X, float32(x), float32(random.IntN(3)), float32(z))
	}
	s.Y = make([]float64, rows)
	for i := range s.Y {
		s.Y[i] = nan
		if r := slowLabelRow(&schema.Target, s.Time, i); r < rows && random.IntN(10) > 0 {
			s.Y[i] = state[r]
		}
	}
	return s
}

// slowLabelRow is the row at which the label of row i lies, by the definition.
func slowLabelRow(t *series.Target, time []float64, i int) int {
	if t.HorizonRows {
		return i + int(t.Horizon)
	}
	if t.Horizon == 0 {
		return i
	}
	for r := range time {
		if time[r] >= time[i]+t.Horizon {
			return r
		}
	}
	return len(time)
}
