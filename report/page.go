package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed assets
var assets embed.FS

// section is one part of the page, in reading order.
type section struct {
	ID, Title string
	// present says whether there is anything to show.
	present func(*view) bool
}

// sections is the one list that the page and its table of contents are made of; the template of the same ID draws each.
var sections = []section{
	{"models", "Models and baselines", func(v *view) bool { return len(v.Models) > 0 }},
	{"tables", "In detail", func(v *view) bool { return len(v.Report.Tables) > 0 }},
	{"plots", "Curves", func(v *view) bool { return len(v.Report.Plots) > 0 }},
	{"scores", "Errors and calibration", func(v *view) bool {
		s := v.Report.Scores
		return s != nil && (len(s.Confusion) > 0 || len(v.Squares) > 0)
	}},
	{"predictions", "Predictions over time", func(v *view) bool { return v.Report.Predictions.drawn() }},
	{"learning", "Learning curves", func(v *view) bool { return v.Learning != nil }},
	{"wiring", "Wiring", func(v *view) bool {
		return v.Report.Wiring != nil && (v.Drawing != "" || len(v.Report.Wiring.Counts) > 0)
	}},
	{"activity", "Neuron activity", func(v *view) bool { return v.Heat != nil }},
	{"tau", "Effective time constants", func(v *view) bool { return len(v.Taus) > 0 }},
	{"data", "Data", func(v *view) bool { return v.Report.Data != nil }},
	{"program", "Step program", func(v *view) bool { return v.Report.Program != "" }},
	{"reproduce", "Settings and reproduction", func(v *view) bool { return v.Report.Command != "" || len(v.Report.Settings) > 0 }},
}

// Contents are the sections that have something to show.
func (v *view) Contents() (shown []section) {
	for _, s := range sections {
		if s.present(v) {
			shown = append(shown, s)
		}
	}
	return shown
}

// Body draws one section.
func (v *view) Body(id string) (template.HTML, error) {
	var b strings.Builder
	err := page.ExecuteTemplate(&b, id, v)
	return template.HTML(b.String()), err
}

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"count":   count,
	"number":  number,
	"large":   large,
	"percent": percent,
	"plural":  plural,
	"head":    Metric.head,
	"label":   Metric.label,
	"cut":     (*Scores).cut,
	"filled":  Table.filled,
}).ParseFS(assets, "assets/*.html"))

// WriteHTML writes the page. It writes nothing unless all of it could be made; what is wrong with the content is
// returned as an error that names the series, neuron or drawing. The caller replaces files atomically.
func (r *Report) WriteHTML(w io.Writer) error {
	if err := r.check(); err != nil {
		return err
	}
	v, err := r.view()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// style and script are the parts of the page that never change.
var (
	style  = template.CSS(asset("report.css") + asset("uPlot.min.css"))
	script = template.JS(charts() + asset("report.js"))
	// early runs before anything is drawn: style rules know by it that charts will come.
	early = template.JS(`document.documentElement.classList.add("js")`)
)

func asset(name string) string {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic("report: an embedded asset is missing")
	}
	return string(b)
}

// charts is the chart library with its licence in place of the banner, which names a web address.
func charts() string {
	code := asset("uPlot.iife.min.js")
	if end := strings.Index(code, "*/"); strings.HasPrefix(code, "/*!") && end > 0 {
		code = code[end+2:]
	}
	return "/*! uPlot 1.6.32\n" + asset("uPlot.LICENSE") + "\n*/" + code + "\n"
}

// policy forbids the browser to load or run anything that is not on the page.
func policy() string {
	allow := "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src"
	for _, s := range []template.JS{early, script} {
		sum := sha256.Sum256([]byte(s))
		allow += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return allow
}
