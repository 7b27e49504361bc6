package suite

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/train"
)

// The page chooses the model it speaks of on validation, counts what diverged, says where others are better, and leaves out what is
// no candidate.
func TestPage(t *testing.T) {
	held := &Results{Task: "cmapss"}
	n := 0
	add := func(name string, kind Kind, tried int, rate float64, valid, test []float64, diverged int) {
		l := Line{Name: name, Model: name, Kind: kind, Tried: tried}
		for i := range test {
			n++
			one := &Trial{Key: fmt.Sprint(n), Model: name, Parameters: 100, FLOPs: 250, Seed: uint64(i), Options: train.Options{LearningRate: rate},
				Valid: metric.Scores{{Name: "rmse_capped", Value: valid[i]}}, Test: metric.Scores{{Name: "rmse_capped", Value: test[i]}, {Name: "rmse", Value: 20}, {Name: "score", Value: 300}}}
			if i < diverged {
				one.Diverged = "at step 3"
			}
			held.keep(one)
			l.Trials = append(l.Trials, one.Key)
		}
		held.place("cmapss", Made{}, l)
	}
	add("cfc-mm", Liquid, 2, 0.02, []float64{11, 13}, []float64{11, 12}, 1)
	add("cfc-small", Liquid, 1, 0.002, []float64{14, 15}, []float64{10, 12}, 0)
	add("gru-32", Network, 1, 0.002, []float64{14, 15}, []float64{9, 9}, 0)
	add("former", Liquid, 1, 0.002, []float64{1, 1}, []float64{1, 1}, 0)
	held.Note = "Windows are few."
	add("linear", Simple, 1, 0, []float64{20}, []float64{21}, 0)
	held.keep(&Trial{Key: "not scored", Model: "cfc-mm"})
	held.LookedAt = []Look{{Model: "gru-32", Test: metric.Scores{{Name: "rmse_capped", Value: 5}}}, {Model: "gru-32", Seed: 1}, {Model: "boosting", Count: 15}}
	s, err := SectionOf(6)
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := WriteSection(&page, s, []Outcome{cmapss.Outcome(held, s), {Task: &lidar, Absent: "lidar.zip is missing"}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## 6. C-MAPSS FD001", "The last step is scored; units of the training file",
		"| cfc-mm | liquid | 100 | 250 | 11.50 ± 0.71 | 20.00 | 300.0 | 0.02 of 2 | 2, 1 diverged | **elegans** |",
		"| cfc-small | liquid | 100 | 250 | 11.00 ± 1.41 | 20.00 | 300.0 | 0.002 | 2 | **elegans** |",
		"| linear | simple | 100 | 250 | 21.00 | 20.00 | 300.0 |  | 1 | **elegans** |",
		"| lightgbm | simple |  |  | 12.17 ± 0.14 |",
		"Of our liquid models validation chooses cfc-mm: 11.50 ± 0.71. It is better than linear 21.00 (simple, elegans), cfc-ncp19 16.01 ± 0.36 (liquid, measured), " +
			"gru-32 13.77 ± 0.21 (network, measured). It is level with lightgbm 12.17 ± 0.14 (simple, measured). We lose to gru-32 9.000 (network, elegans), " +
			"DCNN 12.61 (network, Li et al. 2018, another protocol) with 20.00 in RMSE. Windows are few.",
		"21 configurations whose test figure was looked at (26 trials)", "Not run: lidar.zip is missing.", "Every step is scored; 29 traces",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), "former") {
		t.Error("a model that is no candidate is on the page")
	}
	page.Reset()
	if err := WriteSummary(&page, []Outcome{cmapss.Outcome(held, s), {Task: &motions}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| **cfc-mm 11.50 ± 0.71** | ≤ 12: reached | 2 | gru-32 9.000 |  |  | lightgbm 12.17 ± 0.14 | gru-32 13.77 ± 0.21 | cfc-ncp19 16.01 ± 0.36 | 21 |",
		"| not run |  |  |", "had measured. Reached: 1 (`cmapss`). Missed: none."} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the summary lacks %q in\n%s", want, page.String())
		}
	}
	if t.Failed() {
		t.Log(page.String())
	}
}

// The page says what elapsed times are worth to the networks that were trained with and without them, and to no others.
func TestPageOfTimes(t *testing.T) {
	s, err := SectionOf(2)
	if err != nil {
		t.Fatal(err)
	}
	outcome := func(task *Task, accuracy map[string]float64) Outcome {
		held := &Results{Task: task.Name}
		for name, v := range accuracy {
			kind := Network
			if name == "rule" {
				kind = Simple
			}
			held.keep(&Trial{Key: name, Model: name, Test: metric.Scores{{Name: "accuracy", Value: v}}})
			held.place(s.Name, Made{}, Line{Name: name, Model: name, Kind: kind, Trials: []string{name}})
		}
		return task.Outcome(held, s)
	}
	timed := outcome(&xor, map[string]float64{"lstm-32": 0.99, "odelstm-32": 0.98, "rule": 0.5})
	var page bytes.Buffer
	if err := WriteSection(&page, s, []Outcome{timed, outcome(&xorUntimed, map[string]float64{"lstm-32": 0.55, "rule": 0.5})}); err != nil {
		t.Fatal(err)
	}
	want := "With elapsed times (`xor`) and without them, accuracy is: lstm-32 0.9900 and 0.5500."
	if n := strings.Count(page.String(), "With elapsed times"); n != 1 || !strings.Contains(page.String(), want) {
		t.Errorf("%d sentences, want %q once in\n%s", n, want, page.String())
	}
	if text := timed.time([]Outcome{timed}); text != "" {
		t.Errorf("a task with elapsed times says %q", text)
	}
}

// Where validation does not rank models, the first candidate of the section stands for all, whatever the order on the
// board and however good others are on validation.
func TestFirstStandsForAll(t *testing.T) {
	s, err := SectionOf(5)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range []*Task{&lidarNcps, &lidar} {
		first := s.Candidates(task)[0].Title()
		held := &Results{}
		for i, name := range []string{"ltc-ncp19", "cfc-small-conv", first} {
			trial := &Trial{Key: name, Model: name, Test: metric.Scores{{Name: "mse", Value: float64(i)}}}
			if task != &lidarNcps {
				trial.Valid = trial.Test
			}
			held.keep(trial)
			held.place(s.Name, Made{}, Line{Name: name, Model: name, Kind: Liquid, Trials: []string{name}})
		}
		o := task.Outcome(held, s)
		if best, _, ok := o.chosen(); !ok || best.Model != first {
			t.Errorf("%s: %s stands for all", task.Name, best.Model)
		}
		if text := o.verdict(); !strings.HasPrefix(text, "Of our liquid models cross-validation chooses "+first) {
			t.Errorf("%s: %s", task.Name, text)
		}
	}
}

// What validation does not tell apart is said to be level, whatever the order in which scores were added up.
func TestLevelOnValidation(t *testing.T) {
	row := func(name string, valid float64) Row {
		return Row{Model: name, Kind: Liquid, Seeds: 5, Valid: valid, Mean: map[string]float64{"accuracy": 0.5}}
	}
	o := Outcome{Task: &motions, Rows: []Row{row("worse", 0.8), row("one", 0.9), row("two", 0.9+1e-16), row("three", 0.9-1e-16)}}
	if best, equal, _ := o.chosen(); best.Model != "one" || equal != 2 {
		t.Errorf("%s stands for %d others", best.Model, equal)
	}
	if text := o.verdict(); !strings.HasPrefix(text, "Validation does not tell 3 of our liquid models apart; the first candidate of these is one: 0.5000.") {
		t.Error(text)
	}
	o.Rows = append(o.Rows, row("best", 0.95))
	if text := o.verdict(); !strings.HasPrefix(text, "Of our liquid models validation chooses best: 0.5000.") {
		t.Error(text)
	}
}

// A table stands on the page once, and a note with the first table of its task.
func TestRefer(t *testing.T) {
	all := []Outcome{
		{Task: &vowels, Section: 4, Note: "n", candidates: []string{"a"}}, {Task: &vowels, Section: 7, Note: "n", candidates: []string{"a"}},
		{Task: &vowels, Section: 8, Note: "n", candidates: []string{"b"}}, {Task: &vowels, Section: 9, Note: "n", candidates: []string{"b"}},
		{Task: &motions, Section: 9, Note: "m", candidates: []string{"b"}},
	}
	Refer(all)
	for i, want := range []struct {
		above int
		note  string
	}{{0, "n"}, {4, "n"}, {0, ""}, {8, ""}, {0, "m"}} {
		if o := all[i]; o.Above != want.above || o.Note != want.note || o.Section != []int{4, 7, 8, 9, 9}[i] {
			t.Errorf("outcome %d: %+v, want %+v", i, o, want)
		}
	}
	var page bytes.Buffer
	if err := WriteSection(&page, Section{Number: 7}, all[1:2]); err != nil || !strings.Contains(page.String(), "The table stands in section 4.") || strings.Contains(page.String(), "| model |") {
		t.Errorf("%v\n%s", err, page.String())
	}
}
