package table

import (
	"bytes"
	"io"
	"path"
	"strings"

	"github.com/elegans-nn/elegans/internal/nearest"
)

// format is one row of the registry. A new format is one file and one row.
type format struct {
	name string
	ext  []string // endings of file names, with the dot
	// sniff recognises the beginning of the content, certainly; nil where content says nothing.
	sniff func(head []byte) bool
	read  func(s *source, c *collector) error
	write func(w io.Writer, t *Table) error // nil where the format is read only
}

// formats in the order in which content is recognised. Text formats with weak marks come last.
var formats = []format{
	{name: "parquet", ext: []string{".parquet", ".pq"}, sniff: sniffParquet, read: readParquet, write: writeParquet},
	{name: "npy", ext: []string{".npy"}, sniff: sniffNPY, read: readNPY},
	{name: "npz", ext: []string{".npz"}, read: readNPZ, write: writeNPZ},
	{name: "ts", ext: []string{".ts"}, sniff: sniffTS, read: readTS},
	{name: "jsonl", ext: []string{".jsonl", ".ndjson", ".json", ".catalog"}, sniff: sniffJSON, read: readJSON, write: writeJSON},
	{name: "tsv", ext: []string{".tsv", ".tab"}, read: readTSV, write: writeTSV},
	{name: "csv", ext: []string{".csv", ".txt", ".data", ".dat"}, read: readCSV, write: writeCSV},
}

// Formats lists the names of the formats that can be read. All but npy and ts can be written.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// Write writes the table in the named format: csv, tsv, jsonl, parquet or npz. Missing cells are written as the format
// says it best: an empty cell, null, NaN. Numbers are written so that they read back bit for bit. Any other format is an
// *UnknownFormatError; errors of w are returned as they are.
func Write(w io.Writer, t *Table, format string) error {
	var known []string
	for _, f := range formats {
		if f.write == nil {
			continue
		}
		if f.name == format {
			return f.write(w, t)
		}
		known = append(known, f.name)
	}
	return &UnknownFormatError{Name: format, Suggest: nearest.Name(format, known), Known: known}
}

// detect chooses the format: by option, by content, by name, else CSV.
func detect(head []byte, name, option string) (*format, error) {
	if option != "" {
		return formatNamed(option)
	}
	for i := range formats {
		if formats[i].sniff != nil && formats[i].sniff(head) {
			return &formats[i], nil
		}
	}
	i := formatOf(name)
	switch {
	case i < 0:
		return formatNamed("csv")
	case !isText(formats[i].name):
		return nil, &DataError{Source: name, Msg: "is named as " + formats[i].name + " but its content is not; " + fixCopy +
			", or let its name end as its format does: " + several(Formats())}
	}
	return &formats[i], nil
}

func formatNamed(name string) (*format, error) {
	for i := range formats {
		if formats[i].name == name {
			return &formats[i], nil
		}
	}
	return nil, &UnknownFormatError{Name: name, Suggest: nearest.Name(name, Formats()), Known: Formats()}
}

// formatOf is the index of the format to which the ending of the name belongs, or -1.
func formatOf(name string) int {
	ext := strings.ToLower(path.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz")))
	for i, f := range formats {
		for _, e := range f.ext {
			if e == ext {
				return i
			}
		}
	}
	return -1
}

// isText says whether the format may be read as lines of text: a name that ends so is believed where content is silent.
func isText(name string) bool { return name != "parquet" && name != "npy" && name != "npz" }

// foreign lists contents that are often mistaken for data files, with the way out.
var foreign = []struct{ magic, what string }{
	{"\xd0\xcf\x11\xe0", "an old Excel workbook; export it as CSV"},
	{"\x89HDF", "an HDF5 file; export it as Parquet or CSV"},
	{"ARROW1", "an Arrow or Feather file; export it as Parquet"},
	{"%PDF", "a PDF document; a data file is needed"},
	{"\x28\xb5\x2f\xfd", "compressed with zstd; decompress it first, or use gzip or zip"},
	{"\xfd7zXZ", "compressed with xz; decompress it first, or use gzip or zip"},
	{"BZh", "compressed with bzip2; decompress it first, or use gzip or zip"},
	{"7z\xbc\xaf", "a 7z archive; unpack it first, or use zip"},
	{"\xff\xfe", "UTF-16 text; save it as UTF-8"},
	{"\xfe\xff", "UTF-16 text; save it as UTF-8"},
	{"\x89PNG", "an image; a data file is needed"},
	{"<!DOCTYPE", "an HTML page; download the data file itself"},
	{"<html", "an HTML page; download the data file itself"},
}

// refuse reports content that is no data file.
func refuse(head []byte, name string) error {
	if len(head) == 0 {
		return &DataError{Source: name, Msg: "the file is empty; " + fixRows}
	}
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return &DataError{Source: name, Msg: "is " + f.what}
		}
	}
	if len(bytes.TrimSpace(trimBOM(head))) == 0 {
		return &DataError{Source: name, Msg: "the file holds only blank lines; " + fixRows}
	}
	return nil
}

func trimBOM(head []byte) []byte { return bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")) }
