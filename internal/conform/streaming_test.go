package conform

import (
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
)

// TestStreamingBites: a stream of another model, one that has begun elsewhere, and a value that is none are found.
func TestStreamingBites(t *testing.T) {
	s, err := NewSubject(cell.Entry{Name: "GRU"}, cell.Variant{Name: "fault", Cell: cell.GRU{Units: 3}})
	if err != nil {
		t.Fatal(err)
	}
	m, w := s.Model.Initial(2), series.Series{X: make([]float32, 3*inputs), DT: []float32{1, 1, 1}}
	for i := range w.X {
		w.X[i] = float32(i%5) - 1.5
	}
	if err := asRun(m, m.Stream(), w); err != nil {
		t.Error(err)
	}
	late := m.Stream()
	if _, err := late.Step(w.X[:inputs], 1); err != nil {
		t.Fatal(err)
	}
	none := m.Params()
	none[0] = float32(math.NaN())
	for says, err := range map[string]error{
		"row 0 is": asRun(m, m.Initial(3).Stream(), w), "in a stream and": asRun(m, late, w),
		"output[0] is NaN": asRun(m.With(none), m.With(none).Stream(), w),
	} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %q", err, says)
		}
	}
}

// TestPrecisionLists: who has bounds or times of its own is a variant or preset, and no bound is too loose.
func TestPrecisionLists(t *testing.T) {
	subjects, err := Subjects(cell.Registry())
	if err != nil {
		t.Fatal(err)
	}
	presets, err := Presets(cell.Registry())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range append(subjects, presets...) {
		known[s.String()] = true
	}
	for name, own := range looser {
		if !known[name] || own.forward > mostLoose*singleForward || own.gradient > mostLoose*singleGradient || own.forward < singleForward || own.gradient < singleGradient {
			t.Errorf("%s has bounds %+v; it must be a variant or preset, and they at most %d times the usual ones", name, own, mostLoose)
		}
	}
	for name, share := range shorter {
		if !known[name] || !(share > 0 && share < 1) {
			t.Errorf("%s has %g of the times; it must be a variant or preset, and the share below 1", name, share)
		}
	}
}
