package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

func smallModel(t testing.TB) *model.Model {
	t.Helper()
	m, err := model.New(series.Plain(3), model.Liquid(cell.LTC{}, wiring.Auto(7, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return m.Initial(5)
}

func someStates(t testing.TB, m *model.Model) *streamStates {
	t.Helper()
	s := &streamStates{Model: fingerprint(m), Series: map[string]streamState{}}
	stream := m.Stream()
	for i, name := range []string{"", "a\"b", "zimmer ü"} {
		if _, err := stream.Step([]float32{1.5, -0.25, float32(i)}, 0.75); err != nil {
			t.Fatal(err)
		}
		s.Series[name] = streamState{Time: 1.7e9 + 0.1*float64(i), State: stream.Snapshot()}
	}
	return s
}

func TestStateFile(t *testing.T) {
	m := smallModel(t)
	want := someStates(t, m)
	path := filepath.Join(t.TempDir(), "s")
	c := newConsole(nil, &bytes.Buffer{}, &bytes.Buffer{})
	if err := c.save(context.Background(), path, want.write); err != nil {
		t.Fatal(err)
	}
	got, err := c.readStates(path, m)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	theta := m.Params()
	theta[3] = math.Nextafter32(theta[3], 9)
	other := m.With(theta)
	for i := range data {
		damaged := bytes.Clone(data)
		damaged[i] ^= 1 << (i % 8)
		refuseStates(t, damaged, m)
		refuseStates(t, data[:i], m)
	}
	refuseStates(t, data, other)
}

// refuseStates demands one line that names the file and exit code 5.
func refuseStates(t *testing.T, data []byte, m *model.Model) {
	t.Helper()
	c := newConsole(bytes.NewReader(data), &bytes.Buffer{}, &bytes.Buffer{})
	_, err := c.readStates("-", m)
	if err == nil || exitCode(err) != exitBadData || !strings.HasPrefix(err.Error(), "state file -: ") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("%d bytes: %v", len(data), err)
	}
}

// What makes a state foreign: other parameters, another wiring, another unit of time. A threshold does not.
func TestFingerprint(t *testing.T) {
	m := smallModel(t)
	rewired, err := model.New(series.Plain(3), model.Liquid(cell.LTC{}, wiring.Auto(8, 2)))
	if err != nil {
		t.Fatal(err)
	}
	schema := series.Plain(3)
	schema.Clock.Unit = 2
	slower, err := model.New(schema, model.Liquid(cell.LTC{}, wiring.Auto(7, 2)))
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]*model.Model{"seed": m.Initial(6), "wiring": rewired, "unit": slower.With(m.Params())} {
		if fingerprint(other) == fingerprint(m) {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
	if fingerprint(m.WithInfo(model.Info{Name: "x"})) != fingerprint(m) {
		t.Error("the account of the making changes the fingerprint")
	}
}

func TestDecimal(t *testing.T) {
	for v, want := range map[float32]float64{0.1: 0.1, 1.0 / 3: 0.33333334, 5331.579: 5331.579, -2e-38: -2e-38, 16777216: 16777216} {
		if got := decimal(v); got != want {
			t.Errorf("decimal(%g) = %v, want %v", v, got, want)
		}
		if float32(decimal(v)) != v {
			t.Errorf("decimal(%g) reads back as another number", v)
		}
	}
}

func TestLevels(t *testing.T) {
	for text, want := range map[string][]float64{"0.1,0.5,0.9": {0.1, 0.5, 0.9}, " .05 , 0.95": {0.05, 0.95}, "5e-1": {0.5}} {
		var got []float64
		if err := levels(&got).Set(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
		var again []float64
		if err := levels(&again).Set(levels(&got).String()); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%q: written and read back it is %v, %v", text, again, err)
		}
	}
	for _, text := range []string{"", "0", "1", "0.5,0.5", "0.9,0.1", "x", "0.1,,0.9", "NaN", "0.1;0.9", "-0.1"} {
		var got []float64
		if err := levels(&got).Set(text); err == nil {
			t.Errorf("%q was accepted as %v", text, got)
		}
	}
}
