package engine

import (
	"fmt"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// Plan prints the plan that the engine runs: its memory, and by stage what runs in which order. A chain is a fused run of
// element-wise operations; one without a kernel of its own runs operation by operation. FLOPs are per lane and time, in
// the uniform stages per change of the parameters.
func (e *Engine) Plan() string {
	var b strings.Builder
	l := e.lay
	fmt.Fprintf(&b, "plan of %d nodes for %d steps of %d lanes, %d bytes\n", len(e.p.Nodes), e.steps, e.lanes, e.Bytes())
	l.printMemory(&b)
	for s := range numStages {
		if len(l.items[s]) > 0 {
			l.printStage(&b, s)
		}
	}
	return b.String()
}

// Chains lists the texts of the plan's chains, by which kernels for them are generated and found.
func (e *Engine) Chains() (texts []string) {
	for _, items := range e.plan.items {
		for _, it := range items {
			if it.chain != nil {
				texts = append(texts, it.chain.key(e.plan))
			}
		}
	}
	return texts
}

// printMemory sums the places up by what they are for.
func (l *layout) printMemory(b *strings.Builder) {
	var count, floats [3]int
	once := 0
	for i := range l.p.Nodes {
		at, ok := l.fixed[i]
		switch {
		case !ok || l.p.Nodes[i].Op == step.OpAcc:
		case at.stride == 0:
			once += at.n
		default:
			k, slots := history, l.steps
			if at.mod > 0 {
				k, slots = ring, at.mod
			}
			count[k]++
			floats[k] += at.stride * slots
		}
	}
	sums := 0
	for i, at := range l.total {
		sums += at.n + l.fixed[i].n
	}
	fmt.Fprintf(b, "  parameters and what follows from them: %d bytes; accumulators: %d bytes\n", 4*once, 4*sums)
	fmt.Fprintf(b, "  kept for all times: %d values, %d bytes; for a chunk of %d times: %d values, %d bytes\n",
		count[history], 4*floats[history], chunk, count[ring], 4*floats[ring])
}

func (l *layout) printStage(b *strings.Builder, s stage) {
	flop := 0.0
	for _, it := range l.items[s] {
		flop += l.flops(it)
	}
	fmt.Fprintf(b, "%s: %d items, %.0f FLOPs", stageNames[s], len(l.items[s]), flop)
	if l.local[s] > 0 {
		fmt.Fprintf(b, ", %d bytes of its own", 4*l.local[s])
	}
	b.WriteByte('\n')
	for _, it := range l.items[s] {
		fmt.Fprintf(b, "  %s\n", l.describe(it))
	}
}

func (l *layout) flops(it item) (flop float64) {
	switch {
	case it.port != nil:
	case it.chain != nil:
		for _, i := range append(it.chain.heads, it.chain.nodes...) {
			flop += l.p.NodeFLOPs(i)
		}
	default:
		flop = l.p.NodeFLOPs(it.node)
	}
	return flop
}

// describe prints one item.
func (l *layout) describe(it item) string {
	switch {
	case it.port != nil:
		return fmt.Sprintf("copy %s %s = t%d", portNames[it.port.kind], l.portName(it.port), it.port.node)
	case it.chain != nil:
		note := ""
		if !it.chain.fused(l.plan) {
			note = " (no kernel)"
		}
		var out []string
		for _, o := range it.chain.out {
			out = append(out, l.value(it.chain.nodes[o]))
		}
		return fmt.Sprintf("chain%s of %d rows: %s -> %s", note, it.chain.rows, it.chain.key(l.plan), strings.Join(out, ", "))
	}
	n := &l.p.Nodes[it.node]
	text := fmt.Sprintf("%v", n.Op)
	for k, j := range n.In {
		if k > 0 {
			text += ","
		}
		text += fmt.Sprintf(" t%d[%v]", j, l.p.Nodes[j].Shape)
	}
	for _, e := range n.Edges {
		if e != nil {
			text += fmt.Sprintf(" on %d edges", len(e.List))
		}
	}
	if x, ok := l.onto[it.node]; ok {
		text += fmt.Sprintf(" onto t%d", x)
	}
	return fmt.Sprintf("%s -> %s, %.0f FLOPs", text, l.value(it.node), l.flops(it))
}

// value names a node's value and how long it lives.
func (l *layout) value(i int) string {
	if l.of[i].uniform() || l.keep[i] == local {
		return fmt.Sprintf("t%d", i)
	}
	return fmt.Sprintf("t%d (for %s)", i, keepNames[l.keep[i]])
}

func (l *layout) portName(q *port) string {
	switch q.kind {
	case portNext, portDState:
		return l.p.States[q.index].Name
	case portOutput:
		return l.p.Outputs[q.index].Name
	case portProbe:
		return l.p.Probes[q.index].Name
	case portDInput:
		return l.p.Inputs[q.index].Name
	}
	return "dt"
}
