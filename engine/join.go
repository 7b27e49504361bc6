package engine

import "github.com/elegans-nn/elegans/step"

// joins places the operands of a Concat within its own place, where they can stand there, so that nothing is copied. The
// Concat must have a place of its own, because that is nobody else's then before it is made; an operand must be
// made in the same stage and be a part of one Concat only.
func (l *layout) joins() {
	for i := range l.p.Nodes {
		n := &l.p.Nodes[i]
		if n.Op != step.OpConcat || !l.live[i] || l.of[i].uniform() || !l.kept(i) {
			continue
		}
		l.keepNode(i)
		at := 0
		for _, j := range n.In {
			part := l.fixed[i].part(at, l.rows(j), l.lanes)
			at += l.rows(j)
			if _, taken := l.joined[j]; taken || !l.joinable(j, i) {
				continue
			}
			l.joined[j] = part
			if l.keep[j] != local {
				l.fixed[j] = part
			}
		}
	}
}

// joinable reports whether node j may stand in a part of Concat i.
func (l *layout) joinable(j, i int) bool {
	op := l.p.Nodes[j].Op
	if _, placed := l.fixed[j]; placed || l.root[j] != j || op.Leaf() || op == step.OpResult {
		return false
	}
	return l.of[j] == l.of[i] && (l.keep[j] == local || l.keep[j] == l.keep[i]) && !l.again(j)
}
