package export

import (
	_ "embed"
	"encoding/json"
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// Work counts what a step does, by kind, in the order of WorkKinds.
type Work [9]float64

// WorkKinds are what costs are told by: the step itself, with the check of its inputs; a row of a loop; a component of an operation
// of a few instructions, of a division or root, of a curve such as exp, tanh or sigmoid; a product of a linear map, and what it
// takes besides where the map is a list of edges; a synapse, with its sigmoid; a component that is copied.
var WorkKinds = [len(Work{})]string{"step", "row", "simple", "division", "curve", "product", "edge", "synapse", "copy"}

const (
	workStep = iota
	workRow
	workSimple
	workDivision
	workCurve
	workProduct
	workEdge
	workSynapse
	workCopy
)

// efforts are what a component of an element-wise operation is besides one that is simple.
var efforts = map[step.Op]Work{
	step.OpDiv: {workDivision: 1}, step.OpSqrt: {workDivision: 1}, step.OpRsqrt: {workDivision: 2},
	step.OpRelax: {workSimple: 4, workDivision: 1},
	step.OpExp:   {workCurve: 1}, step.OpExpm1: {workCurve: 1}, step.OpLog: {workCurve: 1}, step.OpSin: {workCurve: 1}, step.OpCos: {workCurve: 1},
	step.OpTanh: {workCurve: 1}, step.OpSigmoid: {workCurve: 1}, step.OpErf: {workCurve: 1}, step.OpSoftplus: {workCurve: 2},
}

// counted is the work of a step.
func (pl *plan) counted() Work {
	w := pl.work(pl.body)
	w[workStep]++
	return w
}

// work counts what the items of a plan do.
func (pl *plan) work(items []item) (w Work) {
	for _, it := range items {
		switch it.kind {
		case single:
			w.add(pl.effort(it.node), 1)
		case chained:
			w[workRow] += float64(it.fuse.rows)
			for _, i := range slices.Concat(it.fuse.heads, it.fuse.nodes) {
				w.add(pl.effort(i), 1)
			}
		case copied:
			w[workCopy] += float64(pl.len(it.from))
		case looped:
			for _, p := range it.loop.phis {
				w[workCopy] += float64(pl.len(p.node))
			}
			w.add(pl.work(it.loop.body), float64(it.loop.n))
		}
	}
	return w
}

func (w *Work) add(other Work, times float64) {
	for k, n := range other {
		w[k] += times * n
	}
}

// effort is that of one operation, with all its components.
func (pl *plan) effort(i int) (w Work) {
	n := &pl.p.Nodes[i]
	size := float64(n.Shape.Len())
	switch n.Op {
	case step.OpLinear:
		w[workRow] = size
		for k, e := range n.Edges {
			products := size * float64(pl.p.Nodes[n.In[2*k+1]].Shape.Inner)
			if e != nil {
				products = float64(n.Shape.Outer * len(e.List))
				w[workEdge] += products
			}
			w[workProduct] += products
		}
	case step.OpSynapses:
		w[workRow], w[workSynapse] = size, float64(len(n.Edges[0].List))
	case step.OpSoftmax:
		w[workSimple], w[workCurve], w[workDivision] = 2*size, size, size
	case step.OpSum:
		w[workSimple] = float64(pl.len(n.In[0]))
	case step.OpConcat, step.OpGather, step.OpBroadcast, step.OpSlice:
		w[workCopy] = size
	default:
		if w = efforts[n.Op]; w == (Work{}) {
			w[workSimple] = 1
		}
		for k := range w {
			w[k] *= size
		}
	}
	return w
}

// Costs are the instructions, on AVR the cycles, that each kind of work takes in the mean of the models that they are fitted to, as gcc
// compiles them with -Os; and by what share the sum is off for these models, in the mean and at most.
type Costs struct {
	Instructions Work    `json:"instructions"`
	Mean         float64 `json:"mean_error"`
	Most         float64 `json:"most_error"`
}

// costs are known by target and arithmetic.
var costs = func() (c map[string]map[Arithmetic]Costs) {
	if err := json.Unmarshal(costText, &c); err != nil {
		panic(err)
	}
	return c
}()

// costText is what `go run ./scripts/footprint --costs` fits to counts of emulators.
//
//go:embed costs.json
var costText []byte

// Costs are those of a target.
func (t Target) Costs(a Arithmetic) Costs { return costs[t.Name][a] }

// Instructions estimates those of a step, or its cycles on AVR, from what it does.
func (t Target) Instructions(a Arithmetic, w Work) (sum float64) {
	c := t.Costs(a).Instructions
	for k, n := range w {
		sum += n * c[k]
	}
	return sum
}
