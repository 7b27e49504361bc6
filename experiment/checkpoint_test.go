package experiment

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/train"
	"github.com/elegans-nn/elegans/wiring"
)

// interrupted runs an experiment until Save was called so many times, and gives the checkpoint as its file has it.
func interrupted(t *testing.T, s Spec, resume *Checkpoint, saves int) (*Outcome, *Checkpoint) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.ckpt")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	n := 0
	out, err := Execute(ctx, s, Hooks{Resume: resume, Save: func(c *Checkpoint) error {
		if n++; n == saves {
			stop()
		}
		return c.Save(path)
	}})
	if err == nil {
		return out, nil
	}
	if !errors.Is(err, train.ErrInterrupted) {
		t.Fatal(err)
	}
	c, err := LoadCheckpoint(path)
	if err != nil {
		t.Fatal(err)
	}
	return nil, c
}

// An experiment that is stopped and goes on, again and again, ends with the same files and scores.
func TestResume(t *testing.T) {
	for _, workers := range []int{1, 2} {
		s := spec("two classes")
		s.Workers = workers
		want := executed(t, s, Hooks{})
		for _, every := range []int{1, 4} {
			var out *Outcome
			var c *Checkpoint
			stops := 0
			for out == nil {
				out, c = interrupted(t, s, c, every)
				if stops++; stops > 200 {
					t.Fatal("the experiment does not get on")
				}
			}
			if stops < 3 {
				t.Errorf("the experiment was stopped %d times only", stops)
			}
			if what := unlike(t, out, want, true); what != "" {
				t.Errorf("%d workers, stopped after every %d saves: another %s", workers, every, what)
			}
		}
	}
}

// A kill between two checkpoints loses what was done since the last one, and nothing else.
func TestResumeFromEveryCheckpoint(t *testing.T) {
	s := spec("a number")
	s.NoBaselines = true
	var kept []string
	dir := t.TempDir()
	want := executed(t, s, Hooks{Save: func(c *Checkpoint) error {
		kept = append(kept, filepath.Join(dir, string(rune('a'+len(kept)))))
		return c.Save(kept[len(kept)-1])
	}})
	if len(kept) != 2*3 {
		t.Fatalf("%d checkpoints, want one an epoch and trial", len(kept))
	}
	for k, path := range kept {
		c, err := LoadCheckpoint(path)
		if err != nil {
			t.Fatal(err)
		}
		if what := unlike(t, executed(t, s, Hooks{Resume: c}), want, true); what != "" {
			t.Errorf("from checkpoint %d: another %s", k+1, what)
		}
	}
}

// Interrupted before the first trial there is a checkpoint too.
func TestInterruptedAtOnce(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	for _, alone := range []bool{true, false} {
		s := spec("two classes")
		s.NoBaselines = alone
		var kept *Checkpoint
		_, err := Execute(ctx, s, Hooks{Save: func(c *Checkpoint) error {
			kept = c
			return nil
		}})
		if !errors.Is(err, train.ErrInterrupted) || kept == nil {
			t.Errorf("alone %v: the error is %v, the checkpoint %v", alone, err, kept)
			continue
		}
		if out := executed(t, s, Hooks{Resume: kept}); out.Best < 0 {
			t.Errorf("alone %v: the resumed experiment has no best run", alone)
		}
	}
	full := errors.New("disk full")
	if _, err := Execute(context.Background(), spec("two classes"), Hooks{Save: func(*Checkpoint) error { return full }}); !errors.Is(err, full) {
		t.Errorf("a checkpoint that cannot be written gives %v", err)
	}
}

// A checkpoint of another experiment is refused, and the message names what differs.
func TestMismatch(t *testing.T) {
	s := spec("two classes")
	_, c := interrupted(t, s, nil, 1)
	for want, change := range map[string]func(s *Spec){
		"seed 3":          func(s *Spec) { s.Seed = 4 },
		"seeds 2":         func(s *Spec) { s.Seeds = 3 },
		"model ltc":       func(s *Spec) { s.Name = "cfc" },
		"version test":    func(s *Spec) { s.Info.Version = "next" },
		"data":            func(s *Spec) { s.Info.Data = "4567" },
		"epochs":          func(s *Spec) { s.Options.Epochs = 9 },
		"learning_rate":   func(s *Spec) { s.Options.LearningRate = 0.5 },
		"optimiser":       func(s *Spec) { s.Options.Optimiser = "sgd" },
		"window":          func(s *Spec) { s.Protocol.Window = 9 },
		"metric accuracy": func(s *Spec) { s.Metric = "f1" },
		"baselines true":  func(s *Spec) { s.NoBaselines = true },
		"schema":          func(s *Spec) { s.Split.Schema.Inputs[0].SD = 0.7 },
		"layers": func(s *Spec) {
			s.Architecture.Layers = []model.Layer{model.Liquid(cell.LTC{Unfolds: 3}, wiring.Full(5))}
		},
		"the checkpoint was made w": func(s *Spec) { s.Split.Schema.Inputs[1].Name = "hum" },
	} {
		other := spec("two classes")
		change(&other)
		_, err := Execute(context.Background(), other, Hooks{Resume: c})
		var mismatch *MismatchError
		if !errors.As(err, &mismatch) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 400 {
			t.Errorf("the error is %v, want one line with %q", err, want)
		}
	}
	same := spec("two classes")
	same.Workers = 2
	if _, err := Execute(context.Background(), same, Hooks{Resume: c}); err != nil {
		t.Errorf("another number of workers gives %v", err)
	}
}

func TestDamagedCheckpoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.ckpt")
	c := &Checkpoint{Key: "k", Settings: map[string]string{"seed": "1"}, Trials: [][]byte{nil, {1, 2, 3}}}
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadCheckpoint(path)
	if err != nil || again.Key != "k" || again.Settings["seed"] != "1" || len(again.Trials) != 2 || !bytes.Equal(again.Trials[1], []byte{1, 2, 3}) {
		t.Fatalf("%+v is read back as %+v (%v)", c, again, err)
	}
	refuse := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadCheckpoint(path); !errors.Is(err, ErrCheckpoint) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s gives %v, want an ErrCheckpoint that names the file", what, err)
		}
	}
	for n := range good {
		refuse("a cut file", good[:n])
	}
	for bit := range 8 * len(good) {
		if bit%3 > 0 {
			continue
		}
		data := slices.Clone(good)
		data[bit/8] ^= 1 << (bit % 8)
		refuse("a flipped bit", data)
	}
	refuse("a model file", []byte("\x40\x00\x00\x00\x00\x00\x00\x00{\"__metadata__\":{}}"))
	body := []byte("no gob")
	sum := sha256.Sum256(body)
	refuse("no gob", append([]byte(checkpointMagic+hex.EncodeToString(sum[:])+"\n"), body...))
	if _, err := LoadCheckpoint(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	if err := c.Save(filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
		t.Error("a checkpoint was written into a missing folder")
	}
}

// What a trial needs survives the encoding that checkpoints have, NaN and infinity too.
func TestStatesSurviveGob(t *testing.T) {
	want := train.State{Epoch: 2, Step: 1, Theta: []float32{0, -0.5}, Best: []float32{1, 0}, BestEpoch: 1, BestLoss: 0.25, Slots: [][]float32{{0, 0}, {1e-30, 0}},
		Optimised: 9, Loss: 3, Weight: 4, Norm: 5, Done: "patience", Epochs: []train.Epoch{{Number: 1, Valid: nan, Best: true}, {Number: 2}}}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(&want); err != nil {
		t.Fatal(err)
	}
	var got train.State
	if err := gob.NewDecoder(&b).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Epochs[0].Valid == got.Epochs[0].Valid {
		t.Error("NaN is lost")
	}
	got.Epochs[0].Valid, want.Epochs[0].Valid = 0, 0
	if !slices.Equal(got.Epochs, want.Epochs) || !slices.Equal(got.Slots[1], want.Slots[1]) || len(got.Slots[0]) != 2 || got.Done != want.Done ||
		!slices.Equal(got.Theta, want.Theta) || !slices.Equal(got.Best, want.Best) || got.Optimised != 9 || got.Norm != 5 {
		t.Errorf("%+v is read back as %+v", want, got)
	}
}
