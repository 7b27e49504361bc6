package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Target is a processor that printed C can be compiled for.
type Target struct {
	Name string
	// Compiler is its C compiler, and Flags what it is told of the processor, and to make small code.
	Compiler string
	Flags    []string
	// code is what the code takes besides constants, in bytes, as gcc 12 compiles the LTC of the preset ltc-ncp19 on the built-in
	// data set: what an estimate adds to the constants of another model.
	code map[Arithmetic]int
}

// Targets are those that are reported on.
func Targets() []Target {
	arm := func(more ...string) []string { return append([]string{"-mthumb"}, more...) }
	return []Target{
		{"Cortex-M0", "arm-none-eabi-gcc", arm("-mcpu=cortex-m0", "-mfloat-abi=soft"), map[Arithmetic]int{Float32: 1100, Int8: 2064, Q15: 1890}},
		{"Cortex-M4F", "arm-none-eabi-gcc", arm("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"), map[Arithmetic]int{Float32: 980, Int8: 1950, Q15: 1768}},
		{"RV32IMAC", "riscv64-unknown-elf-gcc", []string{"-march=rv32imac", "-mabi=ilp32"}, map[Arithmetic]int{Float32: 1707, Int8: 2699, Q15: 2393}},
		{"AVR", "avr-gcc", []string{"-mmcu=atmega1284p"}, map[Arithmetic]int{Float32: 2854, Int8: 6776, Q15: 6470}},
	}
}

// Footprint is what an export takes on a target. Flash and stack are measured where the compiler is there: the code and
// constants of NAME.c without what the compiler's own library adds (numbers in software, 64 bits), and what its functions take
// of the stack together. Else they are estimated.
type Footprint struct {
	Target   string `json:"target"`
	Measured bool   `json:"measured"`
	Flash    int    `json:"flash_bytes"`
	RAM      int    `json:"ram_bytes"` // state and stack
	Stack    int    `json:"stack_bytes"`
}

// Footprints compiles an export for all targets. The error is that of a compiler that is there and fails.
func Footprints(ctx context.Context, p *Printed, a Arithmetic) (list []Footprint, err error) {
	if a == "" {
		a = Float32
	}
	for _, t := range Targets() {
		f := Footprint{Target: t.Name, Flash: p.Constants + t.code[a], Stack: p.Scratch + 100}
		if cc, err := exec.LookPath(t.Compiler); err == nil {
			if err := f.measure(ctx, t, cc, p.Files); err != nil {
				return nil, err
			}
		}
		f.RAM = p.State + f.Stack
		list = append(list, f)
	}
	return list, nil
}

// measure compiles NAME.c and looks at the object.
func (f *Footprint) measure(ctx context.Context, t Target, cc string, files []File) error {
	dir, err := os.MkdirTemp("", "elegans-export")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	source := ""
	for _, one := range files {
		if strings.HasSuffix(one.Name, ".c") && !strings.HasSuffix(one.Name, "_selftest.c") {
			source = one.Name
		}
		if err := os.WriteFile(filepath.Join(dir, one.Name), one.Data, 0o600); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	args := slices.Concat([]string{"-std=c99", "-Os", "-ffreestanding", "-fstack-usage", "-c", "-o", "net.o"}, t.Flags, []string{source})
	cmd := exec.CommandContext(ctx, cc, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not compile %s: %w\n%.300s", t.Compiler, source, err, out)
	}
	out, err := exec.CommandContext(ctx, strings.TrimSuffix(cc, "gcc")+"size", filepath.Join(dir, "net.o")).Output()
	if err != nil {
		return fmt.Errorf("%ssize: %w", strings.TrimSuffix(t.Compiler, "gcc"), err)
	}
	text, data, bss := 0, 0, 0
	if _, rest, ok := strings.Cut(string(out), "\n"); !ok {
		return errors.New("size says nothing")
	} else if _, err := fmt.Sscan(rest, &text, &data, &bss); err != nil {
		return fmt.Errorf("size says %q", rest)
	}
	usage, err := os.ReadFile(filepath.Join(dir, "net.su"))
	if err != nil {
		return err
	}
	f.Measured, f.Flash, f.Stack = true, text+data, stackOf(string(usage))
	return nil
}

// stackOf adds up what all functions of a file take of the stack, as gcc lists it: more than any calls of them can.
func stackOf(usage string) (sum int) {
	for l := range strings.Lines(usage) {
		fields, n := strings.Split(strings.TrimSpace(l), "\t"), 0
		if len(fields) > 1 {
			if _, err := fmt.Sscan(fields[1], &n); err == nil {
				sum += n
			}
		}
	}
	return sum
}
