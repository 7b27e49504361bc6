package report

import "fmt"

// check finds what does not belong together before anything is written.
func (r *Report) check() error {
	if r.Predictions != nil {
		for _, t := range r.Predictions.Series {
			if err := r.Predictions.check(t); err != nil {
				return err
			}
		}
	}
	if r.Activity != nil {
		if err := r.Activity.check(); err != nil {
			return err
		}
	}
	for _, t := range r.Tables {
		if err := t.check(); err != nil {
			return err
		}
	}
	if r.Scores == nil {
		return nil
	}
	for i, row := range r.Scores.Confusion {
		if len(row) != len(r.Scores.Classes) || len(r.Scores.Confusion) != len(row) {
			return fmt.Errorf("report: confusion matrix has %d rows and row %d has %d columns for %d classes; all must be equal",
				len(r.Scores.Confusion), i, len(row), len(r.Scores.Classes))
		}
	}
	return nil
}

func (p *Predictions) check(t Trace) error {
	want := 0
	switch {
	case len(t.Bands) == 0:
	case len(p.Classes) > 0:
		want = len(p.Classes)
	default:
		want = len(p.Levels)
	}
	if len(t.Bands) != want {
		return fmt.Errorf("report: predictions of series %q have %d bands; %d classes or levels ask for as many, or for none",
			t.Name, len(t.Bands), want)
	}
	if err := ascending("predictions of series", t.Name, t.Time); err != nil {
		return err
	}
	return same("predictions of series", t.Name, len(t.Time), append([][]float64{t.Truth, t.Value}, t.Bands...)...)
}

func (a *Activity) check() error {
	if err := ascending("activity along series", a.Series, a.Time); err != nil {
		return err
	}
	for _, n := range a.Neurons {
		if err := same("activity of neuron", n.Name, len(a.Time), n.State); err != nil {
			return err
		}
		if len(n.Tau) == 0 {
			continue
		}
		if err := same("time constants of neuron", n.Name, len(a.Time), n.Tau); err != nil {
			return err
		}
	}
	for _, in := range a.Inputs {
		if err := same("course of input", in.Name, len(a.Time), in.Values); err != nil {
			return err
		}
	}
	return nil
}

func ascending(what, name string, time []float64) error {
	for i, t := range time {
		if !finite(t) || i > 0 && t < time[i-1] {
			return fmt.Errorf("report: %s %q: time %g of row %d; times must be finite and must not fall", what, name, t, i)
		}
	}
	return nil
}

func same(what, name string, rows int, columns ...[]float64) error {
	for _, c := range columns {
		if len(c) != rows {
			return fmt.Errorf("report: %s %q has %d values at %d times; both must be equal", what, name, len(c), rows)
		}
	}
	return nil
}
