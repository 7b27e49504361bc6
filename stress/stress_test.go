package stress

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

// schema has a number that may be missing, a category, a number that may not, and a feature of the calendar.
func schema() series.Schema {
	return series.Schema{
		Inputs: []series.Input{
			{Name: "a", Kind: series.Numeric, Mean: 3, SD: 2, Missing: true},
			{Name: "kind", Kind: series.Category, Levels: []string{series.Other, "x", "y"}},
			{Name: "b", Kind: series.Numeric, Mean: -1, SD: 0.5},
			{Name: "hour", Kind: series.Numeric, Mean: 12, SD: 7},
		},
		Target: series.Target{Name: "y", Task: series.Regress, SD: 1},
		Clock:  series.Clock{Kind: series.Elapsed, Unit: 10, FirstDT: 1, Calendar: []string{"hour"}},
	}
}

// sample is a series at irregular times, two rows of them at once.
func sample(rows int) series.Series {
	r := rand.New(rand.NewPCG(5, 9))
	s := series.Series{Name: "s"}
	now := 0.0
	for row := range rows {
		dt := math.Exp(r.NormFloat64())
		if row == 7 {
			dt = 0
		}
		if row == 0 {
			dt = 1
		}
		now += 10 * dt
		s.X = append(s.X, float32(3+2*r.NormFloat64()), float32(r.IntN(3)), float32(-1+r.NormFloat64()/2), float32(r.IntN(24)))
		s.DT, s.Time, s.Row, s.Y = append(s.DT, float32(dt)), append(s.Time, now), append(s.Row, 100+row), append(s.Y, float64(row))
	}
	s.X[4*min(3, rows-1)] = float32(math.NaN())
	return s
}

func sum(dt []float32) (t float64) {
	for _, v := range dt {
		t += float64(v)
	}
	return t
}

func condition(t *testing.T, name string) Condition {
	t.Helper()
	for _, c := range All() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no condition %s", name)
	return Condition{}
}

// channels to apply a condition to.
func channels(c Condition) []string {
	if c.PerChannel {
		return c.Channels(schema())
	}
	return []string{""}
}

// What holds for every condition: the clean level changes nothing, the argument is never written to, equal seeds give equal
// series and others not, the whole time stays, dt never falls below 0, and every label stands where its row is.
func TestEveryCondition(t *testing.T) {
	names := map[string]bool{}
	for _, c := range All() {
		if names[c.Name] || c.About == "" || c.Unit == "" || len(c.Levels) < 3 || !slices.IsSorted(c.Levels) || c.Levels[0] <= c.Clean {
			t.Errorf("condition %+v is named twice, not described, or its levels do not ascend from clean", c)
		}
		names[c.Name] = true
		for _, channel := range channels(c) {
			s, before := sample(120), sample(120)
			if same := c.Apply(schema(), s, c.Clean, channel, 0, 1); !equal(same, before) {
				t.Errorf("%s: the clean level changes the series", c.Name)
			}
			differs := false
			for _, level := range c.Levels {
				got := c.Apply(schema(), s, level, channel, 0, 1)
				if !equal(s, before) {
					t.Fatalf("%s: the series itself was changed", c.Name)
				}
				if again := c.Apply(schema(), s, level, channel, 0, 1); !equal(got, again) {
					t.Errorf("%s: the same seed gives two series", c.Name)
				}
				differs = differs || !equal(got, s)
				checkRows(t, fmt.Sprintf("%s %g %s", c.Name, level, channel), s, got)
			}
			if !differs {
				t.Errorf("%s: no level changes %s", c.Name, channel)
			}
		}
	}
	for _, name := range []string{"dropped-rows", "jitter", "noise"} {
		c, s := condition(t, name), sample(120)
		one := c.Apply(schema(), s, c.Levels[1], "", 0, 1)
		if equal(one, c.Apply(schema(), s, c.Levels[1], "", 0, 2)) || equal(one, c.Apply(schema(), s, c.Levels[1], "", 1, 1)) {
			t.Errorf("%s: another seed, or another series, draws the same", name)
		}
	}
}

func checkRows(t *testing.T, what string, s, got series.Series) {
	t.Helper()
	n := got.Len()
	if len(got.X) != 4*n || len(got.Y) != n || len(got.Time) != n || len(got.Row) != n {
		t.Fatalf("%s: %d rows with %d values, %d labels, %d times", what, n, len(got.X), len(got.Y), len(got.Time))
	}
	for i, y := range got.Y {
		if got.DT[i] < 0 || got.DT[i] != got.DT[i] {
			t.Errorf("%s: dt of row %d is %g", what, i, got.DT[i])
		}
		if !math.IsNaN(y) && (got.Row[i] != 100+int(y) || got.Time[i] != s.Time[int(y)]) {
			t.Errorf("%s: label %g stands at row %d of the source, time %g", what, y, got.Row[i], got.Time[i])
		}
		if i > 0 && got.Time[i] < got.Time[i-1] {
			t.Errorf("%s: time falls at row %d", what, i)
		}
	}
	if whole := got.Row[n-1] == s.Row[s.Len()-1]; whole && math.Abs(sum(got.DT)-sum(s.DT)) > 1e-4*sum(s.DT) {
		t.Errorf("%s: %g of time passes, it was %g", what, sum(got.DT), sum(s.DT))
	}
}

// equal compares two series, NaN with NaN.
func equal(a, b series.Series) bool {
	same := func(x, y []float32) bool {
		return slices.EqualFunc(x, y, func(v, w float32) bool { return v == w || v != v && w != w })
	}
	return same(a.X, b.X) && same(a.DT, b.DT) && reflect.DeepEqual(a.Row, b.Row) && reflect.DeepEqual(a.Time, b.Time)
}

// small is three inputs over five rows with dt 1, 2, 0, 4, 3.
func small() series.Series {
	return series.Series{X: []float32{1, 1, 10, 0, 2, 2, 20, 0, 3, 1, 30, 0, 4, 2, 40, 0, 5, 1, 50, 0}, DT: []float32{1, 2, 0, 4, 3},
		Y: []float64{0, 1, 2, 3, 4}, Time: []float64{10, 30, 30, 70, 100}, Row: []int{0, 1, 2, 3, 4}}
}

func column(s series.Series, k int) (list []float32) {
	for row := range s.Len() {
		list = append(list, s.At(row)[k])
	}
	return list
}

func TestSlower(t *testing.T) {
	c := condition(t, "slower")
	got := c.Apply(schema(), small(), 2, "", 0, 0)
	if !slices.Equal(got.DT, []float32{1, 2, 7}) || !slices.Equal(column(got, 0), []float32{1, 3, 5}) || !slices.Equal(got.Y, []float64{0, 2, 4}) ||
		!slices.Equal(got.Time, []float64{10, 30, 100}) || !slices.Equal(got.Row, []int{0, 2, 4}) {
		t.Errorf("every second row is %+v", got)
	}
	if got = c.Apply(schema(), small(), 3, "", 0, 0); !slices.Equal(got.Row, []int{0, 3}) || !slices.Equal(got.DT, []float32{1, 6}) {
		t.Errorf("every third row is %+v", got)
	}
	one := schema()
	one.Target.LastStep = true
	if got = c.Apply(one, small(), 3, "", 0, 0); !slices.Equal(got.Row, []int{0, 3, 4}) {
		t.Errorf("the label at the end is lost: %+v", got)
	}
}

func TestFaster(t *testing.T) {
	got := condition(t, "faster").Apply(schema(), small(), 2, "", 0, 0)
	nan := math.NaN()
	if !slices.Equal(got.DT, []float32{1, 1, 1, 0, 0, 2, 2, 1.5, 1.5}) || !slices.Equal(column(got, 2), []float32{10, 10, 20, 20, 30, 30, 40, 40, 50}) ||
		!slices.Equal(got.Time, []float64{10, 20, 30, 30, 30, 50, 70, 85, 100}) || fmt.Sprint(got.Y) != fmt.Sprint([]float64{0, nan, 1, nan, 2, nan, 3, nan, 4}) {
		t.Errorf("twice as fast it is %+v", got)
	}
}

// Rows are lost at the rate of the level, the ends never, and those that a level loses a higher one loses too.
func TestDroppedRows(t *testing.T) {
	c, s := condition(t, "dropped-rows"), sample(4000)
	before := map[int]bool{}
	for _, row := range s.Row {
		before[row] = true
	}
	for _, level := range c.Levels {
		got := c.Apply(schema(), s, level, "", 3, 8)
		if share := 1 - float64(got.Len())/4000; math.Abs(share-level) > 0.03 {
			t.Errorf("level %g loses %g", level, share)
		}
		if got.Row[0] != 100 || got.Row[got.Len()-1] != 4099 {
			t.Errorf("level %g loses an end", level)
		}
		left := map[int]bool{}
		for i, row := range got.Row {
			left[row] = true
			if !before[row] {
				t.Errorf("level %g has row %d, which a lower one lost", level, row)
			}
			if i > 0 {
				if want := (s.Time[row-100] - s.Time[got.Row[i-1]-100]) / 10; math.Abs(float64(got.DT[i])-want) > 1e-4*(1+want) {
					t.Errorf("level %g, row %d: dt is %g, time passed %g", level, row, got.DT[i], want)
				}
			}
		}
		before = left
	}
}

// Jitter keeps the order and every step above 0 above 0; only dt changes.
func TestJitter(t *testing.T) {
	c, s := condition(t, "jitter"), sample(3000)
	for _, level := range c.Levels {
		got := c.Apply(schema(), s, level, "", 0, 4)
		moved, most := 0.0, 0.0
		for i := 1; i < s.Len(); i++ {
			if (got.DT[i] > 0) != (s.DT[i] > 0) {
				t.Errorf("level %g: dt of row %d is %g, it was %g", level, i, got.DT[i], s.DT[i])
			}
			moved += float64(got.DT[i]) - float64(s.DT[i])
			if i < s.Len()-1 {
				bound := math.Min(float64(s.DT[i]), float64(s.DT[i+1])) / 2
				if math.Abs(moved) > level*bound+1e-4 {
					t.Errorf("level %g: row %d is moved by %g, at most %g are allowed", level, i, moved, level*bound)
				}
				if bound > 0 {
					most = max(most, math.Abs(moved)/bound)
				}
			}
		}
		if most < 0.9*level {
			t.Errorf("level %g: the largest move is %g of what is allowed", level, most)
		}
		if !reflect.DeepEqual(got.Time, s.Time) || got.DT[0] != s.DT[0] {
			t.Errorf("level %g: the time stamps or the first dt were changed", level)
		}
	}
}

// Noise has the deviation of its level, on the numbers of sensors alone.
func TestNoise(t *testing.T) {
	s := sample(20000)
	got := condition(t, "noise").Apply(schema(), s, 0.5, "", 0, 4)
	for k, want := range []float64{0.5 * 2, 0, 0.5 * 0.5, 0} {
		sum, squares, n := 0.0, 0.0, 0.0
		for row := range s.Len() {
			if d := float64(got.At(row)[k]) - float64(s.At(row)[k]); d == d {
				sum, squares, n = sum+d, squares+d*d, n+1
			}
		}
		if sd := math.Sqrt(squares / n); math.Abs(sd-want) > 0.03*want || math.Abs(sum/n) > 0.03*want {
			t.Errorf("input %d: noise %g ± %g, want 0 ± %g", k, sum/n, sd, want)
		}
	}
	if v := got.At(3)[0]; v == v {
		t.Errorf("a missing value has become %g", v)
	}
}

func TestChannels(t *testing.T) {
	for name, want := range map[string][]string{"frozen": {"a", "kind", "b"}, "absent": {"a", "kind", "b"}, "drift": {"a", "b"}} {
		if got := condition(t, name).Channels(schema()); !slices.Equal(got, want) {
			t.Errorf("%s: channels %v, want %v", name, got, want)
		}
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		name, channel string
		level         float64
		input         int
		want          []float32
	}{
		{"frozen", "b", 0.4, 2, []float32{10, 20, 30, 30, 30}},
		{"frozen", "b", 1, 2, []float32{10, 10, 10, 10, 10}},
		{"frozen", "kind", 0.6, 1, []float32{1, 2, 2, 2, 2}},
		{"absent", "a", 0.4, 0, []float32{1, 2, 3, nan, nan}},
		{"absent", "b", 0.6, 2, []float32{10, 20, -1, -1, -1}},
		{"absent", "kind", 1, 1, []float32{0, 0, 0, 0, 0}},
	} {
		got := condition(t, c.name).Apply(schema(), small(), c.level, c.channel, 0, 0)
		if fmt.Sprint(column(got, c.input)) != fmt.Sprint(c.want) {
			t.Errorf("%s of %s at %g: %v, want %v", c.name, c.channel, c.level, column(got, c.input), c.want)
		}
		for k := range 4 {
			if k != c.input && !slices.Equal(column(got, k), column(small(), k)) {
				t.Errorf("%s of %s changes input %d", c.name, c.channel, k)
			}
		}
	}
	ups, clean := 0, column(small(), 2)
	for seed := range uint64(40) {
		got := column(condition(t, "drift").Apply(schema(), small(), 2, "b", 0, seed), 2)
		sign := float32(1)
		if got[4] < 50 {
			sign = -1
		} else {
			ups++
		}
		for row, v := range got { // two deviations of 0.5 at the end, a quarter of them each row
			if want := clean[row] + sign*0.25*float32(row); math.Abs(float64(v-want)) > 1e-5 {
				t.Errorf("seed %d: drift gives %g at row %d, want %g", seed, v, row, want)
			}
		}
	}
	if ups < 8 || ups > 32 {
		t.Errorf("%d of 40 drifts go up", ups)
	}
	if got := condition(t, "drift").Apply(schema(), small(), 2, "nosuch", 0, 0); !equal(got, small()) {
		t.Error("an input that is not there drifts")
	}
}

func TestUnsuited(t *testing.T) {
	rows := schema()
	rows.Clock.Kind = series.Index
	rows.Target.Horizon, rows.Target.HorizonRows = 2, true
	levels := series.Schema{Inputs: schema().Inputs[1:2], Target: schema().Target, Clock: series.Clock{Kind: series.Elapsed, Unit: 1}}
	for _, c := range All() {
		if why := c.Unsuited(schema()); why != "" {
			t.Errorf("%s: unsuited because %s", c.Name, why)
		}
		if got := c.Unsuited(rows) != ""; got != slices.Contains([]string{"jitter", "faster"}, c.Name) {
			t.Errorf("%s: with rows counted %q", c.Name, c.Unsuited(rows))
		}
		if got := c.Unsuited(levels) != ""; got != slices.Contains([]string{"noise", "drift"}, c.Name) {
			t.Errorf("%s: with categories alone %q", c.Name, c.Unsuited(levels))
		}
	}
	// a series of one row, and one without labels or times
	for _, c := range All() {
		for _, channel := range channels(c) {
			one := sample(1)
			if got := c.Apply(schema(), one, c.Levels[2], channel, 0, 1); got.Len() != 1 {
				t.Errorf("%s: one row becomes %d", c.Name, got.Len())
			}
			bare := sample(9)
			bare.Y, bare.Time, bare.Row = nil, nil, nil
			if got := c.Apply(schema(), bare, c.Levels[0], channel, 0, 1); got.Y != nil || got.Time != nil || got.Row != nil || len(got.X) != 4*got.Len() {
				t.Errorf("%s: a bare series becomes %+v", c.Name, got)
			}
		}
	}
}
