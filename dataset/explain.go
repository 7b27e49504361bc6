package dataset

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/elegans-nn/elegans/series"
)

// Rule predicts the label from one column and nothing else: one threshold on a number (for two classes; up to 16 bins
// of equal size for more), the commonest class or the mean label of each level of a category, or a straight line. It is
// found on the training part. A model has to be compared with it.
type Rule struct {
	Column string `json:"column"`
	Form   string `json:"form"` // in words, such as "1 where Light > 365.125"
	// Train and Test are accuracies for classes, R² for numbers. HasTest says that there is a scored test row.
	Train   float64 `json:"train"`
	Test    float64 `json:"test"`
	HasTest bool    `json:"has_test"`
	// AUROC of the column as a score, on the training part, for two classes and a number; else 0. The better of both
	// directions, so at least 0.5.
	AUROC float64 `json:"auroc,omitempty"`
	// Plain is the score without the column: that of the commonest class, or 0.
	Plain float64 `json:"plain"`
	// Explains says that the column nearly is the label: it makes at most a quarter of the errors of the commonest class
	// and is right in at least 90 %, or has an R² of at least 0.9.
	Explains bool `json:"explains"`

	predict func(x float64) float64
}

// pair is a value of the column with its label.
type pair struct{ x, y float64 }

// auditSplit looks at the parts, the single columns, and the distance of the test part.
func (a *Audit) auditSplit(s *Split, b *buffers) {
	for i, part := range [][]series.Series{s.Train, s.Valid, s.Test} {
		if len(part) > 0 {
			a.Parts = append(a.Parts, auditPart(partNames[i], part, s.Schema.Target))
		}
	}
	rules := b.rules(s)
	for _, r := range rules {
		if !r.Explains || r.Column == s.Schema.Target.Name {
			continue
		}
		if s.Schema.Target.Task == series.Classify {
			a.warn("%s alone predicts the label with %.1f %% accuracy on the training part%s (%s); compare every model with that rule",
				r.Column, 100*r.Train, r.testText(), r.Form)
		} else {
			a.warn("%s alone explains %.1f %% of the variance of the label on the training part (%s); compare every model with that rule",
				r.Column, 100*r.Train, r.Form)
		}
	}
	a.Rules = rules[:min(len(rules), shownRules)]
	for i, in := range s.Schema.Inputs {
		if in.Kind != series.Numeric {
			continue
		}
		b.train, b.work = column(b.train, s.Train, i), column(b.work, s.Test, i)
		o, ok := outside(in, b.train, b.work)
		if !ok {
			continue
		}
		a.Outside = append(a.Outside, o)
		if o.Beyond >= 0.5 {
			a.warn("%.0f %% of the test values of %q lie beyond all that training saw: a row number or a date, rather than a measurement? --drop %s leaves it out",
				100*o.Beyond, o.Column, o.Column)
			continue
		}
		if o.Share >= 0.01 {
			a.warn("%.1f %% of the test values of %q lie more than %d standard deviations from the training mean (up to %.3g); --clip bounds them",
				100*o.Share, o.Column, outsideBound, o.Worst)
		}
	}
	a.Warnings = append(a.Warnings, s.Warnings...)
}

func (r Rule) testText() string {
	if !r.HasTest {
		return ""
	}
	return fmt.Sprintf(" and %.1f %% on the test part", 100*r.Test)
}

func auditPart(name string, part []series.Series, target series.Target) PartAudit {
	p := PartAudit{Name: name, Series: len(part), From: math.Inf(1), To: math.Inf(-1)}
	count := make([]int, len(target.Classes))
	for i := range part {
		s := &part[i]
		p.Rows += s.Len()
		p.Scored += s.Scored()
		p.From = math.Min(p.From, s.Time[0])
		p.To = math.Max(p.To, s.Time[s.Len()-1])
		for _, y := range s.Y {
			if y == y && target.Task == series.Classify {
				count[int(y)]++
			}
		}
	}
	for i, class := range target.Classes {
		p.Classes = append(p.Classes, ClassCount{class, count[i]})
	}
	return p
}

// outside measures how far the test values of a column lie outside the training range; ok is false where none does.
func outside(in series.Input, train, test []float64) (o Outside, ok bool) {
	if len(train) == 0 || len(test) == 0 {
		return o, false
	}
	low, high := slices.Min(train), slices.Max(train)
	o.Column = in.Name
	far, beyond := 0, 0
	for _, v := range test {
		z := math.Abs(v-in.Mean) / in.SD
		o.Worst = math.Max(o.Worst, z)
		if z > outsideBound {
			far++
		}
		if v < low || v > high {
			beyond++
		}
	}
	o.Share, o.Beyond = float64(far)/float64(len(test)), float64(beyond)/float64(len(test))
	return o, far > 0 || beyond > 0
}

// Rules finds the best rule of every input, best first. Rows without a label or a value of the column are left out of
// the search; in the accuracies a missing value counts as the commonest class, or the mean.
func Rules(s *Split) []Rule {
	var b buffers
	return b.rules(s)
}

func (b *buffers) rules(s *Split) []Rule {
	var rules []Rule
	for i, in := range s.Schema.Inputs {
		if r, ok := b.findRule(s, i, in); ok {
			rules = append(rules, r)
		}
	}
	slices.SortStableFunc(rules, func(a, b Rule) int {
		switch {
		case a.Train > b.Train:
			return -1
		case a.Train < b.Train:
			return 1
		}
		return 0
	})
	return rules
}

func (b *buffers) findRule(s *Split, i int, in series.Input) (Rule, bool) {
	b.pairs, b.test = pairs(b.pairs, s.Train, i), pairs(b.test, s.Test, i)
	train, test := b.pairs, b.test
	b.seen = append(grown(b.seen, len(train)), train...)
	observed := slices.DeleteFunc(b.seen, func(p pair) bool { return p.x != p.x })
	if len(observed) == 0 {
		return Rule{}, false
	}
	b.ordered = grown(b.ordered, len(observed))
	observed = sortByX(observed, b.ordered)
	var r Rule
	target := s.Schema.Target
	usual := commonest(train, len(target.Classes))
	switch {
	case target.Task == series.Regress && in.Kind == series.Category:
		r = levelMeans(observed, in)
	case target.Task == series.Regress:
		r = line(observed, in)
	case in.Kind == series.Category:
		r = levelClasses(observed, in, len(target.Classes))
	case len(target.Classes) == 2:
		r = threshold(observed, in, target.Classes)
		r.AUROC = auroc(observed)
	default:
		r = bins(observed, in, len(target.Classes))
	}
	r.Column = in.Name
	score := accuracy
	if target.Task == series.Regress {
		score = rSquared
		usual = mean(train)
	}
	r.Train, r.Test, r.HasTest = score(train, r.predict, usual), score(test, r.predict, usual), len(test) > 0
	if target.Task == series.Regress {
		r.Explains = r.Train >= 0.9
		return r, true
	}
	r.Plain = accuracy(train, func(float64) float64 { return usual }, usual)
	r.Explains = r.Train >= 0.9 && 1-r.Train <= (1-r.Plain)/4
	return r, true
}

// pairs gathers the scored rows, in the memory of into.
func pairs(into []pair, list []series.Series, input int) (found []pair) {
	found = grown(into, rowsOf(list))
	for k := range list {
		s := &list[k]
		for row, y := range s.Y {
			if y == y {
				found = append(found, pair{float64(s.At(row)[input]), y})
			}
		}
	}
	return found
}

func commonest(list []pair, classes int) float64 {
	count := make([]int, max(classes, 1))
	for _, p := range list {
		if classes > 0 {
			count[int(p.y)]++
		}
	}
	return float64(argmax(count))
}

// argmax is the first index of the largest count.
func argmax(count []int) (best int) {
	for i, n := range count {
		if n > count[best] {
			best = i
		}
	}
	return best
}

func mean(list []pair) (m float64) {
	for _, p := range list {
		m += p.y
	}
	return m / float64(max(len(list), 1))
}

func accuracy(list []pair, predict func(float64) float64, usual float64) float64 {
	right := 0
	for _, p := range list {
		guess := usual
		if p.x == p.x {
			guess = predict(p.x)
		}
		if guess == p.y {
			right++
		}
	}
	return float64(right) / float64(max(len(list), 1))
}

// rSquared is 1 - squared error / squared deviation from the mean of these labels; 0 where they are constant.
func rSquared(list []pair, predict func(float64) float64, usual float64) float64 {
	centre, left, total := mean(list), 0.0, 0.0
	for _, p := range list {
		guess := usual
		if p.x == p.x {
			guess = predict(p.x)
		}
		left += (p.y - guess) * (p.y - guess)
		total += (p.y - centre) * (p.y - centre)
	}
	if total == 0 {
		return 0
	}
	return 1 - left/total
}

// threshold finds the cut, halfway between neighbouring values, that is right most often; the list is sorted by x.
func threshold(list []pair, in series.Input, classes []string) Rule {
	ones := 0
	for _, p := range list {
		ones += int(p.y)
	}
	n := len(list)
	// right counts what "1 above the cut" gets right; n - right is what "0 above the cut" does. The first cut is below all.
	right, best, cut, above := ones, max(ones, n-ones), math.Inf(-1), 1.0
	if n-ones > ones {
		above = 0
	}
	for i, p := range list {
		right += 1 - 2*int(p.y)
		if i+1 < n && list[i+1].x == p.x || i+1 == n {
			continue
		}
		if score := max(right, n-right); score > best {
			best, cut, above = score, p.x+(list[i+1].x-p.x)/2, 1
			if n-right > right {
				above = 0
			}
		}
	}
	form := fmt.Sprintf("%s always", classes[int(above)])
	if !math.IsInf(cut, 0) {
		form = fmt.Sprintf("%s where %s > %.6g", classes[int(above)], in.Name, cut)
	}
	return Rule{Form: form, predict: func(x float64) float64 {
		if x > cut {
			return above
		}
		return 1 - above
	}}
}

// auroc is the share of pairs of a one and a zero that the column orders rightly, ties half; the list is sorted by x.
func auroc(list []pair) float64 {
	var ones, zeros, won float64 // zeros: seen so far below
	for i := 0; i < len(list); {
		j, one, zero := i, 0.0, 0.0
		for ; j < len(list) && list[j].x == list[i].x; j++ {
			one += list[j].y
			zero += 1 - list[j].y
		}
		won += one * (zeros + zero/2)
		ones += one
		zeros += zero
		i = j
	}
	if ones == 0 || zeros == 0 {
		return 0
	}
	return math.Max(won/(ones*zeros), 1-won/(ones*zeros))
}

// mostBins is the number of bins of a rule for more than two classes.
const mostBins = 16

// bins gives each of up to 16 bins of about equal size its commonest class; the list is sorted by x.
func bins(list []pair, in series.Input, classes int) Rule {
	var edges []float64
	for k := 1; k < mostBins; k++ {
		at := k * len(list) / mostBins
		if at > 0 && list[at].x > list[at-1].x {
			edges = append(edges, list[at-1].x+(list[at].x-list[at-1].x)/2)
		} else if next := sort.Search(len(list), func(i int) bool { return list[i].x > list[at].x }); next < len(list) {
			edges = append(edges, list[next-1].x+(list[next].x-list[next-1].x)/2)
		}
	}
	edges = slices.Compact(edges)
	count := make([][]int, len(edges)+1)
	for i := range count {
		count[i] = make([]int, classes)
	}
	// A value equal to an edge lies below it; edges lie between values, so only rounding can make one.
	place := func(x float64) int { return sort.SearchFloat64s(edges, x) }
	for _, p := range list {
		count[place(p.x)][int(p.y)]++
	}
	class := make([]float64, len(count))
	for i := range count {
		class[i] = float64(argmax(count[i]))
	}
	return Rule{Form: fmt.Sprintf("the commonest class of each of %d bins of %s", len(class), in.Name),
		predict: func(x float64) float64 { return class[place(x)] }}
}

func levelClasses(list []pair, in series.Input, classes int) Rule {
	count := make([][]int, len(in.Levels))
	for i := range count {
		count[i] = make([]int, classes)
	}
	all := make([]int, classes)
	for _, p := range list {
		count[int(p.x)][int(p.y)]++
		all[int(p.y)]++
	}
	return Rule{Form: "the commonest class of each " + in.Name, predict: func(x float64) float64 {
		if of := count[int(x)]; slices.Max(of) > 0 {
			return float64(argmax(of))
		}
		return float64(argmax(all)) // a level that no training row bears
	}}
}

func levelMeans(list []pair, in series.Input) Rule {
	sum, n := make([]float64, len(in.Levels)), make([]float64, len(in.Levels))
	for _, p := range list {
		sum[int(p.x)] += p.y
		n[int(p.x)]++
	}
	all := mean(list)
	return Rule{Form: "the mean of each " + in.Name, predict: func(x float64) float64 {
		if n[int(x)] == 0 {
			return all
		}
		return sum[int(x)] / n[int(x)]
	}}
}

// line is least squares on one column, centred so that a large mean costs no digits.
func line(list []pair, in series.Input) Rule {
	var mx, my, sxx, sxy float64
	for _, p := range list {
		mx += p.x / float64(len(list))
		my += p.y / float64(len(list))
	}
	for _, p := range list {
		sxx += (p.x - mx) * (p.x - mx)
		sxy += (p.x - mx) * (p.y - my)
	}
	slope := 0.0
	if sxx > 0 {
		slope = sxy / sxx
	}
	return Rule{Form: fmt.Sprintf("%.4g %+.4g × (%s - %.4g)", my, slope, in.Name, mx),
		predict: func(x float64) float64 { return my + slope*(x-mx) }}
}
