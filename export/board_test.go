package export_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/export"
)

// board is an emulated machine and what a program for it is compiled with.
type board struct {
	name, machine string
	flags         []string
}

// boards are processors without and with floating point in hardware.
var boards = []board{
	{"Cortex-M0", "microbit", []string{"-mcpu=cortex-m0", "-mthumb", "-mfloat-abi=soft"}},
	{"Cortex-M4F", "mps2-an386", []string{"-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"}},
	{"Cortex-M7", "mps2-an500", []string{"-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16"}},
}

// TestOnCortexM runs self-tests on emulated boards, and one with a planted fault.
func TestOnCortexM(t *testing.T) {
	arm, qemu := compiler(t, "arm-none-eabi-gcc", "gcc-arm-none-eabi"), compiler(t, "qemu-system-arm", "qemu-system-arm")
	for _, b := range boards {
		onBoard(t, b.name, func(files []export.File) int { return emulate(t, qemu, b.machine, bare(t, arm, "arm", b.flags, files)) })
	}
}

// TestOnRISCV does so on a RISC-V without floating point.
func TestOnRISCV(t *testing.T) {
	gcc, qemu := compiler(t, "riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf"), compiler(t, "qemu-system-riscv32", "qemu-system-misc")
	flags := []string{"-march=rv32imac", "-mabi=ilp32"}
	onBoard(t, "RISC-V", func(files []export.File) int { return emulate(t, qemu, "virt", bare(t, gcc, "riscv", flags, files)) })
}

// TestOnAVR does so on an ATmega1284P, whose constants stand in program memory, and whose int has 16 bits.
func TestOnAVR(t *testing.T) {
	gcc, simavr := compiler(t, "avr-gcc", "gcc-avr and avr-libc"), compiler(t, "simavr", "simavr")
	onBoard(t, "AVR", func(files []export.File) int {
		dir, args := written(t, files), []string{"-Os", "-mmcu=atmega1284p", "-I.", "-o", "program", "net.c", fixture(t, "avr", "start.c")}
		compiled(t, dir, gcc, append(args, without(strict, "-Wpedantic", "-Wdouble-promotion")...)) // its headers are not, and double is float
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, simavr, "-m", "atmega1284p", "-f", "16000000", filepath.Join(dir, "program")).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		digit := regexp.MustCompile(`(\d)\.+`).FindSubmatch(out) // the emulator prints a line and a dot for its end
		if digit == nil {
			t.Fatalf("it sent no code: %q", out)
		}
		return int(digit[1][0] - '0')
	})
}

// onBoard demands that self-tests pass where run runs them, and that one with a planted fault does not.
func onBoard(t *testing.T, where string, run func(files []export.File) int) {
	t.Helper()
	export.Drifts(t, 100)
	for _, c := range []struct {
		name       string
		arithmetic export.Arithmetic
		learning   export.Learning // of a number
		old, new   string          // a fault
	}{
		{"ltc-ncp19", export.Float32, "", "dt >= 0.0f", "dt < 9.0f"},
		{"gru-32", export.Float32, export.RLS, "", ""},
		{"ltc-ncp19", export.Int8, "", "dt >= 0.0f", "dt < 9.0f"},
		{"ltc-ncp19", export.Q15, "", "dt < 0 ||", ""},
		{"grud-32", export.Q15, "", "", ""},
	} {
		p, err := cell.LookupPreset(c.name)
		if err != nil {
			t.Fatal(err)
		}
		s := sensors(2)
		if c.learning != "" {
			s = sensors(0)
		}
		m := preset(t, p, s)
		printed, err := export.C(m, export.Options{Name: "net", Arithmetic: c.arithmetic, Learning: c.learning, Calibration: drawn(m, 60)})
		if err != nil {
			t.Fatal(err)
		}
		if code := run(printed.Files); code != 0 {
			t.Errorf("%s in %s on %s: the self-test ends with %d", c.name, c.arithmetic, where, code)
		}
		if c.old == "" {
			continue
		}
		source := &printed.Files[1].Data
		*source = []byte(strings.Replace(string(*source), c.old, c.new, 1))
		if code := run(printed.Files); code != 3 {
			t.Errorf("%s in %s on %s: with a planted fault the self-test ends with %d, not 3", c.name, c.arithmetic, where, code)
		}
	}
}

func without(list []string, drop ...string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(drop, s) })
}

// fixture is the path of a file under testdata.
func fixture(t *testing.T, names ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{"testdata"}, names...)...))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// written writes files into a directory of their own.
func written(t *testing.T, files []export.File) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// compiled runs a compiler in a directory.
func compiled(t *testing.T, dir, cc string, args []string) {
	t.Helper()
	cmd := exec.Command(cc, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%.4000s", cc, err, out)
	}
}

// bare builds a program that needs no operating system and no library but the compiler's own.
func bare(t *testing.T, cc, target string, flags []string, files []export.File) string {
	t.Helper()
	dir := written(t, files)
	args := []string{"-Os", "-nostdlib", "-ffreestanding", "-T", fixture(t, target, "link.ld"), "-o", "program", "net.c", "net_selftest.c", fixture(t, target, "start.c")}
	compiled(t, dir, cc, slices.Concat(args, strict, flags, []string{"-lgcc"}))
	return filepath.Join(dir, "program")
}

// emulate runs a program on a machine and gives its exit code. One that hangs is ended.
func emulate(t *testing.T, qemu, machine, program string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, qemu, "-M", machine, "-bios", "none", "-display", "none", "-monitor", "none", "-serial", "none",
		"-semihosting-config", "enable=on,target=native", "-kernel", program)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil || err != nil && cmd.ProcessState == nil {
		t.Fatalf("%s: %v\n%s", machine, err, out)
	}
	return cmd.ProcessState.ExitCode()
}
