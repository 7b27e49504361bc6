package online_test

import (
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/drift"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/train"
)

var plainSGD = train.Options{Optimiser: "sgd", Momentum: -1, LearningRate: 0.02, Clip: -1}

// What anchors and elastic weights add to a step is what their equations say.
func TestPenaltiesByHand(t *testing.T) {
	m := liquid()
	const rate, strength, decay = 0.02, 7, 0.5
	run := func(p *online.ProtectOptions) (weights [][]float32) {
		o := learnerOptions(t, m, plainSGD)
		o.Protect = p
		l := learner(t, m, o)
		weights = append(weights, l.Model().Params())
		for k := range 6 {
			if k == 2 || k == 5 {
				if err := l.Consolidate(); err != nil {
					t.Fatal(err)
				}
			}
			learn(t, l, predict(t, l, "", k).ID, labelOf(k))
			weights = append(weights, l.Model().Params())
		}
		return weights
	}
	gradient := func(w [][]float32, k, i int) float64 { return float64(w[k][i]-w[k+1][i]) / rate }
	bare := run(nil)
	// pulled compares what a step was pulled by, beside the gradient, with what it should have been.
	pulled := func(name string, w [][]float32, k int, want func(i int) float64) {
		var off, size float64
		for i := range w[k] {
			d := gradient(w, k, i) - gradient(bare, k, i) - want(i)
			off, size = off+d*d, size+want(i)*want(i)
		}
		if !(size > 0 && off < 1e-4*size) {
			t.Errorf("%s: the pull is off by %g of %g", name, math.Sqrt(off), math.Sqrt(size))
		}
	}
	anchored := run(&online.ProtectOptions{Anchor: strength})
	if !slices.Equal(bare[1], anchored[1]) {
		t.Error("the anchor pulls at where it is")
	}
	// At the second step both are at the same weights, but for the pull.
	pulled("anchor", anchored, 1, func(i int) float64 { return strength * float64(anchored[1][i]-anchored[0][i]) })
	elastic := run(&online.ProtectOptions{Elastic: 1000 * strength, Decay: decay})
	if !slices.Equal(bare[3], elastic[3]) { // the first step after Consolidate is at θ* itself
		t.Error("pulled before there is anything to keep")
	}
	pulled("elastic", elastic, 3, func(i int) float64 {
		fisher := (math.Pow(gradient(bare, 0, i), 2) + math.Pow(gradient(bare, 1, i), 2)) / 2
		return 1000 * strength * fisher * float64(elastic[3][i]-elastic[2][i])
	})
}

// taskLoss is the mean squared error of a model on held-out rows of a task; the tasks contradict each other.
func taskLoss(t testing.TB, m *model.Model, task int) (sum float64) {
	t.Helper()
	s := m.Stream()
	for k := range 120 {
		x, dt := taskRow(task, 10_000+k)
		y, err := s.Step(x, dt)
		if err != nil {
			t.Fatal(err)
		}
		e := float64(y[0]) - taskLabel(task, x)
		sum += e * e / 120
	}
	return sum
}

// taskRow has another level of its third input in each task, so that one network could hold both.
func taskRow(task, k int) (x []float32, dt float32) {
	x, dt = row(k)
	x[2] = float32(4*task - 2)
	return x, dt
}

func taskLabel(task int, x []float32) float64 {
	return -1 + float64(1-2*task)*1.5*(float64(x[0])-2)/3
}

// Each way to protect keeps more of the first task than none does, and still learns the second.
func TestForgettingIsLess(t *testing.T) {
	m := liquid()
	const rows = 1500
	run := func(p *online.ProtectOptions) (got online.Transfer) {
		o := learnerOptions(t, m, train.Options{LearningRate: 0.01})
		o.Protect, o.Replay = p, 6
		l := learner(t, m, o)
		time, k := 0.0, 0
		var score [][]float64
		for task := range 2 {
			for range rows {
				x, dt := taskRow(task, k)
				time += float64(dt)
				k++
				q, err := l.Predict("", time, x)
				if err != nil {
					t.Fatal(err)
				}
				learn(t, l, q.ID, taskLabel(task, x))
			}
			if err := l.Consolidate(); err != nil {
				t.Fatal(err)
			}
			score = append(score, []float64{-taskLoss(t, l.Model(), 0), -taskLoss(t, l.Model(), 1)})
		}
		got, err := online.NewTransfer(score, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v: %.3f, average %.3f, forgetting %.3f", p, score, got.Average, got.Forgetting)
		return got
	}
	bare := run(nil)
	for name, p := range map[string]*online.ProtectOptions{
		"reservoir": {Reservoir: 100, Seed: 1}, "elastic": {Elastic: 30},
	} {
		if got := run(p); !(got.Forgetting < 0.6*bare.Forgetting && got.Average > bare.Average) {
			t.Errorf("%s: %+v; without protection %+v", name, got, bare)
		}
	}
}

// A change of the labels is found by the error, one of an input by that input, with value and threshold.
func TestDriftIsTold(t *testing.T) {
	m := liquid()
	for _, c := range []struct {
		on    string
		watch online.Watch
		bend  func(k int, x []float32, label float64) ([]float32, float64)
	}{
		{online.OnError, online.Watch{On: online.OnError}, func(_ int, x []float32, label float64) ([]float32, float64) { return x, label + 6 }},
		{"x2", online.Watch{On: online.OnInputs, Method: drift.KSWIN{Alpha: 1e-4}}, func(_ int, x []float32, label float64) ([]float32, float64) {
			return []float32{x[0], x[1], x[2] + 4}, label
		}},
		{online.OnState, online.Watch{On: online.OnState}, func(_ int, x []float32, label float64) ([]float32, float64) {
			return []float32{x[0] + 40, x[1], x[2] + 20}, label
		}},
	} {
		o := learnerOptions(t, m, plainSGD)
		o.Optimiser = still{o.Optimiser}
		o.Watch = []online.Watch{c.watch}
		var events []online.Event
		o.Log = func(e online.Event) { events = append(events, e) }
		l := learner(t, m, o)
		const rows, change = 900, 500
		for k := range rows {
			x, _ := row(k)
			label := labelOf(k)
			if k >= change {
				x, label = c.bend(k, x, label)
			}
			p, err := l.Predict("s", 0.5*float64(k), x)
			if err != nil {
				t.Fatal(err)
			}
			learn(t, l, p.ID, label)
		}
		i := slices.IndexFunc(events, func(e online.Event) bool { return e.Time >= 0.5*change })
		if i != 0 || events[0].On != c.on || events[0].Series != "s" || !(events[0].Value > events[0].Threshold) || events[0].Time > 0.5*(change+200) {
			t.Errorf("%s: events %v", c.on, events)
		}
	}
}

// still is an optimiser that does nothing, so that nothing changes but what the test changes.
type still struct{ online.Optimiser }

func (still) Update(_, _ []float32) error { return nil }

// A guard lets the learning copy serve once it is better, and sets one back that a bad optimiser ruins.
func TestGuardServes(t *testing.T) {
	m := liquid()
	for _, bad := range []bool{false, true} {
		o := learnerOptions(t, m, train.Options{LearningRate: 0.003})
		if bad {
			o.Optimiser = ruinous{o.Optimiser}
		}
		o.Guard = &online.GuardOptions{Alpha: 0.05, Block: 4}
		l, s := learner(t, m, o), m.Stream()
		served := 0
		for k := range 600 {
			x, _ := row(k)
			dt := float32(m.Schema().Clock.FirstDT)
			if k > 0 {
				dt = float32((clockOf(k) - clockOf(k-1)) / m.Schema().Clock.Unit)
			}
			want, _ := s.Step(x, dt)
			p := predict(t, l, "", k)
			if l.Counts().Promoted == 0 && !slices.Equal(p.Values, want) {
				t.Fatalf("row %d: another prediction than that of the released model, before any promotion", k)
			}
			if l.Counts().Promoted > 0 {
				served++
			}
			learn(t, l, p.ID, taskLabel(0, x))
			if l.Counts().Promoted == 0 && !slices.Equal(l.Model().Params(), m.Params()) {
				t.Fatalf("row %d: the model that serves has changed", k)
			}
		}
		if c := l.Counts(); bad && (c.Promoted > 0 || c.Rollbacks == 0) || !bad && (c.Promoted == 0 || served < 100) {
			t.Errorf("ruined %v: %+v", bad, c)
		}
	}
}

// ruinous goes up where it should go down.
type ruinous struct{ online.Optimiser }

func (r ruinous) Update(theta, grad []float32) error {
	for i := range grad {
		grad[i] = -grad[i]
	}
	return r.Optimiser.Update(theta, grad)
}
