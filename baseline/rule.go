package baseline

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/elegans-nn/elegans/series"
)

// rule splits the rows by one question about one column, and predicts in each of its leaves the class frequencies of the
// training rows there.
type rule struct {
	schema   series.Schema
	column   int
	category bool
	cut      float64 // number: is it above? category: is it this level?
	leaves   [3][]float64
	loss     ruleLoss
}

// The leaves of a rule.
const (
	no = iota
	yes
	unseen // the column was not observed
)

// ruleLoss orders rules: fewer errors first, among them the higher likelihood, which also tells rules apart that never
// predict a rare class.
type ruleLoss struct{ errors, surprise float64 }

func (a ruleLoss) less(b ruleLoss) bool {
	return a.errors < b.errors || a.errors == b.errors && a.surprise < b.surprise-1e-9*math.Abs(b.surprise)
}

// fitRule finds the rule with the fewest errors on the training part. Cuts lie midway between neighbouring values.
func fitRule(schema *series.Schema, train, _ []series.Series) (Predictor, error) {
	classes := len(schema.Target.Classes)
	var best *rule
	for column, in := range schema.Inputs {
		r := rule{schema: *schema, column: column, category: in.Kind == series.Category}
		values := r.labelled(train)
		c := newCounts(classes, values)
		try := func(cut float64) {
			if r.loss = c.loss(); best == nil || r.loss.less(best.loss) {
				found := r
				found.cut, found.leaves = cut, c.frequencies()
				best = &found
			}
		}
		if r.category {
			eachLevel(values, c, try)
		} else {
			eachCut(values, c, try)
		}
	}
	if best == nil {
		return nil, fmt.Errorf("no column takes two values in the training part: %w", ErrNotApplicable)
	}
	return best, nil
}

// labelledValue is what a column holds at a scored row.
type labelledValue struct {
	x     float64 // NaN where it was not observed
	class int
}

// labelled lists a column's values at scored rows, ascending, those not observed first.
func (r *rule) labelled(list []series.Series) (values []labelledValue) {
	for i := range list {
		s := &list[i]
		x := r.values(s)
		for j, y := range s.Y {
			if !math.IsNaN(y) {
				values = append(values, labelledValue{x[j], int(y)})
			}
		}
	}
	slices.SortFunc(values, func(a, b labelledValue) int { return cmp.Compare(a.x, b.x) })
	return values
}

// values of the rule's column along a series: the last observed one where the schema holds it.
func (r *rule) values(s *series.Series) []float64 {
	in := &r.schema.Inputs[r.column]
	list, held := make([]float64, s.Len()), math.NaN()
	for i := range list {
		x := float64(s.At(i)[r.column])
		if math.IsNaN(x) && in.Hold {
			x = held
		}
		held, list[i] = x, x
	}
	return list
}

// eachCut moves the rows from yes to no, from the lowest value on, and tries the cut between every two values.
func eachCut(values []labelledValue, c *counts, try func(cut float64)) {
	for i, v := range values {
		if math.IsNaN(v.x) {
			continue
		}
		c.move(v.class, yes, no)
		if i+1 < len(values) && values[i+1].x > v.x {
			try(v.x + (values[i+1].x-v.x)/2)
		}
	}
}

// eachLevel tries every level against all others.
func eachLevel(values []labelledValue, c *counts, try func(cut float64)) {
	for _, v := range values {
		if !math.IsNaN(v.x) {
			c.move(v.class, yes, no)
		}
	}
	for from := 0; from < len(values); {
		to := from + 1
		for to < len(values) && values[to].x == values[from].x {
			to++
		}
		level := values[from:to]
		from = to
		if math.IsNaN(level[0].x) {
			continue
		}
		for _, v := range level {
			c.move(v.class, no, yes)
		}
		if c.rows(no) > 0 {
			try(level[0].x)
		}
		for _, v := range level {
			c.move(v.class, yes, no)
		}
	}
}

// counts holds the rows of every class in every leaf.
type counts [3][]float64

// newCounts begins with all observed rows in the leaf yes.
func newCounts(classes int, values []labelledValue) *counts {
	var c counts
	for leaf := range c {
		c[leaf] = make([]float64, classes)
	}
	for _, v := range values {
		if math.IsNaN(v.x) {
			c[unseen][v.class]++
		} else {
			c[yes][v.class]++
		}
	}
	return &c
}

func (c *counts) move(class, from, to int) {
	c[from][class]--
	c[to][class]++
}

func (c *counts) rows(leaf int) (n float64) {
	for _, k := range c[leaf] {
		n += k
	}
	return n
}

func (c *counts) loss() (l ruleLoss) {
	for leaf := range c {
		rows, most := c.rows(leaf), 0.0
		for _, k := range c[leaf] {
			most = max(most, k)
			if k > 0 {
				l.surprise -= k * math.Log(k/rows)
			}
		}
		l.errors += rows - most
	}
	return l
}

// frequencies of the classes in each leaf, with one more row of every class: a leaf of few rows is not certain.
func (c *counts) frequencies() (leaves [3][]float64) {
	for leaf := range c {
		rows := c.rows(leaf)
		for _, k := range c[leaf] {
			leaves[leaf] = append(leaves[leaf], (k+1)/(rows+float64(len(c[leaf]))))
		}
	}
	return leaves
}

func (r *rule) leaf(x float64) int {
	switch {
	case math.IsNaN(x):
		return unseen
	case r.category && x == r.cut, !r.category && x > r.cut:
		return yes
	}
	return no
}

func (r *rule) Predict(s series.Series) [][]float64 {
	rows := grid(s.Len(), len(r.leaves[no]))
	for i, x := range r.values(&s) {
		copy(rows[i], r.leaves[r.leaf(x)])
	}
	return rows
}

// Parameters counts the cut. The class frequencies only say how sure it is.
func (r *rule) Parameters() int { return 1 }

// String is the question, such as "Light > 365.125".
func (r *rule) String() string {
	in := &r.schema.Inputs[r.column]
	if r.category {
		return fmt.Sprintf("%s = %s", in.Name, in.Levels[int(r.cut)])
	}
	return fmt.Sprintf("%s > %.6g", in.Name, r.cut)
}
