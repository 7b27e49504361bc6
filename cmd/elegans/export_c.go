package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
)

// exported is what `elegans export c` says of what it wrote.
type exported struct {
	Name       string            `json:"name"`
	Arithmetic export.Arithmetic `json:"arithmetic"`
	Files      []exportedFile    `json:"files"`
	Constants  int               `json:"constant_bytes"`
	State      int               `json:"state_bytes"`
	Scratch    int               `json:"scratch_bytes"` // on the stack
	Operations float64           `json:"operations_per_step"`
	Drift      []export.Drift    `json:"drift,omitempty"`
	Warnings   []string          `json:"warnings,omitempty"`
	// Targets are measured where their compiler is installed.
	Targets []export.Footprint `json:"targets"`
}

// exportCFlags are the options of export c.
type exportCFlags struct {
	out, name, data string
	arithmetic      export.Arithmetic
	learning        export.Learning
	rls             online.RLSOptions
	bound           float64
	json            bool
	roles           dataset.Roles
}

func newExportC(c *console) *cobra.Command {
	f := &exportCFlags{arithmetic: export.Float32}
	cmd := &cobra.Command{
		Use:   "c MODEL",
		Short: "Print a model as C99 for microcontrollers",
		Long: `Print a model as C99: NAME.h, NAME.c and NAME_selftest.c, whose main ends with 0 where the board computes what elegans does.
The code calls nothing, of the C library neither, and allocates nothing; the caller owns the state, and all sizes are known
when it is compiled. NAME_step takes raw values of the inputs and the time since the row before, in the model's unit, and
gives probabilities or values in raw units. Constants are read by macros, so that they may stand in program memory.

Numbers are single precision, or fixed point: int8 has weights of 8 bits and all else in 16 or 32, behind a NAME_step of
floating point numbers; q15 has weights of 16 bits and no floating point number anywhere, for processors without them: there
inputs, time and outputs are words, whose exponents NAME.h tells. Ranges are chosen along the data of --calibrate; of data
that the model was trained on that is the training part. How far fixed point is from single precision after 10 to 10,000
steps, each with its own state all the while, is measured along them too, in units of probabilities or of the target's
standard deviation; more than --bound is refused.

With --readout-learning rls the state holds the linear readout too, and NAME_learn adapts it to the label of the last step
by recursive least squares, as online.Readout of the library does; of targets that are numbers, in single precision.

What the code takes of flash, memory and stack is measured for each processor whose compiler is installed, with what it
calls of the compiler's own library, and else estimated. Cycles of a step are estimated: what it does by kind, times what
each kind takes in the mean of other models; docs/footprint.md says how far that is off.

A model that reads series from their end, or whose solver chooses its own steps, is refused with the reason. MODEL is a
file, or - for standard input; the data of --calibrate are a file or a built-in name.`,
		Example: "  elegans export c occupancy.elegans --out firmware\n  elegans export c occupancy.elegans --out firmware --name room\n" +
			"  elegans export c occupancy.elegans --out firmware --arithmetic int8 --calibrate occupancy --bound 0.05\n" +
			"  elegans export c load.elegans --out firmware --readout-learning rls --forget 0.999",
		Args: takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, c, args[0]) },
	}
	cmd.Flags().StringVar(&f.out, "out", ".", "`DIR` for the files; it is made if it is not there")
	cmd.Flags().StringVar(&f.name, "name", "", "`PREFIX` of the names of all files and identifiers; from the name of the model file if not given")
	cmd.Flags().Var(oneOf[export.Arithmetic]{&f.arithmetic, export.Arithmetics()}, "arithmetic", "`NAME` of the numbers: float32, int8, q15")
	cmd.Flags().Var(oneOf[export.Learning]{&f.learning, export.Learnings()}, "readout-learning", "`NAME` of the rule by which the readout goes on learning: rls; none if not given")
	cmd.Flags().Float64Var(&f.rls.Forget, "forget", 1, "`FACTOR` by which rls weighs what it has learnt with every label; about 1/(1-FACTOR) labels count")
	cmd.Flags().Float64Var(&f.rls.Ridge, "ridge", 1e-3, "`WEIGHT` of the readout that rls begins with")
	cmd.Flags().StringVar(&f.data, "calibrate", "", "`DATA` from which int8 and q15 take their ranges")
	cmd.Flags().Float64Var(&f.bound, "bound", 0, "`ERROR` of int8 and q15 against single precision within 10,000 steps that is allowed; any if not given")
	addJSON(cmd, &f.json)
	addReading(cmd, &f.roles, "horizon-tolerance") // as predict has them, for data that need them
	return cmd
}

func (f *exportCFlags) run(cmd *cobra.Command, c *console, path string) error {
	switch fixed := f.arithmetic != export.Float32; {
	case fixed && f.data == "":
		return usage("--arithmetic %s needs --calibrate: data like those that the model will meet, such as those it was trained on", f.arithmetic)
	case !fixed && (f.data != "" || cmd.Flags().Changed("bound")):
		return usage("--calibrate and --bound are for --arithmetic int8 and q15; single precision needs no ranges")
	case f.learning == "" && (cmd.Flags().Changed("forget") || cmd.Flags().Changed("ridge")):
		return usage("--forget and --ridge are for --readout-learning rls")
	case !(f.rls.Forget > 0 && f.rls.Forget <= 1):
		return usage("--forget is %g; allowed: above 0, at most 1 (1 forgets nothing)", f.rls.Forget)
	case !(f.rls.Ridge > 0 && f.rls.Ridge-f.rls.Ridge == 0):
		return usage("--ridge is %g; allowed: above 0", f.rls.Ridge)
	case fixed && f.learning != "":
		return usage("--readout-learning needs --arithmetic float32; the numbers of least squares need the range of floating point")
	case !(f.bound >= 0):
		return usage("--bound is %g; allowed: at least 0 (0 is any)", f.bound)
	}
	m, list, err := f.open(cmd, c, path)
	if err != nil {
		return err
	}
	o := export.Options{Name: cmp.Or(f.name, nameOf(path)), Arithmetic: f.arithmetic, Learning: f.learning, RLS: f.rls, Calibration: list, Bound: f.bound}
	p, err := export.C(m, o)
	if err != nil {
		return exportError("name", path, err)
	}
	r := exported{Name: o.Name, Arithmetic: f.arithmetic, Constants: p.Constants, State: p.State, Scratch: p.Scratch, Operations: p.Operations, Drift: p.Drift, Warnings: p.Warnings}
	for _, w := range p.Warnings {
		c.warn("%s", w)
	}
	if r.Files, err = c.saveAll(cmd.Context(), f.out, p.Files); err != nil {
		return err
	}
	if r.Targets, err = export.Footprints(cmd.Context(), p, f.arithmetic); err != nil {
		return err
	}
	if f.json {
		return c.json(r)
	}
	for _, file := range r.Files {
		c.print("%s\n", file.File)
	}
	c.note("constants %d bytes, state %d bytes, on the stack %d bytes and what the compiler adds, %.0f operations a step", r.Constants, r.State, r.Scratch, r.Operations)
	for _, t := range r.Targets {
		how := "estimated: no " + compilerOf(t.Target)
		switch {
		case t.Measured:
			how = "measured"
		case t.TooLarge:
			how = "estimated: more constants than it reads"
		}
		c.note("%-10s flash %6d bytes, memory %5d, of which the stack is %5d (%s); about %d cycles a step", t.Target, t.Flash, t.RAM, t.Stack, how, t.Cycles)
	}
	for _, d := range r.Drift {
		c.note("after %5d steps at most %.2g from single precision, root mean square %.2g", d.Steps, d.Max, d.RMS)
	}
	return nil
}

func compilerOf(target string) string {
	for _, t := range export.Targets() {
		if t.Name == target {
			return t.Compiler
		}
	}
	return "compiler"
}

// open loads the model, and with --calibrate the series that ranges come from.
func (f *exportCFlags) open(cmd *cobra.Command, c *console, path string) (*model.Model, []series.Series, error) {
	if f.data == "" {
		m, err := c.loadModel(path)
		return m, nil, err
	}
	x, err := c.openFor(cmd, path, f.data, openOptions{roles: &f.roles, unlabelled: true})
	if err != nil {
		return nil, nil, err
	}
	if x.same && f.roles.Layout == "" {
		if parts, _, _, err := x.parts(); err == nil {
			return x.m, parts.Train.Whole, nil
		}
	}
	list, applied, err := x.d.Apply(x.schema)
	if err != nil {
		return nil, nil, err
	}
	for _, w := range applied.Warnings {
		c.warn("%s", w)
	}
	return x.m, list, nil
}
