package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/cpu"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/golden"
)

// diagnosis is what `elegans doctor` finds.
type diagnosis struct {
	Machine machine         `json:"machine"`
	Checks  []selfCheck     `json:"checks,omitempty"`
	Tools   []foundTool     `json:"tools,omitempty"`
	Files   []golden.Result `json:"files,omitempty"`
}

type machine struct {
	OS       string   `json:"os"`
	Arch     string   `json:"arch"`
	CPU      string   `json:"cpu,omitempty"` // as the system calls it; empty where it does not
	Features []string `json:"features"`
	Cores    int      `json:"cores"`
	Go       string   `json:"go"`
	Version  string   `json:"version"`
	Kernel   string   `json:"kernel"` // see engine.Instructions
}

// features of processors that kernels may be written for.
var features = []struct {
	name string
	has  func() bool
}{
	{"AVX2", func() bool { return cpu.X86.HasAVX2 }},
	{"FMA", func() bool { return cpu.X86.HasFMA }},
	{"AVX-512F", func() bool { return cpu.X86.HasAVX512F }},
	{"ASIMD", func() bool { return cpu.ARM64.HasASIMD }},
}

// tools are programs that elegans does not need; doctor says what each would be good for.
var tools = []struct{ name, purpose string }{
	{"go", "builds and tests elegans"},
	{"gcc", "lets the tests look for data races"},
	{"chromium", "lets the tests look at a report as a reader does"},
	{"node", "lets the tests run exported WebAssembly modules"},
	{"rsvg-convert", "lets the tests render drawings"},
}

type foundTool struct {
	Name    string `json:"name"`
	Path    string `json:"path"` // empty where it is not installed
	Purpose string `json:"purpose"`
}

func newDoctor(c *console) *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check that this build computes right on this machine",
		Long: fmt.Sprintf(`Check that this build computes right on this machine: the processor and its features, the kernels in use, and every
model of the registry run by the fast engine and by the exact one. Optional tools are listed too.

With --golden run golden vectors, which another implementation computed, and print the largest error of each file:
max |a - b| / (1 + |b|) over outputs, states, loss and gradients. A file passes at %g. DIR is a directory or a
single file. The exit code is 1 when a check or a file fails, or a file is incomplete or of a cell that this build does not
have; and 5 when there is none of those, but a file is damaged or no vector.`, golden.Tolerance),
		Example: "  elegans doctor\n  elegans doctor --golden vectors\n  elegans doctor --golden vectors --json",
		Args:    takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := diagnosis{Machine: describeMachine()}
			err := d.examine(cmd.Flags().Changed("golden"), dir)
			if err != nil {
				return err
			}
			if asJSON {
				err = c.json(d)
			} else {
				err = c.printDiagnosis(d)
			}
			if err != nil {
				return err
			}
			return d.verdict()
		},
	}
	cmd.Flags().StringVar(&dir, "golden", "", "`DIR` of golden vectors, in it or below it, or one file")
	addJSON(cmd, &asJSON)
	return cmd
}

func describeMachine() machine {
	m := machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: processor(), Cores: runtime.NumCPU(), Go: runtime.Version(), Version: version, Kernel: engine.Instructions(), Features: []string{}}
	for _, f := range features {
		if f.has() {
			m.Features = append(m.Features, f.name)
		}
	}
	return m
}

// processor is the name of the processor on Linux.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, name, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// examine runs golden files, or the checks that need none.
func (d *diagnosis) examine(golden bool, dir string) (err error) {
	if golden {
		d.Files, err = runGolden(dir)
		return err
	}
	for _, p := range cell.Presets() {
		d.Checks = append(d.Checks, checkPreset(p))
	}
	for _, t := range tools {
		path, _ := exec.LookPath(t.name)
		d.Tools = append(d.Tools, foundTool{t.name, path, t.purpose})
	}
	return nil
}

// runGolden runs the vectors of a directory, or one file.
func runGolden(path string) ([]golden.Result, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return golden.RunDir(path)
	}
	r, err := golden.Run(path)
	return []golden.Result{r}, err
}

// verdict is an error where anything failed: the build, or else files that say nothing about it.
func (d *diagnosis) verdict() error {
	var failed, unjudged []string
	unreadable := true // all that were not judged
	for _, f := range d.Files {
		switch {
		case !f.Judged:
			unjudged = append(unjudged, f.File)
			unreadable = unreadable && f.Unreadable
		case !f.Pass:
			failed = append(failed, f.File)
		}
	}
	for _, k := range d.Checks {
		if !k.Pass {
			failed = append(failed, "model "+k.Model)
		}
	}
	var text []string
	if len(failed) > 0 {
		text = append(text, fmt.Sprintf("%d of %d failed: %s; do not trust this build on this machine, and report its output",
			len(failed), len(d.Files)+len(d.Checks), strings.Join(failed, ", ")))
	}
	if len(unjudged) > 0 {
		text = append(text, fmt.Sprintf("%d of %d files cannot be run: %s; replace or remove them; their results say what is wrong",
			len(unjudged), len(d.Files), strings.Join(unjudged, ", ")))
	}
	switch {
	case len(failed) == 0 && len(unjudged) > 0 && unreadable:
		return &dataError{strings.Join(text, "; ")}
	case len(text) == 0:
		return nil
	}
	return &failure{strings.Join(text, "; ")}
}

func (c *console) printDiagnosis(d diagnosis) error {
	m := d.Machine
	c.print("elegans %s, %s, %s/%s, %s, processor features: %s\nkernels: %s\n", m.Version, m.Go, m.OS, m.Arch, plural(m.Cores, "core"), orNone(m.Features), m.Kernel)
	var rows [][]string
	if len(d.Checks) > 0 {
		c.print("\nfast engine against the exact one, allowed %g:\n", checkBound)
		for _, k := range d.Checks {
			rows = append(rows, []string{"  " + outcome(k.Pass), k.Model, strconv.FormatFloat(float64(k.MaxRelError), 'e', 1, 64), k.Problem})
		}
	}
	if len(d.Files) > 0 {
		c.print("\ngolden files, allowed %g:\n", golden.Tolerance)
		for _, f := range d.Files {
			problem := f.Problem
			if !f.Judged {
				problem = "cannot be run: " + problem
			}
			rows = append(rows, []string{"  " + outcome(f.Pass), f.File, f.Cell, errorText(float64(f.MaxRelError)), problem})
		}
	}
	if err := c.table(rows); err != nil {
		return err
	}
	if len(d.Tools) > 0 {
		c.print("\noptional tools:\n")
	}
	rows = nil
	for _, t := range d.Tools {
		where := t.Path
		if where == "" {
			where = "not installed"
		}
		rows = append(rows, []string{"  " + t.Name, where, t.Purpose})
	}
	return c.table(rows)
}

func outcome(pass bool) string {
	if pass {
		return "ok"
	}
	return "FAIL"
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none of those asked for"
	}
	return strings.Join(list, ", ")
}

func errorText(v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return "not finite"
	}
	return strconv.FormatFloat(v, 'e', 1, 64)
}
