// Package evidence measures what learning from a stream gives: sections of tables, each measured over seeds and kept in a file of
// results, from which the page is written. A section is one file here and one line in the registry.
package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/elegans-nn/elegans/internal/replace"
	"github.com/elegans-nn/elegans/metric"
)

// Section is one question with its measurement.
type Section struct {
	Number int
	// Name of its file of results, without the ending.
	Name, Title string
	// About says what is measured and how, in Markdown: equations, protocol, sources.
	About string
	run   func(ctx context.Context, o Options) (*Result, error)
}

// sections is the registry, in the order of the page.
var sections = []Section{gradients, glucose, drifting, continual, cost}

// Sections lists all sections.
func Sections() []Section { return slices.Clone(sections) }

// Options of Section.Run.
type Options struct {
	// Seeds is how many seeds each figure is a mean over; 5 if zero.
	Seeds int
	// Rows bounds the rows of a stream, for tests; as many as the section says if zero.
	Rows int
	// Data is the folder of data that the program does not hold.
	Data string
	// Bench makes the process that times one case of package bench.
	Bench func(name string, threads int) *exec.Cmd
	// Progress, if not nil, is told what is measured and what share is done.
	Progress func(what string, done float64)
}

// filled are the options with their defaults.
func (o Options) filled() Options {
	if o.Seeds == 0 {
		o.Seeds = 5
	}
	if o.Progress == nil {
		o.Progress = func(string, float64) {}
	}
	return o
}

// rows is how many rows a stream has.
func (o Options) rows(n int) int {
	if o.Rows > 0 {
		return min(n, o.Rows)
	}
	return n
}

// AbsentError says that a section cannot be measured here.
type AbsentError struct{ Reason string }

// Error implements error.
func (e *AbsentError) Error() string { return e.Reason }

// Result is what a section has measured.
type Result struct {
	Section string `json:"section"`
	// Made says with what: version, kernels, options.
	Made string `json:"made"`
	// Note says in a sentence or two what was found. People write it; it stays when the section is measured again.
	Note   string  `json:"note,omitempty"`
	Tables []Table `json:"tables"`
}

// Table of figures; a figure may be absent.
type Table struct {
	Title string `json:"title"`
	// Caption in Markdown.
	Caption string `json:"caption,omitempty"`
	// Labels are the heads of the columns that say what a row is, Columns those of the figures.
	Labels  []string `json:"labels"`
	Columns []string `json:"columns"`
	Rows    []Row    `json:"rows"`
}

// Row of a table.
type Row struct {
	Labels []string `json:"labels"`
	// Source is empty for what was measured here.
	Source  string    `json:"source,omitempty"`
	Figures []*Figure `json:"figures"`
}

// Figure is a mean over seeds with the sample standard deviation.
type Figure struct {
	Mean float64  `json:"mean"`
	SD   *float64 `json:"sd,omitempty"`
	// Seeds that it is a mean over; 0 where others do not say.
	Seeds int `json:"seeds,omitempty"`
}

// over sums up values, one a seed. Those that are not finite are no figure.
func over(values []float64) *Figure {
	f := &Figure{Mean: metric.Mean(values), Seeds: len(values)}
	if f.Mean-f.Mean != 0 {
		return nil
	}
	if len(values) > 1 {
		sd := metric.SD(values)
		f.SD = &sd
	}
	return f
}

// Run measures a section. The error is an *AbsentError where it cannot be measured here, or that of ctx.
func (s Section) Run(ctx context.Context, o Options) (*Result, error) {
	r, err := s.run(ctx, o.filled())
	if err != nil {
		return nil, err
	}
	r.Section = s.Name
	return r, nil
}

// Record is a folder of results, one file a section.
type Record string

func (d Record) path(s Section) string { return filepath.Join(string(d), s.Name+".json") }

// Read reads the result of a section; nil where there is none.
func (d Record) Read(s Section) (*Result, error) {
	text, err := os.ReadFile(d.path(s))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := new(Result)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", d.path(s), err)
	}
	if r.Section != s.Name {
		return nil, fmt.Errorf("%s holds the result of section %q", d.path(s), r.Section)
	}
	return r, nil
}

// Write replaces the result of a section and keeps its note.
func (d Record) Write(s Section, r *Result) error {
	old, err := d.Read(s)
	if err != nil {
		return err
	}
	if old != nil && r.Note == "" {
		r.Note = old.Note
	}
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return err
	}
	return replace.File(d.path(s), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(r)
	})
}
