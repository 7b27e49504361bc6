package online_test

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/train"
)

// learnerOptions are those of a learner with its own optimiser.
func learnerOptions(t testing.TB, m *model.Model, o train.Options) online.LearnerOptions {
	t.Helper()
	loss, err := train.NewRowLoss(m.Schema().Target, o.Filled())
	if err != nil {
		t.Fatal(err)
	}
	optimiser, err := train.NewOptimiser(m.Program(), o)
	if err != nil {
		t.Fatal(err)
	}
	return online.LearnerOptions{Loss: loss, Optimiser: optimiser}
}

func learner(t testing.TB, m *model.Model, o online.LearnerOptions) *online.Learner {
	t.Helper()
	l, err := online.NewLearner(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// clockOf is the time of row t of the stream of function row.
func clockOf(t int) (time float64) {
	for k := 1; k <= t; k++ {
		_, dt := row(k)
		time += float64(dt)
	}
	return time
}

func predict(t testing.TB, l *online.Learner, name string, k int) online.Prediction {
	t.Helper()
	x, _ := row(k)
	p, err := l.Predict(name, clockOf(k), x)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func learn(t testing.TB, l *online.Learner, id uint64, label float64) online.Outcome {
	t.Helper()
	o, err := l.Learn(id, label)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func labelOf(k int) float64 { return -1 + 2*math.Sin(0.3*float64(k)) }

var adamOptions = train.Options{Optimiser: "adam", LearningRate: 0.003}

// Labels that come at once are learned as RTRL learns them, to the bit; a prediction is that of a stream, and changes nothing.
func TestLearnerAtOnce(t *testing.T) {
	m := liquid()
	l, r := learner(t, m, learnerOptions(t, m, adamOptions)), start(t, m, options(m, adamOptions))
	for k := range 40 {
		x, _ := row(k)
		dt := float32(m.Schema().Clock.FirstDT)
		if k > 0 {
			dt = float32(clockOf(k) - clockOf(k-1))
		}
		want, err := r.Step(x, dt)
		if err != nil {
			t.Fatal(err)
		}
		before := l.Model().Params()
		p := predict(t, l, "a", k)
		if !slices.Equal(p.Values, want) {
			t.Fatalf("row %d: prediction %v, want %v", k, p.Values, want)
		}
		if !slices.Equal(before, l.Model().Params()) {
			t.Fatalf("row %d: predicting has changed weights", k)
		}
		loss, err := r.Learn(labelOf(k))
		if err != nil {
			t.Fatal(err)
		}
		if o := learn(t, l, p.ID, labelOf(k)); o.Loss != loss || o.Learning != loss || !o.Learned || o.Series != "a" || o.Time != clockOf(k) {
			t.Fatalf("row %d: %+v; the loss of RTRL is %g", k, o, loss)
		}
		if !slices.Equal(l.Model().Params(), r.Model().Params()) {
			t.Fatalf("row %d: other weights than those of RTRL", k)
		}
	}
	if c := l.Counts(); c.Rows != 40 || c.Labels != 40 || c.Updates != 40 {
		t.Errorf("counts are %+v", c)
	}
}

// A late label applies the gradient of its row's own moment to the weights of the day it comes.
func TestLearnerLate(t *testing.T) {
	m := liquid()
	o := train.Options{Optimiser: "sgd", Momentum: -1, LearningRate: 0.01, Clip: -1}
	l, r := learner(t, m, learnerOptions(t, m, o)), start(t, m, options(m, o))
	loss := learnerOptions(t, m, o).Loss
	type kept struct {
		id   uint64
		grad []float32
	}
	var list []kept
	for k := range 12 {
		x, _ := row(k)
		dt := float32(m.Schema().Clock.FirstDT)
		if k > 0 {
			dt = float32(clockOf(k) - clockOf(k-1))
		}
		if _, err := r.Step(x, dt); err != nil {
			t.Fatal(err)
		}
		dy := []float32{0}
		loss(r.Y(), []float64{labelOf(k)}, dy)
		list = append(list, kept{predict(t, l, "", k).ID, slices.Clone(r.Gradient(dy))})
	}
	for _, i := range []int{7, 0, 11, 3, 4} { // out of order; the others never come
		learn(t, l, list[i].id, labelOf(i))
		if err := r.Apply(list[i].grad); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(l.Model().Params(), r.Model().Params()) {
			t.Fatalf("label of row %d: other weights than the kept gradient gives", i)
		}
	}
	if _, err := l.LearnAt("", clockOf(5), labelOf(5)); err != nil {
		t.Error(err)
	}
	for _, err := range []error{
		second(l.Learn(list[7].id, 1)), second(l.Learn(99, 1)), second(l.LearnAt("", clockOf(5), 1)), second(l.LearnAt("b", 0, 1)),
	} {
		var unknown *online.UnknownError
		if !errors.As(err, &unknown) {
			t.Errorf("error %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Two series share what is learned and nothing else.
func TestLearnerSeries(t *testing.T) {
	m := liquid()
	l := learner(t, m, learnerOptions(t, m, adamOptions))
	alone := learner(t, m, learnerOptions(t, m, adamOptions))
	for k := range 10 {
		a := predict(t, l, "a", k)
		want := predict(t, alone, "a", k)
		if !slices.Equal(a.Values, want.Values) {
			t.Fatalf("row %d: another series has an influence without a label", k)
		}
		predict(t, l, "b", 2*k)
	}
	if _, err := l.LearnAt("b", clockOf(6), 1); err != nil {
		t.Fatal(err)
	}
	if a, b := predict(t, l, "a", 10), predict(t, alone, "a", 10); slices.Equal(a.Values, b.Values) {
		t.Error("a label of series b has not reached series a")
	}
}

// Waiting ends after Live, or where there are too many, with an event; memory stays within what Memory says.
func TestLearnerExpires(t *testing.T) {
	m := liquid()
	o := learnerOptions(t, m, adamOptions)
	var events []online.Event
	o.Live, o.Pending, o.Series, o.Log = 3, 5, 2, func(e online.Event) { events = append(events, e) }
	l := learner(t, m, o)
	first := predict(t, l, "a", 0)
	for k := 1; k < 30; k++ {
		predict(t, l, "a", k)
		if now := l.Memory(); now.Now > now.Most {
			t.Fatalf("row %d: %d bytes, at most %d", k, now.Now, now.Most)
		}
	}
	if err := second(l.Learn(first.ID, 1)); err == nil || err.Error() != "online: prediction 1 waits for no label; it has one, or has expired" {
		t.Errorf("error %v", err)
	}
	counts := map[string]int{}
	for _, e := range events {
		if e.Kind != online.Expired || !(e.Value > e.Threshold) {
			t.Errorf("event %v", e)
		}
		counts[e.On]++
	}
	waits := 0
	for k := range 30 {
		if clockOf(29)-clockOf(k) <= 3 {
			waits++
		}
	}
	if got := int(l.Counts().Expired); got != 30-min(waits, 5) || counts["time"]+counts["count"] != got || counts["count"] == 0 {
		t.Errorf("%d expired, %v; %d rows lie within the time to live", got, counts, waits)
	}
	predict(t, l, "b", 0)
	predict(t, l, "c", 0)
	if e := events[len(events)-1]; e.Kind != online.Dropped || e.Series != "a" || l.Counts().Dropped != 1 {
		t.Errorf("event %v for a third series of two", e)
	}
	if err := second(l.LearnAt("a", clockOf(29), 1)); err == nil {
		t.Error("a label of a series that was dropped is taken")
	}
}

// Beyond PendingBytes the gradient is computed anew over the last rows, at the weights of today: as good as exact where all
// rows lie within, and truncated where not.
func TestLearnerReplays(t *testing.T) {
	m := liquid()
	o := train.Options{Optimiser: "sgd", Momentum: -1, LearningRate: 0.01, Clip: -1}
	exact, within, short := learnerOptions(t, m, o), learnerOptions(t, m, o), learnerOptions(t, m, o)
	within.PendingBytes, within.Replay = 1, 20
	short.PendingBytes, short.Replay = 1, 2
	var moved [3][]float32
	for i, o := range []online.LearnerOptions{exact, within, short} {
		l := learner(t, m, o)
		var id uint64
		for k := range 12 {
			if p := predict(t, l, "", k); k == 9 {
				id = p.ID
			}
		}
		if learn(t, l, id, labelOf(9)); l.Counts().Replayed != uint64(min(i, 1)) {
			t.Errorf("case %d: %+v", i, l.Counts())
		}
		for q, v := range l.Model().Params() {
			moved[i] = append(moved[i], v-m.Params()[q])
		}
	}
	if c := cosine(moved[0], moved[1]); !(c > 0.999999) {
		t.Errorf("over all rows: cosine %g to the kept gradient", c)
	}
	if c := cosine(moved[0], moved[2]); !(c > 0.3 && c < 0.9999) {
		t.Errorf("over two rows: cosine %g", c)
	}
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab, aa, bb = ab+float64(a[i])*float64(b[i]), aa+float64(a[i])*float64(a[i]), bb+float64(b[i])*float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

// bomb is an optimiser that makes weights infinite at its third step.
type bomb struct {
	online.Optimiser
	steps, resets int
}

func (b *bomb) Update(theta, grad []float32) error {
	if b.steps++; b.steps == 3 {
		theta[2] = float32(math.Inf(1))
		return nil
	}
	return b.Optimiser.Update(theta, grad)
}

func (b *bomb) Reset() { b.resets++; b.Optimiser.Reset() }

// What would make weights or gradients infinite is refused, counted and told, and changes no weight.
func TestLearnerRefuses(t *testing.T) {
	m := liquid()
	o := learnerOptions(t, m, adamOptions)
	b := &bomb{Optimiser: o.Optimiser}
	inner := o.Loss
	var events []online.Event
	o.Optimiser, o.Log = b, func(e online.Event) { events = append(events, e) }
	o.Loss = func(y []float32, labels []float64, dy []float32) float64 {
		loss := inner(y, labels, dy)
		if labels[0] == 77 {
			dy[0] = float32(math.NaN())
		}
		return loss
	}
	l := learner(t, m, o)
	for k, c := range []struct {
		label   float64
		refused string
	}{{1, ""}, {77, "gradient"}, {1, ""}, {1, "weights"}, {1, ""}} {
		before := l.Model().Params()
		got := learn(t, l, predict(t, l, "", k).ID, c.label)
		if got.Refused != c.refused || got.Learned != (c.refused == "") || slices.Equal(before, l.Model().Params()) != (c.refused != "") {
			t.Errorf("label %d: %+v, want %q", k, got, c.refused)
		}
	}
	if l.Counts().Refused != 2 || b.resets != 1 || len(events) != 2 || events[1].On != "weights" {
		t.Errorf("counts %+v, %d resets, events %v", l.Counts(), b.resets, events)
	}
	for _, label := range []float64{math.NaN(), math.Inf(1)} {
		var bad *online.LabelError
		if err := second(l.Learn(predict(t, l, "", 6).ID, label)); !errors.As(err, &bad) {
			t.Errorf("label %g: %v", label, err)
		}
	}
}

// An adapter belongs to one series: the label of another moves the shared weights alone.
func TestLearnerAdapters(t *testing.T) {
	m := liquid()
	o := learnerOptions(t, m, train.Options{Optimiser: "sgd", Momentum: -1, LearningRate: 1e-9, Clip: -1})
	o.AdapterRate = 0.05
	l := learner(t, m, o)
	var a, b float64
	for k := range 300 {
		pa, pb := predict(t, l, "high", k), predict(t, l, "low", k)
		a, b = float64(pa.Values[0]), float64(pb.Values[0])
		learn(t, l, pa.ID, 5)
		learn(t, l, pb.ID, -6)
	}
	if math.Abs(a-5) > 0.3 || math.Abs(b+6) > 0.3 {
		t.Errorf("predictions are %g and %g, labels 5 and -6", a, b)
	}
	for i, v := range l.Model().Params() {
		if math.Abs(float64(v-m.Params()[i])) > 1e-5 {
			t.Fatalf("shared weight %d has moved from %g to %g", i, m.Params()[i], v)
		}
	}
}

// Bad options and rows are errors that change nothing.
func TestLearnerErrors(t *testing.T) {
	m := liquid()
	for _, change := range []func(o *online.LearnerOptions){
		func(o *online.LearnerOptions) { o.Loss = nil }, func(o *online.LearnerOptions) { o.Live = -1 },
		func(o *online.LearnerOptions) { o.Guard = &online.GuardOptions{Alpha: 1.5} },
		func(o *online.LearnerOptions) { o.Watch = []online.Watch{{On: "nothing"}} },
		func(o *online.LearnerOptions) { o.Interval = &online.IntervalOptions{Coverage: 0.99, Window: 50} },
		func(o *online.LearnerOptions) { o.Protect = &online.ProtectOptions{Decay: 2} },
		func(o *online.LearnerOptions) { o.Memory = 10 },
	} {
		o := learnerOptions(t, m, adamOptions)
		change(&o)
		if _, err := online.NewLearner(m, o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	l := learner(t, m, learnerOptions(t, m, adamOptions))
	predict(t, l, "", 3)
	x, _ := row(1)
	var order *online.OrderError
	if _, err := l.Predict("", 0, x); !errors.As(err, &order) {
		t.Errorf("error %v", err)
	}
	var input *model.InputError
	if _, err := l.Predict("", 9, []float32{float32(math.NaN()), 0, 0}); !errors.As(err, &input) {
		t.Errorf("error %v", err)
	}
	if l.Counts().Rows != 1 {
		t.Errorf("counts %+v", l.Counts())
	}
}

// detonator makes, at its third step, weights that are finite and a state that is not.
type detonator struct {
	*bomb
	m *model.Model
}

func (d detonator) Update(theta, grad []float32) error {
	if d.steps++; d.steps == 3 {
		explode(d.m, theta)
		return nil
	}
	return d.Optimiser.Update(theta, grad)
}

// Weights with which a state becomes infinite are taken back by the first row that finds it, and the optimiser's memory with
// them: what follows is as if that label had never come.
func TestLearnerTakesBack(t *testing.T) {
	m := liquid()
	o := learnerOptions(t, m, adamOptions)
	o.Optimiser = detonator{&bomb{Optimiser: o.Optimiser}, m}
	var events []online.Event
	o.Log = func(e online.Event) { events = append(events, e) }
	dir := filepath.Join(t.TempDir(), "j")
	l, twin := open(t, dir, m, o), learner(t, m, learnerOptions(t, m, adamOptions))
	for k := range 8 {
		p, q := predict(t, l.Learner, "", k), predict(t, twin, "", k)
		if k > 2 && !slices.Equal(p.Values, q.Values) {
			t.Fatalf("row %d: %v, without the third label %v", k, p.Values, q.Values)
		}
		learn(t, l.Learner, p.ID, labelOf(k))
		if k != 2 {
			learn(t, twin, q.ID, labelOf(k))
		}
	}
	if !slices.Equal(l.Model().Params(), twin.Model().Params()) || l.Counts().Refused != 1 || len(events) != 1 || events[0].On != "weights" {
		t.Errorf("counts %+v, events %v", l.Counts(), events)
	}
	r, err := online.Rebuild(dir, l.Journal().Last())
	if err != nil || !slices.Equal(r.Learning.Params(), l.Model().Params()) {
		t.Errorf("rebuilt: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
