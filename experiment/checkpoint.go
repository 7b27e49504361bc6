package experiment

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"

	"github.com/elegans-nn/elegans/internal/replace"
	"github.com/elegans-nn/elegans/train"
)

// A checkpoint file is, in this order: the magic line, the SHA-256 of the rest in hexadecimal and a newline, and a gob.
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
func (c *Checkpoint) Save(path string) error {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(c); err != nil {
		return err
	}
	sum := sha256.Sum256(body.Bytes())
	return replace.File(path, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s%s\n", checkpointMagic, hex.EncodeToString(sum[:]))
		if err == nil {
			_, err = w.Write(body.Bytes())
		}
		return err
	})
}

// LoadCheckpoint reads a checkpoint and checks it.
func LoadCheckpoint(path string) (*Checkpoint, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	head := len(checkpointMagic) + 2*sha256.Size + 1
	bad := fmt.Errorf("%s: %w", path, ErrCheckpoint)
	if len(data) < head || string(data[:len(checkpointMagic)]) != checkpointMagic {
		return nil, bad
	}
	sum := sha256.Sum256(data[head:])
	if hex.EncodeToString(sum[:]) != string(data[len(checkpointMagic):head-1]) {
		return nil, bad
	}
	var c Checkpoint
	if err := gob.NewDecoder(bytes.NewReader(data[head:])).Decode(&c); err != nil {
		return nil, bad
	}
	return &c, nil
}

// MismatchError says that a checkpoint belongs to another experiment.
type MismatchError struct{ Setting, Then, Now string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("the checkpoint was made with %s %s, this run has %s; give the same options, or start again without --resume", e.Setting, e.Then, e.Now)
}

// key describes everything that the trials depend on.
func (x *run) key() (string, map[string]string, error) {
	settings := map[string]string{
		"data": x.spec.Info.Data, "version": x.spec.Info.Version, "model": x.spec.Name,
		"seed": fmt.Sprint(x.spec.Seed), "seeds": fmt.Sprint(x.spec.Seeds), "metric": x.out.Metric.Name,
		"baselines": fmt.Sprint(!x.spec.NoBaselines), "windows": fmt.Sprint(len(x.data.Train.Windows)),
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
	mu     sync.Mutex
	hooks  Hooks
	c      *Checkpoint
	epochs float64   // of a trial, at most
	done   []float64 // epochs of each trial
}

func (x *run) keeper(hooks Hooks, trials int) (*keeper, error) {
	key, settings, err := x.key()
	if err != nil {
		return nil, err
	}
	k := &keeper{hooks: hooks, c: hooks.Resume, done: make([]float64, trials), epochs: float64(x.spec.Options.Passes(len(x.data.Train.Windows)))}
	if k.c == nil {
		k.c = &Checkpoint{Key: key, Settings: settings, Trials: make([][]byte, trials)}
		return k, nil
	}
	if k.c.Key == key && len(k.c.Trials) == trials {
		return k, nil
	}
	for _, name := range []string{"version", "data", "model", "seed", "seeds", "options", "protocol", "baselines", "metric", "windows", "schema"} {
		if k.c.Settings[name] != settings[name] {
			return nil, &MismatchError{name, k.c.Settings[name], settings[name]}
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
	if k.hooks.Save == nil {
		return nil
	}
	return k.hooks.Save(k.c)
}

func (k *keeper) progress(p Progress, trial int, epochs float64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.done[trial] = math.Min(epochs, k.epochs)
	if k.hooks.Progress == nil {
		return
	}
	sum := 0.0
	for _, d := range k.done {
		sum += d
	}
	p.Done = sum / (k.epochs * float64(len(k.done)))
	k.hooks.Progress(p)
}
