package suite

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/internal/replace"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/train"
)

// Record is a folder of result files, one a task: every trial that was ever scored on a test part stays there, so that a page
// says how often one looked. Any number of processes may add to it. Nothing is trained from it: package experiment keeps the
// trained models elsewhere.
type Record string

// Results is what a record holds of a task.
type Results struct {
	Task string `json:"task"`
	// Note says in some sentences what was found, above all where others are better. People write it; the page prints it there.
	Note string `json:"note,omitempty"`
	// Trials that were trained. Those of configurations that validation did not choose have no test figures.
	Trials []*Trial `json:"trials"`
	// LookedAt are configurations whose test figures were seen outside of any suite. They are counted, and in no table.
	LookedAt []Look `json:"looked_at,omitempty"`
	// Boards are the present rows of each suite, by its name.
	Boards map[string]Board `json:"boards,omitempty"`
}

// Made is the generation of a trial: what it depends on beside its model, options and seed. A table is of one version of the data;
// a row that another program trained, or on other kernels, says so.
type Made struct {
	// Program is its version with the revision of its source, Kernels the path that it computed on; see engine.KernelPath.
	Program string `json:"program,omitempty"`
	Kernels string `json:"kernels,omitempty"`
	// Data is Data.Hash.
	Data string `json:"data,omitempty"`
}

// Board is the table of a suite on a task.
type Board struct {
	// Made is the generation of the rows that were placed last.
	Made
	Rows []Line `json:"rows"`
}

// Look is a configuration whose test figures somebody saw.
type Look struct {
	// Count is the number of configurations where several were not noted one by one; 1 if zero.
	Count      int           `json:"count,omitempty"`
	Model      string        `json:"model"`
	Options    train.Options `json:"options"`
	Seed       uint64        `json:"seed"`
	Parameters int           `json:"parameters"`
	Epochs     int           `json:"epochs"`
	Best       int           `json:"best_epoch"`
	Valid      metric.Scores `json:"valid,omitempty"`
	Test       metric.Scores `json:"test,omitempty"`
}

// Trial is the outcome of one model, or an average of several, with one seed.
type Trial struct {
	// Key tells it from all others: model, options and seed, and what it was Made with.
	Key string `json:"key,omitempty"`
	Made
	Task  string `json:"task"`
	Model string `json:"model"`
	// Inputs that the model is fed beside the values; see experiment.Feed.
	Inputs experiment.Feed `json:"inputs,omitempty"`
	// Average is the number of networks whose mean prediction it is, where they are several; their seeds follow from Seed.
	Average int `json:"average,omitempty"`
	// Size is the number of units; 0 where there is none, or where nobody noted it.
	Size    int           `json:"size,omitempty"`
	Options train.Options `json:"options,omitzero"` // with every default filled in; none of a simple model
	Seed    uint64        `json:"seed"`
	// Parameters, and FLOPs of one step.
	Parameters int     `json:"parameters"`
	FLOPs      float64 `json:"flops_per_step"`
	// Epochs that were run, and the one that was kept; of an average those of all its networks, and 0.
	Epochs int `json:"epochs"`
	Best   int `json:"best_epoch"`
	// Seconds of training with its validation. It depends on the machine.
	Seconds float64 `json:"seconds"`
	// ValidLoss is that of the best epoch; of an average the mean of its networks'.
	ValidLoss Number `json:"valid_loss"`
	// Valid and Test are the task's measures on both parts; those of the constant model where training diverged.
	Valid metric.Scores `json:"valid,omitempty"`
	Test  metric.Scores `json:"test,omitempty"`
	// Diverged says where training met a value that is not finite; empty where it did not.
	Diverged string `json:"diverged,omitempty"`
}

// Line is a row of a board: one model, with the configuration that validation chose.
type Line struct {
	Name  string `json:"name"`
	Model string `json:"model"`
	Kind  Kind   `json:"kind"`
	// Tried is the number of configurations of which it is one.
	Tried int `json:"tried"`
	// Trials by key, one a seed.
	Trials []string `json:"trials"`
	// Made is the generation of its trials where it is not that of the board.
	Made *Made `json:"made,omitempty"`
}

// Number is a float64 that is null in JSON where it is not finite.
type Number float64

// MarshalJSON writes the number or null.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return json.Marshal(v)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads the number; null is NaN.
func (n *Number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

func (r Record) path(task string) string { return filepath.Join(string(r), task+".json") }

// Read gives what is held of a task, nothing where there is no file. The error is that of a file that cannot be read.
func (r Record) Read(task string) (*Results, error) {
	held := &Results{Task: task, Trials: []*Trial{}}
	text, err := os.ReadFile(r.path(task))
	if errors.Is(err, fs.ErrNotExist) {
		return held, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, held); err != nil {
		return nil, fmt.Errorf("%s holds no trials (%v); move it away", r.path(task), err)
	}
	return held, nil
}

// again is how soon a file is asked for that another process is adding to.
const again = 20 * time.Millisecond

// Played is a contest on a task that has ended.
type Played struct {
	Task *Task
	Data *Data
	// Suite whose board its rows are put on, where they replace those of the same names. Empty where it was run with other options
	// than those of the suite: then it is noted only.
	Suite string
	// Program is that of Made.
	Program string
	Models  []experiment.Contestant
	Board   *experiment.Leaderboard
}

// Add notes all trials of a contest.
func (r Record) Add(p Played) error {
	if err := os.MkdirAll(string(r), 0o755); err != nil {
		return err
	}
	for {
		release, held, err := replace.Hold(r.path(p.Task.Name) + ".lock")
		if err != nil {
			return err
		}
		if held {
			defer release()
			break
		}
		time.Sleep(again)
	}
	held, err := r.Read(p.Task.Name)
	if err != nil {
		return err
	}
	held.add(p)
	return replace.File(r.path(p.Task.Name), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(held)
	})
}

func (held *Results) add(p Played) {
	made, kinds := Made{p.Program, engine.KernelPath(), p.Data.Hash()}, map[string]Kind{}
	for _, m := range p.Models {
		kinds[m.Name] = KindOf(m.Architecture)
	}
	for _, s := range p.Board.Rows {
		line := Line{Name: s.Name, Model: s.Model, Kind: kinds[s.Model], Tried: s.Tried}
		one := Trial{Made: made, Task: p.Task.Name, Model: s.Model, Inputs: s.Inputs, Size: s.Size, Options: s.Options, Parameters: s.Parameters, FLOPs: s.FLOPs}
		if s.Average > 1 {
			one.Average = s.Average
		}
		for _, run := range s.Runs {
			scored := one.scored(run, s.Network())
			held.keep(scored)
			line.Trials = append(line.Trials, scored.Key)
		}
		for _, k := range s.Rejected {
			held.keep(&Trial{Key: made.key(k.Key), Made: made, Task: one.Task, Model: s.Model, Inputs: s.Inputs, Size: k.Size, Options: k.Options, Seed: k.Options.Seed,
				Parameters: k.Parameters, FLOPs: k.FLOPs, Epochs: k.Epochs, Best: k.Best, Seconds: k.Seconds, ValidLoss: Number(k.ValidLoss), Diverged: k.Diverged})
		}
		if p.Suite != "" {
			held.place(p.Suite, made, line)
		}
	}
	slices.SortStableFunc(held.Trials, func(x, y *Trial) int {
		return cmp.Or(cmp.Compare(x.Model, y.Model), cmp.Compare(x.Inputs, y.Inputs), cmp.Compare(x.Average, y.Average),
			cmp.Compare(x.Options.LearningRate, y.Options.LearningRate), cmp.Compare(x.Seed, y.Seed), cmp.Compare(x.Key, y.Key))
	})
}

// scored is a trial of the row with what came of a run.
func (one Trial) scored(run experiment.Run, network bool) *Trial {
	one.Key, one.Seed, one.Seconds, one.ValidLoss = one.Made.key(run.Key), run.Seed, run.Seconds, Number(run.ValidLoss)
	one.Valid, one.Test, one.Diverged = run.Valid, run.Scores, run.Diverged
	if network {
		one.Options.Seed = run.Seed
	}
	switch {
	case run.Train != nil:
		one.Epochs, one.Best = len(run.Train.Epochs), run.Train.Best
	case len(run.Members) > 0:
		for _, m := range run.Members {
			one.Epochs += len(m.Epochs)
		}
	default:
		one.ValidLoss = Number(nan)
	}
	return &one
}

// key is that of a trial with all that it depends on; that of the contest does not cover the test part.
func (m Made) key(trial string) string {
	sum := sha256.Sum256([]byte(trial + m.Program + m.Kernels + m.Data))
	return hex.EncodeToString(sum[:])[:16]
}

// keep adds a trial, or what is new of one: its test figures are never taken away again.
func (held *Results) keep(one *Trial) {
	at := slices.IndexFunc(held.Trials, func(t *Trial) bool { return t.Key == one.Key })
	switch {
	case at < 0:
		held.Trials = append(held.Trials, one)
	case len(held.Trials[at].Test) == 0 || len(one.Test) > 0:
		held.Trials[at] = one
	}
}

// place puts a row on a board. Rows of other names stay there, with their own generation where that is another one.
func (held *Results) place(suite string, made Made, line Line) {
	if held.Boards == nil {
		held.Boards = map[string]Board{}
	}
	board := held.Boards[suite]
	if board.Made != made {
		for i := range board.Rows {
			board.Rows[i].Made = other(board.made(board.Rows[i]), made)
		}
		board.Made = made
	}
	if at := slices.IndexFunc(board.Rows, func(l Line) bool { return l.Name == line.Name }); at >= 0 {
		board.Rows[at] = line
	} else {
		board.Rows = append(board.Rows, line)
	}
	held.Boards[suite] = board
}

// made is the generation of a row.
func (b Board) made(l Line) Made {
	if l.Made != nil {
		return *l.Made
	}
	return b.Made
}

// other is a generation where it is not the given one, else nil.
func other(m, given Made) *Made {
	if m == given {
		return nil
	}
	return &m
}

// configuration is what of a trial does not depend on its seed.
func configuration(values ...any) string {
	o := values[0].(train.Options)
	o.Seed = 0
	text, err := json.Marshal(o)
	if err != nil {
		text = []byte(err.Error()) // options that JSON cannot hold were never read from it
	}
	return fmt.Sprint(append(values[1:], string(text))...)
}

// Looked counts the trials whose test figures were ever seen, and the configurations that they are of.
func (held *Results) Looked() (trials, configurations int) {
	seen := map[string]bool{}
	for _, t := range held.Trials {
		if len(t.Test) > 0 {
			trials++
			seen[configuration(t.Options, t.Model, t.Inputs, t.Average, t.Size, t.Parameters)] = true
		}
	}
	more := 0
	for _, l := range held.LookedAt {
		trials += max(1, l.Count)
		more += max(0, l.Count-1)
		seen[configuration(l.Options, "looked at", l.Model, l.Parameters)] = true
	}
	return trials, len(seen) + more
}

// Rows are those of a suite's board, summed up over seeds. One that was trained on other data than the rest stays in the file and is
// counted, but compares with nothing.
func (held *Results) Rows(t *Task, suite string) (rows []Row) {
	board, byKey := held.Boards[suite], map[string]*Trial{}
	for _, one := range held.Trials {
		byKey[one.Key] = one
	}
	for _, line := range board.Rows {
		made := board.made(line)
		var trials []*Trial
		for _, key := range line.Trials {
			if one := byKey[key]; one != nil && one.Made == made {
				trials = append(trials, one)
			}
		}
		if len(trials) > 0 && made.Data == board.Data {
			row := t.rowOf(line, trials)
			row.Made = line.Made
			rows = append(rows, row)
		}
	}
	return rows
}
