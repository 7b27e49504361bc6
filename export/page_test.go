package export_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/internal/require"
)

// pageOf writes the page of a model into a directory of its own.
func pageOf(t *testing.T, s subject) (dir string) {
	t.Helper()
	printed, err := export.Page(s.m, export.Options{Name: "net"})
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, f := range printed.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// named is the subject of a name.
func named(t *testing.T, name string) subject {
	t.Helper()
	for _, s := range subjects(t, false) {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no preset %s is the first of its cell", name)
	return subject{}
}

// nodeDriver steps the model of a directory along rows and prints outputs and states; a row that is refused is null.
const nodeDriver = `import { readFileSync } from 'node:fs';
import { load } from './net.mjs';
const model = await load(readFileSync('net.wasm'));
const rows = JSON.parse(readFileSync(0)), out = [];
for (const { x, dt } of rows) {
  try {
    out.push({ y: model.step(x.map(v => v ?? NaN), dt), g: Array.from(model.state) });
  } catch (error) {
    out.push(null);
  }
}
model.reset();
console.log(JSON.stringify({ out, reset: Array.from(model.state), inputs: model.about.inputs.map(i => i.name), decides: model.decide() }));
`

// TestNode steps a module in node through the loader, from the beginning of a series on.
func TestNode(t *testing.T) {
	node := require.Program(t, "on Debian it is in the package nodejs", "node")
	s := named(t, "ltc-ncp19")
	dir, list := pageOf(t, s), trace(t, s.m, traced)
	if err := os.WriteFile(filepath.Join(dir, "driver.mjs"), []byte(nodeDriver), 0o644); err != nil {
		t.Fatal(err)
	}
	type given struct {
		X  []*float32 `json:"x"`
		DT float32    `json:"dt"`
	}
	var rows []given
	for _, r := range list {
		g := given{DT: r.dt}
		for _, v := range r.x {
			if v == v {
				g.X = append(g.X, &v)
			} else {
				g.X = append(g.X, nil)
			}
		}
		rows = append(rows, g)
	}
	rows = append(rows, given{X: rows[0].X, DT: -1})
	in, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "driver.mjs")
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, strings.NewReader(string(in)), os.Stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Out     []*struct{ Y, G []float32 }
		Reset   []float32
		Inputs  []string
		Decides int
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Out) != len(list)+1 || got.Out[len(list)] != nil {
		t.Fatalf("%d rows; of the last one %v", len(got.Out), got.Out[len(got.Out)-1])
	}
	var y, g [][]float32
	for _, o := range got.Out[:len(list)] {
		y, g = append(y, o.Y), append(g, o.G)
	}
	if worst := apart(t, s.m.Schema(), list, y, g); !(worst <= traced*bound) {
		t.Errorf("after %d rows %.1f ulp", len(list), worst)
	}
	for _, v := range got.Reset {
		if v != 0 {
			t.Errorf("after reset the state has %g", v)
		}
	}
	if fmt.Sprint(got.Inputs) != fmt.Sprint([]string{"temp */", "co2", "mode"}) {
		t.Errorf("inputs %q", got.Inputs)
	}
}

// TestLoaderIsShort: it is read before it is trusted.
func TestLoaderIsShort(t *testing.T) {
	printed, err := export.Page(named(t, "ltc-ncp19").m, export.Options{Name: "net"})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(printed.Files[1].Data), "\n"); printed.Files[1].Name != "net.mjs" || n > 22 {
		t.Errorf("%s has %d lines", printed.Files[1].Name, n)
	}
}

// chromium is a browser, or the test ends.
func chromium(t *testing.T) string {
	t.Helper()
	return require.Program(t, "on Debian it is in the package chromium", "chromium", "chromium-browser", "google-chrome")
}

// ask opens a page in headless Chromium and waits for what it sends to /results of a server, as the query or the body; what the
// console says comes with it. The page's address follows from that of the server.
func ask(t *testing.T, mux *http.ServeMux, page func(server string) string) (answer, console string) {
	t.Helper()
	program := chromium(t)
	done := make(chan string, 1)
	mux.HandleFunc("/results", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		done <- r.URL.Query().Get("is") + string(body)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	profile, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })                // a browser that was stopped may still write into it
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute) // of a browser that hangs; nothing is measured
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1100,900",
		"--remote-debugging-port=0", "--enable-logging=stderr", "--user-data-dir="+profile, page(server.URL))
	log := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd.Stderr = file
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case answer = <-done:
	case <-ctx.Done():
	}
	cancel()
	_ = cmd.Wait() // it was stopped
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "CONSOLE") {
			console += line
		}
	}
	return answer, console
}

// visitor moves what a reader can move, after the page has run for a while: it sets the inputs, begins a new series and steps
// once, and then goes to SERVER, saying what is shown, and on how many canvases anything is drawn. The page itself may ask for
// nothing, but a reader may leave it.
const visitor = `<script type="module">
const timer = setInterval(() => {
  const steps = Number(document.body.dataset.steps || 0);
  if (steps < 20) return;
  clearInterval(timer);
  document.getElementById('run').click();
  const set = (id, value) => { const e = document.getElementById(id); e.value = value; e.dispatchEvent(new Event('input')); };
  set('x0', 23);
  set('x2', 2);
  document.querySelector('.missing input').click();
  document.getElementById('reset').click();
  const drawn = c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 0).length > 100;
  const canvases = Array.from(document.querySelectorAll('canvas'));
  location = 'SERVER/results?is=' + encodeURIComponent(JSON.stringify({ shown: document.getElementById('values').textContent,
    error: document.getElementById('error').textContent, canvases: canvases.length, drawn: canvases.filter(drawn).length,
    inputs: Array.from(document.querySelectorAll('#inputs label > span'), e => e.textContent) }));
}, 100);
</script>
</body>`

// TestPageInBrowser: the page runs its model; with its controls moved it shows what the engine gives; all charts are drawn.
func TestPageInBrowser(t *testing.T) {
	s := named(t, "ltc-ncp19")
	path := filepath.Join(pageOf(t, s), "index.html")
	answer, console := ask(t, http.NewServeMux(), func(server string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text = []byte(strings.Replace(string(text), "</body>", strings.Replace(visitor, "SERVER", server, 1), 1))
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	})
	if console != "" {
		t.Errorf("the console says %s", console)
	}
	var says struct {
		Shown, Error    string
		Canvases, Drawn int
		Inputs          []string
	}
	if err := json.Unmarshal([]byte(answer), &says); err != nil {
		t.Fatalf("the page says %q", answer)
	}
	if says.Canvases != 4 || says.Drawn != 4 || says.Error != "" { // outputs and three states
		t.Errorf("of %d charts %d show anything; error %q", says.Canvases, says.Drawn, says.Error)
	}
	if fmt.Sprint(says.Inputs) != "[temp */ co2 mode]" {
		t.Errorf("controls of %q", says.Inputs)
	}
	y, err := s.m.Stream().Step([]float32{23, float32(math.NaN()), 2}, float32(s.m.Schema().Clock.FirstDT))
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(says.Shown, ": ")
	got, _ := strconv.ParseFloat(value, 64)
	if name != "load" || math.Abs(got-float64(y[0])) > 1e-3*math.Abs(float64(y[0])) {
		t.Errorf("the page shows %q, not %g", says.Shown, y[0])
	}
}
