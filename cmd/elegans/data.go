package main

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/table"
)

func newData(c *console) *cobra.Command {
	return group("data", "List, audit, convert and split data",
		`List the built-in data sets, audit a file before believing in it, convert it to another format, or split it.

Wherever data are named, a file, a built-in name or - for standard input will do. Formats: CSV, TSV, JSON lines, Parquet,
NPZ, NPY and UEA/UCR .ts, also inside gzip or zip. A built-in name wins over a file of that name; write ./NAME for the file.`,
		"  elegans data list\n  elegans data audit rooms.csv --target occupied",
		newDataList(c), newDataAudit(c), newDataConvert(c), newDataSplit(c))
}

// endings of the files that convert and split write, by format.
var endings = []struct{ format, ending string }{
	{"csv", ".csv"}, {"csv", ".txt"}, {"tsv", ".tsv"}, {"jsonl", ".jsonl"}, {"jsonl", ".ndjson"}, {"jsonl", ".json"},
	{"parquet", ".parquet"}, {"parquet", ".pq"}, {"npz", ".npz"},
}

// writable lists the formats that files can be written in.
func writable() (names []string) {
	for _, e := range endings {
		if !slices.Contains(names, e.format) {
			names = append(names, e.format)
		}
	}
	return names
}

// formatFor is the format to write: as asked for, else by the ending of the file's name.
func formatFor(asked, path string) (string, error) {
	if asked != "" {
		if !slices.Contains(writable(), asked) {
			return "", usage("--format %q: is unknown or cannot be written%s; allowed: %s", asked, suggestion(asked, "", writable()), strings.Join(writable(), ", "))
		}
		return asked, nil
	}
	for _, e := range endings {
		if strings.HasSuffix(strings.ToLower(path), e.ending) {
			return e.format, nil
		}
	}
	return "", usage("the format of %q is not known by its ending; add --format with one of %s", path, strings.Join(writable(), ", "))
}

// stem is the name of a table without directory and ending.
func stem(t *table.Table) string {
	name := strings.TrimSuffix(filepath.Base(t.Source), ".gz")
	return cmp.Or(strings.TrimSuffix(name, filepath.Ext(name)), "data")
}

// plural is "1 row" or "2 rows".
func plural(n int, word string) string {
	if n == 1 || strings.HasSuffix(word, "s") {
		return fmt.Sprintf("%d %s", n, word)
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// sortedKeys lists the keys of a map in order, since results do not depend on that of a map.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
