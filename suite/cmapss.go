package suite

import (
	"fmt"
	"math"
	"strconv"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

var cmapss = Task{
	Name: "cmapss", Title: "C-MAPSS FD001, cycles until a turbofan fails",
	Protocol: "units of the training file with id % 5 == 0 are validation (20), the others training (80); windows of 30 cycles, stride 1, target " +
		"min(125, cycles left) at the last one; test: the last 30 cycles of each of the 100 test units; 14 sensors, z-scores of the rows of the training units; " +
		"predictions below 0 count as 0; capped: against min(125, truth)",
	Source: "A. Saxena, K. Goebel: Turbofan Engine Degradation Simulation, NASA 2008, public domain", Files: []string{"cmapss.zip"},
	LastOnly: true, Batch: 64, Goals: []Goal{{"rmse_capped", 12}},
	Measures: []Measure{
		called(known("rmse"), "rmse_capped", "RMSE, truth capped at 125", lifeLeft(capped)),
		called(known("rmse"), "rmse", "RMSE", lifeLeft(sameLabels)),
		called(metric.OfNumbers("score", "score", phmScore), "score", "score", lifeLeft(sameLabels)),
	},
	read: func(f Folder) (*Data, error) { return readCMAPSS(f, lifeWindow) },
}

// cmapssHistory shows what a window of 30 cycles hides. Of 30, 45, 60, 80 and 100 cycles 60 were best in five folds of the training
// file, by little before 80 and 45.
var cmapssHistory = Task{
	Name: "cmapss-history", Title: "C-MAPSS FD001, with 60 cycles of history",
	Protocol: "as cmapss, and the same cycles scored, but a window reaches back over 60 cycles, or to the first one of a unit that is younger",
	Source:   cmapss.Source, Files: cmapss.Files, LastOnly: true, Batch: 64, Measures: cmapss.Measures, Goals: cmapss.Goals,
	read: func(f Folder) (*Data, error) { return readCMAPSS(f, 60) },
}

const mostLife, lifeWindow = 125, 30

// lifeSensors are the sensors that change, counted from 1; three settings and two counters stand before them.
var lifeSensors = []int{2, 3, 4, 7, 8, 9, 11, 12, 13, 14, 15, 17, 20, 21}

// readCMAPSS reads the data with windows of some cycles, lifeWindow at least.
func readCMAPSS(f Folder, cycles int) (*Data, error) {
	var units [2][]series.Series
	var ids []int
	for k, name := range []string{"train_FD001.txt", "test_FD001.txt"} {
		rows, err := f.numbers("cmapss.zip", name, table.Options{Delimiter: ' '})
		if err != nil {
			return nil, err
		}
		for from := 0; from < len(rows); {
			to := from
			for to < len(rows) && rows[to][0] == rows[from][0] {
				to++
			}
			if k == 0 {
				ids = append(ids, int(rows[from][0]))
			}
			units[k] = append(units[k], lifeOf(rows[from:to]))
			from = to
		}
	}
	left, err := f.numbers("cmapss.zip", "RUL_FD001.txt", table.Options{Delimiter: ' '})
	if err != nil {
		return nil, err
	}
	d := &Data{}
	if len(units[1]) != len(left) {
		return nil, &table.DataError{Source: f.path("cmapss.zip"), Msg: fmt.Sprintf("holds %d test units and the life left of %d; get the file again", len(units[1]), len(left))}
	}
	for i, s := range units[0] {
		part := &d.Train
		if ids[i]%5 == 0 {
			part = &d.Valid
		}
		part.Series = append(part.Series, s)
	}
	for _, part := range []*dataset.Part{&d.Train, &d.Valid} {
		part.Windows = dataset.FullWindows(part.Series, lifeWindow, 1)
	}
	for i, s := range units[1] {
		s.Y[s.Len()-1] = left[i][0] // the truth itself, which the measures cap or do not
		d.Test.Series = append(d.Test.Series, s)
		d.Test.Windows = append(d.Test.Windows, dataset.Window{Series: i, To: s.Len()})
	}
	for _, part := range []*dataset.Part{&d.Train, &d.Valid, &d.Test} {
		for i := range part.Windows {
			w := &part.Windows[i]
			w.From = max(0, w.To-cycles)
			w.Lead = w.To - w.From - 1
		}
	}
	d.scale = sensors
	d.Schema = series.Schema{Inputs: sensors(d.Train.Series), Clock: counted(), Target: series.Target{Name: "cycles left", Task: series.Regress, SD: mostLife}}
	return d, nil
}

// sensors are the inputs with the moments of all rows of the units.
func sensors(units []series.Series) []series.Input {
	inputs := scaledInputs(units)
	for k, sensor := range lifeSensors {
		inputs[k].Name = "sensor " + strconv.Itoa(sensor)
	}
	return inputs
}

// lifeOf is the series of one unit whose last row is its failure.
func lifeOf(rows [][]float64) series.Series {
	const before = 4 // columns: unit, cycle and three settings, less 1 for sensors counted from 1
	s := series.Series{Name: strconv.Itoa(int(rows[0][0])), DT: ones(len(rows))}
	for i, row := range rows {
		for _, sensor := range lifeSensors {
			s.X = append(s.X, float32(row[before+sensor]))
		}
		s.Y = append(s.Y, math.Min(mostLife, float64(len(rows)-1-i)))
	}
	return s
}

func capped(y float64) float64 { return math.Min(mostLife, y) }

// lifeLeft views the predictions with none below 0, against the truth, capped or as it is.
func lifeLeft(truth func(float64) float64) func(*Data, *metric.Evaluator) *metric.Evaluator {
	return func(_ *Data, e *metric.Evaluator) *metric.Evaluator {
		return e.Map(truth, each(func(v float64) float64 { return math.Max(0, v) }))
	}
}

// phmScore is the sum of exp(-d/13) - 1 where the prediction is early (d < 0) and of exp(d/10) - 1 where it is late, with
// d = predicted - true. Source: Saxena et al. 2008.
func phmScore(r *metric.Regression) (sum float64) {
	for i, y := range r.Y {
		if d := r.Pred[i] - y; d < 0 {
			sum += math.Expm1(-d / 13)
		} else {
			sum += math.Expm1(d / 10)
		}
	}
	return sum
}
