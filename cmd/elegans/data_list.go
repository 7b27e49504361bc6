package main

import (
	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
)

// listedData is a row of `elegans data list`.
type listedData struct {
	*dataset.Builtin
	Target string `json:"target"`
	Task   string `json:"task"`
	Rows   int    `json:"rows"`
	Series int    `json:"series"`
}

func newDataList(c *console) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the built-in data sets",
		Long:    "List the data sets that the program carries: real measurements with rows, target, licence and source.",
		Example: "  elegans data list\n  elegans data list --json",
		Args:    takes(),
		RunE: func(*cobra.Command, []string) error {
			var list []listedData
			for _, b := range dataset.Builtins() {
				d, err := b.Open(dataset.Roles{})
				if err != nil {
					return err
				}
				list = append(list, listedData{b, d.Roles.Target, string(d.Roles.Task), d.Rows(), d.Series()})
			}
			if asJSON {
				return c.json(map[string]any{"data": list})
			}
			for i, d := range list {
				if i > 0 {
					c.print("\n")
				}
				c.print("%s: %s\n  %s\n  %s, %s; target %s (%s)\n", d.Name, d.Title, d.Description, plural(d.Rows, "row"), plural(d.Series, "series"), d.Target, d.Task)
				for _, p := range d.Protocols {
					c.print("  --protocol %s: %s\n", p.Name, p.Description)
				}
				c.print("  licence %s; source: %s\n", d.Licence, d.Source)
			}
			return nil
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}
