package export_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/internal/require"
)

// runtimeWeb is the directory of onnxruntime-web's files: ELEGANS_ORT_WEB, or where npm installs for all.
func runtimeWeb(t *testing.T) string {
	t.Helper()
	dirs := []string{os.Getenv("ELEGANS_ORT_WEB")}
	if npm, err := exec.LookPath("npm"); err == nil {
		if root, err := exec.Command(npm, "root", "-g").Output(); err == nil {
			dirs = append(dirs, filepath.Join(strings.TrimSpace(string(root)), "onnxruntime-web", "dist"))
		}
	}
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "ort.wasm.min.js")); err == nil {
			return dir
		}
	}
	require.Missing(t, "no onnxruntime-web (nor ELEGANS_ORT_WEB, its dist directory); npm install -g onnxruntime-web")
	return ""
}

// webPage runs the cases that the server has, one after the other, and sends back what comes out.
const webPage = `<!doctype html><title>run</title><script src="/ort/ort.wasm.min.js"></script><script>
const numbers = text => new Float32Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
const text = list => btoa(String.fromCharCode(...new Uint8Array(Float32Array.from(list, Number).buffer)));
(async () => {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/ort/';
  const results = [];
  for (const c of await (await fetch('/cases')).json()) {
    const session = await ort.InferenceSession.create(c.file, { executionProviders: ['wasm'] });
    const feed = {};
    for (const name of session.inputNames) feed[name] = new ort.Tensor('float32', numbers(c.inputs[name]), c.shapes[name]);
    const out = await session.run(feed), result = {};
    for (const name of session.outputNames) result[name] = text(out[name].data);
    results.push(result);
  }
  return JSON.stringify(results);
})().catch(e => String(e)).then(body => fetch('/results', { method: 'POST', body }));
</script>`

// TestONNXInBrowser runs a step and a series in a browser with onnxruntime-web, also where rows are taken in parts.
func TestONNXInBrowser(t *testing.T) {
	dist := runtimeWeb(t)
	dir := t.TempDir()
	var cases []onnxCase
	list := map[string][]row{}
	models := []subject{named(t, "ltc-ncp19"), named(t, "ctrnn-32")}
	for _, s := range models {
		rows := trace(t, s.m, traced)
		list[s.name] = rows
		step, err := export.ONNX(s.m, export.Options{Name: "net"})
		if err != nil {
			t.Fatal(err)
		}
		series, err := export.ONNXSequence(s.m, export.Options{Name: "net"})
		if err != nil {
			t.Fatal(err)
		}
		save(t, dir, s.name+".onnx", step)
		save(t, dir, s.name+"-series.onnx", series)
		cases = append(cases, stepCase(s.m, "/models/"+s.name+".onnx", rows), sequenceCase(s.m, "/models/"+s.name+"-series.onnx", rows))
	}
	mux := http.NewServeMux()
	mux.Handle("/ort/", http.StripPrefix("/ort/", http.FileServer(http.Dir(dist))))
	mux.Handle("/models/", http.StripPrefix("/models/", http.FileServer(http.Dir(dir))))
	mux.HandleFunc("/cases", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(cases) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, webPage) })
	text, console := ask(t, mux, func(server string) string { return server })
	var results []map[string]numbers
	if err := json.Unmarshal([]byte(text), &results); err != nil || len(results) != len(cases) {
		t.Fatalf("%v: the page says %.2000q, the console %q", err, text, console)
	}
	for k, s := range models {
		rows, schema := list[s.name], s.m.Schema()
		y, g := stepResults(s.m, results[2*k], len(rows))
		series := results[2*k+1]["y"]
		for i, r := range rows {
			n := len(r.y)
			if a, b, c := off(schema, y[i], r.y, true), off(schema, g[i], r.g, false), off(schema, series[i*n:][:n], r.y, true); !(max(a, b, c) <= onnxBound) {
				t.Errorf("%s, row %d: outputs differ by %.1e, states by %.1e, outputs of the series by %.1e", s.name, i, a, b, c)
			}
		}
	}
}
