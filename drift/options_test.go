package drift

import (
	"strings"
	"testing"
)

// TestCheck: an option out of range gives one line with the value and what is allowed, from New and from Parse.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		m    Method
		want string
	}{
		{ADWIN{Delta: 1}, "ADWIN: delta is 1; allowed: above 0 and below 1"},
		{ADWIN{Delta: -0.1}, "ADWIN: delta is -0.1; allowed: above 0 and below 1"},
		{ADWIN{Clock: -1}, "ADWIN: clock is -1; allowed: 1 to 1e9, a whole number"},
		{ADWIN{MaxBuckets: 1001}, "ADWIN: max_buckets is 1001; allowed: 1 to 1000, a whole number"},
		{ADWIN{MinWindowLength: -5}, "ADWIN: min_window_length is -5; allowed: 1 to 1e9, a whole number"},
		{ADWIN{GracePeriod: 1e9 + 1}, "ADWIN: grace_period is 1000000001; allowed: 1 to 1e9, a whole number"},
		{KSWIN{Alpha: 1}, "KSWIN: alpha is 1; allowed: above 0 and below 1"},
		{KSWIN{WindowSize: 1}, "KSWIN: window_size is 1; allowed: 2 to 100000, a whole number"},
		{KSWIN{WindowSize: 59}, "KSWIN: stat_size is 30; allowed: up to half of window_size, which is 59"},
		{KSWIN{StatSize: 5}, "KSWIN: alpha is 0.005, which samples of stat_size 5 can never reach; allowed: at least 0.0084, or a larger stat_size"},
		{PageHinkley{MinInstances: -1}, "PageHinkley: min_instances is -1; allowed: 1 to 1e9, a whole number"},
		{PageHinkley{Delta: -1}, "PageHinkley: delta is -1; allowed: above 0 and up to 1e100"},
		{PageHinkley{Threshold: 1e101}, "PageHinkley: threshold is 1e+101; allowed: above 0 and up to 1e100"},
		{PageHinkley{Alpha: 1.5}, "PageHinkley: alpha is 1.5; allowed: above 0 and up to 1"},
		{PageHinkley{Mode: "sideways"}, "PageHinkley: mode is sideways; allowed: both, up, down"},
		{DDM{WarmStart: -3}, "DDM: warm_start is -3; allowed: 1 to 1e9, a whole number"},
		{DDM{WarningThreshold: 4}, "DDM: warning_threshold is 4; allowed: up to drift_threshold, which is 3"},
		{DDM{DriftThreshold: 1001}, "DDM: drift_threshold is 1001; allowed: above 0 and up to 1000"},
	} {
		if d, err := New(c.m); d != nil || err == nil || err.Error() != c.want {
			t.Errorf("%#v: %v", c.m, err)
		}
		if m, err := Parse(Format(c.m)); err == nil {
			t.Errorf("%s is read as %#v", Format(c.m), m)
		}
	}
	for _, m := range append([]Method{KSWIN{Alpha: 0.0084, StatSize: 5}}, methods...) {
		if err := m.Check(); err != nil {
			t.Errorf("%#v: %v", m, err)
		}
	}
}

// TestParse: texts and what is wrong with others.
func TestParse(t *testing.T) {
	for _, m := range methods {
		got, err := Parse(Format(m))
		if err != nil || got != Resolve(m) {
			t.Errorf("%s reads as %#v, %v", Format(m), got, err)
		}
	}
	if m, err := Parse(" pagehinkley  mode up threshold 5 "); err != nil || m != Resolve(PageHinkley{Mode: Up, Threshold: 5}) {
		t.Errorf("%#v, %v", m, err)
	}
	for text, want := range map[string]string{
		"":                        `unknown drift detector "" (known: ADWIN, KSWIN, PageHinkley, DDM)`,
		"ADWINN":                  `unknown drift detector "ADWINN"; did you mean "ADWIN"? (known: ADWIN, KSWIN, PageHinkley, DDM)`,
		"ADWIN detla 0.1":         `ADWIN has no option "detla"; did you mean "delta"? (options: delta, clock, max_buckets, min_window_length, grace_period)`,
		"ADWIN delta":             `ADWIN: option "delta" has no value; write name and value, such as "ADWIN delta 0.002 clock 32 max_buckets 5 min_window_length 5 grace_period 10"`,
		"ADWIN clock 2.5":         `ADWIN: clock is "2.5"; allowed: 1 to 1e9, a whole number`,
		"ADWIN delta NaN":         `ADWIN: delta is "NaN"; allowed: above 0 and below 1`,
		"ADWIN delta 0":           `ADWIN: delta is "0"; allowed: above 0 and below 1`,
		"ADWIN clock 9 clock 9":   `ADWIN: option "clock" is given twice`,
		"KSWIN seed -1":           `KSWIN: seed is "-1"; allowed: 0 to 18446744073709551615, a whole number`,
		"PageHinkley mode above":  `PageHinkley: mode is "above"; allowed: both, up, down`,
		"DDM warning_threshold 4": "DDM: warning_threshold is 4; allowed: up to drift_threshold, which is 3",
	} {
		if m, err := Parse(text); m != nil && err == nil || err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestMisuse: nil and pointers are no methods.
func TestMisuse(t *testing.T) {
	for _, m := range []Method{nil, &ADWIN{}} {
		func() {
			defer func() {
				if r, ok := recover().(string); !ok || !strings.Contains(r, "is no method of the registry") {
					t.Errorf("%T: %v", m, r)
				}
			}()
			New(m)
		}()
	}
}
