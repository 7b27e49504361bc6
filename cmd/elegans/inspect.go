package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// inspected is what `elegans inspect` says of a model.
type inspected struct {
	Parameters int     `json:"parameters"`
	Synapses   int     `json:"synapses"`
	State      int     `json:"state"`          // carried scalars
	FLOPs      float64 `json:"flops_per_step"` // of one trial of a step where Adaptive
	Adaptive   bool    `json:"adaptive,omitempty"`
	inspectedNetwork
	Members []inspectedMember `json:"members,omitempty"` // of an average
	Offline string            `json:"offline,omitempty"` // why it cannot be run row by row
	Schema  series.Schema     `json:"schema"`
	Info    model.Info        `json:"info"`
	Program string            `json:"program,omitempty"`
	Plan    string            `json:"plan,omitempty"`
	gaps    bool              // the first layer takes missing values itself
}

// inspectedNetwork is what stands between inputs and outputs; of an average it is empty.
type inspectedNetwork struct {
	Layers       []inspectedLayer `json:"layers,omitempty"`
	Readout      model.Readout    `json:"readout,omitempty"`
	TimeInput    bool             `json:"time_input"`
	Summaries    []model.Summary  `json:"summaries,omitempty"` // of the inputs so far
	InputDropout float64          `json:"input_dropout,omitempty"`
	Front        *model.Front     `json:"front,omitempty"` // convolutions before the layers
	Encoder      int              `json:"encoder"`
	Pool         model.Pool       `json:"pool,omitempty"`
}

// inspectedMember is one of the models of an average.
type inspectedMember struct {
	inspectedNetwork
	Info model.Info `json:"info"`
}

type inspectedLayer struct {
	Cell    string          `json:"cell"`
	Summary string          `json:"summary"`
	Options json.RawMessage `json:"options"`
	Block   *model.Block    `json:"block,omitempty"` // what stands around the cell
	Wiring  *countedWiring  `json:"wiring,omitempty"`
}

func newInspect(c *console) *cobra.Command {
	var program, plan, asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect MODEL",
		Short: "Say what is in a model file",
		Long: `Say what is in a model file: layers and their options, synapses of the wiring, inputs and target with their scales, how
it was trained and what it scored, parameters and operations per step.

With --program print the step program, which is the equation of the whole model; with --plan how the engine runs it. MODEL
is a file, or - for standard input.`,
		Example: "  elegans inspect occupancy.elegans\n  elegans inspect occupancy.elegans --program\n  elegans inspect occupancy.elegans --plan\n  elegans inspect occupancy.elegans --json",
		Args:    takes("MODEL"),
		RunE: func(_ *cobra.Command, args []string) error {
			m, err := c.loadModel(args[0])
			if err != nil {
				return err
			}
			d := inspect(m)
			if program {
				d.Program = m.Program().String()
			}
			if plan {
				d.Plan = planOf(m)
			}
			switch {
			case asJSON:
				return c.json(d)
			case program || plan:
				c.print("%s%s", d.Program, d.Plan)
				return nil
			}
			return c.printModel(d)
		},
	}
	cmd.Flags().BoolVar(&program, "program", false, "print the step program")
	cmd.Flags().BoolVar(&plan, "plan", false, "print how the engine runs it")
	addJSON(cmd, &asJSON)
	return cmd
}

// loadModel reads a model file, or standard input for "-".
func (c *console) loadModel(path string) (*model.Model, error) {
	if path == "-" {
		return model.Read(c.in)
	}
	return model.Load(path)
}

func inspect(m *model.Model) inspected {
	a, p := m.Architecture(), m.Program()
	d := inspected{Parameters: m.Parameters(), Synapses: m.Synapses(), State: p.StateWidth(), FLOPs: p.FLOPs(), Adaptive: m.Adaptive(),
		inspectedNetwork: inspectNetwork(a), Schema: m.Schema(), Info: m.Info(), gaps: a.TakesMissing()}
	for k, info := range m.Members() {
		d.Members = append(d.Members, inspectedMember{inspectNetwork(a.Members[k]), info})
	}
	if err := m.Causal(); err != nil {
		d.Offline = err.Error()
	}
	return d
}

func inspectNetwork(a model.Architecture) inspectedNetwork {
	d := inspectedNetwork{Readout: a.Readout, TimeInput: a.TimeInput, Summaries: a.Summaries, InputDropout: a.InputDropout, Encoder: a.Encoder, Pool: a.Pool}
	if !a.Front.None() {
		d.Front = &a.Front
	}
	for _, l := range a.Layers {
		entry, _ := cell.EntryOf(l.Cell)
		layer := inspectedLayer{Cell: cellName(l.Cell), Summary: entry.Summary}
		layer.Options, _ = json.Marshal(l.Cell)
		if !l.Block.Plain() {
			layer.Block = &l.Block
		}
		if w, ok := l.Wiring.(*wiring.Wiring); ok {
			counted := countWiring(w, "")
			layer.Wiring = &counted
		}
		d.Layers = append(d.Layers, layer)
	}
	return d
}

func (c *console) printModel(d inspected) error {
	c.print("%s: %d parameters, %s, %d carried values, %s FLOPs per step\n", orUnnamed(d.Info.Name), d.Parameters, plural(d.Synapses, "synapse"), d.State, flops(d.FLOPs, d.Adaptive))
	if d.Adaptive {
		c.print("the solver takes a row in as many steps as its error asks: + stands for one trial of a step\n")
	}
	if len(d.Members) == 0 {
		if err := c.printNetwork(d.inspectedNetwork); err != nil {
			return err
		}
	} else {
		c.print("\naverage of %d models\n", len(d.Members))
	}
	for k, member := range d.Members {
		c.print("\nmodel %d: %s, seed %d\n", k, orUnnamed(member.Info.Name), member.Info.Seed)
		if err := c.printNetwork(member.inspectedNetwork); err != nil {
			return err
		}
	}
	if d.Offline != "" {
		c.print("\nwhole series only: %s\n", d.Offline)
	}
	if err := c.printSchema(d.Schema, d.gaps); err != nil {
		return err
	}
	return c.printInfo(d.Info)
}

func (c *console) printNetwork(d inspectedNetwork) error {
	if f := d.Front; f != nil {
		c.print("\nconvolutions: %s on %d×%d positions of %s\n", f, f.Rows, f.Columns, plural(f.Channels, "input"))
	}
	if len(d.Summaries) > 0 {
		c.print("\nsummaries: %s\n", summaries{&d.Summaries})
	}
	if d.Encoder > 0 {
		c.print("\nencoder: %d values\n", d.Encoder)
	}
	for i, l := range d.Layers {
		c.print("\nlayer %d: %s, %s", i, l.Cell, l.Summary)
		c.print(" %s\n", l.Options)
		if l.Block != nil {
			c.print("around it: %s\n", l.Block)
		}
		if l.Wiring != nil {
			if err := c.printWiring(*l.Wiring); err != nil {
				return err
			}
		}
	}
	if d.Pool != model.Last {
		c.print("\npool: %s of the rows so far\n", d.Pool)
	}
	c.print("\nreadout: %s\n", d.Readout)
	return nil
}

func orUnnamed(name string) string {
	if name == "" {
		return "unnamed model"
	}
	return name
}

func (c *console) printSchema(s series.Schema, gaps bool) error {
	c.print("\n%s, %d features:\n", plural(len(s.Inputs), "input"), s.Features())
	rows := [][]string{{"INPUT", "KIND", "MEAN", "SD", "MISSING", "LEVELS"}}
	for _, in := range s.Inputs {
		kind := string(in.Kind)
		if in.Hidden {
			kind += ", hidden"
		}
		rows = append(rows, []string{in.Name, kind, figure(in.Mean), figure(in.SD), missing(in, gaps), strings.Join(in.Levels, ", ")})
	}
	if err := c.table(rows); err != nil {
		return err
	}
	t := s.Target
	c.print("\ntarget: %s (%s)", t.Name, t.Task)
	if len(t.Classes) > 0 {
		c.print(", classes %s", strings.Join(t.Classes, ", "))
	} else {
		c.print(", mean %s, sd %s", figure(t.Mean), figure(t.SD))
	}
	if t.Threshold > 0 {
		c.print(", threshold %s", figure(t.Threshold))
	}
	switch {
	case t.HorizonRows:
		c.print(", %s ahead", plural(int(t.Horizon), "row"))
	case t.Horizon > 0:
		c.print(", %s s ahead", figure(t.Horizon))
	}
	unit := "s"
	if s.Clock.Kind == series.Index {
		unit = "rows"
	}
	c.print("\ntime: %s, one unit is %s %s", s.Clock.Kind, figure(s.Clock.Unit), unit)
	if s.Clock.Column != "" {
		c.print(", column %s", s.Clock.Column)
	}
	if s.SeriesColumn != "" {
		c.print("; series: column %s", s.SeriesColumn)
	}
	c.print("\n")
	return nil
}

// missing says how gaps of an input reach the model, whose first layer may take them itself.
func missing(in series.Input, gaps bool) string {
	if !in.Missing {
		return "no"
	}
	text := "as " + figure(in.Impute)
	if in.Hold {
		text = "last value"
	}
	if gaps && in.Kind == series.Numeric {
		text = "as missing"
	}
	if in.Mask {
		text += ", mask"
	}
	if in.Since {
		text += ", time since"
	}
	return text
}

func (c *console) printInfo(i model.Info) error {
	c.print("\nseed %d", i.Seed)
	for _, p := range []struct{ name, value string }{{"version", i.Version}, {"kernels", i.Kernels}, {"protocol", i.Protocol}, {"data", i.Data}} {
		if p.value != "" {
			c.print(", %s %s", p.name, p.value)
		}
	}
	c.print("\n")
	for _, name := range sortedKeys(i.Settings) {
		c.print("  --%s %s\n", name, i.Settings[name])
	}
	var rows [][]string
	for _, name := range sortedKeys(i.Metrics) {
		rows = append(rows, []string{name, figure(i.Metrics[name])})
	}
	if len(rows) == 0 {
		return nil
	}
	c.print("scores on the test part:\n")
	return c.table(rows)
}

func figure(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

// The sizes for which --plan plans training: a window of 64 rows, one shard of 32 lanes.
const plannedSteps, plannedLanes = 64, 32

// planOf is how the engine runs a model: row by row, as a stream does, where it can, and forward and back, as training does.
func planOf(m *model.Model) (text string) {
	if m.Causal() == nil {
		text = fmt.Sprintf("# streaming, row by row\n%s\n", engine.Compile(m.Program(), engine.Options{}).Plan())
	}
	passes, _ := m.Training()
	for k, pass := range passes {
		title := "training"
		if len(passes) > 1 {
			title += fmt.Sprintf(", pass %d of %d", k+1, len(passes))
		}
		if pass.Backward {
			title += " (from the last row)"
		}
		p := pass.Program.Reverse(step.WRT{Inputs: k > 0})
		plan := engine.Compile(p, engine.Options{Steps: plannedSteps, Lanes: plannedLanes}).Plan()
		text += fmt.Sprintf("# %s, windows of %d rows in shards of %d\n%s", title, plannedSteps, plannedLanes, plan)
	}
	return text
}
