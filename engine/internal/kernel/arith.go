package kernel

import "math"

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

// choose takes operand 1 where operand 0 is not zero (NaN is not zero), else operand 2.
func choose(dst []float32, in [][]float32) {
	c, a, b := in[0][:len(dst)], in[1][:len(dst)], in[2][:len(dst)]
	for i := range dst {
		v := b[i]
		if c[i] != 0 {
			v = a[i]
		}
		dst[i] = v
	}
}

// relax is v + h (I - G v) / (c + h G) for operands v, h, c, G, I.
func relax(dst []float32, in [][]float32) {
	v, h, c := in[0][:len(dst)], in[1][:len(dst)], in[2][:len(dst)]
	G, I := in[3][:len(dst)], in[4][:len(dst)]
	for i := range dst {
		q := (I[i] - float32(G[i]*v[i])) / (c[i] + float32(h[i]*G[i]))
		dst[i] = v[i] + float32(h[i]*q)
	}
}

func observed(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = 0
		if x == x {
			dst[i] = 1
		}
	}
}

func abs(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
	}
}

// sign keeps 0 (of either sign) and NaN.
func sign(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		switch {
		case x > 0:
			dst[i] = 1
		case x < 0:
			dst[i] = -1
		default:
			dst[i] = x
		}
	}
}

func heaviside(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		v := float32(0)
		if x > 0 {
			v = 1
		}
		dst[i] = v
	}
}

func floor(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = float32(math.Floor(float64(x)))
	}
}

func sqrt(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = float32(math.Sqrt(float64(x)))
	}
}

func rsqrt(dst []float32, in [][]float32) {
	a := in[0][:len(dst)]
	for i, x := range a {
		dst[i] = float32(1 / math.Sqrt(float64(x)))
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
