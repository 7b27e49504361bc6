package export

import (
	"encoding/json"

	"github.com/elegans-nn/elegans/export/internal/wasm"
	"github.com/elegans-nn/elegans/model"
)

// WebAssembly prints a model as a WebAssembly module, NAME.wasm, of a few kilobytes: what Go prints, compiled by a small
// compiler of this package, so that the numbers are those of the Go package to the bit. It imports nothing. It exports
//
//	memory
//	init(state)                      prepares a state; reset returns to it
//	reset(state)
//	step(state, x, dt, y) -> i32     one row: 1, or 0 where an input or dt is none that the model takes; then state and
//	                                 outputs are as before
//	class(y) -> i32                  the class that outputs decide for, where the model classifies
//
// where state, x and y are addresses of float32 in memory, little-endian, one after the other, and dt is a number. Constants
// of the module (exported globals, i32) say where they may be and how many they are:
//
//	input, inputs      x: raw units, one a column; NaN where it was not observed
//	output, outputs    y: probabilities, or values in raw units
//	state, states      what is carried from step to step; a caller may keep a copy
//	heap               the first address that the module does not use: states of other series may stand from here on, after
//	                   memory has grown as they need
//
// From address 0 to there are, in this order: tables; values within a step; input; output; state. The custom section named
// elegans holds the names of all these as JSON. Needed are, beyond the first version of WebAssembly, conversions that saturate
// and memory.fill, which browsers have since 2020.
//
// The error is a *NameError, or a *RefusedError with the reason.
func WebAssembly(m *model.Model, o Options) (*Printed, error) {
	if err := CheckName(o.Name); err != nil {
		return nil, err
	}
	g, err := newGo(m, o.Name)
	if err != nil {
		return nil, err
	}
	code, err := g.wasm()
	if err != nil {
		return nil, err
	}
	return g.printed(File{o.Name + ".wasm", code}), nil
}

// wasm compiles what was printed in Go.
func (g *goFile) wasm() ([]byte, error) {
	m := wasm.Compile(g.text, map[string][]string{"Reset": {"init", "reset"}, "Step": {"step"}, "Class": {"class"}})
	for _, area := range []struct {
		name string
		n    int
	}{{"input", len(g.d.Inputs)}, {"output", g.outputs()}, {"state", g.w.pl.p.StateWidth()}} {
		m.Constant(area.name, m.Reserve(4*area.n, 8))
		m.Constant(area.name+"s", area.n)
	}
	m.Constant("heap", m.Reserve(0, 8))
	about, err := json.Marshal(g.d)
	if err != nil {
		return nil, err
	}
	return m.Encode("elegans", about), nil
}
