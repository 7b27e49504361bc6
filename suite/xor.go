package suite

import (
	"math"
	"math/rand/v2"

	"github.com/elegans-nn/elegans/series"
)

var xor = Task{
	Name: "xor", Title: "Event-based bit-stream XOR",
	Protocol: "drawn: a stream has a length from 2 to 31 and fair bits; an event each time a bit differs from the last one (its value, and the bits since " +
		"the previous event as elapsed time), and one more for what is left at the end; the parity of the ones is asked at the last event; the unit of time is " +
		"a bit, where the paper divides by 32; networks see the bit and, beside what the cell makes of elapsed time itself, its sine and cosine at 1, 1/2, 1/4 and " +
		"1/8 radian a bit; those whose name ends in number see it standardised in place of these, those in own nothing more; 20,000 training, 2,000 validation and 10,000 test streams (the paper: 100,000 and 10,000); " +
		"training begins with the streams of the fewest events and has all of them after seven tenths of its epochs, for every network",
	Source: "generated, after M. Lechner and R. Hasani 2020", LastOnly: true, Measures: []Measure{of("accuracy")}, Batch: 64,
	read: func(Folder) (*Data, error) { return encoded(XOR(20000, 2000, 10000, 1)), nil },
}

// xorUntimed shows what elapsed times are worth.
var xorUntimed = Task{
	Name: "xor-no-dt", Title: "Event-based bit-stream XOR without elapsed times",
	Protocol: "streams, parts, inputs and training of task xor, with every elapsed time set to 1, so that only the order of the events is known", Source: xor.Source,
	LastOnly: true, Measures: xor.Measures, Batch: xor.Batch, Timed: &xor,
	read: func(Folder) (*Data, error) {
		d := XOR(20000, 2000, 10000, 1)
		for _, list := range d.all() {
			for i := range list {
				list[i].DT = ones(list[i].Len())
			}
		}
		return encoded(d), nil
	},
}

// all are the series of all parts.
func (d *Data) all() [][]series.Series {
	return [][]series.Series{d.Train.Series, d.Valid.Series, d.Test.Series}
}

// waves are the angular frequencies, in radians a bit, at which networks see elapsed times. The parity of a run's length goes up and
// down with the elapsed time, which a few tanh of a number learn step by step from the shortest runs on: the rare long ones come last.
// Sines and cosines keep all lengths apart; no number of bits is a period of any of these, so that no parity is among them.
// Source: Vaswani et al., Attention is all you need, 2017, section 3.5, for positions.
var waves = [4]float64{1, 1. / 2, 1. / 4, 1. / 8}

// withWaves names the bit and the waves among the inputs.
var withWaves = []string{"bit", "sin0", "cos0", "sin1", "cos1", "sin2", "cos2", "sin3", "cos3"}

// encoded appends elapsed times to the inputs.
func encoded(d *Data) *Data {
	var elapsed []float64
	for i := range d.Train.Series {
		for _, dt := range d.Train.Series[i].DT {
			elapsed = append(elapsed, float64(dt))
		}
	}
	d.Schema.Inputs = append(d.Schema.Inputs, number("elapsed", elapsed))
	for _, name := range withWaves[1:] {
		d.Schema.Inputs = append(d.Schema.Inputs, unit(name, 1))
	}
	for _, list := range d.all() {
		for i := range list {
			s := &list[i]
			var x []float32
			for row, bit := range s.X {
				x = append(x, bit, s.DT[row])
				for _, w := range waves {
					sin, cos := math.Sincos(w * float64(s.DT[row]))
					x = append(x, float32(sin), float32(cos))
				}
			}
			s.X = x
		}
	}
	d.Options.Curriculum = lessons
	return d
}

// lessons are the share of the epochs in which long streams are held back. All at once they teach nothing for dozens of epochs: the
// parity of a stream follows from its events only if nearly every one of them is counted right, which the short ones teach.
const lessons = 0.7

// longestStream is above the length of all streams.
const longestStream = 32

// XOR draws streams for training, validation and test, with the bit as input: see the protocol of task xor. Equal seeds give equal streams; more
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
