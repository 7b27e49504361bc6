package suite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/train"
)

// probe is what the tests of a book search for.
func probe(t *testing.T, d *Data) Search {
	t.Helper()
	c, err := Preset("cfc-small", d.Schema.Target, false, train.Options{Epochs: 2, Batch: 16, Patience: -1})
	if err != nil {
		t.Fatal(err)
	}
	return Search{Candidate: c, Rates: []float64{0.001, 0.01}, Seeds: 3}
}

// A search tries the rates with seed 0, goes on with the best, keeps all, and does nothing a second time; a run that was
// interrupted goes on to the same trials.
func TestSearch(t *testing.T) {
	d, err := short.Read("")
	if err != nil {
		t.Fatal(err)
	}
	s, folder := probe(t, d), t.TempDir()
	b := &Book{Folder: folder, Version: "1"}
	ctx, stop := context.WithCancel(context.Background())
	if err := b.Search(ctx, &short, d, s, 1, func(p Progress) {
		if p.Done {
			stop()
		}
	}); !errors.Is(err, train.ErrInterrupted) {
		t.Fatalf("interrupted: %v", err)
	}
	if list, _ := b.Trials("short"); len(list) != 1 {
		t.Fatalf("%d trials are kept after an interruption in the second", len(list))
	}
	fresh := 0
	count := func(p Progress) {
		if p.Done && !p.Kept {
			fresh++
		}
	}
	again := &Book{Folder: folder, Version: "1"}
	if err := again.Search(context.Background(), &short, d, s, 1, count); err != nil || fresh != 3 {
		t.Fatalf("%d new trials, %v; want the 4 less the one that is kept", fresh, err)
	}
	whole := &Book{Version: "1"}
	if err := whole.Search(context.Background(), &short, d, s, 2, nil); err != nil {
		t.Fatal(err)
	}
	one, _ := again.Trials("short")
	two, _ := whole.Trials("short")
	best := 0
	for i := range one {
		if one[i].Key != two[i].Key || one[i].Test["auroc"] != two[i].Test["auroc"] || one[i].ValidLoss != two[i].ValidLoss {
			t.Errorf("trial %d is %+v after an interruption, %+v without", i, one[i], two[i])
		}
		if one[i].Seed == 0 && one[i].ValidLoss < one[best].ValidLoss {
			best = i
		}
	}
	for _, r := range one {
		if r.Seed > 0 && r.Options.LearningRate != one[best].Options.LearningRate {
			t.Errorf("seed %d was trained at %v, validation chooses %v", r.Seed, r.Options.LearningRate, one[best].Options.LearningRate)
		}
	}
	fresh = 0
	other := &Book{Folder: folder, Version: "2"}
	if err := other.Search(context.Background(), &short, d, s, 1, count); err != nil || fresh != 4 {
		t.Errorf("another version took %d trials anew, %v", fresh, err)
	}
	if err := os.WriteFile(b.path("short"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Book{Folder: folder}).Trials("short"); err == nil || !strings.Contains(err.Error(), "short.json") {
		t.Errorf("a damaged file: %v", err)
	}
}

// Data, rate and seed make another key.
func TestKeys(t *testing.T) {
	d, b := XOR(20, 10, 10, 1), &Book{}
	s := probe(t, d)
	seen := map[string]string{}
	for name, make := range map[string]func() (string, error){
		"as it is": func() (string, error) { return b.key(&short, d, s.at(0.01), 0) },
		"seed":     func() (string, error) { return b.key(&short, d, s.at(0.01), 1) },
		"rate":     func() (string, error) { return b.key(&short, d, s.at(0.02), 0) },
		"data":     func() (string, error) { return b.key(&short, XOR(20, 10, 10, 2), s.at(0.01), 0) },
		"windows": func() (string, error) {
			other := XOR(20, 10, 10, 1)
			other.Train.Windows = other.Train.Windows[1:]
			return b.key(&short, other, s.at(0.01), 0)
		},
		"scale": func() (string, error) {
			other := XOR(20, 10, 10, 1)
			other.Schema.Inputs[0].SD = 2
			return b.key(&short, other, s.at(0.01), 0)
		},
	} {
		key, err := make()
		if err != nil {
			t.Fatal(err)
		}
		if seen[key] != "" {
			t.Errorf("%s has the key of %s", name, seen[key])
		}
		seen[key] = name
	}
	same, _ := b.key(&short, XOR(20, 10, 10, 1), s.at(0.01), 0)
	if seen[same] != "as it is" {
		t.Error("the same data have another key")
	}
}

// made is a trial with made-up figures.
func made(model string, rate float64, seed uint64, loss, valid, test float64) *Trial {
	r := &Trial{Key: model, Task: "cmapss", Model: model, Seed: seed, Parameters: 100, ValidLoss: Number(loss),
		Options: train.Options{LearningRate: rate, Epochs: epochs["cmapss"], Batch: cmapss.Batch},
		Valid:   map[string]Number{"rmse_capped": Number(valid)}, Test: map[string]Number{"rmse_capped": Number(test), "rmse": 20, "score": 300}}
	return r
}

// The page chooses rates and the model it speaks of on validation, counts what diverged, and says where others are better.
func TestPage(t *testing.T) {
	b := &Book{}
	diverged := made("ltc-ncp19", 0.02, 1, nan, nan, nan)
	diverged.Diverged = "at step 3"
	stray := made("ltc-ncp19", 0.02, 2, 0.1, 1, 1)
	stray.Options.Epochs++ // of another plan
	for _, r := range []*Trial{
		made("ltc-ncp19", 0.005, 0, 0.5, 11, 1), made("ltc-ncp19", 0.02, 0, 0.4, 12, 11.5), diverged, stray,
		made("cfc-ncp19", 0.002, 0, 0.6, 14, 10), made("cfc-ncp19", 0.002, 1, 0.6, 15, 12),
	} {
		if err := b.keep(r); err != nil {
			t.Fatal(err)
		}
	}
	s, err := SectionOf(6)
	if err != nil {
		t.Fatal(err)
	}
	o, err := b.Outcome(&cmapss, s)
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := WriteSection(&page, s, []Outcome{o, {Task: &lidar, Absent: "lidar.zip is missing"}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## 6. C-MAPSS FD001", "The last step is scored; units of the training file",
		"| ltc-ncp19 | liquid | 100 | 11.50 | 20.00 | 300.0 | 0.02 of 2 | 2, 1 diverged | **elegans** |",
		"| cfc-ncp19 | liquid | 100 | 11.00 ± 1.41 | 20.00 | 300.0 | 0.002 | 2 | **elegans** |",
		"| lightgbm | simple |  | 12.17 ± 0.14 |", "Validation chooses ltc-ncp19: 11.50.",
		"Best simple of others: lightgbm 12.17 ± 0.14 (measured), reached by ours.",
		"Test figures of 6 trials were computed", "Not run: lidar.zip is missing.", "Every step is scored; 29 traces",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(page.String())
	}
}

func TestSectionsAreWhole(t *testing.T) {
	for i, s := range Sections() {
		if s.Number != i+1 || s.Seeds != 5 || len(s.Tasks) == 0 || len(s.Models) == 0 {
			t.Errorf("section %d: %+v", i, s)
		}
		for _, task := range s.Tasks {
			if epochs[task.Name] == 0 {
				t.Errorf("task %s has no epochs", task.Name)
			}
		}
	}
	if _, err := SectionOf(9); err == nil || !strings.Contains(err.Error(), "1 to 7") {
		t.Errorf("%v", err)
	}
}
