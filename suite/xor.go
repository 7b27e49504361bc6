package suite

import (
	"math/rand/v2"

	"github.com/elegans-nn/elegans/series"
)

var xor = Task{
	Name: "xor", Title: "Event-based bit-stream XOR",
	Protocol: "drawn: a stream has a length from 2 to 31 and fair bits; an event each time a bit differs from the last one (its value, and the bits since " +
		"the previous event as elapsed time), and one more for what is left at the end; the parity of the ones is asked at the last event; the unit of time is " +
		"a bit, where the paper divides by 32, in which most differences of elapsed time are too small to be told apart before many epochs; " +
		"20,000 training, 2,000 validation and 10,000 test streams (the paper: 100,000 and 10,000); training begins with the streams of the fewest events and " +
		"has all of them after seven tenths of its epochs, for every network",
	Source: "generated, after M. Lechner and R. Hasani 2020", LastOnly: true, Measures: []Measure{of("accuracy")}, Batch: 64,
	read: func(Folder) (*Data, error) {
		d := XOR(20000, 2000, 10000, 1)
		d.Options.Curriculum = lessons
		return d, nil
	},
}

// lessons are the share of the epochs in which long streams are held back. All at once they teach nothing for dozens of epochs: the
// parity of a stream follows from its events only if nearly every one of them is counted right, which the short ones teach.
const lessons = 0.7

// longestStream is above the length of all streams.
const longestStream = 32

// XOR draws streams for training, validation and test: see the protocol of task xor. Equal seeds give equal streams; more
// of one part do not change the others.
func XOR(train, valid, test int, seed uint64) *Data {
	d := &Data{Schema: series.Schema{
		Inputs: []series.Input{unit("bit", 1)},
		Target: series.Target{Name: "parity", Task: series.Classify, Classes: []string{"even", "odd"}, LastStep: true},
		Clock:  series.Clock{Kind: series.Elapsed, Unit: 1, FirstDT: 1},
	}}
	draw := func(part uint64, n int) (list []series.Series) {
		r := rand.New(rand.NewPCG(seed, part))
		for range n {
			bits := make([]int, 2+r.IntN(longestStream-2))
			for i := range bits {
				bits[i] = r.IntN(2)
			}
			list = append(list, events(bits))
		}
		return list
	}
	d.Train, d.Valid, d.Test = whole(draw(1, train)), whole(draw(2, valid)), whole(draw(3, test))
	return d
}

// events are the changes of a stream of bits.
func events(bits []int) (s series.Series) {
	last, since, ones := -1, 0, 0
	add := func(bit int) {
		s.X = append(s.X, float32(bit))
		s.DT = append(s.DT, float32(since))
		since = 0
	}
	for _, bit := range bits {
		since++
		ones += bit
		if bit != last {
			add(bit)
		}
		last = bit
	}
	if since > 0 {
		add(last)
	}
	s.Y = unlabelled(s.Len())
	s.Y[s.Len()-1] = float64(ones % 2)
	return s
}
