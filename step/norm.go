package step

// NormEps is the number under the root of LayerNorm and RMSNorm, as in torch: a vector of equal components has a finite
// derivative. Vectors of a deviation far below sqrt(NormEps) = 3e-3 are scaled by about 1 / sqrt(NormEps), not to 1.
const NormEps = 1e-5

// LayerNorm is, over the inner axis of n components,
//
//	m = Σ x_i / n,   s² = Σ (x_i - m)² / n,   y = gain (x - m) / sqrt(s² + NormEps) + bias
//
// with new parameters name.gain, 1 at first, and name.bias, 0 at first, one a component and the same for all outer rows.
// The variance is the biased one, taken of the differences from the mean, so that a large common offset costs no digits.
// It is finite everywhere; a single component (n = 1) gives its bias. About 5 n FLOPs.
//
// Source: Ba, Kiros and Hinton, Layer normalization, 2016, eq. 4.
func (b *Builder) LayerNorm(name string, x Vec) Vec {
	n := x.Shape().Inner
	gain, bias := b.Param(name+".gain", Vector(n), Values{1}), b.Param(name+".bias", Vector(n), Values{0})
	centred := Sub(x, mean(x))
	return Add(Mul(Mul(centred, unit(centred)), gain), bias)
}

// RMSNorm is, over the inner axis of n components,
//
//	y = gain x / sqrt(Σ x_i² / n + NormEps)
//
// with the new parameter name.gain, 1 at first: LayerNorm without its mean and bias. About 4 n FLOPs.
//
// Source: Zhang and Sennrich, Root mean square layer normalization, 2019, eq. 4.
func (b *Builder) RMSNorm(name string, x Vec) Vec {
	gain := b.Param(name+".gain", Vector(x.Shape().Inner), Values{1})
	return Mul(Mul(x, unit(x)), gain)
}

// mean is that of the inner axis, [outer][1].
func mean(x Vec) Vec { return Scale(1/float64(x.Shape().Inner), Sum(x, Inner)) }

// unit is 1 / sqrt(mean of squares + NormEps), [outer][1].
func unit(x Vec) Vec { return Rsqrt(Plus(mean(Mul(x, x)), NormEps)) }
