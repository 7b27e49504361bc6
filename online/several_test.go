package online_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/drift"
	"github.com/elegans-nn/elegans/journal"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
	"github.com/elegans-nn/elegans/wiring"
)

// several is a network that predicts three values of different scales.
func several(t testing.TB) *model.Model {
	schema := series.Plain(3)
	schema.Inputs[1].Missing = true
	schema.Target.Outputs = 3
	schema.Target.Each = []series.Output{{Name: "a", Mean: 1, SD: 2}, {Name: "b", Mean: -3, SD: 0.5}, {Name: "c", Mean: 0, SD: 4}}
	m, err := model.New(schema, model.Liquid(cell.LTC{}, wiring.Auto(9, 3)))
	if err != nil {
		t.Fatal(err)
	}
	return m.Initial(7)
}

// labelsOf are those of a row, of which one is not known at times.
func labelsOf(k int) []float64 {
	v := []float64{1 + labelOf(k), -3 + 0.2*labelOf(k+4), 2 * labelOf(2*k)}
	if k%4 == 2 {
		v[1] = math.NaN()
	}
	return v
}

// Labels of several values apply the gradient of their row's own moment, by the loss of the values that are known, and
// predictions are in the units of each.
func TestLearnerOfSeveralValues(t *testing.T) {
	m := several(t)
	o := train.Options{Optimiser: "sgd", Momentum: -1, LearningRate: 0.05, Clip: -1, OutputWeights: []float64{1, 3, 0.5}}
	l, r := learner(t, m, learnerOptions(t, m, o)), start(t, m, options(m, o))
	weights := o.OutputWeights
	type kept struct {
		id   uint64
		grad []float32
		loss float64
	}
	var list []kept
	for k := range 9 {
		x, _ := row(k)
		dt := float32(m.Schema().Clock.FirstDT)
		if k > 0 {
			dt = float32(clockOf(k) - clockOf(k-1))
		}
		if _, err := r.Step(x, dt); err != nil {
			t.Fatal(err)
		}
		p := predict(t, l, "", k)
		dy, loss := make([]float32, 3), 0.0
		for i, label := range labelsOf(k) {
			each := m.Schema().Target.Each[i]
			if want := float64(r.Y()[i])*each.SD + each.Mean; math.Abs(float64(p.Values[i])-want) > 1e-5 {
				t.Errorf("row %d: value %d is %g, want %g", k, i, p.Values[i], want)
			}
			if label == label {
				e := float64(r.Y()[i]) - (label-each.Mean)/each.SD
				dy[i], loss = float32(2*e)*float32(weights[i]/3), loss+weights[i]/3*e*e
			}
		}
		list = append(list, kept{p.ID, slices.Clone(r.Gradient(dy)), loss})
	}
	for _, i := range []int{6, 2, 8, 3} {
		got, err := l.Learn(list[i].id, labelsOf(i)...)
		if err != nil || math.Abs(got.Loss-list[i].loss) > 1e-6 {
			t.Fatalf("row %d: %+v, %v; the loss by hand is %g", i, got, err, list[i].loss)
		}
		if err := r.Apply(list[i].grad); err != nil {
			t.Fatal(err)
		}
		a, b := l.Model().Params(), r.Model().Params()
		for q := range a {
			if math.Abs(float64(a[q]-b[q])) > 1e-6 {
				t.Fatalf("row %d, parameter %d: %g, the kept gradient gives %g", i, q, a[q], b[q])
			}
		}
	}
	nan := math.NaN()
	var bad *online.LabelError
	for _, labels := range [][]float64{nil, {1}, {1, 2, 3, 4}} {
		if err := second(l.Learn(list[1].id, labels...)); err == nil || errors.As(err, &bad) {
			t.Errorf("labels %v: %v", labels, err)
		}
	}
	for _, labels := range [][]float64{{nan, nan, nan}, {1, math.Inf(1), 1}} {
		if err := second(l.Learn(list[1].id, labels...)); !errors.As(err, &bad) {
			t.Errorf("labels %v: %v", labels, err)
		}
	}
}

// Each value has an interval of its own, which holds its labels as often as was asked for; a value that is not known counts for
// nothing.
func TestIntervalsOfSeveralValues(t *testing.T) {
	m := several(t)
	o := learnerOptions(t, m, train.Options{Optimiser: "sgd", Momentum: -1, LearningRate: 0.01})
	o.Interval = &online.IntervalOptions{Coverage: 0.8, Window: 50, Rate: 0.05}
	l := learner(t, m, o)
	given, inside := [3]uint64{}, [3]uint64{}
	for k := range 600 {
		p := predict(t, l, "", k)
		labels := labelsOf(k)
		out, err := l.Learn(p.ID, labels...)
		if err != nil || len(p.Low) != 3 || len(p.High) != 3 || fmt.Sprint(out.Low, out.High) != fmt.Sprint(p.Low, p.High) {
			t.Fatalf("row %d: %v and %v, %v", k, p, out, err)
		}
		for i, label := range labels {
			if label == label && p.Low[i] == p.Low[i] {
				given[i]++
				if label >= p.Low[i] && label <= p.High[i] {
					inside[i]++
				}
			}
		}
	}
	got := l.Coverage()
	for i, c := range got {
		if c.Intervals != given[i] || c.Covered != inside[i] || math.Abs(c.Share()-0.8) > 0.04 {
			t.Errorf("value %d: %+v, counted %d of %d", i, c, inside[i], given[i])
		}
	}
	if len(got) != 3 || !(given[1] < given[0]) || got[0].Width == got[2].Width {
		t.Errorf("coverage %+v of %v", got, given)
	}
}

// A journal keeps all values, and who opens it goes on as the learner that was ended, with what all parts of it remember.
func TestJournalOfSeveralValues(t *testing.T) {
	m, dir := several(t), t.TempDir()
	options := func() online.LearnerOptions {
		o := learnerOptions(t, m, train.Options{LearningRate: 0.02})
		o.Replay, o.AdapterRate, o.Guard = 5, 0.01, &online.GuardOptions{Alpha: 0.5, Block: 2}
		o.Interval, o.Combine = &online.IntervalOptions{}, &online.CombineOptions{}
		o.Watch = []online.Watch{{On: online.OnError, Method: drift.KSWIN{Alpha: 0.05}}}
		o.Protect = &online.ProtectOptions{Anchor: 1e-3, Reservoir: 4}
		return o
	}
	take := func(l *online.Learner, from, to int) {
		for k := from; k < to; k++ {
			p := predict(t, l, "abc"[k%3:][:1], k)
			if _, err := l.Learn(p.ID, labelsOf(k)...); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole := learner(t, m, options())
	take(whole, 0, 60)
	for _, part := range [][2]int{{0, 25}, {25, 60}} {
		j := open(t, dir, m, options())
		take(j.Learner, part[0], part[1])
		if part[0] == 0 { // the second one takes the records again, not the snapshot of a close
			if err := j.Journal().Close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if j.Recovered.Records != 50 || j.Recovered.Corrected != 0 {
			t.Errorf("recovered %+v", j.Recovered)
		}
		if !slices.Equal(j.Model().Params(), whole.Model().Params()) || j.Counts() != whole.Counts() {
			t.Error("the learner that went on has become another one")
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// Any number of the journal is that of the label; a second opening, from the snapshot, learns on alike.
	err := journal.Replay(dir, 3, func(record journal.Record) error {
		r, err := online.ReadRecord(record)
		if r.Type == online.RecordLabel && !slices.Equal(r.Labels, labelsOf(0)) {
			t.Errorf("the labels of the first row are %v", r.Labels)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, m, options())
	take(again.Learner, 60, 70)
	take(whole, 60, 70)
	if !slices.Equal(again.Model().Params(), whole.Model().Params()) {
		t.Error("from its snapshot the learner becomes another one")
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// The stream of a series that was given up serves the next new one, which begins as any other.
func TestSeriesFollowSeries(t *testing.T) {
	m := liquid()
	o := learnerOptions(t, m, adamOptions)
	o.Series = 1
	one, many := learner(t, m, o), learner(t, m, learnerOptions(t, m, adamOptions))
	for k := range 30 {
		name := string(rune('a' + k/7))
		a, b := predict(t, one, name, k), predict(t, many, name, k)
		if !slices.Equal(a.Values, b.Values) {
			t.Fatalf("row %d: %v, with room for all series %v", k, a.Values, b.Values)
		}
		learn(t, one, a.ID, labelOf(k))
		learn(t, many, b.ID, labelOf(k))
		if !slices.Equal(one.Model().Params(), many.Model().Params()) {
			t.Fatalf("row %d: other weights than with room for all series", k)
		}
	}
	if c := one.Counts(); c.Dropped != 4 {
		t.Errorf("counts %+v", c)
	}
}
