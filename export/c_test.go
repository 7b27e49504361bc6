package export_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
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

// build writes an export into a directory of its own and compiles it with its self-test, or with another main.
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

// driver runs the self-test, and then steps a model from states that it is given, one after the other.
const driver = `#include <stdio.h>
#define main selftest
#include "net_selftest.c"
#undef main

int main(void) {
    net_state s;
    float x[net_INPUTS], dt, y[net_OUTPUTS], *h = (float *)&s;
    if (selftest() != 0) return 3;
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
// difference in units in the last place of the largest component of the state or output, of which raw units have the mean
// and deviation that they were scaled by.
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
		t.Fatalf("%v (3 is the self-test)\n%.2000s", err, errs.String())
	}
	got := floats(out.Bytes())
	if len(got) != len(want) {
		t.Fatalf("%d values, not %d", len(got), len(want))
	}
	worst := 0.0
	for k := 0; k < len(got); {
		for part, n := range []int{sizes[0], width} {
			size := float32(0)
			if target := m.Schema().Target; part == 0 && target.Task == series.Regress {
				size = float32(math.Abs(target.Mean) + target.SD)
			}
			for _, v := range want[k : k+n] {
				size = max(size, float32(math.Abs(float64(v))))
			}
			for q := range n {
				if u := ulps(got[k+q], want[k+q], size); u > worst {
					worst = u
					if u > bound {
						t.Logf("row %d, part %d, component %d: %g, not %g (largest %g): %.1f ulp", k/(sizes[0]+width), part, q, got[k+q], want[k+q], size, u)
					}
				}
			}
			k += n
		}
	}
	return worst
}

// bound is what a row may differ by, in units in the last place of the largest component. Most presets stay within 3, all but
// one within 10; dlinoss-imex-64 takes a long row in three steps, and its oscillations grow where steps are uneven.
const bound = 32

func TestPresetsInC(t *testing.T) {
	gcc := compiler(t, "gcc", "gcc")
	first := map[string]bool{}
	for k, p := range cell.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			if kind := fmt.Sprintf("%T", p.Cell); first[kind] && !require.All() {
				t.Skip("only the first preset of a cell, for time; ELEGANS_REQUIRE_ALL=1 takes all")
			} else {
				first[kind] = true
			}
			t.Parallel()
			m := preset(t, p, sensors([]int{0, 2, 3}[k%3]))
			printed, err := export.C(m, export.Options{Name: "net"})
			var no *export.RefusedError
			if errors.As(err, &no) && m.Adaptive() {
				t.Logf("refused: %v", err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checked(t, gcc, m, printed.Files)
		})
	}
}

// TestStacksInC: everything that can stand around cells.
func TestStacksInC(t *testing.T) {
	gcc := compiler(t, "gcc", "gcc")
	for _, s := range stacks(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			printed, err := export.C(s.m, export.Options{Name: "net"})
			if err != nil {
				t.Fatal(err)
			}
			checked(t, gcc, s.m, printed.Files)
		})
	}
}

// secondCompiler are the presets that run as clang compiles them too; it reads all others.
var secondCompiler = []string{"ltc-ncp19", "cfc-dense", "transformer-time-32", "phasedlstm-32"}

// clangWithSanitizers is clang, where it has all that the flags ask for.
func clangWithSanitizers(t *testing.T) string {
	t.Helper()
	clang := compiler(t, "clang", "clang")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "empty.c"), []byte("int main(void) { return 0; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(clang, append(slices.Clone(sanitized), "empty.c")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		require.Missing(t, "clang without its sanitizers; on Debian they are in the package libclang-rt-14-dev: %.300s", out)
	}
	return clang
}

// readByClang has clang warn of what stands in net.c and its self-test, without making code of it.
func readByClang(t *testing.T, dir string) {
	t.Helper()
	clang := compiler(t, "clang", "clang")
	cmd := exec.Command(clang, append(slices.Clone(strict), "-fsyntax-only", "net.c", "net_selftest.c")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("clang: %v\n%.4000s", err, out)
	}
}

// TestPresetsInClang runs what differs most as a second compiler makes it.
func TestPresetsInClang(t *testing.T) {
	clang := clangWithSanitizers(t)
	for _, name := range secondCompiler {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := cell.LookupPreset(name)
			if err != nil {
				t.Fatal(err)
			}
			m := preset(t, p, sensors(2))
			printed, err := export.C(m, export.Options{Name: "net"})
			if err != nil {
				t.Fatal(err)
			}
			checked(t, clang, m, printed.Files)
		})
	}
}

// checked compiles an export without a warning, runs its self-test under sanitizers and compares it with the engine step by
// step, and demands that it calls nothing.
func checked(t *testing.T, cc string, m *model.Model, files []export.File) {
	t.Helper()
	program := build(t, cc, sanitized, files, export.File{Name: "main.c", Data: []byte(driver)})
	for _, u := range undefined(t, cc, filepath.Dir(program)) {
		t.Errorf("it calls %s", u)
	}
	readByClang(t, filepath.Dir(program))
	for _, f := range files[:2] {
		if table := elsewhere.Find(f.Data); table != nil {
			t.Errorf("%s has constants that do not stand in net_ROM: %s", f.Name, table)
		}
	}
	worst := compare(t, m, program, 40)
	t.Logf("%.1f ulp", worst)
	if !(worst <= bound) {
		t.Errorf("a step differs by %.1f ulp; at most %d is said", worst, bound)
	}
}

// elsewhere finds constants that would stand in memory where net_ROM is program memory.
var elsewhere = regexp.MustCompile(`(?m)^ *static const [a-z0-9_]+ [a-z0-9_]+(\[[A-Za-z0-9_]*\])* =.*$`)

// undefined are the symbols that net.c asks of others.
func undefined(t *testing.T, cc, dir string) []string {
	t.Helper()
	nm := compiler(t, "nm", "binutils")
	object := filepath.Join(dir, "net.o")
	if out, err := exec.Command(cc, "-std=c99", "-O3", "-fno-pic", "-c", "-o", object, filepath.Join(dir, "net.c")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(nm, "-u", object).Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(s string) bool { return s == "U" })
}

// TestSelftestBites: the self-test passes, and fails where a weight, or what is done with the state, is another, in whatever
// units the target is.
func TestSelftestBites(t *testing.T) {
	gcc := compiler(t, "gcc", "gcc")
	p, err := cell.LookupPreset("ltc-ncp19")
	if err != nil {
		t.Fatal(err)
	}
	tiny, huge := sensors(0), sensors(0)
	tiny.Target.Mean, tiny.Target.SD = 0, 1e-7
	huge.Target.Mean, huge.Target.SD = 0, 1e7
	for _, fault := range []struct {
		s        series.Schema
		old, new string
	}{
		{sensors(2), "v + h * (", "v + 1.01f * h * ("},
		{tiny, "v + h * (", "v + 1.01f * h * ("},
		{huge, "v + h * (", "v + 1.01f * h * ("},
		{sensors(2), "{ net_init(s); }", "{ s->h0[0] = 1.0f; }"},
		{sensors(2), "if (!(dt >= 0.0f", "if (!(dt < 1e9f"},
	} {
		printed, err := export.C(preset(t, p, fault.s), export.Options{Name: "net"})
		if err != nil {
			t.Fatal(err)
		}
		if err := exec.Command(build(t, gcc, []string{"-O1", "-std=c99"}, printed.Files)).Run(); err != nil {
			t.Errorf("a target of deviation %g: %v", fault.s.Target.SD, err)
		}
		wrong := slices.Clone(printed.Files)
		text := strings.Replace(string(wrong[1].Data), fault.old, fault.new, 1)
		if text == string(wrong[1].Data) {
			t.Fatalf("%q does not occur", fault.old)
		}
		wrong[1].Data = []byte(text)
		if err := exec.Command(build(t, gcc, []string{"-O1", "-std=c99"}, wrong)).Run(); err == nil {
			t.Errorf("%q in place of %q goes unnoticed", fault.new, fault.old)
		}
	}
}

// TestHeaderTells: what the numbers of categories stand for, what each output is, how long a row may be and what stands for a
// missing value, in every arithmetic.
func TestHeaderTells(t *testing.T) {
	export.Drifts(t, 20)
	s := sensors(0)
	s.Target.Quantiles = []float64{0.1, 0.9}
	m, err := model.New(s, model.Layer{Cell: cell.CTRNN{Units: 3}})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range export.Arithmetics() {
		p, err := export.C(m, export.Options{Name: "net", Arithmetic: a, Calibration: drawn(m, 20)})
		if err != nil {
			t.Fatal(err)
		}
		text := string(p.Files[0].Data)
		missing := map[export.Arithmetic]string{export.Float32: "NaN", export.Int8: "NaN", export.Q15: "net_MISSING"}[a]
		for _, want := range []string{"the number of a category: 0 other, 1 day, 2 night\n", "y[0] load_quantile_0_1", "y[1] load_quantile_0_9",
			"It is at most 1500.", "or " + missing + " where it was not observed"} {
			if !strings.Contains(text, want) {
				t.Errorf("in %s %q is not said:\n%.1500s", a, want, text)
			}
		}
	}
}

// TestRefusals: what cannot be exported says why.
func TestRefusals(t *testing.T) {
	s := sensors(2)
	l := model.Liquid(cell.LTC{}, wiring.Auto(8, 1))
	both := l
	both.Block.Bidirectional = true
	m, err := model.New(s, both)
	if err != nil {
		t.Fatal(err)
	}
	var no *export.RefusedError
	if _, err := export.C(m, export.Options{Name: "net"}); !errors.As(err, &no) || !strings.Contains(err.Error(), "bidirectional") {
		t.Errorf("bidirectional: %v", err)
	}
	if m, err = model.New(s, l); err != nil {
		t.Fatal(err)
	}
	theta := m.Params()
	theta[0] = float32(math.Inf(1))
	if _, err := export.C(m.With(theta), export.Options{Name: "net"}); !errors.As(err, &no) {
		t.Errorf("an infinite weight: %v", err)
	}
	var wrong *export.NameError
	for _, name := range []string{"", "a-b", "../a", "1a", "_a", "a b", "é", "nul", "COM1", strings.Repeat("a", 32), "a\n", "a/b", "a.b"} {
		if _, err := export.C(m, export.Options{Name: name}); !errors.As(err, &wrong) {
			t.Errorf("name %q: %v", name, err)
		}
		if err := export.CheckName(export.Name(name)); err != nil {
			t.Errorf("the name made of %q: %v", name, err)
		}
	}
	for _, name := range []string{"int", "while", "E", "a", strings.Repeat("a", 31)} {
		if _, err := export.C(m, export.Options{Name: name}); err != nil {
			t.Errorf("name %q: %v", name, err)
		}
	}
}

// TestReservedNames: names that are words of the language, and hostile names in the model, compile.
func TestReservedNames(t *testing.T) {
	gcc := compiler(t, "gcc", "gcc")
	s := sensors(2)
	s.Inputs[0].Name, s.Inputs[1].Name = "a */ int main(void) { return 9; } /*", "??/\n#error"
	s.Inputs[2].Name = "TEMP_P@2"
	s.Target.Name, s.Target.Classes = "*/ #error", []string{"\"", "*/"}
	m, err := model.New(s, model.Liquid(cell.LTC{}, wiring.Auto(8, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"int", "while", "main", "P"} {
		printed, err := export.C(m, export.Options{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(build(t, gcc, strict, printed.Files)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if !strings.Contains(string(printed.Files[0].Data), "TEMP_P_2") {
			t.Errorf("%s: the name of an input is not as it was:\n%s", name, printed.Files[0].Data)
		}
	}
}

// Of the LTC on a neural circuit policy of 19 neurons, on a Cortex-M4F: flash for code, helpers and weights, and memory for
// state, scratch and stack, in bytes.
const flash, memory = 4096, 512

func TestSizeOnCortexM4(t *testing.T) {
	arm, size := compiler(t, "arm-none-eabi-gcc", "gcc-arm-none-eabi"), compiler(t, "arm-none-eabi-size", "binutils-arm-none-eabi")
	p, err := cell.LookupPreset("ltc-ncp19")
	if err != nil {
		t.Fatal(err)
	}
	s := series.Plain(5) // as many inputs as the occupancy data have
	for k := range s.Inputs {
		s.Inputs[k].Mean, s.Inputs[k].SD = float64(k), float64(k+2)
	}
	s.Target = series.Target{Name: "occupied", Task: series.Classify, Classes: []string{"0", "1"}}
	printed, err := export.C(preset(t, p, s), export.Options{Name: "net"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range printed.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(arm, append([]string{"-Os", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-ffreestanding",
		"-fstack-usage", "-c", "net.c"}, strict...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(size, filepath.Join(dir, "net.o")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var text, data, bss int
	lines := strings.Split(string(out), "\n")
	if _, err := fmt.Sscan(lines[1], &text, &data, &bss); err != nil {
		t.Fatal(err)
	}
	stack := deepest(t, filepath.Join(dir, "net.su"))
	ram := 19*4 + data + bss + stack
	t.Logf("flash %d bytes, of which %d are tables; memory %d bytes, of which the stack is %d", text+data, printed.Constants, ram, stack)
	if printed.State != 19*4 || printed.Constants >= text || printed.Scratch >= stack {
		t.Errorf("%d bytes of constants, %d of state and %d of scratch memory are said", printed.Constants, printed.State, printed.Scratch)
	}
	if text+data > flash || ram > memory {
		t.Errorf("flash %d bytes, memory %d; at most %d and %d are allowed", text+data, ram, flash, memory)
	}
}

// deepest adds up what all functions of a file take of the stack: more than any calls of them can.
func deepest(t *testing.T, path string) (sum int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		n := 0
		if _, err := fmt.Sscan(fields[1], &n); err != nil || fields[2] != "static" {
			t.Fatalf("%q: %v", line, err)
		}
		sum += n
	}
	if sum == 0 {
		t.Fatal("no function takes any stack")
	}
	return sum
}
