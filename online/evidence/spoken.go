package evidence

import (
	"fmt"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/suite"
	"github.com/elegans-nn/elegans/train"
)

const aboutSpoken = "*Spoken digits*: the task `digits` of the results of training, by classes: 0 and 1 first, then 2 and 3, and so on, through one readout of ten classes which is not told whose turn it is; " +
	"every second frame is read, and each recording has one label, at its last one. The score is accuracy among all ten classes."

// spokenLabels is how many labels a pair of digits gives: its 480 recordings, once.
const spokenLabels = 480

// spokenCourse are the spoken digits, two new ones at a time.
func spokenCourse(o Options) (*course, error) {
	d, err := readTask("digits", o)
	if err != nil {
		return nil, err
	}
	c := &course{title: "Spoken digits, two new ones at a time", caption: fmt.Sprintf("Accuracy; %d labels a task.", o.rows(spokenLabels))}
	if c.loss, err = train.NewRowLoss(d.Schema.Target, train.Options{}.Filled()); err != nil {
		return nil, err
	}
	if c.net, err = model.New(d.Schema, model.Recurrent(cell.LRU{Units: 32, Activation: "gelu"})); err != nil {
		return nil, err
	}
	accuracy, err := metric.ByName("accuracy")
	if err != nil {
		return nil, err
	}
	score := func(m *model.Model, part []series.Series) (float64, error) {
		e := metric.NewEvaluator(d.Schema.Target)
		err := evaluate(m, part, "prediction", e, func(p []float64) []float64 { return p }, func(label []float64) []float64 { return label })
		return e.Score(accuracy), err
	}
	classes := d.Schema.Target.Classes
	for first := 0; first < len(classes); first += 2 {
		of := func(part dataset.Part) (list []series.Series) {
			for _, s := range cut(part, 0) {
				if k := int(s.Y[len(s.Y)-1]); k/2 == first/2 {
					list = append(list, everySecond(s))
				}
			}
			return list
		}
		c.lessons = append(c.lessons, lesson{name: strings.Join(classes[first:first+2], " "), labels: o.rows(spokenLabels), score: score,
			train: of(d.Train), parts: [2][]series.Series{of(d.Valid), of(d.Test)}})
	}
	return c, nil
}

// everySecond are the last row of a series, the last but two, and so on.
func everySecond(s series.Series) (out series.Series) {
	out.Name = s.Name
	for row := (s.Len() - 1) % 2; row < s.Len(); row += 2 {
		out.X, out.DT, out.Y = append(out.X, s.At(row)...), append(out.DT, 1), append(out.Y, s.Label(row)...)
	}
	return out
}

// readTask reads the data of a task of the suite.
func readTask(name string, o Options) (*suite.Data, error) {
	t, err := suite.Lookup(name)
	if err != nil {
		return nil, err
	}
	return t.Read(suite.Folder(o.Data))
}

// cut are the windows of a part, or so many of them evenly spaced where most is not 0, as series of their own that begin with a row's time of 1.
func cut(part dataset.Part, most int) (list []series.Series) {
	n := len(part.Windows)
	if most == 0 || most > n {
		most = n
	}
	for i := range most {
		w := part.Windows[i*n/most]
		s := part.Series[w.Series].Span(w.From, w.To)
		s.DT = append([]float32{1}, s.DT[1:]...)
		s.Y = append([]float64(nil), s.Y...)
		for k := range w.Lead * s.Outputs() {
			s.Y[k] = none
		}
		list = append(list, s)
	}
	return list
}

// evaluate adds what a model says to the labelled rows of a part, each turned into what the evaluator takes.
func evaluate(m *model.Model, part []series.Series, output string, e *metric.Evaluator, said, labelled func([]float64) []float64) error {
	rows := make([][][]float64, len(part))
	err := m.Run(part, model.RunOptions{Output: output}, func(i, _ int, y []float32) {
		wide := make([]float64, len(y))
		for k, v := range y {
			wide[k] = float64(v)
		}
		rows[i] = append(rows[i], said(wide))
	})
	if err != nil {
		return err
	}
	for i := range part {
		var y []float64
		for row := range part[i].Len() {
			y = append(y, labelled(part[i].Label(row))...)
		}
		e.Add(y, rows[i], nil)
	}
	return nil
}
