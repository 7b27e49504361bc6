package table

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// parse reads a text as if it were a file of the given name.
func parse(t *testing.T, name, content string, o Options) *Table {
	t.Helper()
	tab, err := Read(strings.NewReader(content), name, o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return tab
}

// show writes the columns of a table in one line: NAME:kind[cell cell …], missing cells as "_".
func show(tab *Table) string {
	var parts []string
	for i := range tab.Columns {
		c := &tab.Columns[i]
		var cells []string
		for row := range tab.Rows {
			cell := c.Cell(row)
			if c.Missing(row) {
				cell = "_"
			}
			cells = append(cells, cell)
		}
		parts = append(parts, fmt.Sprintf("%s:%s[%s]", c.Name, c.Kind, strings.Join(cells, "|")))
	}
	return strings.Join(parts, " ")
}

// wantData fails unless err is a DataError of the line whose text holds all the words.
func wantData(t *testing.T, err error, line int, words ...string) {
	t.Helper()
	var data *DataError
	if !errors.As(err, &data) {
		t.Errorf("error %v (%T), want a DataError", err, err)
		return
	}
	if data.Line != line {
		t.Errorf("error %q names line %d, want %d", err, data.Line, line)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not mention %q", err, word)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q has several lines", err)
	}
	if !hasFix(err.Error()) {
		t.Errorf("error %q has no fix", err)
	}
}

// fixes are the words with which a clause of an error tells what to do.
var fixes = []string{"add", "choose", "close", "convert", "copy", "correct", "decompress", "download", "end", "export", "fill", "flatten",
	"leave", "name", "pack", "remove", "rename", "reshape", "save", "select", "unpack", "write"}

// hasFix says that a clause of the error tells what to do.
func hasFix(text string) bool {
	for _, clause := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == ':' || r == ',' }) {
		word, _, _ := strings.Cut(strings.TrimSpace(clause), " ")
		if slices.Contains(fixes, word) {
			return true
		}
	}
	return false
}

func TestHasFix(t *testing.T) {
	for text, want := range map[string]bool{
		"x.csv: the file is empty": false, "x.csv: the file is empty; write rows": true, "x.csv: no name, is it cut off?": false,
		"x.csv line 3: \"write\" is no number": false, "x.pdf: is a PDF document, copy the data": true,
	} {
		if hasFix(text) != want {
			t.Errorf("%q has a fix: %v", text, !want)
		}
	}
}

// difference names the first way in which two tables hold different data; "" where they agree bit for bit.
func difference(a, b *Table) string {
	if a.Rows != b.Rows || !slices.Equal(a.Names(), b.Names()) {
		return fmt.Sprintf("%d rows %v, %d rows %v", a.Rows, a.Names(), b.Rows, b.Names())
	}
	for i := range a.Columns {
		x, y := &a.Columns[i], &b.Columns[i]
		if x.Kind != y.Kind {
			return fmt.Sprintf("column %q: %s, %s", x.Name, x.Kind, y.Kind)
		}
		for row := range a.Rows {
			same := x.Missing(row) == y.Missing(row) && x.Cell(row) == y.Cell(row)
			if x.Kind == Number && !x.Missing(row) {
				same = same && math.Float64bits(x.Num[row]) == math.Float64bits(y.Num[row])
			}
			if !same {
				return fmt.Sprintf("column %q row %d: %q, %q", x.Name, row, x.Cell(row), y.Cell(row))
			}
		}
	}
	return ""
}

func TestDifferenceFindsPlantedFaults(t *testing.T) {
	make := func() *Table { return parse(t, "a.csv", "n,w\n1.5,x\n,y\n-0,\n", Options{}) }
	if d := difference(make(), make()); d != "" {
		t.Fatalf("equal tables differ: %s", d)
	}
	faults := map[string]func(*Table){
		"value":        func(b *Table) { b.Columns[0].Num[0] = 1.25 },
		"sign of zero": func(b *Table) { b.Columns[0].Num[2] = 0 },
		"missing":      func(b *Table) { b.Columns[0].Num[1] = 0 },
		"level":        func(b *Table) { b.Columns[1].Codes[1] = 0 },
		"blank":        func(b *Table) { b.Columns[1].Codes[2] = 1 },
		"name":         func(b *Table) { b.Columns[1].Name = "v" },
		"kind":         func(b *Table) { b.Columns[1].Kind = Number; b.Columns[1].Num = []float64{1, 2, 3} },
		"rows":         func(b *Table) { b.Rows = 2 },
	}
	for name, plant := range faults {
		b := make()
		plant(b)
		if difference(make(), b) == "" {
			t.Errorf("%s: the fault was not found", name)
		}
	}
}
