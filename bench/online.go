package bench

import (
	"fmt"
	"runtime"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/train"
	"github.com/elegans-nn/elegans/wiring"
)

// onlineCases are real-time updates of one stream, exact and by other rules: step, reverse, derivatives carried on, optimiser without clipping,
// and what follows from the new parameters.
var onlineCases = []Case{
	{Name: "online/rtrl-ltc-ncp19", open: updates("ltc-ncp19", "sgd", "rtrl")},
	{Name: "online/rtrl-cfc-ncp19", open: updates("cfc-ncp19", "sgd", "rtrl")},
	{Name: "online/rtrl-cfc-ncp19-masked", open: updates("cfc-ncp19-masked", "sgd", "rtrl")},
	{Name: "online/rtrl-ltc-ncp19-adam", open: updates("ltc-ncp19", "adam", "rtrl")},
	{Name: "online/rtrl-cfc-ncp19-adam", open: updates("cfc-ncp19", "adam", "rtrl")},
	{Name: "online/snap1-ltc-ncp19", open: updates("ltc-ncp19", "sgd", "snap-1")},
	{Name: "online/rflo-ltc-ncp19", open: updates("ltc-ncp19", "sgd", "rflo")},
	{Name: "online/eprop-ltc-ncp19", open: updates("ltc-ncp19", "sgd", "e-prop")},
	{Name: "online/tbptt16-ltc-ncp19", open: updates("ltc-ncp19", "sgd", "tbptt")},
	{Name: "online/snap1-cfc-ncp19", open: updates("cfc-ncp19", "sgd", "snap-1")},
	// Growth with the number of units: all connected to each other and to the inputs, and in an NCP.
	{Name: "online/rtrl-ltc-full/N19", Growth: &Growth{"units, all connected", 19}, open: learning(dense(19), "rtrl")},
	{Name: "online/rtrl-ltc-full/N32", Growth: &Growth{"units, all connected", 32}, open: learning(dense(32), "rtrl")},
	{Name: "online/rtrl-ltc-full/N64", Growth: &Growth{"units, all connected", 64}, open: learning(dense(64), "rtrl")},
	{Name: "online/rtrl-ltc-full/N128", Growth: &Growth{"units, all connected", 128}, open: learning(dense(128), "rtrl")},
	{Name: "online/eprop-ltc-full/N19", Growth: &Growth{"units, all connected, by e-prop", 19}, open: learning(dense(19), "e-prop")},
	{Name: "online/eprop-ltc-full/N32", Growth: &Growth{"units, all connected, by e-prop", 32}, open: learning(dense(32), "e-prop")},
	{Name: "online/eprop-ltc-full/N64", Growth: &Growth{"units, all connected, by e-prop", 64}, open: learning(dense(64), "e-prop")},
	{Name: "online/eprop-ltc-full/N128", Growth: &Growth{"units, all connected, by e-prop", 128}, open: learning(dense(128), "e-prop")},
	{Name: "online/rtrl-ltc-ncp/N19", Growth: &Growth{"units of an NCP", 19}, open: learning(ncp(19), "rtrl")},
	{Name: "online/rtrl-ltc-ncp/N32", Growth: &Growth{"units of an NCP", 32}, open: learning(ncp(32), "rtrl")},
	{Name: "online/rtrl-ltc-ncp/N64", Growth: &Growth{"units of an NCP", 64}, open: learning(ncp(64), "rtrl")},
	{Name: "online/rtrl-ltc-ncp/N128", Growth: &Growth{"units of an NCP", 128}, open: learning(ncp(128), "rtrl")},
	// One stream for a long time in the same memory: half of it to warm up, and then the other half at least.
	{Name: "online/soak/T200000", Growth: &Growth{"updates of a stream", 1e5}, open: soak(1e5)},
	{Name: "online/soak/T10000000", Growth: &Growth{"updates of a stream", 5e6}, open: soak(5e6)},
}

// tbpttRows is how many rows the rule tbptt goes back.
const tbpttRows = 16

// dense is an LTC with one output whose units are all connected to each other and to the inputs.
func dense(units int) network {
	return network{model.Liquid(ltc, wiring.Full(units)), model.Linear, 1}
}

// ncp is an LTC with one motor neuron on an NCP.
func ncp(units int) network {
	return network{model.Liquid(ltc, wiring.Auto(units, 1)), model.Direct, 1}
}

func learning(n network, rule string) func(setting) work {
	return func(setting) work { return n.updates("sgd", rule) }
}

func updates(name, optimiser, rule string) func(setting) work {
	return func(setting) work { return networks[name].updates(optimiser, rule) }
}

// soak is many updates of one stream in a row, each time it is timed. It panics where memory has grown since they began.
func soak(times int) func(setting) work {
	return func(s setting) work {
		w := networks["ltc-ncp19"].updates("sgd", "rtrl")
		one, n := w.op, s.bound(times)
		w.items, w.flops = n, w.flops*float64(n)
		var first, now runtime.MemStats
		runtime.ReadMemStats(&first)
		w.op = func() {
			for range n {
				one()
			}
			runtime.ReadMemStats(&now)
			if grown := int64(now.HeapAlloc) - int64(first.HeapAlloc); grown > 1<<20 {
				panic(fmt.Sprintf("bench: updates have left %d bytes", grown))
			}
		}
		return w
	}
}

// learningRate is small enough that a stream of noise moves nothing far in any number of updates.
const learningRate = 1e-5

// updates are those of one stream.
func (n network) updates(optimiser, rule string) work {
	m := n.model()
	update, err := train.NewUpdate(m.Program(), train.Options{Optimiser: optimiser, LearningRate: learningRate, Momentum: -1, Clip: -1})
	if err != nil {
		panic(err)
	}
	squared := func(y []float32, labels []float64, dy []float32) (sum float64) {
		for k, v := range y {
			e := v - float32(labels[0])
			dy[k] = 2 * e
			sum += float64(e * e)
		}
		return sum
	}
	l, err := online.New(m, online.Options{Rule: rule, Window: tbpttRows, Loss: squared, Update: update})
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
		items:     1,
		flops:     costOf(m.Program()) + l.FLOPs(),
		traffic:   func() float64 { return float64(l.Bytes()) },
		perStream: float64(l.Bytes()),
	}
}
