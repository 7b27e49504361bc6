package engine

import (
	"math"
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// Limits are the longest steps of what takes rows in parts, in the order of its turns; see step.Builder.Divide. Without any, a
// row is a step.
type Limits []float64

// Part is one step of a row: its elapsed time, and what the leaf step.OpPart says of it.
type Part struct {
	DT                  float32
	Before, After, Turn float32
}

// Parts is in how many parts a row is taken: 1 where its elapsed time is within all limits, else what each turn needs to take
// it in equal ones.
func (l Limits) Parts(dt float32) int {
	n, longer := 0, false
	for _, limit := range l {
		k := equal(dt, limit)
		n, longer = n+k, longer || k > 1
	}
	if !longer {
		return 1
	}
	return n
}

// equal is the number of equal parts within a limit.
func equal(dt float32, limit float64) int { return max(1, int(math.Ceil(float64(dt)/limit))) }

// Part is part k of the n that Parts says.
func (l Limits) Part(dt float32, n, k int) Part {
	if n == 1 {
		return Part{DT: dt}
	}
	for turn, limit := range l {
		count := equal(dt, limit)
		if k < count {
			d := dt / float32(count)
			return Part{DT: d, Before: float32(k) * d, After: float32(count-1-k) * d, Turn: float32(turn + 1)}
		}
		k -= count
	}
	panic("engine: a row has fewer parts")
}

// Write is the part in one of the lanes of a value of the leaf; nothing where the program has none.
func (p Part) Write(leaf []float32, lane int) {
	if lanes := len(leaf) / step.PartWidth; lanes > 0 {
		leaf[step.PartBefore*lanes+lane], leaf[step.PartAfter*lanes+lane], leaf[step.PartTurn*lanes+lane] = p.Before, p.After, p.Turn
	}
}

// Append is the part after others, as Lane.Part has them.
func (p Part) Append(list []float32) []float32 {
	return append(list, p.Before, p.After, p.Turn)
}

// divide is a series whose long rows are taken in parts, with what is given row by row held.
func (l Limits) divide(lane Lane) Lane {
	if !slices.ContainsFunc(lane.DT, func(dt float32) bool { return l.Parts(dt) > 1 }) {
		return lane
	}
	rows, x, dt := len(lane.DT), lane.X, lane.DT
	lane.X, lane.DT, lane.Part, lane.Of = make([][]float32, len(x)), nil, nil, nil
	for row, d := range dt {
		n := l.Parts(d)
		for k := range n {
			p := l.Part(d, n, k)
			lane.DT, lane.Part, lane.Of = append(lane.DT, p.DT), p.Append(lane.Part), append(lane.Of, row)
			for i := range x {
				width := len(x[i]) / rows
				lane.X[i] = append(lane.X[i], x[i][row*width:][:width]...)
			}
		}
	}
	return lane
}

// ends is the row that step t belongs to, and whether it is the last part of it.
func (l *Lane) ends(t int) (row int, ends bool) {
	row = l.row(t)
	return row, l.Of == nil || t+1 == len(l.Of) || l.Of[t+1] != row
}

// folded adds up the cotangents of the parts of each row, which have the same inputs.
func folded(lanes []Lane, slopes [][]float32) [][]float32 {
	rows := make([][]float32, len(slopes))
	for l, d := range slopes {
		of := lanes[l].Of
		if rows[l] = d; of == nil {
			continue
		}
		width := len(d) / len(of)
		rows[l] = make([]float32, width*(of[len(of)-1]+1))
		for t, row := range of {
			for i, v := range d[t*width:][:width] {
				rows[l][row*width+i] += v
			}
		}
	}
	return rows
}
