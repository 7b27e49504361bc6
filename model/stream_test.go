package model

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
)

// A stream gives what Run gives, wherever the series is cut and whatever carries the state over the cut.
func TestStreamIsRun(t *testing.T) {
	for name, layer := range networks {
		s := rich()
		m := made(t, s, layer)
		w := walk(s, 150, 21) // longer than what Run takes at once
		whole := ran(t, m, &w, RunOptions{})
		if row := differs(whole, stepped(t, m.Stream(), &w)); row != -1 {
			t.Errorf("%s: the stream differs from Run in row %d", name, row)
		}
		for _, cut := range []int{1, 63, 64, 149} {
			before, after := w.Span(0, cut), w.Span(cut, w.Len())
			state := make([]float32, m.program.StateWidth())
			parts := ran(t, m, &before, RunOptions{State: [][]float32{state}})
			parts = append(parts, ran(t, m, &after, RunOptions{State: [][]float32{state}})...)
			if row := differs(whole, parts); row != -1 {
				t.Errorf("%s: Run in two parts, cut at %d, differs in row %d", name, cut, row)
			}
			first, second := m.Stream(), m.Stream()
			parts = stepped(t, first, &before)
			if err := second.Restore(first.Snapshot()); err != nil {
				t.Fatal(err)
			}
			parts = append(parts, stepped(t, second, &after)...)
			if row := differs(whole, parts); row != -1 {
				t.Errorf("%s: a stream restored at %d differs in row %d", name, cut, row)
			}
		}
	}
}

// Several series at once, of any lengths, on one and on several workers, are the series one by one.
func TestRunOfManySeries(t *testing.T) {
	s := rich()
	m := made(t, s, networks["LTC"])
	var list []series.Series
	for k := range 70 {
		list = append(list, walk(s, (k*k)%23, uint64(k)))
	}
	for _, workers := range []int{0, 1, 3} {
		got := make([][][]float32, len(list))
		err := m.Run(list, RunOptions{Workers: workers, Output: "y"}, func(i, row int, y []float32) {
			if row != len(got[i]) {
				t.Errorf("series %d: row %d was shown after %d rows", i, row, len(got[i]))
			}
			got[i] = append(got[i], slices.Clone(y))
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			if row := differs(got[i], ran(t, m, &list[i], RunOptions{Output: "y"})); row != -1 {
				t.Fatalf("%d workers: series %d differs from its run alone in row %d", workers, i, row)
			}
		}
	}
}

func TestYIsBeforeDecoding(t *testing.T) {
	s := rich()
	m := made(t, s, networks["CfC"])
	w := walk(s, 9, 1)
	want := ran(t, m, &w, RunOptions{Output: "y"})
	stream := m.Stream()
	var got [][]float32
	for row, dt := range w.DT {
		if _, err := stream.Step(w.At(row), dt); err != nil {
			t.Fatal(err)
		}
		got = append(got, slices.Clone(stream.Y()))
	}
	if row := differs(got, want); row != -1 {
		t.Errorf("Y differs from the output y in row %d", row)
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	for name, layer := range networks {
		s := rich()
		stream := made(t, s, layer).Stream()
		w := walk(s, 32, 4)
		row := 0
		n := testing.AllocsPerRun(100, func() {
			if _, err := stream.Step(w.At(row%w.Len()), w.DT[row%w.Len()]); err != nil {
				t.Fatal(err)
			}
			row++
		})
		if n != 0 {
			t.Errorf("%s: Step allocates %v times", name, n)
		}
	}
}

func TestResetAndFork(t *testing.T) {
	for name, layer := range networks {
		s := rich()
		m := made(t, s, layer)
		a, b := walk(s, 20, 31), walk(s, 20, 32)
		stream := m.Stream()
		first := stepped(t, stream, &a)
		fork := stream.Fork()
		one, two := stepped(t, stream, &b), stepped(t, fork, &b)
		if row := differs(one, two); row != -1 {
			t.Errorf("%s: the fork differs in row %d", name, row)
		}
		if differs(one, stepped(t, fork, &b)) == -1 {
			t.Errorf("%s: the state has no effect", name)
		}
		fresh := m.Stream()
		if differs(stepped(t, fresh, &b), one) == -1 {
			t.Errorf("%s: 20 rows before left no trace", name)
		}
		stream.Reset()
		if row := differs(first, stepped(t, stream, &a)); row != -1 {
			t.Errorf("%s: after Reset the stream differs in row %d", name, row)
		}
	}
}

// Streams of one model may run at once.
func TestStreamsShareNothing(t *testing.T) {
	s := rich()
	m := made(t, s, networks["LTC"])
	a, b := walk(s, 12, 1), walk(s, 12, 2)
	wantA, wantB := ran(t, m, &a, RunOptions{}), ran(t, m, &b, RunOptions{})
	one, two := m.Stream(), m.Stream()
	for row := range a.DT {
		ya, err := one.Step(a.At(row), a.DT[row])
		if err != nil {
			t.Fatal(err)
		}
		yb, err := two.Step(b.At(row), b.DT[row])
		if err != nil {
			t.Fatal(err)
		}
		if differs([][]float32{ya, yb}, [][]float32{wantA[row], wantB[row]}) != -1 {
			t.Fatalf("interleaved streams differ in row %d", row)
		}
	}
}

func TestErrorsLeaveTheState(t *testing.T) {
	s := rich()
	m := made(t, s, networks["Mixed"])
	w := walk(s, 10, 6)
	stream := m.Stream()
	stepped(t, stream, &w)
	before := stream.Snapshot()
	good := w.At(0)
	for _, c := range []struct {
		at int
		v  float32
		dt float32
	}{
		{0, float32(nan), 1}, {0, 1 / zero, 1}, {3, -1 / zero, 1}, {1, 3, 1}, {1, -1, 1}, {1, 0.5, 1}, {5, float32(nan), 1},
		{2, 0, -1}, {2, 0, float32(nan)}, {2, 0, 1 / zero},
	} {
		x := slices.Clone(good)
		x[c.at] = c.v
		_, err := stream.Step(x, c.dt)
		var bad *InputError
		if !errors.As(err, &bad) {
			t.Errorf("%v in column %d with dt %v gives %v", c.v, c.at, c.dt, err)
			continue
		}
		oneLine(t, err, bad.Column)
		if bad.Row != -1 || bad.Series != "" {
			t.Errorf("a stream has no rows and series: %+v", bad)
		}
		if !slices.Equal(stream.Snapshot(), before) {
			t.Fatalf("%v in column %d with dt %v changed the state", c.v, c.at, c.dt)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a row of the wrong length was taken")
		}
	}()
	_, _ = stream.Step(good[1:], 1)
}

var zero float32

// resealed corrects the checksum of a snapshot that a test has changed.
func resealed(b []byte) []byte {
	body := b[:len(b)-4]
	return binary.LittleEndian.AppendUint32(slices.Clone(body), crc32.ChecksumIEEE(body))
}

func TestBadSnapshots(t *testing.T) {
	s := rich()
	m := made(t, s, networks["LTC"])
	w := walk(s, 10, 6)
	stream := m.Stream()
	stepped(t, stream, &w)
	good := stream.Snapshot()
	stepped(t, stream, &w)
	before := stream.Snapshot()
	refuse := func(what string, b []byte, want error) {
		t.Helper()
		if err := stream.Restore(b); !errors.Is(err, want) {
			t.Errorf("%s gives %v, want %v", what, err, want)
		}
		if !slices.Equal(stream.Snapshot(), before) {
			t.Fatalf("%s changed the state", what)
		}
	}
	for n := range good {
		refuse(fmt.Sprintf("a snapshot cut to %d bytes", n), good[:n], ErrSnapshotDamaged)
	}
	for bit := range 8 * len(good) {
		b := slices.Clone(good)
		b[bit/8] ^= 1 << (bit % 8)
		refuse(fmt.Sprintf("a flip of bit %d", bit), b, ErrSnapshotDamaged)
	}
	changed := func(at int, v byte) []byte {
		b := slices.Clone(good)
		b[at] = v
		return resealed(b)
	}
	format := len(snapshotMagic)
	refuse("a newer format", changed(format, snapshotFormat+1), ErrSnapshotNewer)
	refuse("format 0", changed(format, 0), ErrSnapshotDamaged)
	refuse("another layout", changed(format+1, good[format+1]+1), ErrSnapshotForeign)
	refuse("a value too many", resealed(append(slices.Clone(good), 1, 2, 3, 4)), ErrSnapshotForeign)
	refuse("a value too few", resealed(good[:len(good)-4]), ErrSnapshotForeign)
	refuse("another cell's", made(t, s, networks["CfC"]).Stream().Snapshot(), ErrSnapshotForeign)
	refuse("nothing", nil, ErrSnapshotDamaged)

	// Other parameters of the same architecture fit: a model may be trained further while streams go on.
	if err := moved(m, 99).Stream().Restore(good); err != nil {
		t.Errorf("a stream with other parameters refuses the snapshot: %v", err)
	}
}

// Whatever the order of steps, snapshots, forks and resets: a stream is where the rows since its last reset lead.
func TestStreamProperty(t *testing.T) {
	s := rich()
	m := made(t, s, Recurrent(cell.CfC{Units: 3}))
	type branch struct {
		stream *Stream
		rows   []int // since the zero state
	}
	w := walk(s, 40, 77)
	replay := func(rows []int) []byte {
		fresh := m.Stream()
		for _, row := range rows {
			if _, err := fresh.Step(w.At(row), w.DT[row]); err != nil {
				t.Fatal(err)
			}
		}
		return fresh.Snapshot()
	}
	rapid.Check(t, func(t *rapid.T) {
		all := []*branch{{stream: m.Stream()}}
		for range rapid.IntRange(1, 25).Draw(t, "actions") {
			b := all[rapid.IntRange(0, len(all)-1).Draw(t, "stream")]
			switch rapid.IntRange(0, 5).Draw(t, "action") {
			case 0:
				b.stream.Reset()
				b.rows = nil
			case 1:
				all = append(all, &branch{b.stream.Fork(), slices.Clone(b.rows)})
			case 2:
				other := all[rapid.IntRange(0, len(all)-1).Draw(t, "from")]
				if err := b.stream.Restore(other.stream.Snapshot()); err != nil {
					t.Fatal(err)
				}
				b.rows = slices.Clone(other.rows)
			default:
				row := rapid.IntRange(0, w.Len()-1).Draw(t, "row")
				if _, err := b.stream.Step(w.At(row), w.DT[row]); err != nil {
					t.Fatal(err)
				}
				b.rows = append(b.rows, row)
			}
		}
		for k, b := range all {
			if !slices.Equal(b.stream.Snapshot(), replay(b.rows)) {
				t.Fatalf("stream %d is not where its rows %v lead", k, b.rows)
			}
		}
	})
}

// TestRandomStatesSurvive: every pattern of bits but those of NaN is restored as it is.
func TestRandomStatesSurvive(t *testing.T) {
	stream := made(t, rich(), networks["LSTM"]).Stream()
	r := rand.New(rand.NewPCG(3, 4))
	for _, state := range stream.states {
		for i := range state {
			state[i] = float32(r.NormFloat64() * 1e-30)
		}
	}
	want := stream.Snapshot()
	stream.Reset()
	if slices.Equal(stream.Snapshot(), want) {
		t.Fatal("Reset changed nothing")
	}
	if err := stream.Restore(want); err != nil || !slices.Equal(stream.Snapshot(), want) {
		t.Errorf("the state is not the one of the snapshot (%v)", err)
	}
}
