package online_test

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// adapters are the names of all kinds.
func adapters() (names []string) {
	for _, k := range model.PersonalKinds() {
		names = append(names, k.Name)
	}
	return names
}

// hardly are options under which shared weights barely move.
var hardly = train.Options{Optimiser: "sgd", Momentum: -1, LearningRate: 1e-9, Clip: -1}

// plane is a network of n units that are all read.
func plane(n int) *model.Model {
	schema := series.Plain(3)
	schema.Inputs[1].Missing = true
	schema.Target.Mean, schema.Target.SD = -1, 2
	m, err := model.New(schema, model.Recurrent(cell.GRU{Units: n}))
	if err != nil {
		panic(err)
	}
	return m.Initial(4)
}

// A difference that one series has is learned by that series, and the others and the shared weights stay as they were.
func TestAdapterOfOneSeries(t *testing.T) {
	m := plane(6)
	for _, kind := range adapters() {
		o := learnerOptions(t, m, hardly)
		o.Adapter, o.AdapterRate = kind, 0.05
		l, frozen := learner(t, m, o), learner(t, m, learnerOptions(t, m, hardly))
		first, last := 0.0, 0.0
		for k := range 1500 {
			own, other := predict(t, l, "own", k), predict(t, l, "other", k)
			f := predict(t, frozen, "", k)
			if !near32(other.Values, f.Values) {
				t.Fatalf("%s, row %d: another series is given %v, the released model gives %v", kind, k, other.Values, f.Values)
			}
			want := planted(kind, m, float64(f.Values[0]))
			miss := math.Pow(float64(own.Values[0])-want, 2)
			if k < 100 {
				first += miss
			} else if k >= 1400 {
				last += miss
			}
			learn(t, l, own.ID, want)
		}
		if !(last < 0.05*first) {
			t.Errorf("%s: squared error %g at first, %g at last", kind, first, last)
		}
		if !near32(l.Model().Params(), m.Params()) {
			t.Errorf("%s: shared weights have moved", kind)
		}
		folded, err := l.ModelOf("own")
		if err != nil {
			t.Fatal(err)
		}
		alone := learner(t, folded, learnerOptions(t, folded, hardly))
		var got, want []float32
		for k := range 1501 { // the last one is new to both
			got = predict(t, alone, "", k).Values
		}
		if want = predict(t, l, "own", 1500).Values; !near32(got, want) {
			t.Errorf("%s: the series is given %v, its own model gives %v", kind, want, got)
		}
		if _, err := l.ModelOf("nobody"); err == nil {
			t.Error("a series that never came has a model")
		}
	}
}

// planted is what a series is that differs from the others: the forecast of the shared model on twice its scale, about 3 higher
// where the kind has a bias.
func planted(kind string, m *model.Model, forecast float64) float64 {
	bias := float64(m.Params()[len(m.Params())-1])
	of := m.Schema().Target
	y := (forecast - of.Mean) / of.SD
	if kind == "gains" {
		return (2*(y-bias)+bias)*of.SD + of.Mean
	}
	return (2*y+1.5)*of.SD + of.Mean
}

func near32(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Abs(float64(x-y)) < 1e-4 })
}

// The gradients of what is personal, and of the shared weights through it, are those of differences.
func TestAdapterGradient(t *testing.T) {
	m := several(t)
	for _, kind := range adapters() {
		p, err := m.Personal(kind)
		if err != nil {
			t.Fatal(err)
		}
		theta := p.Model.Params()
		for i := range theta {
			theta[i] += 0.1 * float32(math.Sin(float64(3*i)))
		}
		after := func(theta []float32) *online.RTRL {
			r := start(t, p.Model.With(theta), online.Options{})
			for k := range 5 {
				x, dt := row(k)
				if _, err := r.Step(x, dt); err != nil {
					t.Fatal(err)
				}
			}
			return r
		}
		dy := []float32{1, -0.5, 0.25}
		got := slices.Clone(after(theta).Gradient(dy))
		loss := func(theta []float32) (sum float64) {
			for i, y := range after(theta).Y() {
				sum += float64(dy[i]) * float64(y)
			}
			return sum
		}
		for i := range theta {
			up, down := slices.Clone(theta), slices.Clone(theta)
			up[i], down[i] = up[i]+5e-3, down[i]-5e-3
			want := (loss(up) - loss(down)) / (float64(up[i]) - float64(down[i]))
			if math.Abs(float64(got[i])-want) > 2e-3*math.Max(1, math.Abs(want)) {
				t.Errorf("%s, parameter %d: %g, by differences %g", kind, i, got[i], want)
			}
		}
	}
}

// A learner with any adapter goes on from records and from its snapshot as if nothing had been, guard and all, and so does one
// that combines.
func TestOpenWithEveryAdapter(t *testing.T) {
	m := plane(4)
	for _, kind := range append(adapters(), "combined") {
		options := func() online.LearnerOptions {
			o := everything(t, m)
			if o.Adapter = kind; kind == "combined" {
				o.Adapter, o.AdapterRate, o.Combine = "", 0, &online.CombineOptions{Ridge: 1}
			}
			return o
		}
		dir := filepath.Join(t.TempDir(), "j")
		l, plain := open(t, dir, m, options()), learner(t, m, options())
		ids, own := map[int]uint64{}, map[int]uint64{}
		together(t, l.Learner, plain, ids, own, 0, 210)
		if c := l.Counts(); c.Promoted == 0 || c.Rollbacks == 0 || c.Replayed == 0 {
			t.Errorf("%s: not all has happened: %+v", kind, c)
		}
		if err := l.Journal().Close(); err != nil { // so that all records are taken again
			t.Fatal(err)
		}
		l = open(t, dir, m, options())
		if l.Recovered.Corrected != 0 || l.Recovered.Records < 300 {
			t.Errorf("%s: recovered %+v", kind, l.Recovered)
		}
		together(t, l.Learner, plain, ids, own, 210, 260)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, dir, m, options())
		if l.Recovered.Records != 0 {
			t.Errorf("%s: recovered %+v", kind, l.Recovered)
		}
		together(t, l.Learner, plain, ids, own, 260, 320)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What a model cannot have is refused with the reason, and a series with something of its own takes the memory that is told.
func TestAdapterRefusals(t *testing.T) {
	m := plane(4)
	direct, err := model.Architecture{Layers: []model.Layer{model.Recurrent(cell.GRU{Units: 1})}, Readout: model.Direct}.Model(series.Plain(3))
	if err != nil {
		t.Fatal(err)
	}
	average, err := model.Average(m, m.Initial(9))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		m    *model.Model
		kind string
		want string
	}{
		{m, "outputs", ""}, {m, "readouts", "allowed: outputs, readout, gains"},
		{direct, "outputs", ""}, {direct, "readout", "takes its last layer as it is"}, {direct, "gains", "takes its last layer as it is"},
		{average, "outputs", ""}, {average, "readout", "is an average"}, {average, "gains", "is an average"},
	} {
		o := learnerOptions(t, c.m, hardly)
		o.Adapter, o.AdapterRate = c.kind, 0.1
		l, err := online.NewLearner(c.m, o)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.kind, err, c.want)
		}
		if err == nil {
			predict(t, l, "", 0)
		}
	}
	o := learnerOptions(t, m, hardly)
	o.Adapter = "gains"
	if _, err := online.NewLearner(m, o); err == nil || !strings.Contains(err.Error(), "AdapterRate") {
		t.Errorf("an adapter without a rate: %v", err)
	}
	p, err := m.Personal("gains")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Model.Write(&strings.Builder{}); err == nil {
		t.Error("a model with a personal part is written")
	}
	plain := learner(t, m, withAdapter(o, "", 0)).Memory()
	for kind, n := range map[string]int{"outputs": 2, "readout": 5, "gains": 4} {
		if more := learner(t, m, withAdapter(o, kind, 0.1)).Memory().Series - plain.Series; more < 2*4*n {
			t.Errorf("%s: a series takes %d bytes more, its two copies of %d numbers alone take %d", kind, more, n, 2*4*n)
		}
	}
}

func withAdapter(o online.LearnerOptions, kind string, rate float64) online.LearnerOptions {
	o.Adapter, o.AdapterRate = kind, rate
	return o
}

// The combination by hand: RLS of the label on the forecast and the last value, for each series its own.
func TestCombination(t *testing.T) {
	for _, asInput := range []bool{false, true} {
		m := plane(4)
		schema := m.Schema()
		if asInput {
			schema.Target.AsInput, schema.Target.Name, schema.Target.Horizon, schema.Target.HorizonRows = true, "now", 1, true
			schema.Inputs[1].Name = "now"
			var err error
			if m, err = model.New(schema, model.Recurrent(cell.GRU{Units: 4})); err != nil {
				t.Fatal(err)
			}
		}
		o := learnerOptions(t, m, hardly)
		plain := learner(t, m, o)
		o = learnerOptions(t, m, hardly)
		o.Combine, o.Interval = &online.CombineOptions{Ridge: 2, Forget: 0.99}, &online.IntervalOptions{}
		l := learner(t, m, o)
		fit, err := online.NewRLS(3, 1, [][]float64{{0, 1, 0}}, online.RLSOptions{Ridge: 2, Forget: 0.99})
		if err != nil {
			t.Fatal(err)
		}
		of, last := schema.Target, math.NaN()
		for k := range 80 {
			p, q := predict(t, l, "a", k), predict(t, plain, "", k)
			if b := predict(t, l, "b", k); !near32(b.Values, q.Values) {
				t.Fatalf("row %d: a series without labels is given %v, the forecast is %v", k, b.Values, q.Values)
			}
			x, _ := row(k)
			if asInput {
				last = float64(x[1])
			}
			z, y := []float64{1, (float64(q.Values[0]) - of.Mean) / of.SD, (last - of.Mean) / of.SD}, []float64{0}
			if last != last {
				z[2] = 0
			}
			fit.Predict(z, y)
			want := y[0]*of.SD + of.Mean
			if math.Abs(float64(p.Values[0])-want) > 1e-4*math.Max(1, math.Abs(want)) {
				t.Fatalf("row %d: %g, by hand %g", k, p.Values[0], want)
			}
			if low, high := p.Low[0], p.High[0]; low == low && math.Abs((low+high)/2-want) > 1e-3 {
				t.Fatalf("row %d: the interval %g to %g is not about %g", k, low, high, want)
			}
			label := labelOf(k)
			got := learn(t, l, p.ID, label)
			if e := (label - want) / of.SD; math.Abs(got.Loss-e*e) > 1e-3*math.Max(1, e*e) {
				t.Fatalf("row %d: loss %g, by hand %g", k, got.Loss, e*e)
			}
			if err := fit.Learn(z, []float64{(label - of.Mean) / of.SD}); err != nil {
				t.Fatal(err)
			}
			last = label
		}
	}
}

// A value that is not known is not learned, and what cannot be combined is refused.
func TestCombinationOfValues(t *testing.T) {
	m := several(t)
	o := learnerOptions(t, m, hardly)
	o.Combine = &online.CombineOptions{}
	l := learner(t, m, o)
	for k := range 12 {
		p := predict(t, l, "", k)
		if _, err := l.Learn(p.ID, labelsOf(k)...); err != nil || fmt.Sprint(p.Values) == "[NaN NaN NaN]" {
			t.Fatal(p, err)
		}
	}
	if l.Counts().Refused != 0 {
		t.Errorf("counts %+v", l.Counts())
	}
	for _, bad := range []online.CombineOptions{{Ridge: -1}, {Forget: 2}} {
		o.Combine = &bad
		if _, err := online.NewLearner(m, o); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	schema := series.Plain(3)
	schema.Target.Gaussian = true
	g, err := model.New(schema, model.Recurrent(cell.GRU{Units: 4}))
	if err != nil {
		t.Fatal(err)
	}
	o = learnerOptions(t, g, hardly)
	o.Combine = &online.CombineOptions{}
	if _, err := online.NewLearner(g, o); err == nil {
		t.Error("mean and sd are combined with a last value")
	}
}
