package export

import (
	"slices"

	"github.com/elegans-nn/elegans/step"
)

// entry is a node, or a loop in place of the nodes of a Repeat.
type entry struct {
	node int
	loop *loop
}

// loop runs its body n times.
type loop struct {
	n    int
	phis []phi
	list []entry // before it is planned
	body []item
}

// phi is a carried value: node stands for it in the body and afterwards, first is what it begins with, next what it becomes
// at the end of the body.
type phi struct{ node, first, next int }

// folder turns iterations that compute the same into loops. The first iteration of a Repeat holds besides what does not
// depend on carried values, which is computed before the loop; the second becomes the body; what reads the results of the
// last one reads those of the body.
type folder struct {
	p             *step.Program
	nodes         []step.Node // with operands replaced
	live, uniform []bool
	uses          map[int][]int // readers, as far as they are live; -1 is a reader outside of the program
	subst         map[int]int
	phi           map[int]bool
}

// fold lists the live nodes of a program with loops in place of repeats.
func fold(p *step.Program, live []bool) *folder {
	f := &folder{p: p, nodes: slices.Clone(p.Nodes), live: live, uniform: p.Uniform(), uses: map[int][]int{}, subst: map[int]int{}, phi: map[int]bool{}}
	for i, n := range p.Nodes {
		if live[i] {
			for _, j := range n.In {
				f.uses[j] = append(f.uses[j], i)
			}
		}
	}
	for _, s := range p.States {
		f.uses[s.Next] = append(f.uses[s.Next], -1)
	}
	for _, o := range p.Outputs {
		f.uses[o.Node] = append(f.uses[o.Node], -1)
	}
	return f
}

// to is the node that stands for another after folding.
func (f *folder) to(i int) int {
	if j, ok := f.subst[i]; ok {
		return j
	}
	return i
}

// span lists the nodes from lo up to hi. The operands of a node are replaced when it is reached: all loops before it have
// been folded then.
func (f *folder) span(lo, hi int) (list []entry) {
	for i := lo; i < hi; i++ {
		if r := f.region(i, hi); r != nil {
			var before []int
			l := f.loop(r, &before)
			for _, k := range before {
				list = append(list, f.one(k)...)
			}
			f.enter(l, r)
			list = append(list, entry{loop: l})
			i = r.Start[len(r.Start)-1] - 1
			continue
		}
		list = append(list, f.one(i)...)
	}
	return list
}

func (f *folder) one(i int) []entry {
	if !f.live[i] {
		return nil
	}
	in := slices.Clone(f.nodes[i].In)
	for k, j := range in {
		in[k] = f.to(j)
	}
	f.nodes[i].In = in
	return []entry{{node: i}}
}

// region finds the largest repeat that begins at node i, ends by hi and can be folded.
func (f *folder) region(i, hi int) (best *step.Region) {
	for k := range f.p.Repeats {
		r := &f.p.Repeats[k]
		n := len(r.Start) - 1
		if n < 2 || r.Start[0] != i || r.Start[n] > hi || best != nil && best.Start[len(best.Start)-1] >= r.Start[n] {
			continue
		}
		if f.foldable(r) {
			best = r
		}
	}
	return best
}

// dependent lists the live nodes of iteration k that depend on what it carries.
func (f *folder) dependent(r *step.Region, k int) (list []int) {
	d := map[int]bool{}
	for _, c := range r.Carried[k] {
		d[c] = true
	}
	for i := r.Start[k]; i < r.Start[k+1]; i++ {
		for _, j := range f.p.Nodes[i].In {
			d[i] = d[i] || d[j]
		}
		if d[i] && f.live[i] {
			list = append(list, i)
		}
	}
	return list
}

// foldable tells whether all iterations compute what the second does, and nothing reads what an earlier one than the last
// has computed, but for the next one.
func (f *folder) foldable(r *step.Region) bool {
	n := len(r.Start) - 1
	for c, j := range r.Carried[1] {
		// The carried value is the iteration's own, so that it can stand for all.
		if f.live[j] && (f.uniform[j] || j < r.Start[0] || j >= r.Start[1] || slices.Contains(r.Carried[1][:c], j)) {
			return false
		}
		next := r.Carried[2][c] // and is not what another one was
		for f.p.Nodes[next].Op == step.OpSlice {
			next = f.p.Nodes[next].In[0]
		}
		if f.live[j] && slices.Contains(r.Carried[1], next) {
			return false
		}
	}
	body := f.dependent(r, 1)
	for k := range n {
		list := f.dependent(r, k)
		if k > 0 && len(list) != count(f.live[r.Start[k]:r.Start[k+1]]) {
			return false // only the first iteration has something of its own
		}
		if _, ok := f.same(r, body, k); !ok || k < n-1 && !f.closed(r, k, list) {
			return false
		}
	}
	return true
}

func count(marks []bool) (n int) {
	for _, m := range marks {
		if m {
			n++
		}
	}
	return n
}

// same maps the nodes of the body onto those of iteration k, where they compute the same.
func (f *folder) same(r *step.Region, body []int, k int) (m map[int]int, ok bool) {
	list := f.dependent(r, k)
	if len(list) != len(body) {
		return nil, false
	}
	m = map[int]int{}
	for c, j := range r.Carried[1] {
		if old, seen := m[j]; seen && old != r.Carried[k][c] {
			return nil, false
		}
		m[j] = r.Carried[k][c]
	}
	for at, i := range body {
		a, b := &f.p.Nodes[i], &f.p.Nodes[list[at]]
		if a.Op != b.Op || a.Shape != b.Shape || !slices.Equal(a.Index, b.Index) || !slices.Equal(a.Edges, b.Edges) || len(a.In) != len(b.In) {
			return nil, false
		}
		for q, j := range a.In {
			to, in := m[j]
			if !in {
				to = j
			}
			if to != b.In[q] {
				return nil, false
			}
		}
		m[i] = list[at]
	}
	for c, j := range r.Carried[2] {
		to, in := m[j]
		if !in {
			to = j
		}
		if to != r.Carried[k+1][c] {
			return nil, false
		}
	}
	return m, true
}

// closed tells whether what iteration k computes, the list, is read there only, and by the next iteration as far as it is
// carried.
func (f *folder) closed(r *step.Region, k int, list []int) bool {
	for _, i := range list {
		end := r.Start[k+1]
		if slices.Contains(r.Carried[k+1], i) {
			end = r.Start[k+2]
		}
		for _, u := range f.uses[i] {
			if u < r.Start[k] || u >= end {
				return false
			}
		}
	}
	return true
}

// loop prepares a loop; before are the nodes that are computed before it.
func (f *folder) loop(r *step.Region, before *[]int) *loop {
	n := len(r.Start) - 1
	first := f.dependent(r, 0)
	for i := r.Start[0]; i < r.Start[1]; i++ {
		if f.live[i] && !slices.Contains(first, i) {
			*before = append(*before, i)
		}
	}
	l := &loop{n: n}
	for c, j := range r.Carried[1] {
		if f.live[j] {
			l.phis = append(l.phis, phi{node: j, first: f.to(r.Carried[0][c]), next: r.Carried[2][c]})
			f.phi[j] = true
		}
	}
	return l
}

// enter folds the body, and lets what comes later read the loop's results.
func (f *folder) enter(l *loop, r *step.Region) {
	n := len(r.Start) - 1
	m, _ := f.same(r, f.dependent(r, 1), n-1)
	l.list = f.span(r.Start[1], r.Start[2])
	for k := range l.phis {
		l.phis[k].next = f.to(l.phis[k].next)
	}
	for i, last := range m {
		if n > 2 && !slices.Contains(r.Carried[1], i) {
			f.subst[last] = f.to(i)
		}
	}
	for c, j := range r.Carried[n] {
		if f.live[r.Carried[1][c]] {
			f.subst[j] = r.Carried[1][c]
		}
	}
}
