package main

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/table"
)

// writtenPart is a file that `elegans data split` wrote.
type writtenPart struct {
	Part string `json:"part"`
	File string `json:"file"`
	Rows int    `json:"rows"`
}

func newDataSplit(c *console) *cobra.Command {
	var roles dataset.Roles
	var split dataset.SplitOptions
	var dir, format string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "split DATA --out-dir DIR",
		Short: "Split data into training, validation and test files",
		Long: `Split data as train does, and write the parts to train, valid and test files in a directory, which is made if it does
not exist. --by time, the default, cuts each series in time; --by group keeps every series whole. All columns stay as they
are, and rows stay in the order of the source.`,
		Example: "  elegans data split rooms.csv --time date --series room --out-dir parts\n" +
			"  elegans data split patients.parquet --by group --series patient --valid .2 --test .2 --out-dir parts --format parquet",
		Args: takes("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir == "" {
				return usage("--out-dir is missing: the directory for the parts; write: elegans data split %s --out-dir parts", args[0])
			}
			if _, err := formatFor(format, ""); err != nil {
				return err
			}
			d, err := dataset.OpenToWrite(args[0], roles)
			if err != nil {
				return err
			}
			parts, err := c.splitTo(cmd.Context(), dir, format, d, splitOf(cmd, d, split))
			if err != nil {
				return err
			}
			if asJSON {
				return c.json(map[string]any{"parts": parts, "warnings": append([]string{}, d.Warnings...)})
			}
			for _, w := range d.Warnings {
				c.warn("%s", w)
			}
			for _, p := range parts {
				c.print("%-5s  %7d rows  %s\n", p.Part, p.Rows, p.File)
			}
			return nil
		},
	}
	addRoles(cmd, &roles)
	addSplit(cmd, &split)
	cmd.Flags().StringVar(&dir, "out-dir", "", "`DIR` for the parts; needed")
	cmd.Flags().StringVar(&format, "format", "csv", "`FORMAT` of the parts: "+strings.Join(writable(), ", "))
	addJSON(cmd, &asJSON)
	return cmd
}

// splitTo writes the parts. A part without rows has no file.
func (c *console) splitTo(ctx context.Context, dir, format string, d *dataset.Dataset, o dataset.SplitOptions) ([]writtenPart, error) {
	train, valid, test, err := d.SplitTables(o)
	if err != nil {
		return nil, err
	}
	if err := c.makeDir(dir); err != nil {
		return nil, err
	}
	var parts []writtenPart
	for _, p := range []struct {
		name string
		t    *table.Table
	}{{"train", train}, {"valid", valid}, {"test", test}} {
		if p.t == nil {
			continue
		}
		file := filepath.Join(dir, p.name+"."+format)
		if err := c.writeTable(ctx, p.t, file, format); err != nil {
			return nil, err
		}
		parts = append(parts, writtenPart{p.name, file, p.t.Rows})
	}
	return parts, nil
}
