package suite

import (
	"fmt"
	"math"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/series"
)

// The numbers of windows, steps and scored values are those of an independent evaluation of the same splits, which says
// "7301 train, 812 validation, 1550 test; 16 steps of 5 features" and so on.
func TestSplits(t *testing.T) {
	for _, c := range []struct {
		task               *Task
		train, valid, test int
		steps, inputs      int
		positive           [3]int // scored steps of class 1; -1 where the independent evaluation does not say
	}{
		{&occupancyPaper, 7301, 812, 1550, 16, 5, [3]int{-1, -1, 6008}},
		{&occupancyChrono, 8128, 2650, 9737, 16, 5, [3]int{-1, -1, 2034}},
		{&cheetah, 970, 485, 970, 32, 17, [3]int{-1, -1, -1}},
		{&cheetahClip, 970, 485, 970, 32, 17, [3]int{-1, -1, -1}},
		{&ozoneChrono, 1742, 254, 507, 32, 72, [3]int{131, 11, 18}},
		{&trafficHour, 28378, 4058, 8115, 24, 14, [3]int{-1, -1, -1}},
		{&vowels, 216, 54, 370, 0, 12, [3]int{-1, -1, -1}},
		{&physionet, 4833, 1574, 1593, 48, 42, [3]int{-1, -1, 213}},
		{&cgm, 19284, 4333, 6419, 24, 3, [3]int{-1, -1, -1}},
		{&cmapss, 14336, 3395, 100, 30, 14, [3]int{-1, -1, -1}},
		{&cmapssHistory, 14336, 3395, 100, 0, 14, [3]int{-1, -1, -1}},
		{&lidar, 556, 122, 250, 32, 541, [3]int{-1, -1, -1}},
		{&lidarNcps, 678, 0, 250, 32, 541, [3]int{-1, -1, -1}},
		{&occupancyLeaky, 7316, 812, 1550, 16, 5, [3]int{-1, -1, -1}},
		{&ozoneLeaky, 471, 62, 93, 32, 72, [3]int{-1, -1, -1}},
		{&trafficLeaky, 9034, 1204, 1806, 32, 9, [3]int{-1, -1, -1}},
		{&physionetEvents, 4833, 1574, 1593, 0, 42, [3]int{-1, -1, 213}},
		{&smnist, 54000, 6000, 10000, 28, 28, [3]int{-1, -1, 1135}}, // ones among the test digits
		{&xor, 20000, 2000, 10000, 0, 10, [3]int{-1, -1, -1}},
		{&motions, 32, 8, 40, 100, 6, [3]int{-1, -1, 10}},
		{&digits, 2400, 300, 300, 0, 32, [3]int{240, 30, 30}},
	} {
		t.Run(c.task.Name, func(t *testing.T) {
			d := readTask(t, c.task)
			if len(d.Schema.Inputs) != c.inputs {
				t.Errorf("%d inputs, want %d", len(d.Schema.Inputs), c.inputs)
			}
			for i, part := range []dataset.Part{d.Train, d.Valid, d.Test} {
				if got, want := len(part.Windows), []int{c.train, c.valid, c.test}[i]; got != want {
					t.Errorf("part %d: %d windows, want %d", i, got, want)
				}
				positive := 0
				for k, w := range part.Windows {
					s := part.Span(k)
					if c.steps > 0 && s.Len() != c.steps {
						t.Fatalf("part %d, window %d: %d steps, want %d", i, k, s.Len(), c.steps)
					}
					want := s.Len()
					if c.task.LastOnly {
						want = 1
					}
					if s.Scored() != want || c.task.LastOnly && s.Y[len(s.Y)-1] != s.Y[len(s.Y)-1] {
						t.Fatalf("part %d, window %+v: %d steps scored, want %d", i, w, s.Scored(), want)
					}
					for _, y := range s.Y {
						if y == 1 {
							positive++
						}
					}
				}
				if want := c.positive[i]; want >= 0 && positive != want {
					t.Errorf("part %d: %d scored steps of class 1, want %d", i, positive, want)
				}
			}
		})
	}
}

// No task scores a label in two parts, but for those that are said to leak, which do.
func TestNoSharedLabels(t *testing.T) {
	for _, task := range Tasks() {
		t.Run(task.Name, func(t *testing.T) {
			if err := noSharedLabels(readTask(t, task)); (err != nil) != task.Leaky {
				t.Errorf("leaky: %v; shared: %v", task.Leaky, err)
			}
		})
	}
}

// label is one that is scored, by what it is and not by where in memory it stands, for parts may hold copies of rows.
type label struct {
	series      string
	row, output int
	content     uint64 // of the label itself, and of the inputs there and before
}

// memory is how many rows before a label tell it from others where its series does not know the rows of its source: digits end in
// black rows.
const memory = 20

// labelAt is label at of a series.
func labelAt(s *series.Series, at int) label {
	n := s.Outputs()
	row := at / n
	l := label{series: s.Name, row: row, output: at % n, content: math.Float64bits(s.Y[at])}
	from := max(0, row-memory)
	if s.Row != nil {
		from = row // a copy need not have those before
	}
	for k := from; k <= row; k++ {
		for _, v := range s.At(k) {
			l.content = l.content*0x9E3779B97F4A7C15 + uint64(math.Float32bits(v))
		}
	}
	if s.Row != nil {
		l.row = s.Row[row]
	}
	return l
}

// TestSharedLabels: a row that two parts score is found, in memory of its own too.
func TestSharedLabels(t *testing.T) {
	part := func(from, to int) (p dataset.Part) {
		s := series.Series{Name: "walk"}
		for row := from; row < to; row++ {
			s.X, s.DT, s.Y, s.Row = append(s.X, float32(row*row%7)), append(s.DT, 1), append(s.Y, float64(row%3)), append(s.Row, row)
		}
		p.Series, p.Windows = []series.Series{s}, []dataset.Window{{From: 0, To: s.Len()}}
		return p
	}
	if err := noSharedLabels(&Data{Train: part(0, 20), Valid: part(20, 25), Test: part(25, 40)}); err != nil {
		t.Error(err)
	}
	for _, d := range []*Data{
		{Train: part(0, 25), Valid: part(0, 5), Test: part(25, 40)},
		{Train: part(0, 21), Valid: part(20, 25), Test: part(25, 40)}, // a copy of the later part begins with it
		{Train: part(0, 20), Valid: part(20, 30), Test: part(29, 40)},
	} {
		if err := noSharedLabels(d); err == nil {
			t.Error("a copy of a row in two parts is not found")
		}
	}
}

// noSharedLabels says whether a label is scored in two parts.
func noSharedLabels(d *Data) error {
	owner := map[label]int{}
	for i, part := range []dataset.Part{d.Train, d.Valid, d.Test} {
		for _, w := range part.Windows {
			s := part.Series[w.Series]
			n := s.Outputs()
			if s.Name == "" && len(part.Series) > 1 {
				continue // drawn sequences without names, of which some are equal by chance
			}
			for at := (w.From + w.Lead) * n; at < w.To*n; at++ {
				if s.Y[at] != s.Y[at] {
					continue
				}
				l := labelAt(&s, at)
				if other, ok := owner[l]; ok && other != i {
					return fmt.Errorf("a label of %q at %d is scored in parts %d and %d", s.Name, at/n, other, i)
				}
				owner[l] = i
			}
		}
	}
	return nil
}

// Windows with history end where those of 30 cycles do, and reach back over 60 or to the first cycle.
func TestLifeHistory(t *testing.T) {
	short, long := readTask(t, &cmapss), readTask(t, &cmapssHistory)
	for i, parts := range [][2]dataset.Part{{short.Train, long.Train}, {short.Valid, long.Valid}, {short.Test, long.Test}} {
		for k, w := range parts[0].Windows {
			if got, want := parts[1].Windows[k], (dataset.Window{Series: w.Series, From: max(0, w.To-60), To: w.To, Lead: min(60, w.To) - 1}); got != want || w.To-w.From != 30 || w.Lead != 29 {
				t.Fatalf("part %d: window %+v became %+v, want %+v", i, w, got, want)
			}
		}
	}
}
