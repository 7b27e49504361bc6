package report

import (
	"context"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/elegans-nn/elegans/internal/require"
)

// browser finds Chromium. Without it the tests of the charts are skipped, and fail where nothing may be skipped.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const reason = "no Chromium on this machine (chromium, chromium-browser or google-chrome in PATH): the charts are not tried"
	require.Missing(t, reason)
	return ""
}

// visit is what a browser made of a page.
type visit struct {
	dom     string
	console []string
}

// run starts the browser on a page with the given flags.
func run(t *testing.T, html string, flags ...string) (out, log string) {
	t.Helper()
	dir := t.TempDir()
	page := filepath.Join(dir, "page.html")
	if err := os.WriteFile(page, []byte(html), 0o644); err != nil {
		t.Fatal(err)
	}
	// the limit ends a browser that hangs; nothing is measured
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--enable-logging=stderr", "--virtual-time-budget=3000", "--window-size=1200,4000", "--user-data-dir=" + filepath.Join(dir, "profile")}, flags...)
	cmd := exec.CommandContext(ctx, browser(t), append(args, "file://"+page)...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	return stdout.String(), stderr.String()
}

func open(t *testing.T, html string, flags ...string) visit {
	t.Helper()
	dom, log := run(t, html, append(flags, "--dump-dom")...)
	v := visit{dom: dom}
	for _, line := range strings.Split(log, "\n") {
		if strings.Contains(line, "CONSOLE") {
			v.console = append(v.console, line)
		}
	}
	return v
}

// pixels counts those of exactly one colour in a picture of the page.
func pixels(t *testing.T, html string, c color.RGBA) (n int) {
	t.Helper()
	shot := filepath.Join(t.TempDir(), "page.png")
	run(t, html, "--screenshot="+shot)
	f, err := os.Open(shot)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if color.RGBAModel.Convert(picture.At(x, y)) == c {
				n++
			}
		}
	}
	return n
}

var widthOf = regexp.MustCompile(`<canvas[^>]*width="([1-9][0-9]+)"`)

// drawnWell checks that the console is silent and that all charts are there.
func (v visit) drawnWell(charts int) error {
	if len(v.console) > 0 {
		return fmt.Errorf("the console says %s", v.console[0])
	}
	if want := fmt.Sprintf(`data-charts="%d"`, charts); !strings.Contains(v.dom, want) {
		return fmt.Errorf("the page does not say %s", want)
	}
	if n := len(widthOf.FindAllString(v.dom, -1)); n != charts {
		return fmt.Errorf("%d canvases with a size, %d charts", n, charts)
	}
	return nil
}

// Colours of the first line of a chart in the light page; nothing but charts and their legends has it in a page without
// models.
var firstLine = color.RGBA{0x00, 0x72, 0xb2, 0xff}

// chartsOnly is a report that consists of charts.
func chartsOnly() *Report {
	r := brief()
	return &Report{Clock: r.Clock, Metrics: r.Metrics, Learning: r.Learning, Predictions: r.Predictions, Activity: r.Activity, Plots: r.Plots}
}

const allCharts = 8 // predictions, loss, metric, states, inputs, time constants, two of the caller's own

func TestChartsInBrowser(t *testing.T) {
	browser(t)
	html := render(t, chartsOnly())
	if err := open(t, html).drawnWell(allCharts); err != nil {
		t.Error(err)
	}
	n := pixels(t, html, firstLine)
	without := pixels(t, strings.Replace(html, "new uPlot(", "new Object(", 1), firstLine) // refused by the page's policy
	if n < without+1500 {
		t.Errorf("%d pixels have the colour of the first line, %d without charts: the charts are empty", n, without)
	}
}

// TestBrowserChecksBite: a changed script is refused by the page's own policy, and data with a fault stop the charts.
func TestBrowserChecksBite(t *testing.T) {
	browser(t)
	html := render(t, chartsOnly())
	for name, fault := range map[string]string{
		"script": strings.Replace(html, `data-charts`, `data-figures`, 1),
		"data":   strings.Replace(html, `"delta":`, `"gamma":`, 1),
	} {
		if fault == html {
			t.Fatalf("%s: nothing was planted", name)
		}
		if open(t, fault).drawnWell(allCharts) == nil {
			t.Errorf("%s: the planted fault was not found", name)
		}
	}
}

// TestHostileNamesInBrowser: names that try to break out neither run nor break the charts.
func TestHostileNamesInBrowser(t *testing.T) {
	browser(t)
	r := chartsOnly()
	r.Predictions.Target, r.Predictions.Classes[1], r.Predictions.Series[0].Name = hostile, hostile, hostile
	r.Activity.Neurons[18].Name, r.Activity.Inputs[0].Name = hostile, hostile
	r.Plots[0].X, r.Plots[0].Y, r.Plots[0].Title, r.Plots[1].Lines[0].Name = hostile, hostile, hostile, hostile
	if err := open(t, render(t, r)).drawnWell(allCharts); err != nil {
		t.Error(err)
	}
}

// TestOtherTasksInBrowser: regression with quantiles and elapsed time; several classes over row numbers; dark and narrow.
func TestOtherTasksInBrowser(t *testing.T) {
	browser(t)
	if err := open(t, render(t, small()), "--force-dark-mode", "--window-size=400,6000").drawnWell(3); err != nil {
		t.Errorf("regression: %v", err)
	}
	r := &Report{Clock: "index", Predictions: &Predictions{Target: "gesture", Classes: []string{"rest", "wave", "a name far too long for an axis"},
		Series: []Trace{{Time: []float64{0, 1, 2}, Truth: []float64{0, 1, 2}, Value: []float64{0, 2, 2},
			Bands: [][]float64{{0.8, 0.1, 0}, {0.1, 0.4, 0.3}, {0.1, 0.5, 0.7}}}, {Name: "two", Time: []float64{5}, Truth: []float64{0}, Value: []float64{1}}}}}
	if err := open(t, render(t, r)).drawnWell(1); err != nil {
		t.Errorf("classes: %v", err)
	}
}

// TestPlotsInBrowser: one place on the x axis, no line at all, and log axes.
func TestPlotsInBrowser(t *testing.T) {
	browser(t)
	r := &Report{Plots: []Plot{
		{X: "FLOPs", Y: "score", LogX: true, Lines: []Line{{Name: "a", Dots: true, Points: []Point{{2742, 0.9}, {2742, 0.8}}}}},
		{X: "share", Y: "score", Lines: []Line{{Name: "a", Points: []Point{{0.1, 3}, {0, 4}, {0.3, math.NaN()}}}, {Name: "b", Points: []Point{{0.3, 1}}}}},
		{X: "epoch", Y: "loss", Lines: []Line{{Name: "a", Points: []Point{{1, 3}, {2, 4}, {3, 5}}}}},
		{X: "epoch", Y: "loss", LogY: true, Lines: []Line{{Name: "a", Points: []Point{{1, 3}, {2, 400}, {3, 0.05}}}}},
	}}
	if err := open(t, render(t, r)).drawnWell(4); err != nil {
		t.Error(err)
	}
	if n := pixels(t, render(t, r), firstLine); n < 500 {
		t.Errorf("%d pixels have the colour of the first line", n)
	}
}

// shown are the ends of the stretch that a chart shows, as it tells them.
var shown = regexp.MustCompile(`aria-label="Truth and prediction over time, from ([0-9.]+) rows to ([0-9.]+) rows"`)

// TestLongSeriesOpenReadably: a year of hours opens on its first labelled days, a day of hours as a whole.
func TestLongSeriesOpenReadably(t *testing.T) {
	browser(t)
	for _, c := range []struct {
		rows, unlabelled int
		from, to         string
	}{{8000, 100, "100", ""}, {48, 0, "0", "47"}} {
		trace := Trace{}
		for i := range c.rows {
			truth := math.Sin(2 * math.Pi * float64(i) / 24)
			trace.Time, trace.Value, trace.Truth = append(trace.Time, float64(i)), append(trace.Value, 0.9*truth), append(trace.Truth, truth)
			if i < c.unlabelled {
				trace.Truth[i] = math.NaN()
			}
		}
		r := &Report{Clock: "index", Predictions: &Predictions{Target: "y", Series: []Trace{trace}}}
		v := open(t, render(t, r))
		if err := v.drawnWell(1); err != nil {
			t.Fatal(err)
		}
		ends := shown.FindStringSubmatch(v.dom)
		if ends == nil || ends[1] != c.from || c.to != "" && ends[2] != c.to {
			t.Errorf("%d rows open from %q", c.rows, ends)
			continue
		}
		if to, _ := strconv.ParseFloat(ends[2], 64); c.to == "" && !(to > 300 && to < 1500) {
			t.Errorf("%d rows with a turn every 12 open up to %g", c.rows, to)
		}
	}
}
