package model

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// LinearReadout is that of a program: y = W z + b.
type LinearReadout struct {
	Weights, Bias step.Param // of shapes outputs × features, and outputs
	Features      int        // the node of z
}

// ReadoutOf finds the linear readout of a model's program; a model whose last layer is its output has none, nor has an average.
func ReadoutOf(p *step.Program) (r LinearReadout, ok bool) {
	find := func(name string) (step.Param, bool) {
		k := slices.IndexFunc(p.Params, func(q step.Param) bool { return q.Name == name })
		if k < 0 {
			return step.Param{}, false
		}
		return p.Params[k], true
	}
	w, weights := find("readout.w")
	bias, offset := find("readout.bias")
	k := slices.IndexFunc(p.Nodes, func(n step.Node) bool { return n.Op == step.OpLinear && len(n.In) == 2 && n.In[0] == w.Node })
	if !weights || !offset || k < 0 {
		return r, false
	}
	return LinearReadout{w, bias, p.Nodes[k].In[1]}, true
}
