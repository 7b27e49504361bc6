//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// killing is a stream that elegans adapt is killed on.
type killing struct {
	t       *testing.T
	program string
	dir     string
	lines   []byte // of standard input
	r       *rand.Rand
}

// newKilling makes a stream of three series, and a model of it.
func newKilling(t *testing.T) *killing {
	program, err := exec.LookPath("elegans")
	if err != nil {
		t.Fatal(err)
	}
	k := &killing{t: t, program: program, dir: t.TempDir(), r: rand.New(rand.NewPCG(7, 11))}
	var table, lines strings.Builder
	table.WriteString("date,room,temp,load\n")
	for i := range 1200 {
		at := time.Unix(1_800_000_000+int64(60*i), 0).UTC().Format("2006-01-02 15:04:05")
		temp, load := 20+3*math.Sin(0.1*float64(i)), 5+2*math.Sin(0.1*float64(i)+1)+float64(i/600)
		fmt.Fprintf(&table, "%s,r%d,%.4f,%.4f\n", at, i%3, temp, load)
		fmt.Fprintf(&lines, `{"date":%q,"room":"r%d","temp":%.4f,"load":%.4f}`+"\n", at, i%3, temp, load)
	}
	k.lines = []byte(lines.String())
	if err := os.WriteFile(k.path("rows.csv"), []byte(table.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	k.run("train", "rows.csv", "--target", "load", "--series", "room", "--epochs", "1", "--seeds", "1", "--no-baselines", "--report", "none", "--out", "m.elegans", "-q")
	return k
}

func (k *killing) path(name string) string { return filepath.Join(k.dir, name) }

func (k *killing) read(name string) []byte {
	k.t.Helper()
	b, err := os.ReadFile(k.path(name))
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

// command runs on the lines of the stream.
func (k *killing) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd, said := exec.Command(k.program, args...), &bytes.Buffer{}
	cmd.Dir, cmd.Stdin, cmd.Stderr = k.dir, bytes.NewReader(k.lines), said
	return cmd, said
}

// run demands that a command succeeds, and gives its output and what it says.
func (k *killing) run(args ...string) (out []byte, said string) {
	k.t.Helper()
	cmd, errors := k.command(args...)
	out, err := cmd.Output()
	if err != nil {
		k.t.Fatalf("elegans %s: %v\n%s", strings.Join(args, " "), err, errors)
	}
	return out, errors.String()
}

// adapt are the arguments of all runs, labels late by seven minutes.
func adapt(journal, policy string, more ...string) []string {
	return append([]string{"adapt", "m.elegans", "-", "--delay", "7m", "--guard", "--guard-alpha", "0.5", "--reservoir", "20", "--drift", "none", "--journal", journal, "--sync", policy}, more...)
}

// kill lets a run print some predictions, kills it a little later, and gives the numbers of those that it printed. It may have
// come to its end by then.
func (k *killing) kill(cmd *exec.Cmd, after int) (printed []uint64) {
	k.t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		id := printedID(lines.Bytes())
		if id == 0 {
			break // the last line may be cut
		}
		if printed = append(printed, id); len(printed) == after {
			time.Sleep(time.Duration(k.r.IntN(3000)) * time.Microsecond)
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	return printed
}

// rows are the numbers of the rows that a journal holds, and its last record. Reading all of it finds what is corrupt.
func (k *killing) rows(journal string) (rows []uint64, last uint64) {
	k.t.Helper()
	out, _ := k.run("journal", "log", journal, "--all", "--json")
	for line := range bytes.Lines(out) {
		var r struct {
			Record uint64 `json:"record"`
			Kind   string `json:"kind"`
		}
		if err := json.Unmarshal(line, &r); err != nil {
			k.t.Fatalf("%s: %v", line, err)
		}
		if last = r.Record; r.Kind == "row" {
			rows = append(rows, r.Record)
		}
	}
	return rows, last
}

// tear cuts some bytes off the end of a journal, fewer than any record has.
func (k *killing) tear(journal string) {
	k.t.Helper()
	segments, err := filepath.Glob(k.path(journal + "/*.journal"))
	if err != nil || len(segments) == 0 {
		k.t.Fatal(segments, err)
	}
	last := slices.Max(segments)
	info, err := os.Stat(last)
	if err != nil {
		k.t.Fatal(err)
	}
	if err := os.Truncate(last, info.Size()-1-int64(k.r.IntN(24))); err != nil {
		k.t.Fatal(err)
	}
}

// Killed at any moment under any policy, with a torn end or without, the command has every prediction that it printed in its
// journal, and goes on to what it would have become, to the bit. The model stays as it is.
func TestAdaptKilled(t *testing.T) {
	k := newKilling(t)
	model := k.read("m.elegans")
	k.run(adapt("whole", "never", "--out", "whole.elegans")...)
	policies, kills, torn := policies(), 0, 0
	for round := 0; kills < 9; round++ {
		cmd, said := k.command(adapt("j", policies[round%len(policies)])...)
		printed := k.kill(cmd, 20+k.r.IntN(160))
		if cmd.ProcessState.Exited() {
			t.Fatalf("it came to its end before it was killed %d times; it says %s", kills, said)
		}
		kills++
		rows, last := k.rows("j")
		for _, id := range printed {
			if !slices.Contains(rows, id) {
				t.Errorf("kill %d: prediction %d was printed and is not in the journal", kills, id)
			}
		}
		if round%2 == 1 {
			k.tear("j")
			torn++
			if _, left := k.rows("j"); left+1 < last {
				t.Errorf("kill %d: of %d records the torn journal has %d; one was torn", kills, last, left)
			}
		}
	}
	_, said := k.run(adapt("j", "interval", "--out", "j.elegans")...)
	if !strings.Contains(said, "going on from record") {
		t.Errorf("the last run says %s", said)
	}
	k.run("journal", "replay", "j", "--out", "replayed.elegans")
	if want := k.read("whole.elegans"); !bytes.Equal(k.read("j.elegans"), want) || !bytes.Equal(k.read("replayed.elegans"), want) || bytes.Equal(want, model) {
		t.Errorf("after %d kills and %d torn ends the model differs from that of one run", kills, torn)
	}
	if !bytes.Equal(k.read("m.elegans"), model) {
		t.Error("the model itself has changed")
	}
}

// Where a file may grow no more, as on a full disk, the command stops with one line, what it printed is in its journal, and with
// room again it goes on to what it would have become.
func TestAdaptWithoutRoom(t *testing.T) {
	k := newKilling(t)
	cmd, said := k.command()
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `ulimit -f 400; exec "$@"`, "sh", k.program}, adapt("j", "record")...)
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != 1 || strings.Count(said.String(), "error: ") != 1 {
		t.Fatalf("%v; it says %s", err, said)
	}
	rows, _ := k.rows("j")
	for line := range bytes.Lines(out) {
		if id := printedID(line); !slices.Contains(rows, id) {
			t.Errorf("%s is not in the journal", line)
		}
	}
	if len(rows) < 10 || len(rows) > 1190 {
		t.Fatalf("%d rows have found room", len(rows))
	}
	k.run(adapt("whole", "never", "--out", "whole.elegans")...)
	k.run(adapt("j", "never", "--out", "j.elegans")...)
	if !bytes.Equal(k.read("j.elegans"), k.read("whole.elegans")) {
		t.Error("with room again another model was learned")
	}
}

// printedID is the number of a prediction, 0 where the line is none.
func printedID(line []byte) uint64 {
	var p struct {
		ID uint64 `json:"id"`
	}
	_ = json.Unmarshal(line, &p)
	return p.ID
}
