package train

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// leaky draws a series of a leaky integrator, dy = (x - y) dt / 2, over irregular times: y depends on every dt before.
func leaky(rows int, seed uint64) series.Series {
	r := rand.New(rand.NewPCG(seed, 0x6c65616b))
	s := series.Series{Name: "tank"}
	y, x := 0.0, 1.0
	for range rows {
		if r.Float64() < 0.4 {
			x = -x
		}
		dt := 0.1 * math.Exp(r.Float64()*math.Log(40))
		y += (x - y) * (1 - math.Exp(-dt/2))
		s.X, s.DT, s.Y = append(s.X, float32(x)), append(s.DT, float32(dt)), append(s.Y, y)
	}
	return s
}

// part cuts series into windows.
func part(length, stride int, list ...series.Series) dataset.Part {
	return dataset.Part{Series: list, Windows: dataset.Windows(list, length, stride)}
}

// tanks is a small task with ragged windows and rows without a label.
func tanks() Data {
	a, b, v := leaky(50, 1), leaky(33, 2), leaky(40, 3)
	for _, row := range []int{0, 7, 19, 20, 21} {
		a.Y[row] = math.NaN()
	}
	v.Y[5] = math.NaN()
	return Data{Train: part(12, 5, a, b), Valid: part(0, 0, v)}
}

// small is a model of the integrator.
func small(t *testing.T, layer model.Layer) *model.Model {
	t.Helper()
	s := series.Plain(1)
	s.Target.Mean, s.Target.SD = 0.125, 0.625
	m, err := model.New(s, layer)
	if err != nil {
		t.Fatal(err)
	}
	return m.Initial(3)
}

var (
	liquid = model.Liquid(cell.LTC{Unfolds: 2, Explicit: true}, wiring.Full(4))
	closed = model.Recurrent(cell.CfC{Units: 4})
)

func fitted(t *testing.T, m *model.Model, d Data, o Options, h Hooks) *Result {
	t.Helper()
	r, err := Fit(context.Background(), m, d, o, h)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// same tells whether two results agree to the bit.
func same(a, b *Result) bool {
	bits := func(r *Result) []byte {
		var buf bytes.Buffer
		if err := gob.NewEncoder(&buf).Encode([]any{r.Best, r.Stopped}); err != nil {
			panic(err)
		}
		if err := gob.NewEncoder(&buf).Encode(r.Epochs); err != nil {
			panic(err)
		}
		return buf.Bytes()
	}
	return slices.Equal(a.Model.Params(), b.Model.Params()) && bytes.Equal(bits(a), bits(b))
}

func init() { gob.Register("") }

// copied takes a state through the encoding that checkpoints have.
func copied(t *testing.T, s *State) *State {
	t.Helper()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		t.Fatal(err)
	}
	var c State
	if err := gob.NewDecoder(&b).Decode(&c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// A run that goes on from any of its states ends with the same bits, whatever the optimiser.
func TestResumeAtEveryEpoch(t *testing.T) {
	for _, name := range Optimisers() {
		m, d := small(t, liquid), tanks()
		o := Options{Seed: 7, Epochs: 4, Batch: 4, Optimiser: name, LearningRate: 0.02, WeightDecay: 0.01}
		var states []*State
		want := fitted(t, m, d, o, Hooks{Save: func(s *State) error {
			states = append(states, copied(t, s))
			return nil
		}})
		if len(states) != 4 || want.Stopped != "epochs" || len(want.Epochs) != 4 {
			t.Fatalf("%s: %d states, %d epochs, stopped by %s", name, len(states), len(want.Epochs), want.Stopped)
		}
		for k, s := range states {
			before := copied(t, s)
			if got := fitted(t, m, d, o, Hooks{Resume: s}); !same(got, want) {
				t.Errorf("%s: resumed after epoch %d the run ends differently", name, k+1)
			}
			if !slices.Equal(before.Theta, s.Theta) || before.Epoch != s.Epoch || !slices.EqualFunc(before.Slots, s.Slots, slices.Equal) {
				t.Errorf("%s: the run changed the state that it went on from", name)
			}
		}
	}
}

// The same for a run that is stopped after any of its steps, again and again.
func TestResumeInMidEpoch(t *testing.T) {
	m, d := small(t, closed), tanks()
	o := Options{Seed: 7, Epochs: 3, Batch: 4, WarmUp: 0.3, Schedule: "cosine", Patience: -1}
	want := fitted(t, m, d, o, Hooks{})
	for every := 1; every <= 5; every += 2 {
		got, stops := interrupted(t, m, d, o, every)
		if !same(got, want) {
			t.Errorf("stopped after every %d steps (%d times) the run ends differently", every, stops)
		}
		if stops < 3 {
			t.Errorf("the run was stopped only %d times", stops)
		}
	}
}

// interrupted fits a model in a run that is stopped after so many steps, again and again, and goes on from what was saved.
func interrupted(t *testing.T, m *model.Model, d Data, o Options, every int) (got *Result, stops int) {
	t.Helper()
	var state *State
	for ; got == nil; stops++ {
		ctx, stop := context.WithCancel(context.Background())
		steps := 0
		r, err := Fit(ctx, m, d, o, Hooks{Resume: state,
			Step: func(int, float64) {
				if steps++; steps == every {
					stop()
				}
			},
			Save: func(s *State) error {
				state = copied(t, s)
				return nil
			}})
		stop()
		if err != nil && !errors.Is(err, ErrInterrupted) {
			t.Fatal(err)
		}
		got = r
	}
	return got, stops
}

func TestSameBites(t *testing.T) {
	m, d := small(t, closed), tanks()
	a := fitted(t, m, d, Options{Seed: 7, Epochs: 2, Batch: 4}, Hooks{})
	if !same(a, fitted(t, m, d, Options{Seed: 7, Epochs: 2, Batch: 4}, Hooks{})) {
		t.Error("one run twice ends differently")
	}
	if same(a, fitted(t, m, d, Options{Seed: 8, Epochs: 2, Batch: 4}, Hooks{})) {
		t.Error("the order of the windows has no effect")
	}
}

func TestWorkersChangeNothing(t *testing.T) {
	for _, layer := range []model.Layer{liquid, closed} {
		m := small(t, layer)
		var list []series.Series
		for k := range 12 {
			list = append(list, leaky(20+7*k, uint64(k)))
		}
		d := Data{Train: part(10, 3, list...), Valid: part(0, 0, leaky(60, 40), leaky(20, 41)), ResetState: true}
		o := Options{Epochs: 2, Batch: 100}
		one := fitted(t, m, d, o, Hooks{})
		o.Workers = 3
		if !same(one, fitted(t, m, d, o, Hooks{})) {
			t.Error("three workers end differently than one")
		}
	}
}

func TestInterruption(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	saved := 0
	_, err := Fit(ctx, small(t, closed), tanks(), Options{}, Hooks{Save: func(s *State) error {
		saved++
		return nil
	}})
	if !errors.Is(err, ErrInterrupted) || saved != 1 {
		t.Errorf("an interrupted run gives %v and was saved %d times, want ErrInterrupted and once", err, saved)
	}
	full := errors.New("disk full")
	_, err = Fit(ctx, small(t, closed), tanks(), Options{}, Hooks{Save: func(*State) error { return full }})
	if !errors.Is(err, ErrInterrupted) || !errors.Is(err, full) {
		t.Errorf("an interruption that cannot be saved gives %v, want both errors", err)
	}
	if _, err = Fit(context.Background(), small(t, closed), tanks(), Options{}, Hooks{Save: func(*State) error { return full }}); !errors.Is(err, full) {
		t.Errorf("a failed save gives %v", err)
	}
}

func TestForeignStates(t *testing.T) {
	var state *State
	fitted(t, small(t, closed), tanks(), Options{Epochs: 1}, Hooks{Save: func(s *State) error {
		state = copied(t, s)
		return nil
	}})
	for what, f := range map[string]func() error{
		"another model": func() error {
			_, err := Fit(context.Background(), small(t, liquid), tanks(), Options{Epochs: 1}, Hooks{Resume: state})
			return err
		},
		"another optimiser": func() error {
			_, err := Fit(context.Background(), small(t, closed), tanks(), Options{Epochs: 1, Optimiser: "sgd"}, Hooks{Resume: state})
			return err
		},
		"a short slot": func() error {
			s := copied(t, state)
			s.Slots[1] = s.Slots[1][1:]
			_, err := Fit(context.Background(), small(t, closed), tanks(), Options{Epochs: 1}, Hooks{Resume: s})
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), "belongs to another") {
			t.Errorf("a state of %s gives %v", what, err)
		}
	}
}

// The kept epoch is the one with the lowest validation loss, and its parameters are those kept.
func TestBestEpochIsKept(t *testing.T) {
	m, d := small(t, closed), tanks()
	d.Valid = part(0, 0, leaky(25, 9))
	d.Valid.Series[0].Y = slices.Repeat([]float64{0.9}, 25) // what training leads away from
	var at [][]float32
	o := Options{Epochs: 30, Batch: 4, Patience: 4, LearningRate: 0.03}
	r := fitted(t, m, d, o, Hooks{Save: func(s *State) error {
		at = append(at, slices.Clone(s.Theta))
		return nil
	}})
	best := 0
	for k, e := range r.Epochs {
		if e.Valid < r.Epochs[best].Valid {
			best = k
		}
		if loss, err := MeanLoss(m.With(at[k]), d.Valid, false, o); err != nil || loss != e.Valid {
			t.Errorf("epoch %d: validation loss %v, want %v (%v)", e.Number, e.Valid, loss, err)
		}
		if e.Best != (best == k) || e.Number != k+1 {
			t.Errorf("epoch %d is number %d and said to be best: %v", k+1, e.Number, e.Best)
		}
	}
	if r.Best != best+1 || !slices.Equal(r.Model.Params(), at[best]) {
		t.Errorf("epoch %d was kept, want %d", r.Best, best+1)
	}
	if r.Stopped != "patience" || len(r.Epochs) != best+1+4 {
		t.Errorf("after the best epoch %d training stopped by %s in epoch %d, want patience in %d", best+1, r.Stopped, len(r.Epochs), best+5)
	}
}

func TestWithoutValidationTheLastEpochIsKept(t *testing.T) {
	m, d := small(t, closed), tanks()
	d.Valid = dataset.Part{}
	var last []float32
	r := fitted(t, m, d, Options{Epochs: 13, Batch: 4, Patience: 2}, Hooks{Save: func(s *State) error {
		last = slices.Clone(s.Theta)
		return nil
	}})
	if r.Best != 13 || r.Stopped != "epochs" || !slices.Equal(r.Model.Params(), last) || !math.IsNaN(r.Epochs[3].Valid) {
		t.Errorf("epoch %d of %d was kept (%s)", r.Best, len(r.Epochs), r.Stopped)
	}
}

// Rows without a label contribute nothing: not to the loss, not to the gradient, not to what is counted.
func TestUnlabelledRows(t *testing.T) {
	m := small(t, closed)
	d := tanks()
	cut := leaky(50, 1)
	for row := range cut.Y {
		if row < 7 || row > 9 {
			cut.Y[row] = math.NaN()
		}
	}
	// A window whose labels are in rows 7 to 9 is one that ends there: what follows has no label.
	long := Data{Train: dataset.Part{Series: []series.Series{cut}, Windows: []dataset.Window{{From: 0, To: 50}}}, Valid: d.Valid}
	short := Data{Train: dataset.Part{Series: []series.Series{cut}, Windows: []dataset.Window{{From: 0, To: 10}, {From: 20, To: 40}}}, Valid: d.Valid}
	o := Options{Epochs: 3}
	a, b := fitted(t, m, long, o, Hooks{}), fitted(t, m, short, o, Hooks{})
	if !same(a, b) {
		t.Error("rows after the last label change the training")
	}
	loss, rows := 0.0, 0
	l, err := NewLoss(m.Schema().Target, o.Filled())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(long.Train.Series, model.RunOptions{Output: "y"}, func(_, row int, y []float32) {
		if row >= 7 && row <= 9 {
			loss += l(y, cut.Y[row], make([]float32, 1))
			rows++
		}
	}); err != nil {
		t.Fatal(err)
	}
	if got := a.Epochs[0].Train; math.Abs(got-loss/float64(rows)) > 1e-6 {
		t.Errorf("the first training loss is %v, want the mean over the labelled rows %v", got, loss/float64(rows))
	}
	if mean, err := MeanLoss(m, long.Train, false, o); err != nil || math.Abs(mean-loss/float64(rows)) > 1e-12 {
		t.Errorf("MeanLoss is %v (%v), want %v", mean, err, loss/float64(rows))
	}
	// In a labelled row the label matters: the test above would see it.
	cut.Y[8]++
	if same(a, fitted(t, m, long, o, Hooks{})) {
		t.Error("another label changes nothing")
	}
}

// Windows in a batch may have any lengths: the gradient of a step is that of all rows, however they are cut.
func TestRaggedWindows(t *testing.T) {
	m := small(t, liquid)
	a, b := leaky(31, 5), leaky(7, 6)
	whole := dataset.Part{Series: []series.Series{a, b}, Windows: []dataset.Window{{To: 31}, {Series: 1, To: 7}, {From: 4, To: 5}}}
	r := fitted(t, m, Data{Train: whole}, Options{Epochs: 1, Batch: 3, Clip: -1}, Hooks{})
	sum, rows := 0.0, 0
	for _, w := range Spans(whole) {
		loss, err := MeanLoss(m, dataset.Part{Series: []series.Series{w}}, false, Options{})
		if err != nil {
			t.Fatal(err)
		}
		sum += loss * float64(w.Len())
		rows += w.Len()
	}
	if got := r.Epochs[0].Train; math.Abs(got-sum/float64(rows)) > 1e-6*got {
		t.Errorf("the loss of the ragged batch is %v, want %v", got, sum/float64(rows))
	}
}

// One step of plain descent is the slope of the mean loss over the scored rows of the batch, by central differences.
func TestOneStepByDifferences(t *testing.T) {
	m, d := small(t, closed), tanks()
	d.Train.Windows = []dataset.Window{{From: 0, To: 12}, {From: 15, To: 30}, {Series: 1, From: 3, To: 8}}
	o := Options{Epochs: 1, Batch: 3, Clip: -1, Optimiser: "sgd", Schedule: "constant", LearningRate: 0.5}
	moved := fitted(t, m, d, o, Hooks{}).Model.Params()
	loss := func(theta []float32) float64 {
		sum, rows := 0.0, 0
		for _, w := range Spans(d.Train) {
			mean, err := MeanLoss(m.With(theta), dataset.Part{Series: []series.Series{w}}, false, o)
			if err != nil {
				t.Fatal(err)
			}
			sum += mean * float64(w.Scored())
			rows += w.Scored()
		}
		return sum / float64(rows)
	}
	theta := m.Params()
	for i := range theta {
		const h = 1.0 / 64
		at := theta[i]
		theta[i] = at + h
		up := loss(theta)
		theta[i] = at - h
		down := loss(theta)
		theta[i] = at
		want := float64(at) - 0.5*(up-down)/(2*h)
		if math.Abs(float64(moved[i])-want) > 1e-3*(1+math.Abs(want)) {
			t.Errorf("parameter %d goes from %v to %v, want %v", i, at, moved[i], want)
		}
	}
}

func TestValidationCarriesTheState(t *testing.T) {
	m := small(t, closed)
	p := part(5, 5, leaky(30, 8))
	carried, err := MeanLoss(m, p, false, Options{})
	if err != nil {
		t.Fatal(err)
	}
	reset, err := MeanLoss(m, p, true, Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	windows := 0.0
	for _, w := range Spans(p) {
		loss, err := MeanLoss(m, dataset.Part{Series: []series.Series{w}}, false, Options{})
		if err != nil {
			t.Fatal(err)
		}
		windows += loss / 6
	}
	if carried == reset || math.Abs(reset-windows) > 1e-12 {
		t.Errorf("carried %v, reset %v, window by window %v", carried, reset, windows)
	}
	if _, err := MeanLoss(m, p, false, Options{Loss: "cross_entropy"}); err == nil {
		t.Error("a loss that does not fit was accepted")
	}
}

func TestHooksAreCalled(t *testing.T) {
	var epochs []int
	var shares []float64
	r := fitted(t, small(t, closed), tanks(), Options{Epochs: 2, Batch: 8}, Hooks{
		Epoch: func(e Epoch) { epochs = append(epochs, e.Number) },
		Step:  func(epoch int, done float64) { shares = append(shares, float64(epoch)+done) },
	})
	// 9 + 6 windows in batches of 8.
	if !slices.Equal(epochs, []int{1, 2}) || !slices.Equal(shares, []float64{1.5, 2, 2.5, 3}) {
		t.Errorf("epochs %v, shares %v", epochs, shares)
	}
	if e := r.Epochs[0]; e.Rate != 0.02 || !(e.Norm > 0) || !(e.Train > 0) {
		t.Errorf("the first epoch is %+v", e)
	}
}
