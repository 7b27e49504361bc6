package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/table"
)

func newDataConvert(c *console) *cobra.Command {
	var o table.Options
	var format, delimiter string
	cmd := &cobra.Command{
		Use:   "convert IN OUT",
		Short: "Convert data to another format",
		Long: `Convert a file, a built-in data set or standard input (-) to CSV, TSV, JSON lines, Parquet or NPZ. The format of OUT
follows from its ending or from --format; - is standard output. Where IN has several files OUT is a directory, or --member
chooses one of them.`,
		Example: "  elegans data convert rooms.csv rooms.parquet\n  elegans data convert occupancy - --member datatest.txt --format jsonl\n" +
			"  elegans data convert sensors.zip sensors.csv --member lab/a.csv --columns date,t1,t2",
		Args: takes("IN", "OUT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if delimiter != "" {
				r, size := utf8.DecodeRuneInString(strings.ReplaceAll(delimiter, `\t`, "\t"))
				if size != len(strings.ReplaceAll(delimiter, `\t`, "\t")) {
					return usage("--delimiter %q: is not one character; write it in quotes, and a tab as '\\t'", delimiter)
				}
				o.Delimiter = r
			}
			tables, err := readTables(args[0], o)
			if err != nil {
				return err
			}
			return c.convert(cmd.Context(), tables, args[1], format)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "", "`FORMAT` to write: "+strings.Join(writable(), ", "))
	flags.StringVar(&o.Member, "member", "", "`FILE` of a zip archive, or of a built-in data set of several")
	flags.StringSliceVar(&o.Columns, "columns", nil, "`COLUMNS` to keep, by comma; all if not given")
	flags.StringSliceVar(&o.Text, "text", nil, "`COLUMNS` that are text whatever they look like")
	flags.StringSliceVar(&o.Missing, "missing", nil, "`MARKERS` of missing cells besides the usual ones, such as -999")
	flags.StringVar(&delimiter, "delimiter", "", "`CHARACTER` between the cells of a CSV file; found if not given")
	return cmd
}

// readTables reads what is to be converted. A built-in data set is read whole, so that its file and columns are chosen here.
func readTables(name string, o table.Options) ([]*table.Table, error) {
	b, err := dataset.Lookup(name)
	if err != nil {
		return dataset.ReadTables(name, o)
	}
	all, err := b.Tables()
	if err != nil {
		return nil, err
	}
	var chosen []*table.Table
	var members []string
	for _, t := range all {
		member := filepath.Base(t.Source)
		members = append(members, member)
		if o.Member != "" && o.Member != member {
			continue
		}
		if err := keepColumns(t, o.Columns); err != nil {
			return nil, err
		}
		chosen = append(chosen, t)
	}
	if len(chosen) == 0 {
		return nil, &table.MemberError{Source: name, Member: o.Member, Members: members}
	}
	return chosen, nil
}

func keepColumns(t *table.Table, names []string) error {
	var kept []table.Column
	for _, name := range names {
		column, ok := t.Column(name)
		if !ok {
			return usage("%s has no column %q%s; columns: %s", t.Source, name, suggestion(name, "", t.Names()), strings.Join(t.Names(), ", "))
		}
		kept = append(kept, *column)
	}
	if len(kept) > 0 {
		t.Columns = kept
	}
	return nil
}

func (c *console) convert(ctx context.Context, tables []*table.Table, out, format string) error {
	if len(tables) == 1 {
		return c.writeTable(ctx, tables[0], out, format)
	}
	var names []string
	for _, t := range tables {
		names = append(names, filepath.Base(t.Source))
	}
	if info, err := os.Stat(out); out == "-" || filepath.Ext(out) != "" && (err != nil || !info.IsDir()) {
		return usage("%d files do not fit into %s; choose one with --member (%s), or name a directory", len(tables), out, strings.Join(names, ", "))
	}
	if format == "" {
		return usage("--format is missing: the format of the files in %s, one of %s", out, strings.Join(writable(), ", "))
	}
	if err := c.makeDir(out); err != nil {
		return err
	}
	for _, t := range tables {
		if err := c.writeTable(ctx, t, filepath.Join(out, stem(t)+"."+format), format); err != nil {
			return err
		}
	}
	return nil
}

// writeTable writes one table to a file or standard output.
func (c *console) writeTable(ctx context.Context, t *table.Table, out, asked string) error {
	format, err := formatFor(asked, out)
	if err != nil {
		return err
	}
	if err := c.save(ctx, out, func(w io.Writer) error { return table.Write(w, t, format) }); err != nil {
		return err
	}
	for _, twin := range t.Renamed {
		c.warn("%s: %s", t.Source, twin)
	}
	c.note("%s, %s written to %s (%s)", plural(t.Rows, "row"), plural(len(t.Columns), "column"), out, format)
	return nil
}
