package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The bytes of a journal are those that doc.go says: written out by hand here.
func TestFormat(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(0x1234, time.Unix(2, 3), []byte("ab")); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Rollback(7, time.Unix(-1, 0), 0, []byte("c")); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "00000000000000000001.journal"))
	if err != nil {
		t.Fatal(err)
	}
	want := append([]byte("elegansJ\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"), b[32:44]...)
	sum := reference(0, want)
	want = binary.LittleEndian.AppendUint32(want, sum)
	frame := func(head, payload string) {
		h := binary.LittleEndian.AppendUint32(nil, uint32(len(payload)))
		h = binary.LittleEndian.AppendUint32(h, reference(sum, []byte(payload)))
		h = append(h, head...)
		want = binary.LittleEndian.AppendUint32(want, reference(sum, h))
		want = append(append(want, h...), payload...)
	}
	frame("\x00\x00\x00\x00\x00\x00\x00\x00\x34\x12\x01\x00\x03\x94\x35\x77\x00\x00\x00\x00", "ab")
	frame("\x00\x00\x00\x00\x01\x00\x00\x00\x07\x00\x03\x00\x00\x36\x65\xc4\xff\xff\xff\xff", "\x00\x00\x00\x00\x00\x00\x00\x00c")
	frame("\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x04\x00\x03\x94\x35\x77\x00\x00\x00\x00", "")
	if string(b) != string(want) {
		t.Errorf("the file is\n%x\nwant\n%x", b, want)
	}
	if got := reference(0, []byte("123456789")); got != 0xe3069283 { // the check value of RFC 3720's CRC32C
		t.Errorf("the reference itself gives %#x", got)
	}
}

// reference is CRC32C bit by bit, going on from another one.
func reference(sum uint32, b []byte) uint32 {
	sum = ^sum
	for _, x := range b {
		sum ^= uint32(x)
		for range 8 {
			sum = sum>>1 ^ 0x82f63b78&-(sum&1)
		}
	}
	return ^sum
}

func TestHistoryAndCompaction(t *testing.T) {
	d := newDisk()
	j, err := open(d, small(Never))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(100, 0)
	do := func(n uint64, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(n, err)
		}
	}
	history := func(at uint64, want ...Span) {
		t.Helper()
		if got, err := j.History(at); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("history of %d: %v, %v, want %v", at, got, err, want)
		}
		if s, err := survey(d); err != nil {
			t.Error(err)
		} else if got, err := s.History(at); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("history of %d read anew: %v, %v, want %v", at, got, err, want)
		}
	}
	for range 4 {
		put(t, j, "entry") // 1 to 4
	}
	do(j.Rollback(0, at, 2, nil)) // 5
	put(t, j, "entry")            // 6
	do(j.Snapshot(0, at, nil))    // 7
	put(t, j, "entry")            // 8
	do(j.Rollback(0, at, 4, nil)) // 9: to before the snapshot, and before the first roll-back
	put(t, j, "entry")            // 10
	do(j.Rollback(0, at, 8, nil)) // 11: undoes the roll-back
	do(j.Rollback(0, at, 5, nil)) // 12: to a roll-back
	history(0)
	history(4, Span{1, 4})
	history(5, Span{1, 2})
	history(6, Span{1, 2}, Span{6, 6})
	history(8, Span{7, 8})
	history(10, Span{1, 4}, Span{10, 10})
	history(11, Span{7, 8})
	history(12, Span{1, 2})
	var numbers []uint64
	if err := j.Replay(10, func(r Record) error { numbers = append(numbers, r.Number); return nil }); err != nil || fmt.Sprint(numbers) != "[1 2 3 4 10]" {
		t.Errorf("replayed %v, %v", numbers, err)
	}
	if first, err := j.Compact(12); first != 1 || err != nil {
		t.Errorf("the snapshot that later roll-backs return beyond is taken: first %d, %v", first, err)
	}
	do(j.Snapshot(0, at, []byte("s"))) // 13
	do(j.Snapshot(0, at, nil))         // 14
	put(t, j, "entry")                 // 15
	do(j.Rollback(0, at, 13, nil))     // 16
	if first, err := j.Compact(12); first != 1 || err != nil {
		t.Errorf("compacted to %d, %v", first, err)
	}
	if first, err := j.Compact(15); first != 13 || err != nil || j.First() != 13 {
		t.Errorf("compacted to %d, %v", first, err)
	}
	history(16, Span{13, 13})
	history(15, Span{14, 15})
	var removed *RemovedError
	if _, err := j.History(12); !errors.As(err, &removed) || removed.First != 13 {
		t.Errorf("record 12: %v", err)
	}
	if _, err := j.Rollback(0, at, 0, nil); !errors.As(err, &removed) {
		t.Errorf("roll-back to the beginning: %v", err)
	}
	if _, err := j.Rollback(0, at, 17, nil); err == nil || j.Last() != 16 {
		t.Errorf("roll-back to a record that is still to come: %v", err)
	}
	r, _ := newReader(d)
	r.Seek(5)
	if _, err := r.Next(); !errors.As(err, &removed) {
		t.Errorf("reading record 5: %v", err)
	}
	s, err := survey(d)
	if err != nil {
		t.Fatal(err)
	}
	if got := j.Summary(); s.Bytes != got.Bytes || s.Segments != got.Segments || !reflect.DeepEqual(s.Snapshots, got.Snapshots) || !reflect.DeepEqual(s.Jumps, got.Jumps) {
		t.Errorf("the journal believes %+v, there is %+v", got, s)
	}
}

func TestSeek(t *testing.T) {
	d, list := filled(t, true)
	r, err := newReader(d)
	if err != nil {
		t.Fatal(err)
	}
	for n := uint64(0); n <= 14; n++ {
		r.Seek(n)
		if got, err := r.Next(); err != nil || !same(got, list[max(n, 1)-1]) {
			t.Errorf("record %d: %v, %v", n, got, err)
		}
		at := time.Unix(int64(n)-1, 1-int64(n%2)) // of record n, or 1 ns later
		if err := r.SeekTime(at); err != nil {
			t.Fatal(err)
		}
		want := n + 1 - n%2
		got, err := r.Next()
		if want = max(want, 1); want > 14 {
			if err != io.EOF {
				t.Errorf("after the last time: %v", err)
			}
		} else if err != nil || got.Number != want {
			t.Errorf("time %v: record %d, want %d, %v", at, got.Number, want, err)
		}
	}
	r.Seek(15)
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("the record after the last: %v", err)
	}
	j, err := open(d, small(EveryRecord))
	if err != nil {
		t.Fatal(err)
	}
	put(t, j, "new")
	if got, err := r.Next(); err != nil || got.Number != 15 {
		t.Errorf("when it is there: %v, %v", got, err)
	}
}

func TestRefusals(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	for _, o := range []Options{{Policy: 3}, {Interval: 1}, {SegmentBytes: 100}, {SegmentBytes: 1<<30 + 1}} {
		if _, err := Open(dir, o); err == nil || !strings.Contains(err.Error(), "allowed") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := Open(filepath.Join(dir, "deep"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory above: %v", err)
	}
	if _, err := OpenReader(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err != ErrLocked && runtime.GOOS != "js" {
		t.Errorf("opened twice: %v", err)
	}
	if _, err := j.Append(1, time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC), nil); err == nil {
		t.Error("a time that cannot be stored is taken")
	}
	if err := errors.Join(j.Close(), j.Close()); err != nil {
		t.Error(err)
	}
	if _, err := j.Append(1, time.Time{}, nil); err != ErrClosed {
		t.Errorf("appended after Close: %v", err)
	}
	for p := EveryRecord; p <= Never; p++ {
		if q, err := ParsePolicy(p.String()); q != p || err != nil {
			t.Errorf("%v is read as %v, %v", p, q, err)
		}
	}
	for k, want := range []string{"kind 0", "entry", "snapshot", "rollback", "seal", "kind 5"} {
		if got := Kind(k).String(); got != want {
			t.Errorf("kind %d is %s", k, got)
		}
	}
	if _, err := ParsePolicy("always"); err == nil {
		t.Error("an unknown policy is read")
	}
}

// The interval passes without a call of anybody's, and others append meanwhile.
func TestInterval(t *testing.T) {
	j, err := Open(filepath.Join(t.TempDir(), "j"), Options{Policy: EveryInterval, Interval: time.Millisecond, SegmentBytes: 4096})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				if _, err := j.Append(1, time.Time{}, make([]byte, 60)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for {
		j.mu.Lock()
		done := j.durable == j.end
		j.mu.Unlock()
		if done {
			break // else the test's own limit ends it
		}
		time.Sleep(time.Millisecond)
	}
	if j.Last() != 800 {
		t.Errorf("%d records", j.Last())
	}
}

// payload of record n, which says what it has to be.
func payload(n uint64) []byte {
	b := make([]byte, 8+n%97)
	binary.LittleEndian.PutUint64(b, n)
	for i := range b[8:] {
		b[8+i] = byte(n) + byte(i)
	}
	return b
}

// Readers follow a writer over segments, and one that is overtaken by compaction is told so.
func TestReadersWhileWriting(t *testing.T) {
	const records = 3000
	dir := filepath.Join(t.TempDir(), "j")
	j, err := Open(dir, Options{Policy: Never, SegmentBytes: 4096})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for k := range 3 {
		all.Go(func() {
			r, err := OpenReader(dir)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			for n := uint64(1); n <= records; n++ {
				rec, err := r.Next()
				for err == io.EOF {
					runtime.Gosched()
					rec, err = r.Next()
				}
				var removed *RemovedError
				if errors.As(err, &removed) && k == 0 && runtime.GOOS != "windows" {
					n = removed.First - 1
					r.Seek(removed.First)
					continue
				}
				if k > 0 && errors.As(err, &removed) {
					return // so may these be; what they have read was right
				}
				if err != nil || rec.Number != n || string(rec.Payload) != string(payload(n)) {
					t.Errorf("reader %d: record %d is %d, %v", k, n, rec.Number, err)
					return
				}
			}
		})
	}
	var done atomic.Bool
	all.Go(func() { // and what is being written is never taken for damage
		for !done.Load() {
			if _, err := Check(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Error(err)
			}
		}
	})
	for n := uint64(1); n <= records; n++ {
		var err error
		if n%500 == 0 {
			_, err = j.Snapshot(1, time.Time{}, payload(n))
		} else {
			_, err = j.Append(1, time.Time{}, payload(n))
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == 2100 && runtime.GOOS != "windows" { // which removes no file that is open
			if first, err := j.Compact(n); err != nil || first != 2000 {
				t.Errorf("compacted to %d, %v", first, err)
			}
		}
	}
	done.Store(true)
	all.Wait()
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("JOURNAL_CHILD"); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

// child is the process that TestKill kills: it appends for ever and says each number when it is appended.
func child(dir string) {
	p, _ := strconv.Atoi(os.Getenv("JOURNAL_POLICY"))
	j, err := Open(dir, Options{Policy: Policy(p), Interval: time.Millisecond, SegmentBytes: 4096})
	if err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
	for {
		n := j.Last() + 1
		if n%150 == 0 {
			_, err = j.Snapshot(1, time.Time{}, payload(n))
		} else {
			_, err = j.Append(1, time.Time{}, payload(n))
		}
		if n%400 == 0 && err == nil {
			_, err = j.Compact(n)
		}
		fmt.Println("child:", n, err)
	}
}

// kill -9 of a process that writes: nothing that it had appended is lost, its lock is free, and the next one goes on.
func TestKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 9 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "JOURNAL_CHILD="+dir, fmt.Sprintf("JOURNAL_POLICY=%d", round%3))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var last uint64
		lines, after := bufio.NewScanner(out), 1+r.IntN(300)
		for lines.Scan() {
			n, ok := strings.CutSuffix(strings.TrimPrefix(lines.Text(), "child: "), " <nil>")
			if ok {
				last, _ = strconv.ParseUint(n, 10, 64)
			} else if strings.HasPrefix(lines.Text(), "child:") {
				t.Errorf("round %d: %s", round, lines.Text())
			}
			if after--; after == 0 {
				if _, err := Open(dir, Options{}); err != ErrLocked {
					t.Errorf("while the other process writes: %v", err)
				}
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
		j, err := Open(dir, Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if last == 0 || j.Last() < last {
			t.Errorf("round %d: record %d is the last, %d was appended", round, j.Last(), last)
		}
		n := j.First()
		if err := Replay(dir, j.Last(), func(rec Record) error {
			if string(rec.Payload) != string(payload(rec.Number)) {
				return fmt.Errorf("record %d is another one", rec.Number)
			}
			n = rec.Number
			return nil
		}); err != nil || n != j.Last() {
			t.Errorf("round %d: replayed up to %d, %v", round, n, err)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
}
