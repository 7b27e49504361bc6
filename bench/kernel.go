package bench

import (
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// kernelCases time inner loops as the engine runs them: programs of a single operation, so that they follow whichever
// kernels this machine has. Names of products are those of C = A B with A [m][k] and B [k][n]: m lanes, k inputs, n outputs.
var kernelCases = append([]Case{
	{Name: peakCase, open: multiplyAdds(multiplyAdd, 20000, peakFLOPs)},
	{Name: "kernel/fma-brief", open: multiplyAdds(multiplyAdd, 360, peakFLOPs)},
	{Name: memoryCase, open: copying(32 << 20)},
	{Name: cacheCase, open: copying(64 << 10)},
	{Name: "kernel/mm-64x136x128", open: product(64, 136, 128)},
	{Name: "kernel/mm-256x128x64", open: product(256, 128, 64)},
	{Name: "kernel/mm-64x72x128", open: product(64, 72, 128)},
	{Name: "kernel/mm-64x128x256", open: product(64, 128, 256)},
	{Name: "kernel/tanh", open: function(step.Tanh)},
	{Name: "kernel/sigmoid", open: function(step.Sigmoid)},
	{Name: "kernel/exp", open: function(step.Exp)},
}, wideCases()...)

// The cases that others are measured by: what one core can compute, and what memory and its caches deliver.
const (
	peakCase   = "kernel/fma-peak"
	memoryCase = "kernel/copy-64MB"
	cacheCase  = "kernel/copy-128kB"
)

// multiplyAdds are multiply-adds on registers alone. A brief one takes as long as a step of a small network and touches no
// memory, so that its slow repetitions show what the machine does to any program; flops are those of one round.
func multiplyAdds(run func(rounds int), rounds int, flops float64) func(setting) work {
	return func(setting) work {
		return work{
			op:      func() { run(rounds) },
			items:   rounds,
			flops:   float64(rounds) * flops,
			traffic: func() float64 { return 0 },
		}
	}
}

// copying moves n bytes to another place, so that twice as many pass.
func copying(n int) func(setting) work {
	return func(s setting) work {
		n := n
		if s.least > 0 {
			n = 1 << 10
		}
		from, to := make([]byte, n), make([]byte, n)
		for i := range from {
			from[i] = byte(i) // pages that nothing was written to are one page of zeros
		}
		return work{op: func() { copy(to, from) }, items: n, traffic: func() float64 { return 2 * float64(n) }}
	}
}

func product(m, k, n int) func(setting) work {
	return func(s setting) work {
		b := step.New()
		x := b.Input("x", k)
		b.Output("y", b.Linear("p", n, step.Xavier(k, n), nil, step.Term{Name: "w", X: x}))
		return single(b.Build(), s.bound(m))
	}
}

// function is an element-wise function of 8,192 numbers.
func function(f func(step.Vec) step.Vec) func(setting) work {
	return func(setting) work {
		b := step.New()
		b.Output("y", f(b.Input("x", 128)))
		return single(b.Build(), 64)
	}
}

// single runs a program of one input and one output for one time.
func single(p *step.Program, lanes int) work {
	e := engine.Compile(p, engine.Options{Lanes: lanes})
	theta := make([]float32, p.ParamCount())
	for i, v := range p.Initial(1) {
		theta[i] = float32(v)
	}
	e.SetParams(theta)
	copy(e.Input(0, 0), normals(5, len(e.Input(0, 0))))
	numbers := len(theta) + len(e.Input(0, 0)) + len(e.Output(0, 0))
	return work{
		op:      func() { e.Forward(1) },
		items:   len(e.Output(0, 0)),
		flops:   float64(lanes) * costOf(p),
		traffic: func() float64 { return 4 * float64(numbers) },
	}
}
