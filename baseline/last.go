package baseline

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/series"
)

// LastValues is the last value of the target known at each row of a series, in raw units or as a class index; NaN before
// the first one. Skill is measured against it.
func LastValues(schema series.Schema, s series.Series) []float64 { return lastValues(&schema, &s) }

func lastValues(schema *series.Schema, s *series.Series) []float64 {
	h := historyOf(schema, s)
	list := make([]float64, s.Len())
	last, k := math.NaN(), 0
	for i := range list {
		for ; k < len(h.from) && h.from[k] <= i; k++ {
			last = h.value[k]
		}
		list[i] = last
	}
	return list
}

// guess turns a guessed value of the target into predictions. A class is predicted with the probability with which such
// guesses were right in training, so that its Brier score and log loss are fair.
type guess struct {
	schema  series.Schema
	value   func(schema *series.Schema, s *series.Series) []float64
	right   float64 // probability, for classes
	learnt  int     // numbers besides right
	account string
}

func fitLast(schema *series.Schema, train, _ []series.Series) (Predictor, error) {
	return fitGuess(&guess{schema: *schema, value: lastValues, account: "last known value"}, train)
}

// leastRight keeps a guessed class the most probable one also where guesses are mostly wrong: the baseline is what it
// says.
const leastRight = 0.51

func fitGuess(g *guess, train []series.Series) (Predictor, error) {
	hits, guesses := 0.0, 0.0
	for i := range train {
		value := g.value(&g.schema, &train[i])
		for j, y := range train[i].Y {
			if math.IsNaN(y) || math.IsNaN(value[j]) {
				continue
			}
			guesses++
			if y == value[j] {
				hits++
			}
		}
	}
	if guesses == 0 {
		return nil, fmt.Errorf("no label of the training part has an earlier one: %w", ErrNotApplicable)
	}
	g.right = max((hits+1)/(guesses+2), leastRight) // one more of each: certainty is not learnt from few rows
	return g, nil
}

func (g *guess) Predict(s series.Series) [][]float64 {
	value := g.value(&g.schema, &s)
	if g.schema.Target.Task == series.Regress {
		rows := grid(len(value), 1)
		for i, v := range value {
			rows[i][0] = v
		}
		return rows
	}
	classes := len(g.schema.Target.Classes)
	rows := grid(len(value), classes)
	for i, v := range value {
		if math.IsNaN(v) {
			continue
		}
		for k := range rows[i] {
			rows[i][k] = (1 - g.right) / float64(classes-1)
		}
		rows[i][int(v)] = g.right
	}
	return rows
}

func (g *guess) Parameters() int {
	if g.schema.Target.Task == series.Classify {
		return g.learnt + 1
	}
	return g.learnt
}

// String names, for classes, the probability that was learnt: it is one of the parameters.
func (g *guess) String() string {
	if g.schema.Target.Task == series.Classify {
		return fmt.Sprintf("%s, %.3g %% sure", g.account, 100*g.right)
	}
	return g.account
}
