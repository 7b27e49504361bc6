package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/model"
)

// averaged is what `elegans average` says of the model that it wrote.
type averaged struct {
	File       string  `json:"file"`
	Members    int     `json:"members"`
	Parameters int     `json:"parameters"`
	Synapses   int     `json:"synapses"`
	FLOPs      float64 `json:"flops_per_step"`
	Threshold  float64 `json:"threshold,omitempty"`
}

func newAverage(c *console) *cobra.Command {
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "average MODEL MODEL...",
		Short: "Join models to one whose prediction is their mean",
		Long: `Join models of the same data and split, such as those of several seeds or of several cells, to one whose prediction is the
mean of theirs: of the probabilities of classes, or of values. Parameters and operations per step are the sum of theirs. The
file is a model like any other for predict, eval, inspect and a stream in Go; it is not trained further.

The threshold on a probability is the mean of the members' ones. elegans train --average joins the seeds of one training,
chooses the threshold of the average on validation, and scores it beside them.`,
		Example: "  elegans average cfc.elegans ltc.elegans gru.elegans --out three.elegans",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("an average takes two models at least, not %d; write: %s", len(args), cmd.UseLine())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var members []*model.Model
			for _, path := range args {
				m, err := c.loadModel(path)
				if err != nil {
					return err
				}
				if err := apart(out, path); err != nil {
					return err
				}
				members = append(members, m)
			}
			m, err := model.Average(members...)
			if err != nil {
				return usage("%v", err)
			}
			info := m.Info()
			info.Version = version
			m = m.WithInfo(info)
			if err := c.save(cmd.Context(), out, m.Write); err != nil {
				return err
			}
			r := averaged{out, len(members), m.Parameters(), m.Synapses(), m.Program().FLOPs(), m.Schema().Target.Threshold}
			switch {
			case asJSON:
				return c.json(r)
			case out != "-":
				c.print("%s: %s, %d parameters, %s, %s FLOPs per step\n", r.File, plural(r.Members, "model"), r.Parameters, plural(r.Synapses, "synapse"), count(r.FLOPs))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "average.elegans", "`FILE` for the model")
	addJSON(cmd, &asJSON)
	return cmd
}

// apart refuses to write a file that is read.
func apart(out, path string) error {
	to, err := os.Stat(out)
	if err != nil { // there is none yet; what is wrong with the place is said when it is written
		return nil
	}
	if from, err := os.Stat(path); err == nil && os.SameFile(from, to) {
		return usage("%s is one of the models; name another file to write", out)
	}
	return nil
}
