package export_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// strict are the flags that printed code compiles under without a word.
var strict = []string{"-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wpedantic", "-Werror"}

var sanitized = append([]string{"-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}, strict...)

// compiler is a C compiler of this machine, or the test ends.
func compiler(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		require.Missing(t, "no %s; on Debian it is in the package %s", name, debian)
	}
	return path
}

// sensors is a schema with everything that a head has: scaled and clipped numbers, one that is held, a mask, a category.
func sensors(classes int) series.Schema {
	s := series.Schema{
		Inputs: []series.Input{
			{Name: "temp */", Kind: series.Numeric, Mean: 20.5, SD: 1.7},
			{Name: "co2", Kind: series.Numeric, Mean: 600, SD: 300, Clip: 3, Missing: true, Hold: true, Impute: 450, Mask: true, Since: true},
			{Name: "mode", Kind: series.Category, Levels: []string{series.Other, "day", "night"}, SD: 1},
		},
		Target: series.Target{Name: "load", Task: series.Regress, Mean: 3, SD: 2.5},
		Clock:  series.Clock{Kind: series.Elapsed, Column: "t", Unit: 60, FirstDT: 1},
	}
	if classes > 0 {
		s.Target = series.Target{Name: "state", Task: series.Classify}
		for k := range classes {
			s.Target.Classes = append(s.Target.Classes, fmt.Sprint("class ", k))
		}
	}
	return s
}

func preset(t *testing.T, p cell.Preset, s series.Schema) *model.Model {
	t.Helper()
	l := model.Layer{Cell: p.Cell}
	if p.Wiring != nil {
		l.Wiring = p.Wiring(s.Target.Width())
	}
	m, err := model.New(s, l)
	if err != nil {
		t.Fatal(err)
	}
	return m.Initial(7)
}

// build writes an export into a directory of its own and compiles some of its files, with others.
func build(t *testing.T, cc string, flags []string, files []export.File, main ...export.File) (program string) {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"-o", filepath.Join(dir, "program")}, flags...)
	for _, f := range append(files, main...) {
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, ".c") && (main == nil || !strings.HasSuffix(f.Name, "_selftest.c")) {
			args = append(args, path)
		}
	}
	if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%.4000s", cc, err, out)
	}
	return filepath.Join(dir, "program")
}

// driver steps a model from states that it is given, one after the other.
const driver = `#include <stdio.h>
#include "net.h"

int main(void) {
    net_state s;
    float x[net_INPUTS], dt, y[net_OUTPUTS], *h = (float *)&s;
    while (fread(h, sizeof(float), net_STATES, stdin) == net_STATES && fread(x, sizeof x, 1, stdin) == 1 && fread(&dt, sizeof dt, 1, stdin) == 1) {
        if (net_step(&s, x, dt, y) != 0) return 1;
        if (fwrite(y, sizeof y, 1, stdout) != 1 || fwrite(h, sizeof(float), net_STATES, stdout) != net_STATES) return 2;
    }
    return 0;
}
`

// ulps is how far a is from b in units in the last place of b or of a value of the given size, whichever is larger.
func ulps(a, b, size float32) float64 {
	if a == b || a != a && b != b {
		return 0
	}
	v := float32(max(math.Abs(float64(b)), math.Abs(float64(size)), 0x1p-126))
	return math.Abs(float64(a)-float64(b)) / float64(math.Nextafter32(v, float32(math.Inf(1)))-v)
}

// floats are the numbers of a state in a snapshot, which stand at its end before the checksum.
func floats(b []byte) []float32 {
	list := make([]float32, len(b)/4)
	for k := range list {
		list[k] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:]))
	}
	return list
}

// compare steps a program along a series, each time from the state that the engine has there, and gives the largest
// difference in units in the last place of the largest component of the state or output.
func compare(t *testing.T, m *model.Model, program string, rows int) float64 {
	t.Helper()
	x, dt := export.Golden(m.Schema(), rows, m.MaxStep())
	s, width := m.Stream(), m.Program().StateWidth()
	var in bytes.Buffer
	var want []float32
	sizes := make([]int, 0, rows)
	for row := range x {
		snapshot := s.Snapshot()
		in.Write(snapshot[len(snapshot)-4-4*width : len(snapshot)-4])
		for _, v := range append(append([]float32(nil), x[row]...), dt[row]) {
			in.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
		}
		y, err := s.Step(x[row], dt[row])
		if err != nil {
			t.Fatal(err)
		}
		snapshot = s.Snapshot()
		want = append(append(want, y...), floats(snapshot[len(snapshot)-4-4*width:len(snapshot)-4])...)
		sizes = append(sizes, len(y))
	}
	cmd := exec.Command(program)
	cmd.Stdin = &in
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%.2000s", err, errs.String())
	}
	got := floats(out.Bytes())
	if len(got) != len(want) {
		t.Fatalf("%d values, not %d", len(got), len(want))
	}
	worst := 0.0
	for k := 0; k < len(got); {
		for _, n := range []int{sizes[0], width} {
			size := float32(0)
			for _, v := range want[k : k+n] {
				size = max(size, float32(math.Abs(float64(v))))
			}
			for q := range n {
				worst = max(worst, ulps(got[k+q], want[k+q], size))
			}
			k += n
		}
	}
	return worst
}

// bound is what a step may differ by, in units in the last place of the largest component.
const bound = 16

func TestPresetsInC(t *testing.T) {
	gcc := compiler(t, "gcc", "gcc")
	for k, p := range cell.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			m := preset(t, p, sensors([]int{0, 2, 3}[k%3])) // values, and up to 3 classes
			files, err := export.C(m, export.Options{Name: "net"})
			if err != nil {
				if _, ok := err.(*export.RefusedError); ok && m.Adaptive() {
					t.Logf("refused: %v", err)
					return
				}
				t.Fatal(err)
			}
			if out, err := exec.Command(build(t, gcc, sanitized, files)).CombinedOutput(); err != nil {
				t.Errorf("self-test: %v\n%.2000s", err, out)
			}
			program := build(t, gcc, append([]string{"-O2"}, strict...), files, export.File{Name: "main.c", Data: []byte(driver)})
			worst := compare(t, m, program, 40)
			t.Logf("%.1f ulp", worst)
			if !(worst <= bound) {
				t.Errorf("a step differs by %.1f ulp; at most %d is said", worst, bound)
			}
		})
	}
}
