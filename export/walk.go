package export

import "github.com/elegans-nn/elegans/step"

// A plan can be run as well as printed: by visitors, which keep every value in a place of its own. One runs in float64 and
// notes ranges (calibrate.go), one in fixed point, bit for bit as the printed code does (fixed_model.go).

// visitor computes what the items of a plan say.
type visitor interface {
	compute(node int) // one operation, with all its results
	move(from int, to target)
}

// walk visits items in their order, loops as often as they run.
func (pl *plan) walk(items []item, v visitor) {
	for _, it := range items {
		switch it.kind {
		case single:
			v.compute(it.node)
		case chained:
			for _, h := range it.fuse.heads {
				v.compute(h)
			}
			for _, i := range it.fuse.nodes {
				v.compute(i)
			}
		case copied:
			v.move(it.from, it.to)
		case looped:
			for _, p := range it.loop.phis {
				v.move(p.first, target{toNode, p.node})
			}
			for range it.loop.n {
				pl.walk(it.loop.body, v)
			}
		}
	}
}

// made lists what the items compute, and the carried values of loops, each once.
func (pl *plan) made(items []item) (list []int) {
	for _, it := range items {
		switch it.kind {
		case single:
			list = append(list, pl.read(it.node)...)
		case chained:
			for _, h := range it.fuse.heads {
				list = append(list, pl.read(h)...)
			}
			list = append(list, it.fuse.nodes...)
		case looped:
			for _, p := range it.loop.phis {
				list = append(list, p.node)
			}
			list = append(list, pl.made(it.loop.body)...)
		}
	}
	return list
}

// read are the results of a node that something reads, the first always.
func (pl *plan) read(node int) (list []int) {
	for k, r := range pl.all(node) {
		if k == 0 {
			r = node
		}
		if r >= 0 {
			list = append(list, r)
		}
	}
	return list
}

// phis lists the carried values of all loops.
func phis(items []item) (list []phi) {
	for _, it := range items {
		if it.kind == looped {
			list = append(list, it.loop.phis...)
			list = append(list, phis(it.loop.body)...)
		}
	}
	return list
}

// origin is where component k of a value stands: of a part of another there, and of one that is spread and not computed at its
// operand.
func (pl *plan) origin(i, k int) (root, at int) {
	r := pl.root[i]
	k += pl.shift[i]
	n := &pl.p.Nodes[r]
	if n.Op != step.OpBroadcast || pl.phi[r] || pl.computed[r] {
		return r, k
	}
	from, s := pl.p.Nodes[n.In[0]].Shape, n.Shape
	switch {
	case from.Len() == 1:
		k = 0
	case from == s || from.Outer == 1 && s.Outer == 1:
	case from.Outer == 1:
		k %= s.Inner
	default:
		k /= s.Inner
	}
	return pl.origin(n.In[0], k)
}

// operand is the component of operand j of an element-wise operation at component k of its result; one of one component is the
// same for all.
func (pl *plan) operand(j, k int) (root, at int) {
	if pl.len(j) == 1 {
		k = 0
	}
	return pl.origin(j, k)
}

// layout gives every root a place of its own in one memory, and resolves operands to places.
type layout struct {
	pl    *plan
	base  map[int]int
	size  int
	from  map[int][][]int // of element-wise operations: the operands of each component
	whole map[[2]int][]int
}

// newLayout has a place for what is computed and what is given, and for those values of parameters that are kept.
func newLayout(pl *plan, keep func(root int) bool) *layout {
	l := &layout{pl: pl, base: map[int]int{}, from: map[int][][]int{}, whole: map[[2]int][]int{}}
	for i := range pl.p.Nodes {
		if pl.live[i] && pl.root[i] == i && (!pl.uniform[i] || pl.phi[i] || keep(i)) {
			l.base[i] = l.size
			l.size += pl.len(i)
		}
	}
	return l
}

// given tells whether a leaf has a place, because something reads it.
func (l *layout) given(leaf int) bool {
	_, ok := l.base[leaf]
	return ok
}

// operands are the places of the operands of each component of an element-wise operation.
func (l *layout) operands(i int) [][]int {
	if list, ok := l.from[i]; ok {
		return list
	}
	list := make([][]int, l.pl.len(i))
	for k := range list {
		for _, j := range l.pl.p.Nodes[i].In {
			r, at := l.pl.operand(j, k)
			list[k] = append(list[k], l.base[r]+at)
		}
	}
	l.from[i] = list
	return list
}

// components are the places of the components of operand k of a node, or of the node where k is -1.
func (l *layout) components(node, k int) []int {
	if list, ok := l.whole[[2]int{node, k}]; ok {
		return list
	}
	i := node
	if k >= 0 {
		i = l.pl.p.Nodes[node].In[k]
	}
	var list []int
	for q := range l.pl.len(i) {
		r, at := l.pl.origin(i, q)
		list = append(list, l.base[r]+at)
	}
	l.whole[[2]int{node, k}] = list
	return list
}
