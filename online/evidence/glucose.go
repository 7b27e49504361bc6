package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/table"
	"github.com/elegans-nn/elegans/train"
)

var glucose = Section{Number: 2, Name: "glucose", Title: "Personal glucose forecasts", run: runGlucose, About: "" +
	"Continuous glucose of 19 people (Hall et al., PLoS Biology 2018), 5 minutes apart with the gaps that they have, forecast 30 and 60 minutes ahead from glucose alone. " +
	"One `ltc-ncp19` is trained on other people; then each held-out person is a stream of their own, and a label comes when it is known, 30 or 60 minutes after its row. " +
	"For each seed a fifth of the people is drawn and held out. How it adapts is chosen out of " + fmt.Sprint(len(settings)) + " settings on the people of the validation part, who are not those of the test: the rate of plain gradient descent " +
	"or Adam, of all weights or of the readout alone, that of a scale and a bias of the output (`online.LearnerOptions`), and whether least squares of the label on the adapting forecast and the value of now, which begin " +
	"at the forecast, come after it (`online.CombineOptions`). *In hindsight* is the best of them for each person, which nobody can know beforehand: it bounds what there is to be gained by them. RMSE in mg/dl, of each row before its label is learned; *last value* repeats the value of now, " +
	"*online linear* is recursive least squares on it."}

// horizons of the forecasts, in minutes.
var horizons = []int{30, 60}

func runGlucose(ctx context.Context, o Options) (*Result, error) {
	t, err := table.Open(filepath.Join(o.Data, "cgm.zip"), table.Options{Member: "example_data_hall.csv", Text: []string{"id"}})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &AbsentError{"the folder of data has no cgm.zip"}
	}
	if err != nil {
		return nil, err
	}
	r := &Result{Made: fmt.Sprintf("%d seeds, kernels %s", o.Seeds, engine.KernelPath())}
	people := Table{Title: "Each person", Labels: []string{"person", "minutes ahead"}, Columns: append(slices.Clone(compared), "adapting / frozen", "in hindsight / frozen")}
	all := Table{Title: "Mean over people", Caption: "Mean and standard deviation over people of their mean over the seeds that held them out.",
		Labels: []string{"minutes ahead"}, Columns: people.Columns}
	for _, minutes := range horizons {
		by, best, chosen, err := heldOut(ctx, o, t, minutes)
		if err != nil {
			return nil, err
		}
		people.Caption += fmt.Sprintf("Chosen %d minutes ahead, seed by seed: %s. ", minutes, strings.Join(chosen, "; "))
		var means [6][]float64
		for _, name := range sorted(by) {
			row := Row{Labels: []string{name, fmt.Sprint(minutes)}}
			of := by[name]
			for k, values := range append(of[:], best[name]) {
				row.Figures = append(row.Figures, over(values))
				means[k] = append(means[k], metric.Mean(values))
			}
			people.Rows = append(people.Rows, row)
		}
		row := Row{Labels: []string{fmt.Sprint(minutes)}}
		for k := range means {
			f := over(means[k])
			if f != nil {
				f.Seeds = o.Seeds
			}
			row.Figures = append(row.Figures, f)
		}
		all.Rows = append(all.Rows, row)
	}
	r.Tables = []Table{all, people}
	return r, nil
}

func sorted[V any](m map[string]V) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// heldOut gives for each person, by compared and then adapting over frozen, a figure a seed that held them out, the same of the best
// setting in hindsight over frozen, and the setting that each seed has chosen.
func heldOut(ctx context.Context, o Options, t *table.Table, minutes int) (by map[string][5][]float64, best map[string][]float64, chosen []string, err error) {
	by, best = map[string][5][]float64{}, map[string][]float64{}
	d, err := dataset.FromTable(t, dataset.Roles{Target: "gl", Time: "time", Series: "id", Inputs: []string{"gl"}, TargetAsInput: true,
		Horizon: dataset.Horizon{Seconds: float64(60 * minutes)}, HorizonTolerance: 450})
	if err != nil {
		return nil, nil, nil, err
	}
	for seed := range o.Seeds {
		o.Progress(fmt.Sprintf("glucose, %d minutes, seed %d", minutes, seed), float64(seed)/float64(o.Seeds))
		s, err := d.Split(dataset.SplitOptions{By: dataset.ByGroup, Valid: 0.15, Test: 0.2, Seed: uint64(seed)})
		if err != nil {
			return nil, nil, nil, err
		}
		m, err := trained(ctx, o, s, uint64(seed))
		if err != nil {
			return nil, nil, nil, err
		}
		how, err := choose(m, s.Valid)
		if err != nil {
			return nil, nil, nil, err
		}
		chosen = append(chosen, how.String())
		for i := range s.Test {
			e, err := follow(m, &s.Test[i], how)
			if err != nil {
				return nil, nil, nil, err
			}
			if e.n > 0 {
				record(by, s.Test[i].Name, e)
				hindsight, err := choose(m, s.Test[i:i+1])
				if err != nil {
					return nil, nil, nil, err
				}
				if e, err = follow(m, &s.Test[i], hindsight); err != nil {
					return nil, nil, nil, err
				}
				best[s.Test[i].Name] = append(best[s.Test[i].Name], e.rmse(1)/e.rmse(0))
			}
		}
	}
	return by, best, chosen, nil
}

// record adds the figures of a stream.
func record(by map[string][5][]float64, name string, e errorSums) {
	f := by[name]
	for k := range compared {
		f[k] = append(f[k], e.rmse(k))
	}
	f[4] = append(f[4], e.rmse(1)/e.rmse(0))
	by[name] = f
}

// trained is ltc-ncp19 fitted to the training part.
func trained(ctx context.Context, o Options, s *dataset.Split, seed uint64) (*model.Model, error) {
	preset, err := cell.LookupPreset("ltc-ncp19")
	if err != nil {
		return nil, err
	}
	m, err := model.New(s.Schema, model.Liquid(preset.Cell, preset.Wiring(s.Schema.Target.Width())))
	if err != nil {
		return nil, err
	}
	options := train.Options{Seed: seed}
	if o.Rows > 0 {
		options.Epochs = 1
	}
	fitted, err := train.Fit(ctx, m.Initial(seed), train.DataOf(s, 64), options, train.Hooks{})
	if errors.Is(err, train.ErrInterrupted) {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return fitted.Model, nil
}
