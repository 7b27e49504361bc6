package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
)

// elegans runs a command line in this process and gives what it wrote.
func elegans(t *testing.T, code int, args ...string) (out, notes string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := run(context.Background(), args, strings.NewReader(""), &stdout, &stderr); got != code {
		t.Fatalf("elegans %s: exit code %d, want %d: %s", strings.Join(args, " "), got, code, stderr.String())
	}
	return stdout.String(), stderr.String()
}

// The command of a report and that of an interruption can be typed again and mean the same.
func TestCommandLine(t *testing.T) {
	c := newConsole(nil, &bytes.Buffer{}, &bytes.Buffer{})
	cmd := newTrain(c)
	args := []string{"--target", "is it's", "--drop", "a,b", "--drop", "c d", "--horizon", "30m", "--mask", "--sort=false", "--quantiles", "0.1,0.9",
		"--split", "group", "--test", "0.25", "--seed", "7", "--out", "x y.elegans", "--workers", "2", "--json"}
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	const result = ` --target 'is it'\''s' --drop 'a,b,c d' --horizon 30m0s --sort=false --mask --split group --test 0.25 --seed 7 --quantiles 0.1,0.9`
	if got := commandLine(cmd, []string{"train", "my rooms.csv"}, outcomeFlag); !sameWords(got, "elegans train 'my rooms.csv'"+result) {
		t.Errorf("%s", got)
	}
	all := commandLine(cmd, []string{"train", "-"}, func(string) bool { return true })
	if !sameWords(all, "elegans train -"+result+` --out 'x y.elegans' --workers 2 --json`) {
		t.Errorf("%s", all)
	}
	f := recall(settings(cmd, modelFlag))
	want := trainFlags{roles: dataset.Roles{Target: "is it's", Drop: []string{"a", "b", "c d"}, Horizon: dataset.Horizon{Seconds: 1800}, Missing: dataset.Missing{Mask: true}},
		split: dataset.SplitOptions{By: dataset.ByGroup, Test: 0.25}, seed: 7, quantiles: []float64{0.1, 0.9}}
	if !reflect.DeepEqual(*f, want) {
		t.Errorf("recalled %+v, want %+v", *f, want)
	}
	if f := recall(map[string]string{"flag-of-tomorrow": "1", "window": "many", "stride": "3"}); f.stride != 3 || f.window != 0 {
		t.Errorf("recalled %+v", *f)
	}
}

// sameWords compares but for the order of flags, which is that of their registration.
func sameWords(a, b string) bool {
	x, y := strings.Split(a, " --"), strings.Split(b, " --")
	count := map[string]int{}
	for _, w := range x {
		count[w]++
	}
	for _, w := range y {
		count[w]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return len(x) == len(y)
}

// A model file says how it was made, and nothing of where, when and how fast.
func TestModelFileSaysHow(t *testing.T) {
	dir := t.TempDir()
	rooms, err := filepath.Abs("testdata/rooms.csv")
	if err != nil {
		t.Fatal(err)
	}
	var files [2][]byte
	for i, workers := range []string{"1", "2"} {
		out := filepath.Join(dir, workers+".elegans")
		elegans(t, exitOK, "train", rooms, "--target", "occupied", "--series", "room", "--drop", "load", "--epochs", "2", "--seeds", "2", "--seed", "3",
			"--window", "8", "--workers", workers, "--out", out, "--report", filepath.Join(dir, "r.html"), "-q")
		if files[i], err = os.ReadFile(out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("one worker and two give different files")
	}
	m, err := model.Read(bytes.NewReader(files[0]))
	if err != nil {
		t.Fatal(err)
	}
	info := m.Info()
	want := map[string]string{"target": "occupied", "series": "room", "drop": "load", "epochs": "2", "seeds": "2", "seed": "3", "window": "8"}
	if !reflect.DeepEqual(info.Settings, want) || info.Name != defaultModel || info.Seed < 3 || info.Seed > 4 || len(info.Data) != 64 {
		t.Errorf("%+v", info)
	}
	if bytes.Contains(files[0], []byte(dir)) || bytes.Contains(files[0], []byte("testdata")) {
		t.Error("the file holds a path")
	}
	out, _ := elegans(t, exitOK, "eval", filepath.Join(dir, "1.elegans"), rooms, "--json")
	var scored evaluated
	if err := json.Unmarshal([]byte(out), &scored); err != nil {
		t.Fatal(err)
	}
	for _, s := range scored.Metrics {
		if was, ok := info.Metrics[s.Name]; ok && was != s.Value {
			t.Errorf("%s is %v, and %v when the model was trained", s.Name, s.Value, was)
		}
	}
	if len(scored.Metrics) < 5 || scored.Part != partTest {
		t.Errorf("%+v", scored)
	}
}

// After an interruption that comes when all trials have ended the model is there and the scores are shown, and nothing is
// left of the report but the way to it.
func TestInterruptedBeforeTheReport(t *testing.T) {
	rooms, err := filepath.Abs("testdata/rooms.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, asJSON := range []bool{false, true} {
		dir := t.TempDir()
		t.Chdir(dir)
		var out, notes bytes.Buffer
		j := &job{f: &trainFlags{}, c: newConsole(nil, &out, &notes)}
		cmd := &cobra.Command{}
		j.f.register(cmd)
		if err := cmd.ParseFlags([]string{"--target", "occupied", "--series", "room", "--epochs", "1", "--seeds", "1", "--window", "16", "--no-baselines",
			fmt.Sprintf("--json=%v", asJSON)}); err != nil {
			t.Fatal(err)
		}
		if err := j.prepare(cmd, rooms); err != nil {
			t.Fatal(err)
		}
		ctx, interrupt := context.WithCancel(context.Background())
		outcome, err := j.execute(ctx)
		if err != nil {
			t.Fatal(err)
		}
		interrupt()
		if err := within(t, func() error { return j.finish(ctx, outcome) }); !errors.Is(err, context.Canceled) || j.c.flush() != nil {
			t.Errorf("the error is %v", err)
		}
		const hint = "interrupted before the report was written; go on with: elegans train "
		if !strings.Contains(notes.String(), hint) || !strings.HasSuffix(notes.String(), " --resume rooms.elegans.ckpt\n") {
			t.Errorf("the notes are %q", notes.String())
		}
		if shown := strings.Contains(out.String(), "\n*ltc-ncp19  "); shown == asJSON || json.Valid(out.Bytes()) != asJSON {
			t.Errorf("with --json=%v the output is %q", asJSON, out.String())
		}
		if _, err := model.Load("rooms.elegans"); err != nil {
			t.Error(err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
			t.Errorf("%v are there (%v), want model and checkpoint", entries, err)
		}
	}
}

// Where neither the place that was asked for nor the checkpoint can be written the result is put elsewhere.
func TestRescue(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	j := &job{f: &trainFlags{resume: "old"}, again: "elegans train x", ckpt: "y"}
	full := usage("cannot write m: no space")
	err := j.rescue(full, "model", func(w io.Writer) error { _, err := io.WriteString(w, "weights"); return err })
	_, path, ok := strings.Cut(err.Error(), "the model is in ")
	if !ok {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(strings.TrimSuffix(path, " instead")); err != nil || string(data) != "weights" {
		t.Errorf("%q, %v", data, err)
	}
	j.saved = true
	if err := j.rescue(full, "model", nil); !strings.Contains(err.Error(), "the model is not lost: free space, then: elegans train x --resume y") {
		t.Error(err)
	}
	j.saved, j.resume = false, &experiment.Checkpoint{}
	if err := j.rescue(&writeError{"m", syscall.ENOSPC, "name another file"}, "model", nil); err.Error() !=
		"cannot write m: no space left on device; the model is not lost: free space, then: elegans train x --resume old" {
		t.Error(err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "absent"))
	j.resume = nil
	if err := j.rescue(full, "model", nil); err != full {
		t.Error(err)
	}
}

// The metric of a built-in data set is one that its target has.
func TestBuiltinMetrics(t *testing.T) {
	named := 0
	for _, b := range dataset.Builtins() {
		if b.Metric == "" {
			continue
		}
		named++
		m, err := metric.ByName(b.Metric)
		if err != nil || m.Task != b.Roles.Task {
			t.Errorf("%s: metric %q: %v", b.Name, b.Metric, err)
		}
	}
	if named == 0 {
		t.Error("no built-in data set names a metric")
	}
}
