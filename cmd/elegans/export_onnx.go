package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/export"
)

func newExportONNX(c *console) *cobra.Command {
	var out, sequence, name string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "onnx MODEL",
		Short: "Print a model as ONNX graphs, of a step and of a whole series",
		Long: `Print a model as an ONNX graph of one step: row and states in, outputs and states out, for any batch.

With --sequence a second graph takes a whole series, for any batch and any number of rows. Both use plain operators of
opset 17; x takes raw values of the inputs, dt the time since the row before, in the model's unit, and y is probabilities
or values in raw units, class the class that they decide for. States are zeros at the beginning of a series. Numbers are
single precision.

A model that reads series from their end, or whose solver chooses its own steps, is refused with the reason. MODEL is a
file, or - for standard input.`,
		Example: "  elegans export onnx occupancy.elegans --out step.onnx\n  elegans export onnx occupancy.elegans --out step.onnx --sequence series.onnx",
		Args:    takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := cmp.Or(name, nameOf(args[0]))
			m, p, err := c.exportAs(args[0], "name", name, export.ONNX)
			if err != nil {
				return err
			}
			var to []written
			if out != "" || sequence == "" {
				to = append(to, written{cmp.Or(out, name+".onnx"), p.Files[0].Data})
			}
			if sequence != "" {
				series, err := export.ONNXSequence(m, export.Options{Name: name})
				if err != nil {
					return exportError("name", args[0], err)
				}
				to = append(to, written{sequence, series.Files[0].Data})
			}
			return c.exported(cmd, to, name, p, asJSON)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for the graph of a step; NAME.onnx if neither this nor --sequence is given")
	cmd.Flags().StringVar(&sequence, "sequence", "", "`FILE` for the graph of a series")
	cmd.Flags().StringVar(&name, "name", "", "`PREFIX` that names the graphs; from the name of the model file if not given")
	addJSON(cmd, &asJSON)
	return cmd
}
