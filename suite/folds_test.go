package suite

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// unitsOf are those of a part, without "mirrored" whatever its series say of themselves.
func unitsOf(p dataset.Part) map[string]bool {
	units := map[string]bool{}
	for i := range p.Series {
		units[strings.TrimSuffix(p.Series[i].Name, " mirrored")] = true
	}
	return units
}

func parted(t *testing.T, task *Task, folds int) ([]experiment.Division, string) {
	t.Helper()
	list, of, err := task.Divisions(readTask(t, task), nil, train.Options{}, Folding{folds, []float64{0.5, 1}})
	if err != nil {
		t.Fatal(err)
	}
	return list, of
}

// People, units and traces with their mirror images are on one side, every one of them is scored once, and none is of the test part.
func TestTasksAreFolded(t *testing.T) {
	for _, c := range []struct {
		task  *Task
		folds int
		said  string
		units int
	}{{&lidar, 4, "4 folds of 22 series", 22}, {&cgm, 5, "5 folds of 15 series", 15}, {&cmapss, 5, "5 folds of 100 series", 100}, {&vowels, 3, "3 folds of 270 series", 270}} {
		t.Run(c.task.Name, func(t *testing.T) {
			d := readTask(t, c.task)
			list, of := parted(t, c.task, c.folds)
			if of != c.said || len(list) != 2*c.folds {
				t.Fatalf("%d divisions, %q", len(list), of)
			}
			own, seen, windows := map[*float32]bool{}, map[string]bool{}, 0
			for i := range d.Test.Series {
				own[&d.Test.Series[i].X[0]] = true
			}
			for _, one := range list {
				trained, scored := one.Parts.Data.Train, one.Parts.Test
				if len(one.Parts.Data.Valid.Windows)+len(one.Parts.Valid.Series) > 0 {
					t.Error("a fold chooses by a validation part")
				}
				sides := [2]map[string]bool{unitsOf(trained), unitsOf(dataset.Part{Series: scored.Whole})}
				for name := range sides[0] {
					if sides[1][name] {
						t.Errorf("%s is on both sides", name)
					}
				}
				for _, s := range slices.Concat(trained.Series, scored.Whole) {
					if own[&s.X[0]] {
						t.Fatalf("%s is of the test part", s.Name)
					}
				}
				if one.Share < 1 {
					if n := c.units - len(sides[1]); len(sides[0]) != (n+1)/2 {
						t.Errorf("%d of %d units are trained on", len(sides[0]), n)
					}
					continue
				}
				if len(sides[0])+len(sides[1]) != c.units || len(sides[1]) < c.units/c.folds {
					t.Errorf("%d and %d units", len(sides[0]), len(sides[1]))
				}
				for name := range sides[1] {
					if seen[name] {
						t.Errorf("%s is scored twice", name)
					}
					seen[name] = true
				}
				windows += len(scored.Series)
			}
			if len(seen) != c.units || windows != len(d.Train.Windows)+len(d.Valid.Windows) {
				t.Errorf("%d units and %d windows are scored", len(seen), windows)
			}
		})
	}
}

// Every fold has as many utterances of one speaker as of another.
func TestVowelsAreFoldedBySpeaker(t *testing.T) {
	list, _ := parted(t, &vowels, 3)
	for _, one := range list {
		count := make([]int, 9)
		for _, s := range one.Parts.Test.Series {
			count[int(s.Y[s.Len()-1])]++
		}
		if slices.ContainsFunc(count, func(n int) bool { return n != 10 }) {
			t.Errorf("fold %d scores %v", one.Fold, count)
		}
	}
}

// Scalers are those of what a fold trains on; of the whole training part they are the task's own.
func TestFoldsScale(t *testing.T) {
	for _, task := range []*Task{&vowels, &cmapss} {
		d := readTask(t, task)
		if same := d.scaled(d.Train, dataset.Part{}); same.Inputs[3].Mean != d.Schema.Inputs[3].Mean || same.Inputs[3].Name != d.Schema.Inputs[3].Name {
			t.Errorf("%s: %+v, want %+v", task.Name, same.Inputs[3], d.Schema.Inputs[3])
		}
		list, _ := parted(t, task, 4)
		for _, one := range list {
			sum, n := 0.0, 0.0
			for _, s := range one.Parts.Data.Train.Series {
				for row := range s.Len() {
					sum, n = sum+float64(s.At(row)[3]), n+1
				}
			}
			if in := one.Schema.Inputs[3]; math.Abs(in.Mean-sum/n) > 1e-9*math.Abs(in.Mean) || in.Mean == d.Schema.Inputs[3].Mean {
				t.Errorf("%s, fold %d, share %g: mean %g, want %g", task.Name, one.Fold, one.Share, in.Mean, sum/n)
			}
		}
		piece := dataset.Part{Series: []series.Series{d.Train.Series[0]}}
		if got := d.scaled(piece, piece); got.Inputs[3].Mean != d.Schema.Inputs[3].Mean {
			t.Errorf("%s is scaled by rows that are scored", task.Name)
		}
	}
}
