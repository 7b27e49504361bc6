package engine

// AppendState appends all that the next Step goes on from but inputs and parameters: the states, in the order of the
// program, and S. SetState of a RealTime of the same program takes it.
func (r *RealTime) AppendState(dst []float32) []float32 {
	for k := range r.p.States {
		dst = append(dst, r.e.State(k)...)
	}
	return append(dst, r.s...)
}

// StateSize is how many numbers AppendState appends; the first Program.StateWidth of them are the states.
func (r *RealTime) StateSize() int { return r.p.StateWidth() + len(r.s) }

// SetState goes on from what AppendState gave. Of the states alone, S becomes zero: what lies before is taken for given and
// not for something that parameters have made. It panics where src is neither as long as StateSize nor as the states.
func (r *RealTime) SetState(src []float32) {
	if len(src) != r.StateSize() && len(src) != r.p.StateWidth() {
		panic("engine: SetState needs what AppendState gives, or the states alone")
	}
	for k := range r.p.States {
		src = src[copy(r.e.State(k), src):]
	}
	if len(src) == 0 {
		clear(r.s)
		return
	}
	copy(r.s, src)
}
