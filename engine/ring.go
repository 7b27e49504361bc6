package engine

import "github.com/elegans-nn/elegans/step"

// A ring is a state whose next value is all of its rows but the oldest, and a new one. Its values at all times are windows
// of one sequence of rows, and stand so: a time takes the memory of one row where others take a whole state, and what moves
// on is not copied. Only the way back has windows of their own, for a chunk of times.

// Rings tells, of every state, how wide the rows are of which it is a window: the last values of something, the newest last; 0
// for states that are no windows.
func Rings(p *step.Program) []int { return rings(p) }

// rings finds the states that are rings, and the components of their rows; 0 for others.
func rings(p *step.Program) []int {
	rows := make([]int, len(p.States))
	for k, s := range p.States {
		next := &p.Nodes[s.Next]
		if next.Op != step.OpConcat || len(next.In) != 2 {
			continue
		}
		kept, row := &p.Nodes[next.In[0]], p.Nodes[next.In[1]].Shape.Len()
		if kept.Op == step.OpSlice && kept.In[0] == s.Node && kept.Index[0] == row && kept.Shape.Len()+row == next.Shape.Len() {
			rows[k] = row
		}
	}
	return rows
}

// stateSlots reserves the values of state k before every time and after the last.
func (l *layout) stateSlots(k int) place {
	n := l.rows(l.p.States[k].Node) * l.lanes
	if l.rings[k] == 0 {
		return l.slots(n, l.steps+1)
	}
	row := l.rings[k] * l.lanes
	return place{off: l.take(n + l.steps*row), n: n, stride: row}
}

// lastRow is where in state s stands what a lane that has ended repeats: all of it, or of a ring its last row, for the
// others are those of the times before. So a ring of a lane that has ended fills with its last row.
func (e *Engine) lastRow(s int) int {
	if row := e.plan.rings[s]; row > 0 {
		return len(e.state[s]) - row*e.lanes
	}
	return 0
}

// finalRows takes the final values of ring s in lanes that have ended from where they ended.
func (e *Engine) finalRows(s int) {
	if e.plan.rings[s] == 0 {
		return
	}
	at := e.lay.state[s]
	at.phase = 0
	for l, n := range e.lengths {
		if n >= e.n {
			continue
		}
		final := e.get(at, max(n, 0))
		for i := l; i < len(final); i += e.lanes {
			e.state[s][i] = final[i]
		}
	}
}
