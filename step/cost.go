package step

// FLOPs is the number of floating point operations of one forward step of one lane that runs every step; what depends
// on parameters only runs once and does not count. See Row.Cost for what functions count.
func (p *Program) FLOPs() (flop float64) {
	uniform, need := p.Uniform(), p.needed()
	for i := range p.Steps() {
		if !uniform[i] && need[i] {
			flop += p.NodeFLOPs(i)
		}
	}
	return flop
}

// NodeFLOPs is the number of floating point operations of one node for one lane.
func (p *Program) NodeFLOPs(i int) float64 {
	n := &p.Nodes[i]
	row := n.Op.Row()
	if row.CostOf != nil {
		shapes := make([]Shape, len(n.In))
		for k, j := range n.In {
			shapes[k] = p.Nodes[j].Shape
		}
		return row.CostOf(n, shapes)
	}
	return row.Cost * float64(n.Shape.Len())
}

// needed marks the nodes of the step that its states and outputs depend on; probes do not count.
func (p *Program) needed() []bool {
	need := make([]bool, len(p.Nodes))
	for _, s := range p.States {
		need[s.Next] = true
	}
	for _, o := range p.Outputs {
		need[o.Node] = true
	}
	for i := len(p.Nodes) - 1; i >= 0; i-- {
		if need[i] {
			for _, j := range p.Nodes[i].In {
				need[j] = true
			}
		}
	}
	return need
}
