package step_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

var update = flag.Bool("update", false, "write the golden texts anew")

// printed are the programs with a golden text each in testdata/NAME.txt.
var printed = map[string]func() *Program{
	"ltc": func() *Program {
		return layer(cell.LTC{}, wiring.NCP{Inter: 3, Command: 2, Motor: 1, SensoryFanout: 2, InterFanout: 1, Recurrent: 1, MotorFanin: 1})
	},
	"cfc": func() *Program { return layer(cell.CfC{Units: 4, Backbone: []int{6}}, nil) },
	"mixed": func() *Program {
		return layer(cell.Mixed{Cell: cell.LTC{Unfolds: 1, Explicit: true, InputMap: cell.NoMap}}, wiring.Full(2))
	},
	"operations": operations,
}

// layer is one cell behind three inputs, with a readout of one value.
func layer(c cell.Cell, spec wiring.Spec) *Program {
	var w *wiring.Wiring
	if spec != nil {
		var err error
		if w, err = spec.Build(3); err != nil {
			panic(err)
		}
	}
	b := New()
	y := c.Build(b, b.Input("x", 3), w)
	b.Output("y", b.Linear("readout", 1, Xavier(y.Len(), 1), Values{0}, Term{Name: "w", X: y}))
	return b.Build()
}

// operations has one of each kind of line that the cells do not have.
func operations() *Program {
	b := New()
	x, h := b.Input("x", 3), b.State("h", Vector(3))
	m := b.Param("m", Shape{2, 3}, Between(-1, 1))
	row := Softmax(Mul(m, Add(x, h)))
	s := Select(Observed(x), x, b.Const(1, 2.5, -3))
	b.Probe("row", row)
	b.Output("y", Add(Sum(row, Inner), Sum(Sum(row, Outer), Inner)))
	b.Output("z", Min(Gather(row, 5, 0), Scale(-1e-7, Slice(s, 0, 2))))
	b.Output("x", x)
	b.Output("last", Sum(b.Ring("past", 2, x), Outer))
	b.Next("h", Div(Max(s, h), Plus(Mul(h, h), 1)))
	return b.Build()
}

// TestString compares what a program prints with the golden text, and refuses texts that belong to no program.
func TestString(t *testing.T) {
	for name, make := range printed {
		path := filepath.Join("testdata", name+".txt")
		got := make().String()
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s (write it anew with -update):\n%s\nwant\n%s", name, got, want)
		}
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".txt"); printed[name] == nil {
			t.Errorf("%s belongs to no program", f)
		}
	}
}

// TestStringIsStable: nothing in the text depends on the order of a map or on an address.
func TestStringIsStable(t *testing.T) {
	for name, make := range printed {
		first := make().String()
		for range 5 {
			if again := make().String(); again != first {
				t.Fatalf("%s prints differently the second time:\n%s\n%s", name, first, again)
			}
		}
	}
}
