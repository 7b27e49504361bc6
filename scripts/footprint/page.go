package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/series"
)

// exported is a model in one arithmetic: what was printed, its accuracy, and what it takes on each target.
type exported struct {
	name       string
	arithmetic export.Arithmetic
	accuracy   float64
	printed    *export.Printed
	footprints []export.Footprint
	counts     []counted
}

// export prints a model and measures it.
func (l *lab) export(ctx context.Context, s subject, a export.Arithmetic, test, calibration []series.Series) (e exported, err error) {
	e = exported{name: s.name, arithmetic: a}
	if e.printed, err = export.C(s.m, export.Options{Name: "net", Arithmetic: a, Calibration: calibration}); err != nil {
		return e, err
	}
	step, err := inArithmetic(s.m, a, calibration)
	if err != nil {
		return e, err
	}
	if e.accuracy, err = accuracy(step, test); err != nil {
		return e, err
	}
	if e.footprints, err = export.Footprints(ctx, e.printed, a); err != nil {
		return e, err
	}
	for _, t := range export.Targets() {
		c, err := l.count(ctx, t, e.printed, a)
		if err != nil {
			return e, fmt.Errorf("%s in %s: %w", s.name, a, err)
		}
		e.counts = append(e.counts, c)
	}
	return e, nil
}

// record is what the document tells: the models, the accuracies of GRUs from one unit up, and each model in each arithmetic.
type record struct {
	list  []subject
	tried []float64
	all   []exported
}

// measure trains and measures.
func (l *lab) measure(ctx context.Context) (r record, err error) {
	split, err := task()
	if err != nil {
		return r, err
	}
	if r.list, r.tried, err = subjects(ctx, split); err != nil {
		return r, err
	}
	for _, s := range r.list {
		for _, a := range export.Arithmetics() {
			e, err := l.export(ctx, s, a, split.Test, split.Train)
			if err != nil {
				return r, err
			}
			r.all = append(r.all, e)
		}
	}
	return r, nil
}

// text is the document.
func (r record) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, head, epochs)
	accuracies(&b, r.list, r.tried, r.all)
	b.WriteString(columns)
	for k, t := range export.Targets() {
		table(&b, k, t, r.all)
	}
	b.WriteString(interpreter)
	costTable(&b)
	return b.String()
}

const head = `# What a model takes on a microcontroller

Written by ` + "`go run ./scripts/footprint > docs/footprint.md`" + `; no figure is typed, but for those with a source. A test holds this page to
what the command writes.

The task is the built-in one of room occupancy: five sensors, one row a minute, two classes. All models are trained in the same way,
%d epochs with seed 1. The accuracy is that on the test part, in fixed point with ranges from the training part.
`

// accuracies is the table of models.
func accuracies(b *strings.Builder, list []subject, tried []float64, all []exported) {
	arithmetics := export.Arithmetics()
	b.WriteString("\n| model | parameters |")
	for _, a := range arithmetics {
		fmt.Fprintf(b, " accuracy in %s, %% |", a)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(arithmetics)) + "\n")
	for k, s := range list {
		fmt.Fprintf(b, "| %s | %d |", s.name, s.m.Parameters())
		for q := range arithmetics {
			fmt.Fprintf(b, " %.2f |", 100*all[k*len(arithmetics)+q].accuracy)
		}
		b.WriteString("\n")
	}
	var text []string
	for k, a := range tried {
		text = append(text, fmt.Sprintf("%.2f with %d", 100*a, k+1))
	}
	fmt.Fprintf(b, "\n%s is the smallest GRU that comes within %.1f points of the LTC, by number of units:\n%s. On this task a GRU needs less of everything: the\ntable says what a liquid network costs, not that it must be taken.\n",
		list[len(list)-1].name, 100*within, strings.Join(text, ", "))
}

const columns = `
Bytes and steps:

- **flash** is the code of NAME.c, its constants, and what both call of the compiler's own library, such as floating point numbers in
  software;
- **state** belongs to the caller, **stack** is what a step was seen to take below its caller, scratch memory within, and **memory**
  is both;
- **instructions** are those of a mean step along the rows of the self-test, counted by the emulator (on AVR cycles);
- **estimated** is what ` + "`elegans export c`" + ` takes instructions for before anything runs, and its share of those counted.
`

// table is what all exports take on one target.
func table(b *strings.Builder, k int, t export.Target, all []exported) {
	counts := "instructions"
	if t.Name == "AVR" {
		counts = "cycles"
	}
	fmt.Fprintf(b, "\n## %s\n\n`%s -Os %s`, %s; run by `%s`.\n\n", t.Name, t.Compiler, strings.Join(t.Flags, " "), version(t.Compiler), boards[t.Name].emulator)
	fmt.Fprintf(b, "| model | arithmetic | flash | state | stack | memory | %s | estimated | of counted |\n|---|---|---|---|---|---|---|---|---|\n", counts)
	for _, e := range all {
		f, c := e.footprints[k], e.counts[k]
		guess := t.Instructions(e.arithmetic, e.printed.Work)
		fmt.Fprintf(b, "| %s | %s | %d | %d | %d | %d | %.0f | %.0f | %.2f |\n", e.name, e.arithmetic, f.Flash, e.printed.State, c.stack,
			e.printed.State+c.stack, c.instructions, guess, guess/c.instructions)
	}
}

// version is what a compiler calls itself.
func version(compiler string) string {
	out, err := exec.Command(compiler, "-dumpversion").Output()
	if err != nil {
		return "of an unknown version"
	}
	return "gcc " + strings.TrimSpace(string(out))
}

// Source of the figures: TensorFlow's documentation, as read in 2025.
const interpreter = `
## Beside an interpreter

TensorFlow Lite Micro interprets a model file. Its documentation gives 16 kB for the core runtime on a Cortex-M3, and 22 kB with the
operators of a model that spots keywords, before the model itself
([TensorFlow Lite for Microcontrollers, overview](https://www.tensorflow.org/lite/microcontrollers/overview); the design is that of
David et al., TensorFlow Lite Micro, MLSys 2021, [arXiv:2010.08678](https://arxiv.org/abs/2010.08678)). A row above is the whole model
with all that runs it. These are figures of others for other models on another processor, so they tell the order of magnitude only.
`

// costTable is what estimates are made of.
func costTable(b *strings.Builder) {
	b.WriteString(`
## Costs

An estimate of an export is the sum of what its step does by kind (` + "`export.WorkKinds`" + `) times these instructions, on AVR cycles. They
are fitted to counts of ` + fmt.Sprint(len(references)) + ` presets with drawn weights, as far as a target reads their constants, by
` + "`go run ./scripts/footprint --costs > export/costs.json`" + `: least squares of relative errors, none below zero;
how far the sums are off for these presets stands beside them, in the mean and at most.
Those of fixed point are further off: what a product or a sum takes there depends on the words that it is of. Cycles are instructions
times the number in the last column, which is taken for code of this kind in memory that does not wait (see ` + "`export.Target`" + `) and
is no measurement; on AVR the emulator counts cycles.

| target | arithmetic |`)
	for _, k := range export.WorkKinds {
		fmt.Fprintf(b, " %s |", k)
	}
	b.WriteString(" off, % | at most, % | cycles an instruction |\n|---|---|" + strings.Repeat("---|", len(export.WorkKinds)+3) + "\n")
	for _, t := range export.Targets() {
		for _, a := range export.Arithmetics() {
			fmt.Fprintf(b, "| %s | %s |", t.Name, a)
			c := t.Costs(a)
			for _, one := range c.Instructions {
				fmt.Fprintf(b, " %.0f |", one)
			}
			fmt.Fprintf(b, " %.0f | %.0f | %g |\n", 100*c.Mean, 100*c.Most, t.CPI[a])
		}
	}
}
