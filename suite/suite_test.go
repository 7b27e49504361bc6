package suite

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/train"
)

func TestRegistry(t *testing.T) {
	names := map[string]bool{}
	for _, task := range Tasks() {
		if names[task.Name] || task.Title == "" || task.Protocol == "" || task.Source == "" || task.Batch == 0 || len(task.Measures) == 0 {
			t.Errorf("%s is not described, or there twice", task.Name)
		}
		names[task.Name] = true
		if got, err := Lookup(task.Name); got != task || err != nil {
			t.Errorf("%s: %v", task.Name, err)
		}
		if task.Leaky && !strings.Contains(task.Title, "leak") && !strings.Contains(task.Title, "overlaps") {
			t.Errorf("%s leaks and its title does not say so", task.Name)
		}
	}
	if _, err := Lookup("trafic"); err == nil || !strings.Contains(err.Error(), `did you mean "traffic"`) {
		t.Errorf("%v", err)
	}
	if len(Peers()) != 9 {
		t.Errorf("%d tasks of the peers, want 9", len(Peers()))
	}
}

// Every figure of others belongs to a task and to one of its measures.
func TestFigures(t *testing.T) {
	var all map[string][]Figure
	if err := json.Unmarshal(figures, &all); err != nil {
		t.Fatal(err)
	}
	for name, list := range all {
		task, err := Lookup(name)
		if err != nil {
			t.Errorf("figures of %s: %v", name, err)
			continue
		}
		for _, f := range list {
			found := 0
			for _, m := range task.Measures {
				if v := f.Values[m.Name]; len(v) > 0 {
					found++
				}
			}
			if found == 0 || f.Source == "" || f.Kind != Simple && f.Kind != Recurrent && f.Kind != Liquid {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
	for _, task := range Peers() {
		kinds := map[Kind]int{}
		for _, f := range task.Figures() {
			kinds[f.Kind]++
		}
		if kinds[Simple] == 0 || kinds[Recurrent] == 0 || kinds[Liquid] == 0 {
			t.Errorf("%s lacks figures of a kind: %v", task.Name, kinds)
		}
	}
}

func TestMeasureDirection(t *testing.T) {
	up, down := of("auroc"), of("rmse")
	if !up.Better(2, 1) || up.Better(1, 2) || !down.Better(1, 2) || down.Better(1, 1) || down.Better(nan, 1) || !down.Better(1, nan) {
		t.Error("a measure prefers the worse")
	}
}

// short is a task whose data are drawn and few.
var short = Task{Name: "short", Measures: []Measure{of("accuracy"), of("auroc")}, Threshold: "f1", Batch: 16,
	read: func(Folder) (*Data, error) { return XOR(96, 48, 64, 5), nil }}

// A trial is the same each time, is written as JSON without a loss, and says so where training diverges.
func TestTrial(t *testing.T) {
	d, err := short.Read("")
	if err != nil {
		t.Fatal(err)
	}
	d.Options.ClassWeights = []float64{1, 2}
	c, err := Preset("cfc-small", d.Schema.Target, false, train.Options{LearningRate: 0.01, Epochs: 3, Batch: short.Batch})
	if err != nil {
		t.Fatal(err)
	}
	var texts [2]string
	for i := range texts {
		r, err := short.Run(context.Background(), d, c, 7, train.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Fitted.Info().Seed != 7 || r.Parameters != r.Fitted.Parameters() || r.Options.ClassWeights[1] != 2 || r.FLOPs <= 0 || r.Best < 1 {
			t.Errorf("%+v", r)
		}
		if r.Fitted.Schema().Target.Threshold == 0 {
			t.Error("no threshold was chosen")
		}
		if v := float64(r.Test["auroc"]); !(v > 0 && v < 1) || len(r.Valid) != 2 {
			t.Errorf("measures %v and %v", r.Valid, r.Test)
		}
		r.Seconds = 0
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	if texts[0] != texts[1] {
		t.Errorf("the same trial gave\n%s\nand\n%s", texts[0], texts[1])
	}
	var back Trial
	if err := json.Unmarshal([]byte(texts[0]), &back); err != nil || back.Test["auroc"] == 0 || back.Options.LearningRate != 0.01 {
		t.Errorf("read back: %+v, %v", back, err)
	}
	c.Options.LearningRate, c.Options.Clip = 1e40, -1
	r, err := short.Run(context.Background(), d, c, 7, train.Hooks{})
	if err != nil || r.Diverged == "" || r.Fitted != nil {
		t.Fatalf("a rate of 1e40: %+v, %v", r, err)
	}
	if text, err := json.Marshal(r); err != nil || !strings.Contains(string(text), `"valid_loss":null`) || !math.IsNaN(float64(r.ValidLoss)) {
		t.Errorf("%s %v", text, err)
	}
}
