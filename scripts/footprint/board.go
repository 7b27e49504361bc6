package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/elegans-nn/elegans/export"
)

// board is the emulator that a target's programs run on, and what they start with: a directory of export/testdata.
type board struct {
	emulator, debian string
	args             []string
	start            string
}

func qemu(program, debian, machine, serial, start string) board {
	return board{program, debian, []string{"-M", machine, "-icount", "shift=0", "-bios", "none", "-display", "none", "-monitor", "none", "-serial", serial,
		"-semihosting-config", "enable=on,target=native", "-kernel"}, start}
}

// boards are those of export.Targets. What is compiled for a Cortex-M0 runs on a larger one, which knows its instructions.
var boards = map[string]board{
	"Cortex-M0":  qemu("qemu-system-arm", "qemu-system-arm", "mps2-an386", "none", "arm"),
	"Cortex-M4F": qemu("qemu-system-arm", "qemu-system-arm", "mps2-an386", "none", "arm"),
	"Cortex-M7":  qemu("qemu-system-arm", "qemu-system-arm", "mps2-an500", "none", "arm"),
	"RV32IMAC":   qemu("qemu-system-riscv32", "qemu-system-misc", "virt", "stdio", "riscv"),
	"AVR":        {"simavr", "simavr", []string{"-m", "atmega1284p", "-f", "16000000"}, ""},
}

//go:embed program/measure.c
var measureText []byte

// counted is what one step took on a board: instructions, on AVR cycles, and bytes of the stack.
type counted struct {
	instructions float64
	stack        int
}

// lab runs printed models on boards; root is the directory of the repository, dir one of its own.
type lab struct{ root, dir string }

func newLab(root string) (*lab, error) {
	absolute, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "footprint")
	return &lab{absolute, dir}, err
}

func (l *lab) close() { os.RemoveAll(l.dir) }

// missing names the first program that the targets need and this machine does not have.
func missing() string {
	for _, t := range export.Targets() {
		for _, name := range []string{t.Compiler, boards[t.Name].emulator} {
			if _, err := exec.LookPath(name); err != nil {
				return name
			}
		}
	}
	return ""
}

// count compiles an export named net with a program that counts, and runs it.
func (l *lab) count(ctx context.Context, t export.Target, p *export.Printed, a export.Arithmetic) (c counted, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp(l.dir, "board")
	if err != nil {
		return c, err
	}
	defer os.RemoveAll(dir)
	for _, f := range append(slices.Clone(p.Files), export.File{Name: "measure.c", Data: measureText}) {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			return c, err
		}
	}
	b, number := boards[t.Name], "float"
	if a == export.Q15 {
		number = "int32_t"
	}
	args := []string{"-std=c99", "-Os", "-Wno-unused-function", "-DNUMBER=" + number, "-include", "stdint.h", "-o", "program", "net.c", "measure.c"}
	if b.start != "" {
		start := filepath.Join(l.root, "export", "testdata", b.start)
		args = append(args, "-nostdlib", "-ffreestanding", "-T", filepath.Join(start, "link.ld"), filepath.Join(start, "start.c"))
	}
	args = append(args, t.Flags...)
	if b.start != "" {
		args = append(args, "-lgcc")
	} else {
		args = append(args, "-lm")
	}
	if out, err := l.run(ctx, dir, t.Compiler, args...); err != nil {
		return c, fmt.Errorf("%s: %w\n%.2000s", t.Compiler, err, out)
	}
	out, err := l.run(ctx, dir, b.emulator, append(slices.Clone(b.args), "program")...)
	found := result.FindSubmatch(out)
	if err != nil || found == nil {
		return c, errors.Join(fmt.Errorf("%s on %s says %.300q", b.emulator, t.Name, out), err)
	}
	total, _ := strconv.ParseFloat(string(found[1]), 64)
	c.stack, _ = strconv.Atoi(string(found[2]))
	c.instructions = total / export.SelftestRows
	return c, nil
}

// result is what measure.c writes, among what emulators write.
var result = regexp.MustCompile(`=([0-9]+),([0-9]+)=`)

func (l *lab) run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	return cmd.CombinedOutput()
}
