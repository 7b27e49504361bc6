package train

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// program has two parameters, the second kept at or above 0.25.
func program() *step.Program {
	b := step.New()
	x := b.Input("x", 2)
	y := step.Mul(x, b.Param("free", step.Vector(2), step.Values{1}))
	b.Output("y", step.Add(y, b.Param("bounded.w", step.Vector(2), step.Values{0.5}, step.AtLeast(0.25))))
	return b.Build()
}

// Each rule, worked out by hand for two steps of gradient g = (0.5, -2, 4, 0).
func TestRulesByHand(t *testing.T) {
	g := []float64{0.5, -2, 4, 0}
	hand := map[string]func(v []float64, g float64, step int, theta float64) float64{
		"adam": func(v []float64, g float64, n int, theta float64) float64 {
			v[0], v[1] = 0.9*v[0]+0.1*g, 0.999*v[1]+0.001*g*g
			m, s := v[0]/(1-math.Pow(0.9, float64(n))), v[1]/(1-math.Pow(0.999, float64(n)))
			return theta - 0.1*m/(math.Sqrt(s)+1e-8)
		},
		"sgd": func(v []float64, g float64, _ int, theta float64) float64 {
			v[0] = 0.9*v[0] + g
			return theta - 0.1*v[0]
		},
		"rmsprop": func(v []float64, g float64, _ int, theta float64) float64 {
			v[0] = 0.99*v[0] + 0.01*g*g
			return theta - 0.1*g/(math.Sqrt(v[0])+1e-8)
		},
	}
	hand["obgd"] = func(_ []float64, g float64, _ int, theta float64) float64 {
		return theta - 0.1/(0.1*2*(0.5+2+4))*g // M = 1.3
	}
	hand["adamw"] = hand["adam"]
	if len(hand) != len(Optimisers()) {
		t.Fatalf("%d rules worked out by hand, %d in the table", len(hand), len(Optimisers()))
	}
	for _, name := range Optimisers() {
		a, err := newOptimiser(program(), Options{Optimiser: name}.Filled())
		if err != nil {
			t.Fatal(err)
		}
		theta := []float32{1, 1, 10, 10}
		want, memory := []float64{1, 1, 10, 10}, make([][]float64, 4)
		for n := 1; n <= 2; n++ {
			a.step(0.1, theta, []float32{0.5, -2, 4, 0})
			for i := range want {
				if memory[i] == nil {
					memory[i] = make([]float64, 2)
				}
				want[i] = hand[name](memory[i], g[i], n, want[i])
			}
		}
		for i := range want {
			if math.Abs(float64(theta[i])-want[i]) > 1e-5*math.Abs(want[i]) {
				t.Errorf("%s: parameter %d is %g after two steps, want %g", name, i, theta[i], want[i])
			}
		}
	}
}

// A step of obgd is that of gradient descent until M is 1, and from then on 1/kappa long.
func TestObGDIsBounded(t *testing.T) {
	for _, c := range []struct{ scale, lr, kappa, length float64 }{
		{0.01, 0.1, 3, 0.1 * 0.065}, // M = 0.1 · 3 · 0.065
		{1, 0.1, 3, 1 / 3.0},        // M = 1.95
		{1e30, 0.1, 3, 1 / 3.0},
		{1, 1, 0, 1 / 2.0},
	} {
		a, err := newOptimiser(program(), Options{Optimiser: "obgd", Kappa: c.kappa}.Filled())
		if err != nil {
			t.Fatal(err)
		}
		theta, k := []float32{1, 1, 10, 10}, float32(c.scale)
		a.step(c.lr, theta, []float32{0.5 * k, -2 * k, 4 * k, 0})
		length := math.Abs(float64(theta[0]-1)) + math.Abs(float64(theta[1]-1)) + math.Abs(float64(theta[2]-10)) + math.Abs(float64(theta[3]-10))
		if math.Abs(length-c.length) > 1e-4*c.length || !(theta[1] > 1) {
			t.Errorf("%+v: the step is %g long, to %v", c, length, theta)
		}
	}
	if err := (Options{Kappa: -1}).Check(); err == nil || !strings.Contains(err.Error(), "kappa") {
		t.Errorf("a negative kappa: %v", err)
	}
}

func TestBoundsAreKept(t *testing.T) {
	a, err := newOptimiser(program(), Options{Optimiser: "sgd"}.Filled())
	if err != nil {
		t.Fatal(err)
	}
	theta := []float32{1, 1, 0.5, 0.5}
	a.step(1, theta, []float32{9, 0, 9, 0.125})
	if theta[0] != -8 || theta[2] != 0.25 || theta[3] != 0.375 {
		t.Errorf("parameters are %v, want -8 for the free one, 0.25 at the bound and 0.375 above it", theta)
	}
}

func TestGroupsScaleTheRate(t *testing.T) {
	o := Options{Optimiser: "sgd", Groups: map[string]float64{"bounded": 10, "bounded.w": 3}}
	a, err := newOptimiser(program(), o.Filled())
	if err != nil {
		t.Fatal(err)
	}
	theta := []float32{0, 0, 5, 5}
	a.step(0.5, theta, []float32{1, 0, 1, 0})
	if theta[0] != -0.5 || theta[2] != 3.5 {
		t.Errorf("parameters moved to %v, want -0.5 and, by the longer of two names, 5 - 3·0.5", theta)
	}
}

func TestDecay(t *testing.T) {
	for name, want := range map[string]float32{"adamw": 2 - 0.5*0.1*2, "sgd": 2 - 0.5*0.1*2} {
		a, err := newOptimiser(program(), Options{Optimiser: name, WeightDecay: 0.1}.Filled())
		if err != nil {
			t.Fatal(err)
		}
		theta := []float32{2, 2, 2, 2}
		a.step(0.5, theta, []float32{0, 0, 0, 0})
		if math.Abs(float64(theta[0]-want)) > 1e-6 {
			t.Errorf("%s without gradient takes 2 to %g, want %g", name, theta[0], want)
		}
	}
}

func TestClip(t *testing.T) {
	g := []float32{3, 0, -4}
	if norm := clip(g, 10); norm != 5 || g[0] != 3 {
		t.Errorf("norm %g and gradient %v, want 5 and no change below the limit", norm, g)
	}
	if norm := clip(g, 1); norm != 5 || math.Abs(float64(g[2])+0.8) > 1e-7 {
		t.Errorf("norm %g and gradient %v, want 5 and a gradient of norm 1", norm, g)
	}
}

func TestLearningRate(t *testing.T) {
	for _, c := range []struct {
		o    Options
		step int
		want float64
	}{
		{Options{Schedule: "constant"}, 70, 0.01},
		{Options{Schedule: "constant", WarmUp: 0.1}, 4, 0.005},
		{Options{Schedule: "constant", WarmUp: 0.1}, 10, 0.01},
		{Options{Schedule: "cosine"}, 0, 0.01},
		{Options{Schedule: "cosine"}, 50, 0.01 * 0.525},
		{Options{Schedule: "cosine"}, 100, 0.0005},
		{Options{Schedule: "step"}, 32, 0.01},
		{Options{Schedule: "step"}, 34, 0.001},
		{Options{Schedule: "step"}, 67, 0.0001},
	} {
		if got := c.o.Filled().learningRate(c.step, 100); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s, warm-up %g, step %d of 100: rate %g, want %g", c.o.Schedule, c.o.WarmUp, c.step, got, c.want)
		}
	}
	if len(Schedules()) != len(schedules) {
		t.Errorf("Schedules lists %d of %d", len(Schedules()), len(schedules))
	}
}

// Without a number of epochs: 1,000 steps, but 4 epochs at least and 40 at most.

func TestCheckNamesTheOption(t *testing.T) {
	for text, o := range map[string]Options{
		"epochs is -1":            {Epochs: -1},
		"batch is -3":             {Batch: -3},
		"learning rate is -0.1":   {LearningRate: -0.1},
		"learning rate is NaN":    {LearningRate: math.NaN()},
		"learning rate is +Inf":   {LearningRate: math.Inf(1)},
		"momentum is 1":           {Momentum: 1},
		"weight decay is -1":      {WeightDecay: -1},
		"warm-up is 1":            {WarmUp: 1},
		"curriculum is 1":         {Curriculum: 1},
		"curriculum is NaN":       {Curriculum: math.NaN()},
		"huber delta is -2":       {HuberDelta: -2},
		"clip is NaN":             {Clip: math.NaN()},
		"constant":                {Schedule: "linear"},
		"weight of class 1 is -2": {ClassWeights: []float64{1, -2}},
		`group "w" has rate mult`: {Groups: map[string]float64{"w": -1}},
	} {
		err := o.Check()
		if err == nil || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v gives %v, want one line with %q", o, err, text)
		}
	}
	filled := Options{Patience: -1, Momentum: -1, Clip: -1}.Filled()
	if !reflect.DeepEqual(filled, filled.Filled()) || filled.Patience != -1 || filled.Batch != 32 {
		t.Errorf("filling defaults twice changes %+v", filled)
	}
	if err := (Options{}).Check(); err != nil {
		t.Errorf("the zero options are refused: %v", err)
	}
	if _, err := newOptimiser(program(), Options{Optimiser: "newton"}); err == nil {
		t.Error("an unknown optimiser was accepted")
	}
}
