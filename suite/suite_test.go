package suite

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/experiment"
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
			if found == 0 || found < len(f.Values) || f.Source == "" || f.Kind != Simple && f.Kind != Network && f.Kind != Liquid {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
	for _, task := range Peers() {
		kinds := map[Kind]int{}
		for _, f := range task.Figures() {
			kinds[f.Kind]++
		}
		if kinds[Simple] == 0 || kinds[Network] == 0 || kinds[Liquid] == 0 {
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

func TestSectionsAreWhole(t *testing.T) {
	names := map[string]bool{}
	for i, s := range Sections() {
		if s.Number != i+1 || s.Seeds != 5 || len(s.Tasks) == 0 || slices.ContainsFunc(s.Tasks, func(t *Task) bool { return len(s.Candidates(t)) == 0 }) || names[s.Name] {
			t.Errorf("section %d: %+v", i, s)
		}
		names[s.Name] = true
		for _, task := range s.Tasks {
			if epochs[task.Name] == 0 {
				t.Errorf("task %s has no epochs", task.Name)
			}
			titles := map[string]bool{}
			for _, c := range s.Candidates(task) {
				if _, err := cell.LookupPreset(c.Preset); err != nil || titles[c.Title()] {
					t.Errorf("section %d, %s: %s is there twice, or: %v", i+1, task.Name, c.Title(), err)
				}
				titles[c.Title()] = true
			}
		}
	}
	if _, err := SectionOf(9); err == nil || !strings.Contains(err.Error(), "1 to 8") {
		t.Errorf("%v", err)
	}
	peers, err := SuiteOf("peers")
	if err != nil {
		t.Fatal(err)
	}
	for names, want := range map[string]string{"": "", "cgm lidar": "", "xor": "task xor is not in suite peers", "trafic": `did you mean "traffic"`} {
		some, err := peers.Only(strings.Fields(names))
		if want == "" && (err != nil || len(some.Tasks) != max(len(strings.Fields(names)), 10*(1-len(strings.Fields(names))))) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %d tasks, %v", names, len(some.Tasks), err)
		}
	}
	if _, err := SuiteOf("pears"); err == nil || !strings.Contains(err.Error(), "ltc-paper, xor, ") {
		t.Errorf("%v", err)
	}
}

// What is recurrent, liquid or neither, and with which rates it is trained.
func TestKinds(t *testing.T) {
	d := XOR(4, 2, 2, 1)
	for name, want := range map[string]Kind{"ltc-ncp19": Liquid, "cfc-mm": Liquid, "cfc-small": Liquid, "linoss64": Liquid, "gru32": Network, "ctrnn32": Network, "grud32": Network} {
		c, err := d.Contestant(Candidate{Preset: name})
		if err != nil {
			t.Fatal(err)
		}
		if got := KindOf(c.Architecture); got != want || len(c.Rates) != 2 || c.Rates[0] == 0.005 != (name == "ltc-ncp19") {
			t.Errorf("%s is %s, trained at %v", name, got, c.Rates)
		}
	}
	if _, err := d.Contestant(Candidate{Preset: "gru23"}); err == nil || KindOf(experiment.Contestant{}.Architecture) != Simple {
		t.Errorf("%v", err)
	}
}
