package cell_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// TestPresets: each can be built for any data, says in a line what it is, and is found. That it runs, in streams as along whole
// series, and as the oracle says, is tested in internal/conform; which of them have kernels of their own, in engine.
func TestPresets(t *testing.T) {
	named, described := map[string]bool{}, map[string]bool{}
	for _, p := range cell.Presets() {
		if named[p.Name] || described[p.Summary] || !oneLine.MatchString(p.Summary) {
			t.Errorf("preset %q: its name must be new, its summary %q new and a line without a full stop", p.Name, p.Summary)
		}
		named[p.Name], described[p.Summary] = true, true
		if err := p.Cell.Check(); err != nil {
			t.Errorf("preset %s: %v", p.Name, err)
		}
		if (p.Wiring != nil) != cell.Wired(p.Cell) {
			t.Errorf("preset %s: wired is %v, but a wiring is given: %v", p.Name, cell.Wired(p.Cell), p.Wiring != nil)
		}
		for _, outputs := range []int{1, 2, 5} {
			for _, inputs := range []int{1, 5, 40} {
				built(t, p, inputs, outputs)
			}
		}
		if got, err := cell.LookupPreset(p.Name); err != nil || got.Name != p.Name {
			t.Errorf("preset %s is found as %q, %v", p.Name, got.Name, err)
		}
	}
}

// oneLine is what a summary is.
var oneLine = regexp.MustCompile(`^[^\s][^\n]{10,110}[^.\s]$`)

// built demands of a preset what every model has: a derivative, parameters, operations, as many motor neurons as outputs.
func built(t *testing.T, p cell.Preset, inputs, outputs int) {
	t.Helper()
	var spec wiring.Spec
	if p.Wiring != nil {
		spec = p.Wiring(outputs)
	}
	prog, w := program(t, p.Cell, spec, inputs)
	least := 100
	if _, ok := p.Cell.(cell.Linear); ok {
		least = 0 // its readout has them all
	}
	if prog.Reverse(step.WRT{}).Adjoint == nil || prog.ParamCount() < least {
		t.Errorf("%s with %d inputs: %d parameters", p.Name, inputs, prog.ParamCount())
	}
	if flops := prog.FLOPs(); flops < float64(prog.ParamCount()) { // every parameter takes part
		t.Errorf("%s with %d inputs: %g FLOPs a step with %d parameters", p.Name, inputs, flops, prog.ParamCount())
	}
	if w != nil && w.Outputs() < outputs {
		t.Errorf("%s for %d outputs has %d motor neurons", p.Name, outputs, w.Outputs())
	}
}

// families are first parts of names that are not those of a registered cell: a form that a paper has a name for, or short for one.
var families = map[string]string{
	"stc": "LRC", "lrcu": "LRC", "node": "NeuralODE", "riccati": "RiccatiSSM", "rnnlinear": "RNNLinearDecay",
	"ltc": "Mixed", "cfc": "Mixed WiredCfC NcpsCfC",
}

// TestPresetNames: parts with a dash between, the cell first; a number of units is a part by itself, and a wiring or a window bears
// its own.
func TestPresetNames(t *testing.T) {
	part := regexp.MustCompile(`^([a-z]+|[0-9]+|(ncp|fc|rows|p)[0-9]+)$`)
	for _, e := range cell.Registry() {
		for _, p := range e.Presets {
			parts := strings.Split(p.Name, "-")
			if parts[0] != strings.ToLower(e.Name) && !strings.Contains(families[parts[0]], e.Name) {
				t.Errorf("preset %s: its name begins with %s, but it is a %s", p.Name, parts[0], e.Name)
			}
			for _, word := range parts[1:] {
				if !part.MatchString(word) {
					t.Errorf("preset %s: part %q of its name is neither a word nor a size", p.Name, word)
				}
			}
			if len(parts) < 2 {
				t.Errorf("preset %s: its name has no form and no size", p.Name)
			}
		}
	}
}

// TestLookupPreset: by the name with or without dashes, by the cell, by the beginning of a name, in this order.
func TestLookupPreset(t *testing.T) {
	for name, preset := range map[string]string{
		"ltc": "ltc-ncp19", "cfc": "cfc-small", "lstm": "lstm-32", "mixed": "ltc-mm-ncp19", "lstm64": "lstm-64", "gru-64": "gru-64", "linoss-64": "linoss-64",
		"linoss-imex64": "linoss-imex-64", "linoss-imex": "linoss-imex-64", "s564": "s5-64", "cfc-ncp19-masked": "cfc-ncp19-masked", "stc": "stc-32",
		"lrcu": "lrcu-32", "lrc": "lrc-32", "lrc-asym": "lrc-asym-32", "gru-d": "grud-32", "ode-rnn": "odernn-32", "ct-gru": "ctgru-32", "phased-lstm": "phasedlstm-32",
		"rnn-decay": "rnndecay-32", "d-linoss": "dlinoss-64", "liquid-s4": "liquids4-32", "riccati": "riccati-64", "riccatissm": "riccati-64", "linear": "linear-row",
	} {
		if got, err := cell.LookupPreset(name); err != nil || got.Name != preset {
			t.Errorf("%s finds %q, %v; want %s", name, got.Name, err, preset)
		}
	}
	var presets []string
	for _, p := range cell.Presets() {
		presets = append(presets, p.Name)
	}
	if _, err := cell.LookupPreset("ltc-ncp"); err == nil || err.Error() != `unknown model "ltc-ncp"; did you mean "ltc-ncp19"? `+known(presets) {
		t.Errorf("an unknown preset gives %v", err)
	}
	for _, name := range []string{"", "-", "gru-3", "32"} {
		if got, err := cell.LookupPreset(name); err == nil {
			t.Errorf("%q finds %s", name, got.Name)
		}
	}
}
