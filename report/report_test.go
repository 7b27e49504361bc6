package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

var update = flag.Bool("update", false, "write the golden files anew")

// render writes a report that must be sound.
func render(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	if err := sound(html); err != nil {
		t.Fatal(err)
	}
	return html
}

var (
	opaque    = regexp.MustCompile(`(?s)<(script|style)[^>]*>(.*?)</(script|style)>`)
	elsewhere = regexp.MustCompile(`(?i)[a-z]+://|//[a-z0-9-]+\.[a-z]|url\([^#]|@import|sourcemappingurl|\b(src|action|data|poster|srcset)=["'][^"'d#]|\b(src|srcset)=["']d[^a]|<(link|iframe|object|embed|base|form)\b`)
	refers    = regexp.MustCompile(`href="([^"]*)"`)
	picture   = regexp.MustCompile(`data:image/png;base64,[^"]*`)
	named     = regexp.MustCompile(`\bid="([^"]*)"`)
)

// sound checks what every page must keep: nothing outside is referred to, elements are closed, names are unique, links
// lead somewhere, no template or format failed.
func sound(html string) error {
	bare := strings.Replace(html, `<link rel="icon" href="data:,">`, "", 1)
	if at := elsewhere.FindStringIndex(bare); at != nil {
		return fmt.Errorf("refers to something outside: …%s…", bare[max(0, at[0]-30):min(len(bare), at[1]+30)])
	}
	text := opaque.ReplaceAllString(bare, "")
	for _, mark := range []string{"%!", "ZgotmplZ", "NaN", "+Inf", "<no value>"} {
		if strings.Contains(text, mark) {
			return fmt.Errorf("contains %s", mark)
		}
	}
	ids := map[string]bool{}
	for _, m := range named.FindAllStringSubmatch(bare, -1) {
		if ids[m[1]] {
			return fmt.Errorf("id %q stands twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range refers.FindAllStringSubmatch(bare, -1) {
		if !strings.HasPrefix(m[1], "#") || !ids[m[1][1:]] {
			return fmt.Errorf("link to %q leads nowhere", m[1])
		}
	}
	return balanced(text)
}

// balanced checks that every element is closed where it should be.
func balanced(html string) error {
	in := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(html, "<!DOCTYPE html>")))
	in.Strict = false
	in.Entity = xml.HTMLEntity
	void := map[string]bool{"meta": true, "link": true, "img": true, "br": true, "input": true}
	var open []string
	for {
		token, err := in.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("not well-formed: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if !void[t.Name.Local] {
				open = append(open, t.Name.Local)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != t.Name.Local {
				return fmt.Errorf("</%s> closes nothing; open are %v", t.Name.Local, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("never closed: %v", open)
	}
	return nil
}

func TestSoundBites(t *testing.T) {
	html := render(t, brief())
	faults := map[string]func(string) string{
		"absolute address": func(h string) string {
			return strings.Replace(h, "</main>", `<img alt="" src="https://x.org/a.png"></main>`, 1)
		},
		"scheme-less":   func(h string) string { return strings.Replace(h, "</main>", `<p>//cdn.x.org/a.js</p></main>`, 1) },
		"relative file": func(h string) string { return strings.Replace(h, "</main>", `<img alt="" src="a.png"></main>`, 1) },
		"style":         func(h string) string { return strings.Replace(h, "</style>", `a{background:url(x)}</style>`, 1) },
		"source map": func(h string) string {
			return strings.Replace(h, "</script>", "//# sourceMappingURL=a.map\n</script>", 1)
		},
		"open element":  func(h string) string { return strings.Replace(h, "</main>", `<div></main>`, 1) },
		"same id":       func(h string) string { return strings.Replace(h, "</main>", `<i id="sec-data"></i></main>`, 1) },
		"dead link":     func(h string) string { return strings.Replace(h, "</main>", `<a href="#nowhere">x</a></main>`, 1) },
		"failed format": func(h string) string { return strings.Replace(h, "</main>", `%!d(string=x)</main>`, 1) },
	}
	for name, plant := range faults {
		if sound(plant(html)) == nil {
			t.Errorf("%s: the planted fault was not found", name)
		}
	}
}

// TestKernels: what a run can be repeated on is named where it is known.
func TestKernels(t *testing.T) {
	r := brief()
	if html := render(t, r); !strings.Contains(html, "with the same data, version and kernels (avx2):") {
		t.Error("the page does not name the kernels")
	}
	r.Kernels = ""
	if html := render(t, r); !strings.Contains(html, "with the same data, version and kernels:") {
		t.Error("without kernels the sentence is not whole")
	}
}

// TestSections takes one part away at a time: exactly its section must go.
func TestSections(t *testing.T) {
	parts := map[string]func(*Report){
		"models":      func(r *Report) { r.Models = nil },
		"scores":      func(r *Report) { r.Scores = nil },
		"predictions": func(r *Report) { r.Predictions = nil },
		"learning":    func(r *Report) { r.Learning = nil },
		"wiring":      func(r *Report) { r.Wiring = nil },
		"activity":    func(r *Report) { r.Activity = nil },
		"tau": func(r *Report) {
			for i := range r.Activity.Neurons {
				r.Activity.Neurons[i].Tau = nil
			}
		},
		"tables":    func(r *Report) { r.Tables = nil },
		"plots":     func(r *Report) { r.Plots = nil },
		"data":      func(r *Report) { r.Data = nil },
		"program":   func(r *Report) { r.Program = "" },
		"reproduce": func(r *Report) { r.Command, r.Settings = "", nil },
	}
	full := render(t, brief())
	for _, s := range sections {
		take, ok := parts[s.ID]
		if !ok {
			t.Fatalf("section %q is not tested; add how to take it away", s.ID)
		}
		r := brief()
		take(r)
		html := render(t, r)
		for _, other := range sections {
			gone := other.ID == s.ID || s.ID == "activity" && other.ID == "tau"
			has := strings.Contains(html, `<section id="sec-`+other.ID+`"`)
			listed := strings.Contains(html, `href="#sec-`+other.ID+`"`)
			if has == gone || listed == gone {
				t.Errorf("without %s: section %s present %v, listed %v", s.ID, other.ID, has, listed)
			}
			if !strings.Contains(full, `<section id="sec-`+other.ID+`"`) {
				t.Errorf("the full report lacks %s", other.ID)
			}
		}
	}
}

// TestHollowParts gives parts that are there but hold nothing: no heading may stay behind.
func TestHollowParts(t *testing.T) {
	r := &Report{Learning: &Learning{Runs: []Run{{Seed: 1}}}, Scores: &Scores{}, Wiring: &Wiring{},
		Predictions: &Predictions{Series: []Trace{{Name: "empty"}}}, Activity: &Activity{Neurons: []Neuron{{Name: "n"}}}}
	for name, r := range map[string]*Report{"empty": {}, "hollow": r} {
		html := render(t, r)
		body := html[strings.Index(html, "<body>"):]
		for _, mark := range []string{"<h2", "<nav", "<section", "<script", "<noscript"} {
			if strings.Contains(body, mark) {
				t.Errorf("%s report contains %s", name, mark)
			}
		}
		if !strings.Contains(body, "<h1>Training report</h1>") {
			t.Errorf("%s report has no heading", name)
		}
	}
}

// hostile would end any element or attribute that it could get out of.
const hostile = `</script><script>alert(1)</script>"'><img src=x onerror=alert(1)><!--]]>` + "\u2028"

func TestEscaping(t *testing.T) {
	r := brief()
	r.Title, r.Subtitle, r.Task, r.Version, r.Command, r.Kernels, r.Program = hostile, hostile, hostile, hostile, hostile, hostile, hostile
	r.Warnings, r.Settings = []string{hostile}, []Setting{{hostile, hostile, hostile}}
	r.Models[0].Name, r.Models[0].Description, r.Metrics[0].Label, r.Metrics[0].Explain = hostile, hostile, hostile, hostile
	r.Comparisons[0].Method = hostile
	r.Data.Source, r.Data.Warnings, r.Data.Columns[0] = hostile, []string{hostile}, Column{Name: hostile, Role: hostile, Kind: hostile, Note: hostile}
	r.Data.Parts[0].Name, r.Data.Gaps[0].Series = hostile, hostile
	r.Scores.Of, r.Scores.Classes, r.Scores.ROC[0].Name = hostile, []string{hostile, "b"}, hostile
	r.Predictions.Target, r.Predictions.Classes, r.Predictions.Series[0].Name, r.Predictions.Of = hostile, []string{hostile, "b"}, hostile, hostile
	r.Wiring.Note, r.Wiring.Counts[0].From = hostile, hostile
	r.Activity.Series, r.Activity.Neurons[0].Name, r.Activity.Neurons[0].Role, r.Activity.Inputs[0].Name = hostile, hostile, hostile, hostile
	html := render(t, r)
	plain := render(t, brief())
	for _, mark := range []string{"<script", "</script", "<img", "<!--", "onerror"} {
		// "onerror" may stand in text, where it does nothing; as part of a tag it would come after a literal <img
		if mark != "onerror" && strings.Count(html, mark) != strings.Count(plain, mark) {
			t.Errorf("%d × %s, %d without hostile names", strings.Count(html, mark), mark, strings.Count(plain, mark))
		}
	}
	p := decode(t, html)
	if got := p.Predictions.Series[0].Name; got != hostile {
		t.Errorf("the chart's series is called %q", got)
	}
	if got := p.Predictions.Classes[0]; got != hostile {
		t.Errorf("the chart's class is called %q", got)
	}
}

// page data as a browser reads it.
type decoded struct {
	Clock, Unit string
	Learning    struct {
		Metric string
		Runs   []struct {
			Epoch         []int
			Train, Metric []*float64
		}
	}
	Predictions struct {
		Classes   []string
		Threshold float64
		Series    []struct {
			Name         string
			Time         decodedAxis
			Truth, Value []*float64
			Bands        [][]*float64
		}
	}
	Activity struct {
		Time    decodedAxis
		TauUnit string
		Neurons []struct {
			Name       string
			State, Tau []*float64
		}
		Inputs []struct{ Values []*float64 }
	}
}

type decodedAxis struct {
	Start, Step float64
	Delta       []int64
}

func (a decodedAxis) times() (out []float64) {
	at := int64(0)
	for _, d := range a.Delta {
		at += d
		out = append(out, a.Start+float64(at)*a.Step)
	}
	return out
}

func decode(t *testing.T, html string) decoded {
	t.Helper()
	const open = `<script type="application/json" id="report-data">`
	from := strings.Index(html, open)
	if from < 0 {
		t.Fatal("the page has no data for charts")
	}
	text := html[from+len(open):]
	var d decoded
	if err := json.Unmarshal([]byte(text[:strings.Index(text, "</script>")]), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSameBytes(t *testing.T) {
	first := render(t, brief())
	for range 3 {
		if render(t, brief()) != first {
			t.Fatal("equal reports gave different pages")
		}
	}
	changed := brief()
	changed.Predictions.Series[0].Value[17] = 1 - changed.Predictions.Series[0].Value[17]
	if render(t, changed) == first {
		t.Fatal("another prediction gave the same page")
	}
}

func TestSize(t *testing.T) {
	if n := len(render(t, sample())); n > 700_000 {
		t.Errorf("a report of %d rows and 19 neurons has %d bytes; it should stay below 700,000", roomRows, n)
	}
	r := sample()
	r.Predictions.Series = nil
	each := sample().Predictions.Series[1]
	for k := range 200 {
		trace := each
		trace.Name = fmt.Sprint("room ", k)
		r.Predictions.Series = append(r.Predictions.Series, trace)
	}
	html := render(t, r)
	if len(html) > 1_200_000 {
		t.Errorf("200 series make %d bytes", len(html))
	}
	if got := len(decode(t, html).Predictions.Series); got != mostSeries {
		t.Errorf("%d series have charts, %d should", got, mostSeries)
	}
	if !strings.Contains(html, "160 further series") {
		t.Error("the page does not say how many series have no chart")
	}
}

func TestGolden(t *testing.T) {
	r := small()
	html := render(t, r)
	body := opaque.ReplaceAllString(html[strings.Index(html, "<body>"):], "")
	body = picture.ReplaceAllString(body, "data:image/png,") // its compression may change with the Go release
	golden := filepath.Join("testdata", "small.html")
	if *update {
		if err := os.WriteFile(golden, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if body != string(want) {
		t.Errorf("the page differs from %s; look at it, then run go test -update", golden)
	}
	files, _ := filepath.Glob("testdata/*")
	if len(files) != 1 {
		t.Errorf("testdata holds %v; only %s is used", files, golden)
	}
}

// small is a regression with elapsed time, quantiles and one input that misses values.
func small() *Report {
	nan := math.NaN()
	return &Report{
		Title: "CfC on pump", Task: "Predict pressure 30 s ahead.", Version: "0.1.0", Clock: series.Elapsed,
		Metrics: []Metric{{Key: "rmse", Label: "RMSE", LowerIsBetter: true, Unit: "kPa"}, Named("skill")},
		Models: []Entry{
			{Name: "CfC 8", Liquid: true, Parameters: 1204, Seeds: []SeedResult{
				{Seed: 4, BestEpoch: 3, Values: map[string]float64{"rmse": 12.25, "skill": 0.41}},
				{Seed: 5, BestEpoch: 6, Values: map[string]float64{"rmse": 13.75, "skill": 0.35}},
				{Seed: 6, Diverged: true, Values: map[string]float64{"rmse": nan}}}},
			{Name: "last value", Baseline: true, Seeds: []SeedResult{{Values: map[string]float64{"rmse": 120.5, "skill": 0}}}},
		},
		Data: &Data{Parts: []Part{{Name: "train", Rows: 1200, Series: 3, Scored: 1190, From: 0, To: 7260}}, Steps: []Bin{{0.5, 0.5, 3}, {1, 90, 1196}}, GapCount: 1},
		Predictions: &Predictions{Target: "pressure", Unit: "kPa", Levels: []float64{0.1, 0.9}, Series: []Trace{{Name: "a",
			Time: []float64{0, 1, 2, 4}, Truth: []float64{1, nan, 3, 4}, Value: []float64{1.5, 2, 2.5, 4}, Bands: [][]float64{{1, 1, 2, 3}, {2, 3, 3, 5}}}}},
		Wiring: &Wiring{Counts: []SynapseCount{{From: "inputs", To: "units", Synapses: 24}}},
		Activity: &Activity{Series: "a", Time: []float64{0, 1, 2, 4}, Neurons: []Neuron{
			{Name: "0", State: []float64{0, 0.5, -0.25, 1}, Tau: []float64{0.5, 2, 90, 4000}}}},
	}
}

// TestLibrary: the chart library is the one that the page names, whole, with its licence.
func TestLibrary(t *testing.T) {
	html := render(t, small())
	for _, text := range []string{"(v1.6.32)", "https://github.com/leeoniya/uPlot"} {
		if banner := asset("uPlot.iife.min.js")[:80]; !strings.Contains(banner, text) {
			t.Errorf("the banner %q lacks %s", banner, text)
		}
	}
	for _, text := range []string{"uPlot 1.6.32", "Copyright (c) 2022 Leon Sorokin", "The above copyright notice", "var uPlot=function"} {
		if !strings.Contains(html, text) {
			t.Errorf("the page lacks %q", text)
		}
	}
}

func TestMisfits(t *testing.T) {
	for want, spoil := range map[string]func(*Report){
		`predictions of series "datatest" has 5 values at 180 times`: func(r *Report) { r.Predictions.Series[1].Value = make([]float64, 5) },
		`predictions of series "datatest2" have 1 bands; 2 classes`:  func(r *Report) { r.Predictions.Series[0].Bands = r.Predictions.Series[0].Bands[:1] },
		`activity of neuron "i3" has 7 values`:                       func(r *Report) { r.Activity.Neurons[3].State = make([]float64, 7) },
		`time constants of neuron "c1" has 2 values`:                 func(r *Report) { r.Activity.Neurons[11].Tau = []float64{1, 2} },
		`course of input "CO2" has 0 values`:                         func(r *Report) { r.Activity.Inputs[1].Values = nil },
		`activity along series "datatest2": time 5 of row 100`: func(r *Report) {
			r.Activity.Time = append([]float64(nil), r.Activity.Time...)
			r.Activity.Time[100] = 5
		},
		`confusion matrix has 2 rows and row 1 has 1 columns for 2 classes`: func(r *Report) { r.Scores.Confusion[1] = []int{4} },
		`wiring drawing is not well-formed`:                                 func(r *Report) { r.Wiring.SVG = "<svg><g></svg>" },
	} {
		r := brief()
		spoil(r)
		var b bytes.Buffer
		err := r.WriteHTML(&b)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v; want one line with %q", err, want)
		}
		if b.Len() > 0 {
			t.Errorf("%s: half a page was written", want)
		}
	}
}

func TestWriteError(t *testing.T) {
	if err := brief().WriteHTML(full{}); err != errFull {
		t.Errorf("error %v; want that of the writer", err)
	}
}

var errFull = fmt.Errorf("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
