package suite

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
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
	"sync"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/internal/replace"
)

// Book keeps trials, one file a task, so that a page can be written from them and a run that was interrupted goes on. Every
// trial that was ever scored on a test part stays in it. It may be used by many goroutines of one process.
type Book struct {
	// Folder of the files; nothing is kept if empty.
	Folder string
	// Version of the program: trials of another one are not taken for the same.
	Version string

	mu    sync.Mutex
	pages map[string][]*Trial
}

// page is a file of the book.
type page struct {
	Task   string   `json:"task"`
	Trials []*Trial `json:"trials"`
}

func (b *Book) path(task string) string { return filepath.Join(b.Folder, task+".json") }

// Trials of a task, by model, rate and seed. The error is that of a file that cannot be read.
func (b *Book) Trials(task string) ([]*Trial, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, err := b.load(task)
	return slices.Clone(list), err
}

func (b *Book) load(task string) ([]*Trial, error) {
	if list, ok := b.pages[task]; ok || b.Folder == "" {
		return list, nil
	}
	text, err := os.ReadFile(b.path(task))
	var p page
	if err == nil {
		if err = json.Unmarshal(text, &p); err != nil {
			err = fmt.Errorf("%s holds no trials (%v); move it away", b.path(task), err)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if b.pages == nil {
		b.pages = map[string][]*Trial{}
	}
	b.pages[task] = p.Trials
	return p.Trials, nil
}

// find is the trial of a key, nil where there is none.
func (b *Book) find(task, key string) (*Trial, error) {
	list, err := b.Trials(task)
	if at := slices.IndexFunc(list, func(t *Trial) bool { return t.Key == key }); at >= 0 {
		return list[at], err
	}
	return nil, err
}

// keep adds a trial and writes its file anew.
func (b *Book) keep(t *Trial) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, err := b.load(t.Task)
	if err != nil {
		return err
	}
	list = append(slices.Clone(list), t)
	slices.SortFunc(list, func(x, y *Trial) int {
		return cmp.Or(cmp.Compare(x.Model, y.Model), cmp.Compare(x.Options.LearningRate, y.Options.LearningRate), cmp.Compare(x.Seed, y.Seed), cmp.Compare(x.Key, y.Key))
	})
	if b.pages == nil {
		b.pages = map[string][]*Trial{}
	}
	b.pages[t.Task] = list
	if b.Folder == "" {
		return nil
	}
	if err := os.MkdirAll(b.Folder, 0o755); err != nil {
		return err
	}
	return replace.File(b.path(t.Task), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(page{t.Task, list})
	})
}

// key tells trials apart: data, program with everything that the schema puts into it, options, seed, version.
func (b *Book) key(t *Task, d *Data, c Candidate, seed uint64) (string, error) {
	m, err := c.Architecture.Model(d.Schema)
	if err != nil {
		return "", err
	}
	options, err := json.Marshal(d.with(c.Options))
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n%d\n%s\n%s", t.Name, d.Hash(), options, seed, b.Version, m.Program())
	if f := m.Architecture().Front; !f.None() { // long gathers are printed by their length only
		fmt.Fprintf(h, "\n%+v", f)
	}
	if c.Average > 1 {
		fmt.Fprintf(h, "\naverage of %d", c.Average)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// Hash identifies the data: inputs, elapsed times, labels and windows of all parts.
func (d *Data) Hash() string {
	d.once.Do(func() {
		h := sha256.New()
		var word [8]byte
		number := func(v uint64) {
			binary.LittleEndian.PutUint64(word[:], v)
			h.Write(word[:])
		}
		for _, part := range []dataset.Part{d.Train, d.Valid, d.Test} {
			for i := range part.Series {
				s := &part.Series[i]
				number(uint64(s.Len()))
				for _, list := range [][]float32{s.X, s.DT} {
					for _, v := range list {
						number(uint64(math.Float32bits(v)))
					}
				}
				for _, y := range s.Y {
					number(math.Float64bits(y))
				}
			}
			for _, w := range part.Windows {
				for _, v := range []int{w.Series, w.From, w.To, w.Lead} {
					number(uint64(v))
				}
			}
		}
		d.hash = hex.EncodeToString(h.Sum(nil))[:16]
	})
	return d.hash
}
