package main

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/journal"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
)

// adapting is a stream that is predicted and learned.
type adapting struct {
	f       *adaptFlags
	c       *console
	m       *model.Model
	schema  series.Schema
	file    string // of the model
	data    string // name of the data
	command string
	delay   dataset.Horizon
	rows    []streamRow // of a file
	lines   *lineRows   // of standard input
	d       *dataset.Dataset

	learner *online.Learner
	kept    *online.Journaled // with a journal
	frozen  map[string]*frozenSeries
	due     labelQueue
	ahead   map[string][]aheadOf
	numbers map[string]int // rows of each series, of standard input
	waits   map[uint64]*waiting
	score   scores
	beside  besides // for the report
	scored  []scored
	held    *forModel // of --held-out
	forgot  *forgotten
	until   map[string]float64 // the last row of each series that the journal has already
	seen    int                // how many those were
	late    int                // labels whose prediction had expired
	n       int                // order in which labels were queued
}

// frozenSeries is a series of the model as it was released.
type frozenSeries struct {
	m    *model.Model
	s    *model.Stream
	time float64
}

// waiting is a prediction of this run until its label comes.
type waiting struct {
	id       uint64
	series   string
	time     float64
	values   []float32 // that were served
	frozen   []float32
	beside   [][]float64 // what the models of besides said, and what they want to remember
	memories []any
	known    bool // it was made by an earlier run: its prediction is in the journal alone
}

// queued is a label on its way.
type queued struct {
	at     float64
	n      int
	w      *waiting
	labels []float64
}

// labelQueue has the label that comes next in front.
type labelQueue []queued

func (q labelQueue) Len() int { return len(q) }
func (q labelQueue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].n, q[j].n)) < 0
}
func (q labelQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *labelQueue) Push(x any)   { *q = append(*q, x.(queued)) }
func (q *labelQueue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}

// open loads the model, reads the data or their first line, and opens the journal.
func (a *adapting) open(cmd *cobra.Command, path, name string) error {
	var err error
	a.file, a.frozen, a.ahead, a.waits, a.numbers = path, map[string]*frozenSeries{}, map[string][]aheadOf{}, map[uint64]*waiting{}, map[string]int{}
	if name == "-" {
		if path == "-" {
			return usage("MODEL and DATA are both -; standard input holds one of them, name a file for the other")
		}
		if a.m, err = a.c.loadModel(path); err != nil {
			return err
		}
		a.schema = a.m.Schema()
		if err := a.rename(); err != nil {
			return err
		}
	} else if err := a.read(cmd, path, name); err != nil {
		return err
	}
	if err := a.learn(); err != nil {
		return err
	}
	if a.f.report != "" {
		a.beside = a.besides()
	}
	if n := a.schema.Target.Labels(); a.f.heldOut != "" && n > 1 {
		return usage("--held-out: compares models of one value, and this one predicts %d; leave it out", n)
	}
	if a.f.heldOut != "" {
		if a.held, err = a.c.openFor(cmd, path, a.f.heldOut, openOptions{roles: &a.f.roles, target: a.f.target}); err != nil {
			return err
		}
	}
	if name == "-" {
		a.lines = newLineRows(a.c.in, a.schema, a.f.roles)
		for series, last := range a.until {
			a.lines.counted[series] = int(last) + 1 // of a clock that counts rows
		}
	}
	return nil
}

// rename lets the labels come from the column of --target.
func (a *adapting) rename() error {
	switch names := valueNames(a.schema.Target); {
	case a.f.target == "":
	case len(names) > 1:
		return usage("--target %s: the model predicts %d values, whose labels are in columns of their names (%s); leave it out", a.f.target, len(names), strings.Join(names, ", "))
	default:
		a.schema.Target.Name = a.f.target
	}
	return nil
}

// read reads the rows of a file.
func (a *adapting) read(cmd *cobra.Command, path, name string) error {
	m, err := a.c.loadModel(path)
	if err != nil {
		return err
	}
	a.m, a.schema = m, m.Schema()
	if err := a.rename(); err != nil {
		return err
	}
	var lists [][]series.Series
	labelled := 0
	for k := range a.schema.Target.Labels() {
		list, n, err := a.labelled(cmd, path, name, k)
		if err != nil {
			return err
		}
		lists, labelled = append(lists, list), labelled+n
	}
	if labelled == 0 {
		a.c.warn("no row has a label, so nothing is learned; %s", a.labelHelp())
	}
	if err := a.delays(); err != nil {
		return err
	}
	a.rows = fileRows(a.d, a.schema, lists, a.delay)
	return nil
}

func (a *adapting) labelHelp() string {
	if names := valueNames(a.schema.Target); len(names) > 1 {
		return "the columns of labels are " + strings.Join(names, ", ")
	}
	return "--target names the column that holds them"
}

// labelled are the rows of a file with the labels of value k, and how many have one.
func (a *adapting) labelled(cmd *cobra.Command, path, name string, k int) ([]series.Series, int, error) {
	x, err := a.c.openFor(cmd, path, name, openOptions{roles: &a.f.roles, target: a.f.target, model: a.m, value: k + 1})
	if err != nil {
		return nil, 0, err
	}
	list, applied, err := x.d.Apply(x.schema)
	if k == 0 {
		a.d = x.d
		for _, w := range applied.Warnings {
			a.c.warn("%s", w)
		}
	}
	return list, applied.Labelled, err
}

// delays decides when labels come.
func (a *adapting) delays() error {
	t := a.schema.Target
	own := dataset.Horizon{Seconds: t.Horizon}
	if t.HorizonRows {
		own = dataset.Horizon{Rows: int(t.Horizon)}
	}
	a.delay = a.f.delay
	if a.delay.IsZero() {
		a.delay = own
	}
	if a.schema.Clock.Kind == series.Index && a.delay.Seconds > 0 {
		return usage("--delay %s: the model counts rows and knows no time; write such as 3rows", a.delay)
	}
	if a.delay.Seconds < own.Seconds && a.delay.Rows == 0 || a.delay.Rows < own.Rows && a.delay.Seconds == 0 {
		return usage("--delay %s: the model predicts %s ahead, and no label is known sooner; allowed: that or more", a.delay, own)
	}
	return nil
}

// learn makes the learner, from its journal where there is one.
func (a *adapting) learn() error {
	if err := a.m.Causal(); err != nil {
		return usage("%s cannot learn from a stream: %v", a.file, err)
	}
	o, err := a.f.learner(a.m)
	if err != nil {
		return err
	}
	o.Log = a.event
	if a.f.journal == "" {
		a.learner, err = online.NewLearner(a.m, o)
		return err
	}
	policy := journal.EveryInterval
	if a.f.sync != "" {
		if policy, err = journal.ParsePolicy(a.f.sync); err != nil {
			return usage("--sync: %v", err)
		}
	}
	o.Log = nil // what is taken again was told already
	if a.kept, err = online.Open(a.f.journal, journal.Options{Policy: policy}, a.m, o); err != nil {
		return journalError(a.f.journal, err)
	}
	a.learner = a.kept.Learner
	a.learner.SetLog(a.event)
	a.until = a.learner.Lasts()
	if tear := a.kept.Recovered.Tear; tear.Bytes > 0 {
		a.c.note("note: %d bytes at the end of the journal were not finished when it was cut off; they are gone", tear.Bytes)
	}
	if n := a.kept.Recovered.Corrected; n > 0 {
		a.c.note("note: %d updates were made on other kernels: weights are those of the journal, states agree to rounding", n)
	}
	if rows := a.learner.Counts().Rows; rows > 0 {
		a.c.note("going on from record %d of %s: %d rows, %d updates", a.kept.Journal().Last(), a.f.journal, rows, a.learner.Counts().Updates)
	}
	return nil
}

// event tells what happened.
func (a *adapting) event(e online.Event) {
	switch e.Kind {
	case online.Expired: // there may be as many as rows
		delete(a.waits, e.ID)
		return
	case online.Dropped:
		delete(a.frozen, e.Series)
	}
	if len(a.score.events) < keptEvents {
		a.score.events = append(a.score.events, e)
	}
	a.c.note("%s", a.eventText(e))
}

// keptEvents bounds what is kept for the report and the document of a stream without end; the journal has all.
const keptEvents = 10_000

// eventText is an event with the time as the data have it.
func (a *adapting) eventText(e online.Event) string {
	return e.Text(dataset.FormatTime(a.schema.Clock, e.Time))
}

// stream takes all rows, or those that come until the context ends.
func (a *adapting) stream(ctx context.Context) error {
	if a.lines == nil {
		for i := range a.rows {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := a.take(&a.rows[i]); err != nil {
				return err
			}
		}
		return a.deliver(math.Inf(1))
	}
	if err := a.delays(); err != nil {
		return err
	}
	if a.f.delay.Rows > 0 && a.schema.Clock.Kind != series.Index {
		return usage("--delay %s: rows of standard input come one by one; write a time such as 30m", a.delay)
	}
	return a.listen(ctx)
}

// listen takes the lines of standard input as they come.
func (a *adapting) listen(ctx context.Context) error {
	type read struct {
		row streamRow
		err error
	}
	next := make(chan read)
	go func() {
		for {
			row, err := a.lines.next()
			select {
			case next <- read{row, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case r := <-next:
			if errors.Is(r.err, io.EOF) {
				return a.deliver(math.Inf(1))
			}
			if r.err != nil {
				return r.err
			}
			if err := a.take(&r.row); err != nil {
				return err
			}
			if err := a.c.flush(); err != nil { // who reads may wait for each line
				return err
			}
		}
	}
}

// take predicts a row and lets its label come, or takes a label that came alone.
func (a *adapting) take(r *streamRow) error {
	if r.id > 0 {
		w := a.waits[r.id]
		if w == nil {
			w = &waiting{id: r.id, known: true}
		}
		return a.answer(w, r.labels, r.row+1)
	}
	ahead := a.lines != nil && a.schema.Target.Horizon > 0
	if ahead {
		a.numbers[r.series]++
		a.match(r)
	}
	if err := a.deliver(r.time); err != nil {
		return err
	}
	w, err := a.predict(r)
	switch {
	case err != nil:
		return err
	case ahead:
		a.ahead[r.series] = append(a.ahead[r.series], aheadOf{w, r.time, a.numbers[r.series]})
	case a.lines != nil:
		a.queue(r.time+a.ticks(), w, r.values)
	default:
		a.queue(r.due, w, r.labels)
	}
	return nil
}

// predict predicts a row. One that the journal has already is only waited for.
func (a *adapting) predict(r *streamRow) (*waiting, error) {
	w := &waiting{series: r.series, time: r.time}
	f := a.frozen[r.series]
	dt := a.schema.Clock.FirstDT
	if f != nil {
		dt = (r.time - f.time) / a.schema.Clock.Unit
	} else {
		f = &frozenSeries{s: a.m.Stream()}
		a.frozen[r.series] = f
	}
	frozen, err := f.s.Step(r.x, float32(math.Max(0, dt)))
	if err == nil {
		w.frozen = slices.Clone(frozen)
	}
	f.time = r.time
	for _, b := range a.beside.list {
		value, memory := b.predict(r)
		w.beside, w.memories = append(w.beside, value), append(w.memories, memory)
	}
	if last, ok := a.until[r.series]; ok && r.time <= last {
		a.seen++
		w.known = true
		return w, nil
	}
	p, err := a.learner.Predict(r.series, r.time, r.x)
	if err != nil {
		return nil, a.placed(r, err)
	}
	w.id, w.values = p.ID, p.Values
	if a.beside.alone {
		w.beside = append(w.beside, decided(a.schema.Target, p.Forecast))
	}
	a.waits[w.id] = w
	a.score.rows++
	return w, a.print(r, w, p)
}

// placed names the place of a row in an error about it.
func (a *adapting) placed(r *streamRow, err error) error {
	var input *model.InputError
	var order *online.OrderError
	var problem string
	switch {
	case errors.As(err, &input):
		problem = input.Problem()
	case errors.As(err, &order):
		problem = fmt.Sprintf("time goes backwards: the last row lies at %s; give rows in the order of their times", dataset.FormatTime(a.schema.Clock, order.Last))
	default:
		return err
	}
	if a.lines != nil {
		return badLine(r.row+1, "", "", "%s", problem)
	}
	return a.d.RowError(r.series, r.row, problem)
}

// match lets the target's value in a row of standard input be the label of the rows that have waited for it. It is known with
// the row, and so before the row is predicted.
func (a *adapting) match(r *streamRow) {
	t := a.schema.Target
	slack, tolerance := 1e-6*a.schema.Clock.Unit, cmp.Or(a.f.roles.HorizonTolerance, a.schema.Clock.Unit)
	if t.HorizonRows {
		slack, tolerance = 0, 0
	}
	list := a.ahead[r.series]
	for len(list) > 0 {
		first := list[0]
		passed := r.time - first.time
		if t.HorizonRows {
			passed = float64(a.numbers[r.series] - first.row)
		}
		if passed < t.Horizon-slack {
			break
		}
		if passed <= t.Horizon+tolerance {
			a.queue(math.Max(r.time, first.time+a.ticks()), first.w, r.values)
		}
		list = list[1:]
	}
	a.ahead[r.series] = list
}

// aheadOf is a row whose label is the target's value at a later one.
type aheadOf struct {
	w    *waiting
	time float64
	row  int
}

// ticks is the delay on the clock of the stream; 0 for rows of a clock of times, where a label comes with its row.
func (a *adapting) ticks() float64 {
	if a.schema.Clock.Kind == series.Index {
		return float64(a.delay.Rows)
	}
	return a.delay.Seconds
}

// queue lets a label come at its time; one that is not known never comes.
func (a *adapting) queue(at float64, w *waiting, labels []float64) {
	if series.Labelled(labels) {
		a.n++
		heap.Push(&a.due, queued{at, a.n, w, labels})
	}
}

// deliver learns what has come until a time.
func (a *adapting) deliver(until float64) error {
	for len(a.due) > 0 && a.due[0].at <= until {
		q := heap.Pop(&a.due).(queued)
		if err := a.answer(q.w, q.labels, 0); err != nil {
			return err
		}
	}
	return nil
}

// answer learns the labels of a row. That of a prediction which has expired is counted, unless a user has named it in a
// line.
func (a *adapting) answer(w *waiting, labels []float64, line int) error {
	for k, memory := range w.memories {
		a.beside.list[k].learn(w.series, w.time, labels, memory)
	}
	var out online.Outcome
	var err error
	if w.id > 0 {
		out, err = a.learner.Learn(w.id, labels...)
	} else {
		out, err = a.learner.LearnAt(w.series, w.time, labels...)
	}
	delete(a.waits, w.id)
	var unknown *online.UnknownError
	if errors.As(err, &unknown) && line == 0 {
		if !w.known {
			a.late++
		}
		return nil
	}
	if err != nil {
		if line > 0 {
			return badLine(line, "id", strconv.FormatUint(w.id, 10), "%s", plainOnline(err))
		}
		return err
	}
	a.score.add(a, w, &out, labels)
	return nil
}
