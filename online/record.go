package online

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"github.com/elegans-nn/elegans/journal"
)

// Types of the records of a learner's journal.
const (
	// RecordRow is a row that was predicted: its number is that of the prediction.
	RecordRow uint16 = 1
	// RecordLabel is a label and what it has done to the weights.
	RecordLabel uint16 = 2
	// RecordConsolidate is a call of Consolidate.
	RecordConsolidate uint16 = 3
	// RecordState is a snapshot of the whole learner.
	RecordState uint16 = 4
	// RecordBack is a roll-back that a user asked for; its payload says why.
	RecordBack uint16 = 5
)

// Record is a record of a learner's journal that has been read. Which fields are set depends on the Type.
type Record struct {
	journal.Record
	// Series, At and X are those of a row: its series, its time on the clock of the model, and its inputs.
	Series string
	At     float64
	X      []float32
	// ID is the prediction that was labelled, Labels are its labels, one a value of the target, and Loss is that of what was served.
	ID     uint64
	Labels []float64
	Loss   float64
	// Learned, Promoted and Back say what the label did: it moved the weights, its evidence promoted the learning copy, or
	// set it back. A row sets weights back that make a state infinite.
	Learned, Promoted, Back bool
	// Checksum is the CRC-32 (IEEE) of the learning weights after the record, where it changed them, as little endian float32.
	Checksum uint32
	// Events are those of the row or label.
	Events []Event
	// Reason is that of a roll-back.
	Reason string
	delta  []byte
	own    []byte // what the label did to what is personal to the series
}

// Flags of a label.
const (
	flagLearned = 1 << iota
	flagPromoted
	flagBack
	flagSeveral // labels
	flagOwn
)

// weightSum is the checksum of weights.
func weightSum(theta []float32) uint32 {
	var b [4]byte
	sum := uint32(0)
	for _, v := range theta {
		u := math.Float32bits(v)
		b = [4]byte{byte(u), byte(u >> 8), byte(u >> 16), byte(u >> 24)}
		sum = crc32.Update(sum, crc32.IEEETable, b[:])
	}
	return sum
}

func appendEvents(e *encoder, events []Event) error {
	if len(events) == 0 {
		e.u(0)
		return nil
	}
	text, err := json.Marshal(events)
	if err != nil {
		return err
	}
	e.bytes(text)
	return nil
}

func encodeRow(e *encoder, t *track, x []float32, u *updated, events []Event) error {
	e.str(t.name)
	e.f64(t.time)
	e.u(uint64(len(x)))
	e.f32s(x)
	e.flag(u != nil)
	if err := appendEvents(e, events); err != nil || u == nil {
		return err
	}
	u.append(e)
	return nil
}

// append writes what became of the weights.
func (u *updated) append(e *encoder) { appendChange(e, u.before, u.after) }

// appendChange writes what turns numbers into others, to the end of a record.
func appendChange(e *encoder, before, after []float32) {
	e.u(uint64(weightSum(after)))
	e.b = appendDelta(e.b, before, after)
}

func encodeLabel(e *encoder, id uint64, labels []float64, u *updated, events []Event) error {
	flags := uint64(0)
	for flag, is := range map[uint64]bool{flagLearned: u.learned, flagPromoted: u.promoted, flagBack: u.back, flagSeveral: len(labels) > 1,
		flagOwn: len(u.ownAfter) > 0} {
		if is {
			flags |= flag
		}
	}
	e.u(id)
	e.f64(labels[0])
	e.u(flags)
	if len(labels) > 1 {
		e.u(uint64(len(labels) - 1))
		e.f64s(labels[1:])
	}
	e.f64(u.loss)
	if err := appendEvents(e, events); err != nil {
		return err
	}
	if len(u.ownAfter) > 0 {
		var own encoder
		appendChange(&own, u.ownBefore, u.ownAfter)
		e.bytes(own.b)
	}
	if u.learned || u.back {
		u.append(e)
	}
	return nil
}

// ReadRecord reads a record of a learner's journal.
func ReadRecord(r journal.Record) (Record, error) {
	out, d := Record{Record: r}, &decoder{b: r.Payload}
	flags := uint64(0)
	switch {
	case r.Kind == journal.Rollback:
		out.Reason = string(r.Payload)
		return out, nil
	case r.Type == RecordState || r.Type == RecordConsolidate:
		return out, nil
	case r.Type == RecordRow:
		out.Series, out.At = d.str(), d.f64()
		out.X = d.f32s(d.count())
		out.Back = d.flag()
	case r.Type == RecordLabel:
		out.ID, out.Labels = d.u(), []float64{d.f64()}
		flags = d.u()
		if flags&flagSeveral != 0 {
			out.Labels = append(out.Labels, d.f64s(d.count())...)
		}
		out.Learned, out.Promoted, out.Back = flags&flagLearned != 0, flags&flagPromoted != 0, flags&flagBack != 0
		out.Loss = d.f64()
	default:
		return out, fmt.Errorf("online: record %d of the journal has type %d, which no learner writes; the journal is of something else, or of a newer version", r.Number, r.Type)
	}
	if text := d.bytes(); len(text) > 0 {
		if err := json.Unmarshal(text, &out.Events); err != nil {
			d.err = errShort
		}
	}
	if flags&flagOwn != 0 {
		out.own = d.bytes()
	}
	if out.Learned || out.Back {
		out.Checksum, out.delta = uint32(d.u()), d.b
	}
	if d.err != nil {
		return out, fmt.Errorf("online: record %d of the journal cannot be read: %w", r.Number, d.err)
	}
	return out, nil
}

// apply turns the weights before a label into those after it, and checks them.
func (r *Record) apply(theta []float32) error {
	if !r.Learned && !r.Back {
		return nil
	}
	return r.change(theta, &decoder{b: r.delta}, r.Checksum)
}

// applyOwn is apply for what is personal to the series of a label.
func (r *Record) applyOwn(own []float32) error {
	if len(r.own) == 0 && len(own) == 0 {
		return nil
	}
	d := &decoder{b: r.own}
	return r.change(own, d, uint32(d.u()))
}

func (r *Record) change(theta []float32, d *decoder, sum uint32) error {
	applyDelta(theta, d)
	if d.err != nil || len(d.b) > 0 || weightSum(theta) != sum {
		return fmt.Errorf("online: the weights after record %d are not those that the journal's checksum is of", r.Number)
	}
	return nil
}

// stamp is the time of a record: that of the stream where its clock is a calendar, else the time of the day.
func stamp(calendar bool, at float64) time.Time {
	if !calendar || math.Abs(at) > 9e9 { // beyond the year 2255, or what nanoseconds can say
		return time.Now()
	}
	whole := math.Floor(at)
	return time.Unix(int64(whole), int64((at-whole)*1e9)).UTC()
}
