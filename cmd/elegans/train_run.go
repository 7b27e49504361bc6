package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/internal/replace"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/report"
	"github.com/elegans-nn/elegans/train"
)

// job is a training run with everything decided.
type job struct {
	f       *trainFlags
	c       *console
	data    *dataset.Dataset
	split   dataset.SplitOptions
	fold    dataset.Fold // of cross-validation, for which the test part is not looked at; the zero Fold otherwise
	spec    experiment.Spec
	audit   dataset.Audit
	resume  *experiment.Checkpoint
	ckpt    string // the checkpoint file
	saved   bool   // it holds where this run stands
	piped   bool   // standard output is for a file
	command string // that gives this result again
	again   string // that trains again, with the same places for results
	started time.Time
}

func (f *trainFlags) run(cmd *cobra.Command, c *console, name string) error {
	j := &job{f: f, c: c, started: time.Now()}
	if err := j.prepare(cmd, name); err != nil {
		return err
	}
	j.tell()
	out, err := j.execute(cmd.Context())
	if err != nil {
		return err
	}
	return j.finish(cmd.Context(), out)
}

// tell says, before time is spent on it, what was decided for the data and what is doubtful about them.
func (j *job) tell() {
	for _, n := range j.audit.Notes {
		j.c.note("note: %s", n)
	}
	for _, w := range j.audit.Warnings {
		j.c.warn("%s", w)
	}
}

// finish writes and prints what a training gave. All of it is computed, so an interruption only cuts off what takes time to
// write, and says so.
func (j *job) finish(ctx context.Context, out *experiment.Outcome) error {
	cut, err := j.keep(ctx, out)
	if out.Best < 0 {
		err = errors.Join(fmt.Errorf("every seed diverged: %s", out.Subject.Runs[0].Diverged), err)
	} else {
		err = errors.Join(err, j.print(out)) // what was computed is shown even where it could not be written
	}
	if len(cut) == 0 {
		return err
	}
	if err != nil {
		j.c.hint("%s", describe(err)) // the error that the program ends with is the interruption
	}
	verb := " was"
	if len(cut) > 1 {
		verb = " were"
	}
	j.interrupted(" before the " + strings.Join(cut, " and the ") + verb + " written")
	return context.Canceled
}

// prepare reads the data and decides everything, so that whatever is wrong is found before the first epoch.
func (j *job) prepare(cmd *cobra.Command, name string) error {
	f := j.f
	given := settings(cmd, modelFlag)
	j.command = commandLine(cmd, []string{"train", name}, outcomeFlag)
	j.again = commandLine(cmd, []string{"train", name}, func(flag string) bool { return flag != "resume" })
	if err := f.check(cmd); err != nil {
		return err
	}
	preset, err := cell.LookupPreset(f.model)
	if err != nil {
		return err
	}
	if err := j.files(name); err != nil {
		return err
	}
	s, protocol, err := j.divide(cmd, name)
	if err != nil {
		return err
	}
	arch, summary, err := f.stack.architecture(preset, f.wiring, s.Schema)
	if err != nil {
		return err
	}
	if err := f.groups(arch, s.Schema); err != nil {
		return err
	}
	j.spec = experiment.Spec{Split: s, Protocol: f.windows(protocol, j.data.Roles.LastStep), Name: f.model, Summary: summary, Architecture: arch,
		Options: f.options, Metric: f.metric, Seed: f.seed, Seeds: f.seeds, NoBaselines: f.alone, Average: f.average, Workers: f.workers}
	j.spec.Info = model.Info{Name: f.model, Data: j.data.Hash(), Version: version, Protocol: j.spec.Protocol.Name, Settings: given}
	return nil
}

// divide reads the data, divides them, and decides what is asked of them.
func (j *job) divide(cmd *cobra.Command, name string) (*dataset.Split, dataset.Protocol, error) {
	f := j.f
	protocol, err := j.open(name)
	if err == nil {
		err = f.stack.fits(j.data.Roles)
	}
	if err != nil {
		return nil, protocol, err
	}
	j.split = splitOf(cmd, j.data, f.split)
	if protocol.Split != nil {
		j.split = *protocol.Split
	}
	s, err := j.data.SplitFold(j.split, j.fold)
	if err != nil {
		return nil, protocol, err
	}
	if len(s.Test) == 0 && protocol.DrawTest <= 0 {
		return nil, protocol, usage("--test: no row is left to test on (%s); every model needs rows that it was not fitted to", s.By)
	}
	if f.options.Refit && len(s.Valid) == 0 && protocol.DrawValid <= 0 {
		return nil, protocol, usage("--refit: the validation part is empty, and nothing else says how long to train again; give --valid a share, or leave it out")
	}
	if err := f.target(&s.Schema.Target); err != nil {
		return nil, protocol, err
	}
	if b := j.data.Builtin; f.metric == "" && b != nil && slices.Contains(metricNames(&s.Schema.Target), b.Metric) {
		f.metric = b.Metric
	}
	audited := *s
	if j.fold.Of > 0 {
		audited.Test = nil // what a fold scores, and no test part
	}
	j.audit = j.data.Audit(&audited)
	return s, protocol, nil
}

// open reads the data by the protocol, if one is named.
func (j *job) open(name string) (p dataset.Protocol, err error) {
	f, roles := j.f, j.f.roles
	roles.NeedTarget = true
	if f.protocol == "" {
		j.data, err = dataset.Open(name, roles)
		return p, err
	}
	b, err := dataset.Lookup(name)
	if err != nil {
		return p, usage("--protocol %s: %q is no built-in data set, and only those have protocols", f.protocol, name)
	}
	if p, err = b.Protocol(f.protocol); err != nil {
		return p, err
	}
	j.data, err = b.OpenProtocol(p, roles)
	return p, err
}

// windows decides how training windows are cut; lastStep says that each series has one label.
func (f *trainFlags) windows(p dataset.Protocol, lastStep bool) dataset.Protocol {
	if p.Name == "" && !lastStep {
		p.Window = defaultWindow
	}
	if f.window > 0 {
		p.Window, p.TrainStride = f.window, 0
	}
	if f.stride > 0 {
		p.TrainStride = f.stride
	}
	if p.TrainStride == 0 && p.Window > 1 {
		p.TrainStride = p.Window / 2
	}
	return p
}

// baseName is what files that belong to data are called after.
func baseName(data string) string {
	base := strings.TrimSuffix(filepath.Base(data), ".gz")
	if base = strings.TrimSuffix(base, filepath.Ext(base)); base == "" || base == "-" || base == "." {
		base = "stdin"
	}
	return base
}

// files decides where results go and makes sure that they can be written there, and reads the checkpoint.
func (j *job) files(name string) error {
	f, base := j.f, baseName(name)
	if f.out == "" {
		f.out = base + ".elegans"
	}
	f.report = reportFile(f.report, base+".html")
	j.piped = f.out == "-" || f.report == "-"
	j.ckpt = f.out + ".ckpt"
	if !replaced(f.out) {
		j.ckpt = base + ".elegans.ckpt" // beside a device or a pipe is no place for files
	}
	if f.report != "" && filepath.Clean(f.out) == filepath.Clean(f.report) && f.out != os.DevNull {
		return usage("--out and --report are both %s; name two files", f.out)
	}
	for _, path := range []string{f.out, f.report, j.ckpt} {
		if path == "" {
			continue
		}
		if err := checkWritable(path, name); err != nil {
			return err
		}
	}
	if f.resume == "" {
		return nil
	}
	var err error
	j.resume, err = experiment.LoadCheckpoint(f.resume)
	if errors.Is(err, experiment.ErrCheckpoint) {
		return &dataError{err.Error()}
	}
	return err
}

// noReport is the name of a report that nobody wants.
const noReport = "none"

// reportFile is where a report goes: otherwise where no name is given, nowhere and so empty where none is wanted.
func reportFile(given, otherwise string) string {
	switch given {
	case "":
		return otherwise
	case noReport:
		return ""
	}
	return given
}

// checkWritable finds out before hours of work whether a file can be written after them. The file that data are read from is
// not to be replaced.
func checkWritable(path, data string) error {
	if !replaced(path) {
		return nil
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return usage("cannot write %s: it is a directory; name a file", path)
	}
	if from, failed := os.Stat(data); err == nil && failed == nil && os.SameFile(info, from) {
		return usage("%s is the data; name another file to write", path)
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usage("cannot write %s: its directory does not exist; create it, or name another file", path)
	}
	if err := replace.Probe(path); err != nil {
		return &writeError{path, plainly(err), fixOf(err)}
	}
	return nil
}

// execute trains, and keeps a checkpoint. Once training has begun an interruption waits until it is written.
func (j *job) execute(ctx context.Context) (*experiment.Outcome, error) {
	w := &course{j: j, epochs: map[string]string{}}
	out, err := experiment.Execute(ctx, j.spec, experiment.Hooks{Resume: j.resume, Progress: w.progress, Save: w.save})
	w.end()
	var mismatch *experiment.MismatchError
	switch {
	case errors.Is(err, train.ErrInterrupted):
		j.interrupted("")
		return nil, context.Canceled
	case errors.As(err, &mismatch):
		return nil, usage("--resume %s: %v", j.f.resume, mismatch)
	case errors.Is(err, experiment.ErrCheckpoint):
		return nil, &dataError{fmt.Sprintf("%s: %v", j.f.resume, err)}
	}
	return out, inputError(err, j.data)
}

// course shows the progress of an experiment and keeps its checkpoint. Its methods are called one at a time.
type course struct {
	j       *job
	bar     *progress
	release func()
	epochs  map[string]string // what the last epoch of each trial gave
	warned  bool
}

func (w *course) progress(p experiment.Progress) {
	if w.bar == nil { // training begins
		w.release = w.j.c.guard()
		w.bar = w.j.c.progress("epochs", p.Total)
	}
	if e := p.Epoch; e != nil {
		text := fmt.Sprintf("loss %.4f  ", e.Train) // first, for a narrow terminal cuts the line
		if e.Valid == e.Valid {
			text += fmt.Sprintf("valid %.4f  ", e.Valid)
		}
		w.epochs[p.Trial] = fmt.Sprintf("%s%s epoch %d", text, p.Trial, e.Number)
	}
	w.bar.at(p.Epochs, cmp.Or(w.epochs[p.Trial], p.Trial))
}

// save writes the checkpoint. Training goes on without one.
func (w *course) save(k *experiment.Checkpoint) error {
	err := k.Save(w.j.ckpt)
	w.j.saved = err == nil
	if err != nil && !w.warned {
		w.j.c.warn("no checkpoint: %s: %v; training goes on, and an interruption would lose it", w.j.ckpt, plainly(err))
		w.warned = true
	}
	return nil
}

func (w *course) end() {
	if w.bar != nil {
		w.bar.end()
		w.release()
	}
}

// keep writes model and report. What cannot be written is taken off the list of results, and the rest goes on. After an
// interruption the model is still written, unless to a pipe that may never be read, and the report is not: cut names what
// was to be written and was not.
func (j *job) keep(ctx context.Context, out *experiment.Outcome) (cut []string, err error) {
	keep := func(ctx context.Context, what string, path *string, write func(w io.Writer) error) {
		failed := j.c.save(ctx, *path, write)
		switch {
		case failed == nil:
			return
		case errors.Is(failed, context.Canceled):
			cut = append(cut, what)
		default:
			err = errors.Join(err, j.rescue(failed, what, write))
		}
		*path = ""
	}
	if out.Best >= 0 {
		whole := ctx
		if replaced(j.f.out) {
			whole = context.WithoutCancel(ctx)
		}
		keep(whole, "model", &j.f.out, out.Kept().Model.Write)
	}
	if j.f.report == "" {
		return cut, err
	}
	var page *report.Report
	failed := until(ctx, func() (err error) {
		page, err = out.Page(j.pageOptions(out))
		return err
	})
	switch {
	case failed == nil:
		keep(ctx, "report", &j.f.report, page.WriteHTML)
		return cut, err
	case errors.Is(failed, context.Canceled):
		cut = append(cut, "report")
	default:
		err = errors.Join(err, failed)
	}
	j.f.report = ""
	return cut, err
}

// goOn is the command that goes on from where the run stands; empty where no checkpoint could be written.
func (j *job) goOn() string {
	switch {
	case j.saved:
		return j.again + " --resume " + quoted(j.ckpt)
	case j.resume != nil:
		return j.again + " --resume " + quoted(j.f.resume)
	}
	return ""
}

// interrupted says where the run was interrupted, and how to go on.
func (j *job) interrupted(where string) {
	if command := j.goOn(); command != "" {
		j.c.hint("interrupted%s; go on with: %s", where, command)
		return
	}
	j.c.hint("interrupted%s; there is no checkpoint to go on from", where)
}

// rescue says how to get at a result that could not be written: from the checkpoint, else from a file for the time being.
func (j *job) rescue(reason error, what string, write func(w io.Writer) error) error {
	var failed *writeError
	if command := j.goOn(); command != "" {
		fix := fmt.Sprintf("the %s is not lost: free space, then: %s", what, command)
		if errors.As(reason, &failed) {
			return &writeError{failed.path, failed.reason, fix}
		}
		return fmt.Errorf("%w; %s", reason, fix)
	}
	f, err := os.CreateTemp("", "elegans-"+what+"-*")
	if err != nil {
		return reason
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		os.Remove(f.Name())
		return reason
	}
	return fmt.Errorf("%w; the %s is in %s instead", reason, what, f.Name())
}

// outcomeFlag tells flags that the result depends on from those that say where it goes and how it is shown.
func outcomeFlag(name string) bool {
	return !slices.Contains([]string{"out", "report", "resume", "workers", "memory", "json", "quiet", "help", "csv", "keep"}, name)
}

// modelFlag tells flags that the model depends on.
func modelFlag(name string) bool { return outcomeFlag(name) && name != "no-baselines" }

// settings are the flags that were given, as far as they are wanted: no paths and no machine in a model file.
func settings(cmd *cobra.Command, wanted func(flag string) bool) map[string]string {
	list := map[string]string{}
	for _, name := range flagNames(cmd) {
		if flag := cmd.Flags().Lookup(name); flag.Changed && wanted(name) {
			list[name] = flag.Value.String()
			if flag.Value.Type() == "stringSlice" {
				list[name] = strings.Trim(list[name], "[]")
			}
		}
	}
	return list
}

// commandLine is a command, by its name and its arguments, as it was typed, as far as its flags are wanted.
func commandLine(cmd *cobra.Command, args []string, wanted func(flag string) bool) string {
	line := "elegans"
	for _, word := range args {
		line += " " + quoted(word)
	}
	given := settings(cmd, wanted)
	for _, flag := range flagNames(cmd) {
		value, ok := given[flag]
		switch {
		case !ok:
		case value == "true" && cmd.Flags().Lookup(flag).Value.Type() == "bool":
			line += " --" + flag
		case cmd.Flags().Lookup(flag).Value.Type() == "bool":
			line += " --" + flag + "=" + value
		default:
			line += " --" + flag + " " + quoted(value)
		}
	}
	return line
}

// quoted protects a word from the shell.
func quoted(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t\n\"'$&|;<>()*?!`\\#~{}[]") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
