package bench

import (
	"math/rand/v2"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// inputs is the number of inputs of every network, that of the benchmarks of other libraries.
const inputs = 8

// network is a model to be timed. Sizes and readouts are those that other libraries are timed with: wired networks give
// their motor neurons, LTC through an affine map; the others give two values through a linear readout.
type network struct {
	layer   model.Layer
	readout model.Readout
	outputs int
}

var ltc = cell.LTC{OutputMap: cell.Affine}

var networks = map[string]network{
	"cfc-dense":        {model.Recurrent(cell.CfC{Units: 64, Backbone: []int{128}}), model.Linear, 2},
	"ltc-ncp19":        {model.Liquid(ltc, wiring.Auto(19, 1)), model.Direct, 1},
	"ltc-ncp32":        {model.Liquid(ltc, wiring.Auto(32, 4)), model.Direct, 4},
	"ltc-fc32":         {model.Liquid(ltc, wiring.Full(32)), model.Direct, 32},
	"cfc-ncp19":        {model.Liquid(cell.NcpsCfC{}, wiring.Auto(19, 1)), model.Direct, 1},
	"cfc-ncp19-masked": {model.Liquid(cell.WiredCfC{}, wiring.Auto(19, 1)), model.Direct, 1},
	"lstm64":           {model.Recurrent(cell.LSTM{Units: 64}), model.Linear, 2},
	"gru64":            {model.Recurrent(cell.GRU{Units: 64}), model.Linear, 2},
	"linoss-imex64":    {model.Recurrent(cell.LinOSS{Units: 64, Scheme: cell.IMEX}), model.Linear, 2},
}

// full is an LTC whose units are all connected.
func full(units int) network {
	return network{model.Liquid(ltc, wiring.Full(units)), model.Direct, units}
}

// model draws the network's parameters. It panics on a network that cannot be built, which a test rules out.
func (n network) model() *model.Model {
	schema := series.Plain(inputs)
	schema.Target.Outputs = n.outputs
	m, err := model.Architecture{Layers: []model.Layer{n.layer}, Readout: n.readout}.Model(schema)
	if err != nil {
		panic(err)
	}
	return m.Initial(1)
}

// normals are standard normal numbers.
func normals(seed uint64, n int) []float32 {
	r, x := rand.New(rand.NewPCG(seed, 0x62656e6368)), make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// ones are elapsed times of one unit.
func ones(n int) []float32 {
	dt := make([]float32, n)
	for i := range dt {
		dt[i] = 1
	}
	return dt
}

// lanes are a batch of series as a program of one's own would hold them: row-major float32.
func lanes(batch, times int) []engine.Lane {
	list := make([]engine.Lane, batch)
	for i := range list {
		list[i] = engine.Lane{X: [][]float32{normals(uint64(i), times*inputs)}, DT: ones(times)}
	}
	return list
}

// bytesOf is the size of a batch.
func bytesOf(list []engine.Lane) (n float64) {
	for i := range list {
		n += 4 * float64(len(list[i].X[0])+len(list[i].DT))
	}
	return n
}
