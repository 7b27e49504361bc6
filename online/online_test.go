package online_test

import (
	"errors"
	"fmt"
	"log"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/train"
	"github.com/elegans-nn/elegans/wiring"
)

// liquid is a network with all that a head does: a missing column that is held, with its mask and its age.
func liquid() *model.Model {
	schema := series.Plain(3)
	schema.Inputs[0].Mean, schema.Inputs[0].SD = 2, 3
	schema.Inputs[1].Missing, schema.Inputs[1].Hold, schema.Inputs[1].Mask, schema.Inputs[1].Since = true, true, true, true
	schema.Target.Mean, schema.Target.SD = -1, 2
	m, err := model.New(schema, model.Liquid(cell.LTC{}, wiring.Auto(12, 2)))
	if err != nil {
		log.Fatal(err)
	}
	return m.Initial(5)
}

// row is a generic row and the time before it.
func row(t int) (x []float32, dt float32) {
	x = []float32{float32(2 + 3*math.Sin(0.7*float64(t))), float32(math.Cos(1.1 * float64(t))), float32(t%5) - 2}
	if t%3 == 1 {
		x[1] = float32(math.NaN())
	}
	return x, 0.2 + 0.3*float32(t%4)
}

func options(m *model.Model, o train.Options) online.Options {
	loss, err := train.NewRowLoss(m.Schema().Target, o.Filled())
	if err != nil {
		log.Fatal(err)
	}
	update, err := train.NewUpdate(m.Program(), o)
	if err != nil {
		log.Fatal(err)
	}
	return online.Options{Loss: loss, Update: update}
}

func start(t *testing.T, m *model.Model, o online.Options) *online.RTRL {
	t.Helper()
	l, err := online.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// through is the gradient of Σ_t slope(t) y_t over rows first to last by the oracle, back to row first, whose state before was
// reached with the same parameters.
func through(m *model.Model, first, last int, slope func(t int) float64) []float64 {
	theta := make([]float64, m.Parameters())
	for i, v := range m.Params() {
		theta[i] = float64(v)
	}
	p := m.Program().Only("y").Reverse(step.WRT{})
	o := engine.NewOracle(p, 1, theta)
	tape := &engine.Tape{Oracle: o}
	feed := func(from int) func(t int) {
		return func(t int) {
			x, dt := row(from + t)
			for i, v := range x {
				o.Value(p.Inputs[0].Node)[i] = float64(v)
			}
			o.Value(p.Time)[0] = float64(dt)
		}
	}
	tape.Forward(first, feed(0), nil)
	tape.Forward(last+1-first, feed(first), nil)
	tape.Backward(feed(first), func(t int) { o.Value(p.Adjoint.DOutput[0])[0] = slope(first + t) }, nil)
	var g []float64
	for k, q := range p.Params {
		if v := o.Grad(k); v != nil {
			g = append(g, v...)
		} else {
			g = append(g, make([]float64, q.Shape.Len())...)
		}
	}
	return g
}

// only is the slope of a loss of one row.
func only(row int, slope float64) func(t int) float64 {
	return func(t int) float64 {
		if t == row {
			return slope
		}
		return 0
	}
}

// agree compares a gradient with one in double precision, to a share of the largest component.
func agree(t *testing.T, what string, got []float32, want []float64, share float64) {
	t.Helper()
	scale := 0.0
	for _, v := range want {
		scale = math.Max(scale, math.Abs(v))
	}
	for i, v := range want {
		if d := math.Abs(float64(got[i]) - v); !(d <= share*scale) {
			t.Fatalf("%s, parameter %d: %g, in double precision %g, the largest %g", what, i, got[i], v, scale)
		}
	}
}

// The gradient of every row is that of its loss through the whole history, head included, and predictions are those of a
// stream, to the bit.
func TestGradientIsThatThroughTime(t *testing.T) {
	m := liquid()
	l, s := start(t, m, online.Options{}), m.Stream()
	const times = 25
	for k := range times {
		x, dt := row(k)
		got, err := l.Step(x, dt)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := s.Step(x, dt)
		if !slices.Equal(got, want) || !slices.Equal(l.Y(), s.Y()) {
			t.Fatalf("row %d: prediction %v, a stream's is %v", k, got, want)
		}
		if k%6 != 0 {
			continue
		}
		slope := 1.5 - 0.1*float64(k)
		g := l.Gradient([]float32{float32(slope)})
		agree(t, fmt.Sprintf("row %d", k), g, through(m, 0, k, only(k, slope)), 1e-5)
	}
	if !slices.Equal(l.Model().Params(), m.Params()) {
		t.Error("predicting has changed parameters")
	}
}

// What a label means for a row can be kept until it comes.
func TestLateLabels(t *testing.T) {
	m := liquid()
	at, late := start(t, m, options(m, train.Options{Optimiser: "sgd", Momentum: -1, Clip: -1})), start(t, m, options(m, train.Options{Optimiser: "sgd", Momentum: -1, Clip: -1}))
	x, dt := row(0)
	_, _ = at.Step(x, dt)
	_, _ = late.Step(x, dt)
	y, kept := late.Y()[0], slices.Clone(late.Gradient([]float32{1}))
	loss, err := at.Learn(0.4)
	if err != nil {
		t.Fatal(err)
	}
	for k := 1; k < 4; k++ {
		x, dt := row(k)
		_, _ = late.Step(x, dt)
	}
	e := float64(y) - (0.4+1)/2
	if math.Abs(loss-e*e) > 1e-6 {
		t.Errorf("loss %g, by hand %g", loss, e*e)
	}
	for i := range kept {
		kept[i] *= float32(2 * e)
	}
	if err := late.Apply(kept); err != nil {
		t.Fatal(err)
	}
	a, b := at.Model().Params(), late.Model().Params()
	moved := 0
	for i := range a {
		if math.Abs(float64(a[i]-b[i])) > 1e-6 {
			t.Errorf("parameter %d is %g after a label at once, %g after the same label late", i, a[i], b[i])
		}
		if a[i] != m.Params()[i] {
			moved++
		}
	}
	if moved < len(a)/2 {
		t.Errorf("only %d of %d parameters have moved", moved, len(a))
	}
}

// Each optimiser learns from a stream; Adam also after its law has changed, which plain descent takes longer for.
func TestAdapts(t *testing.T) {
	for name, c := range map[string]struct {
		o      train.Options
		change int
	}{
		"sgd":  {train.Options{Optimiser: "sgd", Momentum: -1, LearningRate: 0.1}, 8000},
		"adam": {train.Options{Optimiser: "adam", LearningRate: 0.01}, 4000},
	} {
		m := liquid()
		o := options(m, c.o)
		l, frozen := start(t, m, o), m.Stream()
		label := func(k int) float64 {
			x, _ := row(k)
			if k < c.change {
				return float64(x[0])
			}
			return -float64(x[0]) + 1
		}
		sum, kept, dy := 0.0, 0.0, []float32{0}
		for k := range 8000 {
			x, dt := row(k)
			if _, err := l.Step(x, dt); err != nil {
				t.Fatal(err)
			}
			loss, err := l.Learn(label(k))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = frozen.Step(x, dt)
			if k >= 7500 {
				sum += loss
				kept += o.Loss(frozen.Y(), []float64{label(k)}, dy)
			}
		}
		t.Logf("%s: mean loss %.3f in the last rows, frozen %.3f", name, sum/500, kept/500)
		if !(sum < kept/2) {
			t.Errorf("%s: mean loss %g in the last rows, %g without learning", name, sum/500, kept/500)
		}
		for _, q := range m.Program().Params {
			for _, v := range l.Model().Params()[q.Offset:][:q.Shape.Len()] {
				if float64(v) < q.Min-1e-6 || float64(v) > q.Max {
					t.Errorf("%s: %s has left its bounds: %g", name, q.Name, v)
				}
			}
		}
	}
}

// Errors leave everything as it was.
func TestRefusals(t *testing.T) {
	m := liquid()
	l := start(t, m, options(m, train.Options{}))
	x, dt := row(0)
	if _, err := l.Step(x, dt); err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(l.Gradient([]float32{1}))
	var wrong *model.InputError
	if _, err := l.Step(x, -1); !errors.As(err, &wrong) {
		t.Errorf("a negative time: %v", err)
	}
	if !slices.Equal(before, l.Gradient([]float32{1})) {
		t.Error("a refused row has changed the derivatives")
	}
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		g := make([]float32, m.Parameters())
		g[7] = bad
		if err := l.Apply(g); !errors.Is(err, online.ErrNotFinite) {
			t.Errorf("a gradient with %v: %v", bad, err)
		}
	}
	if !slices.Equal(l.Model().Params(), m.Params()) {
		t.Error("a refused gradient has changed parameters")
	}
	if _, err := online.New(m, online.Options{Memory: 1000}); err == nil || !strings.Contains(err.Error(), "the limit is 1000") {
		t.Errorf("too little memory: %v", err)
	}
}

// A series begins again after Reset, with what was learned, and an update allocates nothing.
func TestResetAndMemory(t *testing.T) {
	m := liquid()
	o := options(m, train.Options{})
	l := start(t, m, o)
	update := func() {
		x := [3]float32{1, 2, 3}
		if _, err := l.Step(x[:], 0.5); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Learn(2); err != nil {
			t.Fatal(err)
		}
	}
	update()
	if n := testing.AllocsPerRun(50, update); n != 0 {
		t.Errorf("an update allocates %v times", n)
	}
	learned := l.Model()
	l.Reset()
	fresh := start(t, m, o)
	fresh.SetParams(learned.Params())
	x, dt := row(3)
	a, _ := l.Step(x, dt)
	b, _ := fresh.Step(x, dt)
	if !slices.Equal(a, b) || !slices.Equal(l.Gradient([]float32{1}), fresh.Gradient([]float32{1})) {
		t.Error("after Reset the stream differs from a fresh one with the same parameters")
	}
	columns := 8 * m.Parameters() * 16 // S and its successor, of two lanes of eight at most
	if l.Bytes() < columns/2 || l.Bytes() > 4*columns {
		t.Errorf("%d bytes, the derivatives alone are about %d", l.Bytes(), columns)
	}
}

// A network of 12 neurons learns a stream while it predicts it.
func Example() {
	m := liquid()
	loss, err := train.NewRowLoss(m.Schema().Target, train.Options{})
	if err != nil {
		log.Fatal(err)
	}
	update, err := train.NewUpdate(m.Program(), train.Options{LearningRate: 0.01}) // Adam
	if err != nil {
		log.Fatal(err)
	}
	l, err := online.New(m, online.Options{Loss: loss, Update: update})
	if err != nil {
		log.Fatal(err)
	}
	early, late := 0.0, 0.0
	for k := range 1500 {
		x, dt := row(k)
		if _, err := l.Step(x, dt); err != nil { // gives the prediction, and learns nothing
			log.Fatal(err)
		}
		e, err := l.Learn(float64(x[0])) // the label has come
		if err != nil {
			log.Fatal(err)
		}
		if k < 50 {
			early += e
		}
		if k >= 1450 {
			late += e
		}
	}
	fmt.Println("the error falls to a tenth:", late < early/10)
	// Output: the error falls to a tenth: true
}

// A model that reads rows which are still to come is refused.
func TestBidirectionalIsRefused(t *testing.T) {
	m, err := model.New(series.Plain(2), model.Layer{Cell: cell.GRU{Units: 3}, Block: model.Block{Bidirectional: true}})
	if err != nil {
		t.Fatal(err)
	}
	var offline *model.OfflineError
	if _, err := online.New(m, online.Options{}); !errors.As(err, &offline) || offline.Layer != 0 {
		t.Errorf("the error is %v", err)
	}
}

// A solver that takes steps back is refused with the reason.
func TestAdaptiveIsRefused(t *testing.T) {
	m, err := model.New(series.Plain(2), model.Recurrent(cell.CTRNN{Units: 3, Method: cell.Dopri5}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := online.New(m, online.Options{}); err == nil || !strings.Contains(err.Error(), "takes them back") || !strings.Contains(err.Error(), "fixed steps") {
		t.Errorf("an adaptive solver gives %v", err)
	}
}
