package experiment

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"sync"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/train"
)

const checkpointMagic = "elegans checkpoint 1\n"

// Checkpoint holds the states of all trials of an experiment. It is written as a whole or not at all.
type Checkpoint struct {
	// Key is a hash of everything that the trials depend on.
	Key string
	// Settings are what Key is made of, for the message where two differ.
	Settings map[string]string
	// Trials hold the encoded train.State of each trial; nil for one that has not begun.
	Trials [][]byte
}

// ErrCheckpoint is wrapped by the errors of a file that is no checkpoint, or a damaged one.
var ErrCheckpoint = errors.New("not a checkpoint of this program, or a damaged one; start again without --resume")

// Save writes the checkpoint.
func (c *Checkpoint) Save(path string) error { return seal(path, checkpointMagic, c) }

// LoadCheckpoint reads a checkpoint and checks it.
func LoadCheckpoint(path string) (*Checkpoint, error) {
	var c Checkpoint
	err := unseal(path, checkpointMagic, &c)
	if errors.Is(err, errSeal) {
		return nil, fmt.Errorf("%s: %w", path, ErrCheckpoint)
	}
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// MismatchError says that a checkpoint belongs to another experiment: the first setting that differs.
type MismatchError struct{ Setting, Then, Now string }

// Error is one line with the fix.
func (e *MismatchError) Error() string {
	const fix = "give the options of then, or start again without --resume"
	if e.Then == "" && e.Now == "" {
		return fmt.Sprintf("the checkpoint was made with other %s; %s", e.Setting, fix)
	}
	return fmt.Sprintf("the checkpoint was made with %s %s, this run has %s; %s", e.Setting, e.Then, e.Now, fix)
}

// mismatch names the innermost field that two descriptions of a setting do not share. Hashes say nothing to a reader.
func mismatch(name, then, now string) *MismatchError {
	var a, b any
	if hashed[name] || json.Unmarshal([]byte(then), &a) != nil || json.Unmarshal([]byte(now), &b) != nil {
		if hashed[name] {
			then, now = "", ""
		}
		return &MismatchError{name, then, now}
	}
	for {
		x, isX := a.(map[string]any)
		y, isY := b.(map[string]any)
		if !isX || !isY {
			break
		}
		for _, key := range slices.Sorted(maps.Keys(merged(x, y))) {
			if !reflect.DeepEqual(x[key], y[key]) {
				a, b, name = x[key], y[key], name+"."+key
				break
			}
		}
	}
	return &MismatchError{name, brief(a), brief(b)}
}

func merged(x, y map[string]any) map[string]any {
	all := maps.Clone(x)
	maps.Copy(all, y)
	return all
}

// brief is a value in a few words.
func brief(v any) string {
	const most = 60
	text, err := json.Marshal(v)
	switch {
	case err != nil || len(text) > most:
		return "another value"
	case v == nil:
		return "none"
	}
	return string(text)
}

// hashed are the settings of which only a hash is kept.
var hashed = map[string]bool{"data": true, "layers": true}

// key describes everything that the trials depend on.
func (x *run) key() (string, map[string]string, error) {
	layers := sha256.New() // of cells, wirings and initial values
	for _, n := range x.nets {
		m, err := n.arch.Model(n.schema)
		if err == nil {
			err = m.Write(layers)
		}
		if err != nil {
			return "", nil, err
		}
	}
	settings := map[string]string{
		"data": x.spec.Info.Data, "version": x.spec.Info.Version, "kernels": engine.KernelPath(), "model": x.spec.Name,
		"seed": fmt.Sprint(x.spec.Seed), "seeds": fmt.Sprint(x.spec.Seeds), "metric": x.out.Metric.Name,
		"layers": hex.EncodeToString(layers.Sum(nil)), "baselines": fmt.Sprint(!x.spec.NoBaselines), "windows": fmt.Sprint(len(x.data.Train.Windows)),
	}
	for name, v := range map[string]any{"options": x.spec.Options, "protocol": x.spec.Protocol, "schema": x.spec.Split.Schema} {
		text, err := json.Marshal(v)
		if err != nil {
			return "", nil, err
		}
		settings[name] = string(text)
	}
	text, err := json.Marshal(settings) // sorted by key
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), settings, err
}

// keeper gathers the states of concurrent trials and serialises the hooks.
type keeper struct {
	gauge
	hooks Hooks
	c     *Checkpoint
}

func (x *run) keeper(hooks Hooks, trials int) (*keeper, error) {
	key, settings, err := x.key()
	if err != nil {
		return nil, err
	}
	k := &keeper{hooks: hooks, c: hooks.Resume}
	k.gauge = gauge{show: hooks.Progress, done: make([]float64, trials), epochs: most(x.spec.Options)}
	if k.c == nil {
		k.c = &Checkpoint{Key: key, Settings: settings, Trials: make([][]byte, trials)}
		return k, nil
	}
	if k.c.Key == key && len(k.c.Trials) == trials {
		return k, nil
	}
	for _, name := range []string{"version", "data", "model", "seed", "seeds", "options", "protocol", "baselines", "metric", "windows", "schema", "layers"} {
		if k.c.Settings[name] != settings[name] {
			return nil, mismatch(name, k.c.Settings[name], settings[name])
		}
	}
	return nil, fmt.Errorf("checkpoint: %w", ErrCheckpoint)
}

// state is where a trial goes on; nil for one that has not begun.
func (k *keeper) state(trial int) *train.State {
	k.mu.Lock()
	defer k.mu.Unlock()
	var s train.State
	if k.c.Trials[trial] == nil || gob.NewDecoder(bytes.NewReader(k.c.Trials[trial])).Decode(&s) != nil {
		return nil
	}
	k.done[trial] = float64(s.Epoch)
	return &s
}

func (k *keeper) save(trial int, s *train.State) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.c.Trials[trial] = b.Bytes()
	return k.keep()
}

// keep hands the checkpoint over.
func (k *keeper) keep() error {
	if k.hooks.Save == nil {
		return nil
	}
	return k.hooks.Save(k.c)
}

// most are the epochs that a trial does at most: twice as many where it trains a second time.
func most(o train.Options) float64 {
	if o.Refit {
		return float64(2 * o.Epochs)
	}
	return float64(o.Epochs)
}

// gauge says how far concurrent trials are, one call at a time.
type gauge struct {
	mu     sync.Mutex
	show   func(Progress)
	epochs float64   // of a trial, at most
	done   []float64 // epochs of each trial
}

func (g *gauge) progress(p Progress, trial int, epochs float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done[trial] = math.Min(epochs, g.epochs)
	if g.show == nil {
		return
	}
	sum := 0.0
	for _, d := range g.done {
		sum += d
	}
	p.Epochs, p.Total = sum, g.epochs*float64(len(g.done))
	g.show(p)
}
