package trial

// Pick is the trial of some of the lanes, in the order given; the numbers are copies.
func (t *Trial) Pick(lanes ...int) *Trial {
	q := &Trial{Program: t.Program, Steps: t.Steps, Lanes: len(lanes), Theta: t.Theta}
	pick := func(v []float64) []float64 {
		out := make([]float64, 0, len(v)/t.Lanes*len(lanes))
		for row := 0; row < len(v); row += t.Lanes {
			for _, l := range lanes {
				out = append(out, v[row+l])
			}
		}
		return out
	}
	q.X, q.H0, q.DY, q.DH = each(t.X, pick), each(t.H0, pick), each(t.DY, pick), each(t.DH, pick)
	q.DT, q.Part = pick(t.DT), pick(t.Part)
	return q
}

// Span is the trial of times [from, to), starting from the given states, or from its own where they are nil.
func (t *Trial) Span(from, to int, states [][]float64) *Trial {
	q := &Trial{Program: t.Program, Steps: to - from, Lanes: t.Lanes, Theta: t.Theta, H0: states, DH: t.DH}
	if states == nil {
		q.H0 = t.H0
	}
	cut := func(v []float64) []float64 {
		n := len(v) / t.Steps
		return append([]float64(nil), v[from*n:to*n]...)
	}
	q.X, q.DY, q.DT, q.Part = each(t.X, cut), each(t.DY, cut), cut(t.DT), cut(t.Part)
	return q
}

// Copy is a trial whose numbers can be changed without changing those of t.
func (t *Trial) Copy() *Trial {
	lanes := make([]int, t.Lanes)
	for l := range lanes {
		lanes[l] = l
	}
	q := t.Pick(lanes...)
	q.Theta = append([]float64(nil), t.Theta...)
	return q
}

func each(vs [][]float64, f func([]float64) []float64) [][]float64 {
	out := make([][]float64, len(vs))
	for i, v := range vs {
		out[i] = f(v)
	}
	return out
}
