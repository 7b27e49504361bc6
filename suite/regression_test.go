package suite

import (
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/metric"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

func newEvaluator(d *Data) *metric.Evaluator { return metric.NewEvaluator(d.Schema.Target) }

// ridge fits y = w x + b with an unpenalised intercept and a penalty that the validation part chooses.
func ridge(a, v samples, penalties ...float64) func(x []float64) []float64 {
	if len(penalties) == 0 {
		penalties = []float64{1e-3, 1e-1, 1e1, 1e3, 1e4}
	}
	mx, my := means(a.x), means(a.y)
	x, y := centred(a.x, mx), centred(a.y, my)
	var xx, xy mat.Dense
	xx.Mul(x.T(), x)
	xy.Mul(x.T(), y)
	var best func([]float64) []float64
	lowest := math.Inf(1)
	for _, l := range penalties {
		n, _ := xx.Dims()
		sum := mat.NewSymDense(n, nil)
		for i := range n {
			for k := i; k < n; k++ {
				sum.SetSym(i, k, xx.At(i, k))
			}
			sum.SetSym(i, i, xx.At(i, i)+l)
		}
		var c mat.Cholesky
		c.Factorize(sum)
		var w mat.Dense
		if err := c.SolveTo(&w, &xy); err != nil {
			panic(err)
		}
		predict := func(row []float64) []float64 {
			out := append([]float64(nil), my...)
			for i, v := range row {
				for k := range out {
					out[k] += (v - mx[i]) * w.At(i, k)
				}
			}
			return out
		}
		if e := squaredError(v, predict); e < lowest {
			lowest, best = e, predict
		}
	}
	return best
}

func squaredError(v samples, predict func([]float64) []float64) (sum float64) {
	for i, row := range v.x {
		for k, p := range predict(row) {
			sum += (p - v.y[i][k]) * (p - v.y[i][k])
		}
	}
	return sum
}

func means(rows [][]float64) []float64 {
	m := make([]float64, len(rows[0]))
	for _, row := range rows {
		for k, v := range row {
			m[k] += v / float64(len(rows))
		}
	}
	return m
}

func centred(rows [][]float64, m []float64) *mat.Dense {
	out := mat.NewDense(len(rows), len(m), nil)
	for i, row := range rows {
		for k, v := range row {
			out.Set(i, k, v-m[k])
		}
	}
	return out
}

// logistic fits softmax regression of the given number of classes with penalty |w|²/2 + C · loss, where validation chooses
// C; two classes have one row of weights, as in scikit-learn. It gives probabilities.
func logistic(t *testing.T, a, v samples, classes int, cs ...float64) func(x []float64) []float64 {
	if len(cs) == 0 {
		cs = []float64{1e-3, 1e-2, 1e-1, 1, 10}
	}
	n, k := len(a.x[0]), classes
	if classes == 2 {
		k = 1
	}
	var best func([]float64) []float64
	lowest := math.Inf(1)
	for _, c := range cs {
		theta := make([]float64, k*(n+1))
		at, slope, value := make([]float64, len(theta)), make([]float64, len(theta)), 0.0
		at[0] = math.NaN() // nothing is known yet
		both := func(theta []float64) {
			if !slices.Equal(at, theta) {
				copy(at, theta)
				value = penalised(theta, a, n, k, c, slope)
			}
		}
		problem := optimize.Problem{
			Func: func(theta []float64) float64 { both(theta); return value },
			Grad: func(grad, theta []float64) { both(theta); copy(grad, slope) },
		}
		r, err := optimize.Minimize(problem, theta, &optimize.Settings{GradientThreshold: 1e-5 * c * float64(len(a.x)), MajorIterations: 3000}, &optimize.LBFGS{})
		if r == nil {
			t.Fatal(err)
		}
		predict := func(row []float64) []float64 { return probabilities(r.X, row, n, k) }
		loss := 0.0
		for i, row := range v.x {
			loss -= math.Log(predict(row)[int(v.y[i][0])])
		}
		if loss < lowest {
			lowest, best = loss, predict
		}
	}
	return best
}

func penalised(theta []float64, a samples, n, k int, c float64, grad []float64) (sum float64) {
	for i := range grad {
		grad[i] = 0
	}
	for j := range k {
		for i := range n {
			w := theta[j*(n+1)+i]
			sum += w * w / 2
			if grad != nil {
				grad[j*(n+1)+i] = w
			}
		}
	}
	for r, row := range a.x {
		p, class := probabilities(theta, row, n, k), int(a.y[r][0])
		sum -= c * math.Log(math.Max(p[class], 1e-300))
		if grad == nil {
			continue
		}
		for j := range k {
			e := p[len(p)-k+j]
			if class == len(p)-k+j {
				e--
			}
			g := grad[j*(n+1):]
			for i, v := range row {
				g[i] += c * e * v
			}
			g[n] += c * e
		}
	}
	return sum
}

func probabilities(theta, row []float64, n, k int) []float64 {
	z := make([]float64, k)
	for j := range k {
		w := theta[j*(n+1) : (j+1)*(n+1)]
		z[j] = w[n]
		for i, v := range row {
			z[j] += w[i] * v
		}
	}
	if k == 1 {
		p := 1 / (1 + math.Exp(-z[0]))
		return []float64{1 / (1 + math.Exp(z[0])), p}
	}
	top, sum := math.Inf(-1), 0.0
	for _, v := range z {
		top = math.Max(top, v)
	}
	for j, v := range z {
		z[j] = math.Exp(v - top)
		sum += z[j]
	}
	for j := range z {
		z[j] /= sum
	}
	return z
}
