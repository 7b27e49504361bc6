package export_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/export"
)

// boards are what qemu emulates: processors without and with floating point in hardware.
var boards = []struct {
	name, machine string
	flags         []string
}{
	{"Cortex-M0", "microbit", []string{"-mcpu=cortex-m0", "-mthumb", "-mfloat-abi=soft"}},
	{"Cortex-M4F", "mps2-an386", []string{"-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"}},
	{"Cortex-M7", "mps2-an500", []string{"-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16"}},
}

// TestOnCortexM runs self-tests on emulated boards, and one with a planted fault.
func TestOnCortexM(t *testing.T) {
	arm, qemu := compiler(t, "arm-none-eabi-gcc", "gcc-arm-none-eabi"), compiler(t, "qemu-system-arm", "qemu-system-arm")
	for _, name := range []string{"ltc-ncp19", "cfc-ncp19", "gru-32"} {
		p, err := cell.LookupPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		printed, err := export.C(preset(t, p, sensors(2)), export.Options{Name: "net"})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range boards {
			if code := emulate(t, qemu, b.machine, bare(t, arm, b.flags, printed.Files)); code != 0 {
				t.Errorf("%s on a %s: the self-test ends with %d", name, b.name, code)
			}
		}
		printed.Files[1].Data = []byte(strings.Replace(string(printed.Files[1].Data), "dt >= 0.0f", "dt < 9.0f", 1))
		if code := emulate(t, qemu, boards[1].machine, bare(t, arm, boards[1].flags, printed.Files)); code != 3 {
			t.Errorf("%s: with a planted fault the self-test ends with %d, not 3", name, code)
		}
	}
}

// bare builds a program that needs no operating system and no library but the compiler's own.
func bare(t *testing.T, arm string, flags []string, files []export.File) string {
	t.Helper()
	fixtures, err := filepath.Abs(filepath.Join("testdata", "arm"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := append([]string{"-Os", "-nostdlib", "-ffreestanding", "-T", filepath.Join(fixtures, "link.ld"), "-o", "program", "net.c", "net_selftest.c",
		filepath.Join(fixtures, "start.c")}, append(append([]string(nil), strict...), flags...)...)
	cmd := exec.Command(arm, append(args, "-lgcc")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "program")
}

// emulate runs a program on a machine and gives its exit code. One that hangs is ended.
func emulate(t *testing.T, qemu, machine, program string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, qemu, "-M", machine, "-display", "none", "-monitor", "none", "-serial", "none",
		"-semihosting-config", "enable=on,target=native", "-kernel", program)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil || err != nil && cmd.ProcessState == nil {
		t.Fatalf("%s: %v\n%s", machine, err, out)
	}
	return cmd.ProcessState.ExitCode()
}
