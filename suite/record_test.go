package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/train"
)

// short is a task whose data are drawn and few.
var short = Task{Name: "short", Measures: []Measure{of("accuracy"), of("auroc")}, Threshold: "f1", Batch: 16,
	read: func(Folder) (*Data, error) { return XOR(96, 48, 64, 5), nil }}

// played is the outcome of a small contest on the task.
func played(t *testing.T, task *Task, o train.Options, change func(*experiment.ContestSpec)) (*Data, []experiment.Contestant, *experiment.Leaderboard) {
	t.Helper()
	d, err := task.Read("")
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Contestant(Candidate{Preset: "cfc-small", Rates: []float64{0.001, 0.01}})
	if err != nil {
		t.Fatal(err)
	}
	models := append([]experiment.Contestant{c}, d.Baselines()...)
	spec := task.Contest(d, models, o)
	spec.Seeds, spec.Workers, spec.Info.Version = 3, 2, "1"
	if change != nil {
		change(&spec)
	}
	contest, err := experiment.NewContest(spec)
	if err != nil {
		t.Fatal(err)
	}
	b, err := contest.Run(context.Background(), experiment.ContestHooks{})
	if err != nil {
		t.Fatal(err)
	}
	return d, models, b
}

// A contest of a task is trained, chosen and scored as the task says.
func TestContest(t *testing.T) {
	d, _, b := played(t, &short, train.Options{Epochs: 2}, nil)
	if d.Train.Windows == nil || b.Metric.Name != "accuracy" || b.Options.Batch != 16 || b.Options.Patience != -1 {
		t.Errorf("%s, %+v", b.Metric.Name, b.Options)
	}
	names := map[string]bool{}
	for _, s := range b.Rows {
		names[s.Name] = true
		if len(s.Runs[0].Scores) != 2 || len(s.Runs[0].Valid) != 2 {
			t.Errorf("%s is scored by %v", s.Name, s.Runs[0].Scores)
		}
		if !s.Network() {
			continue
		}
		if s.Tried != 2 || len(s.Rejected) != 1 || s.Rejected[0].Options.LearningRate == s.LearningRate || len(s.Runs) != 3 {
			t.Errorf("%s: %d tried, others %+v", s.Name, s.Tried, s.Rejected)
		}
		if s.Rejected[0].ValidLoss < s.Runs[0].ValidLoss {
			t.Errorf("a loss of %g was chosen, %g was not", s.Runs[0].ValidLoss, s.Rejected[0].ValidLoss)
		}
		if s.Runs[0].Model.Schema().Target.Threshold == 0 {
			t.Error("no threshold was chosen for F1")
		}
	}
	if !names["cfc-small"] || !names["majority"] || !names["logistic"] || names["last-value"] {
		t.Errorf("rows %v", names)
	}
	plain := short
	plain.Threshold = ""
	_, _, b = played(t, &plain, train.Options{Epochs: 1}, nil)
	for _, s := range b.Rows {
		if s.Network() && s.Runs[0].Model.Schema().Target.Threshold != 0 {
			t.Error("a threshold was chosen for a task without one")
		}
	}
}

// A record keeps every trial, once; only those that were scored count as looked at; a board has the rows that were last added.
func TestRecord(t *testing.T) {
	r := Record(filepath.Join(t.TempDir(), "results"))
	d, models, b := played(t, &short, train.Options{Epochs: 2}, nil)
	rows := len(b.Rows)
	for range 2 {
		if err := r.Add(Played{&short, d, "peers", "1", models, b}); err != nil {
			t.Fatal(err)
		}
	}
	held, err := r.Read("short")
	if err != nil {
		t.Fatal(err)
	}
	if len(held.Trials) != 3+1+rows-1 || len(held.Boards["peers"].Rows) != rows {
		t.Errorf("%d trials and %d rows; want 3 scored and one that was not, and %d simple ones", len(held.Trials), len(held.Boards["peers"].Rows), rows-1)
	}
	if trials, configurations := held.Looked(); trials != 3+rows-1 || configurations != rows {
		t.Errorf("%d trials of %d configurations were looked at", trials, configurations)
	}
	for _, row := range held.Rows(&short, "peers") {
		at := slices.IndexFunc(b.Rows, func(s experiment.Standing) bool { return s.Name == row.Model })
		if s := b.Rows[at]; math.Abs(row.Mean["accuracy"]-s.Mean) > 1e-12 || row.Seeds != len(s.Runs) || row.Tried != s.Tried || row.Rate != s.Options.LearningRate*float64(min(1, len(s.Rejected))) {
			t.Errorf("%s: row %+v, standing %g of %d", row.Model, row, s.Mean, len(s.Runs))
		}
	}
	d, models, b = played(t, &short, train.Options{Epochs: 3}, func(s *experiment.ContestSpec) { s.Models = s.Models[:1] })
	if err := r.Add(Played{&short, d, "peers", "1", models, b}); err != nil {
		t.Fatal(err)
	}
	held, err = r.Read("short")
	if err != nil {
		t.Fatal(err)
	}
	if trials, configurations := held.Looked(); trials != 3+3+rows-1 || configurations != rows+1 || len(held.Boards["peers"].Rows) != rows {
		t.Errorf("after other epochs %d trials of %d configurations, %d rows", trials, configurations, len(held.Boards["peers"].Rows))
	}
	// What another program trains takes the place of the row of its name, and the others stay and say what trained them; what was
	// run otherwise is in no table.
	if err := r.Add(Played{&short, d, "peers", "2+0123456789", models, b}); err != nil {
		t.Fatal(err)
	}
	if err := r.Add(Played{&short, d, "", "3", models, b}); err != nil {
		t.Fatal(err)
	}
	held, err = r.Read("short")
	if err != nil {
		t.Fatal(err)
	}
	board := held.Boards["peers"]
	if trials, configurations := held.Looked(); len(board.Rows) != rows || board.Program != "2+0123456789" || board.Data != d.Hash() || len(held.Boards) != 1 || trials != 3+3+rows-1+3+3 || configurations != rows+1 {
		t.Errorf("after other programs %d trials of %d configurations, board %+v", trials, configurations, board)
	}
	for _, row := range held.Rows(&short, "peers") {
		if old := row.Made != nil; old != (row.Model != "cfc-small") || old && row.Made.Program != "1" {
			t.Errorf("%s was trained by %+v", row.Model, row.Made)
		}
	}
	left, err := os.ReadDir(string(r))
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if err := os.WriteFile(r.path("short"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read("short"); err == nil || !strings.Contains(err.Error(), "short.json holds no trials") {
		t.Errorf("a damaged file: %v", err)
	}
}

// A board whose rows are of several programs loses none, whichever program comes next; rows of other data are in no table.
func TestGenerations(t *testing.T) {
	held, old, now := &Results{}, Made{"0.1.0+0123456789abcdef", "go", "d1"}, Made{"0.1.0+fedcba9876543210", "go", "d1"}
	put := func(made Made, name string) {
		key := name + made.Program + made.Data
		held.keep(&Trial{Key: key, Made: made, Model: name, Test: metric.Scores{{Name: "accuracy", Value: 0.5}}})
		held.place("peers", made, Line{Name: name, Model: name, Kind: Network, Trials: []string{key}})
	}
	check := func(when string, want map[string]string) {
		t.Helper()
		got := map[string]string{}
		for _, row := range held.Rows(&short, "peers") {
			got[row.Model] = row.Made.brief()
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	put(old, "a")
	put(old, "b")
	put(now, "c")
	check("a newer program", map[string]string{"a": " 0.1.0+01234567, go", "b": " 0.1.0+01234567, go", "c": ""})
	put(now, "a")
	check("it trains an old row too", map[string]string{"a": "", "b": " 0.1.0+01234567, go", "c": ""})
	put(old, "d")
	check("the older one comes back", map[string]string{"a": " 0.1.0+fedcba98, go", "b": "", "c": " 0.1.0+fedcba98, go", "d": ""})
	put(Made{now.Program, "go", "d2"}, "a")
	check("other data", map[string]string{"a": ""})
	if n := len(held.Boards["peers"].Rows); n != 4 {
		t.Errorf("%d rows are in the file, want 4", n)
	}
	if trials, _ := held.Looked(); trials != 6 {
		t.Errorf("%d trials were looked at, want 6", trials)
	}
	s, err := SuiteOf("peers")
	if err != nil {
		t.Fatal(err)
	}
	put(Made{old.Program, "go", "d2"}, "e")
	var page bytes.Buffer
	s.Own = map[string][]Candidate{"short": {{Name: "a"}, {Name: "d"}, {Name: "e"}}}
	if err := WriteSection(&page, s, []Outcome{short.Outcome(held, s)}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"**elegans** 0.1.0+fedcba98, go |", "A row that was not trained anew since names its version."} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, page.String())
		}
	}
}

// Several that add at once lose nothing.
func TestRecordTogether(t *testing.T) {
	r, d := Record(t.TempDir()), XOR(4, 2, 2, 1)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			b := &experiment.Leaderboard{Rows: []experiment.Standing{{Entry: experiment.Entry{Name: fmt.Sprint("m", i), Runs: []experiment.Run{
				{Key: fmt.Sprint(i), Scores: metric.Scores{{Name: "accuracy", Value: 0.5}}}}}, Model: fmt.Sprint("m", i)}}}
			if err := r.Add(Played{&short, d, "peers", "1", nil, b}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if held, err := r.Read("short"); err != nil || len(held.Trials) != 8 || len(held.Boards["peers"].Rows) != 8 {
		t.Errorf("%d trials, %v", len(held.Trials), err)
	}
}

// What a contest keeps is told apart by the data that it was scored on, too.
func TestHash(t *testing.T) {
	base := XOR(20, 10, 10, 1).Hash()
	if XOR(20, 10, 10, 1).Hash() != base {
		t.Error("the same data have another hash")
	}
	for name, change := range map[string]func(*Data){
		"scaler":  func(d *Data) { d.Schema.Inputs[0].SD *= 2 },
		"windows": func(d *Data) { d.Train.Windows = d.Train.Windows[1:] },
		"input":   func(d *Data) { d.Valid.Series[0].X[0]++ },
		"label":   func(d *Data) { y := d.Test.Series[3].Y; y[len(y)-1] = 1 - y[len(y)-1] },
		"time":    func(d *Data) { d.Test.Series[3].DT[1]++ },
	} {
		d := XOR(20, 10, 10, 1)
		change(d)
		if d.Hash() == base {
			t.Errorf("%s: the hash is the same", name)
		}
	}
}

// The result files are read, and what is in them is counted; what was looked at outside of suites is no trial.
func TestResultFiles(t *testing.T) {
	names, err := filepath.Glob("../results/*.json")
	if err != nil {
		t.Fatal(err)
	}
	r, n := Record("../results"), 0
	for _, path := range names {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if _, err := Lookup(name); err != nil {
			t.Errorf("%s is of no task: %v", path, err)
		}
		held, err := r.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		trials, _ := held.Looked()
		n += trials
		for _, one := range held.Trials {
			if len(one.Key) != 16 {
				t.Errorf("%s: the trial of %s has the key %q", path, one.Model, one.Key)
			}
		}
	}
	if n == 0 {
		t.Error("no trial is read from the files of results")
	}
	var one Trial
	if err := json.Unmarshal([]byte(`{"key":"0123456789abcdef","model":"gru32","options":{"learning_rate":0.01},"valid_loss":null,"test":{"accuracy":0.9,"f1":null}}`), &one); err != nil {
		t.Fatal(err)
	}
	if v, ok := one.Test.Get("accuracy"); v != 0.9 || !ok || !math.IsNaN(float64(one.ValidLoss)) || one.Options.LearningRate != 0.01 {
		t.Errorf("%+v", one)
	}
}
