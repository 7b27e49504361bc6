package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

type plotPayload struct {
	Label string        `json:"label"`
	At    string        `json:"at"`
	Log   bool          `json:"log"` // X are logarithms to the base 10
	LogY  bool          `json:"logY,omitempty"`
	X     relative      `json:"x"`
	Lines []linePayload `json:"lines"`
}

type linePayload struct {
	Name   string   `json:"name"`
	Y      relative `json:"y"`
	Dots   bool     `json:"dots,omitempty"`
	Dashed bool     `json:"dashed,omitempty"`
	Hidden bool     `json:"hidden,omitempty"`
}

// payload puts all lines over one list of positions. One that a line has several points at stands there as often.
func (p Plot) payload() plotPayload {
	out := plotPayload{Label: p.Y, At: p.X, Log: p.LogX}
	lines, often := make([][]Point, len(p.Lines)), map[float64]int{}
	for i, line := range p.Lines {
		lines[i] = p.placed(line.Points)
		here := map[float64]int{}
		for _, q := range lines[i] {
			here[q.X]++
			often[q.X] = max(often[q.X], here[q.X])
		}
	}
	for x, n := range often {
		out.X = append(out.X, slices.Repeat([]float64{x}, n)...)
	}
	slices.Sort(out.X)
	for i, line := range p.Lines {
		l := linePayload{Name: line.Name, Dots: line.Dots, Dashed: line.Dashed, Hidden: line.Hidden}
		next := 0
		for _, x := range out.X {
			y := math.NaN()
			if next < len(lines[i]) && lines[i][next].X == x {
				y = lines[i][next].Y
				next++
			}
			l.Y = append(l.Y, y)
		}
		out.Lines = append(out.Lines, l)
	}
	out.LogY = p.LogY && p.positive()
	return out
}

// positive tells whether all values have a place on a log axis.
func (p Plot) positive() bool {
	for _, line := range p.Lines {
		for _, q := range line.Points {
			if q.Y <= 0 {
				return false
			}
		}
	}
	return true
}

// placed are the points that have a place on the x axis, in their order along it.
func (p Plot) placed(points []Point) (list []Point) {
	for _, q := range points {
		if p.LogX {
			q.X = math.Log10(q.X)
		}
		if finite(q.X) && finite(q.Y) {
			list = append(list, q)
		}
	}
	slices.SortStableFunc(list, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
	return list
}

// filled are the rows of a table with as many texts as the head has.
func (t Table) filled() [][]string {
	rows := make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = append(slices.Clone(row), slices.Repeat([]string{""}, max(0, len(t.Head)-len(row)))...)
	}
	return rows
}

// check finds rows that have more texts than columns.
func (t Table) check() error {
	for i, row := range t.Rows {
		if len(row) > len(t.Head) {
			return fmt.Errorf("report: row %d of table %q has %d texts for %d columns", i, t.Title, len(row), len(t.Head))
		}
	}
	return nil
}
