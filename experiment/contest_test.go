package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
	"github.com/elegans-nn/elegans/wiring"
)

func net(name string, l model.Layer) Contestant {
	return Contestant{Name: name, Summary: "of the test", Architecture: model.Architecture{Layers: []model.Layer{l}}}
}

// contestCase is a contest on a split, which a test may change until it is cut.
type contestCase struct {
	ContestSpec
	Split    *dataset.Split
	Protocol dataset.Protocol
}

func (c contestCase) cut() ContestSpec {
	c.Schema, c.Parts = c.Split.Schema, Cut(c.Split, c.Protocol)
	return c.ContestSpec
}

// contestSpec is a small contest on a task.
func contestSpec(task string) contestCase {
	s := spec(task)
	simple := "logistic"
	if tasks[task].target.Task == "regress" {
		simple = "linear"
	}
	return contestCase{ContestSpec{Options: s.Options, Seed: 3, Seeds: 2, Info: s.Info, Models: []Contestant{
		net("ltc", model.Liquid(cell.LTC{Unfolds: 2}, wiring.Auto(8, 2))), net("gru", model.Recurrent(cell.GRU{Units: 3})), {Name: simple},
	}}, s.Split, s.Protocol}
}

func contested(t *testing.T, s contestCase) *Leaderboard {
	t.Helper()
	c, err := NewContest(s.cut())
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Run(context.Background(), ContestHooks{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// text is a leaderboard without what was measured by a clock.
func (b *Leaderboard) text() string {
	var w strings.Builder
	for _, s := range b.Rows {
		fmt.Fprintln(&w, s.Name, s.Model, s.Inputs, s.Size, s.LearningRate, s.Tried, s.Parameters, s.FLOPs, s.Mean, s.SD, s.OverSeeds, s.OverTest)
		for _, r := range s.Runs {
			fmt.Fprintln(&w, r.Seed, r.Scores, r.Valid, r.ValidLoss, r.Diverged)
		}
	}
	return w.String() + strings.Join(b.Warnings, "\n")
}

// clocked is what was measured by a clock.
func (b *Leaderboard) clocked() (list []float64) {
	for _, s := range b.Rows {
		list = append(list, s.Seconds, s.Microseconds)
	}
	return list
}

func row(t *testing.T, b *Leaderboard, name string) Standing {
	t.Helper()
	for _, s := range b.Rows {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no row %s", name)
	return Standing{}
}

// Rows, their order and their differences are those of the runs.
func TestLeaderboard(t *testing.T) {
	for _, task := range []string{"two classes", "a number", "one label"} {
		b := contested(t, contestSpec(task))
		if len(b.Rows) != 4 {
			t.Fatalf("%s: %d rows, want ltc, gru, gru-no-dt and a baseline", task, len(b.Rows))
		}
		best := b.Rows[0]
		for i, s := range b.Rows {
			if i > 0 && b.Metric.Better(s.Mean, b.Rows[i-1].Mean) {
				t.Errorf("%s: %s is better than the row above it", task, s.Name)
			}
			scores := values(s.Runs, b.Metric.Name)
			if s.Mean != metric.Mean(scores) || s.Network() && s.SD != metric.SD(scores) {
				t.Errorf("%s: %s has mean %g and sd %g of %v", task, s.Name, s.Mean, s.SD, scores)
			}
			if d := s.Mean - best.Mean; math.Abs(s.OverSeeds.Mean-d) > 1e-12 || s.OverSeeds.Lower > d+1e-12 || s.OverSeeds.Upper < d-1e-12 {
				t.Errorf("%s: %s differs by %g from the best, reported %+v", task, s.Name, d, s.OverSeeds)
			}
			if s.OverSeeds.N != 2 && (s.Network() || best.Network()) {
				t.Errorf("%s: %s was paired over %d seeds", task, s.Name, s.OverSeeds.N)
			}
			if s.Network() != (len(s.Runs) == 2) || s.Network() && (s.Seconds <= 0 || s.Microseconds <= 0 || s.FLOPs <= 0) {
				t.Errorf("%s: %s has %d runs, %g s, %g µs, %g FLOPs", task, s.Name, len(s.Runs), s.Seconds, s.Microseconds, s.FLOPs)
			}
		}
		if best.OverSeeds.Mean != 0 || best.OverTest.Mean != 0 {
			t.Errorf("%s: the best differs from itself by %+v, %+v", task, best.OverSeeds, best.OverTest)
		}
	}
}

// A network of a contest is trained as Execute trains it.
func TestContestTrainsAsExecute(t *testing.T) {
	s := contestSpec("two classes")
	e := spec("two classes")
	e.NoBaselines, e.Architecture = true, s.Models[0].Architecture
	out := executed(t, e, Hooks{})
	got := row(t, contested(t, s), "ltc")
	for i, r := range got.Runs {
		if want := out.Subject.Runs[i]; fmt.Sprint(r.Scores, r.Valid) != fmt.Sprint(want.Scores, want.Valid) || r.Seed != want.Seed {
			t.Errorf("seed %d: %v, want %v", r.Seed, r.Scores, want.Scores)
		}
	}
}

// Cells without a notion of time are fed log(1 + dt) and masks, and have a row without them.
func TestFeeds(t *testing.T) {
	s := contestSpec("a number")
	for k := range 2 {
		in := &s.Split.Schema.Inputs[k]
		in.Missing, in.Since = true, k == 1
	}
	b := contested(t, s)
	ltc, gru, plain := row(t, b, "ltc"), row(t, b, "gru"), row(t, b, "gru-no-dt")
	if ltc.Inputs != FeedOwn || gru.Inputs != FeedTime || plain.Inputs != FeedPlain || plain.Model != "gru" {
		t.Errorf("feeds are %q, %q, %q", ltc.Inputs, gru.Inputs, plain.Inputs)
	}
	// two values, one time since, and the hidden state of 3; besides them the masks and log(1 + dt)
	if d := gru.Parameters - plain.Parameters; d != 3*3*(2+1+1) {
		t.Errorf("the inputs more have %d parameters, want %d", d, 3*3*4)
	}
	m := gru.Runs[0].Model
	if in := m.Schema().Inputs; !m.Architecture().TimeInput || !in[0].Mask || !in[1].Mask || !in[1].Since || in[0].Since {
		t.Errorf("the head of gru is %+v", in)
	}
	m = plain.Runs[0].Model
	if in := m.Schema().Inputs; m.Architecture().TimeInput || in[0].Mask || in[1].Mask || in[1].Since || m.Program().Time >= 0 {
		t.Errorf("the head of gru-no-dt is %+v", in)
	}
	m = ltc.Runs[0].Model
	if in := m.Schema().Inputs; !in[0].Mask || !in[1].Mask || !in[1].Since || m.Architecture().TimeInput || m.Program().Time < 0 {
		t.Errorf("the head of ltc is %+v; it should have the masks that the others have", in)
	}
	own := s
	own.Models = []Contestant{net("grud", model.Recurrent(cell.GRUD{Units: 3}))}
	grud, err := NewContest(own.cut())
	if err != nil {
		t.Fatal(err)
	}
	if in := grud.rows[len(grud.rows)-1].settings[0].schema.Inputs; in[0].Mask {
		t.Error("a cell that takes missing values itself is given masks beside")
	}
	s.OneRow = true
	c, err := NewContest(s.cut())
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Rows(); !slices.Equal(got, []string{"ltc", "gru", "linear"}) {
		t.Errorf("rows are %v", got)
	}
}

// A network sees the inputs that are named, and the others of the contest see theirs.
func TestContestantsSeeInputs(t *testing.T) {
	s := contestSpec("a number")
	s.OneRow = true
	s.Models[1].Inputs = []string{s.Split.Schema.Inputs[1].Name}
	c, err := NewContest(s.cut())
	if err != nil {
		t.Fatal(err)
	}
	for row, hidden := range [][]bool{{false, false}, {true, false}} {
		for k, want := range hidden {
			if in := c.rows[row].settings[0].schema.Inputs[k]; in.Hidden != want {
				t.Errorf("%s: input %q has hidden %v", c.rows[row].name, in.Name, in.Hidden)
			}
		}
	}
}

// Where the label is told by the time that passes alone, the row without dt can only guess, and the others need not.
func TestTimeIsUsed(t *testing.T) {
	s := contestSpec("one label")
	draw := func(n int, seed uint64) (list []series.Series) {
		r := rand.New(rand.NewPCG(seed, 3))
		for range n {
			one := series.Series{X: make([]float32, 6), DT: []float32{1, 0.2, 0.2}, Y: []float64{nan, nan, 0}}
			for i := range one.X {
				one.X[i] = float32(r.NormFloat64())
			}
			if r.IntN(2) == 1 {
				one.DT[1+r.IntN(2)], one.Y[2] = 3, 1
			}
			list = append(list, one)
		}
		return list
	}
	s.Split.Train, s.Split.Valid, s.Split.Test = draw(200, 1), draw(60, 2), draw(200, 3)
	s.Options.Epochs = 15
	b := contested(t, s)
	for name, least := range map[string]float64{"ltc": 0.95, "gru": 0.95, "logistic": 0.6} {
		if r := row(t, b, name); r.Mean < least {
			t.Errorf("%s is right in %g of the cases, with dt before it", name, r.Mean)
		}
	}
	if r := row(t, b, "gru-no-dt"); r.Mean > 0.6 {
		t.Errorf("gru-no-dt is right in %g of the cases: time reaches it", r.Mean)
	}
}

// Interrupted after any number of steps and begun again, a contest gives the same table; so do more workers, and another run
// of what is all kept, which trains nothing and has the same times.
func TestContestResumes(t *testing.T) {
	s := contestSpec("two classes")
	s.Tune = 2
	want := contested(t, s).text()
	s.Keep, s.Workers = t.TempDir(), 3
	interruptions := 0
	var got *Leaderboard
	for stop := 5; got == nil; stop += 17 {
		c, err := NewContest(s.cut())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		steps := 0
		got, err = c.Run(ctx, ContestHooks{Progress: func(Progress) {
			if steps++; steps == stop {
				cancel()
			}
		}})
		cancel()
		if err != nil {
			if !errors.Is(err, train.ErrInterrupted) {
				t.Fatal(err)
			}
			interruptions++
		}
	}
	if interruptions < 3 {
		t.Errorf("only %d interruptions", interruptions)
	}
	if text := got.text(); text != want {
		t.Errorf("interrupted %d times:\n%s\nwant\n%s", interruptions, text, want)
	}
	c, err := NewContest(s.cut())
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Estimate(context.Background())
	if err != nil || e.Seconds != 0 || e.Kept != e.Trials || e.Trials != 3*(2+1) {
		t.Errorf("of what is kept the estimate is %+v (%v)", e, err)
	}
	again, err := c.Run(context.Background(), ContestHooks{Progress: func(p Progress) {
		if !p.Finished {
			t.Errorf("%s is trained again", p.Trial)
		}
	}})
	if err != nil || again.text() != want || !slices.Equal(again.clocked(), got.clocked()) {
		t.Errorf("kept: %v, times %v and %v", err, again.clocked(), got.clocked())
	}
	left, err := filepath.Glob(filepath.Join(s.Keep, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if filepath.Ext(path) != ".trial" {
			t.Errorf("%s is left", path)
		}
	}
}

// Two contests at once with one store train every trial once, and agree.
func TestContestsShareAStore(t *testing.T) {
	s := contestSpec("two classes")
	s.Keep, s.Workers = t.TempDir(), 2
	var mu sync.Mutex
	trained := map[string]int{} // contests that trained it, by trial
	var wg sync.WaitGroup
	tables := make([]string, 3)
	for i := range tables {
		wg.Go(func() {
			c, err := NewContest(s.cut())
			if err != nil {
				t.Error(err)
				return
			}
			mine := map[string]bool{}
			b, err := c.Run(context.Background(), ContestHooks{Progress: func(p Progress) {
				if !p.Finished && !mine[p.Trial] {
					mine[p.Trial] = true
					mu.Lock()
					trained[p.Trial]++
					mu.Unlock()
				}
			}})
			if err != nil {
				t.Error(err)
				return
			}
			tables[i] = b.text()
		})
	}
	wg.Wait()
	if tables[0] != tables[1] || tables[1] != tables[2] {
		t.Errorf("tables differ:\n%s", strings.Join(tables, "\n\n"))
	}
	if len(trained) != 6 {
		t.Errorf("%d trials were trained, want 6", len(trained))
	}
	for name, n := range trained {
		if n != 1 {
			t.Errorf("%s was trained %d times", name, n)
		}
	}
}

// What is kept is found by everything that the outcome depends on and by nothing else, and damage is no hindrance.
func TestKeptTrials(t *testing.T) {
	s := contestSpec("two classes")
	s.Keep, s.Seeds = t.TempDir(), 1
	s.Models = s.Models[:1]
	left := func(what string, want int, change func(*contestCase)) {
		t.Helper()
		one := s
		one.Split = split("two classes")
		change(&one)
		c, err := NewContest(one.cut())
		if err != nil {
			t.Fatal(err)
		}
		trials, err := c.needed(c.rows[0])
		if err != nil {
			t.Fatal(err)
		}
		seeds := map[uint64]bool{}
		for _, one := range trials {
			if one.found == nil {
				seeds[one.seed] = true
			}
		}
		if n := len(seeds); n != want {
			t.Errorf("%s: %d trials are left, want %d", what, n, want)
		}
	}
	contested(t, s)
	left("the same", 0, func(*contestCase) {})
	left("another name", 0, func(s *contestCase) { s.Models = []Contestant{s.Models[0]}; s.Models[0].Name = "net" })
	left("another metric", 0, func(s *contestCase) { s.Metric = "f1" })
	left("other workers and settings", 0, func(s *contestCase) { s.Workers = 5; s.Info.Settings = map[string]string{"x": "y"} })
	left("another test part", 0, func(s *contestCase) { s.Split.Test[0].X[3] += 1 })
	left("another seed", 1, func(s *contestCase) { s.Seeds = 2 })
	left("another rate", 1, func(s *contestCase) { s.Options.LearningRate = 0.03 })
	left("another version", 1, func(s *contestCase) { s.Info.Version = "other" })
	left("another size", 1, func(s *contestCase) { s.Match = Goal{"params", 300} })
	left("other training data", 1, func(s *contestCase) { s.Split.Train[1].X[7] += 1 })
	left("other validation data", 1, func(s *contestCase) { s.Split.Valid[0].Y[2] = 1 - s.Split.Valid[0].Y[2] })
	left("another scaler", 1, func(s *contestCase) { s.Split.Schema.Inputs[0].SD *= 1.5 })
	left("other windows", 1, func(s *contestCase) { s.Protocol.TrainStride = 15 })
	files, err := filepath.Glob(filepath.Join(s.Keep, "*.trial"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-3] ^= 4
	if err := os.WriteFile(files[0], data, 0o644); err != nil {
		t.Fatal(err)
	}
	left("damaged", 1, func(*contestCase) {})
	contested(t, s)
	left("trained again", 0, func(*contestCase) {})
}

// A diverged run is counted, and has the score of the constant baseline.
func TestDivergedRunsCount(t *testing.T) {
	s := contestSpec("a number")
	s.Options = train.Options{Epochs: 3, Batch: 8, LearningRate: 1e30, Clip: -1, Optimiser: "sgd"}
	s.Models = s.Models[1:]
	b := contested(t, s)
	mean := contested(t, func() contestCase { s.Models = []Contestant{{Name: "mean"}}; return s }()).Rows[0]
	for _, name := range []string{"gru", "gru-no-dt"} {
		r := row(t, b, name)
		if n, _ := r.Diverged(); n != 2 || r.Mean != mean.Mean || r.SD != 0 || len(r.Runs) != 2 {
			t.Errorf("%s: %d diverged, mean %g ± %g, want 2, %g ± 0", name, n, r.Mean, r.SD, mean.Mean)
		}
	}
	if !slices.ContainsFunc(b.Warnings, func(w string) bool { return strings.HasPrefix(w, "gru: 2 of 2 seeds diverged and count as mean: ") }) {
		t.Errorf("warnings are %q", b.Warnings)
	}
}

// The search looks at the validation part alone, takes the lowest loss there and says how much it tried.
func TestTune(t *testing.T) {
	s := contestSpec("a number")
	s.Tune, s.Models = 4, s.Models[:1]
	c, err := NewContest(s.cut())
	if err != nil {
		t.Fatal(err)
	}
	e := c.rows[0]
	given := c.run.spec.Options.LearningRate
	seen := map[string]bool{}
	for k, n := range e.settings {
		share, size := n.options.LearningRate/given, float64(n.arch.Size())/8
		if share < lowestRate*0.99 || share > highestRate*1.01 || size < smallest*0.9 || size > largest*1.1 || k == 0 && (share != 1 || size != 1) {
			t.Errorf("configuration %d has %g of the rate and %g of the size", k, share, size)
		}
		seen[fmt.Sprint(share, size)] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d of 4 configurations differ", len(seen))
	}
	if _, err := c.Run(context.Background(), ContestHooks{}); err != nil {
		t.Fatal(err)
	}
	lowest, want := math.Inf(1), -1
	for k := range e.settings {
		one := s
		one.Tune, one.Seeds, one.Models = 0, 1, []Contestant{{Name: "ltc", Architecture: e.settings[k].arch}}
		one.Options.LearningRate = e.settings[k].options.LearningRate
		if loss := contested(t, one).Rows[0].Runs[0].ValidLoss; loss < lowest {
			lowest, want = loss, k
		}
	}
	if e.chosen != want {
		t.Errorf("configuration %d was chosen, %d has the lowest loss", e.chosen, want)
	}
	for k := range s.Split.Test {
		for row := range s.Split.Test[k].Y {
			s.Split.Test[k].Y[row] *= -3
		}
	}
	b := contested(t, s)
	if r := b.Rows[0]; r.LearningRate != e.settings[want].options.LearningRate || r.Size != e.settings[want].arch.Size() || r.Tried != 4 {
		t.Errorf("with another test part %+v was chosen", r)
	}
	s.Match = Goal{"params", 300}
	if c, err = NewContest(s.cut()); err != nil {
		t.Fatal(err)
	}
	for _, n := range c.rows[0].settings {
		if n.arch.Size() != c.rows[0].settings[0].arch.Size() {
			t.Error("a matched size was searched")
		}
	}
	s.Split.Valid = nil
	if _, err = NewContest(s.cut()); err == nil || !strings.Contains(err.Error(), "validation part is empty") {
		t.Errorf("without validation: %v", err)
	}
}

// The first of the lowest losses of the kept epochs is chosen; what diverged or was not validated never is.
func TestLowest(t *testing.T) {
	found := func(best int, valid ...float64) *record {
		r := &record{Best: best}
		for i, v := range valid {
			r.Epochs = append(r.Epochs, train.Epoch{Number: i + 1, Valid: v})
		}
		return r
	}
	for _, c := range []struct {
		found []*record
		want  int
	}{
		{[]*record{found(1, 5), found(2, 6, 3), found(1, 4, 1)}, 1},
		{[]*record{found(1, 5), found(1, 4), found(1, 4)}, 1},
		{[]*record{{Diverged: "so"}, found(1, 9), found(1, nan)}, 1},
		{[]*record{{Diverged: "so"}, {Diverged: "so"}}, 0},
	} {
		if got := lowest(c.found); got != c.want {
			t.Errorf("%d is the lowest, want %d", got, c.want)
		}
	}
}

func TestContestErrors(t *testing.T) {
	for text, change := range map[string]func(*contestCase){
		"named twice": func(s *contestCase) { s.Models = append(s.Models, s.Models[0]) },
		`baseline linear does not suit target "full"; those that do: majority, `: func(s *contestCase) { s.Models[2].Name = "linear" },
		"gru: cannot have params=3":               func(s *contestCase) { s.Match = Goal{"params", 3}; s.Models = s.Models[1:] },
		"fixed: has no size":                      func(s *contestCase) { s.Match, s.Models = Goal{"params", 300}, []Contestant{net("fixed", fixed(t))} },
		`gru: there is no input "tide"; inputs: `: func(s *contestCase) { s.Models[1].Inputs = []string{"tide"} },
		"is no network":                           func(s *contestCase) { s.Models[2].Inputs = []string{"a"} },
		"metric":                                  func(s *contestCase) { s.Metric = "rmse" },
		"the test part is empty":                  func(s *contestCase) { s.Split.Test = nil },
	} {
		s := contestSpec("two classes")
		change(&s)
		if _, err := NewContest(s.cut()); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %q", err, text)
		}
	}
}

func fixed(t *testing.T) model.Layer {
	w, err := wiring.Auto(8, 2).Build(2)
	if err != nil {
		t.Fatal(err)
	}
	return model.Liquid(cell.LTC{}, w)
}

// A directory that cannot be written to is told once; the contest goes on.
func TestContestWithoutAStore(t *testing.T) {
	s := contestSpec("two classes")
	want := contested(t, s).text()
	s.Keep, s.Workers = filepath.Join(t.TempDir(), "absent"), 2
	c, err := NewContest(s.cut())
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	b, err := c.Run(context.Background(), ContestHooks{Warn: func(error) { told++ }})
	if err != nil || told != 1 || b.text() != want {
		t.Errorf("%v, told %d times", err, told)
	}
}

// The estimate is that of the trials that are left, shared by the workers.
func TestEstimate(t *testing.T) {
	s := contestSpec("two classes")
	s.Options.Epochs, s.Keep = 8, t.TempDir()
	c, err := NewContest(s.cut())
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Estimate(context.Background())
	if err != nil || e.Trials != 6 || e.Kept != 0 || len(e.Trial) != 3 {
		t.Fatalf("%+v, %v", e, err)
	}
	sum := 0.0
	for _, v := range e.Trial {
		sum += 2 * v
	}
	if math.Abs(e.Seconds-sum) > 1e-9*sum || sum <= 0 {
		t.Errorf("%g s for trials of %v", e.Seconds, e.Trial)
	}
	if _, err := json.Marshal(e.Trial); err != nil {
		t.Error(err)
	}
	// The first two networks of an average of three are those of the network alone.
	s.Seed, s.Models = 0, s.Models[:1:1]
	three := s.Models[0]
	three.Name, three.Average = "three", 3
	s.Models = append(s.Models, three)
	shared, err := NewContest(s.cut())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := shared.Keys()
	if err != nil || len(keys) != 2 || len(keys["ltc"]) != 2 || len(keys["three"]) != 6 || !slices.Equal(keys["three"][:2], keys["ltc"]) {
		t.Errorf("keys are %v, %v", keys, err)
	}
	e, err = shared.Estimate(context.Background())
	if want := 2*e.Trial["ltc"] + 4*e.Trial["three"]; err != nil || e.Trials != 6 || e.Kept != 0 || math.Abs(e.Seconds-want) > 1e-9*want {
		t.Errorf("%+v (%v): shared trials are counted twice", e, err)
	}
	if _, err := shared.Run(context.Background(), ContestHooks{}); err != nil {
		t.Fatal(err)
	}
	if e, err = shared.Estimate(context.Background()); err != nil || e.Trials != 6 || e.Kept != 6 || e.Seconds != 0 {
		t.Errorf("of what is kept the estimate is %+v (%v)", e, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Estimate(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// What is optional and cannot take part is left out with its reason; of what is not optional that is an error, and so it is where
// nothing that is optional can take part.
func TestLeftOut(t *testing.T) {
	gru, unsized, large, absent := net("gru", model.Recurrent(cell.GRU{Units: 3})), net("fixed", fixed(t)), net("ctgru", model.Recurrent(cell.CTGRU{Units: 3})), Contestant{Name: "absent"}
	absent.Absent = errors.New("absent: it is not there")
	optional := func(m Contestant) Contestant { m.Optional = true; return m }
	made := func(models ...Contestant) (*Contest, error) {
		s := contestSpec("two classes")
		s.Match, s.Models = Goal{"params", 45}, models
		return NewContest(s.cut())
	}
	c, err := made(optional(gru), optional(unsized), optional(large), optional(absent), Contestant{Name: "majority"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Run(context.Background(), ContestHooks{})
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, l := range b.LeftOut {
		text = append(text, l.Name+" "+l.Reason())
	}
	want := []string{"fixed has no size that could be chosen for params=45", "ctgru cannot have params=45: the nearest that it can have are 70 parameters, with size 1", "absent it is not there"}
	if !slices.Equal(text, want) || len(c.LeftOut()) != len(want) {
		t.Errorf("left out are %q, want %q", text, want)
	}
	if got := c.Rows(); !slices.Equal(got, []string{"gru", "gru-no-dt", "majority"}) || len(b.Rows) != 3 {
		t.Errorf("rows are %v", got)
	}
	var page strings.Builder
	if err := b.Page(PageOptions{Version: "1"}).WriteHTML(&page); err != nil || !strings.Contains(page.String(), "fixed is left out: has no size") {
		t.Errorf("the page does not say what is left out, %v", err)
	}
	var all *AllLeftOutError
	if _, err := made(optional(unsized), optional(large), Contestant{Name: "majority"}); !errors.As(err, &all) || len(all.LeftOut) != 2 {
		t.Errorf("%v", err)
	}
	for _, k := range []struct {
		models []Contestant
		want   string
	}{
		{[]Contestant{optional(gru), unsized}, "fixed: has no size that could be chosen for params=45; leave it out, or match nothing"},
		{[]Contestant{gru, optional(large), optional(unsized)}, "ctgru: cannot have params=45"},
		{[]Contestant{absent}, "absent: it is not there"},
	} {
		if _, err := made(k.models...); err == nil || !strings.HasPrefix(err.Error(), k.want) {
			t.Errorf("%v, want %q", err, k.want)
		}
	}
}

// A gap that is too long for a cell leaves it out, wherever it is, and those that take any.
func TestLongGapsLeaveOut(t *testing.T) {
	for part := range 3 {
		s := contestSpec("a number")
		s.Models = []Contestant{net("explicit", model.Recurrent(cell.CTRNN{Units: 3})), net("ltc", model.Liquid(cell.LTC{Unfolds: 2}, wiring.Auto(8, 2))), {Name: "mean"}}
		for k := range 2 {
			s.Models[k].Optional = true
		}
		c, err := NewContest(s.cut())
		if err != nil || len(c.LeftOut()) != 0 {
			t.Fatalf("without a gap %v is left out, %v", c.LeftOut(), err)
		}
		list := [][]series.Series{s.Split.Train, s.Split.Valid, s.Split.Test}[part]
		list[0].DT[7] = 1e6
		if c, err = NewContest(s.cut()); err != nil {
			t.Fatal(err)
		}
		var input *model.InputError
		if left := c.LeftOut(); len(left) != 1 || left[0].Name != "explicit" || !errors.As(left[0].Err, &input) || !slices.Equal(c.Rows(), []string{"ltc", "mean"}) {
			t.Errorf("part %d: left out are %v", part, left)
		}
	}
}
