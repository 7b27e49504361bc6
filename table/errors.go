package table

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/internal/nearest"
)

// DataError says what is wrong with the content of a data file. Zero fields do not apply.
type DataError struct {
	Source string // path or name of the file, with the member of an archive
	Line   int    // from 1
	Column string
	Value  string // the offending cell
	Msg    string // what is wrong, what is allowed, how to fix it
}

// Fixes that end the messages of several formats.
const (
	fixCopy  = "copy or download the file again"
	fixRows  = "write at least one row of data below the names of the columns, or name another file"
	fixPlain = "export it as CSV or Parquet"
)

// Error is one line: where, which value, what is wrong.
func (e *DataError) Error() string {
	var b strings.Builder
	b.WriteString(e.Source)
	if e.Line > 0 {
		fmt.Fprintf(&b, " line %d", e.Line)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, " column %s", quote(e.Column))
	}
	if e.Value != "" {
		fmt.Fprintf(&b, " value %s", quote(e.Value))
	}
	return b.String() + ": " + e.Msg
}

// UnknownColumnError says that a column that was asked for does not exist.
type UnknownColumnError struct {
	Source  string
	Name    string   // as asked for
	Suggest string   // the nearest existing name, "" when none is near
	Known   []string // all names of the source, in its order
}

// Error is one line that names the column and the nearest one, or the first few columns there are.
func (e *UnknownColumnError) Error() string {
	return fmt.Sprintf("%s: no column %s; %s", e.Source, quote(e.Name), advice(e.Suggest, "columns", e.Known))
}

// UnknownFormatError says that a format that was asked for does not exist, or cannot be written.
type UnknownFormatError struct {
	Name    string
	Suggest string   // the nearest existing name, "" when none is near
	Known   []string // the allowed names
}

// Error is one line that names the format and the allowed ones.
func (e *UnknownFormatError) Error() string {
	return fmt.Sprintf("unknown format %s; %s", quote(e.Name), advice(e.Suggest, "allowed", e.Known))
}

// MemberError says that an archive does not hold the member that was asked for, or that it holds several and none was
// asked for.
type MemberError struct {
	Source  string
	Member  string   // as asked for; "" when none was
	Members []string // the candidates, in the archive's order
}

// Error is one line that lists the first few members.
func (e *MemberError) Error() string {
	if e.Member == "" {
		return fmt.Sprintf("%s: holds %d data files; name one as %s/MEMBER: %s",
			e.Source, len(e.Members), e.Source, several(e.Members))
	}
	return fmt.Sprintf("%s: no member %s that is unique; %s", e.Source, quote(e.Member),
		advice(nearest.Name(e.Member, e.Members), "members", e.Members))
}

// Unwrap is fs.ErrNotExist when a member was asked for.
func (e *MemberError) Unwrap() error {
	if e.Member == "" {
		return nil
	}
	return fs.ErrNotExist
}

func advice(suggest, what string, known []string) string {
	if suggest != "" {
		return fmt.Sprintf("did you mean %s?", quote(suggest))
	}
	return what + ": " + several(known)
}

// several lists names, the first dozen at most.
func several(names []string) string {
	const most = 12
	quoted := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		quoted = append(quoted, quote(name))
	}
	list := strings.Join(quoted, ", ")
	if len(names) > most {
		list += fmt.Sprintf(" and %d more", len(names)-most)
	}
	if list == "" {
		return "none"
	}
	return list
}

// quote shows untrusted text in one line of bearable length.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strconv.Quote(text)
}
