package bench

import (
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/train"
)

// trainCases are whole training steps: batch transposition from row-major data, forward, squared error over all rows,
// backward, Adam without clipping.
var trainCases = []Case{
	{Name: "train/cfc-dense/B64T128", open: training("cfc-dense", 64, 128)},
	{Name: "train/ltc-ncp19/B64T128", open: training("ltc-ncp19", 64, 128)},
	{Name: "train/ltc-ncp32/B64T128", open: training("ltc-ncp32", 64, 128)},
	{Name: "train/ltc-fc32/B64T128", open: training("ltc-fc32", 64, 128)},
	{Name: "train/cfc-ncp19/B64T128", open: training("cfc-ncp19", 64, 128)},
	{Name: "train/cfc-ncp19-masked/B64T128", open: training("cfc-ncp19-masked", 64, 128)},
	{Name: "train/lstm64/B64T128", open: training("lstm64", 64, 128)},
	{Name: "train/gru64/B64T128", open: training("gru64", 64, 128)},
	{Name: "train/cfc-dense/B32T32", open: training("cfc-dense", 32, 32)},
	{Name: "train/ltc-ncp19/B32T32", open: training("ltc-ncp19", 32, 32)},
	{Name: "train/ltc-ncp32/B32T32", open: training("ltc-ncp32", 32, 32)},
	{Name: "train/ltc-fc32/B32T32", open: training("ltc-fc32", 32, 32)},
	{Name: "train/cfc-ncp19/B32T32", open: training("cfc-ncp19", 32, 32)},
	{Name: "train/cfc-ncp19-masked/B32T32", open: training("cfc-ncp19-masked", 32, 32)},
	{Name: "train/lstm64/B32T32", open: training("lstm64", 32, 32)},
	{Name: "train/gru64/B32T32", open: training("gru64", 32, 32)},
}

// forwardCases run a batch and show every output row.
var forwardCases = []Case{
	{Name: "forward/cfc-dense/B64T128", open: forward("cfc-dense", 64, 128)},
	{Name: "forward/ltc-ncp19/B64T128", open: forward("ltc-ncp19", 64, 128)},
	{Name: "forward/ltc-ncp32/B64T128", open: forward("ltc-ncp32", 64, 128)},
	{Name: "forward/ltc-fc32/B64T128", open: forward("ltc-fc32", 64, 128)},
	{Name: "forward/cfc-ncp19/B64T128", open: forward("cfc-ncp19", 64, 128)},
	{Name: "forward/cfc-ncp19-masked/B64T128", open: forward("cfc-ncp19-masked", 64, 128)},
	{Name: "forward/lstm64/B64T128", open: forward("lstm64", 64, 128)},
	{Name: "forward/gru64/B64T128", open: forward("gru64", 64, 128)},
}

func training(name string, batch, times int) func(setting) work {
	return func(s setting) work { return networks[name].training(s, batch, times) }
}

func (n network) training(s setting, batch, times int) work {
	batch, times = s.bound(batch), s.bound(times)
	m := n.model()
	p := m.Program().Only("y")
	b := engine.NewBatch(p, engine.BatchOptions{Workers: s.threads, Memory: s.memory})
	theta, data := m.Params(), lanes(batch, times)
	labels, width := normals(1<<32, batch*times*n.outputs), n.outputs
	update, err := train.NewUpdate(p, train.Options{LearningRate: 1e-3, Clip: -1})
	if err != nil {
		panic(err)
	}
	scale, last := 2/float32(len(labels)), 0.0
	loss := func(lane, t int, y, dy []float32) (sum float64) {
		want := labels[(lane*times+t)*width:][:width]
		for i, v := range y {
			e := v - want[i]
			dy[i] = scale * e
			sum += float64(e * e)
		}
		return sum
	}
	return work{
		op: func() {
			sum, grad := b.Gradient(theta, data, loss)
			if err := update(theta, grad); err != nil {
				panic(err)
			}
			last = sum
		},
		items: batch * times,
		flops: float64(batch*times) * costOf(p.Reverse(step.WRT{})),
		traffic: func() float64 {
			return 2*float64(b.Bytes()*shards(batch)/min(s.threads, shards(batch))) + bytesOf(data)
		},
		loss: func() float64 { return last / float64(len(labels)) },
	}
}

// shards is into how many parts a Batch cuts n series. Its memory is that of one for each worker.
func shards(n int) int {
	if n < 64 {
		return (n + 15) / 16
	}
	return (n + 31) / 32
}

// costOf is the number of floating point operations of one lane and time, its reverse included where the program has one.
func costOf(p *step.Program) (flops float64) {
	if p.Adjoint == nil {
		return p.FLOPs()
	}
	uniform := p.Uniform()
	for i, n := range p.Nodes[:p.Adjoint.Tail] {
		// The gradient of a matrix adds its products up itself, so that its sum is in their cost.
		sum := n.Op == step.OpAccum && p.Nodes[n.In[1]].Op == step.OpOuter
		if !uniform[i] && !sum {
			flops += p.NodeFLOPs(i)
		}
	}
	return flops
}

func forward(name string, batch, times int) func(setting) work {
	return func(s setting) work {
		n, batch, times := networks[name], s.bound(batch), s.bound(times)
		m := n.model()
		p := m.Program().Only("y")
		b := engine.NewBatch(p, engine.BatchOptions{Workers: s.threads})
		theta, data := m.Params(), lanes(batch, times)
		last := make([]float32, batch)
		return work{
			op:      func() { b.Run(theta, data, func(lane, _ int, y []float32) { last[lane] = y[0] }) },
			items:   batch * times,
			flops:   float64(batch*times) * costOf(p),
			traffic: func() float64 { return bytesOf(data) + 4*float64(len(theta)+batch*times*n.outputs) },
		}
	}
}
