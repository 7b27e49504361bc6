package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
	"pgregory.net/rapid"
)

// noisy makes a table of several series with texts, gaps and missing values. change, if not nil, rewrites a row.
func noisy(rows int, change func(i int, cells []string)) string {
	r := rand.New(rand.NewPCG(5, 9))
	var b strings.Builder
	b.WriteString("id,t,x,c,y\n")
	clock := map[int]int{}
	for i := range rows {
		id := r.IntN(3)
		clock[id] += 1 + r.IntN(7)
		x := fmt.Sprintf("%.4f", 1e4+3*r.NormFloat64())
		if i%11 == 5 {
			x = ""
		}
		cells := []string{fmt.Sprintf("s%d", id), fmt.Sprint(clock[id]), x, string(rune('p' + r.IntN(4))), fmt.Sprintf("%.3f", r.NormFloat64())}
		if change != nil {
			change(i, cells)
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	return b.String()
}

// Whatever stands in the rows of the other parts, the schema and the training series stay the same, to the bit. What a
// column is may not change: its kind, and whether it lacks values.
func TestNoLeak(t *testing.T) {
	const rows = 300
	for _, c := range []struct {
		name  string
		roles Roles
		split SplitOptions
	}{
		{"in time", Roles{Series: "id", Time: "t", Target: "y"}, SplitOptions{Valid: 0.2, Test: 0.2}},
		{"at one moment", Roles{Series: "id", Time: "t", Target: "y"}, SplitOptions{Valid: 0.2, Test: 0.2, Global: true}},
		{"by group", Roles{Series: "id", Time: "t", Target: "y"}, SplitOptions{By: ByGroup, Valid: 0.3, Test: 0.3, Seed: 4}},
		{"with horizon", Roles{Series: "id", Time: "t", Target: "y", Horizon: Horizon{Seconds: 6}, TargetAsInput: true}, SplitOptions{Valid: 0.2, Test: 0.2, Context: 9}},
		{"rows ahead", Roles{Series: "id", Time: "t", Target: "y", Horizon: Horizon{Rows: 3}}, SplitOptions{Valid: 0.2, Test: 0.2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			split := func(text string) *Split {
				s, err := open(t, text, c.roles).Split(c.split)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			print := func(s *Split) string {
				schema, err := json.Marshal(s.Schema)
				if err != nil {
					t.Fatal(err)
				}
				return string(schema) + fmt.Sprint(s.Train) // fmt, because JSON has no NaN
			}
			base := split(noisy(rows, nil))
			inTrain := map[int]bool{}
			for _, one := range base.Train {
				for _, row := range one.Row {
					inTrain[row] = true
				}
			}
			if n := len(inTrain); n < rows/4 || n > rows*3/4 {
				t.Fatalf("%d of %d rows are for training", n, rows)
			}
			want := print(base)
			wild := func(hit func(int) bool) string {
				return noisy(rows, func(i int, cells []string) {
					if hit(i) {
						if cells[2] != "" {
							cells[2] = "-77777"
						}
						cells[3], cells[4] = "new", "12345.5"
					}
				})
			}
			if got := print(split(wild(func(i int) bool { return !inTrain[i] }))); got != want {
				t.Errorf("rows outside the training part changed it:\n%.300s\n%.300s", want, got)
			}
			// The comparison bites: one training row changes it.
			first := base.Train[0].Row[0]
			if got := print(split(wild(func(i int) bool { return i == first }))); got == want {
				t.Error("a training row changed nothing: the test compares nothing")
			}
		})
	}
}

// No row may be scored in two parts, and none may be lost.
func TestEveryRowOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := SplitOptions{
			By:      rapid.SampledFrom([]SplitBy{ByTime, ByGroup}).Draw(rt, "by"),
			Valid:   rapid.SampledFrom([]float64{-1, 0.1, 0.25, 0.4}).Draw(rt, "valid"),
			Test:    rapid.SampledFrom([]float64{-1, 0.1, 0.3}).Draw(rt, "test"),
			Global:  rapid.Bool().Draw(rt, "global"),
			Context: rapid.IntRange(0, 20).Draw(rt, "context"),
			Seed:    rapid.Uint64().Draw(rt, "seed"),
		}
		s, err := open(t, noisy(200, nil), Roles{Series: "id", Time: "t", Target: "y"}).Split(o)
		if err != nil {
			rt.Fatal(err)
		}
		scored := map[int]int{}
		for _, part := range [][]series.Series{s.Train, s.Valid, s.Test} {
			for _, one := range part {
				for i, row := range one.Row {
					if one.Y[i] == one.Y[i] {
						scored[row]++
					}
				}
				for i := 1; i < one.Len(); i++ {
					if !near(float64(one.DT[i])*s.Schema.Clock.Unit, one.Time[i]-one.Time[i-1], 1e-6) {
						rt.Fatalf("dt %v between %v and %v", one.DT[i], one.Time[i-1], one.Time[i])
					}
				}
			}
		}
		for row := range 200 {
			if scored[row] != 1 {
				rt.Fatalf("row %d is scored %d times", row, scored[row])
			}
		}
	})
}

func TestCutTime(t *testing.T) {
	text := "t,x,y\n"
	for i := range 20 {
		text += fmt.Sprintf("%d,%d,%d\n", i*i, i, i%3*7+i) // uneven steps
	}
	d := open(t, text, Roles{Target: "y", Time: "t", Task: series.Regress})
	s, err := d.Split(SplitOptions{Valid: 0.1, Test: 0.2, Context: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Train[0].Row; len(got) != 14 || got[13] != 13 {
		t.Errorf("train %v", got)
	}
	if got := s.Valid[0]; !slices.Equal(got.Row, []int{11, 12, 13, 14, 15}) || got.Scored() != 2 || got.Y[3] != 28 {
		t.Errorf("valid %v %v", got.Row, got.Y)
	}
	if got := s.Test[0]; !slices.Equal(got.Row, []int{13, 14, 15, 16, 17, 18, 19}) || got.Scored() != 4 || got.DT[0]*float32(s.Schema.Clock.Unit) != 25 {
		t.Errorf("test %v %v %v", got.Row, got.Y, got.DT)
	}
	// Steps of the training rows are 1, 3, 5 … 25: median 13.
	if s.Schema.Clock.Unit != 13 {
		t.Errorf("unit %g, want 13", s.Schema.Clock.Unit)
	}
	train, valid, test, err := d.SplitTables(SplitOptions{Valid: 0.1, Test: 0.2, Context: 3})
	if err != nil || train.Rows != 14 || valid.Rows != 2 || test.Rows != 4 {
		t.Fatalf("%v %v %v %v", err, train, valid, test)
	}
	if c, _ := test.Column("t"); !slices.Equal(c.Num, []float64{256, 289, 324, 361}) {
		t.Errorf("test table %v", c.Num)
	}
	if none, _, _, err := d.SplitTables(SplitOptions{Valid: -1, Test: -1}); err != nil || none.Rows != 20 {
		t.Errorf("%v %v", none, err)
	}
}

func TestDefaultShares(t *testing.T) {
	s, err := open(t, noisy(300, nil), Roles{Time: "t", Series: "id", Target: "y"}).Split(SplitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n := func(part []series.Series) (n int) {
		for i := range part {
			n += part[i].Len()
		}
		return n
	}
	// floor per series, so up to one row less per series and cut.
	if a, b, c := n(s.Train), n(s.Valid), n(s.Test); a+b+c != 300 || a < 207 || a > 210 || b < 42 || b > 48 {
		t.Errorf("%d %d %d", a, b, c)
	}
}

func TestGlobalCut(t *testing.T) {
	text := "id,t,x,y\na,0,1,1\na,1,2,2\na,2,3,3\na,3,3,4\na,4,3,5\nb,3,1,6\nb,4,2,7\nb,5,3,8\nb,6,4,9\nb,7,5,1.5\n"
	s, err := open(t, text, Roles{Series: "id", Time: "t", Target: "y"}).Split(SplitOptions{Valid: 0.2, Test: 0.3, Global: true})
	if err != nil {
		t.Fatal(err)
	}
	// Times in order: 0 1 2 3 3 | 4 4 | 5 6 7.
	latest, earliest := math.Inf(-1), math.Inf(1)
	for _, one := range s.Train {
		latest = math.Max(latest, slices.Max(one.Time))
	}
	for _, one := range slices.Concat(s.Valid, s.Test) {
		earliest = math.Min(earliest, slices.Min(one.Time))
	}
	if latest != 3 || earliest != 4 || len(s.Test) != 1 || len(s.Valid) != 2 {
		t.Errorf("train to %v, rest from %v, %d valid, %d test", latest, earliest, len(s.Valid), len(s.Test))
	}
}

func TestDeal(t *testing.T) {
	for _, c := range []struct {
		wanted [3]float64
		n      int
		want   [3]int
	}{
		{[3]float64{0.7, 0.15, 0.15}, 20, [3]int{14, 3, 3}},
		{[3]float64{0.7, 0.15, 0.15}, 3, [3]int{1, 1, 1}},
		{[3]float64{0.98, 0.01, 0.01}, 5, [3]int{3, 1, 1}},
		{[3]float64{0.8, 0, 0.2}, 10, [3]int{8, 0, 2}},
		{[3]float64{1, 0, 0}, 4, [3]int{4, 0, 0}},
	} {
		var got [3]int
		for _, part := range deal(c.wanted, c.n) {
			got[part]++
		}
		if got != c.want {
			t.Errorf("%v of %d: %v, want %v", c.wanted, c.n, got, c.want)
		}
	}
}

func TestGroupsDependOnSeed(t *testing.T) {
	text := "id,x,y\n"
	for i := range 40 {
		text += fmt.Sprintf("s%d,%d,%d\ns%d,1,3\n", i, i, i%2, i)
	}
	d := open(t, text, Roles{Series: "id", Target: "y", Task: series.Regress})
	names := func(seed uint64) (list []string) {
		s, err := d.Split(SplitOptions{By: ByGroup, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range s.Test {
			list = append(list, one.Name)
		}
		return list
	}
	if !slices.Equal(names(1), names(1)) || slices.Equal(names(1), names(2)) {
		t.Errorf("seed 1: %v and %v; seed 2: %v", names(1), names(1), names(2))
	}
}

// Python: statistics.fmean and pstdev of the same numbers.
func TestMoments(t *testing.T) {
	for _, c := range []struct {
		values   []float64
		mean, sd float64
	}{
		{[]float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}, 1e9 + 10, 4.743416490252569},
		{[]float64{-2.5, 7.25, 0.125}, 1.625, 4.11931426332102},
		{[]float64{3}, 3, 0},
		{nil, 0, 1},
	} {
		mean, sd, n := moments(func(yield func(float64)) {
			for _, v := range c.values {
				yield(v)
			}
		})
		if n != len(c.values) || !near(mean, c.mean, 1e-15) || !near(sd, c.sd, 1e-12) {
			t.Errorf("%v: %v, %v, %d", c.values, mean, sd, n)
		}
	}
	constant := make([]float64, 9999)
	for i := range constant {
		constant[i] = 518.67
	}
	mean, sd, _ := moments(func(yield func(float64)) {
		for _, v := range constant {
			yield(v)
		}
	})
	if mean != 518.67 || usableSD(mean, sd) != 1 {
		t.Errorf("constant column: %v, %v, scaled by %v", mean, sd, usableSD(mean, sd))
	}
	if usableSD(1e9, 1e-2) != 1e-2 {
		t.Error("a small but real spread is taken for rounding")
	}
}

func TestFitWarns(t *testing.T) {
	text := "t,flat,late,x,y\n0,5,,1,0\n1,5,,2,1\n2,5,,3,0\n3,5,,4,1\n4,6,9,5,0\n5,7,9,6,1\n"
	d := open(t, text, Roles{Target: "y", Time: "t", Missing: Missing{Mask: true, Since: true, Impute: "hold"}, Clip: 4})
	s, err := d.Split(SplitOptions{Valid: -1, Test: 0.34})
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(s.Warnings, "\n")
	if !strings.Contains(all, `"flat" is constant (5)`) || !strings.Contains(all, `"late" holds no value`) {
		t.Errorf("warnings: %s", all)
	}
	if got := s.Schema.Inputs[0]; got.SD != 1 || got.Mean != 5 || got.Missing || got.Mask || got.Clip != 4 {
		t.Errorf("flat: %+v", got)
	}
	if got := s.Schema.Inputs[1]; got.SD != 1 || got.Mean != 0 || !got.Missing || !got.Mask || !got.Since || !got.Hold {
		t.Errorf("late: %+v", got)
	}
	if names := s.Schema.Names(); !slices.Equal(names, []string{"flat", "late", "late?", "late~", "x"}) {
		t.Errorf("%v", names)
	}
}

// Bins are of the values that are trained on; numbers without enough of them have none.
func TestFitBins(t *testing.T) {
	text := "t,flat,x,y\n0,5,1,0\n1,5,2,1\n2,5,3,0\n3,5,4,1\n4,5,5,0\n5,7,90,1\n6,8,99,1\n"
	s, err := open(t, text, Roles{Target: "y", Time: "t", Bins: 2}).Split(SplitOptions{Valid: -1, Test: 0.28})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Schema.Inputs; len(got[0].Knots) != 0 || !slices.Equal(got[1].Knots, []float64{1, 3, 5}) {
		t.Errorf("knots %v of a constant and %v of 1 to 5, want none and 1, 3, 5", got[0].Knots, got[1].Knots)
	}
	for _, bins := range []int{1, -1, series.MaxBins + 1} {
		var wrong *UsageError
		if err := (Roles{Bins: bins}).check(); !errors.As(err, &wrong) || wrong.Flag != "--bins" {
			t.Errorf("%d bins: %v", bins, err)
		}
	}
}

func TestClasses(t *testing.T) {
	text := "x,y\n1,10\n2,9\n3,10\n4,-1\n5,9\n6,10\n7,33\n8,9\n9,33\n10,-1\n"
	s, err := open(t, text, Roles{Target: "y"}).Split(SplitOptions{Valid: -1, Test: 0.4})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Schema.Target.Classes; !slices.Equal(got, []string{"-1", "9", "10"}) {
		t.Errorf("classes %v: by size, and 33 is in no training row", got)
	}
	if got := s.Test[0].Y; got[0] == got[0] || got[1] != 1 || got[2] == got[2] || got[3] != 0 {
		t.Errorf("test labels %v", got)
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], `2 rows hold values that the training part did not ("33"); they are not scored`) {
		t.Errorf("%q", s.Warnings)
	}
}

func TestStackTexts(t *testing.T) {
	a := csv(t, "a.csv", "x,c\n1,u\n2,v\n")
	b := csv(t, "b.csv", "x,c\nlow,v\nhigh,\n")
	d := &Dataset{parts: []*part{{table: a}, {table: b}}}
	got := d.stack([][]int{{1}, {0, 1}})
	x, _ := got.Column("x")
	c, _ := got.Column("c")
	if got.Rows != 3 || x.Kind != table.Text || x.Cell(0) != "2" || x.Cell(2) != "high" || c.Cell(1) != "v" || !c.Missing(2) {
		t.Errorf("%+v", got)
	}
}

// Whoever has not said what to predict is told so before anything else is found wrong, where that is asked for.
func TestNeedTarget(t *testing.T) {
	back := &table.Table{Source: "back.csv", Rows: 3, Columns: []table.Column{
		{Name: "t", Num: []float64{10, 30, 20}}, {Name: "x", Num: []float64{1.5, 2.5, 3.5}}, {Name: "y", Num: []float64{7, 8, 9}},
	}}
	_, err := FromTable(back, Roles{Time: "t", NeedTarget: true})
	var usage *UsageError
	if !errors.As(err, &usage) || usage.Flag != "--target" || !strings.HasSuffix(usage.Text, "columns: t, x, y") {
		t.Errorf("without a target: %v", err)
	}
	var data *table.DataError
	for _, r := range []Roles{{Time: "t"}, {Time: "t", Target: "y", NeedTarget: true}} {
		if _, err := FromTable(back, r); !errors.As(err, &data) || data.Column != "t" {
			t.Errorf("%+v: %v, want that time goes backwards", r, err)
		}
	}
}
