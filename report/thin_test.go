package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// course makes an irregular series with bursts, gaps, equal times, missing values and lonely spikes.
func course(random *rand.Rand, rows, columns int) (time []float64, values [][]float64) {
	values = make([][]float64, columns)
	at := random.Float64() * 1e6
	for i := range rows {
		switch random.IntN(40) {
		case 0:
			at += 5000 * (1 + random.Float64())
		case 1: // the same time again
		default:
			at += 1 + random.Float64()
		}
		time = append(time, at)
		for c := range columns {
			v := math.Sin(float64(i)/50+float64(c)) + 0.1*random.NormFloat64()
			switch random.IntN(300) {
			case 0:
				v = math.NaN()
			case 1:
				v *= 40
			}
			values[c] = append(values[c], v)
		}
	}
	return time, values
}

// faithful checks thinned lines against what they stand for: bound, order, the extremes of every column as a whole, and
// an interruption for every long gap between times that are drawn.
func faithful(thin lines, time []float64, values [][]float64, gap float64, most int) error {
	if len(thin.time) > most {
		return fmt.Errorf("%d points, at most %d are allowed", len(thin.time), most)
	}
	if !slices.IsSorted(thin.time) {
		return fmt.Errorf("times fall")
	}
	for c, column := range values {
		if len(thin.columns[c]) != len(thin.time) {
			return fmt.Errorf("column %d has %d values at %d times", c, len(thin.columns[c]), len(thin.time))
		}
		low, high := extremes(column, 0, len(column))
		gotLow, gotHigh := extremes(thin.columns[c], 0, len(thin.time))
		if low < 0 {
			continue
		}
		if gotLow < 0 || thin.columns[c][gotLow] != column[low] || thin.columns[c][gotHigh] != column[high] {
			return fmt.Errorf("column %d lost its extremes", c)
		}
	}
	for _, cut := range breaks(time, gap, most/8) {
		if !interrupted(thin, time[cut-1], time[cut]) {
			return fmt.Errorf("the gap from %g to %g is bridged", time[cut-1], time[cut])
		}
	}
	return nil
}

// interrupted says whether a row of NaN lies strictly between two times.
func interrupted(thin lines, from, to float64) bool {
	for i, t := range thin.time {
		if t <= from || t >= to {
			continue
		}
		empty := true
		for _, column := range thin.columns {
			empty = empty && math.IsNaN(column[i])
		}
		if empty {
			return true
		}
	}
	return false
}

func TestThinning(t *testing.T) {
	methods := map[string]func([]float64, [][]float64, float64, int) lines{"pick": pick, "envelope": envelope}
	random := rand.New(rand.NewPCG(3, 5))
	for range 300 {
		rows, columns := 2+random.IntN(6000), 1+random.IntN(6)
		most := 64 + random.IntN(2000)
		time, values := course(random, rows, columns)
		for name, thin := range methods {
			if err := faithful(thin(time, values, 0, most), time, values, 0, most); err != nil {
				t.Fatalf("%s of %d rows and %d columns to %d: %v", name, rows, columns, most, err)
			}
		}
	}
}

// TestFaithfulBites: the usual way to thin, every n-th row, must not pass.
func TestFaithfulBites(t *testing.T) {
	time, values := course(rand.New(rand.NewPCG(1, 2)), 5000, 2)
	every := lines{columns: make([][]float64, 2)}
	for i := 0; i < len(time); i += 7 {
		every.time = append(every.time, time[i])
		for c := range values {
			every.columns[c] = append(every.columns[c], values[c][i])
		}
	}
	if faithful(every, time, values, 0, 1000) == nil {
		t.Error("every seventh row passes for a faithful thinning")
	}
	bridged := pick(time, values, math.Inf(1), 1000)
	if faithful(bridged, time, values, 0, 1000) == nil {
		t.Error("lines across gaps pass for a faithful thinning")
	}
}

func TestPickKeepsRows(t *testing.T) {
	time, values := course(rand.New(rand.NewPCG(8, 9)), 3000, 3)
	rows := map[[4]float64]bool{}
	for i := range time {
		rows[[4]float64{time[i], values[0][i], values[1][i], values[2][i]}] = true
	}
	thin := pick(time, values, 0, 500)
	kept := 0
	for i := range thin.time {
		row := [4]float64{thin.time[i], thin.columns[0][i], thin.columns[1][i], thin.columns[2][i]}
		if math.IsNaN(row[1]) || math.IsNaN(row[2]) || math.IsNaN(row[3]) {
			continue // a gap or a missing value; NaN equals no key
		}
		if !rows[row] {
			t.Fatalf("row %v was never given", row)
		}
		kept++
	}
	if kept < 200 {
		t.Errorf("%d rows kept where 500 have room", kept)
	}
}

func TestShortSeriesStayWhole(t *testing.T) {
	time := []float64{10, 11, 12, 13, 14, 15, 16, 100, 101, 101}
	values := [][]float64{{5, 4, 3, 2, 1, 0, math.NaN(), 7, 8, 9}}
	wantTime := []float64{10, 11, 12, 13, 14, 15, 16, 58, 100, 101, 101}
	wantValues := []float64{5, 4, 3, 2, 1, 0, math.NaN(), math.NaN(), 7, 8, 9}
	for name, thin := range map[string]lines{"pick": pick(time, values, 0, 100), "envelope": envelope(time, values, 0, 100)} {
		if !slices.Equal(thin.time, wantTime) {
			t.Errorf("%s: times %v; want %v", name, thin.time, wantTime)
		}
		if fmt.Sprint(thin.columns[0]) != fmt.Sprint(wantValues) {
			t.Errorf("%s: values %v; want %v", name, thin.columns[0], wantValues)
		}
	}
	if thin := pick(time, values, 90, 100); len(thin.time) != 10 {
		t.Errorf("a pause of 84 s is a gap though gaps begin at 90 s: %v", thin.time)
	}
}

func TestBreaksKeepTheLongest(t *testing.T) {
	time := []float64{0, 1, 2, 52, 53, 54, 84, 85, 86, 186, 187}
	if got := breaks(time, 0, 9); !slices.Equal(got, []int{3, 6, 9}) {
		t.Errorf("gaps before rows %v; want 3, 6, 9", got)
	}
	if got := breaks(time, 0, 2); !slices.Equal(got, []int{3, 9}) {
		t.Errorf("the two longest gaps are before rows %v; want 3, 9", got)
	}
	if got := breaks([]float64{4, 4, 4}, 0, 9); len(got) != 0 {
		t.Errorf("rows of one time have gaps before %v", got)
	}
}
