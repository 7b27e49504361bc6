package engine

import (
	"math/bits"
	"slices"
)

// set is a set of state components.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

func (s set) join(t set) {
	for k := range s {
		s[k] |= t[k]
	}
}

func (s set) members() (list []int) {
	for k, w := range s {
		for ; w != 0; w &= w - 1 {
			list = append(list, 64*k+bits.TrailingZeros64(w))
		}
	}
	return list
}

// paths says which state components anything has an effect on, by the structure of a step and of its wiring.
type paths struct {
	n       int
	state   []set // of each component of the state, after any number of steps
	params  []set // of each parameter, after any number of steps; what is kept of that, by other rules than the exact one
	within  []way // of each component of the state: what of J carries it on; nil where all does
	row     []int // of each component of the state: the row of work that carries it on; -1 for none
	column  []int // of each component of the state: no parameter reaches two components of one column
	columns int
}

// paths follows the rows from the leaves: a leaf is the cotangent of a component, and a row has an effect on whatever it
// depends on here.
func (l *linear) paths(n int) *paths {
	once := make([]set, len(l.rows))
	for i, r := range l.rows {
		once[i] = newSet(n)
		if i < n {
			once[i].add(i)
		}
		for _, e := range r {
			once[i].join(once[e.row])
		}
	}
	g := &paths{n: n}
	for _, i := range l.state {
		g.state = append(g.state, slices.Clone(once[i]))
	}
	for k := range n { // paths through component k
		for i := range n {
			if g.state[i].has(k) {
				g.state[i].join(g.state[k])
			}
		}
	}
	for _, i := range l.params {
		s := slices.Clone(once[i])
		for _, k := range once[i].members() {
			s.join(g.state[k])
		}
		g.params = append(g.params, s)
	}
	g.share(g.params)
	return g
}

// share gives the components columns, those of a clique different ones: those that meet most columns already given come first, then those that most others
// must avoid, and each takes the first column that is free for it (Brélaz, Communications of the ACM 22, 1979).
func (g *paths) share(cliques []set) {
	conflicts := make([]set, g.n)
	for i := range conflicts {
		conflicts[i] = newSet(g.n)
	}
	done := map[string]bool{}
	for _, s := range cliques {
		if key := s.key(); !done[key] {
			done[key] = true
			for _, i := range s.members() {
				conflicts[i].join(s)
			}
		}
	}
	g.column = make([]int, g.n)
	taken := make([]map[int]bool, g.n) // columns that a component must avoid
	for i := range g.column {
		g.column[i], taken[i] = -1, map[int]bool{}
	}
	for range g.n {
		next := -1
		for i := range g.n {
			better := next < 0 || len(taken[i]) > len(taken[next]) ||
				len(taken[i]) == len(taken[next]) && conflicts[i].count() > conflicts[next].count()
			if g.column[i] < 0 && better {
				next = i
			}
		}
		c := 0
		for taken[next][c] {
			c++
		}
		g.column[next], g.columns = c, max(g.columns, c+1)
		for _, j := range conflicts[next].members() {
			if j != next {
				taken[j][c] = true
			}
		}
	}
}

func (s set) count() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// key identifies a set among others of its size.
func (s set) key() string {
	b := make([]byte, 0, 8*len(s))
	for _, w := range s {
		for range 8 {
			b = append(b, byte(w))
			w >>= 8
		}
	}
	return string(b)
}
