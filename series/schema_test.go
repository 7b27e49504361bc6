package series_test

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

func clinic() series.Schema {
	return series.Schema{
		Inputs: []series.Input{
			{Name: "pulse", Kind: series.Numeric, Mean: 71, SD: 9.5, Clip: 6},
			{Name: "ward", Kind: series.Category, Levels: []string{series.Other, "a", "b"}, Missing: true, Mask: true},
			{Name: "lactate", Kind: series.Numeric, Mean: 1.5, SD: 0.75, Missing: true, Impute: 1.5, Hold: true, Mask: true, Since: true},
		},
		Target:       series.Target{Name: "sepsis", Task: series.Classify, Classes: []string{"no", "yes"}, Threshold: 0.25, Horizon: 3600},
		Clock:        series.Clock{Column: "t", Kind: series.Calendar, Unit: 3600, FirstDT: 1, Zone: "Europe/Vienna", Calendar: []string{"hour"}},
		SeriesColumn: "patient",
	}
}

func TestFeaturesHaveNames(t *testing.T) {
	s := clinic()
	want := []string{"pulse", "ward=other", "ward=a", "ward=b", "ward?", "lactate", "lactate?", "lactate~"}
	if got := s.Names(); !slices.Equal(got, want) {
		t.Errorf("the features are %q, want %q", got, want)
	}
	if s.Features() != len(want) {
		t.Errorf("%d features, %d names", s.Features(), len(want))
	}
	for i, want := range []int{1, 4, 3} {
		if got := s.Inputs[i].Width(); got != want {
			t.Errorf("input %d is %d wide, want %d", i, got, want)
		}
	}
}

func TestHiddenInputsAreNoFeatures(t *testing.T) {
	s := clinic()
	s.Inputs[1].Hidden = true
	if got, want := s.Names(), []string{"pulse", "lactate", "lactate?", "lactate~"}; !slices.Equal(got, want) || s.Features() != len(want) || s.Check() != nil {
		t.Errorf("the features are %q, %d of them, want %q (%v)", got, s.Features(), want, s.Check())
	}
}

func TestWidthOfTargets(t *testing.T) {
	for want, list := range map[int][]series.Target{
		1: {{Task: series.Classify, Classes: []string{"a", "b"}}, {Task: series.Regress}, {Task: series.Regress, Outputs: 1}},
		2: {{Task: series.Regress, Gaussian: true}, {Task: series.Regress, Outputs: 2}},
		3: {{Task: series.Classify, Classes: []string{"a", "b", "c"}}, {Task: series.Regress, Quantiles: []float64{0.1, 0.5, 0.9}}},
	} {
		for _, target := range list {
			if got := target.Width(); got != want {
				t.Errorf("%+v asks for %d outputs, want %d", target, got, want)
			}
		}
	}
}

func TestSchemaSurvivesJSON(t *testing.T) {
	want := clinic()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got series.Schema
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s is read as %+v (%v)", text, got, err)
	}
}

func TestPlain(t *testing.T) {
	s := series.Plain(3)
	if err := s.Check(); err != nil || s.Features() != 3 || !slices.Equal(s.Names(), []string{"x0", "x1", "x2"}) || s.Target.Width() != 1 {
		t.Errorf("%+v (%v)", s, err)
	}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	if err := clinic().Check(); err != nil {
		t.Fatalf("a good schema is refused: %v", err)
	}
	inf := math.Inf(1)
	for want, spoil := range map[string]func(s *series.Schema){
		"all inputs are hidden": func(s *series.Schema) {
			for i := range s.Inputs {
				s.Inputs[i].Hidden = true
			}
		},
		"no inputs":                   func(s *series.Schema) { s.Inputs = nil },
		`"pulse" appears twice`:       func(s *series.Schema) { s.Inputs[2].Name = "pulse" },
		`kind "text"; allowed: num`:   func(s *series.Schema) { s.Inputs[0].Kind = "text" },
		`"ward" must list "other"`:    func(s *series.Schema) { s.Inputs[1].Levels = []string{"a"} },
		`must list "other" as`:        func(s *series.Schema) { s.Inputs[1].Levels = nil },
		"sd 0, impute":                func(s *series.Schema) { s.Inputs[0].SD = 0 },
		"sd NaN":                      func(s *series.Schema) { s.Inputs[0].SD = nan },
		"sd 1e-50":                    func(s *series.Schema) { s.Inputs[0].SD = 1e-50 },
		"mean 1e+40":                  func(s *series.Schema) { s.Inputs[0].Mean = 1e40 },
		"impute -Inf":                 func(s *series.Schema) { s.Inputs[2].Impute = -inf },
		`"ward" has impute 3`:         func(s *series.Schema) { s.Inputs[1].Impute = 3 },
		`"ward" has impute 0.5`:       func(s *series.Schema) { s.Inputs[1].Impute = 0.5 },
		"clip -1":                     func(s *series.Schema) { s.Inputs[0].Clip = -1 },
		"knots [1 1]":                 func(s *series.Schema) { s.Inputs[0].Knots = []float64{1, 1} },
		"knots [1]":                   func(s *series.Schema) { s.Inputs[0].Knots = []float64{1} },
		"knots [2 1]":                 func(s *series.Schema) { s.Inputs[0].Knots = []float64{2, 1} },
		"range [2 2]":                 func(s *series.Schema) { s.Inputs[0].Range = []float64{2, 2} },
		"range [1 2 3]":               func(s *series.Schema) { s.Inputs[0].Range = []float64{1, 2, 3} },
		"clip +Inf":                   func(s *series.Schema) { s.Inputs[0].Clip = inf },
		"1 classes":                   func(s *series.Schema) { s.Target.Classes = []string{"no"} },
		"threshold 1":                 func(s *series.Schema) { s.Target.Threshold = 1 },
		"threshold NaN":               func(s *series.Schema) { s.Target.Threshold = nan },
		"are for numbers":             func(s *series.Schema) { s.Target.Gaussian = true },
		`task "guess"`:                func(s *series.Schema) { s.Target.Task = "guess" },
		`"sepsis" has mean 0, sd 0`:   func(s *series.Schema) { s.Target = series.Target{Name: "sepsis", Task: series.Regress} },
		"[0.9 0.1] must ascend":       quantiles(0.9, 0.1),
		"[0 0.5] must ascend and lie": quantiles(0, 0.5),
		"[0.5 1] must ascend":         quantiles(0.5, 1),
		"only one of gaussian": func(s *series.Schema) {
			quantiles(0.1, 0.9)(s)
			s.Target.Gaussian = true
		},
		"-2 outputs": func(s *series.Schema) {
			quantiles()(s)
			s.Target.Outputs = -2
		},
		"time unit 0":  func(s *series.Schema) { s.Clock.Unit = 0 },
		"first dt -1":  func(s *series.Schema) { s.Clock.FirstDT = -1 },
		"first dt NaN": func(s *series.Schema) { s.Clock.FirstDT = nan },
	} {
		s := clinic()
		spoil(&s)
		err := s.Check()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("the error is %v, want one line with %q", err, want)
		}
	}
}

// quantiles makes the target a number with quantiles.
func quantiles(levels ...float64) func(s *series.Schema) {
	return func(s *series.Schema) {
		s.Target = series.Target{Name: "flow", Task: series.Regress, SD: 1, Quantiles: levels}
	}
}
