package engine_test

import (
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// workloads are the recurrent layers whose speed matters, each with a linear readout of one output.
var workloads = []string{"ltc-ncp19", "ltc-ncp32", "ltc-fc32", "cfc-dense", "cfc-ncp19", "cfc-ncp19-masked", "lstm64", "gru64"}

// preset is a workload's program for 8 inputs.
func preset(tb testing.TB, name string) *step.Program {
	p, err := cell.LookupPreset(name)
	if err != nil {
		tb.Fatal(err)
	}
	b := step.New()
	x := b.Input("x", 8)
	if p.Wiring == nil {
		x = p.Cell.Build(b, x, nil)
	} else {
		w, err := p.Wiring(1).Build(8)
		if err != nil {
			tb.Fatal(err)
		}
		x = p.Cell.Build(b, x, w)
	}
	b.Output("y", b.Linear("readout", 1, step.FanIn(x.Len()), step.FanIn(x.Len()), step.Term{Name: "h", X: x}))
	return b.Build()
}

// onPaths runs a benchmark on all kernels that run here.
func onPaths(b *testing.B, name string, run func(b *testing.B)) {
	for _, instructions := range kernels {
		back, ok := use(instructions)
		if ok {
			b.Run(name+"/"+instructions, run)
		}
		back()
	}
}

// BenchmarkTrain times forward, loss and reverse of 64 series of 128 rows on one core.
func BenchmarkTrain(b *testing.B) {
	for _, name := range workloads {
		p := preset(b, name)
		theta, lanes := initial(p, 1), series(p, lengths(64, 128, 128), 1)
		onPaths(b, name, func(b *testing.B) {
			batch := engine.NewBatch(p, engine.BatchOptions{Workers: 1})
			loss := func(_, _ int, y, dy []float32) float64 {
				dy[0] = y[0]
				return float64(y[0] * y[0])
			}
			batch.Gradient(theta, lanes, loss)
			for b.Loop() {
				batch.Gradient(theta, lanes, loss)
			}
		})
	}
}

// BenchmarkStream times one row of one series.
func BenchmarkStream(b *testing.B) {
	for _, name := range workloads {
		p := preset(b, name)
		onPaths(b, name, func(b *testing.B) {
			e := engine.Compile(p, engine.Options{})
			e.SetParams(initial(p, 1))
			copy(e.Input(0, 0), []float32{0.3, -1, 0.7, 0.2, 1.1, -0.4, 0.9, -0.8})
			if dt := e.DT(0); dt != nil {
				dt[0] = 1
			}
			for b.Loop() {
				e.Forward(1)
			}
		})
	}
}
