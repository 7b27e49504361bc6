package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/export"
)

func newExportWasm(c *console) *cobra.Command {
	var out, page, name string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "wasm MODEL",
		Short: "Print a model as a WebAssembly module, with a page that steps it",
		Long: `Print a model as a WebAssembly module of a few kilobytes that imports nothing.

It exports its memory, init, step and reset, and constants that say where inputs, outputs and the state stand in memory.
step takes raw values of the inputs and the time since the row before, in the model's unit, and gives probabilities or
values in raw units; class decides. With --page, DIR gets the module, a loader for browsers and node of some 20 lines, and
index.html, which steps the model on sliders; it needs no server. Numbers are single precision, and those of the Go
package to the bit.

A model that reads series from their end, or whose solver chooses its own steps, is refused with the reason. MODEL is a
file, or - for standard input.`,
		Example: "  elegans export wasm occupancy.elegans --out occupancy.wasm\n  elegans export wasm occupancy.elegans --page site --name room",
		Args:    takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := cmp.Or(name, nameOf(args[0]))
			_, p, err := c.exportAs(args[0], "name", name, export.Page)
			if err != nil {
				return err
			}
			var to []written
			if out != "" || page == "" {
				to = append(to, written{cmp.Or(out, name+".wasm"), p.Files[0].Data})
			}
			if page != "" {
				to = append(to, into(page, p.Files)...)
			}
			return c.exported(cmd, to, name, p, asJSON)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for the module; NAME.wasm if neither this nor --page is given")
	cmd.Flags().StringVar(&page, "page", "", "`DIR` for module, loader and page; it is made if it is not there")
	cmd.Flags().StringVar(&name, "name", "", "`PREFIX` of the names of files, and title of the page; from the name of the model file if not given")
	addJSON(cmd, &asJSON)
	return cmd
}
