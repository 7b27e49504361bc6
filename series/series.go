// Package series is the agreement between data and models: what a row of an irregular time series holds (Schema) and
// the series themselves in raw units (Series). It knows no file format and no network, so that a service that embeds a
// model carries neither.
package series

import "cmp"

// Series is one irregularly sampled sequence: a room, a patient, a machine. Rows are in time order. Values are raw, in
// the units of the source; scaling, masks and one-hot coding are operations of the model's own program.
type Series struct {
	// Name identifies the series in its source; empty where the source holds one series only.
	Name string
	// Group names what the series is a piece or a copy of, such as a person or a trace that was mirrored: what no division of data
	// may tear apart. Empty: the series is one of its own, by its name.
	Group string
	// X holds the inputs, [row][input] in the schema's order. NaN means not observed; a category is the index of its
	// level, 0 for a level that the schema does not know.
	X []float32
	// DT is the time since the previous row in the schema's time unit, at least 0. DT[0] is the schema's FirstDT.
	DT []float32
	// Y is the label of each row, [row][output]: the class index, or the value in raw units; a target of several outputs
	// has as many values a row, or one, which is that of the first. NaN means that the output is not scored at that row.
	Y []float64
	// Time is the time stamp of each row in seconds since 1970-01-01 UTC, or the plain index or elapsed seconds where
	// the source has no calendar.
	Time []float64
	// Row is the position of each row in its source, from 0, so that predictions can be written in input order.
	Row []int
}

// Unit is the group of the series, or its name where it is in none.
func (s *Series) Unit() string { return cmp.Or(s.Group, s.Name) }

// Len is the number of rows.
func (s *Series) Len() int { return len(s.DT) }

// Inputs is the number of inputs of each row.
func (s *Series) Inputs() int {
	if len(s.DT) == 0 {
		return 0
	}
	return len(s.X) / len(s.DT)
}

// At is the input row at position row, which shares memory with the series.
func (s *Series) At(row int) []float32 {
	n := s.Inputs()
	return s.X[row*n : (row+1)*n : (row+1)*n]
}

// Span is the part [from, to) of the series, sharing memory. Its first row keeps its true dt.
func (s *Series) Span(from, to int) Series {
	n := s.Inputs()
	part := Series{Name: s.Name, Group: s.Group, X: s.X[from*n : to*n], DT: s.DT[from:to]}
	if s.Y != nil {
		k := s.Outputs()
		part.Y = s.Y[from*k : to*k]
	}
	if s.Time != nil {
		part.Time = s.Time[from:to]
	}
	if s.Row != nil {
		part.Row = s.Row[from:to]
	}
	return part
}

// Outputs is the number of labels of each row; 0 without labels.
func (s *Series) Outputs() int {
	if len(s.DT) == 0 {
		return 0
	}
	return len(s.Y) / len(s.DT)
}

// Label is what row is scored against, one value an output, which shares memory with the series.
func (s *Series) Label(row int) []float64 {
	n := s.Outputs()
	return s.Y[row*n : (row+1)*n : (row+1)*n]
}

// Scored counts the rows with a label.
func (s *Series) Scored() (n int) {
	for row := range s.DT {
		if s.Y != nil && Labelled(s.Label(row)) {
			n++
		}
	}
	return n
}

// Labelled says whether any of the labels of a row is known.
func Labelled(labels []float64) bool {
	for _, y := range labels {
		if y == y {
			return true
		}
	}
	return false
}
