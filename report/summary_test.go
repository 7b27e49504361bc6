package report

import (
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
)

// one is an entry with the given values of a metric, trained unless it has a single one.
func one(name, key string, liquid bool, values ...float64) Entry {
	e := Entry{Name: name, Liquid: liquid, Baseline: !liquid}
	for i, v := range values {
		e.Seeds = append(e.Seeds, SeedResult{Seed: int64(i), Values: map[string]float64{key: v}})
		if len(values) > 1 {
			e.Seeds[i].BestEpoch = 4
		}
	}
	return e
}

func read(v verdict) string { return v.Before + v.Name + v.After }

// TestVerdicts: intervals were computed apart from this package (Welch's formula, t quantile by numeric integration).
func TestVerdicts(t *testing.T) {
	liquid := one("LTC", "accuracy", true, 0.9885, 0.9923, 0.9898)
	gru := one("GRU", "accuracy", false, 0.9472, 0.9712, 0.9556)
	for _, c := range []struct {
		other               Entry
		class, text, detail string
	}{
		{gru, "win", "LTC is better than GRU by 3.2 points", "95 % interval 0.3 to 6.1"},
		{one("light rule", "accuracy", false, 0.9931), "tie", "light rule is ahead by 0.3 points, which may be chance", "95 % interval −0.2 to 0.8"},
		{one("oracle", "accuracy", false, 0.9999), "loss", "oracle is better by 1.0 point", "95 % interval 0.5 to 1.4"},
		{one("majority", "accuracy", false, 0.79), "win", "LTC is better than majority by 20.0 points", "95 % interval 19.5 to 20.5"},
		{one("even", "accuracy", false, 0.9902), "tie", "even: the same value", ""},
	} {
		r := &Report{Metrics: []Metric{Named("accuracy")}, Models: []Entry{liquid, c.other}}
		if c.other.Name == "even" { // to the bit
			r.Models[1].Seeds[0].Values["accuracy"] = liquid.spread("accuracy").Mean
		}
		v := r.headline().Verdicts[0]
		if v.Class != c.class || read(v) != c.text || v.Detail != c.detail {
			t.Errorf("%s: %s, %q (%s); want %s, %q (%s)", c.other.Name, v.Class, read(v), v.Detail, c.class, c.text, c.detail)
		}
	}
	if got := welch(liquid.spread("accuracy"), gru.spread("accuracy"), true); math.Abs(got-0.02926869774759275) > 1e-9 {
		t.Errorf("half width %.10f; want 0.0292686977", got)
	}
}

func TestVerdictsWhereLowerIsBetter(t *testing.T) {
	m := Named("rmse")
	m.Unit = "veh/h"
	r := &Report{Metrics: []Metric{m}, Models: []Entry{
		one("seasonal", "rmse", false, 674), one("CfC", "rmse", true, 225, 229, 226), one("LSTM", "rmse", false, 221, 222, 219.5)},
		Comparisons: []Comparison{{Against: "seasonal", Mean: -447, Low: -451, High: -443, Method: "block bootstrap"}}}
	v := r.headline().Verdicts
	if len(v) != 2 || v[0].Class != "loss" || read(v[0]) != "LSTM is better by 5.8 veh/h" {
		t.Errorf("first verdict %+v", v[0])
	}
	if v[1].Class != "win" || v[1].Detail != "95 % interval 443 to 451, block bootstrap" || !strings.Contains(read(v[1]), "by 447 veh/h") {
		t.Errorf("second verdict %+v", v[1])
	}
	// an interval around 0 overrules a difference that looks large
	r.Comparisons[0].Low, r.Comparisons[0].High = -451, 20
	if v := r.headline().Verdicts[1]; v.Class != "tie" {
		t.Errorf("the interval holds 0, yet the verdict is %s", v.Class)
	}
}

// TestVerdictDigits: no limit but 0 itself is shown as 0, and the difference is the one that the interval is about.
func TestVerdictDigits(t *testing.T) {
	for _, c := range []struct {
		key             string
		mean, low, high float64
		class, detail   string
		text            string
	}{
		{"accuracy", 0.000153, 0.0000412, 0.000265, "win", "95 % interval 0.004 to 0.026", "LTC is better than rule by 0.02 points"},
		{"accuracy", 0.00001, -0.00003, 0.00005, "tie", "95 % interval −0.003 to 0.005", "LTC is ahead of rule by 0.001 points, which may be chance"},
		{"rmse", -205, -220, -190.25, "win", "95 % interval 190 to 220", "LTC is better than rule by 205"},
		{"rmse", -0.02, -0.03, -0.0004, "win", "95 % interval 0.0004 to 0.0300", "LTC is better than rule by 0.020"},
	} {
		r := &Report{Metrics: []Metric{Named(c.key)}, Models: []Entry{one("LTC", c.key, true, 0.5, 0.7), one("rule", c.key, false, 0.1)},
			Comparisons: []Comparison{{Against: "rule", Mean: c.mean, Low: c.low, High: c.high}}}
		if v := r.headline().Verdicts[0]; v.Class != c.class || v.Detail != c.detail || !strings.HasPrefix(read(v), c.text) {
			t.Errorf("%s %g: %s, %q (%s); want %s, %q (%s)", c.key, c.mean, v.Class, read(v), v.Detail, c.class, c.text, c.detail)
		}
	}
}

func TestOneSeedIsNotProof(t *testing.T) {
	r := &Report{Metrics: []Metric{Named("f1")}, Models: []Entry{one("LTC", "f1", true, 0.91), one("GRU", "f1", false, 0.87, 0.9)}}
	v := r.headline().Verdicts[0]
	if v.Detail != "too few seeds to judge chance" {
		t.Errorf("detail %q", v.Detail)
	}
	single := one("GRU", "f1", false, 0.5)
	single.Seeds[0].BestEpoch = 2
	if half := welch(one("a", "f1", true, 0.9, 0.91).spread("f1"), single.spread("f1"), single.trained()); !math.IsNaN(half) {
		t.Errorf("one trained run gives an interval of ± %g", half)
	}
}

func TestHeadline(t *testing.T) {
	r := brief()
	h := r.headline()
	if h.Name != "LTC NCP-19" || h.Value != "99.02" || h.SD != "0.19" || h.Suffix != " %" {
		t.Errorf("headline %s %s ± %s%s", h.Name, h.Value, h.SD, h.Suffix)
	}
	want := "Accuracy on the test part, mean ± standard deviation over 3 seeds. Of 5 other models 3 are worse and 2 cannot be told apart."
	if h.Sentence != want {
		t.Errorf("%q; want %q", h.Sentence, want)
	}
	lost := one("x", "rmse", true, 12.25, 13.75, math.NaN())
	h = (&Report{Metrics: []Metric{Named("rmse")}, Models: []Entry{lost}}).headline()
	if want := "RMSE on the test part, mean ± standard deviation over 2 seeds; 1 of 3 runs gave no value."; h.Sentence != want {
		t.Errorf("%q; want %q", h.Sentence, want)
	}
	if h := (&Report{Metrics: []Metric{Named("f1")}, Models: []Entry{lost}}).headline(); h != nil {
		t.Errorf("a headline without a value: %+v", h)
	}
}

func TestSpread(t *testing.T) {
	mean, sd, n := one("x", "mae", true, 1, 4, math.NaN(), 7.5).Spread("mae")
	if n != 3 || math.Abs(mean-12.5/3) > 1e-12 || math.Abs(sd-3.253203549323856) > 1e-12 {
		t.Errorf("mean %.12f, sd %.15f, n %d", mean, sd, n)
	}
	if mean, sd, n := (Entry{}).Spread("mae"); n != 0 || !math.IsNaN(mean) || !math.IsNaN(sd) {
		t.Errorf("nothing has mean %g, sd %g, n %d", mean, sd, n)
	}
}

// TestEveryMetricIsExplained: a metric added to package metric must get its line here.
func TestEveryMetricIsExplained(t *testing.T) {
	seen := 0
	for _, target := range []series.Target{{Task: series.Classify}, {Task: series.Regress}, {Task: series.Regress, Quantiles: []float64{0.5}}, {Task: series.Regress, Gaussian: true}} {
		for _, m := range metric.For(target) {
			seen++
			got := Named(m.Name)
			if got.Explain == "" || got.Label != m.Title || got.LowerIsBetter == m.HigherIsBetter {
				t.Errorf("%s: %+v", m.Name, got)
			}
		}
	}
	if seen < len(explained) {
		t.Errorf("%d metrics seen, %d explained", seen, len(explained))
	}
	if m := Named("churn"); m.label() != "churn" || m.LowerIsBetter || m.Percent {
		t.Errorf("an unknown metric becomes %+v", m)
	}
}

func TestFormats(t *testing.T) {
	r := &Report{Clock: series.Calendar}
	rows := &Report{Clock: series.Index}
	for _, c := range [][2]string{
		{count(0), "0"}, {count(999), "999"}, {count(1234567), "1,234,567"}, {count(-45000), "−45,000"},
		{number(0.00085228), "0.0008523"}, {number(1546.33), "1546"}, {number(-20.619), "−20.62"}, {number(3e-9), "3.00e−09"}, {number(12), "12"}, {number(math.NaN()), none},
		{fixed(-0.0004, 2), "0.00"}, {fixed(-1.005, 1), "−1.0"},
		{large(14), "14"}, {large(9999), "9,999"}, {large(15120), "15.1 k"}, {large(2.5e6), "2.5 M"}, {large(7e12), "7.0 T"},
		{percent(0), "0"}, {percent(0.0001), "< 0.1 %"}, {percent(0.0123), "1.2 %"}, {percent(1), "100.0 %"},
		{r.duration(0.004), "4 ms"}, {r.duration(60), "60 s"}, {r.duration(90), "1.5 min"}, {r.duration(18060), "5.02 h"}, {r.duration(259200), "3 d"}, {r.duration(0), "0 s"}, {r.duration(2e-7), "0.2 µs"}, {rows.duration(12), "12 rows"},
		{r.moment(1423665600), "2015-02-11 14:40"}, {rows.moment(1200), "row 1,200"}, {r.moment(math.NaN()), none}, {(&Report{Clock: series.Elapsed}).moment(7200), "2 h"},
		{difference(Metric{Percent: true}, 0.04), "0.04 points"}, {difference(Metric{}, 0.0123), "0.012"}, {difference(Metric{}, 0.00123), "0.0012"},
		{plural(1, "row"), "1 row"}, {plural(2, "series"), "2 series"}, {list([]string{"a", "b", "c"}), "a, b and c"}, {list(nil), ""},
		{capital("émoi"), "Émoi"}, {capital("F1"), "F1"}, {capital(""), ""},
	} {
		if c[0] != c[1] {
			t.Errorf("%q; want %q", c[0], c[1])
		}
	}
}
