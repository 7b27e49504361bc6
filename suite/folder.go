package suite

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/table"
)

// Folder holds data that the product does not.
type Folder string

// MissingError says that a file is not in the folder.
type MissingError struct{ File, Folder string }

// Error is one line with the fix.
func (e *MissingError) Error() string {
	if e.Folder == "" {
		return fmt.Sprintf("the data file %s is needed; name the folder that holds it with --data", e.File)
	}
	return fmt.Sprintf("the data file %s is not in %s; put it there, or name another folder with --data", e.File, e.Folder)
}

func (f Folder) path(file string) string { return filepath.Join(string(f), file) }

func (f Folder) has(file string) error {
	if f == "" {
		return &MissingError{File: file}
	}
	_, err := os.Stat(f.path(file))
	if errors.Is(err, fs.ErrNotExist) {
		return &MissingError{File: file, Folder: string(f)}
	}
	return err
}

// table reads a member of an archive.
func (f Folder) table(file, member string, o table.Options) (*table.Table, error) {
	o.Member = member
	return table.Open(f.path(file), o)
}

// numbers reads a member without a header that holds numbers only, [row][column].
func (f Folder) numbers(file, member string, o table.Options) ([][]float64, error) {
	o.Header = table.HeaderAbsent
	t, err := f.table(file, member, o)
	if err != nil {
		return nil, err
	}
	rows := make([][]float64, t.Rows)
	for i := range rows {
		rows[i] = make([]float64, len(t.Columns))
	}
	for k := range t.Columns {
		c := &t.Columns[k]
		if c.Kind != table.Number || len(c.Bad) > 0 {
			return nil, &table.DataError{Source: t.Source, Column: c.Name, Msg: "holds text where numbers should be; get the file again"}
		}
		for i, v := range c.Num {
			rows[i][k] = v
		}
	}
	return rows, nil
}

// members lists the files of an archive whose names end so, sorted by name.
func (f Folder) members(file, ending string) (names []string, err error) {
	err = f.each(file, func(member *zip.File) error {
		if !member.FileInfo().IsDir() && strings.HasSuffix(member.Name, ending) {
			names = append(names, member.Name)
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

// each visits the members of an archive in its order.
func (f Folder) each(file string, visit func(*zip.File) error) error {
	z, err := zip.OpenReader(f.path(file))
	if err != nil {
		return &table.DataError{Source: f.path(file), Msg: "is no zip archive (" + err.Error() + "); get the file again"}
	}
	defer z.Close()
	for _, member := range z.File {
		if err := visit(member); err != nil {
			return err
		}
	}
	return nil
}

// content is a whole member.
func content(member *zip.File) ([]byte, error) {
	r, err := member.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// count refuses an archive with another number of members than the protocol speaks of.
func (f Folder) count(file string, names []string, want int) error {
	if len(names) != want {
		return &table.DataError{Source: f.path(file), Msg: fmt.Sprintf("holds %d data files where the protocol speaks of %d; get the file again", len(names), want)}
	}
	return nil
}
