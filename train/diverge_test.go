package train

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// stopped runs a training that must diverge.
func stopped(t *testing.T, m *model.Model, d Data, o Options, words ...string) *DivergedError {
	t.Helper()
	r, err := Fit(context.Background(), m, d, o, Hooks{})
	var diverged *DivergedError
	if !errors.As(err, &diverged) || r != nil {
		t.Fatalf("the run gives %v, want a *DivergedError", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error %q does not say %q", err, w)
		}
	}
	return diverged
}

// huge scales the readout of a model, so that its output or loss overflows.
func huge(m *model.Model, by float32) *model.Model {
	theta := m.Params()
	for _, q := range m.Program().Params {
		if q.Name == "readout.w" {
			for i := range q.Shape.Len() {
				theta[q.Offset+i] = by
			}
		}
	}
	return m.With(theta)
}

func TestDivergenceNamesTheRow(t *testing.T) {
	m := huge(small(t, closed), 3e38)
	d := tanks()
	// The only window with labels is one of the second series, and the state is not zero from its first row on.
	d.Train.Windows = []dataset.Window{{Series: 1, From: 10, To: 14}}
	d.Train.Series[1].Name = "boiler"
	d.Train.Series[1].X[10], d.Train.Series[1].X[11] = 1e30, 1e30
	e := stopped(t, m, d, Options{}, "epoch 1, step 1", "at row 10 of series boiler", "; try --learning-rate below 0.02, or --clip-gradient below 1")
	if e.Epoch != 1 || e.Step != 1 {
		t.Errorf("the place is %+v", e)
	}
	d.Train.Series[1].Name = ""
	stopped(t, m, d, Options{LearningRate: 0.003, Clip: -1}, "series 1;", "Inf", "; try --learning-rate below 0.003, or --clip-gradient 1 (gradients were not clipped)")
}

func TestDivergenceOfTheGradient(t *testing.T) {
	s := series.Plain(1)
	s.Target.SD = 1e-30
	m, err := model.New(s, closed)
	if err != nil {
		t.Fatal(err)
	}
	d := tanks() // labels of some 1e30 standard deviations: the loss is finite, its slope is not in single precision
	for i := range d.Train.Series[0].Y {
		d.Train.Series[0].Y[i] *= 1e10
	}
	stopped(t, m, d, Options{Batch: 1000}, "the gradient of ")
}

// The training rows stay finite and a row of the validation part does not: nothing may be kept.
func TestDivergenceOnValidation(t *testing.T) {
	m, d := small(t, closed), tanks()
	d.Valid.Series[0].X[17], d.Valid.Series[0].Name = 1e30, "unseen"
	seen, err := m.Observe(&d.Valid.Series[0], "")
	if err != nil {
		t.Fatal(err)
	}
	theta := m.Params()
	for _, q := range m.Program().Params {
		for i := range q.Shape.Len() {
			if q.Name == "readout.w" { // all neurons add up in row 17, where they are saturated
				theta[q.Offset+i] = float32(math.Copysign(1.2e38, seen.States[i][17]))
			}
		}
	}
	for k := range d.Train.Series {
		for i := range d.Train.Series[k].X {
			d.Train.Series[k].X[i] = 0.01
		}
	}
	d.Train.Windows = []dataset.Window{{Series: 0, From: 1, To: 2}}
	o := Options{Epochs: 2, LearningRate: 1e-30, Loss: "absolute"}
	stopped(t, m.With(theta), d, o, "epoch 1", "on the validation part", "at row 17 of series unseen")
	d.ResetState = true
	d.Valid = part(10, 10, d.Valid.Series[0])
	stopped(t, m.With(theta), d, o, "at row 17 of series unseen")
}

// A step that leaves a parameter infinite is noticed before the model is handed over, in the last epoch too.
func TestDivergenceInTheLastStep(t *testing.T) {
	m, d := small(t, closed), tanks()
	d.Valid = dataset.Part{}
	e := stopped(t, m, d, Options{Epochs: 1, Batch: 1000, LearningRate: math.MaxFloat64}, "the value of ", "layer0")
	if e.Step != 1 || e.Epoch != 1 {
		t.Errorf("the place is %+v", e)
	}
}

func TestBadLabels(t *testing.T) {
	s := series.Plain(1)
	s.Target = series.Target{Name: "kind", Task: series.Classify, Classes: []string{"a", "b", "c"}}
	m, err := model.New(s, model.Recurrent(cell.GRU{Units: 2}))
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range []float64{3, -1, 0.5, math.Inf(1)} {
		one := leaky(6, 1)
		for i := range one.Y {
			one.Y[i] = float64(i % 3)
		}
		good := Data{Train: part(0, 0, one)}
		if _, err := Fit(context.Background(), m, good, Options{Epochs: 1, Balance: true}, Hooks{}); err != nil {
			t.Fatal(err)
		}
		one.Y[4] = y
		_, err := Fit(context.Background(), m, good, Options{Epochs: 1, Balance: true}, Hooks{})
		if err == nil || !strings.Contains(err.Error(), `series "tank", row 4`) {
			t.Errorf("label %v gives %v", y, err)
		}
	}
	none := leaky(6, 1)
	for i := range none.Y {
		none.Y[i] = math.NaN()
	}
	p := dataset.Part{Series: []series.Series{none}, Windows: []dataset.Window{{To: 6}}}
	if _, err := Fit(context.Background(), m, Data{Train: p}, Options{}, Hooks{}); err == nil || !strings.Contains(err.Error(), "labelled row") {
		t.Errorf("no labels at all give %v", err)
	}
	one := leaky(6, 1)
	one.X[2] = float32(math.NaN())
	var input *model.InputError
	if _, err := Fit(context.Background(), small(t, closed), Data{Train: part(0, 0, one)}, Options{}, Hooks{}); !errors.As(err, &input) || input.Row != 2 {
		t.Errorf("a missing input gives %v", err)
	}
	if _, err := Fit(context.Background(), m, Data{}, Options{Epochs: -1}, Hooks{}); err == nil {
		t.Error("options out of range are accepted")
	}
}
