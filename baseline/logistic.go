package baseline

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/series"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// logistic is (multinomial) logistic regression: the weights w_k and intercepts b_k that minimise
//
//	mean over rows of -log p(true class)  +  penalty/2 · Σ |w_k|²
//
// with p = softmax(b + w·x), or for two classes the sigmoid of one such sum, and x scaled as a network's head scales it.
type logistic struct {
	features *features
	classes  int
	w        []float64 // [output][feature, intercept last]
	penalty  float64
}

// logisticPenalties are tried on the validation part, the strongest first, each from the weights of the one before.
var logisticPenalties = []float64{1e-5, 1e-4, 1e-3, 1e-2, 1e-1}

const (
	// logisticValues bounds the numbers that every step of the optimiser reads, as ridgeValues does.
	logisticValues = 1 << 22
	// logisticSteps ends what has not converged; the penalties are strong enough that few fits get there.
	logisticSteps = 300
	// worseAllowed ends the search for a penalty: weak ones take the longest to fit, and seldom help once weaker has been
	// worse twice.
	worseAllowed = 2
)

// fitLogistic is the fit on windows of the given rows. A windowed one shortens its window where rows are wide.
func fitLogistic(rows int) func(*series.Schema, []series.Series, []series.Series) (Predictor, error) {
	return func(schema *series.Schema, train, valid []series.Series) (Predictor, error) {
		f, err := windowOf(schema, rows, widest)
		if err != nil {
			return nil, err
		}
		t := f.training(train, logisticValues)
		return fitSoftmax(f, t, f.samples(valid, logisticValues), len(schema.Target.Classes))
	}
}

func fitSoftmax(f *features, t, v *samples, classes int) (Predictor, error) {
	outputs := classes
	if classes == 2 {
		outputs = 1
	}
	w := make([]float64, outputs*(t.width+1))
	var best *logistic
	least, worse := math.Inf(1), 0
	for _, penalty := range candidates(logisticPenalties, plainPenalty, v) {
		problem := &likelihood{t: t, outputs: outputs, penalty: penalty}
		if !problem.minimise(w) {
			continue
		}
		m := &logistic{features: f, classes: classes, w: append([]float64(nil), w...), penalty: penalty}
		l := (&likelihood{t: v, outputs: outputs}).value(w, nil)
		if best == nil || l < least {
			best, least, worse = m, l, 0
		} else if worse++; worse == worseAllowed {
			break
		}
	}
	if best == nil {
		return nil, fmt.Errorf("the likelihood of %d features has no maximum that could be found: %w", t.width, ErrNotApplicable)
	}
	return best, nil
}

// likelihood is the function that logistic regression minimises.
type likelihood struct {
	t       *samples
	outputs int
	penalty float64
}

// minimise improves w in place; false where it could not.
func (l *likelihood) minimise(w []float64) bool {
	// The optimiser asks for value and gradient at the same point one after the other; both come from one pass.
	at, gradient, value := make([]float64, len(w)), make([]float64, len(w)), math.NaN()
	evaluate := func(x []float64) {
		if math.IsNaN(value) || !floats.Equal(at, x) {
			copy(at, x)
			value = l.value(x, gradient)
		}
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 { evaluate(x); return value },
		Grad: func(g, x []float64) { evaluate(x); copy(g, gradient) },
	}
	settings := &optimize.Settings{
		GradientThreshold: 1e-6,
		MajorIterations:   logisticSteps,
		Converger:         &optimize.FunctionConverge{Relative: 1e-7, Iterations: 10},
	}
	// A line search that can go no further has arrived, as far as rounding lets it, so that its error is no failure.
	result, _ := optimize.Minimize(problem, w, settings, &optimize.LBFGS{})
	if result == nil || floats.HasNaN(result.X) || math.IsNaN(result.F) {
		return false
	}
	copy(w, result.X)
	return true
}

// value is the function at w. It writes the gradient where that is not nil.
func (l *likelihood) value(w, gradient []float64) float64 {
	n, stride := float64(len(l.t.y)), l.t.width+1
	clear(gradient)
	z := make([]float64, l.outputs)
	sum := 0.0
	for i, y := range l.t.y {
		x := l.t.at(i)
		for k := range z {
			z[k] = floats.Dot(w[k*stride:(k+1)*stride-1], x) + w[(k+1)*stride-1]
		}
		sum += surprise(z, int(y)) / n
		if gradient == nil {
			continue
		}
		for k, d := range z { // surprise has left the derivative there
			floats.AddScaled(gradient[k*stride:(k+1)*stride-1], d/n, x)
			gradient[(k+1)*stride-1] += d / n
		}
	}
	for k := range z {
		weights := w[k*stride : (k+1)*stride-1]
		sum += l.penalty / 2 * floats.Dot(weights, weights)
		if gradient != nil {
			floats.AddScaled(gradient[k*stride:(k+1)*stride-1], l.penalty, weights)
		}
	}
	return sum
}

// surprise is -log p(class) for the logits z, which it replaces by its derivative, p - [class].
func surprise(z []float64, class int) float64 {
	if len(z) == 1 {
		a := z[0]
		if class == 1 {
			a = -a
		}
		p := 1 / (1 + math.Exp(-a)) // of the other class
		z[0] = p
		if class == 1 {
			z[0] = -p
		}
		return max(a, 0) + math.Log1p(math.Exp(-math.Abs(a)))
	}
	total := floats.LogSumExp(z)
	loss := total - z[class]
	for k := range z {
		z[k] = math.Exp(z[k] - total)
	}
	z[class]--
	return loss
}

func (m *logistic) Predict(s series.Series) [][]float64 {
	rows := grid(s.Len(), m.classes)
	stride := len(m.features.keep) + 1
	m.features.each(&s, func(i int, x []float64) {
		p := rows[i]
		for k := range len(m.w) / stride {
			p[k] = floats.Dot(m.w[k*stride:(k+1)*stride-1], x) + m.w[(k+1)*stride-1]
		}
		if m.classes == 2 {
			p[1] = 1 / (1 + math.Exp(-p[0]))
			p[0] = 1 - p[1]
			return
		}
		total := floats.LogSumExp(p)
		for k := range p {
			p[k] = math.Exp(p[k] - total)
		}
	})
	return rows
}

func (m *logistic) Parameters() int { return len(m.w) }

func (m *logistic) String() string { return account(m.features, m.penalty) }
