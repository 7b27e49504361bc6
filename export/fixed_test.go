package export_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// drawn is a series after the schema of a model.
func drawn(m *model.Model, rows int) []series.Series {
	x, dt := export.Golden(m.Schema(), rows, m.MaxStep())
	s := series.Series{DT: dt}
	for _, row := range x {
		s.X = append(s.X, row...)
	}
	return []series.Series{s}
}

// wordDriver runs the self-test, and then steps along the rows that it reads.
const wordDriver = `#include <stdio.h>
#define main selftest
#include "net_selftest.c"
#undef main

int main(void) {
    net_state s;
    %[1]s x[net_INPUTS], dt, y[net_OUTPUTS];
    if (selftest() != 0) return 3;
    net_init(&s);
    while (fread(x, sizeof x, 1, stdin) == 1 && fread(&dt, sizeof dt, 1, stdin) == 1) {
        if (net_step(&s, x, dt, y) != 0) return 1;
        if (fwrite(y, sizeof y, 1, stdout) != 1) return 2;
    }
    return 0;
}
`

// exact compiles an export in fixed point and demands that it gives along so many rows what the model in Go gives, to the bit.
func exact(t *testing.T, cc string, flags []string, m *model.Model, a export.Arithmetic, data []series.Series, rows int) (p *export.Printed) {
	t.Helper()
	p, err := export.C(m, export.Options{Name: "net", Arithmetic: a, Calibration: data})
	if err != nil {
		t.Fatal(err)
	}
	number := map[export.Arithmetic]string{export.Int8: "float", export.Q15: "int32_t"}[a]
	program := build(t, cc, flags, p.Files, export.File{Name: "main.c", Data: fmt.Appendf(nil, wordDriver, number)})
	readByClang(t, filepath.Dir(program))
	for _, u := range undefined(t, cc, filepath.Dir(program)) {
		t.Errorf("it calls %s", u)
	}
	f, err := export.NewFixed(m, a, data)
	if err != nil {
		t.Fatal(err)
	}
	var in, want bytes.Buffer
	put := func(b *bytes.Buffer, v any) { _ = binary.Write(b, binary.LittleEndian, v) }
	x, dt := export.Golden(m.Schema(), rows, m.MaxStep())
	for row := range x {
		if a == export.Q15 {
			words, d := f.Words(x[row], dt[row])
			put(&in, words)
			put(&in, d)
			put(&want, f.StepWords(words, d))
			continue
		}
		put(&in, x[row])
		put(&in, dt[row])
		y, err := f.Step(x[row], dt[row])
		if err != nil {
			t.Fatal(err)
		}
		put(&want, y)
	}
	cmd := exec.Command(program)
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stderr = &in, &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v (3 is the self-test)\n%.3000s", err, errs.String())
	}
	if !bytes.Equal(out, want.Bytes()) {
		for k := range out {
			if out[k] != want.Bytes()[k] {
				t.Fatalf("value %d differs", k/4)
			}
		}
	}
	return p
}

// unbounded are the presets whose states grow without end along drawn data, with the weights that they begin with: an equation
// without decay, and oscillators whose steps are uneven.
var unbounded = map[string]bool{"node-32": true, "dlinoss-imex-64": true, "linoss-imex-64": true}

// farthest is what all others stay within of single precision, in deviations of the target or of probabilities, but for presets
// that have ceilings of their own: the resonances of dlinoss-64 amplify what rounded weights leave, the gates of phasedlstm-32
// open and close by the phase of a time that is rounded, with words of any weights, and of lru-64 and tcn-32 eight bits leave more.
var farthest = map[export.Arithmetic]float64{export.Int8: 0.03, export.Q15: 0.005}

var farther = map[string]map[export.Arithmetic]float64{
	"dlinoss-64":    {export.Int8: 1.2, export.Q15: 0.1},
	"phasedlstm-32": {export.Int8: 0.02, export.Q15: 0.02},
	"lru-64":        {export.Int8: 0.06, export.Q15: 0.005},
	"tcn-32":        {export.Int8: 0.07, export.Q15: 0.005},
}

// TestFixedPointInClang compiles what differs most with a second compiler, half of it in each arithmetic.
func TestFixedPointInClang(t *testing.T) {
	clang := clangWithSanitizers(t)
	export.Drifts(t, 100)
	for k, name := range secondCompiler {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := cell.LookupPreset(name)
			if err != nil {
				t.Fatal(err)
			}
			m := preset(t, p, sensors([]int{0, 2, 3}[k%3]))
			exact(t, clang, sanitized, m, []export.Arithmetic{export.Int8, export.Q15}[k/2%2], drawn(m, 60), 60)
		})
	}
}

// TestPresetsInFixedPoint: every preset is the same in C and in Go, to the bit: in both arithmetics the first of each cell, in one of
// them by turns the others.
func TestPresetsInFixedPoint(t *testing.T) {
	gcc := compiler(t, "gcc", "gcc")
	export.Drifts(t, 500)
	first := map[string]bool{}
	for _, p := range cell.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			k := turn(p.Name)
			kind := fmt.Sprintf("%T", p.Cell)
			known := first[kind]
			if known && !require.All() {
				t.Skip("only the first preset of a cell, for time; ELEGANS_REQUIRE_ALL=1 takes all")
			}
			first[kind] = true
			t.Parallel()
			m := preset(t, p, sensors([]int{0, 2, 3}[k/2%3]))
			both := []export.Arithmetic{export.Int8, export.Q15}
			if m.Adaptive() {
				var no *export.RefusedError
				if _, err := export.NewFixed(m, both[k%2], drawn(m, 10)); !errors.As(err, &no) {
					t.Errorf("%v", err)
				}
				return
			}
			inFixedPoint(t, p.Name, both[k%2], exact(t, gcc, sanitized, m, both[k%2], drawn(m, 120), 300))
			if !known {
				a := both[(k+1)%2]
				inFixedPoint(t, p.Name, a, exact(t, gcc, strict, m, a, drawn(m, 120), 60))
			}
		})
	}
}

// turn tells the turn of a preset by its name alone, so that one more takes no other's.
func turn(name string) int {
	h := fnv.New32a()
	h.Write([]byte(name))
	return int(h.Sum32() & math.MaxInt32)
}

// inFixedPoint demands that an export warns where it should, and that it is as near to single precision as others are.
func inFixedPoint(t *testing.T, name string, a export.Arithmetic, printed *export.Printed) {
	t.Helper()
	d, most := printed.Drift[len(printed.Drift)-1], farthest[a]
	if own, ok := farther[name]; ok {
		most = own[a]
	}
	if grows := unbounded[name]; grows != (len(printed.Warnings) > 0) {
		t.Errorf("in %s it warns: %q", a, printed.Warnings)
	} else if !grows && !(d.Max <= most) {
		t.Errorf("in %s it differs by %.2g within %d steps; at most %g is usual", a, d.Max, d.Steps, most)
	}
	t.Logf("%s in %s: %d bytes of constants, %d of state, %d on the stack; after %d steps it differs by %.2g, rms %.2g", name, a, printed.Constants, printed.State, printed.Scratch, d.Steps, d.Max, d.RMS)
}
