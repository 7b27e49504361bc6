package metric

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

// target is a classification target of n classes.
func target(n int) series.Target {
	return series.Target{Name: "state", Task: series.Classify, Classes: []string{"a", "b", "c", "d"}[:n]}
}

func TestTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range table {
		if seen[m.Name] {
			t.Errorf("%s is listed twice", m.Name)
		}
		seen[m.Name] = true
		if m.Name != strings.ToLower(m.Name) || strings.ContainsAny(m.Name, " -") || m.Title == "" {
			t.Errorf("%q, titled %q, is not named as the others", m.Name, m.Title)
		}
		if (m.class == nil) != (m.Task == series.Regress) || (m.value == nil) != (m.Task == series.Classify) {
			t.Errorf("%s: function and task %q do not belong together", m.Name, m.Task)
		}
	}
}

// TestDirection makes predictions worse and looks which way every metric goes.
func TestDirection(t *testing.T) {
	worse := binary()
	for i, p := range worse.Prob {
		worse.Prob[i] = []float64{0.7*p[1] + 0.3*p[0], 0.7*p[0] + 0.3*p[1]}
	}
	bad := numbers()
	for i := range bad.Y {
		bad.Pred[i] += 3.5
		for k := range bad.Levels {
			bad.Quantiles[i][k] += 3.5
		}
	}
	for _, m := range table {
		var good, poor float64
		if m.Task == series.Classify {
			good, poor = m.class(binary()), m.class(worse)
		} else {
			good, poor = m.value(numbers()), m.value(bad)
		}
		if !m.Better(good, poor) || m.Better(poor, good) {
			t.Errorf("%s: %v should be better than %v", m.Name, good, poor)
		}
	}
}

func TestBetterWithNaN(t *testing.T) {
	m, _ := ByName("mse")
	if nan := math.NaN(); !m.Better(1, nan) || m.Better(nan, 1) || m.Better(nan, nan) || m.Better(1, 1) {
		t.Error("a number is better than NaN, NaN and an equal number are not")
	}
}

func TestByName(t *testing.T) {
	m, err := ByName("auroc")
	if err != nil || m.Name != "auroc" || !m.HigherIsBetter {
		t.Errorf("auroc: %+v, %v", m, err)
	}
	_, err = ByName("acuracy")
	if err == nil || !strings.Contains(err.Error(), `"acuracy"`) || !strings.Contains(err.Error(), "balanced_accuracy") ||
		strings.Contains(err.Error(), "\n") {
		t.Errorf("the error should name the value and the choices in one line: %v", err)
	}
}

func TestForFollowsTheTarget(t *testing.T) {
	names := func(t series.Target) (s string) {
		for _, m := range For(t) {
			s += " " + m.Name
		}
		return s
	}
	cases := []struct {
		target series.Target
		want   string
	}{
		{target(3), " accuracy balanced_accuracy f1 auroc auprc brier log_loss ece"},
		{series.Target{Task: series.Regress}, " rmse mse mae r2 skill"},
		{series.Target{Task: series.Regress, Quantiles: []float64{.5}}, " rmse mse mae r2 skill pinball coverage_error"},
		{series.Target{Task: series.Regress, Gaussian: true}, " rmse mse mae r2 skill nll"},
	}
	for _, c := range cases {
		if got := names(c.target); got != c.want {
			t.Errorf("metrics of %+v:%s, want%s", c.target, got, c.want)
		}
	}
}

func TestScoresJSON(t *testing.T) {
	scores := Scores{{"rmse", 0.1}, {"auroc", math.NaN()}, {"a", math.Inf(1)}, {"mse", 1e-300}}
	data, err := json.Marshal(scores)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"rmse":0.1,"auroc":null,"a":null,"mse":1e-300}`; string(data) != want {
		t.Errorf("%s, want %s", data, want)
	}
	var back Scores
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if len(back) != 4 {
		t.Fatalf("read back %v", back)
	}
	for i, s := range back {
		want := scores[i].Value
		if math.IsInf(want, 0) {
			want = math.NaN()
		}
		if s.Name != scores[i].Name || !near(s.Value, want, 0) {
			t.Errorf("entry %d is %v, want %v", i, s, scores[i])
		}
	}
	if v, ok := back.Get("mse"); !ok || v != 1e-300 {
		t.Errorf("mse: %v %v", v, ok)
	}
	if v, ok := back.Get("mae"); ok || !math.IsNaN(v) {
		t.Errorf("mae: %v %v", v, ok)
	}
}

func FuzzScoresJSON(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":null}`, `[]`, `{"a":"x"}`, `{"a":{}}`, `{`, `null`, `{"":1e999}`, `{"a":1}{}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Scores
		if json.Unmarshal(data, &s) != nil {
			return
		}
		first, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again Scores
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatalf("%s was written and cannot be read: %v", first, err)
		}
		if second, _ := json.Marshal(again); string(first) != string(second) {
			t.Fatalf("%s became %s", first, second)
		}
	})
}

func ExampleScores() {
	e := NewEvaluator(series.Target{Name: "occupied", Task: series.Classify, Classes: []string{"no", "yes"}})
	e.Add([]float64{0, 1, math.NaN(), 1}, [][]float64{{.9, .1}, {.4, .6}, {.5, .5}, {.6, .4}}, nil)
	for _, s := range e.Scores()[:4] {
		fmt.Printf("%s %.3f\n", s.Name, s.Value)
	}
	// Output:
	// accuracy 0.667
	// balanced_accuracy 0.750
	// f1 0.667
	// auroc 1.000
}
