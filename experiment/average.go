package experiment

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/model"
)

// average enters the average of the subject's runs: their parameters and FLOPs are counted together, its threshold is chosen
// on validation as theirs were. The runs are those of the table, so that it costs no training. Where one of them diverged there
// is none: to leave that one out would be to choose.
func (x *run) average() error {
	var members, chosen []*model.Model
	for _, r := range x.out.Subject.Runs {
		if r.Diverged == "" {
			members = append(members, r.Model)
		}
		if r.chosen != nil {
			chosen = append(chosen, r.chosen)
		}
	}
	if lost := x.spec.Seeds - len(members); lost > 0 || len(members) < 2 {
		x.out.Warnings = append(x.out.Warnings, fmt.Sprintf("no average: %d of %d seeds diverged, and it takes all of them, at least two", lost, x.spec.Seeds))
		return nil
	}
	r := Run{Seed: x.spec.Seed, ValidLoss: math.NaN()}
	if err := r.join(members, chosen); err != nil {
		return err
	}
	m := r.Model
	if err := x.evaluate(&r); err != nil {
		return err
	}
	scored(&r)
	x.out.Average = &Entry{Name: m.Info().Name, Summary: fmt.Sprintf("mean prediction of %d seeds of %s, as one model", len(members), x.spec.Name),
		Subject: true, Parameters: m.Parameters(), Synapses: m.Synapses(), FLOPs: m.Program().FLOPs(), Runs: []Run{r}, Evaluator: r.test}
	return nil
}

// join makes the run's model the average of some; of those that were refit, chosen are the ones that validation chose before.
func (r *Run) join(members, chosen []*model.Model) (err error) {
	if r.Model, err = model.Average(members...); err == nil && len(chosen) > 0 {
		r.chosen, err = model.Average(chosen...)
	}
	return err
}

// scored notes the scores on the test part in the model of a run.
func scored(r *Run) {
	info := r.Model.Info()
	info.Metrics = map[string]float64{}
	for _, s := range r.Scores {
		if !math.IsNaN(s.Value) && !math.IsInf(s.Value, 0) {
			info.Metrics[s.Name] = s.Value
		}
	}
	r.Model = r.Model.WithInfo(info)
}

// Others are all entries but the subject: its average, where there is one, and the baselines.
func (x *Outcome) Others() (list []Entry) {
	if x.Average != nil {
		list = append(list, *x.Average)
	}
	return append(list, x.Baselines...)
}

// Kept is the run whose model is the result: the average where there is one, else the best of the subject. It panics where
// every seed diverged.
func (x *Outcome) Kept() *Run {
	if x.Average != nil {
		return &x.Average.Runs[0]
	}
	return &x.Subject.Runs[x.Best]
}
