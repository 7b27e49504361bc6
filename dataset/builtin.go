package dataset

import (
	"bytes"
	"embed"
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/internal/nearest"
	"github.com/elegans-nn/elegans/table"
)

// The data files are embedded as they are published, packed with zip; data/README.md names their sources.
//
//go:embed data/*.zip
var archives embed.FS

// Builtin is a data set that the program carries: real measurements, with the roles and the split that suit them.
type Builtin struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Source      string `json:"source"` // authors, title, publisher, DOI
	Licence     string `json:"licence"`
	// Roles of the columns; flags override them one by one.
	Roles Roles `json:"-"`
	// Faults are measurements that cannot be: they are read as missing, and noted.
	Faults []Fault `json:"faults,omitempty"`
	// Split is the default.
	Split SplitOptions `json:"split"`
	// Metric that suits the labels; empty: the first of the task.
	Metric string `json:"metric,omitempty"`
	// Protocols are named alternatives, for comparison with published results.
	Protocols []Protocol `json:"protocols,omitempty"`

	archive string        // under data/
	members []string      // files of the archive, in order
	columns []string      // their names, where the files have no header
	read    table.Options // how to read them
}

// Fault is a range outside of which a column holds failures of the instrument.
type Fault struct {
	Column string  `json:"column"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
	Why    string  `json:"why"`
}

// builtins is the registry: a new data set is one file and one line.
var builtins = []*Builtin{
	&occupancy,
	&ozone,
	&traffic,
}

// Builtins lists the built-in data sets. They must not be changed.
func Builtins() []*Builtin { return slices.Clone(builtins) }

// Lookup finds a built-in data set by its name; the error is a *NotFoundError.
func Lookup(name string) (*Builtin, error) {
	for _, b := range builtins {
		if b.Name == name {
			return b, nil
		}
	}
	return nil, &NotFoundError{Name: name, Suggest: nearest.Name(name, builtinNames()), Known: builtinNames()}
}

func builtinNames() (names []string) {
	for _, b := range builtins {
		names = append(names, b.Name)
	}
	return names
}

// Protocol finds a protocol by its name; the error is a *UsageError that lists those there are.
func (b *Builtin) Protocol(name string) (Protocol, error) {
	var known []string
	for _, p := range b.Protocols {
		if p.Name == name {
			return p, nil
		}
		known = append(known, p.Name)
	}
	return Protocol{}, &UsageError{Flag: "--protocol", Text: fmt.Sprintf("%s has no protocol %q; it has: %s", b.Name, name, quoteAll(known))}
}

// Open reads the data. Roles that are given override the built-in ones.
func (b *Builtin) Open(r Roles) (*Dataset, error) { return b.OpenProtocol(Protocol{}, r) }

// OpenProtocol is Open for a protocol that gives the columns roles of its own.
func (b *Builtin) OpenProtocol(p Protocol, r Roles) (*Dataset, error) {
	base := b.Roles
	if p.Roles != nil {
		base = *p.Roles
	}
	tables, notes, err := b.repaired()
	if err != nil {
		return nil, err
	}
	d, err := FromTables(r.Merge(base.yield(r)), tables...)
	if err != nil {
		return nil, err
	}
	return d.named(b, notes), nil
}

// yield leaves out of the roles of a built-in data set what those of the user contradict: a column that becomes the target,
// the series, the time, or is dropped, is no input any more, and the task is that of the target that was replaced.
func (r Roles) yield(to Roles) Roles {
	taken := append([]string{to.Series, to.Time}, to.Drop...)
	if to.Target != "" && to.Target != r.Target {
		r.Task = ""
		if !r.TargetAsInput {
			taken = append(taken, to.Target)
		}
	}
	r.Inputs = slices.DeleteFunc(slices.Clone(r.Inputs), func(name string) bool { return slices.Contains(taken, name) })
	return r
}

// named makes d the built-in data set.
func (d *Dataset) named(b *Builtin, notes []string) *Dataset {
	d.Name, d.Builtin = b.Name, b
	d.Notes = append(notes, d.Notes...)
	return d
}

// Tables reads the files as published, with nothing changed but names for columns that have none.
func (b *Builtin) Tables() ([]*table.Table, error) {
	packed, err := archives.ReadFile("data/" + b.archive)
	if err != nil {
		return nil, err
	}
	var tables []*table.Table
	for _, member := range b.members {
		o := b.read
		o.Member = member
		t, err := table.Read(bytes.NewReader(packed), b.archive, o)
		if err != nil {
			return nil, err
		}
		for i, name := range b.columns {
			t.Columns[i].Name = name
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// repaired reads the files and makes faults missing.
func (b *Builtin) repaired() (tables []*table.Table, notes []string, err error) {
	if tables, err = b.Tables(); err != nil {
		return nil, nil, err
	}
	for _, fault := range b.Faults {
		n := 0
		for _, t := range tables {
			c, _ := t.Column(fault.Column)
			for row, v := range c.Num {
				if v < fault.Least || v > fault.Most {
					c.Num[row] = nan
					n++
				}
			}
		}
		notes = append(notes, fmt.Sprintf("%d values of column %q outside %g to %g are read as missing: %s", n, fault.Column, fault.Least, fault.Most, fault.Why))
	}
	return tables, notes, nil
}
