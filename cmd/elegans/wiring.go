package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/wiring"
)

// countedWiring is what `elegans wiring` says of a drawn wiring.
type countedWiring struct {
	Spec    string         `json:"spec,omitempty"` // not known of a wiring in a file, which holds what was drawn
	Drawn   string         `json:"drawn"`
	Inputs  int            `json:"inputs"`
	Units   int            `json:"units"`
	Outputs int            `json:"outputs"`
	Sensory int            `json:"sensory_synapses"`
	Inner   int            `json:"inner_synapses"`
	Total   int            `json:"synapses"`
	Counts  []pairCount    `json:"counts"`
	Hash    string         `json:"hash"`
	Graph   *wiring.Wiring `json:"wiring"`
}

// pairCount is the number of synapses from one role to another.
type pairCount struct {
	From       string `json:"from"`
	To         string `json:"to"`
	Excitatory int    `json:"excitatory"`
	Inhibitory int    `json:"inhibitory"`
	Unknown    int    `json:"unknown"` // all synapses of a wiring whose polarity is not known
	Synapses   int    `json:"synapses"`
}

func newWiring(c *console) *cobra.Command {
	var inputs int
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "wiring SPEC --inputs N",
		Short: "Count the synapses of a wiring, or draw it",
		Long: `Count the synapses of a wiring between its layers, or draw it as an SVG image with --out.

SPEC is one of
  auto:UNITS,OUTPUTS[,sparsity=0.5][,seed=22222]
  ncp:INTER,COMMAND,MOTOR,sensory=FANOUT,inter=FANOUT,recurrent=N,motor=FANIN[,seed=22222]
  full:UNITS[,OUTPUTS][,noself][,seed=1111]
  random:UNITS[,OUTPUTS][,sparsity=0][,seed=1111]
or the name of a model that has a wiring (see elegans models). The same specification, number of inputs and seed always
give the same wiring, the one that the ncps library draws.`,
		Example: "  elegans wiring auto:19,1 --inputs 5\n  elegans wiring ncp:12,6,1,sensory=6,inter=4,recurrent=6,motor=6 --inputs 5 --out ncp.svg\n" +
			"  elegans wiring random:32,4,sparsity=0.5 --inputs 3 --json",
		Args: takes("SPEC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("inputs") {
				return usage("--inputs is missing: the number of input columns; write: elegans wiring %s --inputs 5", args[0])
			}
			if asJSON && out == "-" {
				return usage("--json and --out - both write to standard output; name a file for the drawing")
			}
			w, spec, err := drawWiring(args[0], inputs)
			if err != nil {
				return err
			}
			if out != "" {
				if err := c.save(cmd.Context(), out, func(w2 io.Writer) error { return w.SVG(w2, wiring.DrawOptions{}) }); err != nil {
					return err
				}
			}
			switch {
			case asJSON:
				return c.json(countWiring(w, spec))
			case out == "-":
				return nil
			case out != "":
				c.note("drawing written to %s", out)
			}
			return c.printWiring(countWiring(w, spec))
		},
	}
	cmd.Flags().IntVar(&inputs, "inputs", 0, "`N` input columns; needed")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for a drawing in SVG; - for standard output")
	addJSON(cmd, &asJSON)
	return cmd
}

// drawWiring reads a specification or the name of a model, and draws.
func drawWiring(text string, inputs int) (*wiring.Wiring, string, error) {
	spec, err := wiring.Parse(text)
	if err != nil && !strings.Contains(text, ":") {
		if p, unknown := cell.LookupPreset(text); unknown == nil && p.Wiring != nil {
			spec, err = p.Wiring(exampleOutputs), nil
		} else if unknown == nil {
			return nil, "", usage("model %s has no wiring; those of elegans models that name one have", text)
		}
	}
	if err != nil {
		return nil, "", usage("%v", err)
	}
	w, err := spec.Build(inputs)
	if err != nil {
		return nil, "", usage("%v", err)
	}
	return w, spec.String(), nil
}

func countWiring(w *wiring.Wiring, spec string) countedWiring {
	d := countedWiring{Spec: spec, Drawn: w.String(), Inputs: w.Inputs(), Units: w.Units(), Outputs: w.Outputs(), Hash: w.Hash(), Graph: w}
	d.Sensory, d.Inner = w.Synapses()
	d.Total = d.Sensory + d.Inner
	for _, n := range w.Counts() {
		d.Counts = append(d.Counts, pairCount{n.From.String(), n.To.String(), n.Excitatory, n.Inhibitory, n.Unknown, n.Synapses()})
	}
	return d
}

func (c *console) printWiring(d countedWiring) error {
	c.print("%s\n%s, %s, %s\n", d.Drawn, plural(d.Inputs, "input"), plural(d.Units, "unit"), plural(d.Outputs, "output"))
	rows := [][]string{{"FROM", "TO", "SYNAPSES", "EXCITATORY", "INHIBITORY"}}
	all := pairCount{From: "all", Synapses: d.Total}
	add := func(n pairCount) {
		row := []string{n.From, n.To, strconv.Itoa(n.Synapses), strconv.Itoa(n.Excitatory), strconv.Itoa(n.Inhibitory)}
		if !d.Graph.Signed() {
			row[3], row[4] = "?", "?"
		}
		rows = append(rows, row)
	}
	for _, n := range d.Counts {
		add(n)
		all.Excitatory, all.Inhibitory = all.Excitatory+n.Excitatory, all.Inhibitory+n.Inhibitory
	}
	add(all)
	if err := c.table(rows); err != nil {
		return fmt.Errorf("table of synapses: %w", err)
	}
	if !d.Graph.Signed() {
		c.print("which synapses excite is not known: the masks that the wiring was imported from hold no signs\n")
	}
	return nil
}
