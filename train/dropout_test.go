package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// The answers are those that the authors of Philox publish for philox4x32 with 10 rounds (kat_vectors of Random123).
func TestPhilox(t *testing.T) {
	const all = 0xffffffff
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{all, all, all, all}, [2]uint32{all, all}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0}, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := block(c.counter, c.key); got != c.want {
			t.Errorf("philox(%x, %x) is %x, want %x", c.counter, c.key, got, c.want)
		}
	}
}

func block(counter [4]uint32, key [2]uint32) (w [4]uint32) {
	keys := newSchedule(key)
	w[0], w[1], w[2], w[3] = keys.philox(counter[0], counter[1], counter[2], counter[3])
	return w
}

// Every unit of a mask is kept as its word says, wherever the mask begins and ends.
func TestMaskByDefinition(t *testing.T) {
	const seed = 11 + 3<<40
	at := [3]uint32{2, 5, 7}
	for _, rate := range []float64{0, 0.3, 0.5, 1 - 1e-12} {
		for first := range 6 {
			for n := range 14 {
				dst := make([]float32, n)
				mask(dst, rate, seed, at, first)
				for i, v := range dst {
					u := first + i
					word := block([4]uint32{at[0], at[1], at[2], uint32(u / 4)}, [2]uint32{11, 3 << 8})[u%4]
					want := float32(0)
					if float64(word) >= rate*(1<<32) {
						want = 1
					}
					if v != want {
						t.Fatalf("rate %g, units %d to %d: unit %d is %v, want %v", rate, first, first+n-1, u, v, want)
					}
				}
			}
		}
	}
}

func BenchmarkMask(b *testing.B) {
	dst := make([]float32, 1000)
	for b.Loop() {
		mask(dst, 0.3, 11, [3]uint32{2, 5, 7}, 6)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(dst)), "ns/unit")
}

// A mask cut into pieces is the mask; each of seed, epoch, window, time and unit gives other numbers; the share is the rate.
func TestMask(t *testing.T) {
	const n, rate = 1000, 0.3
	at := [3]uint32{2, 5, 7}
	whole := make([]float32, n)
	mask(whole, rate, 11, at, 6)
	for _, cut := range []int{1, 2, 3, 501} {
		part := make([]float32, n-cut)
		mask(part, rate, 11, at, 6+cut)
		for i, v := range part {
			if v != whole[cut+i] {
				t.Fatalf("from unit %d on: unit %d is %v, in the whole mask %v", 6+cut, i, v, whole[cut+i])
			}
		}
	}
	zeros := 0
	for _, v := range whole {
		if v == 0 {
			zeros++
		}
	}
	if sd := math.Sqrt(n * rate * (1 - rate)); math.Abs(float64(zeros)-n*rate) > 3*sd {
		t.Errorf("%d of %d values are dropped at rate %g", zeros, n, rate)
	}
	other := make([]float32, n)
	for name, draw := range map[string]func(){
		"seed":        func() { mask(other, rate, 12, at, 6) },
		"upper seed":  func() { mask(other, rate, 11+1<<40, at, 6) },
		"epoch":       func() { mask(other, rate, 11, [3]uint32{3, 5, 7}, 6) },
		"window":      func() { mask(other, rate, 11, [3]uint32{2, 6, 7}, 6) },
		"time":        func() { mask(other, rate, 11, [3]uint32{2, 5, 8}, 6) },
		"first block": func() { mask(other, rate, 11, at, 10) },
	} {
		draw()
		alike := 0
		for i, v := range other {
			if v == whole[i] {
				alike++
			}
		}
		share := rate*rate + (1-rate)*(1-rate)
		if sd := math.Sqrt(n * share * (1 - share)); math.Abs(float64(alike)-n*share) > 4*sd {
			t.Errorf("with another %s %d of %d values are alike, chance gives %g", name, alike, n, n*share)
		}
	}
}

// dropped is a stack of two layers with dropout in every place that has one.
func dropped(t *testing.T) *model.Model {
	t.Helper()
	s := series.Plain(1)
	s.Target.Mean, s.Target.SD = 0.125, 0.625
	block := model.Block{Residual: true, Norm: model.LayerNorm, Dropout: 0.25, FeedForward: model.GLU}
	m, err := model.Architecture{Layers: []model.Layer{
		{Cell: cell.LTC{Unfolds: 2, Explicit: true}, Wiring: wiring.Full(4), Block: block},
		{Cell: cell.CfC{Units: 5}, Block: block},
	}, Pool: model.Attention}.Model(s)
	if err != nil {
		t.Fatal(err)
	}
	return m.Initial(3)
}

// What a run draws is the mask of its seed, epoch and window, whichever of its inputs is asked for.
func TestDraw(t *testing.T) {
	m := dropped(t)
	_, masks := m.Training()
	f, err := newFit(m, tanks(), Options{Seed: 9 << 33, Epochs: 5}.For(m.Schema().Target, 1), Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	f.s.Epoch = 3
	for _, k := range masks {
		got, want := make([]float32, k.Width), make([]float32, k.Width)
		for row := range 50 {
			f.draw(6)(k.Input, row, got)
			mask(want, k.Rate, 9<<33, [3]uint32{3, 6, uint32(row)}, k.First)
			if !slices.Equal(got, want) {
				t.Fatalf("%s, row %d: %v is drawn, want %v", k.Input, row, got, want)
			}
		}
	}
}

// Every pool can be fitted to ragged windows, among them lanes without rows.
func TestPoolsAreFitted(t *testing.T) {
	for _, pool := range model.Pools() {
		m, err := model.Architecture{Layers: []model.Layer{closed}, Pool: pool}.Model(series.Plain(1))
		if err != nil {
			t.Fatal(err)
		}
		d := tanks()
		r := fitted(t, m.Initial(2), d, Options{Epochs: 12, Batch: 5}, Hooks{})
		if first, last := r.Epochs[0].Train, r.Epochs[11].Train; !(last < first) {
			t.Errorf("%s: the loss goes from %g to %g", pool, first, last)
		}
	}
}

// With dropout a run that goes on from any state, that has other workers or that computes its values twice ends with the
// same bits; the rate and the seed matter.
func TestDropoutIsReproducible(t *testing.T) {
	m, d := dropped(t), tanks()
	o := Options{Seed: 7, Epochs: 4, Batch: 4}
	var states []*State
	want := fitted(t, m, d, o, Hooks{Save: func(s *State) error {
		states = append(states, copied(t, s))
		return nil
	}})
	for _, s := range states[:3] {
		if got := fitted(t, m, d, o, Hooks{Resume: s}); !same(got, want) {
			t.Errorf("the run that goes on from epoch %d ends elsewhere", s.Epoch)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	var cut *State
	_, err := Fit(ctx, m, d, o, Hooks{
		Step: func(epoch int, done float64) {
			if epoch == 2 && done > 0.4 {
				stop()
			}
		},
		Save: func(s *State) error { cut = copied(t, s); return nil },
	})
	if !errors.Is(err, ErrInterrupted) || cut.Step == 0 {
		t.Fatalf("interrupted at step %d: %v", cut.Step, err)
	}
	if got := fitted(t, m, d, o, Hooks{Resume: cut}); !same(got, want) {
		t.Error("the run that goes on within an epoch ends elsewhere")
	}
	wide := o
	wide.Workers, wide.Batch = 3, 40
	one := wide
	one.Workers = 1
	if !same(fitted(t, m, d, wide, Hooks{}), fitted(t, m, d, one, Hooks{})) {
		t.Error("three workers give other bits than one")
	}
	other := o
	other.Seed++
	if same(fitted(t, m, d, other, Hooks{}), want) {
		t.Error("another seed gives the same bits")
	}
}

// Masks are inputs of what is fitted alone: predictions of the same parameters have none, and the loss of the first step is
// that of the masked network.
func TestDropoutActsInTrainingOnly(t *testing.T) {
	m, d := dropped(t), tanks()
	passes, masks := m.Training()
	program := passes[0].Program
	if len(masks) != 4 || len(program.Inputs) != 5 || len(m.Program().Inputs) != 1 {
		t.Fatalf("%d masks, %d inputs in training, %d in prediction", len(masks), len(program.Inputs), len(m.Program().Inputs))
	}
	units := 0
	for _, k := range masks {
		if k.First != units || k.Rate != 0.25 {
			t.Errorf("mask %+v, want units from %d on", k, units)
		}
		units += k.Width
	}
	if units != 4+4+5+5 {
		t.Errorf("%d units can be dropped, want 18", units)
	}
	f, err := newFit(m, d, Options{Epochs: 1, LearningRate: 1e-9, Batch: 1000}.For(m.Schema().Target, 1), Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	clean, err := MeanLoss(m, d.Train, true, f.o)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.step(f.order()); err != nil {
		t.Fatal(err)
	}
	if masked := f.s.Loss / f.s.Weight; math.Abs(masked-clean) < 1e-3*clean {
		t.Errorf("the loss with dropout is %g, without %g", masked, clean)
	}
}

// TestBothWaysLearnWhatComes: the label is the input of the row after, which is random: rows up to a row say nothing of it,
// and a layer that reads from the end has seen it.
func TestBothWaysLearnWhatComes(t *testing.T) {
	coming := func(seed uint64) series.Series {
		s := leaky(60, seed)
		for row := range s.Y {
			s.Y[row] = math.NaN()
			if row+1 < len(s.Y) {
				s.Y[row] = float64(s.X[row+1])
			}
		}
		return s
	}
	d := Data{Train: part(20, 10, coming(1), coming(2), coming(3)), Valid: part(0, 0, coming(4))}
	loss := map[bool]float64{}
	for _, both := range []bool{false, true} {
		m, err := model.Architecture{Layers: []model.Layer{{Cell: cell.GRU{Units: 6}, Block: model.Block{Bidirectional: both, Dropout: 0.05}}}}.Model(series.Plain(1))
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Seed: 2, Epochs: 60, Batch: 4, LearningRate: 0.03}
		var half *State
		r := fitted(t, m.Initial(5), d, o, Hooks{Save: func(s *State) error {
			if s.Epoch == 7 {
				half = copied(t, s)
			}
			return nil
		}})
		o.Workers = 2
		if !same(fitted(t, m.Initial(5), d, o, Hooks{Resume: half}), r) {
			t.Errorf("bidirectional %v: a run that goes on ends elsewhere", both)
		}
		loss[both] = r.Epochs[r.Best-1].Valid
	}
	t.Logf("validation loss %.3g from one end, %.3g from both", loss[false], loss[true])
	if !(loss[false] > 0.5 && loss[true] < 0.1) {
		t.Errorf("the validation loss is %g from one end and %g from both", loss[false], loss[true])
	}
}

// Several passes keep all rows, so that a bound on memory is refused.
func TestBothWaysRefuseABound(t *testing.T) {
	m, err := model.Architecture{Layers: []model.Layer{{Cell: cell.GRU{Units: 6}, Block: model.Block{Bidirectional: true}}}}.Model(series.Plain(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = Fit(context.Background(), m, tanks(), Options{Memory: 1 << 30}, Hooks{}); err == nil || !strings.Contains(err.Error(), "--memory: ") {
		t.Errorf("the error is %v", err)
	}
}
