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
	// CPI is the mean number of cycles that an instruction is taken to last where memory does not wait: an assumption, which nothing
	// here has measured; 1 on AVR, whose costs are cycles. Those of Cortex-M0 and M4F come from the instructions that one step of
	// ltc-ncp19 runs through, with cycles assumed by kind: loads and stores 2, taken branches 3, calls 3 to 4, multiply-add 3 and
	// division 14 in the M4F's unit, others 1. The M7, which starts two at once at best, and RISC-V, whose cores differ, have guesses.
	CPI map[Arithmetic]float64
	// code is what the code takes besides constants, in bytes, as gcc 12 compiles the LTC of the preset ltc-ncp19 on the built-in
	// data set: what an estimate adds to the constants of another model.
	code map[Arithmetic]int
	// Most is how many bytes of constants the processor reads, where that is less than it may have.
	Most int
	// library are the flags that link the compiler's own library and nothing that starts a program.
	library []string
}

// Targets are those that are reported on.
func Targets() []Target {
	const arm, riscv = "arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"
	bare := []string{"-nostdlib", "-lgcc"}
	cpi := func(float, fixed float64) map[Arithmetic]float64 {
		return map[Arithmetic]float64{Float32: float, Int8: fixed, Q15: fixed}
	}
	return []Target{
		{"Cortex-M0", arm, []string{"-mthumb", "-mcpu=cortex-m0", "-mfloat-abi=soft"}, cpi(1.4, 1.6), map[Arithmetic]int{Float32: 4804, Int8: 5892, Q15: 2722}, 0, bare},
		{"Cortex-M4F", arm, []string{"-mthumb", "-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"}, cpi(1.7, 1.4), map[Arithmetic]int{Float32: 980, Int8: 1894, Q15: 1704}, 0, bare},
		{"Cortex-M7", arm, []string{"-mthumb", "-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-d16"}, cpi(1, 1), map[Arithmetic]int{Float32: 980, Int8: 1898, Q15: 1704}, 0, bare},
		{"RV32IMAC", riscv, []string{"-march=rv32imac", "-mabi=ilp32"}, cpi(1.4, 1.4), map[Arithmetic]int{Float32: 5196, Int8: 5655, Q15: 2195}, 0, bare},
		{"AVR", "avr-gcc", []string{"-mmcu=atmega1284p"}, cpi(1, 1), map[Arithmetic]int{Float32: 4006, Int8: 7982, Q15: 6796}, 1 << 15, []string{"-nostartfiles", "-lm"}},
	}
}

// Footprint is what an export takes on a target. Flash and stack are measured where the compiler is there: the code and
// constants of NAME.c with what they call of the compiler's own library (numbers in software, 64 bits), and what the functions of
// NAME.c take of the stack together. Else they are estimated. Cycles are always: those of a step, of one part where a long row is
// taken in parts, by Target.Instructions and CPI, from memory that does not wait.
type Footprint struct {
	Target   string `json:"target"`
	Measured bool   `json:"measured"`
	TooLarge bool   `json:"too_large,omitempty"` // more constants than the target reads
	Flash    int    `json:"flash_bytes"`
	RAM      int    `json:"ram_bytes"` // state and stack
	Stack    int    `json:"stack_bytes"`
	Cycles   int    `json:"cycles_per_step"`
}

// Footprints compiles an export for all targets. The error is that of a compiler that is there and fails.
func Footprints(ctx context.Context, p *Printed, a Arithmetic) (list []Footprint, err error) {
	if a == "" {
		a = Float32
	}
	for _, t := range Targets() {
		f := Footprint{Target: t.Name, Flash: p.Constants + t.code[a], Stack: p.Scratch + 100, Cycles: int(t.CPI[a]*t.Instructions(a, p.Work) + 0.5)}
		f.TooLarge = t.Most > 0 && p.Constants > t.Most
		if cc, err := exec.LookPath(t.Compiler); err == nil && !f.TooLarge {
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
	args = slices.Concat(t.Flags, []string{"-Wl,-e," + strings.TrimSuffix(source, ".c") + "_step", "-o", "net.elf", "net.o"}, t.library)
	cmd = exec.CommandContext(ctx, cc, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not link %s: %w\n%.300s", t.Compiler, source, err, out)
	}
	out, err := exec.CommandContext(ctx, strings.TrimSuffix(cc, "gcc")+"size", filepath.Join(dir, "net.elf")).Output()
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
