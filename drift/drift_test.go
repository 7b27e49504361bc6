package drift

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// methods are two of each kind, the second with all options other than by default.
var methods = []Method{
	ADWIN{}, ADWIN{Delta: 0.03, Clock: 3, MaxBuckets: 1, MinWindowLength: 7, GracePeriod: 20},
	KSWIN{}, KSWIN{Alpha: 0.02, WindowSize: 300, StatSize: 20, Seed: 1 << 50},
	PageHinkley{}, PageHinkley{MinInstances: 7, Delta: 0.06, Threshold: 1.5, Alpha: 0.999, Mode: Both},
	DDM{}, DDM{WarmStart: 9, WarningThreshold: 1.5, DriftThreshold: 3.5},
}

// begin makes a detector of a method that is right.
func begin(t testing.TB, m Method) *Detector {
	t.Helper()
	d, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stream has shifts that any of the methods finds: errors with several rates, or numbers with several means.
func stream(binary bool, n int) []float64 {
	r := rand.New(rand.NewPCG(11, 12))
	xs := make([]float64, n)
	for i := range xs {
		level := []float64{0.2, 0.6, 0.1, 0.5}[i/700%4]
		if !binary {
			xs[i] = level + 0.15*r.NormFloat64()
		} else if r.Float64() < level {
			xs[i] = 1
		}
	}
	return xs
}

func TestRegistry(t *testing.T) {
	if len(methods) != 2*len(registry) {
		t.Errorf("%d methods are tested, the registry has %d", len(methods)/2, len(registry))
	}
	for i, e := range Registry() {
		if entryOf(methods[2*i]).Name != e.Name || entryOf(methods[2*i+1]).Name != e.Name {
			t.Errorf("methods %d and %d are not %s", 2*i, 2*i+1, e.Name)
		}
		if e.Summary == "" || e.Source == "" || e.Statistic == "" {
			t.Errorf("the entry of %s is incomplete", e.Name)
		}
		for k, o := range Options(methods[2*i+1]) {
			first := Options(e.Method)[k]
			if first.Value != first.Default {
				t.Errorf("%s: %s is %s by default, its tag says %s", e.Name, o.Name, first.Value, first.Default)
			}
			if o.Value == o.Default && o.Name != "mode" {
				t.Errorf("%s is tested with the default of %s only", e.Name, o.Name)
			}
			if o.Name == "" || o.Allowed == "" {
				t.Errorf("%s: option %d has no name or range", e.Name, k)
			}
		}
	}
}

// TestEvents: what every event of every method must be.
func TestEvents(t *testing.T) {
	for _, m := range methods {
		d := begin(t, m)
		xs := stream(d.entry.Binary, 6000)
		drifts, last, lastDrift := 0, Event{}, int64(0)
		for i, x := range xs {
			e, err := d.Update(x, 100+0.5*float64(i))
			if err != nil {
				t.Fatal(err)
			}
			if d.Count() != int64(i+1) || d.Since() != d.Count()-lastDrift {
				t.Fatalf("%s: value %d has count %d, since %d", d.Name(), i, d.Count(), d.Since())
			}
			if e.First != (e.Level != last.Level) && e.Level != Stable {
				t.Errorf("%s: level %s after %q, first is %v", d.Name(), e.Level, last.Level, e.First)
			}
			last = e
			if e.Level == Stable {
				if e != (Event{}) {
					t.Errorf("%s: a stable value has %+v", d.Name(), e)
				}
				continue
			}
			wantEvent(t, e, d, xs[:i+1])
			if e.Level == Drift {
				drifts++
				lastDrift = e.Count
			}
		}
		if drifts < 4 || drifts > 40 {
			t.Errorf("%s finds %d drifts, of 8", Format(m), drifts)
		}
	}
}

// wantEvent judges an event by the values that led to it, which are all since the last reset.
func wantEvent(t *testing.T, e Event, d *Detector, xs []float64) {
	t.Helper()
	n := len(xs)
	old, recent := xs[n-int(e.Since):n-int(e.Recent)], xs[n-int(e.Recent):]
	if d.Name() == "KSWIN" {
		old = xs[n-d.method.(KSWIN).WindowSize : n-int(e.Recent)]
	}
	wrong := func(what string) { t.Errorf("%s: %s: %+v", d.Name(), what, e) }
	if !(e.Value > e.Threshold) {
		wrong("the value is not beyond the threshold")
	}
	if e.Detector != d.Name() || e.Count != int64(n) || e.Since != d.Since() || e.Time != 100+0.5*float64(n-1) || e.X != xs[n-1] {
		wrong("what, when and where is wrong")
	}
	if e.Recent < 1 || e.Recent >= e.Since {
		wrong("the change lies outside of its values")
	}
	if math.Abs(e.Before-mean(old)) > 1e-9 || math.Abs(e.After-mean(recent)) > 1e-9 {
		t.Errorf("%s: means of %+v are %g and %g", d.Name(), e, mean(old), mean(recent))
	}
	// KSWIN's direction is that of the distance, which is not always that of the means.
	if d.Name() != "KSWIN" && (e.Direction == Up && e.After <= e.Before || e.Direction == Down && e.After >= e.Before) {
		wrong("the means went the other way")
	}
	if (e.P > 0) != (d.Name() == "KSWIN") {
		wrong("a p value is missing, or there is one")
	}
	if text := e.String(); !strings.Contains(text, d.Name()+": "+string(e.Level)) || strings.Contains(text, "\n") {
		wrong(text)
	}
	var back Event
	data, err := json.Marshal(e)
	if err == nil {
		err = json.Unmarshal(data, &back)
	}
	if err != nil || back != e {
		t.Errorf("%s reads as %+v, %v", data, back, err)
	}
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// TestDirection: each method says which way.
func TestDirection(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		m     Method
		after func() float64
		want  Direction
	}{
		{ADWIN{}, func() float64 { return 2 + r.NormFloat64() }, Up}, {ADWIN{}, func() float64 { return -2 + r.NormFloat64() }, Down},
		{KSWIN{Alpha: 1e-5}, func() float64 { return 2 + r.NormFloat64() }, Up}, {KSWIN{Alpha: 1e-5}, func() float64 { return -2 + r.NormFloat64() }, Down},
		{PageHinkley{Threshold: 20, Delta: 0.5}, func() float64 { return 2 + r.NormFloat64() }, Up},
		{PageHinkley{Threshold: 20, Delta: 0.5}, func() float64 { return -2 + r.NormFloat64() }, Down},
		{PageHinkley{Threshold: 20, Delta: 0.5, Mode: Up}, func() float64 { return -2 + r.NormFloat64() }, ""},
		{PageHinkley{Threshold: 20, Delta: 0.5, Mode: Down}, func() float64 { return 2 + r.NormFloat64() }, ""},
	} {
		d := begin(t, c.m)
		for range 300 {
			if e, err := d.Update(r.NormFloat64(), 0); err != nil || e.Level != Stable {
				t.Fatal(e, err)
			}
		}
		got := Direction("")
		for range 150 {
			if e, _ := d.Update(c.after(), 0); e.Level == Drift && got == "" {
				got = e.Direction
			}
		}
		if got != c.want {
			t.Errorf("%s says %q instead of %q", Format(c.m), got, c.want)
		}
	}
	// Values that alternate between -1 and 1 become wider to both sides alike; the first full window has half of each.
	d, found := begin(t, KSWIN{WindowSize: 60}), Direction("")
	for i := range 100 {
		x := math.Copysign(1, float64(i%2)-0.5)
		if i >= 30 {
			x *= 3
		}
		if e, _ := d.Update(x, 0); e.Level == Drift && found == "" {
			found = e.Direction
		}
	}
	if found != Both {
		t.Errorf("more spread goes %q", found)
	}
}

// TestRefuse: what is no number is refused in one line, and leaves no trace.
func TestRefuse(t *testing.T) {
	for _, m := range methods {
		d := begin(t, m)
		xs := stream(d.entry.Binary, 2000)
		clean := begin(t, m)
		refused := 0
		for i, x := range xs {
			for _, bad := range [][2]float64{{math.NaN(), 0}, {math.Inf(1), 0}, {math.Inf(-1), 0}, {1.1e100, 0}, {-math.MaxFloat64, 0},
				{x, math.NaN()}, {x, math.Inf(-1)}, {0.5, math.Inf(1)}} {
				e, err := d.Update(bad[0], bad[1])
				var in *InputError
				if !errors.As(err, &in) || e != (Event{}) || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), d.Name()) {
					t.Fatalf("%s takes %v: %+v, %v", d.Name(), bad, e, err)
				}
				refused++
			}
			got, err := d.Update(x, float64(i))
			want, _ := clean.Update(x, float64(i))
			if err != nil || got != want {
				t.Fatalf("%s: value %d gives %+v instead of %+v, %v", d.Name(), i, got, want, err)
			}
		}
		if refused != 16000 || string(snapshot(t, d)) != string(snapshot(t, clean)) {
			t.Errorf("%s: refused values leave a trace", d.Name())
		}
	}
	if _, err := begin(t, DDM{}).Update(0.5, 0); err == nil || err.Error() !=
		"DDM: value is 0.5: values must be 1 for an error and 0 for none; ADWIN, KSWIN and PageHinkley take any number" {
		t.Error(err)
	}
}

// TestExtremes: the largest and smallest values make nothing infinite, and a shift among them is found.
func TestExtremes(t *testing.T) {
	for _, m := range methods {
		d := begin(t, m)
		if d.entry.Binary {
			continue
		}
		for _, scale := range []float64{MaxInput, 5e-324, 1} {
			d.Reset()
			drifts := 0
			for i := range 3000 {
				x := scale
				if i < 1500 {
					x = -scale
				}
				e, err := d.Update(x, 0)
				if err != nil {
					t.Fatal(err)
				}
				if e.Level == Drift {
					drifts++
					if math.IsInf(e.Value, 0) || !(e.Value > e.Threshold) || math.IsInf(e.Before, 0) || math.IsInf(e.After, 0) {
						t.Errorf("%s: %+v", d.Name(), e)
					}
				}
			}
			// The eps of ADWIN and the options of PageHinkley are in units of the values.
			if want := scale > 1e-300 || d.Name() == "KSWIN"; (drifts > 0) != want {
				t.Errorf("%s finds %d drifts at scale %g", Format(m), drifts, scale)
			}
			if err := new(Detector).UnmarshalBinary(snapshot(t, d)); err != nil {
				t.Error(err)
			}
		}
	}
}

func snapshot(t testing.TB, d *Detector) []byte {
	t.Helper()
	data, err := d.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSnapshot: restored after any number of values, a detector goes on to the bit.
func TestSnapshot(t *testing.T) {
	for _, m := range methods {
		d := begin(t, m)
		xs := stream(d.entry.Binary, 2500)
		restored := begin(t, m)
		atDrift := 0
		for i, x := range xs {
			want, _ := d.Update(x, float64(i))
			got, err := restored.Update(x, float64(i))
			if err != nil || got != want {
				t.Fatalf("%s: value %d gives %+v instead of %+v, %v", d.Name(), i, got, want, err)
			}
			if i > 400 && i%37 != 0 && want.Level != Drift {
				continue
			}
			data := snapshot(t, restored)
			if string(data) != string(snapshot(t, d)) {
				t.Fatalf("%s: the snapshots differ after value %d", d.Name(), i)
			}
			restored = new(Detector)
			if err := restored.UnmarshalBinary(data); err != nil {
				t.Fatal(err)
			}
			if want.Level == Drift {
				atDrift++
			}
		}
		if atDrift == 0 {
			t.Errorf("%s was never restored just after a drift", Format(m))
		}
	}
}

// TestSnapshotDamaged: cut or changed anywhere, a snapshot is refused in one line and the detector stays as it was.
func TestSnapshotDamaged(t *testing.T) {
	if _, err := new(Detector).MarshalBinary(); err == nil {
		t.Error("a zero detector has a snapshot")
	}
	for _, m := range methods {
		d := begin(t, m)
		for i, x := range stream(d.entry.Binary, 333) {
			d.Update(x, float64(i))
		}
		data := snapshot(t, d)
		other := begin(t, m)
		before := string(snapshot(t, other))
		refuse := func(bad []byte, how string) {
			err := other.UnmarshalBinary(bad)
			if err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "drift: ") {
				t.Fatalf("%s: %s is taken: %v", d.Name(), how, err)
			}
			if string(snapshot(t, other)) != before {
				t.Fatalf("%s: %s changes the detector", d.Name(), how)
			}
		}
		for i := range data {
			refuse(data[:i], "a part")
			bad := slices.Clone(data)
			bad[i] ^= 1 << (i % 8)
			refuse(bad, "a changed bit")
		}
		// The same with a checksum that is right.
		refuse(seal(append(slices.Clone(data[:len(data)-4]), 0)), "a byte too much")
		for i := 0; i < len(data)-4; i += 1 + len(data)/300 {
			refuse(seal(slices.Clone(data[:i])), "a part with its checksum")
		}
	}
}

// seal appends the checksum.
func seal(body []byte) []byte {
	return binary.LittleEndian.AppendUint32(body, crc32.Checksum(body, castagnoli))
}

// TestReset: after a reset a detector is as new, but for its count.
func TestReset(t *testing.T) {
	for _, m := range methods {
		d, fresh := begin(t, m), begin(t, m)
		xs := stream(d.entry.Binary, 1500)
		taken := int64(0)
		for d.level == Stable && taken < int64(len(xs)) { // to the first event
			d.Update(xs[taken], 0)
			taken++
		}
		d.Reset()
		if d.Since() != 0 || d.Count() != taken || d.level != Stable {
			t.Errorf("%s: %d of %d values are left, level %q", d.Name(), d.Since(), d.Count(), d.level)
		}
		events := 0
		for _, x := range xs {
			got, _ := d.Update(x, 0)
			want, _ := fresh.Update(x, 0)
			if got.Level != Stable {
				events++
				got.Count -= taken
			}
			if got != want {
				t.Fatalf("%s: %+v instead of %+v", d.Name(), got, want)
			}
		}
		if events == 0 {
			t.Errorf("%s found nothing", Format(m))
		}
	}
}

// TestMemory: nothing is allocated by a detector whose window is full, drifts included, and Bytes holds.
func TestMemory(t *testing.T) {
	for _, m := range methods {
		d := begin(t, m)
		xs := stream(d.entry.Binary, 30000)
		i := 0
		step := func() {
			if _, err := d.Update(xs[i%len(xs)], 0); err != nil {
				t.Fatal(err)
			}
			i++
		}
		for range xs {
			step()
		}
		if n := testing.AllocsPerRun(5000, step); n > 0 {
			t.Errorf("%s allocates %g times a value", Format(m), n)
		}
		if size := sizeOf(d.state); size > d.Bytes() || size == 0 {
			t.Errorf("%s takes %d bytes, says up to %d", Format(m), size, d.Bytes())
		}
	}
	// Constant values are never cut: rows grow with the logarithm of their number only.
	d := begin(t, ADWIN{Clock: 1 << 20})
	for range 1 << 20 {
		d.Update(0.25, 0)
	}
	s := d.state.(*adwin)
	if len(s.rows) > 20 || s.w != 1<<20 || s.total != 1<<18 {
		t.Errorf("%d rows, %d values with sum %g", len(s.rows), s.w, s.total)
	}
}

// sizeOf is what a state occupies.
func sizeOf(s state) int {
	switch s := s.(type) {
	case *adwin:
		n := int(unsafe.Sizeof(*s)) + 24*cap(s.rows)
		for _, row := range s.rows[:cap(s.rows)] {
			n += 16 * cap(row)
		}
		return n
	case *kswin:
		return int(unsafe.Sizeof(*s)) + 8*(cap(s.window)+cap(s.old)+cap(s.recent)) + int(unsafe.Sizeof(*s.draw)) + 8*cap(s.draw.pool) + cap(s.draw.taken) + 8*cap(s.draw.out)
	case *pageHinkley:
		return int(unsafe.Sizeof(*s))
	case *ddm:
		return int(unsafe.Sizeof(*s))
	}
	return 0
}
