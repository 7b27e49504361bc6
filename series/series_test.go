package series_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

var nan = math.NaN()

// ward is a series of four rows of three inputs.
func ward() series.Series {
	return series.Series{Name: "ward 7", X: []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, DT: []float32{1, 0.5, 2, 4},
		Y: []float64{nan, 1, 0, nan}, Time: []float64{10, 10.5, 12.5, 16.5}, Row: []int{3, 1, 4, 0}}
}

func TestSpan(t *testing.T) {
	s := ward()
	part := s.Span(1, 3)
	if part.Name != "ward 7" || part.Len() != 2 || part.Inputs() != 3 || part.Scored() != 2 {
		t.Errorf("the part is %+v", part)
	}
	if !slices.Equal(part.At(1), []float32{7, 8, 9}) || part.DT[0] != 0.5 || part.Y[1] != 0 || part.Time[0] != 10.5 || part.Row[1] != 4 {
		t.Errorf("the part holds other rows: %+v", part)
	}
	part.At(0)[2] = 60
	if s.X[5] != 60 {
		t.Error("the part has memory of its own")
	}
	if grown := append(s.At(0), 99); s.X[3] != 4 || len(grown) != 4 {
		t.Error("appending to a row overwrites the next one")
	}
	bare := series.Series{X: []float32{1, 2}, DT: []float32{1, 1}}
	if part := bare.Span(1, 2); part.Y != nil || part.Time != nil || part.Row != nil || part.X[0] != 2 {
		t.Errorf("a part of a series without labels is %+v", part)
	}
}

func TestEmptySeries(t *testing.T) {
	var s series.Series
	if s.Len() != 0 || s.Inputs() != 0 || s.Scored() != 0 {
		t.Errorf("an empty series has %d rows of %d inputs, %d scored", s.Len(), s.Inputs(), s.Scored())
	}
	whole := ward()
	if none := whole.Span(2, 2); none.Len() != 0 || len(none.X) != 0 {
		t.Errorf("an empty span holds %d rows", none.Len())
	}
}

func ExampleSeries() {
	s := series.Series{X: []float32{20.5, 41, 20.7, 40}, DT: []float32{1, 2.5}, Y: []float64{0, math.NaN()}}
	fmt.Println(s.Len(), "rows of", s.Inputs(), "inputs,", s.Scored(), "scored; the second is", s.At(1), "after", s.DT[1])
	// Output:
	// 2 rows of 2 inputs, 1 scored; the second is [20.7 40] after 2.5
}

// Two labels a row: a row counts where either is known, and a part keeps both.
func TestSeveralLabels(t *testing.T) {
	s := series.Series{X: make([]float32, 8), DT: []float32{1, 1, 1, 1}, Y: []float64{1, 2, nan, 4, nan, nan, 7, 8}}
	if s.Outputs() != 2 || s.Scored() != 3 || !slices.Equal(s.Label(3), []float64{7, 8}) {
		t.Errorf("%d labels a row, %d rows scored, last %v", s.Outputs(), s.Scored(), s.Label(3))
	}
	if part := s.Span(1, 3); part.Scored() != 1 || part.Y[1] != 4 || len(part.Y) != 4 {
		t.Errorf("the part is %+v", part)
	}
}

// A piece of a series is of its group, and one without a group is its own.
func TestUnit(t *testing.T) {
	s := series.Series{Name: "b mirrored", Group: "b", X: []float32{1, 2}, DT: []float32{1, 1}}
	if piece := s.Span(1, 2); s.Unit() != "b" || piece.Unit() != "b" || piece.Name != s.Name {
		t.Errorf("%q is of %q, a piece of it of %q", s.Name, s.Unit(), piece.Unit())
	}
	if s.Group = ""; s.Unit() != "b mirrored" {
		t.Errorf("without a group it is of %q", s.Unit())
	}
}
