package dataset

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

func TestAudit(t *testing.T) {
	text := "t,x,flat,c,y\n"
	times := []int{0, 10, 20, 20, 30, 36, 46, 146, 156, 166, 176, 5000}
	for i, at := range times {
		x := fmt.Sprint(100 + i%5)
		switch i {
		case 3:
			x = "9999"
		case 4, 6:
			x = ""
		}
		label := fmt.Sprint(i % 2)
		if i == 8 {
			label = ""
		}
		text += fmt.Sprintf("%d,%s,3,%c,%s\n", at, x, 'p'+rune(i%3), label)
	}
	a := open(t, text, Roles{Target: "y", Time: "t"}).Audit(nil)
	if a.Rows != 12 || a.Series != 1 || a.Labelled != 11 || a.Unlabelled != 1 || a.Duplicates != 1 || a.OutOfOrder != 0 {
		t.Errorf("%+v", a)
	}
	if c := a.Clock; c.Median != 10 || c.Longest != 4824 || c.GapCount != 2 || c.From != 0 || c.To != 5000 {
		t.Errorf("clock %+v", c)
	}
	wantSteps := []StepBin{{0, 0, 1}, {5, 15, 8}, {100, 1000, 1}, {1000, 4824, 1}}
	if !slices.Equal(a.Steps, wantSteps) {
		t.Errorf("steps %v, want %v", a.Steps, wantSteps)
	}
	if len(a.Gaps) != 2 || a.Gaps[0] != (Gap{After: 176, Length: 4824}) || a.Gaps[1].Length != 100 {
		t.Errorf("gaps %v", a.Gaps)
	}
	x, flat, c, y := a.Columns[0], a.Columns[1], a.Columns[2], a.Columns[3]
	if x.Outliers != 1 || x.Max != 9999 || x.Min != 100 || !near(x.Missing, 2.0/12, 1e-12) || x.Constant {
		t.Errorf("x %+v", x)
	}
	if !flat.Constant || flat.Outliers != 0 || flat.Mean != 3 || c.Kind != "category" || c.Distinct != 3 || y.Role != "target" || y.Distinct != 2 {
		t.Errorf("%+v %+v %+v", flat, c, y)
	}
	if !slices.Equal(a.Classes, []ClassCount{{"0", 5}, {"1", 6}}) {
		t.Errorf("classes %v", a.Classes)
	}
	all := strings.Join(a.Warnings, "\n")
	if !strings.Contains(all, `"flat" is constant`) || !strings.Contains(all, "1 of 12 rows have no label") {
		t.Errorf("warnings: %s", all)
	}
	if text := a.String(); !strings.Contains(text, "12 rows, 1 series, 3 inputs") || !strings.Contains(text, "gap of 4824 s after 176") {
		t.Errorf("text: %s", text)
	}
}

// An audit goes into reports and JSON whatever the data: nothing in it may be infinite or NaN.
func TestAuditIsJSON(t *testing.T) {
	for _, c := range []struct {
		text  string
		roles Roles
	}{
		{"x,y\n1,2.5\n", Roles{}},
		{"x,y\n1,2.5\n", Roles{Target: "y"}},
		{"x,y\n,1\n2,0\n", Roles{Target: "y", Inputs: []string{"x"}}},
		{"t,x,y\n5,1,1.5\n5,2,2.5\n5,3,4.5\n", Roles{Target: "y", Time: "t"}},
		{"x,c,y\n1,a,\n2,b,\n", Roles{Target: "y"}},
	} {
		d := open(t, c.text, c.roles)
		split, err := d.Split(SplitOptions{Valid: -1, Test: -1})
		if err != nil {
			split = nil
		}
		if _, err := json.Marshal(d.Audit(split)); err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		if d.Audit(split).String() == "" {
			t.Errorf("%q: no text", c.text)
		}
	}
}

// rule finds the rule of a column.
func rule(t *testing.T, rules []Rule, column string) Rule {
	t.Helper()
	for _, r := range rules {
		if r.Column == column {
			return r
		}
	}
	t.Fatalf("no rule for %q", column)
	return Rule{}
}

func TestRulesOfTwoClasses(t *testing.T) {
	text := "plain,leak,back,c,y\n" +
		"3,1,9,u,0\n1,2,8,u,0\n4,4,7,v,0\n1,8,2,w,1\n5,16,1,w,1\n9,32,0,w,1\n2,3,3,v,1\n" + // training
		"9,1,9,z,0\n9,40,1,w,1\n0,5,5,u,1\n" // test
	d := open(t, text, Roles{Target: "y", Numeric: []string{"plain"}, Inputs: []string{"plain", "leak", "back", "c"}})
	s, err := d.Split(SplitOptions{Valid: -1, Test: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	rules := Rules(s)
	// leak: sorted 1 2 | 3(1) 4(0) 8 16 32: the cut at 2.5 or at 6 errs once; the first one is kept.
	leak := rule(t, rules, "leak")
	if !near(leak.Train, 6.0/7, 1e-12) || leak.Form != "1 where leak > 2.5" || !near(leak.Test, 1, 1e-12) {
		t.Errorf("%+v", leak)
	}
	// 12 pairs of a one and a zero, one of them in the wrong order.
	if !near(leak.AUROC, 11.0/12, 1e-12) || !near(leak.Plain, 4.0/7, 1e-12) || leak.Explains {
		t.Errorf("%+v", leak)
	}
	back := rule(t, rules, "back")
	if back.Train != 1 || back.Form != "0 where back > 5" || back.AUROC != 1 || !back.Explains || !near(back.Test, 1, 1e-12) {
		t.Errorf("%+v", back)
	}
	// u: 0, v: tie of 0 and 1 → the first class, w: 1; z is unknown → the commonest class, 1.
	c := rule(t, rules, "c")
	if !near(c.Train, 6.0/7, 1e-12) || !near(c.Test, 1.0/3, 1e-12) {
		t.Errorf("%+v", c)
	}
	if rules[0].Column != "back" {
		t.Errorf("the best rule is %q", rules[0].Column)
	}
	all := strings.Join(d.Audit(s).Warnings, "\n")
	if !strings.Contains(all, "back alone predicts the label with 100.0 % accuracy") || strings.Contains(all, "plain alone") {
		t.Errorf("warnings: %s", all)
	}
}

func TestRulesOfNumbers(t *testing.T) {
	text := "x,noise,c,y\n"
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		x := 1e6 + float64(i%7)
		text += fmt.Sprintf("%.1f,%.3f,%c,%.3f\n", x, r.NormFloat64(), 'a'+rune(i%2), 5-3*(x-1e6)+10*float64(i%2))
	}
	s, err := open(t, text, Roles{Target: "y"}).Split(SplitOptions{Valid: -1, Test: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	var sx, sy, sxx, syy, sxy, n float64
	for i := range 28 {
		x, y := float64(i%7), 5-3*float64(i%7)+10*float64(i%2)
		n, sx, sy, sxx, syy, sxy = n+1, sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	correlation := (n*sxy - sx*sy) / math.Sqrt((n*sxx-sx*sx)*(n*syy-sy*sy))
	rules := Rules(s)
	if got := rule(t, rules, "x"); !near(got.Train, correlation*correlation, 1e-9) || got.Explains {
		t.Errorf("R² %v, want the squared correlation %v", got.Train, correlation*correlation)
	}
	if got := rule(t, rules, "c"); got.Train < 0.3 || got.Train > 0.5 {
		t.Errorf("R² of the category: %v", got.Train)
	}
	if got := rule(t, rules, "noise"); got.Train > 0.2 {
		t.Errorf("noise explains %v", got.Train)
	}
}

func TestRulesOfManyClasses(t *testing.T) {
	text := "x,y\n"
	for i := range 90 {
		text += fmt.Sprintf("%d,%s\n", i*37%90, []string{"low", "mid", "top"}[i*37%90/30])
	}
	s, err := open(t, text, Roles{Target: "y"}).Split(SplitOptions{Valid: -1, Test: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	if got := rule(t, Rules(s), "x"); got.Train < 0.93 || got.Test < 0.8 || !got.Explains || got.AUROC != 0 {
		t.Errorf("%+v", got)
	}
}

// With ties, missing values and a constant column the threshold must do as well as trying every cut.
func TestThresholdIsBest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		list := make([]pair, 1+r.IntN(30))
		for i := range list {
			list[i] = pair{float64(r.IntN(6)), float64(r.IntN(2))}
		}
		slices.SortFunc(list, func(a, b pair) int { return int(a.x - b.x) })
		best := 0.0
		for cut := -0.5; cut < 6; cut++ {
			for _, above := range []float64{0, 1} {
				best = math.Max(best, accuracy(list, func(x float64) float64 {
					if x > cut {
						return above
					}
					return 1 - above
				}, 0))
			}
		}
		got := threshold(list, series.Input{Name: "x"}, []string{"0", "1"})
		if score := accuracy(list, got.predict, 0); score != best {
			t.Fatalf("%v: %s is right in %v, the best cut in %v", list, got.Form, score, best)
		}
		won, pairs := 0.0, 0.0
		for _, one := range list {
			for _, zero := range list {
				if one.y == 1 && zero.y == 0 {
					pairs++
					switch {
					case one.x > zero.x:
						won++
					case one.x == zero.x:
						won += 0.5
					}
				}
			}
		}
		if pairs > 0 && !near(auroc(list), math.Max(won/pairs, 1-won/pairs), 1e-12) {
			t.Fatalf("%v: AUROC %v, want %v", list, auroc(list), won/pairs)
		}
	}
}

func TestOutside(t *testing.T) {
	in := series.Input{Name: "x", Mean: 10, SD: 2}
	o, ok := outside(in, []float64{8, 12}, []float64{9, 13, 21, -1, 12})
	if !ok || o.Share != 0.4 || o.Beyond != 0.6 || o.Worst != 5.5 {
		t.Errorf("%+v", o)
	}
	if _, ok := outside(in, []float64{8, 12}, []float64{8, 9, 12}); ok {
		t.Error("values inside the range are reported")
	}
}
