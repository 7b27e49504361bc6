package engine

// Tape runs an Oracle over the steps of a sequence and back. It keeps the states before each step only and computes the
// rest of a step again on the way back.
type Tape struct {
	Oracle *Oracle
	states [][][]float64 // [time][state]
}

// Forward runs the given number of steps. The initial states were written through Value. feed writes the inputs and the
// elapsed time of step t; read, if any, sees its results.
func (tp *Tape) Forward(steps int, feed, read func(t int)) {
	o := tp.Oracle
	tp.states = tp.states[:0]
	for t := range steps {
		tp.states = append(tp.states, tp.carried())
		feed(t)
		o.Step()
		if read != nil {
			read(t)
		}
		tp.advance()
	}
}

// carried copies the states before a step.
func (tp *Tape) carried() (states [][]float64) {
	for _, s := range tp.Oracle.p.States {
		states = append(states, append([]float64(nil), tp.Oracle.Value(s.Node)...))
	}
	return states
}

// advance makes the states after a step those before the next one. All are read before any is written.
func (tp *Tape) advance() {
	var next [][]float64
	for _, s := range tp.Oracle.p.States {
		next = append(next, append([]float64(nil), tp.Oracle.Value(s.Next)...))
	}
	for i, s := range tp.Oracle.p.States {
		copy(tp.Oracle.Value(s.Node), next[i])
	}
}

// Backward runs the reverse of the steps that Forward took. The cotangents of the final states were written through
// Value to the leaves Adjoint.DNext; cotangent writes those of the outputs of step t; read, if any, sees the cotangents
// of its inputs and time. Afterwards Grad has the gradients, and Value of Adjoint.DState those of the initial states.
func (tp *Tape) Backward(feed, cotangent, read func(t int)) {
	o := tp.Oracle
	a := o.p.Adjoint
	o.Clear()
	for t := len(tp.states) - 1; t >= 0; t-- {
		for i, s := range o.p.States {
			copy(o.Value(s.Node), tp.states[t][i])
		}
		feed(t)
		o.Step()
		cotangent(t)
		o.Back()
		if read != nil {
			read(t)
		}
		if t == 0 {
			break
		}
		var d [][]float64
		for _, node := range a.DState {
			d = append(d, append([]float64(nil), o.Value(node)...))
		}
		for i, leaf := range a.DNext {
			copy(o.Value(leaf), d[i])
		}
	}
	o.Finish()
}
