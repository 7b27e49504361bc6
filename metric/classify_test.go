package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// near reports equality to a tolerance that scales with the values; NaN equals NaN.
func near(a, b, tolerance float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) && math.IsNaN(b)
	}
	return math.Abs(a-b) <= tolerance*(1+math.Abs(b))
}

func TestNearBites(t *testing.T) {
	for _, c := range [][2]float64{{1, 1 + 1e-9}, {0, math.NaN()}, {math.NaN(), 0}, {math.Inf(1), 1}} {
		if near(c[0], c[1], 1e-12) {
			t.Errorf("near accepts %v for %v", c[0], c[1])
		}
	}
}

// binary is a fixed example with ties between classes; the expected values below are those of scikit-learn 1.9.1.
func binary() *Classification {
	c := &Classification{Label: []int{0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0}}
	for _, p := range []float64{.1, .8, .35, .4, .35, .35, .05, .9, .6, .2, .62, .35} {
		c.Prob = append(c.Prob, []float64{1 - p, p})
	}
	return c
}

// ternary is a fixed example with three classes and a tie for the most probable one.
func ternary() *Classification {
	return &Classification{
		Label: []int{0, 2, 1, 1, 0, 2, 2, 0, 1, 2},
		Prob: [][]float64{{.7, .2, .1}, {.1, .3, .6}, {.25, .5, .25}, {.4, .35, .25}, {.5, .3, .2}, {.2, .2, .6},
			{.45, .1, .45}, {.6, .3, .1}, {.1, .2, .7}, {.05, .15, .8}},
	}
}

func TestClassificationKnownAnswers(t *testing.T) {
	// accuracy_score, balanced_accuracy_score, f1_score (macro for three), roc_auc_score (ovr), average_precision_score
	// (macro), brier_score_loss (three classes: by its formula), log_loss of scikit-learn.
	cases := []struct {
		name string
		c    *Classification
		want map[string]float64
	}{
		{"binary", binary(), map[string]float64{"accuracy": 0.75, "balanced_accuracy": 0.7285714285714285,
			"f1": 0.6666666666666666, "auroc": 0.8285714285714285, "auprc": 0.8222222222222222,
			"brier": 0.15474166666666667, "log_loss": 0.46455530550808605}},
		{"ternary", ternary(), map[string]float64{"accuracy": 0.7, "balanced_accuracy": 0.6944444444444443,
			"f1": 0.6666666666666666, "auroc": 0.8948412698412699, "auprc": 0.8722222222222221,
			"brier": 0.402, "log_loss": 0.6956357460821355}},
	}
	for _, c := range cases {
		for name, want := range c.want {
			m, err := ByName(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := m.class(c.c); !near(got, want, 1e-14) {
				t.Errorf("%s %s = %.17g, want %.17g", c.name, name, got, want)
			}
		}
	}
}

func TestConfusion(t *testing.T) {
	if got, want := binary().Confusion(), [][]int{{6, 1}, {2, 3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("binary: %v, want %v", got, want)
	}
	if got, want := ternary().Confusion(), [][]int{{3, 0, 0}, {1, 1, 1}, {1, 0, 3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("ternary: %v, want %v", got, want)
	}
}

func TestThresholdMovesTheDecision(t *testing.T) {
	c := binary()
	c.Threshold = 0.38 // scikit-learn: accuracy 2/3, F1 0.6
	if got := c.Accuracy(); !near(got, 2.0/3, 1e-15) {
		t.Errorf("accuracy %v, want 2/3", got)
	}
	if got := c.F1(); !near(got, 0.6, 1e-15) {
		t.Errorf("F1 %v, want 0.6", got)
	}
	if Predicted([]float64{.5, .5}, 0) != 0 || Predicted([]float64{.3, .7}, 0.7) != 0 || Predicted([]float64{.3, .7}, 0.69) != 1 {
		t.Error("class 1 must be predicted above the threshold only")
	}
	if got := Predicted([]float64{.2, .4, .4}, 0.9); got != 1 {
		t.Errorf("three classes: predicted %d, want the first of the most probable and no threshold", got)
	}
}

func TestUndefinedIsNaN(t *testing.T) {
	one := &Classification{Label: []int{0, 0}, Prob: [][]float64{{.9, .1}, {.8, .2}}}
	if got := one.AUROC(); !math.IsNaN(got) {
		t.Errorf("AUROC of one class is %v", got)
	}
	if got := one.AUPRC(); !math.IsNaN(got) {
		t.Errorf("AUPRC without positives is %v", got)
	}
	if got := one.F1(); !math.IsNaN(got) {
		t.Errorf("F1 of a class that neither occurs nor is predicted is %v", got)
	}
	if got := one.BalancedAccuracy(); got != 1 {
		t.Errorf("balanced accuracy over the one class that occurs is %v", got)
	}
	// Never predicting a class that occurs is defined, and bad.
	missed := &Classification{Label: []int{0, 1, 1}, Prob: [][]float64{{.9, .1}, {.8, .2}, {.7, .3}}}
	if got := missed.F1(); got != 0 {
		t.Errorf("F1 of a class that is never predicted is %v, want 0", got)
	}
	// A third class without rows leaves the means over the others: by hand (1 + 1/2)/2 and (2/3 + 2/3)/2.
	absent := &Classification{Label: []int{0, 1, 1}, Prob: [][]float64{{.9, .1, 0}, {.8, .2, 0}, {.3, .7, 0}}}
	if got := absent.BalancedAccuracy(); got != 0.75 {
		t.Errorf("balanced accuracy %v, want 0.75", got)
	}
	if got := absent.F1(); !near(got, 2.0/3, 1e-15) {
		t.Errorf("macro F1 %v, want 2/3", got)
	}
	if got := absent.AUROC(); got != 0.5*(1+1) {
		t.Errorf("AUROC %v, want 1 over the two classes that occur", got)
	}
	for _, m := range For(target(2)) {
		if got := m.class(&Classification{}); !math.IsNaN(got) {
			t.Errorf("%s without rows is %v", m.Name, got)
		}
	}
}

func TestLogLossOfACertainError(t *testing.T) {
	c := &Classification{Label: []int{1}, Prob: [][]float64{{1, 0}}}
	if got, want := c.LogLoss(), 52*math.Ln2; !near(got, want, 1e-14) {
		t.Errorf("log loss %v, want 52 ln 2 = %v", got, want)
	}
}

// slowAUROC counts pairs, as the definition says.
func slowAUROC(positive []bool, score []float64) float64 {
	won, pairs := 0.0, 0.0
	for i := range score {
		for j := range score {
			if !positive[i] || positive[j] {
				continue
			}
			pairs++
			if score[i] > score[j] {
				won++
			} else if score[i] == score[j] {
				won += 0.5
			}
		}
	}
	return won / pairs
}

// slowAUPRC goes through every threshold and counts anew.
func slowAUPRC(positive []bool, score []float64) float64 {
	sum, all := 0.0, 0.0
	for i := range score {
		if !positive[i] {
			continue
		}
		all++
		hits, rows := 0.0, 0.0
		for j := range score {
			if score[j] < score[i] {
				continue
			}
			rows++
			if positive[j] {
				hits++
			}
		}
		sum += hits / rows
	}
	return sum / all
}

func TestRankMetricsAgainstDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for round := range 300 {
		n := 1 + random.IntN(30)
		positive, score := make([]bool, n), make([]float64, n)
		for i := range score {
			positive[i], score[i] = random.IntN(3) == 0, float64(random.IntN(8))/7
		}
		if got, want := AUROC(positive, score), slowAUROC(positive, score); !near(got, want, 1e-12) {
			t.Fatalf("round %d: AUROC %v, want %v for %v %v", round, got, want, positive, score)
		}
		if got, want := AUPRC(positive, score), slowAUPRC(positive, score); !near(got, want, 1e-12) {
			t.Fatalf("round %d: AUPRC %v, want %v for %v %v", round, got, want, positive, score)
		}
	}
	if got := AUROC([]bool{true, false}, []float64{math.NaN(), 0}); !math.IsNaN(got) {
		t.Errorf("AUROC with a NaN score is %v", got)
	}
}

func TestReliability(t *testing.T) {
	// scikit-learn: calibration_curve with 4 bins.
	want := []Bin{
		{0, .25, 3, 0.11666666666666667, 0},
		{.25, .5, 5, 0.36, 0.4},
		{.5, .75, 2, 0.61, 0.5},
		{.75, 1, 2, 0.85, 1},
	}
	got := binary().Reliability(4)
	if len(got) != len(want) {
		t.Fatalf("%d bins, want %d: %v", len(got), len(want), got)
	}
	for i, b := range got {
		w := want[i]
		if b.Lower != w.Lower || b.Upper != w.Upper || b.Rows != w.Rows || !near(b.Predicted, w.Predicted, 1e-14) ||
			!near(b.Observed, w.Observed, 1e-14) {
			t.Errorf("bin %d: %+v, want %+v", i, b, w)
		}
	}
	// By hand, three classes in one bin: mean of the highest probability 0.585, right in 7 of 10 (ECE uses 15 bins).
	one := ternary().Reliability(1)
	if len(one) != 1 || !near(one[0].Predicted, 0.585, 1e-14) || !near(one[0].Observed, 0.7, 1e-14) {
		t.Errorf("one bin: %+v", one)
	}
	// Ends belong to the outer bins.
	ends := &Classification{Label: []int{0, 1}, Prob: [][]float64{{1, 0}, {0, 1}}}
	if got := ends.Reliability(10); len(got) != 2 || got[0].Lower != 0 || got[1].Upper != 1 {
		t.Errorf("ends: %+v", got)
	}
	if got := ends.ECE(); got != 0 {
		t.Errorf("ECE of certain and right predictions is %v", got)
	}
}

func TestECE(t *testing.T) {
	// By hand: 0.2 twice with no hit (gap 0.2), 0.9 once with a hit (gap 0.1): (2·0.2 + 0.1)/3.
	c := &Classification{Label: []int{0, 0, 1}, Prob: [][]float64{{.8, .2}, {.8, .2}, {.1, .9}}}
	if got := c.ECE(); !near(got, 0.5/3, 1e-14) {
		t.Errorf("ECE %v, want %v", got, 0.5/3)
	}
}

func TestThreshold(t *testing.T) {
	cases := []struct {
		name     string
		positive []bool
		score    []float64
		goal     Goal
		want     float64
	}{
		// Between 0.3 and 0.7 everything is right; 0.5 is the midpoint.
		{"separable", []bool{false, true, false, true}, []float64{.1, .7, .3, .9}, MaxAccuracy, 0.5},
		// All right only between 0.05 and 0.2.
		{"low", []bool{false, true, true}, []float64{.05, .2, .4}, MaxAccuracy, 0.125},
		// Accuracy: all but the one hit at 0.1 (0.5 over 0.3 only one error). F1 wants it: 4/5 against 2/3.
		{"accuracy of a rare class", []bool{true, false, false, true, false}, []float64{.1, .2, .3, .6, .05}, MaxAccuracy, 0.45},
		{"F1 of a rare class", []bool{true, false, true, false}, []float64{.1, .2, .6, .05}, MaxF1, 0.075},
		// Anti-correlated: the best is to call nothing positive (2 of 3), above the highest score.
		{"nothing", []bool{true, false, false}, []float64{.1, .6, .8}, MaxAccuracy, 0.9},
		// The best is to call everything positive, below the lowest score.
		{"everything", []bool{true, true, false}, []float64{.4, .6, .8}, MaxAccuracy, 0.2},
		{"one class", []bool{true, true}, []float64{.1, .2}, MaxAccuracy, 0.5},
		{"no rows", nil, nil, MaxF1, 0.5},
		// Ties are never split: one score for both kinds leaves all or nothing, equally far from 0.5.
		{"all equal", []bool{true, false}, []float64{.5, .5}, MaxAccuracy, 0.25},
	}
	for _, c := range cases {
		if got := Threshold(c.positive, c.score, c.goal); !near(got, c.want, 1e-14) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestThresholdBetweenNeighbouringNumbers(t *testing.T) {
	low := 0.7
	high := math.Nextafter(low, 1)
	got := Threshold([]bool{false, true}, []float64{low, high}, MaxAccuracy)
	if !(got >= low && got < high) {
		t.Errorf("threshold %v does not separate %v from %v", got, low, high)
	}
}

func TestThresholdIsBestOfAll(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 5))
	for round := range 200 {
		n := 2 + random.IntN(20)
		positive, c := make([]bool, n), &Classification{}
		score := make([]float64, n)
		for i := range score {
			positive[i], score[i] = random.IntN(2) == 0, float64(1+random.IntN(18))/20
			c.Label = append(c.Label, map[bool]int{true: 1}[positive[i]])
			c.Prob = append(c.Prob, []float64{1 - score[i], score[i]})
		}
		positive[0], positive[1], c.Label[0], c.Label[1] = true, false, 1, 0
		for name, goal := range goals {
			m, _ := ByName(name)
			c.Threshold = Threshold(positive, score, goal)
			chosen := m.class(c)
			for c.Threshold = 0.0125; c.Threshold < 1; c.Threshold += 0.025 {
				if v := m.class(c); v > chosen+1e-12 {
					t.Fatalf("round %d, %s: %v at threshold %v, better than the chosen %v", round, name, v, c.Threshold, chosen)
				}
			}
		}
	}
}

func TestGoalOf(t *testing.T) {
	for _, m := range For(target(2)) {
		_, ok := GoalOf(m.Name)
		c := binary()
		base := m.class(c)
		c.Threshold = 0.38
		if moves := m.class(c) != base; moves != ok {
			t.Errorf("%s: depends on the threshold: %v, has a goal: %v", m.Name, moves, ok)
		}
	}
}

func ExampleThreshold() {
	ill := []bool{false, false, false, true, false, true}
	risk := []float64{.02, .05, .11, .30, .08, .24}
	fmt.Printf("%.3f\n", Threshold(ill, risk, MaxF1))
	// Output: 0.175
}
