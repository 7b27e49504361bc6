package train

import (
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// In n lessons the windows grow from the shortest to all but a share of 1 / (n+1); an epoch has as many steps as ever, sees
// nothing that is held back, and everything else about equally often.
func TestCurriculum(t *testing.T) {
	var list []series.Series
	for k := range 12 {
		list = append(list, leaky(5+(7*k)%12, uint64(k)))
	}
	d := Data{Train: part(0, 0, list...), Valid: part(0, 0, leaky(40, 3))}
	o := Options{Seed: 7, Epochs: 6, Batch: 5, Curriculum: 0.5}
	f, err := newFit(small(t, closed), d, o.Filled(), Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	rows := func(k int) int { return list[k].Len() }
	for epoch, count := range []int{3, 6, 9, 12, 12, 12} {
		f.s.Epoch = epoch
		order := f.order()
		if len(order) != len(list) {
			t.Fatalf("epoch %d has %d windows, want %d", epoch+1, len(order), len(list))
		}
		seen := map[int]int{}
		for _, k := range order {
			seen[k]++
		}
		if len(seen) != count {
			t.Errorf("epoch %d sees %d windows, want %d", epoch+1, len(seen), count)
		}
		for k, times := range seen {
			if rows(k) >= 5+count {
				t.Errorf("epoch %d sees a window of %d rows; the %d shortest have up to %d", epoch+1, rows(k), count, 4+count)
			}
			if times > len(list)/count+1 {
				t.Errorf("epoch %d sees window %d %d times", epoch+1, k, times)
			}
		}
	}
	f.s.Epoch = 1
	if first := f.order(); slices.Equal(first[:6], first[6:]) {
		t.Error("windows repeat in the same order")
	}
}

// A run with a curriculum goes on from any of its states with the same bits, does not lose patience before it has seen all windows,
// and is another run than one without.
func TestCurriculumOfARun(t *testing.T) {
	m, d := small(t, closed), tanks()
	o := Options{Seed: 7, Epochs: 5, Batch: 4, Curriculum: 0.6, Patience: 1, LearningRate: 1e-9}
	want := fitted(t, m, d, o, Hooks{})
	if len(want.Epochs) < 4 {
		t.Errorf("the run ended in epoch %d, within its curriculum of 3", len(want.Epochs))
	}
	o.LearningRate, o.Patience = 0.02, -1
	want = fitted(t, m, d, o, Hooks{})
	if got, _ := interrupted(t, m, d, o, 2); !same(got, want) {
		t.Error("a run that is interrupted ends differently")
	}
	o.Curriculum = 0
	if same(fitted(t, m, d, o, Hooks{}), want) {
		t.Error("the curriculum has no effect")
	}
}

// parities draws series of bits whose last row is labelled with the parity of all.
func parities(n, longest int, seed uint64) (list []series.Series) {
	for k := range n {
		s := xor(2+k%(longest-1), seed+uint64(k))
		odd := 0
		for i, x := range s.X {
			odd ^= int(x)
			s.Y[i] = math.NaN()
		}
		s.Y[len(s.Y)-1] = float64(odd)
		list = append(list, s)
	}
	return list
}

// The parity of up to 16 bits is learnt from the short series on, in a budget in which all of them at once teach nothing: to guess
// has loss log 2 = 0.69.
func TestParityIsLearntWithACurriculum(t *testing.T) {
	s := series.Plain(1)
	s.Target = series.Target{Name: "odd", Task: series.Classify, Classes: []string{"no", "yes"}, LastStep: true}
	m, err := model.New(s, model.Recurrent(cell.CfC{Units: 12}))
	if err != nil {
		t.Fatal(err)
	}
	d := Data{Train: part(0, 0, parities(600, 16, 100)...), Valid: part(0, 0, parities(150, 16, 9000)...), ResetState: true}
	loss := map[float64]float64{}
	for _, share := range []float64{0, 0.6} {
		r := fitted(t, m.Initial(2), d, Options{Epochs: 20, Batch: 10, LearningRate: 0.02, Curriculum: share, Patience: -1}, Hooks{})
		loss[share] = r.Epochs[r.Best-1].Valid
	}
	t.Logf("loss %.4f with a curriculum, %.4f without", loss[0.6], loss[0])
	if loss[0.6] > 0.1 || loss[0] < 0.6 {
		t.Errorf("loss %.4f with a curriculum, want at most 0.1; %.4f without, want above 0.6", loss[0.6], loss[0])
	}
}
