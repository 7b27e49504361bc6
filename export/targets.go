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
	// perOperation are instructions for each operation of a step (see step.Program.FLOPs), as counted on emulators for the LTC of
	// 19 neurons on a neural circuit policy; see docs/edge.md. Zero is not known.
	perOperation map[Arithmetic]float64
	code         map[Arithmetic]int // bytes of code besides constants, of the same
}

// Targets are those that are reported on.
func Targets() []Target {
	arm := func(more ...string) []string { return append([]string{"-mthumb"}, more...) }
	return []Target{
		{"Cortex-M0", "arm-none-eabi-gcc", arm("-mcpu=cortex-m0", "-mfloat-abi=soft"), map[Arithmetic]float64{Float32: 50, Int8: 12, Q15: 12}, map[Arithmetic]int{Float32: 3200, Int8: 2400, Q15: 1700}},
		{"Cortex-M4F", "arm-none-eabi-gcc", arm("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"), map[Arithmetic]float64{Float32: 3.5, Int8: 6, Q15: 6}, map[Arithmetic]int{Float32: 1000, Int8: 1500, Q15: 1400}},
		{"Cortex-M7", "arm-none-eabi-gcc", arm("-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-d16"), map[Arithmetic]float64{Float32: 3.5, Int8: 6, Q15: 6}, map[Arithmetic]int{Float32: 1000, Int8: 1500, Q15: 1400}},
		{"RV32IMAC", "riscv64-unknown-elf-gcc", []string{"-march=rv32imac", "-mabi=ilp32"}, map[Arithmetic]float64{Float32: 45, Int8: 8, Q15: 8}, map[Arithmetic]int{Float32: 1400, Int8: 1700, Q15: 1500}},
		{"AVR", "avr-gcc", []string{"-mmcu=atmega1284p"}, nil, map[Arithmetic]int{Float32: 3000, Int8: 4500, Q15: 4000}},
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
	// Cycles of a step are always an estimate, one for each instruction; 0 is not known.
	Cycles float64 `json:"estimated_cycles_per_step,omitempty"`
}

// Footprints compiles an export for all targets. The error is that of a compiler that is there and fails.
func Footprints(ctx context.Context, p *Printed, a Arithmetic) (list []Footprint, err error) {
	if a == "" {
		a = Float32
	}
	for _, t := range Targets() {
		f := Footprint{Target: t.Name, Cycles: t.perOperation[a] * p.Operations, Flash: p.Constants + t.code[a], Stack: p.Scratch + 100}
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
