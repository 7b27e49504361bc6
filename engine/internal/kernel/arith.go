package kernel

func add(dst []float32, in [][]float32) {
	a, b := in[0], in[1]
	if len(a) < len(dst) {
		a, b = b, a
	}
	a = a[:len(dst)]
	if len(b) < len(dst) {
		s := b[0]
		for i := range dst {
			dst[i] = a[i] + s
		}
		return
	}
	b = b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func sub(dst []float32, in [][]float32) {
	a, b := in[0], in[1]
	switch {
	case len(b) < len(dst):
		a, s := a[:len(dst)], b[0]
		for i := range dst {
			dst[i] = a[i] - s
		}
	case len(a) < len(dst):
		s, b := a[0], b[:len(dst)]
		for i := range dst {
			dst[i] = s - b[i]
		}
	default:
		a, b := a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] - b[i]
		}
	}
}

func mul(dst []float32, in [][]float32) {
	a, b := in[0], in[1]
	if len(a) < len(dst) {
		a, b = b, a
	}
	a = a[:len(dst)]
	if len(b) < len(dst) {
		s := b[0]
		for i := range dst {
			dst[i] = a[i] * s
		}
		return
	}
	b = b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func div(dst []float32, in [][]float32) {
	a, b := in[0], in[1]
	switch {
	case len(b) < len(dst):
		a, s := a[:len(dst)], b[0]
		for i := range dst {
			dst[i] = a[i] / s
		}
	case len(a) < len(dst):
		s, b := a[0], b[:len(dst)]
		for i := range dst {
			dst[i] = s / b[i]
		}
	default:
		a, b := a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] / b[i]
		}
	}
}

// minimum and maximum give NaN where an operand is NaN, and order -0 before 0, as the language's own do.
func minimum(dst []float32, in [][]float32) {
	a, b := in[0][:len(dst)], in[1][:len(dst)]
	for i := range dst {
		dst[i] = min(a[i], b[i])
	}
}

func maximum(dst []float32, in [][]float32) {
	a, b := in[0][:len(dst)], in[1][:len(dst)]
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

func choose(dst []float32, in [][]float32) {
	c, a, b := in[0][:len(dst)], in[1][:len(dst)], in[2][:len(dst)]
	for i := range dst {
		dst[i] = chosen(c[i], a[i], b[i])
	}
}

func relax(dst []float32, in [][]float32) {
	v, h, c := in[0][:len(dst)], in[1][:len(dst)], in[2][:len(dst)]
	G, I := in[3][:len(dst)], in[4][:len(dst)]
	for i := range dst {
		dst[i] = relaxed(v[i], h[i], c[i], G[i], I[i])
	}
}

func observed(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = isObserved(x)
	}
}

func abs(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = magnitude(x)
	}
}

func sign(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = signOf(x)
	}
}

func heaviside(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = stepOf(x)
	}
}

func floor(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = floorOf(x)
	}
}

func sqrt(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = rootOf(x)
	}
}

func rsqrt(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = inverseRootOf(x)
	}
}

// Fill repeats its operand: one number over dst, or a row as it is.
func Fill(dst []float32, in [][]float32) {
	a := in[0]
	if len(a) == len(dst) {
		copy(dst, a)
		return
	}
	s := a[0]
	for i := range dst {
		dst[i] = s
	}
}
