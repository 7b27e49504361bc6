package online

import (
	"errors"
	"io"
	"math"
	"time"

	"github.com/elegans-nn/elegans/journal"
	"github.com/elegans-nn/elegans/model"
)

// Rebuilt is what a journal says of a learner's models after a record.
type Rebuilt struct {
	// Record is that record.
	Record uint64
	// Released is the model that the journal was begun with, Serving and Learning its two copies.
	Released, Serving, Learning *model.Model
	// Rows, Labels and Updates count the records that were read, from the last snapshot before Record on.
	Rows, Labels, Updates int
}

// Rebuild gives the models after a record, bit for bit, by the journal alone: weights are not computed but read, and each
// update is checked by its checksum. The journal may be written meanwhile.
func Rebuild(dir string, at uint64) (*Rebuilt, error) {
	out := &Rebuilt{Record: at}
	var h *head
	var m *model.Model
	err := journal.Replay(dir, at, func(record journal.Record) error {
		r, err := ReadRecord(record)
		switch {
		case err != nil:
			return err
		case r.Kind == journal.Snapshot:
			*out = Rebuilt{Record: at}
			if h, m, err = readModel(record.Payload); err != nil {
				return err
			}
		case h == nil:
			return errNoLearner
		case r.Type == RecordRow:
			out.Rows++
			return r.apply(h.theta)
		case r.Type == RecordLabel:
			out.Labels++
			if r.Learned {
				out.Updates++
			}
			if err := r.apply(h.theta); err != nil {
				return err
			}
			if r.Promoted {
				copy(h.serving, h.theta)
			}
		}
		return nil
	})
	if err == nil && h == nil {
		err = errNoLearner
	}
	if err != nil {
		return nil, err
	}
	if !h.guarded {
		h.serving = h.theta
	}
	out.Released, out.Serving, out.Learning = m, m.With(h.serving), m.With(h.theta)
	return out, nil
}

var errNoLearner = errors.New("online: the journal does not begin with the snapshot of a learner; it is empty, or of something else")

// readModel reads the models of a snapshot. Its lists are its own.
func readModel(payload []byte) (*head, *model.Model, error) {
	h, err := readHead(&decoder{b: payload})
	if err != nil {
		return nil, nil, err
	}
	m, err := h.model()
	if err == nil && m.Parameters() != len(h.theta) {
		err = errShort
	}
	return &h, m, err
}

// RecordAt is the number of the last record of a journal before or at a time, in the journal's order.
func RecordAt(dir string, at time.Time) (uint64, error) {
	r, err := journal.OpenReader(dir)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if err := r.SeekTime(at.Add(1)); err != nil {
		return 0, err
	}
	next, err := r.Next()
	if errors.Is(err, io.EOF) {
		s, err := journal.Check(dir)
		if err != nil {
			return 0, err
		}
		return s.Last, nil
	}
	if err != nil {
		return 0, err
	}
	return next.Number - 1, nil
}

// sameBits tells whether two weights are the same number, zeros with their signs.
func sameBits(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
