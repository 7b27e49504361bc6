package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/suite"
)

// resultsFlags are what `elegans results` can be asked for.
type resultsFlags struct {
	compareFlags
	out     string
	section int
	kept    bool
	plan    bool
	online  bool
	seeds   int
	again   string // the command that goes on
}

func newResults(c *console) *cobra.Command {
	var f resultsFlags
	cmd := &cobra.Command{
		Use:   "results",
		Short: "Reproduce published results as a page of tables",
		Long: `Run the suites of published comparisons as elegans compare --suite does, with five seeds, and write the page of results: for
each task how it is divided and scored, our figures beside the published and measured ones, and what is not reached.

Data that the program does not hold are read from the folder of --data; a task whose data are missing is listed as not
run. Trials are kept in --keep, so that the command can be interrupted and started again, and what was scored is noted in
the files of --results; --kept writes the page from these and trains nothing. A table is of one version of the data, and a
row that another program trained than the table's others says so. Where several learning rates are tried the validation
part chooses with the first seed, and with all seeds the model of which a table speaks. All sections take hours.

With --online the page is that of learning from streams: gradients of each rule, cost. Its result files are in a
folder of --results of their own, online; a section that is measured replaces what was there.`,
		Example: "  elegans results --data data --section 6\n  elegans results --kept --out RESULTS.md\n  elegans results --section 1 --tasks ozone-paper,occupancy-paper --json\n  elegans results --online --section 1 --out RESULTS-ONLINE.md\n  elegans results --online --kept --out RESULTS-ONLINE.md",
		Args:    takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.online {
				return c.resultsOnline(cmd, &f)
			}
			sections, err := f.check(cmd)
			if err != nil {
				return err
			}
			f.again = commandLine(cmd, []string{"results"}, func(string) bool { return true })
			if f.plan {
				return f.printPlan(cmd.Context(), c, sections)
			}
			return f.run(cmd.Context(), c, sections)
		},
	}
	cmd.Flags().StringVar(&f.data, "data", "", "`DIR` that holds the data which the program does not")
	cmd.Flags().IntVar(&f.section, "section", 0, "`N` of the section, from 1; all if 0")
	cmd.Flags().StringSliceVar(&f.tasks, "tasks", nil, "`NAMES` by comma: these tasks of the sections only")
	cmd.Flags().StringVar(&f.results, "results", resultsDir, "`DIR` of the files that hold what was scored")
	cmd.Flags().StringVar(&f.keep, "keep", "", "`DIR` in which trials are kept; one of the user's cache if not given")
	cmd.Flags().BoolVar(&f.kept, "kept", false, "write the page from the result files, train nothing")
	cmd.Flags().BoolVar(&f.plan, "plan", false, "say of every task what is compared and about how long it takes, train nothing")
	cmd.Flags().StringVar(&f.out, "out", "-", "`FILE` to write the page to; - for standard output")
	cmd.Flags().IntVar(&f.workers, "workers", 0, "`N` trials at once, each on one core; the number of cores if not given")
	cmd.Flags().BoolVar(&f.online, "online", false, "write the page of learning while running instead, whose sections are its own")
	cmd.Flags().IntVar(&f.seeds, "seeds", 5, "`N` seeds of each figure of --online")
	addJSON(cmd, &f.json)
	return cmd
}

// check refuses flags that do not go together and gives the sections that are asked for.
func (f *resultsFlags) check(cmd *cobra.Command) ([]suite.Section, error) {
	switch {
	case cmd.Flags().Changed("seeds"):
		return nil, usage("--seeds is for --online; the suites of other sections say how many seeds they have")
	case f.kept && slices.ContainsFunc([]string{"data", "keep", "workers"}, cmd.Flags().Changed):
		return nil, usage("--kept: trains nothing, so that --data, --keep and --workers have no say; leave them out")
	case f.plan && (f.kept || f.json || f.out != "-"):
		return nil, usage("--plan: prints a table of what would be trained and nothing else; leave out --kept, --json and --out")
	case cmd.Flags().Changed("workers") && f.workers < 1:
		return nil, usage("--workers is %d; it must be at least 1", f.workers)
	case f.workers == 0:
		f.workers = runtime.GOMAXPROCS(0)
	}
	if f.out != "-" {
		if err := checkWritable(f.out, ""); err != nil {
			return nil, err
		}
	}
	sections, err := f.sections()
	if err == nil && f.kept {
		_, err = os.ReadDir(f.results)
	}
	return sections, err
}

// sections are those that are asked for, with their tasks.
func (f *resultsFlags) sections() (some []suite.Section, err error) {
	list := suite.Sections()
	if f.section != 0 {
		s, err := suite.SectionOf(f.section)
		if err != nil {
			return nil, usage("--section: %v", err)
		}
		list = []suite.Section{s}
	}
	for _, name := range f.tasks {
		if _, err := suite.Lookup(name); err != nil {
			return nil, usage("--tasks: %v", err)
		}
	}
	for _, s := range list {
		has := slices.DeleteFunc(slices.Clone(f.tasks), func(name string) bool { return !s.Has(name) })
		if len(f.tasks) > 0 && len(has) == 0 {
			continue
		}
		if s, err = s.Only(has); err != nil {
			return nil, usage("--tasks: %v", err)
		}
		some = append(some, s)
	}
	for _, name := range f.tasks {
		if !slices.ContainsFunc(some, func(s suite.Section) bool { return s.Has(name) }) {
			return nil, usage("--tasks %s: no such task in section %d", name, f.section)
		}
	}
	return some, nil
}

// sectionResult is a section in the document of --json.
type sectionResult struct {
	Section int          `json:"section"`
	Title   string       `json:"title"`
	Tasks   []taskResult `json:"tasks"`
}

type taskResult struct {
	Task   string         `json:"task"`
	Absent string         `json:"absent,omitempty"`
	Board  suite.Board    `json:"board"`
	Note   string         `json:"note,omitempty"`
	Trials []*suite.Trial `json:"trials"`
	Seen   []suite.Look   `json:"looked_at"`
	Others []suite.Figure `json:"others"`
	Looked looked         `json:"test_figures"`
}

const resultsHead = `# Results

Generated by ` + "`elegans results`" + `: figures of ours in tables, and what is said of them beside those of others, follow from the
result files; figures of others, and what is remarked after that, are written by hand. Figures are means over seeds ± sample standard
deviation on the test part, at the epoch with the lowest validation loss. A run that diverged is counted, and has the score of the
constant baseline; none is left out. A network with "refit" in its name was trained a second time, on training and validation part
together, for as many epochs as validation had chosen; one with "all" on both parts for all of its epochs. Rows of others are
"measured" where other libraries ran on exactly the same split, else published. Where several learning rates are named, validation
chose among them with the first seed; a single one was chosen so, or by cross-validation, before. Inputs and regularisation were
searched for the liquid networks, and the recurrent networks beside them have the same. The model whose figure stands for ours is the
liquid one that is best on validation over all seeds, where a table does not say what else chose it; the best baseline is the best by
its test figure. Two are level where they differ by no more than twice the standard error of the difference. Published figures of a
leaky split stand beside that split only. Models that are compared no longer are in no table, but are counted among those looked at.
`

func (f *resultsFlags) run(ctx context.Context, c *console, sections []suite.Section) error {
	document, all := []sectionResult{}, []suite.Outcome{}
	var failed error // what went wrong with single tasks, told at the end again
	for _, s := range sections {
		outcomes, section, err := f.outcomes(ctx, c, s, &failed)
		if err != nil {
			return err
		}
		document, all = append(document, section), append(all, outcomes...)
	}
	if f.json {
		return errors.Join(c.json(map[string]any{"sections": document}), failed)
	}
	suite.Refer(all)
	return errors.Join(c.save(ctx, f.out, func(w io.Writer) error { return writeResults(w, sections, all) }), failed)
}

// writeResults writes the page with the outcomes of the sections, one after the other.
func writeResults(w io.Writer, sections []suite.Section, all []suite.Outcome) error {
	if _, err := io.WriteString(w, resultsHead); err != nil {
		return err
	}
	if err := suite.WriteSummary(w, all); err != nil {
		return err
	}
	for _, s := range sections {
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
		if err := suite.WriteSection(w, s, all[:len(s.Tasks)]); err != nil {
			return err
		}
		all = all[len(s.Tasks):]
	}
	return nil
}

// outcomes of a section: what the record holds of it, after what is not kept has been trained.
func (f *resultsFlags) outcomes(ctx context.Context, c *console, s suite.Section, failed *error) (list []suite.Outcome, section sectionResult, err error) {
	section = sectionResult{Section: s.Number, Title: s.Title}
	absent := map[string]string{}
	if !f.kept {
		t := f.tournament(c, s)
		if err := t.play(ctx); err != nil {
			return nil, section, err
		}
		for _, g := range t.games {
			absent[g.task.Name] = g.absent
		}
		*failed = errors.Join(*failed, t.failed())
	}
	record := suite.Record(f.results)
	for _, t := range s.Tasks {
		held, err := record.Read(t.Name)
		if err != nil {
			return nil, section, err
		}
		o := t.Outcome(held, s)
		if o.Absent = absent[t.Name]; o.Absent == "" && len(o.Rows) == 0 {
			o.Absent = "no table of it is in " + f.results + "; elegans results without --kept makes one"
		}
		list = append(list, o)
		board := held.Boards[s.Name]
		board.Rows = append([]suite.Line{}, board.Rows...)
		section.Tasks = append(section.Tasks, taskResult{t.Name, o.Absent, board, held.Note, held.Trials,
			append([]suite.Look{}, held.LookedAt...), append([]suite.Figure{}, t.Figures()...), looked{o.Trials, o.Configurations}})
	}
	return list, section, nil
}

// tournament is a section as it is run.
func (f *resultsFlags) tournament(c *console, s suite.Section) *tournament {
	asked := f.compareFlags
	asked.seeds, asked.match = s.Seeds, s.Match
	asked.stack.layers = 1
	return &tournament{c: c, f: &asked, section: s, given: func(string) bool { return false }, again: f.again, plan: f.plan}
}

// printPlan says what would be run. A trial that two sections share is counted in both until it is kept.
func (f *resultsFlags) printPlan(ctx context.Context, c *console, sections []suite.Section) error {
	rows := [][]string{{"suite", "task", "candidates", "seeds", "trials", "kept", fmt.Sprintf("minutes on %s", plural(f.workers, "core"))}}
	var failed error
	for _, s := range sections {
		t := f.tournament(c, s)
		if err := t.play(ctx); err != nil {
			return err
		}
		rows, failed = append(rows, t.planned()...), errors.Join(failed, t.failed())
	}
	c.print("%s", columns(rows))
	return failed
}
