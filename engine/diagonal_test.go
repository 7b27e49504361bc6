package engine

import (
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	. "github.com/elegans-nn/elegans/step"
)

// diagonal are the cells whose recurrence is element-wise.
var diagonal = []string{"LinOSS", "DLinOSS", "LRU", "S5", "S6", "LrcSSM", "RiccatiSSM", "LiquidS4"}

// mixes tells the forms of LiquidS4 that add up a channel's state on its way to the next one.
func mixes(c cell.Cell) bool {
	l, ok := c.(cell.LiquidS4)
	return ok && (l.Form == cell.Rec || l.Form == cell.P2)
}

// enters tells the cells that multiply their inputs by a matrix; the other ones have a state for each input.
func enters(c cell.Cell) bool {
	_, liquid := c.(cell.LiquidS4)
	return !liquid
}

// diagonals are all variants of the diagonal cells.
func diagonals() map[string]cell.Cell {
	all := map[string]cell.Cell{}
	for _, e := range cell.Registry() {
		for _, v := range e.Variants {
			if slices.Contains(diagonal, e.Name) {
				all[e.Name+" "+v.Name] = v.Cell
			}
		}
	}
	return all
}

// readout is a cell with a readout.
func readout(c cell.Cell) *Program {
	b := New()
	y := c.Build(b, b.Input("x", 7), nil)
	b.Output("y", b.Linear("readout", 2, Between(-1, 1), Between(-1, 1), Term{Name: "y", X: y}))
	return b.Build()
}

// products counts the matrix products of a stage.
func (pl *plan) matrixProducts(s stage) (n int) {
	see := func(i int) {
		if op := pl.p.Nodes[i].Op; op == OpLinear || op == OpLinearT || op == OpOuter {
			n++
		}
	}
	for _, it := range pl.items[s] {
		switch {
		case it.chain != nil:
			for _, i := range append(slices.Clone(it.chain.heads), it.chain.nodes...) {
				see(i)
			}
		case it.port == nil:
			see(it.node)
		}
	}
	return n
}

// What a diagonal cell does one time after the other is element-wise, forward and back: its products with B and C and the
// readout's take all times of a chunk together, as do those of the reverse.
func TestDiagonalCoresHaveNoProducts(t *testing.T) {
	all := diagonals()
	if len(all) < 26 {
		t.Errorf("only %d configurations", len(all))
	}
	for name, c := range all {
		pl := newPlan(readout(c).Reverse(WRT{Inputs: true, Time: true}), nil)
		for _, s := range []stage{core, rcore} {
			if len(pl.items[s]) == 0 {
				t.Errorf("%s: stage %s is empty", name, stageNames[s])
			}
			if n := pl.matrixProducts(s); n > 0 {
				t.Errorf("%s: %d matrix products in stage %s", name, n, stageNames[s])
			}
			for _, it := range pl.items[s] {
				if it.port != nil || it.chain != nil {
					continue
				}
				if op := pl.p.Nodes[it.node].Op; op != OpBroadcast && !(op == OpSum && mixes(c)) {
					t.Errorf("%s: stage %s has an operation that is not element-wise: %v", name, stageNames[s], op)
				}
			}
		}
		stages := []stage{after, rbefore}
		if enters(c) {
			stages = append(stages, before)
		}
		for _, s := range stages {
			if pl.matrixProducts(s) == 0 {
				t.Errorf("%s: no matrix product in stage %s, where it belongs", name, stageNames[s])
			}
		}
	}
	lstm := newPlan(readout(cell.LSTM{Units: 5}).Reverse(WRT{}), nil)
	if lstm.matrixProducts(core) == 0 || lstm.matrixProducts(rcore) == 0 {
		t.Error("no product is counted in the core of an LSTM, which has one")
	}
}

// The sequential part costs what the documentation of the cells says, for each unit or for each channel and state.
func TestDiagonalCoreCost(t *testing.T) {
	const units, inputs = 5, 7
	for _, c := range []struct {
		cell  cell.Cell
		count int
		flops float64
	}{
		{cell.LinOSS{Units: units, Scheme: cell.IMEX}, units, 14}, {cell.LinOSS{Units: units}, units, 16},
		{cell.DLinOSS{Units: units}, units, 16}, {cell.DLinOSS{Units: units, Scheme: cell.EX}, units, 18},
		{cell.LRU{Units: units}, units, 10}, {cell.S5{Units: units}, units, 9}, {cell.S5{Units: units, Discretisation: cell.Bilinear}, units, 9},
		{cell.S6{Units: units}, units * inputs, 2},
	} {
		l := newLayout(newPlan(readout(c.cell), nil), 1, 1)
		flops := 0.0
		for _, it := range l.items[core] {
			flops += l.flops(it)
		}
		if per := flops / float64(c.count); per > c.flops || per < c.flops-2 {
			t.Errorf("%#v: the core takes %v FLOPs, want at most %v", c.cell, per, c.flops)
		}
	}
}

// count makes an engine count the FLOPs that it does, by the stages that it runs.
func (e *Engine) count(flops *float64) (forward, back float64) {
	for s := range numStages {
		cost := 0.0
		for _, it := range e.lay.items[s] {
			cost += e.lay.flops(it)
		}
		if s.uniform() || len(e.code[s]) == 0 {
			continue
		}
		first := e.code[s][0]
		e.code[s][0] = func(t int) {
			*flops += cost
			first(t)
		}
		if s < rbefore {
			forward += cost
		} else {
			back += cost
		}
	}
	return forward, back
}

// The work of a gradient grows linearly with the length of a series over two decades, within memory that one segment of the
// longest would exceed ten times: every row runs forward twice at most, and back once.
func TestDiagonalWorkIsLinear(t *testing.T) {
	for name, c := range diagonals() {
		t.Run(name, func(t *testing.T) { workIsLinear(t, readout(c)) })
	}
}

func workIsLinear(t *testing.T, p *Program) {
	lengths := []int{160, 1024, 16000}
	o := BatchOptions{Workers: 1}
	o.Memory = NewBatch(p, o).Need(1, lengths[2])
	var perRow []float64
	for _, rows := range lengths {
		b := NewBatch(p, o)
		b.derive()
		series := []Lane{{X: [][]float32{make([]float32, 7*rows)}, DT: make([]float32, rows)}}
		for i := range series[0].X[0] {
			series[0].X[0][i] = float32(i%11) / 10
			series[0].DT[i/7] = float32(i%5) / 5
		}
		steps, flops, seen := b.stepsFor(b.fit(series), series), 0.0, 0
		s := b.borrow(engineKey{steps: steps, lanes: 1, train: true}, nil)
		forward, back := s.e.count(&flops)
		s.e.SetParams(make([]float32, p.ParamCount()))
		at := cuts(rows, steps)
		s.gradient(series, 0, at, make([]float64, 1), func(int, int, []float32, []float32) float64 { seen++; return 0 })
		again := at[len(at)-2] // rows before the last segment run forward twice
		if want := forward*float64(rows+again) + back*float64(rows); flops != want || seen != rows {
			t.Errorf("%d rows in segments of %d: %.0f FLOPs and %d rows of the loss, want %.0f", rows, steps, flops, seen, want)
		}
		if n := s.bytes(); n > o.Memory {
			t.Errorf("%d rows take %d bytes of %d", rows, n, o.Memory)
		}
		perRow = append(perRow, flops/float64(rows))
	}
	if k := perRow[2] / perRow[0]; !(k > 0.99 && k < 2) {
		t.Errorf("a row costs %.0f FLOPs in a short series and %.0f in one 100 times as long", perRow[0], perRow[2])
	}
	if told, _ := Foretold(p, lengths[2], 1); told < 10*o.Memory {
		t.Errorf("one segment takes %d bytes, and what is allowed is %d", told, o.Memory)
	}
}

// Learning in real time carries as many columns as the parts of one unit, whatever the number of units: those of an
// oscillator are its complex velocity and position.
func TestDiagonalColumns(t *testing.T) {
	for name, of := range map[string]struct {
		cell    func(units int) cell.Cell
		columns int
	}{
		"LinOSS":  {func(n int) cell.Cell { return cell.LinOSS{Units: n} }, 4},
		"DLinOSS": {func(n int) cell.Cell { return cell.DLinOSS{Units: n} }, 4},
		"LRU":     {func(n int) cell.Cell { return cell.LRU{Units: n} }, 2},
		"S5":      {func(n int) cell.Cell { return cell.S5{Units: n} }, 2},
	} {
		for _, units := range []int{3, 17} {
			r, err := NewRealTime(readout(of.cell(units)), RealTimeOptions{Outputs: []int{0}})
			if err != nil {
				t.Fatal(err)
			}
			if r.Columns() != of.columns {
				t.Errorf("%s with %d units: %d columns, want %d", name, units, r.Columns(), of.columns)
			}
		}
	}
}
