package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/journal"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
)

func newJournal(c *console) *cobra.Command {
	return group("journal", "Show, replay and take back what a learner has learned",
		`Show, replay and take back what a learner has learned. A journal is the directory of elegans adapt --journal: every row,
label and update in the order in which they came, snapshots, and roll-backs. Nothing in it is ever changed: a roll-back is a
record too, and can be taken back. compact alone removes, and only what is oldest.`,
		"  elegans journal log ./journal\n  elegans journal rollback ./journal --to 2026-11-20T10:00\n  elegans journal replay ./journal --out adapted.elegans",
		newJournalLog(c), newJournalRollback(c), newJournalReplay(c), newJournalCompact(c))
}

// openJournal finds out that a directory holds a learner's journal, and whose.
func openJournal(dir string) (*journal.Summary, *model.Model, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		if err == nil {
			err = fmt.Errorf("%w: %s is a file; name the directory of a journal", fs.ErrNotExist, dir)
		}
		return nil, nil, err
	}
	s, err := journal.Check(dir)
	if err != nil {
		return nil, nil, journalError(dir, err)
	}
	if s.Last < s.First || s.Last == 0 {
		return nil, nil, &dataError{fmt.Sprintf("journal %s: is empty; name the directory of elegans adapt --journal", dir)}
	}
	r, err := online.Rebuild(dir, s.Snapshots[0])
	if err != nil {
		return nil, nil, &dataError{fmt.Sprintf("journal %s: %s", dir, plainOnline(err))}
	}
	return s, r.Released, nil
}

// moment is the record that a flag names: its number, or the last one at a time.
func moment(dir, flag, text string, s *journal.Summary, clock series.Clock) (uint64, error) {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		if n < s.First || n > s.Last {
			return 0, usage("--%s %d: there is no such record; allowed: %d to %d, or a time", flag, n, s.First, s.Last)
		}
		return n, nil
	}
	at, err := parseMoment(text, clock)
	if err != nil {
		return 0, usage("--%s %q: is neither the number of a record nor a time; write such as 2026-11-20T10:00 or 1234", flag, text)
	}
	n, err := online.RecordAt(dir, at)
	if err != nil {
		return 0, journalError(dir, err)
	}
	if n < s.First {
		return 0, usage("--%s %s: lies before the first record; elegans journal log %s lists them", flag, text, quoted(dir))
	}
	return n, nil
}

// parseMoment reads a time as people type it, in the zone of the model's clock where it names none.
func parseMoment(text string, clock series.Clock) (time.Time, error) {
	zone, err := time.LoadLocation(clock.Zone)
	if err != nil {
		zone = time.UTC
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("no time")
}

func newJournalLog(c *console) *cobra.Command {
	var all bool
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "log DIR",
		Short: "List what happened in a journal",
		Long: `List what happened in a journal: snapshots, roll-backs, promotions, drifts, refused updates and expired predictions, each
with the number of its record and its time, and how many rows and labels lie between them. --all lists every record.

Times are those of the stream where its clock is a calendar, else those at which the records were written.`,
		Example: "  elegans journal log ./journal\n  elegans journal log ./journal --all --json",
		Args:    takes("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, m, err := openJournal(args[0])
			if err != nil {
				return err
			}
			return (&journalLog{c: c, m: m, all: all, json: asJSON}).list(args[0], s)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "list every record")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON for each record")
	return cmd
}

// journalLog lists the records of a journal.
type journalLog struct {
	c                     *console
	m                     *model.Model
	all, json             bool
	rows, labels, updates int // since the last line
}

// loggedRecord is a line of journal log --json.
type loggedRecord struct {
	Record   uint64         `json:"record"`
	Time     time.Time      `json:"time"`
	Kind     string         `json:"kind"`
	Series   string         `json:"series,omitempty"`
	ID       uint64         `json:"id,omitempty"`
	Labels   []*float64     `json:"labels,omitempty"`
	Loss     *float64       `json:"loss,omitempty"`
	Learned  bool           `json:"learned,omitempty"`
	Weights  string         `json:"weights,omitempty"` // CRC-32 of those after a label
	To       uint64         `json:"to,omitempty"`
	Reason   string         `json:"reason,omitempty"`
	Events   []online.Event `json:"events,omitempty"`
	Promoted bool           `json:"promoted,omitempty"`
	Back     bool           `json:"rolled_back,omitempty"`
}

func (l *journalLog) list(dir string, s *journal.Summary) error {
	r, err := journal.OpenReader(dir)
	if err != nil {
		return journalError(dir, err)
	}
	defer r.Close()
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) || err == nil && record.Number > s.Last {
			break
		}
		if err != nil {
			return journalError(dir, err)
		}
		got, err := online.ReadRecord(record)
		if err != nil {
			return &dataError{fmt.Sprintf("journal %s: %s", dir, plainOnline(err))}
		}
		if err := l.record(&got); err != nil {
			return err
		}
	}
	l.flush()
	if s.Tear.Bytes > 0 {
		l.c.note("note: %d bytes at the end are of a record that was not finished", s.Tear.Bytes)
	}
	l.c.note("records %d to %d, %s, %d bytes in %d segments", s.First, s.Last, plural(len(s.Snapshots), "snapshot"), s.Bytes, s.Segments)
	return nil
}

// kindOf names a record.
func kindOf(r *online.Record) string {
	switch {
	case r.Kind != journal.Entry:
		return r.Kind.String()
	case r.Type == online.RecordRow:
		return "row"
	case r.Type == online.RecordLabel:
		return "label"
	}
	return "consolidate"
}

func (l *journalLog) record(r *online.Record) error {
	kind := kindOf(r)
	if l.json {
		if !l.all && len(r.Events) == 0 && (kind == "row" || kind == "label") {
			return nil
		}
		out := loggedRecord{Record: r.Number, Time: r.Time, Kind: kind, Series: r.Series, ID: r.ID, Learned: r.Learned, Promoted: r.Promoted, Back: r.Back,
			To: r.To, Reason: r.Reason, Events: r.Events}
		if kind == "label" {
			out.Labels, out.Loss = numbers(r.Labels), number(r.Loss)
			out.Weights = fmt.Sprintf("%08x", r.Checksum)
		}
		return l.c.jsonLine(out)
	}
	switch kind {
	case "row":
		l.rows++
	case "label":
		l.labels++
		if r.Learned {
			l.updates++
		}
	}
	text := ""
	switch {
	case kind == "rollback":
		text = fmt.Sprintf("back to record %d", r.To)
		if r.Reason != "" {
			text += ": " + r.Reason
		}
	case kind == "snapshot":
	case l.all && kind == "row":
		text = fmt.Sprintf("row of series %q: %v", r.Series, r.X)
	case l.all && kind == "label":
		text = fmt.Sprintf("label %s of prediction %d, loss %.5g, weights %08x", strings.Trim(fmt.Sprint(r.Labels), "[]"), r.ID, r.Loss, r.Checksum)
	case len(r.Events) == 0:
		return nil
	}
	if text != "" || kind == "snapshot" || kind == "consolidate" {
		l.line(r, strings.TrimSpace(kind+" "+text))
	}
	for _, e := range r.Events {
		l.line(r, e.Text(dataset.FormatTime(l.m.Schema().Clock, e.Time)))
	}
	return nil
}

// line prints what happened, after what lies between it and the line before.
func (l *journalLog) line(r *online.Record, text string) {
	l.flush()
	l.c.print("%8d  %s  %s\n", r.Number, r.Time.UTC().Format("2006-01-02 15:04:05"), text)
}

func (l *journalLog) flush() {
	if l.rows+l.labels > 0 && !l.all && !l.json {
		l.c.print("%8s  %s, %s, %s\n", "…", plural(l.rows, "row"), plural(l.labels, "label"), plural(l.updates, "update"))
	}
	l.rows, l.labels, l.updates = 0, 0, 0
}

func newJournalRollback(c *console) *cobra.Command {
	var to, reason string
	cmd := &cobra.Command{
		Use:   "rollback DIR",
		Short: "Return to what a learner was earlier",
		Long: `Return to what a learner was after a record, or at a time: its weights, and all else. The next elegans adapt --journal goes
on from there; what came since counts as never seen. Nothing is removed from the journal, so that this can be taken back by
a roll-back to the record before it. No learner may be running.`,
		Example: "  elegans journal rollback ./journal --to 2026-11-20T10:00\n  elegans journal rollback ./journal --to 1234 --reason unplugged",
		Args:    takes("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			if to == "" {
				return usage("--to is missing: the record or the time to return to; elegans journal log %s lists them", quoted(args[0]))
			}
			return c.rollback(args[0], to, reason)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "`MOMENT` to return to: the number of a record, or a time such as 2026-11-20T10:00")
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT` to be kept with it")
	return cmd
}

func (c *console) rollback(dir, to, reason string) error {
	s, m, err := openJournal(dir)
	if err != nil {
		return err
	}
	n, err := moment(dir, "to", to, s, m.Schema().Clock)
	if err != nil {
		return err
	}
	defer c.guard()()
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		return journalError(dir, err)
	}
	number, err := j.Rollback(online.RecordBack, time.Time{}, n, []byte(reason))
	if err := errors.Join(err, j.Close()); err != nil {
		return journalError(dir, err)
	}
	c.print("record %d: back to what the learner was after record %d\n", number, n)
	c.note("to take it back: elegans journal rollback %s --to %d", quoted(dir), number-1)
	return nil
}

func newJournalReplay(c *console) *cobra.Command {
	var at, out string
	var learning, asJSON bool
	cmd := &cobra.Command{
		Use:   "replay DIR",
		Short: "Rebuild the model that a learner had, bit for bit",
		Long: `Rebuild the model that a learner had at any moment from its journal alone: nothing is computed, each update is read and
checked by the checksum of its weights. --out writes the model that served; --learning the one that learned, which is
another with --guard.`,
		Example: "  elegans journal replay ./journal\n  elegans journal replay ./journal --at 2026-11-20T10:00 --out then.elegans",
		Args:    takes("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			s, m, err := openJournal(dir)
			if err != nil {
				return err
			}
			n := s.Last
			if at != "" {
				if n, err = moment(dir, "at", at, s, m.Schema().Clock); err != nil {
					return err
				}
			}
			r, err := online.Rebuild(dir, n)
			if err != nil {
				return &dataError{fmt.Sprintf("journal %s: %s", dir, plainOnline(err))}
			}
			of := r.Serving
			if learning {
				of = r.Learning
			}
			if out != "" {
				if err := checkWritable(out, dir); err != nil {
					return err
				}
				if err := c.save(cmd.Context(), out, func(w io.Writer) error { return of.Write(w) }); err != nil {
					return err
				}
			}
			if out == "-" {
				return nil
			}
			if asJSON {
				return c.json(map[string]any{"record": n, "rows": r.Rows, "labels": r.Labels, "updates": r.Updates, "model": fingerprint(of), "file": out})
			}
			c.print("record %d: %s since the last snapshot, all checksums right\nmodel %s\n", n, plural(r.Updates, "update"), fingerprint(of))
			return nil
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "`MOMENT`: the number of a record, or a time; the last record if not given")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for the model; none if not given")
	cmd.Flags().BoolVar(&learning, "learning", false, "the copy that learns, in place of the one that serves")
	addJSON(cmd, &asJSON)
	return cmd
}

func newJournalCompact(c *console) *cobra.Command {
	var before string
	cmd := &cobra.Command{
		Use:   "compact DIR",
		Short: "Remove the oldest records of a journal",
		Long: `Remove the records of a journal that are older than the last snapshot at a moment, the last record if --before does not say
another. What the learner was from that snapshot on can still be rebuilt and returned to. No learner may be running.`,
		Example: "  elegans journal compact ./journal\n  elegans journal compact ./journal --before 2026-11-01",
		Args:    takes("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, m, err := openJournal(args[0])
			if err != nil {
				return err
			}
			n := s.Last
			if before != "" {
				if n, err = moment(args[0], "before", before, s, m.Schema().Clock); err != nil {
					return err
				}
			}
			return c.compact(args[0], n)
		},
	}
	cmd.Flags().StringVar(&before, "before", "", "`MOMENT` from which on all stays: the number of a record, or a time such as 2026-11-01; the last record if not given")
	return cmd
}

func (c *console) compact(dir string, to uint64) error {
	defer c.guard()()
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		return journalError(dir, err)
	}
	first, err := j.Compact(to)
	if err := errors.Join(err, j.Close()); err != nil {
		return journalError(dir, err)
	}
	c.print("the journal begins with record %d\n", first)
	return nil
}

// jsonLine writes a document in one line.
func (c *console) jsonLine(document any) error {
	return jsonEncoder(c.out).Encode(document)
}
