package suite

import (
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/train"
)

// A candidate changes what it names and nothing else.
func TestCandidate(t *testing.T) {
	d := XOR(4, 2, 2, 1)
	c := Candidate{Name: "five", Preset: "cfc-small", Units: 12, Layers: 2, Block: model.Block{Dropout: 0.3}, Pool: model.Mean, Average: 5, WeightDecay: 0.1, Plain: true,
		Inputs: []string{d.Schema.Inputs[0].Name}, Summaries: []model.Summary{model.SummaryMean, model.SummaryTrend}, InputDropout: 0.25}
	one, err := d.Contestant(c)
	if err != nil {
		t.Fatal(err)
	}
	a := one.Architecture
	if one.Name != "five" || one.Average != 5 || one.OneRow || len(one.Rates) != 2 || a.Size() != 12 || len(a.Layers) != 2 || a.Pool != model.Mean || a.Layers[1].Block.Dropout != 0.3 ||
		len(one.Inputs) != 1 || len(a.Summaries) != 2 || a.InputDropout != 0.25 {
		t.Errorf("%+v", one)
	}
	for _, want := range []string{"12 units", "2 layers", "dropout", "pool mean", "weight decay 0.1", "sees " + d.Schema.Inputs[0].Name, "summaries mean,trend", "input dropout 0.25"} {
		if !strings.Contains(one.Summary, want) {
			t.Errorf("the summary %q does not say %q", one.Summary, want)
		}
	}
	base := train.Options{Epochs: 20, Batch: 7, Optimiser: "adam"}
	if o := one.Own(base); o.Epochs != 20 || o.Batch != 7 || o.WeightDecay != 0.1 || o.Optimiser != "adamw" {
		t.Errorf("options %+v", o)
	}
	if o := (Candidate{Last: true, Refit: true}).own(base); !o.Last || !o.Refit || base.Refit || (Candidate{}).own(o).Epochs != 20 {
		t.Errorf("options %+v", o)
	}
	for _, k := range []struct {
		c    Candidate
		want int
	}{{Candidate{Epochs: 3}, 3}, {Candidate{Share: 0.4}, 8}, {Candidate{Share: 0.01}, 1}} {
		if o := k.c.own(base); o.Epochs != k.want || o.Optimiser != "adam" {
			t.Errorf("%+v gives %+v", k.c, o)
		}
	}
	other, err := d.Contestant(Candidate{Preset: "gru32", Optimiser: "rmsprop", Batch: 5, Clip: 0.5})
	if err != nil || !strings.Contains(other.Summary, "rmsprop; 5 windows a step; gradients clipped to 0.5") {
		t.Errorf("%+v, %v", other, err)
	}
	if o := other.Own(base); o.Optimiser != "rmsprop" || o.Batch != 5 || o.Epochs != 20 || o.Clip != 0.5 {
		t.Errorf("options %+v", o)
	}
	plain, err := d.Contestant(Candidate{Preset: "gru32", Rates: []float64{0.1}})
	if err != nil || plain.Own != nil || plain.Name != "gru32" || !plain.OneRow || len(plain.Rates) != 1 {
		t.Errorf("%+v, %v", plain, err)
	}
	if _, err := d.Contestant(Candidate{Preset: "gru32", Conv: "x"}); err == nil {
		t.Error("a convolution that is none was taken")
	}
}

// An average begins with the networks of the candidate that it is made of, so that they are trained once.
func TestAveraged(t *testing.T) {
	d := XOR(4, 2, 2, 1)
	list := averaged(3, Candidate{Name: "a", Preset: "gru32", Units: 5, Layers: 2, Summaries: sums[:2], Bins: 3, Block: model.Block{Dropout: 0.2, Residual: true},
		Pool: model.Mean, Epochs: 4, Batch: 2, WeightDecay: 0.1, Clip: 0.5, Refit: true, Rates: []float64{0.01, 0.02}, Plain: true})
	if len(list) != 2 || list[0].Average != 0 || list[1].Average != 3 || list[1].Title() != "a-x3" || !list[0].Plain || list[1].Plain {
		t.Fatalf("%+v", list)
	}
	keys := func(seeds int) map[string][]string {
		t.Helper()
		var models []experiment.Contestant
		for _, c := range list {
			one, err := d.Contestant(c)
			if err != nil {
				t.Fatal(err)
			}
			models = append(models, one)
		}
		spec := xor.Contest(d, models, train.Options{})
		spec.Seeds = seeds
		c, err := experiment.NewContest(spec)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := c.Keys()
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	// Both rates with seed 0, then the chosen one with the seeds after that: 1 and 2 with one seed of the average, 1 to 5 with two.
	one, two := keys(1), keys(2)
	if alone, average := one["a"], one["a-x3"]; len(alone) != 2 || len(average) != 2+2 || !slices.Equal(average[:2], alone) {
		t.Errorf("trials are %q and %q", alone, average)
	}
	if alone, average := two["a"], two["a-x3"]; len(alone) != 2+1 || len(average) != 2+5 || !slices.Equal(average[:3], alone) {
		t.Errorf("trials are %q and %q", alone, average)
	}
	list[1].Clip = 0.25
	if other := keys(1); slices.ContainsFunc(other["a-x3"], func(key string) bool { return slices.Contains(other["a"], key) }) {
		t.Error("another network has the keys of this one")
	}
}

// Every candidate can be built for the data of its task.
func TestCandidatesBuild(t *testing.T) {
	for _, s := range Sections() {
		for _, task := range s.Tasks {
			t.Run(s.Name+" "+task.Name, func(t *testing.T) {
				d := readTask(t, task)
				for _, c := range s.Candidates(task) {
					one, err := d.Contestant(c)
					if err == nil {
						_, err = one.Architecture.Model(d.Schema)
					}
					if err != nil {
						t.Errorf("%s: %v", c.Title(), err)
					}
				}
			})
		}
	}
}
