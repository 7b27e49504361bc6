package export_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
)

// learnDriver runs the self-test, and then predicts and learns along the rows that it reads.
const learnDriver = `#include <stdio.h>
#define main selftest
#include "net_selftest.c"
#undef main

int main(void) {
    net_state s;
    float x[net_INPUTS], dt, y[net_OUTPUTS], label[net_OUTPUTS];
    if (selftest() != 0) return selftest();
    net_init(&s);
    while (fread(x, sizeof x, 1, stdin) == 1 && fread(&dt, sizeof dt, 1, stdin) == 1 && fread(label, sizeof label, 1, stdin) == 1) {
        if (net_step(&s, x, dt, y) != 0) return 10;
        if (fwrite(y, sizeof y, 1, stdout) != 1) return 11;
        if (net_learn(&s, label) != 0) return 12;
    }
    return 0;
}
`

// several is a schema of two outputs in units far apart.
func several() series.Schema {
	s := sensors(0)
	s.Target.Outputs = 2
	s.Target.Each = []series.Output{{Name: "load", Mean: 3, SD: 2.5}, {Name: "pressure", Mean: -4e4, SD: 900}}
	return s
}

// TestReadoutLearnsInC: a readout that learns gives along 2,000 labels what online.Readout gives in double precision, within
// single precision's error, and its memory is what is said.
func TestReadoutLearnsInC(t *testing.T) {
	gcc := compiler(t, "gcc", "gcc")
	for _, c := range []struct {
		name string
		s    series.Schema
		l    model.Layer
		o    online.RLSOptions
	}{
		{"CTRNN in parts, forgetting", sensors(0), model.Layer{Cell: cell.CTRNN{Units: 7}}, online.RLSOptions{Forget: 0.99, Ridge: 0.1}},
		{"GRU, two outputs", several(), model.Layer{Cell: cell.GRU{Units: 6}}, online.RLSOptions{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := model.New(c.s, c.l)
			if err != nil {
				t.Fatal(err)
			}
			m = m.Initial(4)
			p, err := export.C(m, export.Options{Name: "net", Learning: export.RLS, RLS: c.o})
			if err != nil {
				t.Fatal(err)
			}
			size := `
_Static_assert(sizeof(net_state) == ` + strconv.Itoa(p.State) + `, "the state has another size");`
			program := build(t, gcc, without(sanitized, "-std=c99", "-Wpedantic"), p.Files, export.File{Name: "main.c", Data: []byte(learnDriver + size)})
			for _, u := range undefined(t, gcc, filepath.Dir(program)) {
				t.Errorf("it calls %s", u)
			}
			x, dt := export.Golden(c.s, 2000, m.MaxStep())
			s, err := online.NewReadout(m, c.o)
			if err != nil {
				t.Fatal(err)
			}
			var in bytes.Buffer
			var want []float32
			for row := range x {
				y, err := s.Step(x[row], dt[row])
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, y...)
				label, exact := make([]float32, len(y)), make([]float64, len(y))
				for k := range label {
					o := c.s.Target.Of(k)
					label[k] = float32(o.Mean + o.SD*(math.Sin(float64(row)/7)+0.3*float64(x[row][0]-20)))
					exact[k] = float64(label[k])
				}
				if err := s.Learn(exact...); err != nil {
					t.Fatal(err)
				}
				_ = binary.Write(&in, binary.LittleEndian, x[row])
				_ = binary.Write(&in, binary.LittleEndian, dt[row])
				_ = binary.Write(&in, binary.LittleEndian, label)
			}
			cmd := exec.Command(program)
			cmd.Stdin = &in
			var errs bytes.Buffer
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%.2000s", err, errs.String())
			}
			got, worst := floats(out), 0.0
			if len(got) != len(want) {
				t.Fatalf("%d values, not %d", len(got), len(want))
			}
			for k, v := range got {
				o := c.s.Target.Of(k % c.s.Target.Width())
				worst = max(worst, math.Abs(float64(v)-float64(want[k]))/o.SD)
			}
			t.Logf("at most %.2g deviations of the target from double precision; %d bytes of state", worst, p.State)
			if !(worst <= 1e-4) {
				t.Errorf("it differs by %.2g deviations of the target", worst)
			}
		})
	}
}

// TestLearningSelftestBites: where learning is another, the self-test fails.
func TestLearningSelftestBites(t *testing.T) {
	gcc := compiler(t, "gcc", "gcc")
	m, err := model.New(sensors(0), model.Layer{Cell: cell.GRU{Units: 4}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := export.C(m.Initial(4), export.Options{Name: "net", Learning: export.RLS, RLS: online.RLSOptions{Forget: 0.9}})
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range []struct{ old, new string }{
		{"*u++ = old + g[i] * p", "*u++ = old - g[i] * p"}, {"forgotten = d / 0.9f", "forgotten = d"}, {"if (y[k] != y[k]) return 0;", ""},
	} {
		wrong := append([]export.File(nil), p.Files...)
		wrong[1].Data = []byte(strings.Replace(string(wrong[1].Data), fault.old, fault.new, 1))
		if string(wrong[1].Data) == string(p.Files[1].Data) {
			t.Fatalf("%q does not occur", fault.old)
		}
		var exit *exec.ExitError
		if err := exec.Command(build(t, gcc, []string{"-O1", "-std=c99"}, wrong)).Run(); !errors.As(err, &exit) || exit.ExitCode() != 4 {
			t.Errorf("%q in place of %q: %v", fault.new, fault.old, err)
		}
	}
}

// TestLearningIsRefused with the reason, where a readout cannot learn.
func TestLearningIsRefused(t *testing.T) {
	gru := model.Architecture{Layers: []model.Layer{{Cell: cell.GRU{Units: 4}}}}
	direct := model.Architecture{Readout: model.Direct, Layers: []model.Layer{{Cell: cell.GRU{Units: 1}}}}
	quantiles := sensors(0)
	quantiles.Target.Quantiles = []float64{0.1, 0.9}
	for want, c := range map[string]struct {
		s series.Schema
		a model.Architecture
		o export.Options
	}{
		"no number":         {sensors(2), gru, export.Options{}},
		"that least":        {quantiles, gru, export.Options{}},
		"no linear readout": {sensors(0), direct, export.Options{}},
		"use float32":       {sensors(0), gru, export.Options{Arithmetic: export.Q15}},
		"allowed: [rls]":    {sensors(0), gru, export.Options{Learning: "sgd"}},
		"forgetting factor": {sensors(0), gru, export.Options{RLS: online.RLSOptions{Forget: 2}}},
	} {
		m, err := c.a.Model(c.s)
		if err != nil {
			t.Fatal(err)
		}
		c.o.Name = "net"
		if c.o.Learning == "" {
			c.o.Learning = export.RLS
		}
		var no *export.RefusedError
		if _, err := export.C(m.Initial(1), c.o); !errors.As(err, &no) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
}
