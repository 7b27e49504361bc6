package suite

import (
	"math"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/series"
)

var nan = math.NaN()

// moments are mean and population standard deviation of the values that are no NaN, in two passes; 0 and 1 without any. A
// deviation of 0 becomes 1.
func moments(values []float64) (mean, sd float64) {
	n := 0.0
	for _, v := range values {
		if v == v {
			mean += v
			n++
		}
	}
	if n == 0 {
		return 0, 1
	}
	mean /= n
	for _, v := range values {
		if v == v {
			sd += (v - mean) * (v - mean)
		}
	}
	if sd = math.Sqrt(sd / n); sd == 0 {
		sd = 1
	}
	return mean, sd
}

// number is a numeric input scaled by the moments of training values.
func number(name string, training []float64) series.Input {
	mean, sd := moments(training)
	return series.Input{Name: name, Kind: series.Numeric, Mean: mean, SD: sd, Impute: mean}
}

// unit is a numeric input divided by a scale.
func unit(name string, scale float64) series.Input {
	return series.Input{Name: name, Kind: series.Numeric, SD: scale}
}

// counted is the clock of data whose rows are equally spaced.
func counted() series.Clock { return series.Clock{Kind: series.Index, Unit: 1, FirstDT: 1} }

// ones are the elapsed times of n equally spaced rows.
func ones(n int) []float32 {
	dt := make([]float32, n)
	for i := range dt {
		dt[i] = 1
	}
	return dt
}

// column is column k of rows.
func column(rows [][]float64, k int) []float64 {
	values := make([]float64, len(rows))
	for i, row := range rows {
		values[i] = row[k]
	}
	return values
}

// float32s are rows as a series holds them.
func float32s(rows [][]float64) (x []float32) {
	for _, row := range rows {
		for _, v := range row {
			x = append(x, float32(v))
		}
	}
	return x
}

// whole is a part of whole series.
func whole(list []series.Series) dataset.Part {
	p := dataset.Part{Series: list}
	for i := range list {
		p.Windows = append(p.Windows, dataset.Window{Series: i, To: list[i].Len()})
	}
	return p
}

// unlabelled are n labels of which none is scored.
func unlabelled(n int) []float64 {
	y := make([]float64, n)
	for i := range y {
		y[i] = nan
	}
	return y
}
