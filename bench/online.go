package bench

import (
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/train"
)

// onlineCases are exact real-time updates of one stream: step, reverse, derivatives carried on, optimiser without clipping,
// and what follows from the new parameters.
var onlineCases = []Case{
	{Name: "online/rtrl-ltc-ncp19", open: updates("ltc-ncp19", "sgd")},
	{Name: "online/rtrl-cfc-ncp19", open: updates("cfc-ncp19", "sgd")},
	{Name: "online/rtrl-cfc-ncp19-masked", open: updates("cfc-ncp19-masked", "sgd")},
	{Name: "online/rtrl-ltc-ncp19-adam", open: updates("ltc-ncp19", "adam")},
	{Name: "online/rtrl-cfc-ncp19-adam", open: updates("cfc-ncp19", "adam")},
}

// learningRate is small enough that a stream of noise moves nothing far in any number of updates.
const learningRate = 1e-5

func updates(name, optimiser string) func(setting) work {
	return func(setting) work {
		m := networks[name].model()
		update, err := train.NewUpdate(m.Program(), train.Options{Optimiser: optimiser, LearningRate: learningRate, Momentum: -1, Clip: -1})
		if err != nil {
			panic(err)
		}
		squared := func(y []float32, label float64, dy []float32) float64 {
			e := y[0] - float32(label)
			dy[0] = 2 * e
			return float64(e * e)
		}
		l, err := online.New(m, online.Options{Loss: squared, Update: update})
		if err != nil {
			panic(err)
		}
		rows, labels, at := normals(7, cycle*inputs), normals(8, cycle), 0
		return work{
			op: func() {
				if _, err := l.Step(rows[at*inputs:][:inputs], 1); err != nil {
					panic(err)
				}
				if _, err := l.Learn(float64(labels[at])); err != nil {
					panic(err)
				}
				at = (at + 1) % cycle
			},
			items:   1,
			flops:   costOf(m.Program()) + l.FLOPs(),
			traffic: func() float64 { return float64(l.Bytes()) },
		}
	}
}
