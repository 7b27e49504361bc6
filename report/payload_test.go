package report

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

func TestRounded(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want string
	}{
		{[]float64{0, 1, 0.123456789, math.NaN(), -0.00001}, "[0,1,0.1235,null,0]"},
		{[]float64{1546.3333333, 0, 429.5}, "[1546.3,0,429.5]"},
		{[]float64{0.0026742, 0.0064756}, "[0.0026742,0.0064756]"},
		{[]float64{1e9 + 0.25, 1e9}, "[1.00000000025e+09,1e+09]"},
		{[]float64{7.25, 7.25}, "[7.25,7.25]"},
		{[]float64{math.NaN()}, "[null]"},
		{[]float64{math.Inf(1), 2}, "[null,2]"},
		{nil, "[]"},
	} {
		got, err := json.Marshal(rounded(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%v becomes %s, %v; want %s", c.in, got, err, c.want)
		}
	}
	got, _ := json.Marshal(relative{1234567, 0.000123456, math.Inf(1), -2})
	if want := "[1.235e+06,0.0001235,null,-2]"; string(got) != want {
		t.Errorf("relative: %s; want %s", got, want)
	}
}

// TestAxis: no time may move by more than a tenth of the usual step, whatever the series looks like.
func TestAxis(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 1))
	for range 100 {
		time, _ := course(random, 2+random.IntN(500), 1)
		data, err := json.Marshal(newAxis(time))
		if err != nil {
			t.Fatal(err)
		}
		var a decodedAxis
		if err := json.Unmarshal(data, &a); err != nil {
			t.Fatal(err)
		}
		for i, got := range a.times() {
			if bound := 0.05*medianStep(time) + 1e-6; math.Abs(got-time[i]) > bound {
				t.Fatalf("time %g became %g; at most %g is allowed", time[i], got, bound)
			}
		}
	}
	if a := newAxis([]float64{1e9, 1e9 + 1e-6, 1e9 + 2e-6, 2e9}); len(a.Delta) != 4 || a.Delta[3] > 1e10 || a.Delta[3] < 1e8 {
		t.Errorf("microseconds within 30 years: %+v", a)
	}
}

func TestPayloadOfSample(t *testing.T) {
	d := decode(t, render(t, sample()))
	long := d.Predictions.Series[0]
	if n := len(long.Time.Delta); n > mostPoints || n < mostPoints/3 {
		t.Errorf("%d points of %d rows", n, roomRows)
	}
	if len(long.Bands) != 1 || d.Predictions.Threshold != 0.43 || d.Clock != "calendar" {
		t.Errorf("bands %d, threshold %g, clock %s", len(long.Bands), d.Predictions.Threshold, d.Clock)
	}
	if got := long.Time.times()[0]; math.Abs(got-newRoom(roomRows).time[0]) > 5 {
		t.Errorf("first time %g", got)
	}
	r := newRoom(roomRows)
	wrong := 0
	for i, v := range long.Value {
		if v != nil && long.Truth[i] != nil && *v != *long.Truth[i] {
			wrong++
		}
	}
	all := 0
	for i := range r.time {
		if r.predicted[i] != r.occupied[i] {
			all++
		}
	}
	if wrong == 0 || wrong > all || wrong < all/4 {
		t.Errorf("%d of %d wrong rows are drawn", wrong, all)
	}
	a := d.Activity
	if len(a.Neurons) != 19 || a.Neurons[0].Name != "m0" || a.Neurons[1].Name != "c0" || a.Neurons[18].Name != "i9" {
		t.Errorf("%d neurons from %s to %s; want m0 first, i9 last", len(a.Neurons), a.Neurons[0].Name, a.Neurons[len(a.Neurons)-1].Name)
	}
	highest := 0.0
	for _, v := range a.Neurons[18].Tau {
		if v != nil {
			highest = max(highest, *v)
		}
	}
	all9 := positive(sample().Activity.Neurons[9].Tau)
	if want := all9[len(all9)-1]; a.TauUnit != "min" || math.Abs(highest*60/want-1) > 1e-3 {
		t.Errorf("the longest time constant of i9 is %g %s; want %g s", highest, a.TauUnit, want)
	}
}

// TestTimeUnits: elapsed times become hours, row numbers stay what they are.
func TestTimeUnits(t *testing.T) {
	for clock, want := range map[series.TimeKind]struct {
		unit string
		last float64
	}{series.Elapsed: {"h", 4}, series.Index: {"rows", 14400}, series.Calendar: {"s", 14400}} {
		r := &Report{Clock: clock, Predictions: &Predictions{Target: "y", Series: []Trace{{Time: []float64{0, 7200, 14400}, Truth: []float64{1, 2, 4}, Value: []float64{1, 2, 3}}}}}
		d := decode(t, render(t, r))
		times := d.Predictions.Series[0].Time.times()
		if d.Unit != want.unit || math.Abs(times[2]-want.last) > 1e-9 {
			t.Errorf("%s: last time %g %s; want %g %s", clock, times[2], d.Unit, want.last, want.unit)
		}
	}
}

func TestManyClassesAndNeurons(t *testing.T) {
	r := &Report{Clock: series.Index, Predictions: &Predictions{}, Activity: &Activity{Time: []float64{0, 1}}}
	trace := Trace{Time: []float64{0, 1}, Truth: []float64{0, 3}, Value: []float64{0, 2}}
	for range mostClasses + 1 {
		r.Predictions.Classes = append(r.Predictions.Classes, "c")
		trace.Bands = append(trace.Bands, []float64{0.25, 0.75})
	}
	r.Predictions.Series = []Trace{trace}
	for range mostLines + 5 {
		r.Activity.Neurons = append(r.Activity.Neurons, Neuron{Name: "u", State: []float64{1, 2}, Tau: []float64{0, 3}})
	}
	html := render(t, r)
	d := decode(t, html)
	if len(d.Predictions.Series[0].Bands) != 0 || len(d.Activity.Neurons) != mostLines {
		t.Errorf("%d bands and %d lines", len(d.Predictions.Series[0].Bands), len(d.Activity.Neurons))
	}
	if d.Activity.Neurons[0].Tau[0] != nil {
		t.Error("a time constant of 0 has a place on the log axis")
	}
	if !strings.Contains(html, "first 64 neurons") {
		t.Error("the page does not say that only some neurons have lines")
	}
}

func TestQuantile(t *testing.T) {
	v := []float64{9, 1, 4, 2}
	for level, want := range map[float64]float64{0: 1, 0.5: 3, 0.9: 7.5, 1: 9} {
		if got := quantile(v, level); math.Abs(got-want) > 1e-12 {
			t.Errorf("quantile %g is %g; want %g", level, got, want)
		}
	}
	if v[0] != 9 {
		t.Error("the caller's values were sorted")
	}
	if !math.IsNaN(quantile(nil, 0.5)) {
		t.Error("a quantile of nothing is a number")
	}
}
