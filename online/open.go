package online

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/elegans-nn/elegans/journal"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// Journaled is a learner whose every row and label is a record of a journal before the call returns, so that whoever opens
// the journal again goes on from the last of them, to the bit: weights, states, derivatives, waiting predictions, optimiser,
// detectors and all. What a loss of power may take is said by the journal's policy.
//
// A row takes 40 bytes and 4 an input; a label about 50 and 2 a parameter, which turn the weights before into those after.
// So past weights can be rebuilt by any machine, without the network or its optimiser; see Rebuild. Whenever the records
// since the last snapshot take more than 8 times what a snapshot takes, and 1 MiB, there is a new one.
//
// Where a record cannot be written, as on a full disk, the learner stops, since what it learned would be lost: all calls
// return that error, and Open goes on from the last record.
type Journaled struct {
	*Learner
	// Recovered says what Open has found.
	Recovered Recovery
	j         *journal.Journal
	k         *keeper
}

// Recovery is what Open has made a learner of.
type Recovery struct {
	// Records is how many were taken after the last snapshot, Snapshot its number; 0 for a new journal.
	Records, Snapshot uint64
	// Tear is what a crash has left of records that were not finished.
	Tear journal.Tear
	// Corrected is how many labels gave other last bits than in the journal, as on a machine with other kernels. Weights are
	// those of the journal always; states and the optimiser's memory differ by rounding then.
	Corrected int
}

// Open opens the journal of a directory for a model, with the options that it was begun with, and goes on from its last
// record; it begins one, at the first row, where there is none. The error is that of journal.Open or NewLearner, or says that the journal is of
// another model or was kept under another LearnerOptions.Setting.
func Open(dir string, jo journal.Options, m *model.Model, o LearnerOptions) (*Journaled, error) {
	l, err := NewLearner(m, o)
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(dir, jo)
	if err != nil {
		return nil, err
	}
	s := &Journaled{Learner: l, j: j, k: &keeper{j: j, calendar: m.Schema().Clock.Kind == series.Calendar}}
	s.k.l = l
	if err := s.recover(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	l.keep = s.k
	return s, nil
}

// recover goes on from the last record, or begins.
func (s *Journaled) recover() error {
	s.Recovered = Recovery{Tear: s.j.Recovered()}
	if s.j.Last() == 0 {
		s.k.fresh = true // the first snapshot has the time of the first row
		return nil
	}
	return s.rebuild(s.j.Last())
}

// rebuild makes the learner what it was after a record.
func (s *Journaled) rebuild(at uint64) error {
	keep := s.Learner.keep
	s.Learner.keep = nil // what is taken again is not kept again
	defer func() { s.Learner.keep = keep }()
	s.Recovered.Records, s.Recovered.Snapshot = 0, 0
	begun := false
	err := s.j.Replay(at, func(r journal.Record) error {
		s.k.at = float64(r.Time.UnixNano()) / 1e9
		if r.Kind == journal.Snapshot {
			begun = true
			s.Recovered.Snapshot = r.Number
			s.k.state, s.k.since = len(r.Payload), 0
			return s.begin(r.Payload)
		}
		if !begun {
			return errNoLearner
		}
		s.Recovered.Records++
		s.k.since += len(r.Payload)
		return s.again(r)
	})
	if err == nil && !begun {
		err = errNoLearner
	}
	return err
}

// begin takes a snapshot.
func (s *Journaled) begin(payload []byte) error {
	h, err := readHead(&decoder{b: payload})
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := s.m.Write(&file); err != nil {
		return err
	}
	switch {
	case !bytes.Equal(h.file, file.Bytes()):
		return &ForeignError{"the journal is of another model; give the model that it was begun with, or another directory"}
	case h.setting != s.o.Setting:
		return &ForeignError{fmt.Sprintf("the journal was kept with other options (%s) than those given (%s); give the same, or another directory", h.setting, s.o.Setting)}
	}
	return s.restore(&decoder{b: payload})
}

// ForeignError is a journal that cannot be gone on with.
type ForeignError struct{ Problem string }

// Error is one line with the fix.
func (e *ForeignError) Error() string { return "online: " + e.Problem }

// again does what a record says was done.
func (s *Journaled) again(record journal.Record) error {
	r, err := ReadRecord(record)
	if err != nil {
		return err
	}
	l := s.Learner
	l.events = l.events[:0]
	bad := func(err error) error {
		return fmt.Errorf("online: record %d of the journal cannot be taken again: %w", r.Number, err)
	}
	switch r.Type {
	case RecordConsolidate:
		l.protect.consolidate(l.theta)
	case RecordRow:
		s.k.at = r.At
		t, dt, err := l.at(r.Series, r.At, r.X)
		if err != nil {
			return bad(err)
		}
		l.id = r.Number
		want := slices.Clone(l.theta)
		if err := r.apply(want); err != nil {
			return err
		}
		if _, err := l.predict(t, r.At, r.X, dt); err != nil {
			return bad(err)
		}
		s.correct(want, t, t.own[0])
	case RecordLabel:
		p := l.pending[r.ID]
		if p == nil {
			return bad(&UnknownError{ID: r.ID, Last: l.id})
		}
		return s.label(p, &r)
	}
	return nil
}

// label takes a label again; the weights are those of the journal.
func (s *Journaled) label(p *pending, r *Record) error {
	l := s.Learner
	want, own, verdict := slices.Clone(l.theta), cloned(p.track.own[0]), 0
	if err := errors.Join(r.apply(want), r.applyOwn(own)); err != nil {
		return err
	}
	switch {
	case r.Promoted:
		verdict = 1
	case r.Back:
		verdict = -1
	}
	l.answer(p, r.Labels, &verdict)
	if s.correct(want, p.track, own) && r.Promoted {
		l.serve()
	}
	return nil
}

// correct takes the weights of the journal where others were computed.
func (s *Journaled) correct(want []float32, t *track, own []float32) bool {
	l := s.Learner
	if slices.EqualFunc(l.theta, want, sameBits) && slices.EqualFunc(t.own[0], own, sameBits) {
		return false
	}
	s.Recovered.Corrected++
	copy(l.theta, want)
	copy(t.own[0], own)
	l.version++
	return true
}

// Rollback makes the learner what it was after a record: weights, states and waiting predictions. What came since counts as
// never seen, so that its labels are unknown. It is a record itself, and can be undone by a roll-back to before it. The error
// is a *journal.RemovedError where compaction has removed what is needed.
func (s *Journaled) Rollback(to uint64, reason string) error {
	if s.failed != nil {
		return s.failed
	}
	if to < 1 || to > s.j.Last() {
		return fmt.Errorf("online: there is no record %d to return to; allowed: 1 to %d", to, s.j.Last())
	}
	if _, err := s.j.Rollback(RecordBack, s.k.now(), to, []byte(reason)); err != nil {
		return err
	}
	if err := s.rebuild(s.j.Last()); err != nil {
		return s.fail(err)
	}
	return nil
}

// Journal is the journal, to be read, made durable or compacted.
func (s *Journaled) Journal() *journal.Journal { return s.j }

// Snapshot writes one now, so that a later Open has less to do and Compact more.
func (s *Journaled) Snapshot() error {
	if s.failed != nil || s.k.fresh {
		return s.failed
	}
	return s.k.snapshot()
}

// Close writes a snapshot where there are records since the last one, and ends the journal. A second call does nothing.
func (s *Journaled) Close() error {
	var err error
	if s.failed == nil {
		if s.k.since > 0 {
			err = s.k.snapshot()
		}
		s.failed = journal.ErrClosed
	}
	return errors.Join(err, s.j.Close())
}

// keeper writes the records of a learner.
type keeper struct {
	l        *Learner
	j        *journal.Journal
	calendar bool
	at       float64 // the time of the latest row
	e        encoder
	fresh    bool // nothing is written yet
	since    int  // bytes since the last snapshot
	state    int  // its size
}

func (k *keeper) now() time.Time { return stamp(k.calendar, k.at) }

func (k *keeper) next(at float64) (uint64, error) {
	if k.fresh {
		k.at = at
		if err := k.snapshot(); err != nil {
			return 0, err
		}
		k.fresh = false
	}
	return k.j.Last() + 1, nil
}

func (k *keeper) row(t *track, x []float32, u *updated, events []Event) error {
	k.e.b, k.at = k.e.b[:0], t.time
	if err := encodeRow(&k.e, t, x, u, events); err != nil {
		return err
	}
	return k.append(RecordRow)
}

func (k *keeper) label(id uint64, labels []float64, u *updated, events []Event) error {
	k.e.b = k.e.b[:0]
	if err := encodeLabel(&k.e, id, labels, u, events); err != nil {
		return err
	}
	return k.append(RecordLabel)
}

func (k *keeper) consolidated() error {
	if k.fresh { // there is nothing to keep yet
		return nil
	}
	k.e.b = k.e.b[:0]
	return k.append(RecordConsolidate)
}

// snapshotBytes is how much is written at least between two snapshots.
const snapshotBytes = 1 << 20

func (k *keeper) append(typ uint16) error {
	if _, err := k.j.Append(typ, k.now(), k.e.b); err != nil {
		return err
	}
	if k.since += len(k.e.b) + 32; k.since < max(snapshotBytes, 8*k.state) {
		return nil
	}
	return k.snapshot()
}

func (k *keeper) snapshot() error {
	k.e.b = k.e.b[:0]
	if err := k.l.appendAll(&k.e); err != nil {
		return err
	}
	if _, err := k.j.Snapshot(RecordState, k.now(), k.e.b); err != nil {
		return err
	}
	k.state, k.since = len(k.e.b), 0
	return nil
}
