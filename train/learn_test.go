package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// learnt is the validation loss of a model of the leaky integrator after training, in variances of the label.
func learnt(t *testing.T, layer model.Layer, constantTime bool) float64 {
	t.Helper()
	list := []series.Series{leaky(600, 11), leaky(600, 12)}
	valid := leaky(600, 13)
	mean, square := 0.0, 0.0
	for _, y := range list[0].Y {
		mean += y / 600
		square += y * y / 600
	}
	s := series.Plain(1)
	s.Target.Mean, s.Target.SD = mean, math.Sqrt(square-mean*mean)
	if constantTime {
		for _, w := range [][]float32{list[0].DT, list[1].DT, valid.DT} {
			for i := range w {
				w[i] = 1
			}
		}
	}
	m, err := model.New(s, layer)
	if err != nil {
		t.Fatal(err)
	}
	d := Data{Train: part(40, 20, list...), Valid: part(0, 0, valid)}
	r := fitted(t, m.Initial(1), d, Options{Epochs: 25, Batch: 8, LearningRate: 0.02}, Hooks{})
	return r.Epochs[r.Best-1].Valid
}

// A liquid network that is told the elapsed time learns to integrate; one that is told 1 every time cannot. Predicting
// the mean has loss 1.
func TestTimeIsLearnt(t *testing.T) {
	for name, layer := range map[string]model.Layer{
		"LTC": model.Liquid(cell.LTC{Unfolds: 3}, wiring.Full(6)),
		"CfC": model.Recurrent(cell.CfC{Units: 8}),
	} {
		with, without := learnt(t, layer, false), learnt(t, layer, true)
		t.Logf("%s: loss %.4f with dt, %.4f without", name, with, without)
		if with > 0.04 {
			t.Errorf("%s: loss %.4f, want at most 0.04", name, with)
		}
		if without < 4*with {
			t.Errorf("%s: without dt the loss is %.4f, which is not far above %.4f", name, without, with)
		}
	}
}

// xor draws bits; the label of a row is the exclusive or of the bits one and two rows before.
func xor(rows int, seed uint64) series.Series {
	r := rand.New(rand.NewPCG(seed, 0x786f72))
	s := series.Series{}
	bits := make([]int, rows)
	for t := range rows {
		bits[t] = r.IntN(2)
		y := math.NaN()
		if t >= 2 {
			y = float64(bits[t-1] ^ bits[t-2])
		}
		s.X, s.DT, s.Y = append(s.X, float32(bits[t])), append(s.DT, 1), append(s.Y, y)
	}
	return s
}

// No threshold on any single row says anything about the label: guessing has loss log 2 = 0.69.
func TestDelayedXorIsLearnt(t *testing.T) {
	s := series.Plain(1)
	s.Target = series.Target{Name: "odd", Task: series.Classify, Classes: []string{"no", "yes"}}
	m, err := model.New(s, model.Recurrent(cell.CfC{Units: 12}))
	if err != nil {
		t.Fatal(err)
	}
	d := Data{Train: part(25, 25, xor(1500, 1)), Valid: part(0, 0, xor(300, 2))}
	r := fitted(t, m.Initial(2), d, Options{Epochs: 40, Batch: 10, LearningRate: 0.02}, Hooks{})
	loss := r.Epochs[r.Best-1].Valid
	t.Logf("loss %.4f in epoch %d", loss, r.Best)
	if loss > 0.02 {
		t.Errorf("loss %.4f, want at most 0.02", loss)
	}
}

// Whatever the gradient says, a bounded parameter is in its bounds after training, and some reached them.
func TestBoundsHoldAfterTraining(t *testing.T) {
	m, d := small(t, liquid), tanks()
	o := Options{Epochs: 8, Batch: 2, LearningRate: 0.2, Patience: -1}
	bounded, held := 0, 0
	check := func(theta []float32) {
		for _, q := range m.Program().Params {
			for i, v := range theta[q.Offset:][:q.Shape.Len()] {
				if !q.Bounded() {
					continue
				}
				bounded++
				if v < float32(q.Min) || v > float32(q.Max) {
					t.Errorf("%s at %d is %v, outside [%v, %v]", q.Name, i, v, q.Min, q.Max)
				}
				if v == float32(q.Min) {
					held++
				}
			}
		}
	}
	r := fitted(t, m, d, o, Hooks{Save: func(s *State) error {
		check(s.Theta)
		return nil
	}})
	check(r.Model.Params())
	if bounded == 0 || held == 0 {
		t.Errorf("of %d bounded values %d were held at their bound; the test shows nothing", bounded, held)
	}
}

// Balanced weights are those of the rows that are trained on, and no others.
func TestBalanceIsUsed(t *testing.T) {
	s := series.Plain(1)
	s.Target = series.Target{Name: "rare", Task: series.Classify, Classes: []string{"no", "yes"}}
	m, err := model.New(s, closed)
	if err != nil {
		t.Fatal(err)
	}
	one := leaky(40, 4)
	for i := range one.Y {
		one.Y[i] = 0
		if i%8 == 3 || i >= 30 {
			one.Y[i] = 1
		}
	}
	d := Data{Train: part(10, 10, one), Valid: part(0, 0, leaky(0, 1))}
	d.Train.Windows = d.Train.Windows[:3] // rows 30 to 39 are for something else: 4 of 30 are rare
	balanced := fitted(t, m, d, Options{Epochs: 2, Balance: true}, Hooks{})
	weighted := fitted(t, m, d, Options{Epochs: 2, ClassWeights: []float64{30 / (2 * 26.0), 30 / (2 * 4.0)}}, Hooks{})
	plain := fitted(t, m, d, Options{Epochs: 2}, Hooks{})
	if !same(balanced, weighted) {
		t.Error("balance is not the weights of the training windows")
	}
	if same(balanced, plain) {
		t.Error("balance has no effect")
	}
	chosen := fitted(t, m, d, Options{Epochs: 2, Balance: true, ClassWeights: []float64{1, 1}}, Hooks{})
	if !slices.Equal(chosen.Model.Params(), plain.Model.Params()) {
		t.Error("balance overrides chosen weights")
	}
}
