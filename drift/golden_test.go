package drift

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
)

// river holds traces of River 0.26.1.
type river struct {
	Streams   map[string][]float64
	Detectors []riverCase
}

type riverCase struct {
	Name, Stream string
	Settings     json.RawMessage
	Drift        []int
	Warning      []int
	Widths       [][4]float64     `json:"trace_index_width_total_variance"`
	Sums         [][4]float64     `json:"trace_index_mean_testup_testdown"`
	Tests        [][3]float64     `json:"tests"` // index, D, p
	Positions    map[string][]int `json:"sampled_positions"`
}

func readRiver(t *testing.T) (r river) {
	t.Helper()
	data, err := os.ReadFile("testdata/river.json")
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// method has the settings of a case: River's names are those of the options in JSON.
func (c riverCase) method(t *testing.T) Method {
	t.Helper()
	var m Method
	var err error
	switch c.Name {
	case "ADWIN":
		m, err = decoded[ADWIN](c.Settings)
	case "KSWIN":
		m, err = decoded[KSWIN](c.Settings)
	case "PageHinkley":
		m, err = decoded[PageHinkley](c.Settings)
	case "DDM":
		m, err = decoded[DDM](c.Settings)
	default:
		t.Fatalf("no detector %s", c.Name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func decoded[T Method](settings []byte) (o T, err error) {
	err = json.Unmarshal(settings, &o)
	return o, err
}

func near(got, want float64) bool { return math.Abs(got-want) <= 1e-12*(1+math.Abs(want)) }

// follow runs a detector over a case's stream and says where it differs from River first. It returns what it compared.
func follow(c riverCase, d *Detector, stream []float64) (compared int, err error) {
	var drifts, warnings []int
	for i, x := range stream {
		e, err := d.Update(x, float64(i))
		if err != nil {
			return compared, err
		}
		switch e.Level {
		case Drift:
			drifts = append(drifts, i)
		case Warning:
			warnings = append(warnings, i)
		}
		n, err := c.traces(d, i)
		compared += n
		if err != nil {
			return compared, err
		}
	}
	if !slices.Equal(drifts, c.Drift) {
		return compared, fmt.Errorf("drifts at %v, River's at %v", drifts, c.Drift)
	}
	if !slices.Equal(warnings, c.Warning) {
		return compared, fmt.Errorf("%d warnings at %v, River's %d at %v", len(warnings), warnings, len(c.Warning), c.Warning)
	}
	return compared + len(drifts) + len(warnings), nil
}

// traces compares the state after value i.
func (c riverCase) traces(d *Detector, i int) (compared int, err error) {
	var got, want []float64
	switch s := d.state.(type) {
	case *adwin:
		got, want = []float64{float64(s.w), s.total, s.v}, row(c.Widths, i)
	case *pageHinkley:
		got, want = []float64{s.mean, s.up - s.minUp.sum, s.maxDown.sum - s.down}, row(c.Sums, i)
	case *kswin:
		if positions, ok := c.Positions[strconv.Itoa(i)]; ok {
			compared++
			if !slices.Equal(s.draw.out, positions) {
				return compared, fmt.Errorf("value %d: positions %v are drawn, by River %v", i, s.draw.out, positions)
			}
		}
		up, down := distances(s.old, s.recent)
		k := max(up, down)
		got = []float64{float64(k) / float64(s.o.StatSize), pValue(s.o.StatSize, k)}
		for _, test := range c.Tests {
			if int(test[0]) == i {
				want = test[1:]
			}
		}
	}
	for k := range want {
		compared++
		if !near(got[k], want[k]) {
			return compared, fmt.Errorf("value %d: the state has %v, River's %v", i, got, want)
		}
	}
	return compared, nil
}

func row(rows [][4]float64, i int) []float64 {
	for _, r := range rows {
		if int(r[0]) == i {
			return r[1:]
		}
	}
	return nil
}

// TestRiver: the same values are flagged, and the statistics are the same on the way there.
func TestRiver(t *testing.T) {
	r := readRiver(t)
	if len(r.Detectors) != 12 {
		t.Fatalf("%d cases were read, there are 12", len(r.Detectors))
	}
	total := 0
	for _, c := range r.Detectors {
		m := c.method(t)
		d, err := New(m)
		if err != nil {
			t.Fatal(err)
		}
		n, err := follow(c, d, r.Streams[c.Stream])
		if err != nil {
			t.Errorf("%s: %v", Format(m), err)
		}
		total += n
	}
	if total != 1553 {
		t.Errorf("%d numbers were compared, there are 1553", total)
	}
}

// TestRiverBites: another value of any option that matters, or one number of the file changed, does not go unnoticed.
func TestRiverBites(t *testing.T) {
	r := readRiver(t)
	wrong := map[string][]Method{
		"ADWIN":       {ADWIN{Delta: 0.01}, ADWIN{Clock: 31}, ADWIN{MaxBuckets: 1}, ADWIN{MinWindowLength: 100}},
		"PageHinkley": {PageHinkley{Alpha: 0.99989}, PageHinkley{Threshold: 49}, PageHinkley{Delta: 0.0051}, PageHinkley{Mode: Up}},
		"KSWIN":       {KSWIN{Seed: 43}, KSWIN{Seed: 42, WindowSize: 99}, KSWIN{Seed: 42, StatSize: 29}, KSWIN{Seed: 42, Alpha: 0.0008}},
		"DDM":         {DDM{WarmStart: 29}, DDM{WarningThreshold: 2.1}, DDM{DriftThreshold: 3.1}},
	}
	tried := 0
	for _, c := range r.Detectors {
		for _, m := range wrong[c.Name] {
			d, _ := New(m)
			if _, err := follow(c, d, r.Streams[c.Stream]); err == nil {
				t.Errorf("%s passes for %s", Format(m), c.Settings)
			}
			tried++
		}
		delete(wrong, c.Name) // only against the first case of each, which has the default options
	}
	if tried != 15 {
		t.Errorf("%d faults were tried", tried)
	}
}
