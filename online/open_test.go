package online_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elegans-nn/elegans/drift"
	"github.com/elegans-nn/elegans/journal"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/train"
)

// everything are options under which all parts of a learner have a state.
func everything(t testing.TB, m *model.Model) online.LearnerOptions {
	o := learnerOptions(t, m, train.Options{LearningRate: 0.05})
	o.Live, o.Pending, o.Replay, o.Series = 6, 12, 5, 3
	o.PendingBytes = 2 * 4 * m.Parameters() // some keep their gradient, others rows
	o.AdapterRate = 0.01
	o.Guard = &online.GuardOptions{Alpha: 0.5, Block: 2}
	o.Watch = []online.Watch{{On: online.OnError, Method: drift.KSWIN{Alpha: 0.05}}, {On: online.OnInputs}, {On: online.OnState}}
	o.Interval = &online.IntervalOptions{Coverage: 0.7, Window: 20}
	o.Protect = &online.ProtectOptions{Anchor: 1e-3, Elastic: 1e-2, Reservoir: 4, OnDrift: true, Seed: 3}
	o.Setting = "test"
	return o
}

// act is row k of a stream of several series and the labels that come with it: some late, some out of order, some never. It
// returns what the learner said.
func act(l *online.Learner, ids map[int]uint64, k int) (said string, err error) {
	name := string("abaca"[k%5])
	x, _ := row(k)
	p, err := l.Predict(name, 0.4*float64(k), x)
	if err != nil {
		return "", err
	}
	ids[k] = p.ID
	said = fmt.Sprintf("%x %x %x", p.Values, p.Low, p.High)
	for _, late := range []int{0, 3, 2, 7} {
		i := k - late
		if id, ok := ids[i]; ok && i%4 == []int{0, 1, 2, 3}[late%4] && i%9 != 5 {
			delete(ids, i)
			label := labelOf(i)
			if i%200 > 100 {
				label = -2 * label
			}
			o, err := l.Learn(id, label)
			var unknown *online.UnknownError
			if errors.As(err, &unknown) {
				continue
			}
			if err != nil {
				return "", err
			}
			said += fmt.Sprintf(" %x %x %v", o.Loss, o.Learning, o.Learned)
		}
	}
	if k%97 == 96 {
		err = l.Consolidate()
	}
	return said, err
}

func open(t testing.TB, dir string, m *model.Model, o online.LearnerOptions) *online.Journaled {
	t.Helper()
	l, err := online.Open(dir, journal.Options{Policy: journal.Never}, m, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// together runs two learners side by side and demands that they say the same to the bit.
func together(t *testing.T, a, b *online.Learner, idsA, idsB map[int]uint64, from, to int) {
	t.Helper()
	for k := from; k < to; k++ {
		x, err := act(a, idsA, k)
		if err != nil {
			t.Fatal(err)
		}
		y, err := act(b, idsB, k)
		if err != nil {
			t.Fatal(err)
		}
		if x != y {
			t.Fatalf("row %d: %s, the other says %s", k, x, y)
		}
	}
	if !slices.Equal(a.Model().Params(), b.Model().Params()) || !slices.Equal(a.Learning().Params(), b.Learning().Params()) {
		t.Error("the weights differ")
	}
	if a.Counts() != b.Counts() || fmt.Sprint(a.Coverage()) != fmt.Sprint(b.Coverage()) {
		t.Errorf("counts %+v and %+v", a.Counts(), b.Counts())
	}
}

func clone(ids map[int]uint64) map[int]uint64 {
	out := map[int]uint64{}
	for k, v := range ids {
		out[k] = v
	}
	return out
}

// A learner that is opened again goes on as if nothing had been, from snapshots and from records; and a journal changes nothing.
func TestOpenGoesOn(t *testing.T) {
	m := liquid()
	dir := filepath.Join(t.TempDir(), "j")
	l, plain := open(t, dir, m, everything(t, m)), learner(t, m, everything(t, m))
	ids, own := map[int]uint64{}, map[int]uint64{}
	together(t, l.Learner, plain, ids, own, 0, 400)
	c := l.Counts()
	if c.Updates == 0 || c.Expired == 0 || c.Replayed == 0 || c.Promoted == 0 || c.Rollbacks == 0 || c.Drifts == 0 {
		t.Fatalf("not all has happened: %+v", c)
	}
	last := l.Journal().Last()
	if err := l.Journal().Close(); err != nil { // without the snapshot of Close
		t.Fatal(err)
	}
	l = open(t, dir, m, everything(t, m))
	if l.Recovered.Corrected != 0 || l.Recovered.Snapshot != 1 || l.Recovered.Records != last-1 {
		t.Errorf("recovered %+v of %d records", l.Recovered, last)
	}
	together(t, l.Learner, plain, ids, own, 400, 500)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Predict("a", 1e6, make([]float32, 3)); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	l = open(t, dir, m, everything(t, m))
	if l.Recovered.Records != 0 || l.Recovered.Snapshot != l.Journal().Last() {
		t.Errorf("after the snapshot of Close: recovered %+v", l.Recovered)
	}
	if _, err := l.Journal().Compact(l.Journal().Last()); err != nil {
		t.Fatal(err)
	}
	together(t, l.Learner, plain, ids, own, 500, 600)
	// Other options and models are refused.
	o := everything(t, m)
	o.Setting = "other"
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var foreign *online.ForeignError
	if _, err := online.Open(dir, journal.Options{}, m, o); !errors.As(err, &foreign) {
		t.Errorf("other options: %v", err)
	}
	if _, err := online.Open(dir, journal.Options{}, m.Initial(9), everything(t, m)); !errors.As(err, &foreign) {
		t.Errorf("another model: %v", err)
	}
}

// Every past model can be rebuilt from the journal alone, and a learner that returns to a record is what it was then.
func TestRebuildAndRollback(t *testing.T) {
	m := liquid()
	dir := filepath.Join(t.TempDir(), "j")
	l := open(t, dir, m, everything(t, m))
	ids := map[int]uint64{}
	type past struct {
		record           uint64
		serving, learned []float32
		ids              map[int]uint64
		k                int
	}
	var all []past
	for k := range 160 {
		if _, err := act(l.Learner, ids, k); err != nil {
			t.Fatal(err)
		}
		all = append(all, past{l.Journal().Last(), l.Model().Params(), l.Learning().Params(), clone(ids), k})
	}
	for _, p := range append(all[:40:40], all[100:]...) {
		r, err := online.Rebuild(dir, p.record)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.Serving.Params(), p.serving) || !slices.Equal(r.Learning.Params(), p.learned) || !slices.Equal(r.Released.Params(), m.Params()) {
			t.Fatalf("other weights after record %d", p.record)
		}
	}
	// As after row 60, and then on as one that was never further.
	back := all[60]
	if err := l.Rollback(back.record, "why not"); err != nil {
		t.Fatal(err)
	}
	twin := open(t, filepath.Join(t.TempDir(), "k"), m, everything(t, m))
	twins := map[int]uint64{}
	for k := range 61 {
		if _, err := act(twin.Learner, twins, k); err != nil {
			t.Fatal(err)
		}
	}
	together(t, l.Learner, twin.Learner, clone(back.ids), twins, 61, 100)
	want, last := l.Learning().Params(), l.Journal().Last()
	r, err := online.Rebuild(dir, last)
	if err != nil || !slices.Equal(r.Learning.Params(), want) {
		t.Errorf("after the roll-back: %v", err)
	}
	// And a roll-back can be undone.
	if err := l.Rollback(all[159].record, ""); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(l.Learning().Params(), all[159].learned) || !slices.Equal(l.Model().Params(), all[159].serving) {
		t.Error("other weights when the roll-back is undone")
	}
	for _, to := range []uint64{0, 1e6} {
		if err := l.Rollback(to, ""); err == nil {
			t.Errorf("there is no record %d", to)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := online.Rebuild(t.TempDir(), 0); err == nil {
		t.Error("an empty directory has a model")
	}
}

// The time of a record can be asked for.
func TestRecordAt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	m := liquid()
	l := open(t, dir, m, everything(t, m))
	before := time.Now()
	if _, err := act(l.Learner, map[int]uint64{}, 0); err != nil {
		t.Fatal(err)
	}
	if n, err := online.RecordAt(dir, before); n != 0 || err != nil {
		t.Errorf("record %d, %v before the first row", n, err)
	}
	if n, err := online.RecordAt(dir, time.Now()); n != l.Journal().Last() || err != nil {
		t.Errorf("record %d, %v now", n, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("ELEGANS_TEST_LEARNER"); dir != "" {
		learnForEver(dir)
	}
	os.Exit(m.Run())
}

// learnForEver learns until it is killed, and writes a byte once it has begun.
func learnForEver(dir string) {
	m := liquid()
	var t testing.T
	l, err := online.Open(dir, journal.Options{Policy: journal.Never, SegmentBytes: 64 << 10}, m, everything(&t, m))
	if err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
	fmt.Println("begun")
	ids := map[int]uint64{}
	for k := int(l.Counts().Rows); ; k++ {
		if _, err := act(l.Learner, ids, k); err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
	}
}

// Whenever a process is killed, what it leaves opens, and goes on as a learner does that was fed with the records that are left.
func TestKilled(t *testing.T) {
	m := liquid()
	r := rand.New(rand.NewPCG(11, 5))
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	records := 0
	for round := range rounds {
		dir := filepath.Join(t.TempDir(), fmt.Sprint(round))
		for range 1 + round%2 { // the second one goes on where the first one was killed
			killed(t, dir, time.Duration(r.IntN(500_000))*time.Microsecond)
		}
		l := open(t, dir, m, everything(t, m))
		if l.Recovered.Corrected != 0 {
			t.Errorf("%d labels gave other weights", l.Recovered.Corrected)
		}
		twin, number := fed(t, dir, m)
		records += len(number)
		compareFed(t, l.Learner, twin)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if records == 0 {
		t.Error("no child lived long enough to learn anything")
	}
}

// killed runs a child that learns into a directory, and kills it.
func killed(t *testing.T, dir string, after time.Duration) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "ELEGANS_TEST_LEARNER="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("begun"))); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(out)
	_ = child.Wait()
	if text := strings.TrimSpace(string(said)); text != "" {
		t.Fatalf("the child says %s", text)
	}
}

// fed is a learner without a journal that was fed with the rows and labels of one. number are its numbers of predictions.
func fed(t *testing.T, dir string, m *model.Model) (*online.Learner, map[uint64]uint64) {
	l, number := learner(t, m, everything(t, m)), map[uint64]uint64{}
	s, err := journal.Check(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := journal.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for n := s.First; n <= s.Last; n++ {
		record, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		got, err := online.ReadRecord(record)
		if err != nil {
			t.Fatal(err)
		}
		switch got.Type {
		case online.RecordRow:
			p, err := l.Predict(got.Series, got.At, got.X)
			if err != nil {
				t.Fatal(err)
			}
			number[n] = p.ID
		case online.RecordLabel:
			o := learn(t, l, number[got.ID], got.Labels[0])
			if o.Learned != got.Learned || o.Loss != got.Loss {
				t.Fatalf("record %d: %+v, in the journal %+v", n, o, got)
			}
		case online.RecordConsolidate:
			if err := l.Consolidate(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return l, number
}

// compareFed goes on with both for a while.
func compareFed(t *testing.T, a, b *online.Learner) {
	t.Helper()
	const from = 1_000_000
	together(t, a, b, map[int]uint64{}, map[int]uint64{}, from, from+40)
	if math.IsNaN(float64(a.Model().Params()[0])) {
		t.Error("weights are no numbers")
	}
}

// A learner by any rule goes on from its snapshot, gradients that wait in its streams included.
func TestOpenByEveryRule(t *testing.T) {
	m := liquid()
	for _, r := range online.Rules() {
		options := func() online.LearnerOptions {
			o := everything(t, m)
			o.Rule, o.Window = r.Name, 4
			return o
		}
		dir := filepath.Join(t.TempDir(), "j")
		l, plain := open(t, dir, m, options()), learner(t, m, options())
		ids, own := map[int]uint64{}, map[int]uint64{}
		together(t, l.Learner, plain, ids, own, 0, 43)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, dir, m, options())
		if l.Recovered.Records != 0 {
			t.Errorf("%s: recovered %+v", r.Name, l.Recovered)
		}
		together(t, l.Learner, plain, ids, own, 43, 90)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A learner whose journal cannot be written stops, and one that opens it again goes on from the last record.
func TestJournalFails(t *testing.T) {
	m := liquid()
	dir := filepath.Join(t.TempDir(), "j")
	l, plain := open(t, dir, m, everything(t, m)), learner(t, m, everything(t, m))
	ids, own := map[int]uint64{}, map[int]uint64{}
	together(t, l.Learner, plain, ids, own, 0, 30)
	if err := l.Journal().Close(); err != nil { // as if the disk were full from here on
		t.Fatal(err)
	}
	x, _ := row(30)
	_, first := l.Predict("a", 1000, x)
	_, second := l.Predict("a", 1001, x)
	if !errors.Is(first, journal.ErrClosed) || !errors.Is(second, journal.ErrClosed) || !strings.Contains(first.Error(), "open the journal again") {
		t.Errorf("errors %v and %v", first, second)
	}
	l = open(t, dir, m, everything(t, m))
	together(t, l.Learner, plain, ids, own, 30, 60)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
