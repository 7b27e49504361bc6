package evidence

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/suite"
	"github.com/elegans-nn/elegans/train"
)

// opposites are two tasks that contradict each other: the sign of the sum of a short series, and its negative.
func opposites(t *testing.T) *course {
	t.Helper()
	schema := series.Plain(1)
	schema.Target = series.Target{Name: "sign", Task: series.Classify, Classes: []string{"a", "b"}, LastStep: true}
	net, err := model.New(schema, model.Recurrent(cell.GRU{Units: 6}))
	if err != nil {
		t.Fatal(err)
	}
	c := &course{title: "opposites", net: net}
	if c.loss, err = train.NewRowLoss(schema.Target, train.Options{}.Filled()); err != nil {
		t.Fatal(err)
	}
	accuracy, err := metric.ByName("accuracy")
	if err != nil {
		t.Fatal(err)
	}
	for task := range 2 {
		of := func(seed uint64, n int) (list []series.Series) {
			r := random(seed)
			for range n {
				s, sum := series.Series{}, 0.0
				for range 4 {
					v := r.NormFloat64()
					s.X, s.DT, s.Y, sum = append(s.X, float32(v)), append(s.DT, 1), append(s.Y, none), sum+v
				}
				s.Y[3] = float64(task)
				if sum > 0 {
					s.Y[3] = float64(1 - task)
				}
				list = append(list, s)
			}
			return list
		}
		c.lessons = append(c.lessons, lesson{name: string("xy"[task]), train: of(1, 150), labels: 400, parts: [2][]series.Series{of(2, 100), of(3, 100)},
			score: func(m *model.Model, part []series.Series) (float64, error) {
				e := metric.NewEvaluator(schema.Target)
				same := func(v []float64) []float64 { return v }
				err := evaluate(m, part, "prediction", e, same, same)
				return e.Score(accuracy), err
			}})
	}
	return c
}

// Of two tasks that contradict each other each is learned when it is its turn, the first is lost without protection, and the bound
// has all rows alike.
func TestCourse(t *testing.T) {
	c := opposites(t)
	run := func(k int) [][]float64 {
		score, before, err := c.run(context.Background(), attempt{protections[k], protections[k].strengths[0], 0.02, 1, onTest})
		if err != nil || len(before) != 2 || len(score) != 2 {
			t.Fatal(score, before, err)
		}
		return score
	}
	if s := run(0); s[0][0] < 0.8 || s[1][1] < 0.8 || s[1][0] > 0.2 || s[0][1] > 0.2 {
		t.Errorf("without protection: %v", s)
	}
	if s := run(len(protections) - 1); !slices.Equal(s[0], s[1]) || s[0][0]+s[0][1] > 1.01 {
		t.Errorf("at once: %v", s)
	}
	tables, err := c.tables(context.Background(), 1, func(string, float64) {})
	if err != nil {
		t.Fatal(err)
	}
	all, each := tables[0], tables[1]
	if len(all.Rows) != len(protections) || len(each.Rows) != 2*len(protections)-1 || len(each.Columns) != 2 || all.Rows[len(protections)-1].Figures[1] != nil {
		t.Errorf("%+v", tables)
	}
	if first := all.Rows[0].Figures; math.Abs(first[0].Mean-0.5) > 0.1 || first[1].Mean > -0.6 || first[3].Mean < 0.6 {
		t.Errorf("average %v, backward %v, forgetting %v", first[0], first[1], first[3])
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := c.tables(stopped, 1, func(string, float64) {}); err != context.Canceled {
		t.Errorf("the error is %v", err)
	}
}

// A lesson gives as many labels as it says, each series once before any is there twice; together they are the same.
func TestBlocks(t *testing.T) {
	c := opposites(t)
	count := func(block []*series.Series) map[*series.Series]int {
		n := map[*series.Series]int{}
		for _, s := range block {
			n[s]++
		}
		return n
	}
	list, all := c.blocks(false, random(5)), c.blocks(true, random(5))
	if len(list) != 2 || len(list[0]) != 400 || len(all) != 1 || len(all[0]) != 800 {
		t.Fatalf("%d blocks of %d; at once %d", len(list), len(list[0]), len(all[0]))
	}
	for s, n := range count(list[0]) {
		if n < 2 || n > 3 { // of 150
			t.Errorf("a series is there %d times", n)
		}
		if count(all[0])[s] != n {
			t.Errorf("a series is there %d times, at once %d times", n, count(all[0])[s])
		}
	}
}

// Windows become series of their own, without labels where they lead up to what is scored, and every second row ends with the last.
func TestCut(t *testing.T) {
	s := series.Series{X: []float32{1, 2, 3, 4, 5, 6}, DT: []float32{9, 9, 9, 9, 9, 9}, Y: []float64{1, 2, 3, 4, 5, 6}}
	part := dataset.Part{Series: []series.Series{s}, Windows: []dataset.Window{{From: 0, To: 3, Lead: 2}, {From: 1, To: 4}, {From: 2, To: 6, Lead: 3}, {From: 3, To: 5}}}
	got := cut(part, 2)
	if len(got) != 2 || !slices.Equal(got[1].X, []float32{3, 4, 5, 6}) || got[1].DT[0] != 1 || got[1].DT[1] != 9 || got[1].Scored() != 1 || got[1].Y[3] != 6 {
		t.Errorf("%+v", got)
	}
	if s.Y[2] != 3 || s.DT[2] != 9 || len(cut(part, 0)) != 4 || len(cut(part, 9)) != 4 {
		t.Error("the series itself has changed, or windows are missing")
	}
	if two := everySecond(s); !slices.Equal(two.X, []float32{2, 4, 6}) || !slices.Equal(two.Y, []float64{2, 4, 6}) || !slices.Equal(two.DT, []float32{1, 1, 1}) {
		t.Errorf("%+v", two)
	}
}

// A task among others reads its own inputs and outputs, and says nothing of the rows of the others.
func TestBranch(t *testing.T) {
	of := func(target series.Target, at, inputs int) *branch {
		loss, err := train.NewRowLoss(target, train.Options{}.Filled())
		if err != nil {
			t.Fatal(err)
		}
		return &branch{data: &suite.Data{Schema: series.Schema{Target: target}}, loss: loss, at: at, inputs: inputs}
	}
	two := of(series.Target{Task: series.Classify, Classes: []string{"a", "b"}}, 0, 0)
	three := of(series.Target{Task: series.Classify, Classes: []string{"a", "b", "c"}}, 1, 1)
	numbers := of(series.Target{Task: series.Regress, SD: 1, Outputs: 2, Each: []series.Output{{Mean: 1, SD: 2}, {Mean: 0, SD: 3}}}, 4, 2)
	schema := series.Schema{Inputs: []series.Input{{Mean: 5}, {Mean: 6, Missing: true}, {Mean: 7}}, Target: series.Target{Outputs: 6}}
	rows := three.wide(schema, []series.Series{{X: []float32{1, 2}, DT: []float32{1, 1}, Y: []float64{none, 2}}})[0]
	if !slices.Equal(rows.X, []float32{5, 1, 7, 5, 2, 7}) || rows.Scored() != 1 || rows.Label(1)[1] != 2 {
		t.Errorf("%+v", rows)
	}
	if x := two.wide(schema, []series.Series{{X: []float32{1}, DT: []float32{1}, Y: []float64{1}}})[0].X; x[1] == x[1] || x[2] != 7 {
		t.Errorf("%v", x)
	}
	y, dy := []float32{0.5, 1, 2, 3, 4, 5}, make([]float32, 6)
	if two.of(y, rows.Label(1), dy) != 0 || numbers.of(y, rows.Label(1), dy) != 0 || dy[0] != 0 {
		t.Error("a task learns from the row of another one")
	}
	want := math.Log(math.Exp(1)+math.Exp(2)+math.Exp(3)) - 3
	if got := three.of(y, rows.Label(1), dy); math.Abs(got-want) > 1e-6 || dy[0] != 0 || dy[4] != 0 || !(dy[3] < 0) {
		t.Errorf("loss %g, want %g; slopes %v", got, want, dy)
	}
	wide := []float64{0.5, 1, 2, 3, 4, 5}
	sum := math.Exp(1) + math.Exp(2) + math.Exp(3)
	for _, c := range []struct {
		b    *branch
		want []float64
	}{
		{two, []float64{1 / (1 + math.Exp(0.5)), 1 / (1 + math.Exp(-0.5))}}, {three, []float64{math.Exp(1) / sum, math.Exp(2) / sum, math.Exp(3) / sum}},
		{numbers, []float64{9, 15}},
	} {
		for k, v := range c.b.decode(wide) {
			if math.Abs(v-c.want[k]) > 1e-12 {
				t.Errorf("value %d is %g, want %g", k, v, c.want[k])
			}
		}
	}
}

// The courses of the data that the product does not hold have their tasks, and are absent without the folder.
func TestCoursesOfData(t *testing.T) {
	var absent *AbsentError
	if _, err := continual.Run(context.Background(), Options{Data: t.TempDir()}); !errors.As(err, &absent) {
		t.Errorf("without data: %v", err)
	}
	data := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "fsdd.zip")); err != nil {
		require.Missing(t, "the folder of data is absent: %v", err)
	}
	for _, c := range []struct {
		make    func(Options) (*course, error)
		width   int
		perfect float64
	}{{spokenCourse, 10, 1}, {unlikeCourse, 29, 1}} {
		got, err := c.make(Options{Data: data, Rows: 2}.filled())
		if err != nil {
			t.Fatal(err)
		}
		if len(got.lessons) != 5 || got.net.Schema().Target.Width() != c.width {
			t.Errorf("%s: %d tasks, %d outputs", got.title, len(got.lessons), got.net.Schema().Target.Width())
		}
		s, _, err := got.run(context.Background(), attempt{protections[0], 0, 1e-3, 1, onValid})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range s {
			for k, v := range row {
				if !(v <= c.perfect) {
					t.Errorf("%s: %s scores %g", got.title, got.lessons[k].name, v)
				}
			}
		}
	}
}
