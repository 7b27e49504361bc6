package report

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// Lines share one list of positions; where a line has several points at one, so does the list.
func TestPlotPayload(t *testing.T) {
	nan := math.NaN()
	p := Plot{X: "FLOPs", Y: "score", LogX: true, Lines: []Line{
		{Name: "dots", Dots: true, Points: []Point{{100, 3}, {10, 1}, {100, 4}, {-5, 9}, {0, 9}}},
		{Name: "line", Dashed: true, Hidden: true, Points: []Point{{10, 7}, {1000, nan}, {1000, 8}}},
	}}
	text, err := json.Marshal(p.payload())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"label":"score","at":"FLOPs","log":true,"x":[1,2,2,3],"lines":[` +
		`{"name":"dots","y":[1,3,4,null],"dots":true},{"name":"line","y":[7,null,null,8],"dashed":true,"hidden":true}]}`
	if string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

func TestTables(t *testing.T) {
	r := &Report{Tables: []Table{{Title: "<b>", Head: []string{"model", "score"}, Rows: [][]string{{"a&b", "1"}, {"c"}}}}}
	html := render(t, r)
	for _, part := range []string{`<h3>&lt;b&gt;</h3>`, `<th scope="col">model</th><th scope="col" class="num">score</th>`,
		`<tr><th scope="row">a&amp;b</th><td class="num">1</td></tr>`, `<tr><th scope="row">c</th><td class="num"></td></tr>`} {
		if !strings.Contains(html, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	r.Tables[0].Rows[1] = []string{"c", "2", "3"}
	if err := r.WriteHTML(&strings.Builder{}); err == nil || !strings.Contains(err.Error(), `row 1 of table "<b>" has 3 texts for 2 columns`) {
		t.Errorf("a row too long: %v", err)
	}
}

// A log axis of values is one where all have a place on it.
func TestPlotOfLogarithms(t *testing.T) {
	for low, want := range map[float64]bool{0.5: true, 0: false, -1: false} {
		p := Plot{LogY: true, Lines: []Line{{Points: []Point{{1, 3}, {2, math.NaN()}}}, {Points: []Point{{1, low}}}}}
		if got := p.payload().LogY; got != want {
			t.Errorf("with a value of %g it is %t", low, got)
		}
	}
}
