// Package export prints a trained model as source that needs nothing of elegans: no runtime, no heap, memory known before
// it is compiled. What is printed is the model's step program (step.Program), operation by operation, so that a new cell is
// exported by existing:
//
//	fold    sub-steps that repeat become loops                         fold.go
//	plan    the order of what is computed, in fused chains of rows     plan.go, chain.go
//	place   where each value stands                                    place.go
//	print   one walk for all languages                                 writer.go, syntax.go
//	        in single precision                                        floats.go, structured.go; c_rules.go, c_math.go; go_rules.go, go_math.go
//	        in fixed point                                             fixed_writer.go; fixed_rules.go, fixed_math.go
//	tell    flash, memory, stack and cycles by target                  targets.go, work.go
//
// In fixed point the plan is run before it is printed, in float64 along calibration data, which gives ranges (calibrate.go,
// fixed_forms.go), and in words (fixed_model.go), which gives the error.
//
// The first three are the same for every target. They are not those of the engine: that one plans for lanes, chunks of
// times and the way back, with sub-steps one after the other; here there is one row, and what counts is small code.
//
// What depends on parameters only is computed here, once, in float64, and rounded to single precision: it becomes tables.
//
// Besides C, targets are Go (go.go), WebAssembly (wasm.go: what is printed in Go, compiled) and ONNX
// (onnx.go, onnx_rules.go), which prints the program as it is, since a runtime plans its graphs itself.
package export

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
)

// Options say how a model is printed.
type Options struct {
	// Name begins the names of all files and identifiers: a letter, then up to 30 letters, digits and underscores.
	Name string
	// Arithmetic is that of C; Float32 where it is empty.
	Arithmetic Arithmetic
	// Learning is how the linear readout of C goes on learning on the device; nothing if empty. It needs Float32.
	Learning Learning
	// RLS are the options of that.
	RLS online.RLSOptions
	// Calibration are series like those that the model will meet, from which fixed point takes its ranges, and along which its
	// error is measured. Only fixed point needs them.
	Calibration []series.Series
	// Bound is what a model in fixed point may differ by from single precision along Drift; 0 is any. See Drift.
	Bound float64
}

// File is one of the files of an export. Its name is without directory.
type File struct {
	Name string
	Data []byte
}

// Printed is an exported model: its files, and what it takes, in bytes and per step.
type Printed struct {
	Files []File
	// Constants are the tables. State is what the caller keeps, Scratch what a step needs on the stack besides what the compiler
	// adds.
	Constants, State, Scratch int
	// Operations of a step, as step.Program.FLOPs counts them; of one part, where a long row is taken in parts.
	Operations float64
	// Work is what Operations are made of, by kind.
	Work Work
	// Drift is the error of fixed point, and Warnings say where it has a reason in the model.
	Drift    []Drift
	Warnings []string
}

// RefusedError says why a model cannot be exported.
type RefusedError struct{ Reason string }

// Error is one line with the reason.
func (e *RefusedError) Error() string { return e.Reason }

func refused(format string, args ...any) error { return &RefusedError{fmt.Sprintf(format, args...)} }

// NameError says why a name cannot begin files and identifiers.
type NameError struct{ Name, Reason string }

// Error is one line with the fix.
func (e *NameError) Error() string {
	instead := Name(e.Name)
	if instead == e.Name {
		instead += "_model"
	}
	return fmt.Sprintf("name %q: %s; give a letter, then up to 30 letters, digits and underscores, such as %q", e.Name, e.Reason, instead)
}

const longestName = 31

var identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// devices are names that some systems keep for devices, whatever stands after the dot.
var devices = []string{"con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"}

// CheckName tells whether a name can begin files and identifiers. Every identifier goes on after it with an underscore, so
// that none is a reserved word. The error is a *NameError.
func CheckName(name string) error {
	switch {
	case !identifier.MatchString(name):
		return &NameError{name, "is no identifier"}
	case len(name) > longestName:
		return &NameError{name, fmt.Sprintf("is %d characters long", len(name))}
	case slices.Contains(devices, strings.ToLower(name)):
		return &NameError{name, "is a device on some systems"}
	}
	return nil
}

// Name makes a name from any text, such as that of a model file.
func Name(text string) string {
	name := clean(text)
	name = strings.Trim(name[:min(len(name), longestName-2)], "_")
	if name == "" || !identifier.MatchString(name) || slices.Contains(devices, strings.ToLower(name)) {
		name = strings.TrimSuffix("m_"+name, "_")
	}
	return name
}

// clean leaves letters, digits and underscores of a text, so that it can stand in a name or a comment.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, text)
}

// exportable tells whether a model can be stepped row by row in steps that are known before.
func exportable(m *model.Model) error {
	if err := m.Causal(); err != nil {
		return &RefusedError{err.Error()}
	}
	if m.Adaptive() {
		return refused("the solver takes a row in as many steps as its error asks, so that neither time nor memory of a step is known before; " +
			"train the cell with a method of fixed steps, such as rk4")
	}
	return nil
}
