package model

// AppendState appends the state, all states in their order: the layout of [Streams.State] and [RunOptions].
func (s *Stream) AppendState(dst []float32) []float32 {
	for _, state := range s.states {
		dst = append(dst, state...)
	}
	return dst
}

// SetState goes on from what AppendState gave, of this model or of one with other parameters. It panics where the length
// does not fit.
func (s *Stream) SetState(src []float32) {
	if len(src) != s.width() {
		panic("model: SetState needs one number per component of the state")
	}
	for _, state := range s.states {
		src = src[copy(state, src):]
	}
}
