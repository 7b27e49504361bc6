package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/journal"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
)

// scores are the errors of labels that came in this run, each of a prediction that was made before.
type scores struct {
	rows, labels  int
	adapting      errorSum
	frozen        errorSum
	events        []online.Event
	learned       int
	inside, given int
}

// errorSum adds up squared errors of numbers, or wrong classes.
type errorSum struct {
	n   int
	sum float64
}

// add takes the labels of a row and what was said before them.
func (s *scores) add(a *adapting, w *waiting, out *online.Outcome, labels []float64) {
	s.labels++
	if out.Learned {
		s.learned++
	}
	for k, low := range out.Low {
		if label := labels[k]; low == low && label == label && !w.known {
			s.given++
			if label >= low && label <= out.High[k] {
				s.inside++
			}
		}
	}
	if w.values == nil || w.frozen == nil {
		return // made by an earlier run
	}
	t := a.schema.Target
	served, frozen := decided(t, w.values), decided(t, w.frozen)
	for k, label := range labels {
		if label == label {
			s.adapting.add(missBy(t, served[k], label))
			s.frozen.add(missBy(t, frozen[k], label))
		}
	}
	if a.f.report != "" {
		a.note(w, out, labels)
	}
}

func (e *errorSum) add(v float64) { e.n, e.sum = e.n+1, e.sum+v }

// pointOf is the one number that a prediction comes to.
func pointOf(t series.Target, values []float32) float64 {
	if len(t.Quantiles) > 0 {
		return metric.Median(t.Quantiles, wide(values))
	}
	return float64(values[0])
}

// value is the root mean square error, or the share of right classes.
func (e errorSum) value(t series.Target) float64 {
	switch {
	case e.n == 0:
		return math.NaN()
	case t.Task == series.Classify:
		return 1 - e.sum/float64(e.n)
	}
	return math.Sqrt(e.sum / float64(e.n))
}

func scoreName(t series.Target) string {
	if t.Task == series.Classify {
		return "accuracy"
	}
	return "rmse"
}

// print writes a prediction as a line of JSON.
func (a *adapting) print(r *streamRow, w *waiting, p online.Prediction) error {
	if a.f.json {
		return nil
	}
	t := a.schema.Target
	b := strconv.AppendUint([]byte(`{"id":`), p.ID, 10)
	text := func(key, value string) {
		quoted, _ := json.Marshal(value) // a string can always be written
		b = append(append(append(append(b, `,"`...), key...), `":`...), quoted...)
	}
	number := func(key string, v float64) {
		name, _ := json.Marshal(key)
		b = append(append(append(b, ','), name...), ':')
		if math.IsNaN(v) || math.IsInf(v, 0) {
			b = append(b, "null"...)
			return
		}
		b = strconv.AppendFloat(b, v, 'g', -1, 64)
	}
	if r.series != "" {
		text("series", r.series)
	}
	if r.stamp != "" {
		b = append(append(b, `,"time":`...), r.stamp...)
	}
	switch {
	case t.Task == series.Classify:
		text("prediction", t.Classes[metric.Predicted(wide(p.Values), t.Threshold)])
		for k, class := range t.Classes {
			number("p_"+class, decimal(p.Values[k]))
		}
	case len(t.Quantiles) > 0:
		number("prediction", decimal(float32(pointOf(t, p.Values))))
		for k, q := range t.Quantiles {
			number("q_"+strconv.FormatFloat(q, 'g', -1, 64), decimal(p.Values[k]))
		}
	default:
		for k := range t.Labels() {
			number("prediction"+numbered(k), decimal(p.Values[k]))
			if a.f.combine != "" {
				number("forecast"+numbered(k), decimal(p.Forecast[k]))
			}
		}
		if t.Gaussian {
			number("sd", decimal(p.Values[1]))
		}
	}
	for k, low := range p.Low {
		if low == low {
			number("low"+numbered(k), decimal(float32(low)))
			number("high"+numbered(k), decimal(float32(p.High[k])))
		}
	}
	_, err := a.c.out.Write(append(b, "}\n"...))
	return err
}

// numbered ends the names of the values after the first, as predict does.
func numbered(k int) string {
	if k == 0 {
		return ""
	}
	return fmt.Sprintf("_%d", k+1)
}

// adaptDocument is what adapt --json prints. Rates are fractions.
type adaptDocument struct {
	Rows    int           `json:"rows"`
	Labels  int           `json:"labels"`
	Seen    int           `json:"in_journal_already"`
	Late    int           `json:"labels_too_late"`
	Waiting int           `json:"waiting"`
	Metric  string        `json:"metric"`
	Scores  adaptScores   `json:"scores"`
	Counts  online.Counts `json:"counts"` // of all runs of the journal
	// Coverage is the share of labels inside of their interval; null where no interval was given.
	Coverage *float64       `json:"coverage"`
	Memory   online.Memory  `json:"memory"`
	HeldOut  *forgotten     `json:"held_out,omitempty"`
	Events   []online.Event `json:"events"`
	Record   uint64         `json:"record,omitempty"` // the last one of the journal
}

type adaptScores struct {
	Adapting *float64 `json:"adapting"`
	Frozen   *float64 `json:"frozen"`
}

// finish ends the journal, writes the model and says how it went. failed is the error that ended the stream, if any.
func (a *adapting) finish(ctx context.Context, failed error) error {
	var record uint64
	if a.kept != nil {
		record = a.kept.Journal().Last()
		done := a.c.guard()
		err := a.kept.Close()
		done()
		if err != nil && failed == nil {
			failed = journalError(a.f.journal, err)
		}
	}
	if failed != nil && !errors.Is(failed, context.Canceled) {
		return failed
	}
	if a.f.out != "" {
		m, err := a.adapted()
		if err != nil {
			return err
		}
		if err := a.c.save(ctx, a.f.out, func(w io.Writer) error { return m.Write(w) }); err != nil {
			return err
		}
	}
	if a.held != nil {
		if err := a.compareHeldOut(); err != nil {
			return err
		}
	}
	if a.f.report != "" {
		if err := a.writeReport(ctx); err != nil {
			return err
		}
	}
	if err := a.tell(record); err != nil {
		return err
	}
	return failed
}

// adapted is the model of --out.
func (a *adapting) adapted() (*model.Model, error) {
	if a.f.outOf == "" {
		return a.learner.Model(), nil
	}
	m, err := a.learner.ModelOf(a.f.outOf)
	if err != nil {
		return nil, usage("--out-series: %s", plainOnline(err))
	}
	return m, nil
}

// tell says how it went.
func (a *adapting) tell(record uint64) error {
	t := a.schema.Target
	if a.f.json {
		doc := adaptDocument{Rows: a.score.rows, Labels: a.score.labels, Seen: a.seen, Late: a.late, Waiting: a.learner.Waiting(), Metric: scoreName(t),
			Scores: adaptScores{number(a.score.adapting.value(t)), number(a.score.frozen.value(t))}, Counts: a.learner.Counts(),
			Memory: a.learner.Memory(), HeldOut: a.forgot, Events: append([]online.Event{}, a.score.events...), Record: record}
		if a.score.given > 0 {
			doc.Coverage = number(float64(a.score.inside) / float64(a.score.given))
		}
		return a.c.json(doc)
	}
	if a.seen > 0 {
		a.c.note("%s had been taken before", plural(a.seen, "row"))
	}
	counts := a.learner.Counts()
	text := fmt.Sprintf("%s, %s, %s", plural(a.score.rows, "row"), plural(a.score.labels, "label"), plural(a.score.learned, "update"))
	for _, c := range []struct {
		n    uint64
		what string
	}{{uint64(a.late), "labels too late"}, {counts.Refused, "updates refused"}, {counts.Drifts, "drifts"}, {counts.Promoted, "promotions"}, {counts.Rollbacks, "roll-backs"}} {
		if c.n > 0 {
			text += fmt.Sprintf(", %d %s", c.n, c.what)
		}
	}
	a.c.note("%s", text)
	if a.score.adapting.n > 0 {
		a.c.note("%s %s adapting, %s frozen", scoreName(t), figure(a.score.adapting.value(t)), figure(a.score.frozen.value(t)))
	}
	if a.score.given > 0 {
		a.c.note("%.1f %% of %d intervals held their label", 100*float64(a.score.inside)/float64(a.score.given), a.score.given)
	}
	if a.forgot != nil {
		a.c.note("on %s: %s %s adapted, %s as released", a.f.heldOut, a.forgot.Metric, figure(deref(a.forgot.Adapted)), figure(deref(a.forgot.Released)))
	}
	if a.kept == nil && a.f.out == "" {
		a.c.note("what was learned is gone with this run; --out FILE or --journal DIR keeps it")
	}
	return nil
}

// notTheModel refuses to write over the model that is adapted.
func notTheModel(file, path string) error {
	model, err := os.Stat(path)
	if err != nil {
		return nil // it will be told when it is read
	}
	if out, err := os.Stat(file); err == nil && os.SameFile(model, out) {
		return usage("%s is MODEL itself, which stays as it is; name another file", file)
	}
	return nil
}

// journalError turns an error about a journal into one that names its directory.
func journalError(dir string, err error) error {
	var foreign *online.ForeignError
	var damage *journal.DamageError
	switch {
	case errors.As(err, &foreign):
		return usage("--journal %s: %s", dir, foreign.Problem)
	case errors.Is(err, journal.ErrLocked):
		return fmt.Errorf("journal %s: %s", dir, strings.TrimPrefix(journal.ErrLocked.Error(), "journal: "))
	case errors.As(err, &damage):
		return &dataError{fmt.Sprintf("journal %s: %s", dir, strings.TrimPrefix(damage.Error(), "journal: "))}
	}
	return fmt.Errorf("journal %s: %w", dir, err)
}

// plainOnline is an error of package online without the name of the package.
func plainOnline(err error) string { return strings.TrimPrefix(err.Error(), "online: ") }

// forgotten compares the model as it was released and as it serves now on earlier data that it did not learn from here.
type forgotten struct {
	Metric   string   `json:"metric"`
	Released *float64 `json:"released"`
	Adapted  *float64 `json:"adapted"`
	Rows     int      `json:"rows"`
}

// compareHeldOut scores both on --held-out.
func (a *adapting) compareHeldOut() error {
	part, _, err := a.held.part(partAll)
	if err != nil {
		return err
	}
	_, rows := part.Rows()
	if rows == 0 {
		return &dataError{fmt.Sprintf("--held-out %s: no row has a label, so nothing can be compared", a.f.heldOut)}
	}
	f := &forgotten{Metric: scoreName(a.schema.Target), Rows: rows}
	for _, of := range []struct {
		m     *model.Model
		value **float64
	}{{a.m, &f.Released}, {a.learner.Model(), &f.Adapted}} {
		e, err := experiment.Evaluate(of.m, part, 1)
		if err != nil {
			return inputError(err, a.held.d)
		}
		if v, ok := e.Scores().Get(f.Metric); ok {
			*of.value = number(v)
		}
	}
	a.forgot = f
	return nil
}
