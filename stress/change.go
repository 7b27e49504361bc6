package stress

import (
	"math"

	"github.com/elegans-nn/elegans/series"
)

// keep leaves only the rows that are listed, in order. The time that passes stays the same: each row has the time since the
// row that is left before it. The first row must be kept.
func (c *change) keep(rows []int) {
	s := c.s
	inputs, labels := s.Inputs(), len(s.Y)/s.Len()
	out := series.Series{Name: s.Name}
	before := -1
	for _, row := range rows {
		dt := 0.0
		for _, d := range s.DT[before+1 : row+1] {
			dt += float64(d)
		}
		before = row
		out.X, out.DT = append(out.X, s.X[row*inputs:(row+1)*inputs]...), append(out.DT, float32(dt))
		if s.Y != nil {
			out.Y = append(out.Y, s.Y[row*labels:(row+1)*labels]...)
		}
		if s.Time != nil {
			out.Time = append(out.Time, s.Time[row])
		}
		if s.Row != nil {
			out.Row = append(out.Row, s.Row[row])
		}
	}
	*s = out
}

// drop loses rows with a probability; the first and the last row stay, so that the series begins and ends when it did.
func drop(c *change) {
	last := c.s.Len() - 1
	var rows []int
	for row := range last + 1 {
		if u := c.random.Float64(); row == 0 || row == last || u >= c.level {
			rows = append(rows, row)
		}
	}
	c.keep(rows)
}

// slower keeps every k-th row, counted from the first, and the last one where the series has its label there.
func slower(c *change) {
	k, last := int(c.level), c.s.Len()-1
	var rows []int
	for row := range last + 1 {
		if row%k == 0 || row == last && c.schema.Target.LastStep {
			rows = append(rows, row)
		}
	}
	c.keep(rows)
}

// faster reads each row's values k - 1 times more before the next row comes, at equal steps. Such a reading has no label.
func faster(c *change) {
	s, k := c.s, int(c.level)
	inputs, labels := s.Inputs(), len(s.Y)/s.Len()
	out := series.Series{Name: s.Name}
	for row := range s.Len() {
		times := k
		if row == 0 {
			times = 1
		}
		for i := range times {
			from, fresh := row, i == times-1
			if !fresh {
				from = row - 1
			}
			out.X, out.DT = append(out.X, s.X[from*inputs:(from+1)*inputs]...), append(out.DT, s.DT[row]/float32(times))
			if s.Row != nil {
				out.Row = append(out.Row, s.Row[from])
			}
			if s.Time != nil {
				out.Time = append(out.Time, s.Time[row])
				if !fresh {
					out.Time[len(out.Time)-1] -= (s.Time[row] - s.Time[row-1]) * float64(times-1-i) / float64(times)
				}
			}
			for k := range labels {
				y := math.NaN()
				if fresh {
					y = s.Y[row*labels+k]
				}
				out.Y = append(out.Y, y)
			}
		}
	}
	*s = out
}

// jitter moves each row in time, by less than half of the shorter of the two steps beside it times the level: the order stays
// and a step above 0 stays above 0. The first and the last row stay where they are. Only dt, which the model is told, changes;
// the time stamps of the series stay true, for they say when labels are known.
func jitter(c *change) {
	dt := c.s.DT
	before := 0.0
	moved := make([]float64, len(dt))
	for row := 1; row < len(dt); row++ {
		u := c.random.Float64() - 0.5
		if row < len(dt)-1 {
			moved[row] = c.level * u * math.Min(float64(dt[row]), float64(dt[row+1]))
		}
	}
	for row := 1; row < len(dt); row++ {
		dt[row] = float32(float64(dt[row]) + moved[row] - before)
		before = moved[row]
	}
}

// noise adds Gaussian noise to the numbers that were observed.
func noise(c *change) {
	inputs := c.s.Inputs()
	ins := sensors(c.schema)
	for i := range c.s.X {
		z := c.random.NormFloat64()
		if k := i % inputs; k < len(ins) && ins[k].Kind == series.Numeric {
			c.s.X[i] += float32(c.level * ins[k].SD * z)
		}
	}
}

// begin is the first row of a share of the series that ends with it.
func (c *change) begin() int {
	return int(math.Round((1 - c.level) * float64(c.s.Len())))
}

// freeze repeats the value at which the sensor stuck: the last one before, or the first of all where it never worked.
func freeze(c *change) {
	inputs, from := c.s.Inputs(), c.begin()
	stuck := c.s.X[max(0, from-1)*inputs+c.input]
	for row := from; row < c.s.Len(); row++ {
		c.s.X[row*inputs+c.input] = stuck
	}
}

// absent is NaN, where the schema has missing values; else what would fill the column: its mean, or the category "other".
func absent(c *change) {
	inputs := c.s.Inputs()
	in := c.schema.Inputs[c.input]
	value := float32(math.NaN())
	switch {
	case in.Missing:
	case in.Kind == series.Category:
		value = 0
	default:
		value = float32(in.Mean)
	}
	for row := c.begin(); row < c.s.Len(); row++ {
		c.s.X[row*inputs+c.input] = value
	}
}

// drift adds a ramp from 0 at the first row to the level at the last, up or down.
func drift(c *change) {
	inputs, n := c.s.Inputs(), c.s.Len()
	sign := 1.0
	if c.random.Float64() < 0.5 {
		sign = -1
	}
	reach := sign * c.level * c.schema.Inputs[c.input].SD
	for row := range n {
		c.s.X[row*inputs+c.input] += float32(reach * float64(row) / float64(max(1, n-1)))
	}
}
