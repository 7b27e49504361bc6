package export_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// numbers are little-endian floats in base64, which JSON can hold with NaN.
type numbers []float32

// MarshalText implements encoding.TextMarshaler.
func (n numbers) MarshalText() ([]byte, error) {
	var b bytes.Buffer
	err := binary.Write(&b, binary.LittleEndian, []float32(n))
	return []byte(base64.StdEncoding.EncodeToString(b.Bytes())), err
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *numbers) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.DecodeString(string(text))
	*n = floats(b)
	return err
}

// onnxCase is one run of a graph: inputs with their shapes, and results by name.
type onnxCase struct {
	File   string             `json:"file"`
	Inputs map[string]numbers `json:"inputs"`
	Shapes map[string][]int   `json:"shapes"`
}

// onnxDriver checks graphs and runs them in ONNX Runtime.
const onnxDriver = `import base64, json, sys
import numpy as np, onnx, onnxruntime as ort
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
out = []
for case in json.load(sys.stdin):
    onnx.checker.check_model(case['file'], full_check=True)
    session = ort.InferenceSession(case['file'], options, providers=['CPUExecutionProvider'])
    feed = {k: np.frombuffer(base64.b64decode(v), '<f4').reshape(case['shapes'][k]) for k, v in case['inputs'].items()}
    results = session.run(None, feed)
    out.append({o.name: base64.b64encode(np.ascontiguousarray(r).astype('<f4').tobytes()).decode() for o, r in zip(session.get_outputs(), results)})
json.dump(out, sys.stdout)
`

// runONNX runs graphs.
func runONNX(t *testing.T, program string, cases []onnxCase) (results []map[string]numbers) {
	t.Helper()
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", onnxDriver)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &errs
	if err := cmd.Run(); err != nil {
		text := errs.String()
		t.Fatalf("%v\n%s", err, text[max(0, len(text)-3000):])
	}
	if err := json.Unmarshal(out.Bytes(), &results); err != nil || len(results) != len(cases) {
		t.Fatalf("%v: %d results of %d cases", err, len(results), len(cases))
	}
	return results
}

// save writes a file of an export into a directory.
func save(t *testing.T, dir, name string, printed *export.Printed) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, printed.Files[0].Data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// widths are those of a model's states.
func widths(m *model.Model) (list []int) {
	p := m.Program()
	for _, s := range p.States {
		list = append(list, p.Nodes[s.Node].Shape.Len())
	}
	return list
}

// stepCase is one step from each row of a trace: the rows are the batch.
func stepCase(m *model.Model, path string, list []row) onnxCase {
	c := onnxCase{path, map[string]numbers{}, map[string][]int{"x": {len(list), len(list[0].x)}, "dt": {len(list)}}}
	for _, r := range list {
		c.Inputs["x"], c.Inputs["dt"] = append(c.Inputs["x"], r.x...), append(c.Inputs["dt"], r.dt)
		at := 0
		for k, n := range widths(m) {
			name := fmt.Sprintf("h%d", k)
			c.Inputs[name], c.Shapes[name] = append(c.Inputs[name], r.h[at:at+n]...), []int{len(list), n}
			at += n
		}
	}
	return c
}

// stepResults are the outputs and states of each lane.
func stepResults(m *model.Model, results map[string]numbers, lanes int) (y, g [][]float32) {
	for lane := range lanes {
		n := len(results["y"]) / lanes
		y = append(y, results["y"][lane*n:][:n])
		state := []float32{}
		for k, n := range widths(m) {
			state = append(state, results[fmt.Sprintf("h%d_next", k)][lane*n:][:n]...)
		}
		g = append(g, state)
	}
	return y, g
}

// sequenceCase is the series of a trace, and a second lane with its rows from the last to the first.
func sequenceCase(m *model.Model, path string, list []row) onnxCase {
	T := len(list)
	c := onnxCase{path, map[string]numbers{}, map[string][]int{"x": {2, T, len(list[0].x)}, "dt": {2, T}}}
	for k := range 2 * T {
		r := list[min(k, 2*T-1-k)]
		c.Inputs["x"], c.Inputs["dt"] = append(c.Inputs["x"], r.x...), append(c.Inputs["dt"], r.dt)
	}
	for k, n := range widths(m) {
		name := fmt.Sprintf("h%d", k)
		c.Inputs[name], c.Shapes[name] = make(numbers, 2*n), []int{2, n}
	}
	return c
}

// onnxBound is what a value may differ by, per 1 + its size, of raw units per their mean and deviation.
const onnxBound = 1e-5

// off is the largest difference of a from b in these terms.
func off(s series.Schema, got, want []float32, output bool) (worst float64) {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	size := 1.0
	if output && s.Target.Task == series.Regress {
		size = math.Abs(s.Target.Mean) + s.Target.SD
	}
	for k := range want {
		if got[k] == want[k] || got[k] != got[k] && want[k] != want[k] {
			continue
		}
		d := math.Abs(float64(got[k])-float64(want[k])) / (size + math.Abs(float64(want[k])))
		if !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// TestONNX checks every cell with ONNX's own checker and compares it with the engine in ONNX Runtime: steps from equal states,
// many in a batch, and a whole series of two lanes.
func TestONNX(t *testing.T) {
	program := require.Python(t, "onnx", "onnxruntime")
	dir := t.TempDir()
	var cases []onnxCase
	var used []subject
	traces := map[string][]row{}
	for _, s := range subjects(t, require.All()) {
		printed, err := export.ONNX(s.m, export.Options{Name: "net"})
		if refusedAsAdaptive(t, s, err) {
			continue
		}
		list := trace(t, s.m, traced)
		cases = append(cases, stepCase(s.m, save(t, dir, s.name+".onnx", printed), list))
		printed, err = export.ONNXSequence(s.m, export.Options{Name: "net"})
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		cases = append(cases, sequenceCase(s.m, save(t, dir, s.name+"-series.onnx", printed), list))
		used, traces[s.name] = append(used, s), list
	}
	other := named(t, "ltc-ncp19") // with one weight that is not the engine's
	theta := other.m.Params()
	theta[100] *= 1.01
	printed, err := export.ONNX(other.m.With(theta), export.Options{Name: "net"})
	if err != nil {
		t.Fatal(err)
	}
	cases = append(cases, stepCase(other.m, save(t, dir, "other.onnx", printed), traces[other.name]))
	results := runONNX(t, program, cases)
	y, g := stepResults(other.m, results[len(cases)-1], traced)
	wrong := 0.0
	for i, r := range traces[other.name] {
		wrong = max(wrong, off(other.m.Schema(), y[i], r.y, true), off(other.m.Schema(), g[i], r.g, false))
	}
	if wrong <= onnxBound {
		t.Errorf("a weight that differs by 1%% makes %.1e", wrong)
	}
	for k, s := range used {
		t.Run(s.name, func(t *testing.T) {
			list, schema := traces[s.name], s.m.Schema()
			y, g := stepResults(s.m, results[2*k], len(list))
			steps := 0.0
			for i, r := range list {
				steps = max(steps, off(schema, y[i], r.y, true), off(schema, g[i], r.g, false))
			}
			all := results[2*k+1]
			n := len(list[0].y)
			run := 0.0
			stream := s.m.Stream()
			for lane := range 2 {
				stream.Reset()
				for i := range list {
					r := list[i]
					if lane == 1 {
						r = list[len(list)-1-i]
					}
					want, err := stream.Step(r.x, r.dt)
					if err != nil {
						t.Fatal(err)
					}
					run = max(run, off(schema, all["y"][(lane*len(list)+i)*n:][:n], want, true))
				}
			}
			t.Logf("steps %.1e, series %.1e", steps, run)
			if !(steps <= onnxBound && run <= onnxBound) {
				t.Errorf("steps differ by %.1e, a series by %.1e; at most %.0e is said", steps, run, onnxBound)
			}
		})
	}
}

// TestONNXOperations compares every operation with the oracle.
func TestONNXOperations(t *testing.T) {
	program := require.Python(t, "onnx", "onnxruntime")
	dir := t.TempDir()
	var cases []onnxCase
	var list []export.OperationGraph
	for _, g := range export.OperationGraphs(t) {
		path := filepath.Join(dir, strings.ReplaceAll(g.Name, " ", "_")+".onnx")
		if err := os.WriteFile(path, g.Model, 0o644); err != nil {
			t.Fatal(err)
		}
		n := len(g.X)
		cases = append(cases, onnxCase{path, map[string]numbers{"x": append(g.X, g.H...), "h0": append(g.H, g.X...), "dt": {1, 1}},
			map[string][]int{"x": {2, n}, "h0": {2, n}, "dt": {2}}}) // the second lane has both the other way round
		list = append(list, g)
	}
	for k, r := range runONNX(t, program, cases) {
		for i, want := range list[k].Want {
			if got := r["y"][i]; !(math.Abs(float64(got)-want) <= 1e-6*(1+math.Abs(want))) {
				t.Errorf("%s: component %d is %g, not %g", list[k].Name, i, got, want)
			}
		}
	}
	if len(list) < 20 {
		t.Errorf("%d programs", len(list))
	}
}

// TestONNXDecides: class follows the threshold, and the most probable of several classes.
func TestONNXDecides(t *testing.T) {
	program := require.Python(t, "onnx", "onnxruntime")
	l := model.Liquid(cell.LTC{Unfolds: 2}, wiring.Auto(9, 3))
	dir := t.TempDir()
	for _, classes := range []int{2, 3} {
		s := sensors(classes)
		if classes == 3 {
			l.Wiring = wiring.Auto(9, 3)
		} else {
			l.Wiring = wiring.Auto(9, 1)
		}
		m, err := model.New(s, l)
		if err != nil {
			t.Fatal(err)
		}
		m = m.Initial(3)
		list := trace(t, m, 24)
		threshold := float32(0)
		if classes == 2 { // the threshold is within what the rows give
			for _, r := range list {
				threshold += r.y[1] / 24
			}
			if m, err = m.WithThreshold(float64(threshold)); err != nil {
				t.Fatal(err)
			}
		}
		printed, err := export.ONNX(m, export.Options{Name: "net"})
		if err != nil {
			t.Fatal(err)
		}
		r := runONNX(t, program, []onnxCase{stepCase(m, save(t, dir, fmt.Sprint(classes, ".onnx"), printed), list)})[0]
		seen := map[float32]bool{}
		for k, row := range list {
			want := float32(0)
			for c, p := range row.y {
				if classes == 2 && c == 1 && p > threshold || classes > 2 && p > row.y[int(want)] {
					want = float32(c)
				}
			}
			seen[want] = true
			if r["class"][k] != want {
				t.Errorf("%v (threshold %g) is class %g, not %g", row.y, threshold, r["class"][k], want)
			}
		}
		if classes == 2 && len(seen) < 2 {
			t.Errorf("of %d classes only %v occur", classes, seen)
		}
	}
}

// TestONNXRefusals: what cannot be exported says why.
func TestONNXRefusals(t *testing.T) {
	l := model.Liquid(cell.LTC{}, wiring.Auto(8, 1))
	m, err := model.New(sensors(2), l)
	if err != nil {
		t.Fatal(err)
	}
	var wrong *export.NameError
	if _, err := export.ONNX(m, export.Options{Name: "a/b"}); !errors.As(err, &wrong) {
		t.Errorf("a name with a slash: %v", err)
	}
	theta := m.Params()
	theta[0] = float32(math.NaN())
	var no *export.RefusedError
	if _, err := export.ONNX(m.With(theta), export.Options{Name: "net"}); !errors.As(err, &no) {
		t.Errorf("a weight that is none: %v", err)
	}
	l.Block.Bidirectional = true
	if m, err = model.New(sensors(2), l); err != nil {
		t.Fatal(err)
	}
	if _, err := export.ONNXSequence(m, export.Options{Name: "net"}); !errors.As(err, &no) || !strings.Contains(err.Error(), "bidirectional") {
		t.Errorf("bidirectional: %v", err)
	}
}
