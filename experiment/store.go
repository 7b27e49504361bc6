package experiment

import (
	"os"
	"path/filepath"

	"github.com/elegans-nn/elegans/internal/replace"
	"github.com/elegans-nn/elegans/train"
)

// store keeps trials in a directory, under the key of all that they depend on: KEY.trial is a finished one, KEY.part one
// that goes on, and KEY.lock is held by the process that trains it. Files are replaced as a whole, so that any number of
// processes may use one store. A store without a directory keeps nothing.
type store struct{ dir string }

const (
	recordMagic = "elegans trial 1\n"
	partMagic   = "elegans part of a trial 1\n"
)

// record is a finished trial: what is needed to score it again, and what it took.
type record struct {
	Theta    []float32 // parameters of the model; nil where it diverged
	Chosen   []float32 // those of the best epoch where the model was refit
	Best     int
	Epochs   []train.Epoch
	Stopped  string
	Diverged string
	// Seconds of training, and Microseconds of one row of a stream, on the machine that trained it.
	Seconds, Microseconds float64
}

// part is a trial that was interrupted, and the seconds it had taken.
type part struct {
	State   train.State
	Seconds float64
}

func (s store) path(key, kind string) string { return filepath.Join(s.dir, key+"."+kind) }

// load finds a finished trial. A file that is damaged is none.
func (s store) load(key string) (*record, bool) {
	var r record
	if s.dir == "" || unseal(s.path(key, "trial"), recordMagic, &r) != nil {
		return nil, false
	}
	return &r, true
}

// save keeps a finished trial.
func (s store) save(key string, r *record) error {
	if s.dir == "" {
		return nil
	}
	if err := seal(s.path(key, "trial"), recordMagic, r); err != nil {
		return err
	}
	if err := os.Remove(s.path(key, "part")); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// loadPart finds where a trial goes on; the zero part is its beginning.
func (s store) loadPart(key string) (p part, ok bool) {
	if s.dir == "" || unseal(s.path(key, "part"), partMagic, &p) != nil {
		return part{}, false
	}
	return p, true
}

func (s store) savePart(key string, p part) error {
	if s.dir == "" {
		return nil
	}
	return seal(s.path(key, "part"), partMagic, &p)
}

// hold takes a trial for this process; see replace.Hold.
func (s store) hold(key string) (release func(), held bool, err error) {
	if s.dir == "" {
		return func() {}, true, nil
	}
	return replace.Hold(s.path(key, "lock"))
}
