package kernel

import "math"

// line is how many numbers a generated chain in Go computes between calls of functions.
const line = 64

// The operations of chains in Go that are no operators of the language, on numbers; arith.go has the loops over slices.

// chosen is a where c is not zero (NaN is not zero), else b.
func chosen(c, a, b float32) float32 {
	if c != 0 {
		return a
	}
	return b
}

// relaxed is v + h (I - G v) / (c + h G).
func relaxed(v, h, c, G, I float32) float32 {
	q := (I - float32(G*v)) / (c + float32(h*G))
	return v + float32(h*q)
}

func isObserved(x float32) float32 {
	if x == x {
		return 1
	}
	return 0
}

func magnitude(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// signOf keeps 0 (of either sign) and NaN.
func signOf(x float32) float32 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

func stepOf(x float32) float32 {
	if x > 0 {
		return 1
	}
	return 0
}

func floorOf(x float32) float32 { return float32(math.Floor(float64(x))) }

func rootOf(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func inverseRootOf(x float32) float32 { return float32(1 / math.Sqrt(float64(x))) }
