package main

import (
	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
)

func newDataAudit(c *console) *cobra.Command {
	var roles dataset.Roles
	var split dataset.SplitOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "audit DATA",
		Short: "Say what to know of data before believing a result",
		Long: `Say what to know of data before believing a result: rows, series, steps in time, gaps, duplicates, constant and missing
columns, outliers. With a target also the labels, the parts of the split, single columns that nearly are the label, and
test values far outside of what training will see.

DATA is a file, a built-in name, or - for standard input.`,
		Example: "  elegans data audit occupancy\n  elegans data audit rooms.csv --target occupied --time date --series room\n" +
			"  elegans data audit meter.csv --target load --horizon 1h --calendar hour,weekday --json",
		Args: takes("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := dataset.Open(args[0], roles)
			if err != nil {
				return err
			}
			a := audit(d, splitOf(cmd, d, split))
			if asJSON {
				return c.json(a)
			}
			c.print("%s", a)
			return nil
		},
	}
	addRoles(cmd, &roles)
	addSplit(cmd, &split)
	addJSON(cmd, &asJSON)
	return cmd
}

// audit examines the data and, where there is a target, the split. Data that cannot be split can be audited all the same:
// the reason is one of the warnings.
func audit(d *dataset.Dataset, o dataset.SplitOptions) dataset.Audit {
	if d.Roles.Target == "" {
		a := d.Audit(nil)
		a.Notes = append(a.Notes, "no target is named, so labels and splits are not examined (--target COLUMN names it)")
		return a
	}
	s, err := d.Split(o)
	a := d.Audit(s)
	if err != nil {
		a.Warnings = append(a.Warnings, "not ready for training: "+describe(err))
	}
	return a
}
