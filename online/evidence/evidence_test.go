package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

// Sections have names and numbers of their own, in order.
func TestSections(t *testing.T) {
	names, last := map[string]bool{}, 0
	for _, s := range Sections() {
		if names[s.Name] || s.Number <= last || s.Title == "" || s.About == "" || s.run == nil {
			t.Errorf("%+v", s)
		}
		names[s.Name], last = true, s.Number
	}
}

// The comparison of rules, in short: the exact rule has the cosine 1, cheaper ones less on a dense network, and all are in the
// page with the figures of others.
func TestGradients(t *testing.T) {
	r, err := gradients.Run(context.Background(), Options{Seeds: 2, Rows: 150})
	if err != nil {
		t.Fatal(err)
	}
	cosine, loss := r.Tables[0], r.Tables[1]
	if len(cosine.Rows) != 3*5 || len(loss.Rows) != 3*6 || len(cosine.Columns) != len(tasks) {
		t.Fatalf("%d and %d rows of %v", len(cosine.Rows), len(loss.Rows), cosine.Columns)
	}
	for _, row := range cosine.Rows {
		for k, f := range row.Figures {
			exact := row.Labels[0] == "rtrl"
			if f == nil || f.Seeds != 2 || f.SD == nil || exact && math.Abs(f.Mean-1) > 1e-9 || f.Mean > 1+1e-9 {
				t.Errorf("%v, %s: %+v", row.Labels, cosine.Columns[k], f)
			} else if row.Labels[1] == "gru-16" && row.Labels[0] == "rflo" && f.Mean > 0.9999 {
				t.Errorf("%v, %s: %v; nothing is dropped", row.Labels, cosine.Columns[k], f.Mean)
			}
		}
	}
	for _, row := range loss.Rows {
		for k, f := range row.Figures {
			if f == nil || !(f.Mean > 0) {
				t.Errorf("%v, %s: %+v", row.Labels, loss.Columns[k], f)
			}
		}
	}
	d := Record(t.TempDir())
	r.Note = "What was found."
	if err := d.Write(gradients, r); err != nil {
		t.Fatal(err)
	}
	r.Note = ""
	if err := d.Write(gradients, r); err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := WritePage(&page, d); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## 1. Quality of gradients", "What was found.", "| snap-1 | gru-16 | ", "| 0.760 | 0.350 | 0.400 |", "`elegans results --online --section 5` does"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, &page)
		}
	}
}

// Every figure of others has its table and columns.
func TestFiguresOfOthers(t *testing.T) {
	var all []published
	if err := json.Unmarshal(figuresFile, &all); err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	var columns []string
	for _, q := range tasks {
		columns = append(columns, q.name)
	}
	for _, p := range all {
		known := p.Section == gradients.Name && p.Table == "Cosine to the exact gradient" // other sections add theirs here
		for c := range p.Values {
			known = known && slices.Contains(columns, c)
		}
		if !known || p.Source == "" || len(p.Labels) != 2 {
			t.Errorf("%+v belongs to no table", p)
		}
	}
}

// Figures as they are printed.
func TestFigureText(t *testing.T) {
	sd := func(v float64) *float64 { return &v }
	for want, f := range map[string]*Figure{
		"":              nil,
		"0.760":         {Mean: 0.76},
		"0.761 ± 0.012": {Mean: 0.76123, SD: sd(0.0123)},
		"52300":         {Mean: 52300},
		"1.00":          {Mean: 1, SD: sd(0)},
		"1.79":          {Mean: 1.793365, SD: sd(4e-9)},
	} {
		if got := f.String(); got != want {
			t.Errorf("%+v is printed as %q, want %q", f, got, want)
		}
	}
	if f := over([]float64{1, math.NaN()}); f != nil {
		t.Errorf("a figure of nothing: %+v", f)
	}
}

// What takes part of the time stops when it is told.
func TestRunIsCancelled(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := gradients.Run(ctx, Options{Seeds: 1, Rows: 10}); err != context.Canceled {
		t.Errorf("the error is %v", err)
	}
	if _, err := cost.Run(context.Background(), Options{}); err == nil || !strings.Contains(err.Error(), "no program") {
		t.Errorf("cost without a program: %v", err)
	}
}
