package online

// AppendState appends all that the stream goes on from but the parameters: the state of the network and the derivatives
// that are carried along. SetState takes it, also in another RTRL of the same model.
func (l *RTRL) AppendState(dst []float32) []float32 { return l.r.AppendState(dst) }

// AppendHidden appends the state of the network alone.
func (l *RTRL) AppendHidden(dst []float32) []float32 {
	for k := range l.m.Program().States {
		dst = append(dst, l.r.State(k)...)
	}
	return dst
}

// SetState goes on from what AppendState gave, or AppendHidden: gradients then reach back to here. It panics at any other
// length.
func (l *RTRL) SetState(src []float32) {
	l.r.SetState(src)
	l.learned = false
}

// StateSize is how many numbers AppendState appends.
func (l *RTRL) StateSize() int { return l.r.StateSize() }
