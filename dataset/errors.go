package dataset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/internal/nearest"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

// UsageError says that what was asked for makes no sense, whatever the data hold: an unknown role, a value outside its
// range, two roles that contradict each other.
type UsageError struct {
	Flag string // of `elegans train`, such as "--horizon"; empty where none is meant
	Text string // what is wrong, what is allowed, the fix
}

// Error is one line.
func (e *UsageError) Error() string {
	if e.Flag == "" {
		return e.Text
	}
	return e.Flag + ": " + e.Text
}

// NotFoundError says that a name is neither a file nor a built-in data set.
type NotFoundError struct {
	Name    string
	Suggest string   // the nearest built-in name; empty where none is near
	Known   []string // the built-in names
}

// Error is one line that names the nearest built-in data set, or all of them.
func (e *NotFoundError) Error() string {
	near := ""
	if e.Suggest != "" {
		near = fmt.Sprintf("; did you mean %q?", e.Suggest)
	}
	return fmt.Sprintf("no file and no built-in data set %q%s (built in: %s)", e.Name, near, strings.Join(e.Known, ", "))
}

// cell is an error about one cell of a table.
func (p *part) cell(row int, column, value, format string, args ...any) error {
	return &table.DataError{Source: p.source(), Line: p.line(row), Column: column, Value: value, Msg: fmt.Sprintf(format, args...)}
}

// RowError is an error about a row that was read: its file and line, series and time. The name and the row are those of
// series.Series.Name and Row; of a row that was not read it names the source only.
func (d *Dataset) RowError(name string, row int, problem string) error {
	for i := range d.tracks {
		t := &d.tracks[i]
		at := slices.Index(t.rows, int32(row))
		if t.name != name || at < 0 {
			continue
		}
		if d.kind != series.Index {
			problem = fmt.Sprintf("time %s: %s", FormatTime(series.Clock{Kind: d.kind, Zone: d.Roles.Zone}, t.time[at]), problem)
		}
		if name != "" {
			problem = fmt.Sprintf("series %q, %s", name, problem)
		}
		return d.parts[t.part].cell(row, "", "", "%s", problem)
	}
	return &table.DataError{Source: d.Name, Msg: problem}
}

// whole is an error about a table or one of its columns.
func (p *part) whole(column, format string, args ...any) error {
	return &table.DataError{Source: p.source(), Column: column, Msg: fmt.Sprintf(format, args...)}
}

// noTarget is the error of data that are to be learnt from and have no target.
func (d *Dataset) noTarget() error {
	return &UsageError{Flag: "--target", Text: "which column is to be predicted? columns: " + strings.Join(d.parts[0].columns, ", ")}
}

// unknownColumn is the error of a role that names no column of the table.
func unknownColumn(source, name string, known []string) error {
	return &table.UnknownColumnError{Source: source, Name: name, Suggest: nearest.Name(name, known), Known: known}
}

// advice is the fix of data, and beside it one of the roles where the user gives them: those of a model are fixed.
func (d *Dataset) advice(data, roles string) string {
	if d.fixed {
		return data
	}
	return data + ", " + roles
}

// suchCells counts cells like the one that an error shows.
func suchCells(n int) string {
	if n == 1 {
		return "(1 such cell)"
	}
	return fmt.Sprintf("(%d such cells)", n)
}
