package experiment

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/train"
)

// A run of an average is the average of single runs of seeds that no other run has; it counts what all of them count, and its
// rate is chosen by the first of them. Its trials are kept as those of the single network are, and shared with it.
func TestAverageInContest(t *testing.T) {
	for _, task := range []string{"two classes", "a number"} {
		s := contestSpec(task)
		s.Keep = t.TempDir()
		s.Models = s.Models[:1]
		s.Models[0].Rates = []float64{0.01, 0.03}
		three := s.Models[0]
		three.Name, three.Average = "three", 3
		s.Models = append(s.Models, three)
		b := contested(t, s)
		got := row(t, b, "three")

		alone := s
		alone.Models, alone.Seed, alone.Seeds = slices.Clone(s.Models[:1]), 9, 6
		alone.Models[0].Rates = []float64{got.LearningRate}
		single := row(t, contested(t, alone), "ltc")
		for i, r := range got.Runs {
			var members []*model.Model
			parameters, loss, epochs := 0, 0.0, 0
			for _, one := range single.Runs[3*i : 3*i+3] {
				members = append(members, one.Model)
				parameters, loss, epochs = parameters+one.Model.Parameters(), loss+one.ValidLoss/3, epochs+len(one.Train.Epochs)
			}
			want, err := model.Average(members...)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(r.Model.Params(), want.Params()) || r.Seed != uint64(3+i) || math.Abs(r.ValidLoss-loss) > 1e-12 || len(r.Members) != 3 {
				t.Errorf("%s: run %d is not the average of its members: loss %g, want %g", task, i, r.ValidLoss, loss)
			}
			if got.Parameters != parameters || got.FLOPs != want.Program().FLOPs() {
				t.Errorf("%s: %d parameters and %v FLOPs, of members %d and %v", task, got.Parameters, got.FLOPs, parameters, want.Program().FLOPs())
			}
			test, err := Evaluate(r.Model, b.Test, 1)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(test.Scores()) != fmt.Sprint(r.Scores) {
				t.Errorf("%s: it scores %v, want %v", task, r.Scores, test.Scores())
			}
		}
		c, err := NewContest(s.cut())
		if err != nil {
			t.Fatal(err)
		}
		if e, err := c.Estimate(t.Context()); err != nil || e.Kept != e.Trials || e.Trials != 2+1+3*2+1 {
			t.Errorf("%s: of %d trials %d are kept (%v), want all of 10", task, e.Trials, e.Kept, err)
		}
	}
}

// An average one of whose members diverged counts as the constant baseline, as a single network does.
func TestAverageDiverges(t *testing.T) {
	s := contestSpec("a number")
	s.Models = []Contestant{s.Models[0], {Name: "mean"}}
	s.Models[0].Average, s.Models[0].Own = 2, func(o train.Options) train.Options {
		o.Epochs, o.LearningRate, o.Clip, o.Optimiser = 3, 1e30, -1, "sgd"
		return o
	}
	b := contested(t, s)
	net, mean := row(t, b, "ltc"), row(t, b, "mean")
	if n, _ := net.Diverged(); n != 2 || net.Mean != mean.Mean || net.Options.Epochs != 3 || b.Options.Epochs == 5 {
		t.Errorf("%d runs diverged, mean %g and that of the constant %g", n, net.Mean, mean.Mean)
	}
}

// What cannot be averaged is refused before anything is trained.
func TestAverageIsRefused(t *testing.T) {
	s := contestSpec("two classes")
	for want, change := range map[string]func(m *Contestant){
		"bidirectional": func(m *Contestant) {
			m.Architecture.Layers[0].Block.Bidirectional, m.Architecture.Pool = true, model.Mean
		},
		"of 65 models": func(m *Contestant) { m.Average = model.MaxMembers + 1 },
	} {
		m := s.Models[0]
		m.Average, m.Architecture.Layers = 2, slices.Clone(m.Architecture.Layers)
		change(&m)
		one := s
		one.Models = []Contestant{m}
		if _, err := NewContest(one.cut()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one about %q", err, want)
		}
	}
}
