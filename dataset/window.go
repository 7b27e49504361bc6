package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/elegans-nn/elegans/series"
)

// Window is the rows [From, To) of one of a list of series. The first Lead rows of it are not scored, whatever their labels:
// they lead up to what is.
type Window struct{ Series, From, To, Lead int }

// Windows cuts series into windows that start at row 0, stride, 2·stride and so on. The last window of a series ends
// with it and may be shorter, so that with a stride of at most the length every row lies in a window, and with stride =
// length in exactly one. A stride above the length skips rows. length 0: whole series; stride 0: the length. Windows
// without a scored row are left out. It panics on a negative length or stride.
func Windows(list []series.Series, length, stride int) []Window {
	return windows(list, length, stride, false)
}

// FullWindows is Windows without the shorter ones at the ends, as published protocols count them.
func FullWindows(list []series.Series, length, stride int) []Window {
	return windows(list, length, stride, true)
}

func windows(list []series.Series, length, stride int, full bool) (cut []Window) {
	if length < 0 || stride < 0 {
		panic("dataset: negative window or stride")
	}
	for i := range list {
		s := &list[i]
		n, size, step := s.Len(), length, stride
		if size == 0 {
			size = max(n, 1)
		}
		if step == 0 {
			step = size
		}
		for from := 0; from < n; from += step {
			to := min(from+size, n)
			if full && to-from < size {
				break
			}
			if scored(s, from, to) {
				cut = append(cut, Window{Series: i, From: from, To: to})
			}
			if to == n && !full {
				break // what follows would lie inside this window
			}
		}
	}
	return cut
}

func scored(s *series.Series, from, to int) bool {
	n := s.Outputs()
	return series.Labelled(s.Y[n*from : n*to])
}

// LastOnly are the same windows with nothing scored but their last rows. Windows whose last row has no label are left out.
func LastOnly(list []series.Series, windows []Window) (cut []Window) {
	for _, w := range windows {
		if scored(&list[w.Series], w.To-1, w.To) {
			w.Lead = w.To - w.From - 1
			cut = append(cut, w)
		}
	}
	return cut
}

// Protocol is a way to train and to score, as data: how long the windows are, where they start, and which are for what.
// A built-in data set lists those of published results, so that a figure of ours compares with one of theirs.
type Protocol struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Window is the length in rows; 0: whole series. TrainStride and TestStride lie between the starts of the windows;
	// 0: Window.
	Window      int `json:"window"`
	TrainStride int `json:"train_stride"`
	TestStride  int `json:"test_stride"`
	// ResetState starts every window of validation and test from the zero state, as training does. Without it a state is
	// carried along each series, and Window and TestStride say nothing about the test.
	ResetState bool `json:"reset_state"`
	// LastOnly scores nothing but the last row of each window, in training too.
	LastOnly bool `json:"last_only,omitempty"`
	// FullWindows leaves out windows shorter than Window.
	FullWindows bool `json:"full_windows"`
	// DrawValid and DrawTest are shares of the training windows that are drawn at random, with Seed, for validation and
	// test. 0: the parts of the split. Windows that overlap share rows: what is drawn so is not independent.
	DrawValid float64 `json:"draw_valid,omitempty"`
	DrawTest  float64 `json:"draw_test,omitempty"`
	Seed      uint64  `json:"seed,omitempty"`
	// Split is how the data are divided before; nil: the default of the data set.
	Split *SplitOptions `json:"split,omitempty"`
	// Roles are those of the columns; nil: those of the data set. See Builtin.OpenProtocol.
	Roles *Roles `json:"-"`
}

// Part is what a model is trained, chosen or tested on.
type Part struct {
	Series  []series.Series
	Windows []Window
}

// Span is window i as a series of its own. It shares memory with the series but for the labels of a window with a lead.
func (p Part) Span(i int) series.Series {
	w := p.Windows[i]
	s := p.Series[w.Series].Span(w.From, w.To)
	if w.Lead > 0 && s.Y != nil {
		s.Y = slices.Clone(s.Y)
		for k := range s.Y[:w.Lead*s.Outputs()] {
			s.Y[k] = nan
		}
	}
	return s
}

// Cut applies the protocol to a split that was made by p.Split. Warnings tell where windows of two parts share rows.
func (p Protocol) Cut(s *Split) (train, valid, test Part, warnings []string) {
	cut := Windows
	if p.FullWindows {
		cut = FullWindows
	}
	train = Part{s.Train, cut(s.Train, p.Window, p.TrainStride)}
	valid = Part{s.Valid, cut(s.Valid, p.Window, p.TestStride)}
	test = Part{s.Test, cut(s.Test, p.Window, p.TestStride)}
	if p.LastOnly {
		for _, part := range []*Part{&train, &valid, &test} {
			part.Windows = LastOnly(part.Series, part.Windows)
		}
	}
	if p.DrawValid <= 0 && p.DrawTest <= 0 {
		return train, valid, test, nil
	}
	n := len(train.Windows)
	order := rand.New(rand.NewPCG(p.Seed, 0x77696e646f7773)).Perm(n)
	take := func(share float64) []Window {
		k := min(int(share*float64(n)+1e-9), len(order))
		places := slices.Sorted(slices.Values(order[:k]))
		order = order[k:]
		drawn := make([]Window, k)
		for i, place := range places {
			drawn[i] = train.Windows[place]
		}
		return drawn
	}
	if p.DrawValid > 0 {
		valid = Part{s.Train, take(p.DrawValid)}
	}
	if p.DrawTest > 0 {
		test = Part{s.Train, take(p.DrawTest)}
	}
	train.Windows = take(1)
	if p.DrawValid > 0 && overlap(train.Windows, valid.Windows) {
		warnings = append(warnings, fmt.Sprintf("protocol %s: validation windows are drawn at random and share rows with training windows, so the validation score is too good", p.Name))
	}
	if p.DrawTest > 0 && overlap(train.Windows, test.Windows) {
		warnings = append(warnings, fmt.Sprintf("protocol %s: test windows are drawn at random and share rows with training windows, so the test score is too good; it serves for comparison only", p.Name))
	}
	return train, valid, test, warnings
}

// overlap says whether a row lies in windows of both lists.
func overlap(a, b []Window) bool {
	type row struct{ series, at int }
	covered := map[row]bool{}
	for _, w := range a {
		for at := w.From; at < w.To; at++ {
			covered[row{w.Series, at}] = true
		}
	}
	for _, w := range b {
		for at := w.From; at < w.To; at++ {
			if covered[row{w.Series, at}] {
				return true
			}
		}
	}
	return false
}
