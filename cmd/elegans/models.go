package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// The sizes for which the table of models counts parameters and operations.
const exampleInputs, exampleOutputs = 5, 1

// listedModel is a row of `elegans models`.
type listedModel struct {
	Name        string `json:"name"`
	Cell        string `json:"cell"`
	Description string `json:"description"`
	Parameters  int    `json:"parameters"`
	// FLOPs are those of one trial of a step where the solver is adaptive: a row takes one or more.
	FLOPs    float64 `json:"flops_per_step"`
	Adaptive bool    `json:"adaptive,omitempty"`
}

func newModels(c *console) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "models",
		Short: "List the models that train can be asked for",
		Long: `List the models that train can be asked for by --model NAME.

Parameters and floating point operations per step depend on the data; the table gives those for 5 inputs and 1 output.
An adaptive solver takes a row in as many steps as its error asks, and computes a step that it rejects in vain: what is
marked + is one trial of a step, and so the least that a row costs.
The name of a cell in lower case, such as ltc, stands for the first model of that cell; dashes in names may be left out.`,
		Example: "  elegans models\n  elegans models --json",
		Args:    takes(),
		RunE: func(*cobra.Command, []string) error {
			list, err := listModels()
			if err != nil {
				return err
			}
			if asJSON {
				return c.json(map[string]any{"models": list})
			}
			rows := [][]string{{"NAME", "CELL", "PARAMETERS", "FLOPS/STEP", "DESCRIPTION"}}
			for _, m := range list {
				rows = append(rows, []string{m.Name, m.Cell, count(float64(m.Parameters)), flops(m.FLOPs, m.Adaptive), m.Description})
			}
			return c.table(rows)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func listModels() (list []listedModel, err error) {
	for _, p := range cell.Presets() {
		m, err := exampleModel(p)
		if err != nil {
			return nil, err
		}
		list = append(list, listedModel{p.Name, cellName(p.Cell), p.Summary, m.Parameters(), m.Program().FLOPs(), m.Adaptive()})
	}
	return list, nil
}

// flops counts operations, and marks what is only the least of a row.
func flops(n float64, adaptive bool) string {
	if adaptive {
		return count(n) + "+"
	}
	return count(n)
}

// exampleModel is a preset at the example sizes.
func exampleModel(p cell.Preset) (*model.Model, error) {
	layer := model.Recurrent(p.Cell)
	if p.Wiring != nil {
		layer = model.Liquid(p.Cell, p.Wiring(exampleOutputs))
	}
	return model.New(series.Plain(exampleInputs), layer)
}

// cellName is the name of a cell in the registry, with that of the cell inside.
func cellName(c cell.Cell) string {
	name := "?"
	if e, err := cell.EntryOf(c); err == nil {
		name = e.Name
	}
	if w, ok := c.(cell.Wrapper); ok {
		name += " " + cellName(w.Inner())
	}
	return name
}

// count writes a large number in groups of three digits.
func count(n float64) string {
	text := strconv.FormatFloat(n, 'f', 0, 64)
	var groups []string
	for len(text) > 3 {
		groups = append([]string{text[len(text)-3:]}, groups...)
		text = text[:len(text)-3]
	}
	return strings.Join(append([]string{text}, groups...), ",")
}
