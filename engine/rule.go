package engine

import "github.com/elegans-nn/elegans/step"

// Rule says what of S = ∂h/∂θ is carried along. All of them start from the same two derivatives of one step, J = ∂h'/∂h and
// M = ∂h'/∂θ at fixed h, which the lineariser takes from the program, and give the gradient of a loss with slope c at y(h', θ) as
//
//	c (∂y/∂θ + ∂y/∂h' S'),   S' what the rule has carried on
//
// Two components of the state belong to one unit where one acts on the other along a path that goes through no matrix and no
// synapse; W is J along such paths alone, the unit's own dynamics: a leak, a forget gate, a rotation.
type Rule int

const (
	// Exact is real-time recurrent learning: S' = M + S J. Williams and Zipser, Neural Computation 1, 1989.
	Exact Rule = iota
	// SnAp1 keeps those entries of S whose parameter acts on the unit within one step: S' = K ∘ (M + S J), K the pattern of M,
	// completed by unit. Menick, Elsen, Evci, Osindero, Simonyan and Graves, ICLR 2021 (arXiv 2006.07232), with n = 1. It is
	// exact where units do not act on each other.
	SnAp1
	// RFLO is random feedback local online learning, with the true weights of the readout in place of random ones: S' = M + S W.
	// What acts from unit to unit is dropped and the unit's own decay kept. Murray, eLife 8, 2019; there W = 1 - 1/tau.
	RFLO
	// EProp is e-prop: S' = M + S D, D those entries of J that lie within a unit, a synapse of a unit on itself included.
	// Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein and Maass, Nature Communications 11, 2020, whose spiking units have no
	// such synapse, with the true gradient of the readout as learning signal ("symmetric").
	EProp
)

// way is what of a component's row of J carries it on where not all does: some leaves, of the row within the unit or of the whole.
type way []carriedLeaf

type carriedLeaf struct {
	leaf int
	own  bool
}

// structure takes the step apart and says what is kept.
func (r Rule) structure(p *step.Program, outputs []int) (*linear, *paths, error) {
	if r == Exact {
		l, err := linearise(p, outputs)
		if err != nil {
			return nil, nil, err
		}
		return l, l.paths(p.StateWidth()), nil
	}
	l, err := separate(p, outputs)
	if err != nil {
		return nil, nil, err
	}
	return l, l.keep(r, p.StateWidth()), nil
}

// keep finds what of S is kept, drops the terms of rows that nothing of it needs, and shares columns.
func (l *linear) keep(r Rule, n int) *paths {
	once := l.reached()
	g := &paths{n: n, params: l.pattern(once, n)}
	need := make([]set, len(l.rows))
	for i := range need {
		need[i] = newSet(l.leaves)
	}
	outputs := newSet(l.leaves)
	for o := n; o < l.leaves; o++ {
		outputs.add(o)
	}
	for _, i := range l.cuts {
		need[i].join(outputs)
	}
	carried := newSet(n)
	for q, s := range g.params {
		need[l.params[q]].join(once[l.params[q]])
		carried.join(s)
	}
	for _, j := range carried.members() {
		need[l.state[j]].join(outputs)
	}
	switch r {
	case SnAp1:
		for _, s := range distinct(g.params) {
			for _, j := range s.members() {
				need[l.state[j]].put(s)
			}
		}
	default:
		l.ways(r, g, once, need, carried)
	}
	l.prune(once, need)
	l.sweep()
	g.share(l.cliques(g))
	return g
}

// reached says of every row which leaves have an effect on it.
func (l *linear) reached() []set {
	once := make([]set, len(l.rows))
	for i, r := range l.rows {
		once[i] = newSet(l.leaves)
		if i < l.leaves {
			once[i].add(i)
		}
		for _, e := range r {
			once[i].join(once[e.row])
		}
	}
	return once
}

// pattern says of every parameter which components it acts on within one step, and what belongs to their units.
func (l *linear) pattern(once []set, n int) (list []set) {
	own := make([]set, n)
	for j, i := range l.own {
		own[j] = once[i].first(n)
	}
	done := map[string]set{}
	for _, i := range l.params {
		s := once[i].first(n)
		key := s.key()
		if done[key] == nil {
			for before := -1; before != s.count(); {
				before = s.count()
				for _, j := range s.members() {
					s.join(own[j])
				}
			}
			done[key] = s
		}
		list = append(list, done[key])
	}
	return list
}

// ways says how each component is carried on by rules that stay within a unit, and what they need.
func (l *linear) ways(r Rule, g *paths, once, need []set, carried set) {
	g.within = make([]way, g.n)
	for _, j := range carried.members() {
		row, leaves := l.own[j], once[l.own[j]].first(g.n)
		if r == EProp {
			row = l.state[j]
			if once[row].has(j) {
				leaves.add(j)
			}
		}
		need[row].put(leaves)
		for _, k := range leaves.members() {
			g.within[j] = append(g.within[j], carriedLeaf{k, r == RFLO})
		}
		for o := g.n; o < l.leaves; o++ {
			if once[l.state[j]].has(o) {
				g.within[j] = append(g.within[j], carriedLeaf{o, false})
			}
		}
	}
}

// prune keeps of every row the terms through which a leaf that is needed comes.
func (l *linear) prune(once, need []set) {
	for i := len(l.rows) - 1; i >= l.leaves; i-- {
		var kept row
		for _, e := range l.rows[i] {
			if need[i].meets(once[e.row]) {
				kept = append(kept, e)
				need[e.row].joinCommon(need[i], once[e.row])
			}
		}
		l.rows[i] = kept
	}
}

// cliques are sets of components whose columns must differ, for some row or some part of S has numbers of all of them.
func (l *linear) cliques(g *paths) (list []set) {
	content := l.reached()
	for _, s := range content {
		list = append(list, s.first(g.n))
	}
	for _, s := range distinct(g.params) {
		all := s.first(g.n)
		for _, j := range s.members() {
			if g.within == nil {
				all.join(content[l.state[j]].first(g.n))
			}
		}
		list = append(list, all)
	}
	return list
}

// distinct lists each of some sets once.
func distinct(sets []set) (list []set) {
	seen := map[string]bool{}
	for _, s := range sets {
		if key := s.key(); !seen[key] {
			seen[key] = true
			list = append(list, s)
		}
	}
	return list
}

// first is the part of a set below n, of the size for n.
func (s set) first(n int) set {
	t := newSet(n)
	copy(t, s)
	if n%64 > 0 {
		t[len(t)-1] &= 1<<(n%64) - 1
	}
	return t
}

// put joins a set that may be of a smaller size.
func (s set) put(t set) {
	for k, w := range t {
		s[k] |= w
	}
}

func (s set) meets(t set) bool {
	for k, w := range s {
		if w&t[k] != 0 {
			return true
		}
	}
	return false
}

// joinCommon joins what two sets have in common.
func (s set) joinCommon(t, u set) {
	for k := range s {
		s[k] |= t[k] & u[k]
	}
}
