package report

import (
	"fmt"
	"math"
	"sort"
	"unicode"
	"unicode/utf8"

	"gonum.org/v1/gonum/stat/distuv"
)

// subject is the model that the report is about: the first liquid one, else the first that is no baseline.
func (r *Report) subject() *Entry {
	for i := range r.Models {
		if r.Models[i].Liquid {
			return &r.Models[i]
		}
	}
	for i := range r.Models {
		if !r.Models[i].Baseline {
			return &r.Models[i]
		}
	}
	return nil
}

// headline is the one figure at the top of the page.
type headline struct {
	Name, Value, SD, Suffix, Label, Explain string
	Sentence                                string
	Verdicts                                []verdict
	Rule                                    string
}

// verdict compares the subject with one other entry, in words.
type verdict struct {
	// Class is win, loss or tie, from the subject's side. The sentence is Before, Name, After.
	Class, Mark, Before, Name, After, Detail string
	gain                                     float64
}

var marks = map[string]string{"win": "+", "loss": "−", "tie": "≈"}

// rule says how a verdict is reached; the page shows it, so that nobody has to trust the word "better".
const rule = "Better means: the 95 % interval of the mean difference over seeds leaves out 0 (Student's t over seeds, unless " +
	"another method is named). The spread over seeds says how much luck is in one training; it does not say how much another test part " +
	"would change the figures."

func (r *Report) headline() *headline {
	s := r.subject()
	if s == nil || len(r.Metrics) == 0 {
		return nil
	}
	m := r.Metrics[0]
	own := s.spread(m.Key)
	if own.N == 0 {
		return nil
	}
	decimals := r.decimals(m)
	h := &headline{Name: s.Name, Value: fixed(own.Mean*m.scale(), decimals), Suffix: m.suffix(), Label: m.label(), Explain: m.Explain}
	if own.N > 1 {
		h.SD = fixed(own.SD*m.scale(), decimals)
	}
	for i := range r.Models {
		other := &r.Models[i]
		if other == s || other.spread(m.Key).N == 0 {
			continue
		}
		h.Verdicts = append(h.Verdicts, r.verdict(m, s, other))
	}
	sort.SliceStable(h.Verdicts, func(i, j int) bool { return h.Verdicts[i].gain < h.Verdicts[j].gain })
	h.Sentence = sentence(h, own.N, len(s.Seeds))
	if len(h.Verdicts) > 0 {
		h.Rule = rule
	}
	return h
}

// sentence says what the figure is, what is missing from it, and how the others compare.
func sentence(h *headline, seeds, runs int) string {
	over := "from one run"
	if seeds > 1 {
		over = fmt.Sprintf("mean ± standard deviation over %d seeds", seeds)
	}
	if runs > seeds {
		over += fmt.Sprintf("; %d of %d runs gave no value", runs-seeds, runs)
	}
	text := fmt.Sprintf("%s on the test part, %s.", capital(h.Label), over)
	tally := map[string]int{}
	for _, v := range h.Verdicts {
		tally[v.Class]++
	}
	var parts []string
	for _, part := range []struct{ class, one, more string }{
		{"loss", "is better", "are better"}, {"win", "is worse", "are worse"}, {"tie", "cannot be told apart", "cannot be told apart"},
	} {
		switch n := tally[part.class]; {
		case n == 1:
			parts = append(parts, "1 "+part.one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, part.more))
		}
	}
	if len(parts) == 0 {
		return text
	}
	return text + fmt.Sprintf(" Of %s %s.", plural(len(h.Verdicts), "other model"), list(parts))
}

// capital begins a sentence.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// verdict decides between the subject and one other entry.
func (r *Report) verdict(m Metric, s, other *Entry) verdict {
	a, b := s.spread(m.Key), other.spread(m.Key)
	v := verdict{Class: "tie", Name: other.Name, gain: m.gain(a.Mean, b.Mean)}
	for _, c := range r.Comparisons {
		if c.Against == other.Name && finite(c.Mean) {
			v.gain = m.gain(c.Mean, 0) // what the interval is about
		}
	}
	low, high, method := r.interval(m, s, other)
	judged := finite(low) && finite(high)
	switch {
	case v.gain == 0 || judged && low <= 0 && high >= 0:
	case v.gain > 0:
		v.Class = "win"
	default:
		v.Class = "loss"
	}
	v.Mark = marks[v.Class]
	v.Before, v.After = words(m, v.Class, v.gain, s.Name)
	switch {
	case judged && v.gain != 0:
		v.Detail = limits(m, v.gain, low, high) + method
	case v.gain != 0:
		v.Detail = "too few seeds to judge chance"
	}
	return v
}

// interval bounds how much better the subject is, in shown units: as given by the caller, else Welch's t interval over
// seeds. An entry that was not trained in epochs has no luck in it. NaN where a trained one ran once.
func (r *Report) interval(m Metric, s, other *Entry) (low, high float64, method string) {
	for _, c := range r.Comparisons {
		if c.Against == other.Name {
			low, high = m.gain(c.Low, 0), m.gain(c.High, 0)
			if c.Method != "" {
				method = ", " + c.Method
			}
			return min(low, high), max(low, high), method
		}
	}
	a, b := s.spread(m.Key), other.spread(m.Key)
	half := m.scale() * welch(a, b, other.trained())
	gain := m.gain(a.Mean, b.Mean)
	return gain - half, gain + half, ""
}

func (e Entry) trained() bool {
	for _, s := range e.Seeds {
		if s.BestEpoch > 0 {
			return true
		}
	}
	return false
}

// welch is half the width of the 95 % interval of a difference of two means with unequal variances.
func welch(a, b spread, trained bool) float64 {
	if a.N < 2 || b.N < 2 && trained {
		return math.NaN()
	}
	va, freedom := a.SD*a.SD/float64(a.N), float64(a.N-1)
	vb := 0.0
	if b.N > 1 {
		vb = b.SD * b.SD / float64(b.N)
		if va+vb > 0 {
			freedom = (va + vb) * (va + vb) / (va*va/float64(a.N-1) + vb*vb/float64(b.N-1))
		}
	}
	return distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(0.975) * math.Sqrt(va+vb)
}

// limits writes an interval from the side of the one who is ahead, so that its sign agrees with the sentence.
func limits(m Metric, gain, low, high float64) string {
	if gain < 0 {
		low, high = -high, -low
	}
	d := max(differenceDecimals(m, max(math.Abs(low), math.Abs(high))), tellingDecimals(low), tellingDecimals(high))
	return fmt.Sprintf("95 %% interval %s to %s", fixed(low, d), fixed(high, d))
}

// words says who is better by how much; the name of the other model stands between the two halves.
func words(m Metric, class string, gain float64, subject string) (before, after string) {
	size := difference(m, math.Abs(gain))
	switch {
	case class == "win":
		return subject + " is better than ", " by " + size
	case class == "loss":
		return "", " is better by " + size
	case gain == 0:
		return "", ": the same value"
	case gain > 0:
		return subject + " is ahead of ", " by " + size + ", which may be chance"
	}
	return "", " is ahead by " + size + ", which may be chance"
}

// difference writes a difference in shown units; a difference of percentages is in points.
func difference(m Metric, d float64) string {
	text := fixed(d, differenceDecimals(m, d))
	switch {
	case m.Percent && text == "1.0":
		return text + " point"
	case m.Percent:
		return text + " points"
	case m.Unit != "":
		return text + " " + m.Unit
	}
	return text
}

// tellingDecimals is how many decimals keep a number from being shown as 0, on which side of which is what the reader looks
// for; a number that needs more than six is as good as 0.
func tellingDecimals(v float64) int {
	for d := range 7 {
		if math.Abs(v)*math.Pow10(d) >= 0.5 {
			return d
		}
	}
	return 0
}

func differenceDecimals(m Metric, d float64) int {
	switch {
	case d == 0 || !finite(d):
		return 1
	case m.Percent && d < 0.1:
		return max(2, tellingDecimals(d))
	case m.Percent:
		return 1
	}
	return max(digits(d)-2, tellingDecimals(d))
}

// decimals is the number of decimals of a metric's column: two for percent, else four significant digits of the typical
// value but no more than four decimals, so that all numbers of a column line up.
func (r *Report) decimals(m Metric) int {
	if m.Percent {
		return 2
	}
	var means []float64
	for _, e := range r.Models {
		if v := math.Abs(e.spread(m.Key).Mean); finite(v) && v > 0 {
			means = append(means, v)
		}
	}
	if len(means) == 0 {
		return 4
	}
	sort.Float64s(means)
	typical := means[len(means)/2]
	if typical < 0.01 {
		return digits(typical)
	}
	return min(digits(typical), 4)
}
