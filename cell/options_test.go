package cell_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// TestCheck: an option out of range gives one line with the value and what is allowed.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		cell cell.Cell
		says []string
	}{
		{cell.LTC{Unfolds: -1}, []string{"unfolds is -1", "1 to 1000"}},
		{cell.LTC{Unfolds: 1001}, []string{"unfolds is 1001", "1 to 1000"}},
		{cell.LTC{Epsilon: -1e-9}, []string{"epsilon is -1e-09", "0 to 1"}},
		{cell.LTC{Epsilon: 1.5}, []string{"epsilon is 1.5"}},
		{cell.LTC{Spread: 0.5}, []string{"LTC", "spread is 0.5", "1 to 1e6 (0 means 1)"}}, {cell.LTC{Spread: -2}, []string{"spread is -2"}},
		{cell.LTC{Spread: 1e6 + 1}, []string{"spread is 1.000001e+06"}}, {cell.LTC{Spread: math.NaN()}, []string{"spread is NaN"}},
		{cell.LTC{InputMap: "cubic"}, []string{`mapping "cubic"`, "affine, linear, none"}},
		{cell.LTC{OutputMap: "Affine"}, []string{`mapping "Affine"`}},
		{cell.LRC{Unfolds: 1001}, []string{"LRC", "unfolds is 1001", "1 to 1000"}},
		{cell.LRC{Elastance: "interp"}, []string{`elastance "interp"`, "constant, asymmetric, symmetric"}},
		{cell.LRC{Solver: "rk4"}, []string{`solver "rk4"`, "explicit, hybrid, exponential, dopri5"}},
		{cell.LRC{Solver: cell.AdaptiveLRC, Unfolds: 2}, []string{"LRC", "unfolds is 2", "chooses its own steps"}},
		{cell.LRC{Solver: cell.HybridLRC, RTol: 0.01}, []string{"LRC", "rtol is 0.01", "only method \"dopri5\" has tolerances"}},
		{cell.LrcSSM{}, []string{"LrcSSM", "units is 0"}},
		{cell.LrcSSM{Units: 3, Elastance: cell.ConstantElastance}, []string{`elastance "constant"`, "asymmetric, symmetric"}},
		{cell.LiquidS4{Units: -1}, []string{"LiquidS4", "units is -1"}},
		{cell.LiquidS4{Units: 2, Form: "kb"}, []string{`form "kb"`, "pb, rec, rec_diag, p2"}},
		{cell.LiquidS4{Units: 2, Discretisation: "euler"}, []string{"LiquidS4", `discretisation "euler"`, "bilinear, zoh"}},
		{cell.LiquidS4{Units: 2, Activation: "swish"}, []string{`activation "swish"`, "gelu"}},
		{cell.RiccatiSSM{}, []string{"RiccatiSSM", "units is 0"}},
		{cell.RiccatiSSM{Units: 2, Bound: -1}, []string{"bound is -1", "0.001 to 1000"}},
		{cell.RiccatiSSM{Units: 2, Floor: 1e-9}, []string{"floor is 1e-09", "1e-6 to 1000"}},
		{cell.CfC{}, []string{"units is 0", "1 to 65536"}},
		{cell.CfC{Units: 65537}, []string{"units is 65537"}},
		{cell.CfC{Units: 3, Mode: "fast"}, []string{`mode "fast"`, "default, no_gate, pure"}},
		{cell.CfC{Units: 3, Backbone: []int{4, 0}}, []string{"backbone layer has 0 units", "1 to 65536"}},
		{cell.CfC{Units: 3, Activation: "swish"}, []string{`activation "swish"`, "gelu, lecun_tanh, relu, silu, tanh"}},
		{cell.WiredCfC{Mode: "x"}, []string{"WiredCfC", `mode "x"`}},
		{cell.NcpsCfC{Mode: "x"}, []string{"NcpsCfC", `mode "x"`}},
		{cell.LSTM{}, []string{"LSTM", "units is 0"}}, {cell.GRU{Units: -3}, []string{"GRU", "units is -3"}},
		{cell.Linear{Window: -1}, []string{"Linear", "window is -1", "1 to 4096"}}, {cell.Linear{Window: 4097}, []string{"window is 4097"}},
		{cell.MLP{}, []string{"MLP", "units is 0"}}, {cell.MLP{Units: 3, Layers: 101}, []string{"layers is 101", "1 to 100"}},
		{cell.MLP{Units: 3, Window: -2}, []string{"window is -2"}}, {cell.MLP{Units: 3, Activation: "swish"}, []string{`activation "swish"`, "relu"}},
		{cell.TCN{}, []string{"TCN", "units is 0"}}, {cell.TCN{Units: 3, Kernel: 65}, []string{"kernel is 65", "1 to 64"}},
		{cell.TCN{Units: 3, Layers: 13}, []string{"layers is 13", "1 to 12"}}, {cell.TCN{Units: 3, Dilation: -1}, []string{"dilation is -1"}},
		{cell.TCN{Units: 3, Layers: 12}, []string{"4097 rows", "up to 4096"}},
		{cell.Transformer{}, []string{"Transformer", "units is 0", "an even number"}}, {cell.Transformer{Units: 6}, []string{"units is 6 with heads 2"}},
		{cell.Transformer{Units: 8, Heads: 257}, []string{"heads is 257", "1 to 256"}}, {cell.Transformer{Units: 8, FF: -1}, []string{"ff is -1"}},
		{cell.Transformer{Units: 8, Layers: -1}, []string{"layers is -1"}}, {cell.Transformer{Units: 8, Window: 1}, []string{"window is 1", "2 to 4096"}},
		{cell.Transformer{Units: 512, Window: 4096}, []string{"window 4096 times units 512", "up to 1048576"}},
		{cell.Transformer{Units: 8, Position: "learned"}, []string{`position "learned"`, "index, time"}},
		{cell.Mixed{Cell: cell.Transformer{Units: 8}}, []string{"more than one state"}}, {cell.Mixed{Cell: cell.TCN{Units: 8}}, []string{"more than one state"}},
		{cell.Mixed{Cell: cell.ODELSTM{Units: 3}}, []string{"more than one state"}},
		{cell.Mixed{}, []string{"no inner cell"}}, {cell.Mixed{Cell: cell.LSTM{Units: 3}}, []string{"more than one state"}},
		{cell.Mixed{Cell: cell.Mixed{Cell: cell.LTC{}}}, []string{"more than one state"}},
		{cell.Mixed{Cell: cell.CfC{}}, []string{"units is 0"}},
	} {
		err := c.cell.Check()
		if err == nil {
			t.Errorf("%#v is accepted", c.cell)
			continue
		}
		for _, part := range c.says {
			if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%#v: %q does not say %q in one line", c.cell, err, part)
			}
		}
	}
}

// everything lists all variants and presets.
func everything() (all []cell.Cell) {
	for _, e := range cell.Registry() {
		for _, v := range e.Variants {
			all = append(all, v.Cell)
		}
		for _, p := range e.Presets {
			all = append(all, p.Cell)
		}
	}
	return all
}

func TestEncodeDecode(t *testing.T) {
	for _, c := range everything() {
		text, err := cell.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := cell.Decode(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !reflect.DeepEqual(back, cell.Resolve(c)) {
			t.Errorf("%#v became %#v by %s", c, back, text)
		}
		again, err := cell.Encode(back)
		if err != nil || string(again) != string(text) {
			t.Errorf("%s is encoded as %s the second time, %v", text, again, err)
		}
	}
	if n := len(everything()); n < 30 {
		t.Errorf("only %d configurations were encoded", n)
	}
}

// cellNames lists the cells in the order of the registry, whatever it is.
func cellNames() (names []string) {
	for _, e := range cell.Registry() {
		names = append(names, e.Name)
	}
	return names
}

// known is how an error lists what there is.
func known(names []string) string { return "(known: " + strings.Join(names, ", ") + ")" }

func TestDecodeIsStrict(t *testing.T) {
	for text, says := range map[string]string{
		``: "cell", `{`: "cell", `[]`: "cell", `null`: `unknown cell "" ` + known(cellNames()),
		`{"cell":"Perceptron"}`:                                                              `unknown cell "Perceptron" ` + known(cellNames()),
		`{"cell":"LTC","options":{"unfold":6}}`:                                              `"unfold"`,
		`{"cell":"LTC","option":{}}`:                                                         `"option"`,
		`{"cell":"LTC","options":{"unfolds":"six"}}`:                                         "unfolds",
		`{"cell":"LTC","options":{"unfolds":6.5}}`:                                           "unfolds",
		`{"cell":"LTC","options":{"unfolds":-6}}`:                                            "unfolds is -6",
		`{"cell":"LTC","options":{}}{"cell":"LTC"}`:                                          "after",
		`{"cell":"GRU","options":{"units":3}} x`:                                             "after",
		`{"cell":"GRU","options":{}}`:                                                        "units is 0",
		`{"cell":"GRU"}`:                                                                     "units is 0",
		`{"cell":"Mixed","options":{}}`:                                                      "cell",
		`{"cell":"Mixed","options":{"cell":null}}`:                                           "unknown cell",
		`{"cell":"Mixed","options":{"cell":{"cell":"LSTM","options":{"units":2}}}}`:          "more than one state",
		`{"cell":"Mixed","options":{"inner":{}}}`:                                            `"inner"`,
		`{"cell":"Mixed","options":{"cell":{"cell":"CfC","options":{"units":2,"depth":1}}}}`: `"depth"`,
	} {
		c, err := cell.Decode(json.RawMessage(text))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s gives %#v, error %v; it must say %q", text, c, err, says)
		}
	}
	var unknown *cell.UnknownError
	if _, err := cell.Decode(json.RawMessage(`{"cell":"X"}`)); !errors.As(err, &unknown) || unknown.Name != "X" || len(unknown.Known) != len(cell.Registry()) {
		t.Errorf("an unknown cell gives %v", err)
	}
}

// TestEveryOptionIsWritten: what Encode writes names every option of every cell, with a value that means itself.
func TestEveryOptionIsWritten(t *testing.T) {
	for _, e := range cell.Registry() {
		kind := reflect.TypeOf(e.Cell)
		for i := range kind.NumField() {
			f := kind.Field(i)
			if name := f.Tag.Get("json"); f.IsExported() && f.Type.Kind() != reflect.Interface && (name == "" || strings.Contains(name, ",")) {
				t.Errorf("%s.%s has the tag json:%q; a name alone is needed, for files that hold all options", e.Name, f.Name, name)
			}
			if f.Tag.Get("default") != "" && reflect.ValueOf(cell.Resolve(e.Cell)).Field(i).IsZero() {
				t.Errorf("%s.%s has a default and is resolved to zero", e.Name, f.Name)
			}
		}
	}
	for _, c := range everything() {
		resolved := cell.Resolve(c)
		if err := resolved.Check(); err != nil {
			t.Errorf("%#v is resolved to %#v: %v", c, resolved, err)
		}
		if again := cell.Resolve(resolved); !reflect.DeepEqual(again, resolved) {
			t.Errorf("%#v is resolved to %#v, and that to %#v", c, resolved, again)
		}
		of, err := cell.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := cell.Encode(resolved); err != nil || string(same) != string(of) {
			t.Errorf("%#v is written as %s, resolved as %s, %v", c, of, same, err)
		}
	}
}

// TestResolvedIsTheSameCell: options that are left open and their defaults give one program.
func TestResolvedIsTheSameCell(t *testing.T) {
	for _, e := range cell.Registry() {
		for _, v := range e.Variants {
			open, _ := program(t, v.Cell, v.Wiring, 3)
			resolved, _ := program(t, cell.Resolve(v.Cell), v.Wiring, 3)
			if open.String() != resolved.String() {
				t.Errorf("%s %s: resolved options give another program", e.Name, v.Name)
			}
		}
	}
}

// TestOldFiles: files that name no options mean these for ever. A new default needs a new way to say it.
func TestOldFiles(t *testing.T) {
	for text, want := range map[string]cell.Cell{
		`{"cell":"LTC","options":{}}`:                                          cell.LTC{Unfolds: 6, Epsilon: 1e-8, Spread: 1, InputMap: cell.Affine, OutputMap: cell.NoMap},
		`{"cell":"LTC"}`:                                                       cell.LTC{Unfolds: 6, Epsilon: 1e-8, Spread: 1, InputMap: cell.Affine, OutputMap: cell.NoMap},
		`{"cell":"LRC","options":{}}`:                                          cell.LRC{Unfolds: 1, Elastance: cell.SymmetricElastance, Solver: cell.ExplicitLRC, RTol: 1e-3, ATol: 1e-5},
		`{"cell":"CTRNN","options":{"units":3}}`:                               cell.CTRNN{Units: 3, Method: cell.RK4, Unfolds: 3, Tau: 1, RTol: 1e-3, ATol: 1e-5},
		`{"cell":"LrcSSM","options":{"units":3}}`:                              cell.LrcSSM{Units: 3, Elastance: cell.AsymmetricElastance},
		`{"cell":"LiquidS4","options":{"units":3}}`:                            cell.LiquidS4{Units: 3, Form: cell.PB, Discretisation: cell.Bilinear},
		`{"cell":"RiccatiSSM","options":{"units":3}}`:                          cell.RiccatiSSM{Units: 3, Bound: 1, Floor: 0.1},
		`{"cell":"WiredCfC","options":{}}`:                                     cell.WiredCfC{Mode: cell.Default},
		`{"cell":"NcpsCfC","options":{}}`:                                      cell.NcpsCfC{Mode: cell.Default},
		`{"cell":"CfC","options":{"units":3}}`:                                 cell.CfC{Units: 3, Mode: cell.Default, Backbone: []int{}, Activation: "lecun_tanh"},
		`{"cell":"Mixed","options":{"cell":{"cell":"WiredCfC","options":{}}}}`: cell.Mixed{Cell: cell.WiredCfC{Mode: cell.Default}},
	} {
		if got, err := cell.Decode(json.RawMessage(text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, %v; want %#v", text, got, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range everything() {
		text, err := cell.Encode(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := cell.Decode(data)
		if err != nil {
			return
		}
		if err := c.Check(); err != nil {
			t.Fatalf("%s was decoded to a cell that is not sound: %v", data, err)
		}
		text, err := cell.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := cell.Decode(text)
		if err != nil || !reflect.DeepEqual(back, c) && fmt.Sprint(back) != fmt.Sprint(c) {
			t.Fatalf("%#v became %#v, %v", c, back, err)
		}
	})
}

// program builds a cell alone.
func program(t *testing.T, c cell.Cell, spec wiring.Spec, inputs int) (*step.Program, *wiring.Wiring) {
	t.Helper()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	var w *wiring.Wiring
	if spec != nil {
		var err error
		if w, err = spec.Build(inputs); err != nil {
			t.Fatal(err)
		}
	}
	b := step.New()
	b.Output("y", c.Build(b, b.Input("x", inputs), w))
	return b.Build(), w
}

func TestRegistryIsComplete(t *testing.T) {
	names := map[string]bool{}
	for _, e := range cell.Registry() {
		if e.Name == "" || names[e.Name] || e.Summary == "" || e.Source == "" || e.Cell == nil || len(e.Variants) == 0 || len(e.Presets) == 0 {
			t.Errorf("entry %q lacks something or its name is taken: %+v", e.Name, e)
		}
		names[e.Name] = true
		variants := map[string]bool{}
		for _, v := range e.Variants {
			if v.Name == "" || variants[v.Name] {
				t.Errorf("%s: two variants are called %q", e.Name, v.Name)
			}
			variants[v.Name] = true
			if (v.Wiring != nil) != cell.Wired(v.Cell) {
				t.Errorf("%s %s: wired is %v, but a wiring is given: %v", e.Name, v.Name, cell.Wired(v.Cell), v.Wiring != nil)
			}
			if got, err := cell.EntryOf(v.Cell); err != nil || got.Name != e.Name {
				t.Errorf("%s %s belongs to entry %q, %v", e.Name, v.Name, got.Name, err)
			}
		}
	}
	list := cell.Registry()
	list[0].Name = "changed"
	if cell.Registry()[0].Name == "changed" {
		t.Error("the registry can be changed from outside")
	}
	if _, err := cell.EntryOf(unregistered{}); err == nil || !strings.Contains(err.Error(), known(cellNames())) {
		t.Errorf("an unregistered cell has an entry: %v", err)
	}
	if _, err := cell.Encode(unregistered{}); err == nil {
		t.Error("an unregistered cell can be encoded")
	}
	if _, err := cell.Encode(cell.Mixed{Cell: unregistered{}}); err == nil {
		t.Error("an unregistered inner cell can be encoded")
	}
	for c, want := range map[cell.Cell]bool{cell.Mixed{Cell: cell.LTC{}}: true, cell.Mixed{Cell: cell.GRU{Units: 2}}: false, cell.LTC{}: true, cell.GRU{}: false, cell.Mixed{}: false} {
		if cell.Wired(c) != want || cell.MaxStep(c) != 0 {
			t.Errorf("%#v: wired %v, longest step %v", c, cell.Wired(c), cell.MaxStep(c))
		}
	}
}

type unregistered struct{ cell.GRU }
