package baseline

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

// repeat makes n values of a repeated pattern.
func repeat(n int, pattern ...float64) (y []float64) {
	for i := range n {
		y = append(y, pattern[i%len(pattern)])
	}
	return y
}

func TestSeasonalByAutocorrelation(t *testing.T) {
	p := fit(t, "seasonal", regression(), []series.Series{column(nil, repeat(40, 1, 5, 2, 9, 4))}, nil)
	if p.String() != "value 5 rows earlier" || p.Parameters() != 1 {
		t.Errorf("%q, %d parameters", p, p.Parameters())
	}
	got := first(p.Predict(column(nil, []float64{1, 2, 3, nan, 5, 6, 7, 8, 9, 10})))
	// Row i sees row i - 5; before row 5, and for the label that is missing, the last one known.
	if want := []float64{nan, 1, 2, 3, 3, 1, 2, 3, 8, 5}; !near(got, want, 0) {
		t.Errorf("%v, want %v", got, want)
	}
	ahead := regression()
	ahead.Target.Horizon, ahead.Target.HorizonRows = 7, true
	p = fit(t, "seasonal", ahead, []series.Series{column(nil, repeat(40, 1, 5, 2, 9, 4))}, nil)
	// The label of row i is of row i + 7; ten rows earlier, since five are not yet known, is row i - 3: the label of row
	// i - 10. Rows 7 to 9 know labels of rows 0 to 2 only.
	got = first(p.Predict(column(nil, []float64{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21})))
	if want := []float64{nan, nan, nan, nan, nan, nan, nan, 10, 11, 12, 10, 11}; !near(got, want, 0) {
		t.Errorf("7 rows ahead: %v, want %v", got, want)
	}
}

func TestSeasonalByCalendar(t *testing.T) {
	schema := regression()
	schema.Clock = series.Clock{Kind: series.Calendar, Unit: 21600, FirstDT: 1}
	// Four rows a day. Weekdays differ much, the hours of a day little: a week is the better season.
	var weekly, daily []float64
	for i := range 4 * 28 {
		weekday, hour := float64(i/4%7), float64(i%4)
		weekly = append(weekly, weekday*weekday+0.1*hour)
		daily = append(daily, hour*hour+0.01*float64(i/4%5))
	}
	stamps := func(n int) (time []float64) {
		for i := range n {
			time = append(time, 1.4e9+21600*float64(i))
		}
		return time
	}
	for want, y := range map[string][]float64{"value one week earlier": weekly, "value one day earlier": daily} {
		s := at(column(nil, y), 21600, stamps(len(y))...)
		if p := fit(t, "seasonal", schema, []series.Series{s}, nil); p.String() != want {
			t.Errorf("%q, want %q", p, want)
		}
	}
	train := at(column(nil, daily), 21600, stamps(len(daily))...)
	p := fit(t, "seasonal", schema, []series.Series{train}, nil)
	// A gap: row 4 lies a day after row 1, row 5 a day and three hours after row 2 (half a step: still the nearest), row 6
	// a day and more than three hours after row 3 (too far: the last value).
	time := []float64{0, 21600, 43200, 64800, 21600 + day, 43200 + day + 10800, 64800 + day + 10801}
	got := first(p.Predict(at(column(nil, []float64{1, 2, 3, 4, 5, 6, 7}), 21600, time...)))
	if want := []float64{nan, 1, 2, 3, 2, 3, 6}; !near(got, want, 0) {
		t.Errorf("with a gap: %v, want %v", got, want)
	}
}

func TestSeasonalElapsedSeconds(t *testing.T) {
	schema := regression()
	schema.Clock = series.Clock{Kind: series.Elapsed, Unit: 0.5, FirstDT: 1}
	y := repeat(60, 2, 7, 1, 8)
	time := make([]float64, len(y))
	for i := range time {
		time[i] = 0.5 * float64(i)
	}
	p := fit(t, "seasonal", schema, []series.Series{at(column(nil, y), 0.5, time...)}, nil)
	if p.String() != "value 2 s earlier" {
		t.Errorf("%q", p)
	}
}

func TestNoSeason(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 3))
	noise, walk := make([]float64, 1500), make([]float64, 1500)
	for i := range noise {
		noise[i] = random.NormFloat64()
		walk[i] = float64(i) + noise[i]
	}
	short := regression()
	short.Clock = series.Clock{Kind: series.Calendar, Unit: 3600, FirstDT: 1}
	cases := map[string]struct {
		schema series.Schema
		y      []float64
	}{
		"noise":         {regression(), noise},
		"trend":         {regression(), walk},
		"constant":      {regression(), repeat(50, 3)},
		"two rows":      {regression(), []float64{1, 2}},
		"half a minute": {short, repeat(30, 1, 2, 3)}, // times are 0, 1, ..., 29 s
	}
	for name, c := range cases {
		s := column(nil, c.y)
		if _, err := table[3].Fit(c.schema, []series.Series{s}, nil); table[3].Name != "seasonal" || !errors.Is(err, ErrNotApplicable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAutocorrelation(t *testing.T) {
	// By hand: mean 3, deviations -2, 1, -1, 2; variance 2.5; lag 1: (-2 - 1 - 2)/3, lag 2: (2 + 2)/2.
	got := autocorrelation([][]float64{{1, 4, 2, 5}}, 2, series.Regress)
	if want := []float64{1, -5.0 / 3 / 2.5, 2 / 2.5}; !near(got, want, 1e-14) {
		t.Errorf("%v, want %v", got, want)
	}
	// Pairs over a gap and between series do not count: lag 1 leaves (1, 4), lag 2 (4, 2) and lag 1 of the second (2, 5).
	got = autocorrelation([][]float64{{1, 4, nan, 2}, {2, 5, nan}}, 2, series.Regress)
	m := 14.0 / 5
	v := ((1-m)*(1-m) + 2*(2-m)*(2-m) + (4-m)*(4-m) + (5-m)*(5-m)) / 5
	if want := []float64{1, ((1-m)*(4-m) + (2-m)*(5-m)) / 2 / v, (4 - m) * (2 - m) / v}; !near(got, want, 1e-14) {
		t.Errorf("with gaps %v, want %v", got, want)
	}
	// Classes: shares 1/2, 1/3, 1/6, chance 7/18; equal at lag 1: 2 of 5, at lag 2: 1 of 4.
	got = autocorrelation([][]float64{{0, 0, 1, 1, 0, 2}}, 2, series.Classify)
	chance := 14.0 / 36
	if want := []float64{1, (.4 - chance) / (1 - chance), (0 - chance) / (1 - chance)}; !near(got, want, 1e-14) {
		t.Errorf("classes %v, want %v", got, want)
	}
}

func TestSeasonalLags(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	y, classes := make([]float64, 900), make([]float64, 900)
	for i := range y {
		y[i] = math.Sin(2*math.Pi*float64(i)/37) + 0.1*random.NormFloat64()
		if y[i] > 0.4 {
			classes[i] = 2
		}
	}
	for task, list := range map[series.Task][]float64{series.Regress: y, series.Classify: classes} {
		lags := seasonalLags([]series.Series{{Y: list}}, task)
		if !slices.ContainsFunc(lags, func(l int) bool { return l%37 < 2 || l%37 == 36 }) || slices.Min(lags) < 30 {
			t.Errorf("%s: lags %v, want multiples of 37", task, lags)
		}
	}
}
