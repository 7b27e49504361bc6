package engine

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// cut writes a step so that some of its outputs read the state after the step from inputs of their own, one for each state. It
// tells the numbers of these inputs, by state, and which node of the step each stands for; those nodes come first and keep
// their numbers.
func cut(p *step.Program, outputs []int) (apart *step.Program, next []int, aliases map[int]int) {
	q := *p
	q.Nodes, q.Inputs, q.Outputs = slices.Clone(p.Nodes), slices.Clone(p.Inputs), slices.Clone(p.Outputs)
	leaf, aliases := map[int]int{}, map[int]int{}
	for _, s := range p.States {
		i := len(q.Nodes)
		q.Nodes = append(q.Nodes, step.Node{Op: step.OpInput, Shape: p.Nodes[s.Next].Shape, Index: []int{len(q.Inputs)}})
		next, aliases[i] = append(next, len(q.Inputs)), s.Next
		if _, ok := leaf[s.Next]; !ok { // of states with the same next value one stands for all
			leaf[s.Next] = i
		}
		q.Inputs = append(q.Inputs, step.Port{Name: "next " + s.Name, Node: i})
	}
	to := make([]int, len(p.Nodes))
	for i := range p.Nodes {
		n := p.Nodes[i]
		to[i] = i
		if l, ok := leaf[i]; ok {
			to[i] = l
			continue
		}
		n.In = slices.Clone(n.In)
		for k, j := range n.In {
			n.In[k] = to[j]
		}
		if !slices.Equal(n.In, p.Nodes[i].In) {
			to[i] = len(q.Nodes)
			q.Nodes = append(q.Nodes, n)
		}
	}
	for _, k := range outputs {
		q.Outputs[k].Node = to[q.Outputs[k].Node]
	}
	return &q, next, aliases
}
