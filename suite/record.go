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
	// Trials that were trained. Those of configurations that validation did not choose have no test figures.
	Trials []*Trial `json:"trials"`
	// Boards are the present rows of each suite, by its name.
	Boards map[string][]Line `json:"boards,omitempty"`
}

// Trial is the outcome of one model with one seed.
type Trial struct {
	// Key tells it from all others: model, data, options, seed, version.
	Key   string `json:"key,omitempty"`
	Task  string `json:"task"`
	Model string `json:"model"`
	// Inputs that the model is fed beside the values; see experiment.Feed.
	Inputs experiment.Feed `json:"inputs,omitempty"`
	// Size is the number of units; 0 where there is none, or where nobody noted it.
	Size    int           `json:"size,omitempty"`
	Options train.Options `json:"options,omitzero"` // with every default filled in; none of a simple model
	Seed    uint64        `json:"seed"`
	// Parameters, and FLOPs of one step.
	Parameters int     `json:"parameters"`
	FLOPs      float64 `json:"flops_per_step"`
	// Epochs that were run, and the one that was kept.
	Epochs int `json:"epochs"`
	Best   int `json:"best_epoch"`
	// Seconds of training with its validation. It depends on the machine.
	Seconds float64 `json:"seconds"`
	// ValidLoss is that of the best epoch.
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

// Add notes all trials of a contest on a task, and its rows on the board of a suite, where they replace those of the same
// names. models are those of the contest.
func (r Record) Add(t *Task, d *Data, suite string, models []experiment.Contestant, b *experiment.Leaderboard) error {
	if err := os.MkdirAll(string(r), 0o755); err != nil {
		return err
	}
	for {
		release, held, err := replace.Hold(r.path(t.Name) + ".lock")
		if err != nil {
			return err
		}
		if held {
			defer release()
			break
		}
		time.Sleep(again)
	}
	held, err := r.Read(t.Name)
	if err != nil {
		return err
	}
	held.add(t, d, suite, models, b)
	return replace.File(r.path(t.Name), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(held)
	})
}

func (held *Results) add(t *Task, d *Data, suite string, models []experiment.Contestant, b *experiment.Leaderboard) {
	kinds := map[string]Kind{}
	for _, m := range models {
		kinds[m.Name] = KindOf(m.Architecture)
	}
	for _, s := range b.Rows {
		line := Line{Name: s.Name, Model: s.Model, Kind: kinds[s.Model], Tried: s.Tried}
		for _, run := range s.Runs {
			one := &Trial{Key: keyOf(run.Key, d), Task: t.Name, Model: s.Model, Inputs: s.Inputs, Size: s.Size, Options: s.Options, Seed: run.Seed,
				Parameters: s.Parameters, FLOPs: s.FLOPs, Seconds: run.Seconds, ValidLoss: Number(run.ValidLoss), Valid: run.Valid, Test: run.Scores, Diverged: run.Diverged}
			if s.Network() {
				one.Options.Seed = run.Seed
			}
			if run.Train != nil {
				one.Epochs, one.Best = len(run.Train.Epochs), run.Train.Best
			} else {
				one.ValidLoss = Number(nan)
			}
			held.keep(one)
			line.Trials = append(line.Trials, one.Key)
		}
		for _, k := range s.Rejected {
			held.keep(&Trial{Key: keyOf(k.Key, d), Task: t.Name, Model: s.Model, Inputs: s.Inputs, Size: k.Size, Options: k.Options, Seed: k.Options.Seed,
				Parameters: k.Parameters, FLOPs: k.FLOPs, Epochs: k.Epochs, Best: k.Best, Seconds: k.Seconds, ValidLoss: Number(k.ValidLoss), Diverged: k.Diverged})
		}
		held.place(suite, line)
	}
	slices.SortStableFunc(held.Trials, func(x, y *Trial) int {
		return cmp.Or(cmp.Compare(x.Model, y.Model), cmp.Compare(x.Inputs, y.Inputs), cmp.Compare(x.Options.LearningRate, y.Options.LearningRate),
			cmp.Compare(x.Seed, y.Seed), cmp.Compare(x.Key, y.Key))
	})
}

// keyOf is the key of a trial on data, test part and all.
func keyOf(trial string, d *Data) string {
	sum := sha256.Sum256([]byte(trial + d.Hash()))
	return hex.EncodeToString(sum[:])[:16]
}

// keep adds a trial, or what is new of one: its test figures are never taken away again.
func (held *Results) keep(one *Trial) {
	at := slices.IndexFunc(held.Trials, func(t *Trial) bool { return t.Key == one.Key })
	switch {
	case at < 0:
		held.Trials = append(held.Trials, one)
	case len(held.Trials[at].Test) == 0:
		held.Trials[at] = one
	}
}

// place puts a row on a board.
func (held *Results) place(suite string, line Line) {
	if held.Boards == nil {
		held.Boards = map[string][]Line{}
	}
	board := held.Boards[suite]
	if at := slices.IndexFunc(board, func(l Line) bool { return l.Name == line.Name }); at >= 0 {
		board[at] = line
	} else {
		board = append(board, line)
	}
	held.Boards[suite] = board
}

// Looked counts the trials whose test figures were computed, and the configurations that they are of.
func (held *Results) Looked() (trials, configurations int) {
	seen := map[string]bool{}
	for _, t := range held.Trials {
		if len(t.Test) == 0 {
			continue
		}
		trials++
		o := t.Options
		o.Seed = 0
		text, err := json.Marshal(o)
		if err != nil {
			text = []byte(err.Error()) // options that JSON cannot hold were never read from it
		}
		seen[fmt.Sprint(t.Model, t.Inputs, t.Size, t.Parameters, string(text))] = true
	}
	return trials, len(seen)
}

// Rows are those of a suite's board, summed up over seeds.
func (held *Results) Rows(t *Task, suite string) (rows []Row) {
	byKey := map[string]*Trial{}
	for _, one := range held.Trials {
		byKey[one.Key] = one
	}
	for _, line := range held.Boards[suite] {
		var trials []*Trial
		for _, key := range line.Trials {
			if one := byKey[key]; one != nil {
				trials = append(trials, one)
			}
		}
		if len(trials) > 0 {
			rows = append(rows, t.rowOf(line, trials))
		}
	}
	return rows
}
