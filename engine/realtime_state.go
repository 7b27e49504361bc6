package engine

// AppendState appends all that the next Step, and a Gradient before it, goes on from but inputs and parameters: the states, in
// the order of the program, S, and what the last step says of the outputs. SetState of a RealTime of the same program takes
// it.
func (r *RealTime) AppendState(dst []float32) []float32 {
	for k := range r.p.States {
		dst = append(dst, r.e.State(k)...)
	}
	dst = append(dst, r.s...)
	for _, row := range r.ends {
		dst = append(dst, r.end(row)...)
	}
	return dst
}

// end is the row of ∂y/∂h' of a component of the state; zeros where there is none.
func (r *RealTime) end(row int) []float32 {
	if row < 0 {
		return make([]float32, r.width)
	}
	return r.work[row*r.lanes+r.first:][:r.width]
}

// StateSize is how many numbers AppendState appends; the first Program.StateWidth of them are the states.
func (r *RealTime) StateSize() int { return r.p.StateWidth() + len(r.s) + len(r.ends)*r.width }

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
	src = src[copy(r.s, src):]
	for _, row := range r.ends {
		if row >= 0 {
			copy(r.end(row), src)
		}
		src = src[r.width:]
	}
}

// AppendState appends all that the next Step or Gradient goes on from but inputs and parameters: the states, the number of
// rows that are kept, and these from the oldest one on, with zeros in the place of those that are still to come.
func (t *Truncated) AppendState(dst []float32) []float32 {
	for k := range t.p.States {
		dst = append(dst, t.e.State(k)...)
	}
	n := min(t.at, t.rows)
	dst = append(dst, float32(n))
	for k := range n {
		dst = append(dst, t.kept[(t.at-n+k)%t.rows]...)
	}
	return append(dst, make([]float32, (t.rows-n)*len(t.row))...)
}

// StateSize is how many numbers AppendState appends; the first Program.StateWidth of them are the states.
func (t *Truncated) StateSize() int { return t.p.StateWidth() + 1 + t.rows*len(t.row) }

// SetState goes on from what AppendState gave; of the states alone, no row is kept. It panics where src is neither as long as
// StateSize nor as the states.
func (t *Truncated) SetState(src []float32) {
	if len(src) != t.StateSize() && len(src) != t.p.StateWidth() {
		panic("engine: SetState needs what AppendState gives, or the states alone")
	}
	for k := range t.p.States {
		src = src[copy(t.e.State(k), src):]
	}
	t.at = 0
	if len(src) == 0 {
		return
	}
	t.at, src = min(max(0, int(src[0])), t.rows), src[1:]
	for k := range t.at {
		src = src[copy(t.kept[k], src):]
	}
}
