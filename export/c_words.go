package export

import (
	"fmt"
	"math"
	"strings"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// cOfWords prints a model in fixed point, when its error is within the bound.
func cOfWords(m *model.Model, o Options) (p *Printed, err error) {
	pl, limits, err := planned(m)
	if err != nil {
		return nil, err
	}
	f, err := newFixed(m, pl, limits, o.Arithmetic, o.Calibration)
	if err != nil {
		return nil, err
	}
	defer caught(&err)
	w := newFixedWriter(f.x)
	c := &fixedFiles{cFiles: &cFiles{m: m, schema: m.Schema(), name: o.Name, limits: limits, w: w.writer}, fixed: f, words: o.Arithmetic == Q15}
	w.items(pl.body)
	test, err := c.selftest()
	if err != nil {
		return nil, err
	}
	p = &Printed{Scratch: 2*w.at.scratch + 4*w.at.wide, Operations: m.Program().FLOPs(), Work: pl.counted(), Warnings: f.warnings}
	for k, s := range pl.p.States {
		size := 4
		if c.stateType(k) == "int16_t" {
			size = 2
		}
		p.State += size * pl.len(s.Node)
	}
	p.State = max(2, p.State)
	source := c.source()
	p.Files = []File{c.file(".h", c.header(p)), c.file(".c", source), c.file("_selftest.c", test)}
	p.Constants = c.w.constants
	if p.Drift, err = drift(m, f, o.Calibration); err != nil {
		return nil, err
	}
	if worst := p.Drift[len(p.Drift)-1]; o.Bound > 0 && !(worst.Max <= o.Bound) {
		reason := ""
		if len(f.warnings) > 0 {
			reason = "; " + f.warnings[0]
		}
		return nil, refused("in %s it differs from single precision by %.3g within %d steps; the bound is %g%s; use %s, calibrate with more of the data, or allow more", o.Arithmetic, worst.Max, worst.Steps, o.Bound, reason, other(o.Arithmetic))
	}
	return p, nil
}

// other is what has less error.
func other(a Arithmetic) Arithmetic {
	if a == Int8 {
		return Q15
	}
	return Float32
}

// selftest demands what the model in Go gives, to the bit.
func (c *fixedFiles) selftest() (string, error) {
	x, dt := golden(c.schema, SelftestRows, c.m.MaxStep())
	var in, times, want []string
	c.fixed.Reset()
	defer c.fixed.Reset()
	for row := range x {
		if !c.words {
			y, err := c.fixed.Step(x[row], dt[row])
			if err != nil {
				return "", refused("a series drawn after the schema does not run: %v", err)
			}
			in, times, want = append(in, numbers(x[row])), append(times, number(dt[row])), append(want, numbers(y))
			continue
		}
		words, t := c.fixed.Words(x[row], dt[row])
		times, want = append(times, fmt.Sprint(t)), append(want, listed(c.fixed.StepWords(words, t)))
		in = append(in, listed(words))
	}
	if c.words {
		return c.test("int32_t", "", in, times, want), nil
	}
	return c.test("float", "0.0f;\nstatic const float @scale[@OUTPUTS] = {0.0f};", in, times, want), nil
}

// listed is a list of words.
func listed(list []int32) string {
	var text []string
	for _, q := range list {
		if q == gone {
			text = append(text, "@MISSING")
			continue
		}
		text = append(text, fmt.Sprint(q))
	}
	return "{" + strings.Join(text, ", ") + "}"
}

// Drift is how far a model in fixed point is from the same in single precision after so many steps, each with its own state
// all the while: the largest difference of an output, and the root of the mean square, in units of probabilities or of the
// target's standard deviation.
type Drift struct {
	Steps int     `json:"steps"`
	Max   float64 `json:"max"`
	RMS   float64 `json:"rms"`
}

// driftSteps are the numbers of steps that are told.
var driftSteps = []int{10, 100, 1000, 10000}

// drift steps both along the series, over and over.
func drift(m *model.Model, f *Fixed, list []series.Series) (all []Drift, err error) {
	s, n, square, values := m.Stream(), 0, 0.0, 0
	worst, scale := 0.0, outputScales(m.Schema().Target, len(f.outputs))
	f.Reset()
	defer f.Reset()
	for last := -1; n < driftSteps[len(driftSteps)-1] && last < n; {
		last = n
		for k := range list {
			one := &list[k]
			for row := range one.Len() {
				x, dt := one.X[row*one.Inputs():][:one.Inputs()], one.DT[row]
				want, err := s.Step(x, dt)
				if err != nil {
					continue
				}
				got, _ := f.Step(x, dt)
				for q, v := range want {
					d := math.Abs(float64(got[q])-float64(v)) / scale[q]
					if v != v {
						continue
					}
					worst, square, values = max(worst, d), square+d*d, values+1
				}
				if n++; n == driftSteps[len(all)] {
					all = append(all, Drift{n, worst, math.Sqrt(square / float64(max(1, values)))})
					if len(all) == len(driftSteps) {
						return all, nil
					}
				}
			}
		}
	}
	return nil, refused("no row of the calibration data can be stepped")
}

// outputScales are the units of outputs in which a difference counts.
func outputScales(t series.Target, n int) []float64 {
	scale := make([]float64, n)
	for k := range scale {
		switch {
		case t.Task == series.Classify:
			scale[k] = 1
		case len(t.Each) > 0:
			scale[k] = t.Each[k].SD
		default:
			scale[k] = t.SD
		}
	}
	return scale
}
