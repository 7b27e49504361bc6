package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/elegans-nn/elegans/internal/replace"
)

// Policy says when records are made durable, that is safe from a loss of power. What each promises is in the
// documentation of the package. From a process that is killed a record is safe as soon as it is appended, under each.
type Policy uint8

const (
	// EveryRecord makes a record durable before Append returns.
	EveryRecord Policy = iota
	// EveryInterval begins to make a record durable at most Options.Interval after Append has returned.
	EveryInterval
	// Never leaves the time to the operating system.
	Never
)

// String is the name of a policy as ParsePolicy reads it.
func (p Policy) String() string {
	if p > Never {
		return fmt.Sprintf("policy %d", p)
	}
	return [...]string{"record", "interval", "never"}[p]
}

// ParsePolicy reads record, interval or never.
func ParsePolicy(name string) (Policy, error) {
	for p := EveryRecord; p <= Never; p++ {
		if name == p.String() {
			return p, nil
		}
	}
	return 0, fmt.Errorf("journal: the policy is %q; allowed: record, interval, never", name)
}

// Options of Open. The zero value is the safest policy and segments of 16 MiB.
type Options struct {
	// Policy is EveryRecord if zero.
	Policy Policy
	// Interval of EveryInterval; 1 s if zero, at least 1 ms.
	Interval time.Duration
	// SegmentBytes is how long a segment grows before the next one begins; 16 MiB if zero, 4 KiB to 1 GiB. Beyond it goes the
	// mark that Close leaves (32 bytes), and a segment which holds a single record longer than that.
	SegmentBytes int64
}

func (o *Options) check() error {
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = 16 << 20
	}
	switch {
	case o.Policy > Never:
		return fmt.Errorf("journal: the policy is %d; allowed: EveryRecord, EveryInterval, Never", o.Policy)
	case o.Interval < time.Millisecond:
		return fmt.Errorf("journal: the interval is %v; allowed: at least 1ms", o.Interval)
	case o.SegmentBytes < 4<<10 || o.SegmentBytes > 1<<30:
		return fmt.Errorf("journal: a segment has %d bytes; allowed: %d to %d", o.SegmentBytes, 4<<10, 1<<30)
	}
	return nil
}

// Journal is a journal that is open for writing. Its methods may be called from several goroutines at once.
type Journal struct {
	mu      sync.Mutex
	d       storage
	o       Options
	release func()

	f       file // the last segment
	name    string
	h       header
	end     int64 // where in it the next frame goes
	durable int64 // and the end of what is known to be durable
	sealed  bool  // the last frame is a seal
	sum     *Summary
	torn    bool // behind end are remains of an append that failed
	rough   bool // or they were cut off, which is not durable yet
	turning bool // the next record begins a segment, whatever happens
	armed   bool // background will run
	syncing bool // and is making the segment durable, without mu
	idle    sync.Cond
	timer   *time.Timer
	failed  error // for good
	closed  bool
	buf     []byte
}

var (
	// ErrLocked is that of Open where the journal is open already, in this process or another.
	ErrLocked = errors.New("journal: somebody else writes this journal; end that process, or use another directory")
	// ErrClosed is that of methods after Close.
	ErrClosed = errors.New("journal: it is closed")
)

// lockName is the file that a writer locks; it says nothing when it is there.
const lockName = "writer.lock"

// Open opens the journal of a directory for writing, which must not be written by anybody else (ErrLocked), and makes an
// empty one where there is none; the directory above must exist. It reads the whole journal. A torn tail is cut off, see
// Recovered; a damaged journal is left as it is, with a *DamageError.
func Open(dir string, o Options) (*Journal, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	switch err := os.Mkdir(dir, 0o755); {
	case err == nil:
		if err := syncDirectory(filepath.Dir(dir)); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
	case !errors.Is(err, os.ErrExist):
		return nil, fmt.Errorf("journal: %w", err)
	}
	release, held, err := replace.Hold(filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if !held {
		return nil, ErrLocked
	}
	j, err := open(directory(dir), o)
	if err != nil {
		release()
		return nil, err
	}
	j.release = release
	return j, nil
}

// open is Open on any storage; the options are checked.
func open(d storage, o Options) (*Journal, error) {
	sum, err := survey(d)
	if err != nil {
		return nil, err
	}
	j := &Journal{d: d, o: o, sum: sum, release: func() {}}
	j.idle.L = &j.mu
	if err := j.resume(); err != nil {
		if j.f != nil {
			j.f.Close()
		}
		return nil, fmt.Errorf("journal: %w", err)
	}
	return j, nil
}

// resume opens the last segment, cuts off what is torn, and makes all that is left durable, since whoever wrote it may not
// have done so.
func (j *Journal) resume() error {
	j.d.remove(unnamed)                                             // where a crash has left one
	if tear := j.sum.Tear; tear.Segment != "" && tear.Offset == 0 { // not even a header
		if err := j.d.remove(tear.Segment); err != nil {
			return err
		}
		j.sum.Segments--
		j.sum.Bytes -= tear.Bytes
	}
	end := j.sum.end
	if end.first == 0 {
		if _, err := rand.Read(j.h.id[:]); err != nil {
			return err
		}
		return j.begin()
	}
	f, err := j.d.open(segmentName(end.first), true)
	if err != nil {
		return err
	}
	j.f, j.name, j.h, j.end, j.durable, j.sealed = f, segmentName(end.first), end.h, end.off, end.off, end.sealed
	if j.sum.Tear.Offset > 0 {
		if err := f.Truncate(end.off); err != nil {
			return err
		}
		j.sum.Bytes -= j.sum.Tear.Bytes
	}
	return errors.Join(f.Sync(), j.d.sync())
}

// Recovered is the torn tail that Open has cut off; its Segment is empty if there was none.
func (j *Journal) Recovered() Tear { return j.sum.Tear }

// begin makes the segment of the next record and goes on there. It gets its name when it is whole and durable, so that none
// is ever found without its header.
func (j *Journal) begin() error {
	h := header{first: j.sum.Last + 1, latest: j.sum.latest, id: j.h.id}
	name := segmentName(h.first)
	f, err := j.d.create(unnamed)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(h.encode(), 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil { // closed, since Windows renames no file that is open
		return errors.Join(err, j.d.remove(unnamed))
	}
	if err := j.d.rename(unnamed, name); err != nil {
		return err
	}
	if err := j.d.sync(); err != nil {
		return err
	}
	if f, err = j.d.open(name, true); err != nil {
		return err
	}
	if j.f != nil {
		j.f.Close() // all of it is durable
	}
	j.f, j.name, j.h, j.end, j.durable, j.sealed = f, name, h, headerBytes, headerBytes, false
	j.sum.Segments++
	j.sum.Bytes += headerBytes
	return nil
}

// Append appends a record and returns its number: 1, 2, … The type is the user's own; the zero time is now. The journal
// keeps no reference to the payload, of at most MaxPayload bytes. When it fails, for want of room or otherwise, the journal
// is as before and the next call tries anew; only where older records can no longer be made durable all later calls fail.
func (j *Journal) Append(typ uint16, at time.Time, payload []byte) (number uint64, err error) {
	return j.append(Entry, typ, at, nil, payload)
}

// Snapshot appends a record from which replay can begin. It begins a segment, so that Compact can remove those before, and
// is durable under every policy when Snapshot returns.
func (j *Journal) Snapshot(typ uint16, at time.Time, payload []byte) (number uint64, err error) {
	return j.append(Snapshot, typ, at, nil, payload)
}

// Rollback appends a record after which the state is that after record to; 0 is the state before the first record. The
// payload may say why. Nothing is removed: the state before the roll-back can be returned to likewise. The error is a
// *RemovedError where the state after record to can no longer be rebuilt.
func (j *Journal) Rollback(typ uint16, at time.Time, to uint64, payload []byte) (number uint64, err error) {
	if _, err := j.History(to); err != nil {
		return 0, err
	}
	b := make([]byte, targetBytes)
	for i := range b {
		b[i] = byte(to >> (8 * i))
	}
	return j.append(Rollback, typ, at, b, payload)
}

func (j *Journal) append(kind Kind, typ uint16, at time.Time, before, payload []byte) (uint64, error) {
	ns, err := nanoseconds(at)
	if err != nil {
		return 0, err
	}
	if len(payload) > MaxPayload {
		return 0, fmt.Errorf("journal: a payload has %d bytes; allowed: at most %d", len(payload), MaxPayload)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.usable(); err != nil {
		return 0, err
	}
	if kind == Rollback && target(before) < j.sum.First && j.sum.First > 1 { // compacted a moment ago
		return 0, &RemovedError{Record: target(before), First: j.sum.First}
	}
	if err := j.room(kind, headBytes+int64(len(before))+int64(len(payload))); err != nil {
		return 0, fmt.Errorf("journal: record %d was not appended: %w", j.sum.Last+1, err)
	}
	if err := j.write(head{kind: kind, typ: typ, time: ns}, before, payload); err != nil {
		return 0, fmt.Errorf("journal: record %d was not appended: %w", j.sum.Last+1, err)
	}
	j.sum.add(head{kind: kind, time: ns}, before)
	j.arm()
	return j.sum.Last, nil
}

func (j *Journal) usable() error {
	if j.closed {
		return ErrClosed
	}
	return j.failed
}

// wait lets a sync in the background end, since a segment that could not be written tells one caller of Sync only.
func (j *Journal) wait() error {
	for j.syncing {
		j.idle.Wait()
	}
	return j.usable()
}

// room begins a segment where a record needs it.
func (j *Journal) room(kind Kind, size int64) error {
	if err := j.mend(); err != nil {
		return err
	}
	empty := j.sum.Last+1 == j.h.first
	if !j.turning && (empty || kind != Snapshot && j.end+size <= j.o.SegmentBytes) {
		return nil
	}
	if j.syncing {
		if err := j.wait(); err != nil {
			return err
		}
		return j.room(kind, size) // others may have appended meanwhile
	}
	if err := j.sync(); err != nil {
		return err
	}
	// A segment may have its name already when begin fails. Were the next record written to the old one, it would have the
	// number which that name promises.
	j.turning = true
	if err := j.begin(); err != nil {
		return err
	}
	j.turning = false
	return nil
}

// write writes a frame and makes it durable where policy or kind ask for it.
func (j *Journal) write(h head, before, payload []byte) error {
	h.index = uint32(j.sum.Last + 1 - j.h.first)
	h.length = uint32(len(before) + len(payload))
	h.sum = crc32.Update(crc32.Update(j.h.sum, castagnoli, before), castagnoli, payload)
	h.pending = uint32(j.end - j.durable)
	if cap(j.buf) < headBytes {
		j.buf = make([]byte, 0, 4<<10)
	}
	h.encode(j.buf[:headBytes], j.h.sum)
	frame := append(append(j.buf[:headBytes], before...), payload...)
	if cap(frame) <= 1<<20 {
		j.buf = frame[:0] // a large snapshot's is not kept
	}
	if _, err := j.f.WriteAt(frame, j.end); err != nil { // one call, so that a kill tears at most at the end
		j.torn, j.rough = true, true
		j.mend() // again before the next append, where that fails
		return err
	}
	j.end += int64(len(frame))
	if j.o.Policy == EveryRecord || h.kind != Entry && h.kind != Rollback {
		if err := j.f.Sync(); err != nil {
			return j.withdraw(int64(len(frame)), err)
		}
		j.durable, j.rough = j.end, false
	}
	j.sealed = h.kind == seal
	j.sum.Bytes += int64(len(frame))
	return nil
}

// withdraw takes the last frame back, since it could not be made durable. Where others were waiting with it, they may be
// lost: after a failed sync the system may have dropped what it could not write and report success for the next one.
func (j *Journal) withdraw(size int64, cause error) error {
	j.end -= size
	j.torn, j.rough = true, true
	j.mend()
	if j.end > j.durable {
		return j.fail(cause)
	}
	return cause
}

// mend removes what an append that failed has left behind the end.
func (j *Journal) mend() error {
	if !j.torn {
		return nil
	}
	if err := j.f.Truncate(j.end); err != nil {
		return err
	}
	j.torn = false
	return nil
}

// fail ends the journal: records that were appended may not be durable, and no later call can change that.
func (j *Journal) fail(cause error) error {
	if j.failed == nil {
		j.failed = fmt.Errorf("journal: some of the records up to %d may not be durable and no more are taken: %w; close the journal and open it again", j.sum.Last, cause)
	}
	return j.failed
}

// Sync makes all records durable, under every policy. When it fails the journal takes no more records until it is opened
// again, which finds out what is there.
func (j *Journal) Sync() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.wait(); err != nil {
		return err
	}
	return j.sync()
}

func (j *Journal) sync() error {
	if j.durable == j.end && !j.rough {
		return nil
	}
	err := j.f.Sync()
	if err != nil && j.durable < j.end {
		return j.fail(err)
	}
	if err != nil {
		return err
	}
	j.durable, j.rough = j.end, false
	return nil
}

// arm has what is not durable made so after an interval.
func (j *Journal) arm() {
	if j.o.Policy == EveryInterval && !j.armed && j.durable < j.end {
		j.armed = true
		j.timer = time.AfterFunc(j.o.Interval, j.background)
	}
}

// background is one sync of EveryInterval. Appends go on meanwhile; what they append waits for the next one.
func (j *Journal) background() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.armed = false
	if j.wait() != nil || j.durable == j.end {
		return
	}
	f, end := j.f, j.end // the same segment until syncing ends
	j.syncing = true
	j.mu.Unlock()
	err := f.Sync()
	j.mu.Lock()
	j.syncing = false
	j.idle.Broadcast()
	if err != nil {
		j.fail(err)
		return
	}
	j.durable = max(j.durable, end)
	j.arm()
}

// First is the number of the oldest record that is there, which after compaction is a snapshot.
func (j *Journal) First() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sum.First
}

// Last is the number of the newest record; First - 1 where there is none.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sum.Last
}

// Summary is what the journal holds now; its Tear is what Open has cut off.
func (j *Journal) Summary() *Summary {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sum.clone()
}

// History is that of Summary.
func (j *Journal) History(at uint64) ([]Span, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sum.History(at)
}

// Compact removes the segments before the last snapshot up to record to, and returns the number of the record with which
// the journal begins now. Where a later roll-back returns to before that snapshot, an earlier one is taken, so that every
// state that could be rebuilt from a record on which is left still can be. Nothing is removed before the snapshot was read
// back and all is durable. Segments go one by one, oldest first, so that it may be interrupted anywhere.
func (j *Journal) Compact(to uint64) (first uint64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.wait(); err != nil {
		return j.sum.First, err
	}
	base := j.sum.base(to)
	if base == j.sum.First {
		return base, nil
	}
	if err := errors.Join(j.mend(), j.sync(), j.d.sync()); err != nil {
		return j.sum.First, fmt.Errorf("journal: not compacted: %w", err)
	}
	if err := j.readable(base); err != nil {
		return j.sum.First, fmt.Errorf("journal: not compacted: %w", err)
	}
	if err := j.remove(base); err != nil {
		return j.sum.First, fmt.Errorf("journal: compacted up to record %d only: %w", j.sum.First-1, err)
	}
	return j.sum.First, nil
}

// readable reads a snapshot back.
func (j *Journal) readable(snapshot uint64) error {
	f, err := j.d.open(segmentName(snapshot), false)
	if err != nil {
		return err
	}
	defer f.Close()
	s, err := newScanner(f, snapshot)
	if err != nil {
		return err
	}
	h, _, err := s.next()
	for err == nil && h.kind == seal {
		h, _, err = s.next()
	}
	if err != nil {
		return s.damage(err)
	}
	return nil
}

// remove removes the segments before a record, each durably before the next, so that none is missing between others.
func (j *Journal) remove(base uint64) error {
	firsts, err := segments(j.d)
	if err != nil {
		return err
	}
	for i, first := range firsts {
		if first >= base {
			break
		}
		var size int64
		if f, err := j.d.open(segmentName(first), false); err == nil {
			size, _ = f.size()
			f.Close()
		}
		if err := j.d.remove(segmentName(first)); err != nil {
			return err
		}
		j.sum.forget(firsts[i+1]) // the last one is never removed
		j.sum.Segments--
		j.sum.Bytes -= size
		if err := j.d.sync(); err != nil {
			return err
		}
	}
	return nil
}

// Close makes all records durable, marks the end, and gives the journal free for other writers. A second call does nothing.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.wait()
	if j.closed {
		return nil
	}
	if j.timer != nil {
		j.timer.Stop()
	}
	if err == nil {
		err = errors.Join(j.mend(), j.sync())
	}
	if err == nil && !j.sealed && j.sum.Last >= j.h.first {
		// The records are safe without it, so a disk that is full now is no reason to fail.
		j.write(head{kind: seal, time: j.sum.latest}, nil, nil)
	}
	j.closed = true
	err = errors.Join(err, j.f.Close())
	j.release()
	return err
}
