package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// ofSeveral is a folder with a model that predicts both of its inputs one row ahead, and rows of a series as a table and as lines.
// Each seventh value of the second is missing.
func ofSeveral(t *testing.T) (dir, lines string) {
	t.Helper()
	schema := series.Plain(2)
	schema.SeriesColumn = "who"
	schema.Target = series.Target{Name: "next", Task: series.Regress, SD: 1, Horizon: 1, HorizonRows: true, Outputs: 2}
	for k, name := range []string{"heat", "flow"} {
		schema.Inputs[k].Name, schema.Inputs[k].Missing = name, k == 1
		schema.Target.Each = append(schema.Target.Each, series.Output{Name: name, Mean: float64(k), SD: 1 + float64(k)})
	}
	m, err := model.New(schema, model.Recurrent(cell.GRU{Units: 5}))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	var file bytes.Buffer
	if err := m.Initial(3).Write(&file); err != nil {
		t.Fatal(err)
	}
	table := "who,heat,flow\n"
	for i := range 240 {
		who, heat, flow := "a", math.Sin(0.2*float64(i)), 1+2*math.Cos(0.3*float64(i))
		cell, value := fmt.Sprintf("%.4f", flow), fmt.Sprintf("%.4f", flow)
		if i%7 == 3 {
			cell, value = "", "null"
		}
		table += fmt.Sprintf("%s,%.4f,%s\n", who, heat, cell)
		lines += fmt.Sprintf(`{"who":%q,"heat":%.4f,"flow":%s}`+"\n", who, heat, value)
	}
	for name, data := range map[string]string{"m.elegans": file.String(), "rows.csv": table} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, lines
}

// adaptHere runs adapt in this process.
func adaptHere(t *testing.T, input string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, said bytes.Buffer
	c := newConsole(strings.NewReader(input), &out, &said)
	root := newRoot(c)
	root.SetArgs(append([]string{"adapt"}, args...))
	err = root.ExecuteContext(context.Background())
	if failed := c.flush(); failed != nil {
		t.Fatal(failed)
	}
	return out.String(), said.String(), err
}

// A model of several values is predicted and learned from a file as from lines, with an interval for each, and its labels may
// come alone.
func TestAdaptSeveralValues(t *testing.T) {
	dir, lines := ofSeveral(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	options := []string{"--combine", "last-value", "--adapter", "readout", "--learning-rate", "0.02", "--drift", "none"}
	file, said, err := adaptHere(t, "", append([]string{path("m.elegans"), path("rows.csv"), "--report", path("r.html"), "--out", path("1.elegans")}, options...)...)
	if err != nil || !strings.Contains(said, "240 rows, 239 labels") {
		t.Fatal(err, said)
	}
	piped, said, err := adaptHere(t, lines, append([]string{path("m.elegans"), "-", "--out", path("2.elegans")}, options...)...)
	if err != nil {
		t.Fatal(err, said)
	}
	if file != piped {
		t.Errorf("lines give other predictions than the file:\n%s\n%s", file[:400], piped[:400])
	}
	one, _ := os.ReadFile(path("1.elegans"))
	two, _ := os.ReadFile(path("2.elegans"))
	if !bytes.Equal(one, two) {
		t.Error("lines give another model than the file")
	}
	rows := strings.Split(strings.TrimSpace(file), "\n")
	var last map[string]any
	if err := json.Unmarshal([]byte(rows[len(rows)-1]), &last); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"prediction", "prediction_2", "forecast", "forecast_2", "low", "low_2", "high", "high_2"} {
		if _, ok := last[name].(float64); !ok {
			t.Errorf("the last line has no %s: %v", name, last)
		}
	}
	page, err := os.ReadFile(path("r.html"))
	if err != nil || !bytes.Contains(page, []byte("a heat")) || !bytes.Contains(page, []byte("a flow")) {
		t.Errorf("the report names no series of both values: %v", err)
	}
	alone := `{"who":"a","heat":0.5,"flow":1}` + "\n" + `{"id":1,"label":{"heat":0.25,"flow":null}}` + "\n"
	if _, said, err := adaptHere(t, alone, path("m.elegans"), "-"); err != nil || !strings.Contains(said, "1 row, 1 label, 1 update") {
		t.Errorf("labels alone: %v, %s", err, said)
	}
	for _, c := range []struct{ label, want string }{{"3", "write an object with the label of each (heat, flow)"}, {`{"heat":1,"cold":2}`, "allowed: heat, flow"}, {`{"heat":"warm"}`, "is no number"}} {
		text := `{"who":"a","heat":0.5,"flow":1}` + "\n" + `{"id":1,"label":` + c.label + "}\n"
		if _, _, err := adaptHere(t, text, path("m.elegans"), "-"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("label %s: %v", c.label, err)
		}
	}
	for _, flag := range [][]string{{"--target", "heat"}, {"--held-out", path("rows.csv")}} {
		if _, _, err := adaptHere(t, "", append([]string{path("m.elegans"), path("rows.csv")}, flag...)...); err == nil || !strings.Contains(err.Error(), "leave it out") {
			t.Errorf("%s: %v", flag[0], err)
		}
	}
}
