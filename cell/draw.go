package cell

import (
	"fmt"
	"math"
	"math/rand/v2"

	. "github.com/elegans-nn/elegans/step"
)

// logUniform draws numbers above 0 whose logarithm is uniform, on [lo, hi).
func logUniform(lo, hi float64) Each {
	return Each{Text: fmt.Sprintf("log-uniform(%.4g, %.4g)", lo, hi), Draw: func(r *rand.Rand) float64 {
		return lo * math.Exp(r.Float64()*math.Log(hi/lo))
	}}
}

// inverseSoftplus draws numbers whose softplus is log-uniform.
func inverseSoftplus(lo, hi float64) Init {
	e := logUniform(lo, hi)
	return Each{Text: "inverse softplus of " + e.Text, Draw: func(r *rand.Rand) float64 {
		v := e.Draw(r)
		return v + math.Log(-math.Expm1(-v))
	}}
}
