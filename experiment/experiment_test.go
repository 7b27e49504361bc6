package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// right is the accuracy of a model on series, counted row by row.
func right(t *testing.T, m *model.Model, list []series.Series, threshold float64) float64 {
	t.Helper()
	good, rows := 0.0, 0.0
	for i := range list {
		stream := m.Stream()
		for row, dt := range list[i].DT {
			p, err := stream.Step(list[i].At(row), dt)
			if err != nil {
				t.Fatal(err)
			}
			y := list[i].Y[row]
			if y != y {
				continue
			}
			rows++
			if (float64(p[1]) > threshold) == (y == 1) {
				good++
			}
		}
	}
	return good / rows
}

func TestOutcome(t *testing.T) {
	s := spec("two classes")
	out := executed(t, s, Hooks{})
	if out.Metric.Name != "accuracy" || out.Subject.Name != "ltc" || out.Subject.Summary != "four neurons" || !out.Subject.Subject || len(out.Subject.Runs) != 2 {
		t.Fatalf("the subject is %+v", out.Subject)
	}
	best, lowest := -1, math.Inf(1)
	for i, r := range out.Subject.Runs {
		if r.Seed != 3+uint64(i) || r.Model.Info().Seed != r.Seed || r.Model.Info().Name != "ltc" || r.Model.Info().Data != "0123" || r.Model.Info().Kernels != engine.KernelPath() {
			t.Errorf("run %d has seed %d, and its model says %+v", i, r.Seed, r.Model.Info())
		}
		if r.ValidLoss < lowest {
			best, lowest = i, r.ValidLoss
		}
		if got := r.Train.Epochs[r.Train.Best-1].Valid; got != r.ValidLoss {
			t.Errorf("run %d: the loss of its best epoch is %v, the run says %v", i, got, r.ValidLoss)
		}
		threshold := r.Model.Schema().Target.Threshold
		for part, list := range map[string][]series.Series{"test": s.Split.Test, "validation": s.Split.Valid} {
			scores := r.Scores
			if part == "validation" {
				scores = r.Valid
			}
			if got, _ := scores.Get("accuracy"); math.Abs(got-right(t, r.Model, list, threshold)) > 1e-12 {
				t.Errorf("run %d: accuracy on the %s part is %v, counted %v", i, part, got, right(t, r.Model, list, threshold))
			}
		}
		for other := 0.01; other < 1; other += 0.01 {
			if a, b := right(t, r.Model, s.Split.Valid, other), right(t, r.Model, s.Split.Valid, threshold); a > b {
				t.Errorf("run %d: threshold %.2f is right in %v of the validation rows, the chosen %v in %v", i, other, a, threshold, b)
			}
		}
	}
	if out.Best != best {
		t.Errorf("run %d is said to be best, %d has the lowest validation loss", out.Best, best)
	}
	m := out.Subject.Runs[best].Model
	if got, want := m.Info().Metrics["accuracy"], out.Subject.Values("accuracy")[best]; got != want || m.Info().Settings["a"] != "b" {
		t.Errorf("the model says accuracy %v, want %v", got, want)
	}
	if out.Subject.Parameters != m.Parameters() || out.Subject.Synapses != m.Synapses() || out.Subject.FLOPs != m.Program().FLOPs() {
		t.Errorf("the subject's size is %+v", out.Subject)
	}
	if got := out.Subject.Evaluator.Score(out.Metric); got != out.Subject.Values("accuracy")[best] {
		t.Errorf("the evaluator holds predictions of accuracy %v, the best run has %v", got, out.Subject.Values("accuracy")[best])
	}
	if !slices.Contains(out.Warnings, "made by hand") {
		t.Errorf("warnings of the split are lost: %q", out.Warnings)
	}
}

func TestBaselines(t *testing.T) {
	out := executed(t, spec("two classes"), Hooks{})
	names := map[string]Entry{}
	for _, e := range out.Baselines {
		if e.Subject || names[e.Name].Name != "" {
			t.Errorf("%s is the subject, or there twice", e.Name)
		}
		names[e.Name] = e
	}
	for _, name := range []string{"majority", "last-value", "rule", "logistic", "logistic-window"} {
		e, ok := names[name]
		if !ok || len(e.Runs) != 1 || e.Learnt == "" || e.Evaluator == nil || len(e.Runs[0].Scores) == 0 {
			t.Errorf("baseline %s is %+v", name, e)
		}
	}
	rivals := 0
	for name, e := range names {
		if !strings.HasPrefix(name, "gru-") && !strings.HasPrefix(name, "lstm-") {
			continue
		}
		rivals++
		if len(e.Runs) != 2 || e.Runs[1].Seed != 4 || !strings.Contains(e.Summary, "log(1 + dt)") {
			t.Errorf("%s is %+v", name, e)
		}
	}
	if rivals != 2 {
		t.Errorf("%d rivals among %v, want GRU and LSTM", rivals, slices.Sorted(maps.Keys(names)))
	}
	alone := spec("two classes")
	alone.NoBaselines = true
	if out := executed(t, alone, Hooks{}); len(out.Baselines) != 0 || len(out.Subject.Runs) != 2 {
		t.Errorf("alone there are %d baselines", len(out.Baselines))
	}
}

// Nothing but the test scores may depend on the test part.
func TestTestPartHasNoEffect(t *testing.T) {
	for _, task := range []string{"two classes", "quantiles"} {
		a, b := spec(task), spec(task)
		for k := range b.Split.Test {
			one := &b.Split.Test[k]
			for i := range one.X {
				one.X[i] = -2*one.X[i] + 1
			}
			for row := range one.Y {
				one.Y[row] = tasks[task].label(math.Sin(float64(row)))
				one.DT[row] *= 3
			}
		}
		x, y := executed(t, a, Hooks{}), executed(t, b, Hooks{})
		if what := unlike(t, x, y, false); what != "" {
			t.Errorf("%s: the test part changed the %s", task, what)
		}
		if unlike(t, x, y, true) == "" {
			t.Errorf("%s: other test rows have the same scores", task)
		}
	}
}

// The same for test windows that a protocol draws from the training series: their labels teach nobody. The state is
// carried along here, and windows do not overlap.
func TestDrawnTestWindowsHaveNoEffect(t *testing.T) {
	for _, reset := range []bool{true, false} {
		drawn := func() Spec {
			s := spec("two classes")
			s.Split.Valid, s.Split.Test = nil, nil
			s.Protocol = dataset.Protocol{Name: "drawn", Window: 10, ResetState: reset, DrawValid: 0.2, DrawTest: 0.25, Seed: 4}
			return s
		}
		a, b := drawn(), drawn()
		_, valid, test, _ := a.Protocol.Cut(a.Split)
		if len(test.Windows) < 3 || len(valid.Windows) < 2 {
			t.Fatalf("%d test and %d validation windows were drawn", len(test.Windows), len(valid.Windows))
		}
		for _, w := range test.Windows {
			y := b.Split.Train[w.Series].Y[w.From:w.To]
			for row := range y {
				y[row] = 1 - y[row]
			}
		}
		x, y := executed(t, a, Hooks{}), executed(t, b, Hooks{})
		if what := unlike(t, x, y, false); what != "" {
			t.Errorf("reset %v: labels of test windows changed the %s", reset, what)
		}
		if unlike(t, x, y, true) == "" {
			t.Errorf("reset %v: turned test labels have the same scores", reset)
		}
		rows := 0
		for _, s := range x.Test.Series {
			rows += s.Len()
		}
		if rows != 10*len(test.Windows) {
			t.Errorf("reset %v: %d rows are tested, want those of %d windows", reset, rows, len(test.Windows))
		}
		// Labels of the validation windows decide which epoch and threshold are kept, and are not learnt from.
		c := drawn()
		for _, w := range valid.Windows {
			y := c.Split.Train[w.Series].Y[w.From:w.To]
			for row := range y {
				y[row] = 1 - y[row]
			}
		}
		z := executed(t, c, Hooks{})
		for r := range x.Subject.Runs {
			p, q := x.Subject.Runs[r].Train.Epochs, z.Subject.Runs[r].Train.Epochs
			for e := range min(len(p), len(q)) {
				if p[e].Train != q[e].Train {
					t.Errorf("reset %v: labels of validation windows changed the training loss of epoch %d", reset, e+1)
				}
			}
		}
	}
}

func TestUnlikeBites(t *testing.T) {
	s := spec("two classes")
	s.NoBaselines = true
	a := executed(t, s, Hooks{})
	s.Split.Train[0].Y[5] = 1 - s.Split.Train[0].Y[5]
	if unlike(t, a, executed(t, s, Hooks{}), false) == "" {
		t.Error("another training label changes nothing")
	}
}

func TestWorkersChangeNothing(t *testing.T) {
	s := spec("a number")
	one := executed(t, s, Hooks{})
	for _, s.Workers = range []int{2, 13} { // the second are more than twice the trials
		if what := unlike(t, one, executed(t, s, Hooks{}), true); what != "" {
			t.Errorf("%d workers change the %s", s.Workers, what)
		}
	}
}

// A network that needs more memory than is allowed is named before any is trained.
func TestTooLittleMemory(t *testing.T) {
	s := spec("a number")
	s.Options.Memory = 1
	var first, rival *train.MemoryError
	if _, err := Execute(context.Background(), s, Hooks{}); !errors.As(err, &first) || !strings.HasPrefix(err.Error(), "ltc: ") {
		t.Fatalf("one byte: %v", err)
	}
	trained := false
	s.Options.Memory = first.Need
	_, err := Execute(context.Background(), s, Hooks{Progress: func(Progress) { trained = true }})
	if !errors.As(err, &rival) || !strings.HasPrefix(err.Error(), "gru-") || trained {
		t.Errorf("what is enough for %+v: %v", first, err)
	}
}

// Every kind of target goes all the way, with every baseline that suits it, to the report.
func TestEveryTask(t *testing.T) {
	for task := range tasks {
		s := spec(task)
		s.Options.Epochs = 2
		out := executed(t, s, Hooks{})
		for _, e := range append([]Entry{out.Subject}, out.Baselines...) {
			for _, r := range e.Runs {
				names := []string{}
				for _, score := range r.Scores {
					names = append(names, score.Name)
				}
				want := []string{}
				for _, m := range metric.For(s.Split.Schema.Target) {
					want = append(want, m.Name)
				}
				if !slices.Equal(names, want) {
					t.Errorf("%s: %s has scores %v, want %v", task, e.Name, names, want)
				}
				if v, _ := r.Scores.Get(out.Metric.Name); math.IsNaN(v) {
					t.Errorf("%s: %s has no %s", task, e.Name, out.Metric.Name)
				}
			}
		}
		if task != "two classes" && task != "one label" && out.Subject.Runs[0].Model.Schema().Target.Threshold != 0 {
			t.Errorf("%s: a threshold was chosen", task)
		}
		page, err := out.Page(PageOptions{})
		if err != nil {
			t.Errorf("%s: %v", task, err)
			continue
		}
		var html strings.Builder
		if err := page.WriteHTML(&html); err != nil {
			t.Errorf("%s: %v", task, err)
		}
	}
}

// The metric decides what the threshold is chosen for, and must suit the target.
func TestMetricOfTheComparison(t *testing.T) {
	s := spec("two classes")
	s.NoBaselines, s.Seeds = true, 1
	for name, words := range map[string]string{"rmse": `rmse does not fit target "full"; choose one of accuracy`, "speed": `no metric is called "speed"`} {
		s.Metric = name
		if _, err := Execute(context.Background(), s, Hooks{}); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("metric %s gives %v, want %q", name, err, words)
		}
	}
	s.Metric = "log_loss"
	if out := executed(t, s, Hooks{}); out.Metric.Name != "log_loss" || out.Subject.Runs[0].Model.Schema().Target.Threshold != 0 {
		t.Errorf("for %s a threshold was chosen", out.Metric.Name)
	}
}

func TestWithoutATestPart(t *testing.T) {
	s := spec("two classes")
	s.Split.Test = nil
	if _, err := Execute(context.Background(), s, Hooks{}); err == nil || !strings.Contains(err.Error(), "test part is empty") {
		t.Errorf("no test part gives %v", err)
	}
	s = spec("two classes")
	s.Split.Valid = nil
	s.NoBaselines = true
	out := executed(t, s, Hooks{})
	for _, r := range out.Subject.Runs {
		if r.Train.Best != 3 || !math.IsInf(r.ValidLoss, 1) || r.Valid != nil || r.Model.Schema().Target.Threshold != 0 {
			t.Errorf("without a validation part the run is %+v", r)
		}
	}
	s.Architecture = model.Architecture{}
	if _, err := Execute(context.Background(), s, Hooks{}); err == nil || !strings.Contains(err.Error(), "no layers") {
		t.Errorf("no architecture gives %v", err)
	}
}

// Diverged runs are counted and named, and have the score of the constant baseline; an experiment whose every run diverged is still an outcome.
func TestDivergence(t *testing.T) {
	s := spec("two classes")
	s.Options.LearningRate, s.Options.Epochs = math.MaxFloat64, 2
	out := executed(t, s, Hooks{})
	n, first := out.Subject.Diverged()
	majority := out.Baselines[slices.IndexFunc(out.Baselines, func(e Entry) bool { return e.Name == "majority" })].Values("accuracy")[0]
	if out.Best != -1 || n != 2 || len(out.Subject.Runs) != 2 || !slices.Equal(out.Subject.Values("accuracy"), []float64{majority, majority}) || !strings.Contains(first, "epoch 1") {
		t.Errorf("%d of %d runs diverged (%s), best %d", n, len(out.Subject.Runs), first, out.Best)
	}
	if !slices.ContainsFunc(out.Warnings, func(w string) bool { return strings.Contains(w, "diverged") }) {
		t.Errorf("nobody warns: %q", out.Warnings)
	}
	page, err := out.Page(PageOptions{})
	if err != nil || !page.Models[0].Seeds[1].Diverged {
		t.Errorf("the page says %+v (%v)", page, err)
	}
	var html strings.Builder
	if err := page.WriteHTML(&html); err != nil {
		t.Error(err)
	}
}

func TestOneRunDiverges(t *testing.T) {
	s := spec("two classes")
	s.NoBaselines, s.Seeds = true, 3
	x, err := prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x.keeper(Hooks{}, len(x.list()))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.trials(context.Background(), k); err != nil {
		t.Fatal(err)
	}
	runs := x.entries[0].Runs
	order := []int{0, 1, 2}
	slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, runs[a].ValidLoss-runs[b].ValidLoss)) })
	runs[order[0]] = Run{Seed: runs[order[0]].Seed, Diverged: "at the first step"}
	out, err := x.finish()
	if err != nil {
		t.Fatal(err)
	}
	if out.Best != order[1] || len(out.Subject.Values("accuracy")) != 3 || out.Subject.Runs[order[0]].Scores == nil || len(out.Subject.Runs) != 3 {
		t.Errorf("best is %d, want %d; %d values", out.Best, order[1], len(out.Subject.Values("accuracy")))
	}
	if want := "ltc: 1 of 3 seeds diverged and count as majority: at the first step"; !slices.Contains(out.Warnings, want) {
		t.Errorf("the warnings are %q, want %q among them", out.Warnings, want)
	}
}

func TestFirstError(t *testing.T) {
	full := errors.New("disk full")
	for _, c := range []struct {
		list []error
		want error
	}{
		{[]error{nil, nil}, nil}, {[]error{nil, train.ErrInterrupted, full, train.ErrInterrupted}, full}, {[]error{full, train.ErrInterrupted}, full},
		{[]error{train.ErrInterrupted, nil}, train.ErrInterrupted},
	} {
		if got := first(c.list); got != c.want {
			t.Errorf("of %v the first is %v, want %v", c.list, got, c.want)
		}
	}
}

func TestProgress(t *testing.T) {
	s := spec("two classes")
	s.Workers = 2
	var ended []string
	last, epochs := 0.0, 0
	out := executed(t, s, Hooks{Progress: func(p Progress) {
		if p.Epochs > p.Total || p.Total != 3*2*3 {
			t.Fatalf("%v of %v epochs", p.Epochs, p.Total)
		}
		last = p.Epochs
		if p.Epoch != nil {
			epochs++
		}
		if p.Finished {
			ended = append(ended, p.Trial)
		}
	}})
	slices.Sort(ended)
	var want []string
	for _, e := range out.networks() {
		want = append(want, fmt.Sprintf("%s seed 3", e.Name), fmt.Sprintf("%s seed 4", e.Name))
	}
	slices.Sort(want)
	if !slices.Equal(ended, want) || last != 18 || epochs != 18 {
		t.Errorf("%v ended after %v epochs (%d were told), want %v", ended, last, epochs, want)
	}
}
