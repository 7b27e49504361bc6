// Package engine runs step programs. Oracle is a float64 interpreter, written to be read. Engine is the float32 executor:
// it plans a program (stages, chains, places in memory), then runs it forward over the times of a sequence and, for a
// program derived by Reverse, back. Batch cuts a batch of series into shards and runs them on all cores with results
// that do not depend on their number.
package engine

import (
	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// Options of an Engine. The zero value is one step of one lane.
type Options struct {
	// Steps is the number of times that one Forward takes at most; 1 if zero.
	Steps int
	// Lanes is the number of independent copies, 1 to 512; 1 if zero.
	Lanes int
	// Probes are the numbers of the probes to compute and keep for every time.
	Probes []int
	// wanted are nodes whose values somebody reads by their places.
	wanted []int
}

// sums are gathered outside the memory of values during a reverse: how to begin, and how to hand them on before the tail.
type sums struct{ clear, flush func() }

// maxLanes is what the kernels' fixed buffers hold.
const maxLanes = 512

// Engine runs a program in float32 over up to Steps times in a number of lanes. Values are [component][lane]. A lane's
// values depend on that lane alone, to the bit: not on the other lanes, their number, or where a sequence is split. It
// belongs to one goroutine; the slices that its methods return are its own memory.
type Engine struct {
	p             *step.Program
	plan          *plan
	lay           *layout
	lanes, steps  int
	mem           []float32
	scratch       []float32 // buffers of chains
	buffers       int
	panelBytes    int
	code          [numStages][]func(t int)
	spans         [numStages][]func(from, to int) // what takes the times of a chunk together, after the rest of the stage
	sums          []sums
	slotTime      int // of slots
	slots         [slotKinds]int
	state, dstate [][]float32 // at the ends of the sequence: before and after Forward; see State, DState
	dfinal        [][]float32
	held          [][]float32 // cotangents of lanes that have ended
	grad          []float32
	n             int   // times of the last Forward
	lengths       []int // nil: all lanes have n times
	shortest      int
	inputs        []place
	time          place
	part          place
	outputs       []place
	doutputs      []place
	probes        map[int]place
	dinputs       []place
	dtime         place
}

// Compile plans a program and prepares its memory. A program derived by Reverse can run backwards. Parameters are zero
// until SetParams. It panics where Options are out of range, or a weight of Linear or Synapses differs between lanes.
func Compile(p *step.Program, o Options) *Engine {
	return arrange(p, o).allocate()
}

// allocate gives an arranged engine its memory.
func (c *compiler) allocate() *Engine {
	e := c.e
	e.mem = make([]float32, c.size, c.size+kernel.Window)
	e.scratch = make([]float32, e.buffers*block)
	e.buffersOf()
	c.constants()
	e.SetParams(make([]float32, e.p.ParamCount()))
	return e
}

// arrange is Compile without the memory of values.
func arrange(p *step.Program, o Options) *compiler {
	o.Steps, o.Lanes = max(o.Steps, 1), max(o.Lanes, 1)
	if o.Lanes > maxLanes {
		panic("engine: more than 512 lanes")
	}
	pl := newPlan(p, o.Probes, o.wanted...)
	e := &Engine{p: pl.p, plan: pl, lay: newLayout(pl, o.Steps, o.Lanes), lanes: o.Lanes, steps: o.Steps, probes: map[int]place{}, slotTime: -1}
	c := &compiler{layout: e.lay, e: e, panels: map[valueKey]*panels{}, rowSums: map[valueKey]*rowSum{}}
	for s := range numStages {
		for items := pl.items[s]; len(items) > 0; {
			f, n := c.next(s, items)
			if f != nil {
				e.code[s] = append(e.code[s], f)
			}
			items = items[n:]
		}
	}
	c.ends()
	c.edges()
	return c
}

// bytes is Engine.Bytes before there is an engine.
func (c *compiler) bytes() int { return 4*(c.size+c.e.buffers*block) + c.e.panelBytes }

// next compiles the head of a schedule, and tells how many items that were.
func (c *compiler) next(s stage, items []item) (f func(t int), n int) {
	if nodes := c.siblings(s, items); nodes != nil {
		return c.upright(s, nodes), len(nodes)
	}
	return c.item(s, items[0]), 1
}

// item compiles one item; it gives nil where the item runs once for a span of times.
func (c *compiler) item(s stage, it item) func(t int) {
	e := c.e
	switch {
	case it.chain != nil:
		return c.chain(it.chain, s)
	case it.port != nil:
		from, to := c.inLane(s, it.port.node), c.port[it.port]
		return func(t int) { copy(e.get(to, t), e.get(from, t)) }
	}
	return structured[c.p.Nodes[it.node].Op](c, s, it.node)
}

// ends adds what stands at the ends of the uniform stages: repeating values in lanes, and summing accumulators over
// lanes.
func (c *compiler) ends() {
	e := c.e
	for i := range c.p.Nodes {
		if to, ok := c.spreads[i]; ok {
			from := c.fixed[i]
			e.code[once] = append(e.code[once], func(int) { kernel.Spread(e.get(to, 0), e.get(from, 0), e.lanes) })
		}
	}
	var reduce []func(t int)
	for i := range c.p.Nodes {
		to, ok := c.total[i]
		if from, inLanes := c.fixed[i]; ok && inLanes {
			reduce = append(reduce, func(int) { kernel.Reduce(e.get(to, 0), e.get(from, 0), e.lanes) })
		}
	}
	e.code[tail] = append(reduce, e.code[tail]...)
}

// edges finds the places that the methods of Engine give out.
func (c *compiler) edges() {
	e := c.e
	for _, q := range c.p.Inputs {
		e.inputs = append(e.inputs, c.fixed[q.Node])
	}
	if c.p.Time >= 0 {
		e.time = c.fixed[c.p.Time]
	}
	if c.p.Part >= 0 {
		e.part = c.fixed[c.p.Part]
	}
	e.outputs = make([]place, len(c.p.Outputs))
	e.dinputs = make([]place, len(c.p.Inputs))
	for k := range c.ports {
		q := &c.ports[k]
		at, ok := c.layout.port[q]
		if !ok {
			at = c.fixed[c.root[q.node]].part(c.shift[q.node], c.rows(q.node), c.lanes)
		}
		switch q.kind {
		case portOutput:
			e.outputs[q.index] = at
		case portProbe:
			e.probes[q.index] = at
		case portDInput:
			e.dinputs[q.index] = at
		case portDTime:
			e.dtime = at
		}
	}
	if a := c.p.Adjoint; a != nil {
		for _, i := range a.DOutput {
			e.doutputs = append(e.doutputs, c.fixed[i])
		}
	}
}

// buffersOf makes the values at the ends of a sequence.
func (e *Engine) buffersOf() {
	for k, s := range e.p.States {
		n := e.p.Nodes[s.Node].Shape.Len() * e.lanes
		e.state = append(e.state, make([]float32, n))
		if e.p.Adjoint != nil {
			e.dstate = append(e.dstate, make([]float32, n))
			e.dfinal = append(e.dfinal, make([]float32, n))
			e.held = append(e.held, make([]float32, len(e.dstate[k])))
		}
	}
	if e.p.Adjoint != nil {
		e.grad = make([]float32, e.p.ParamCount())
	}
}

func (c *compiler) constants() {
	for i, n := range c.p.Nodes {
		if at, ok := c.fixed[i]; ok && n.Op == step.OpConst {
			for k := range at.n {
				c.e.mem[at.off+k] = float32(n.Data[k%len(n.Data)])
			}
		}
	}
}

// get is the memory of a place at time t.
func (e *Engine) get(p place, t int) []float32 { return e.mem[p.at(t):][:p.n] }

// view is a place that is read often: what does not move is found once.
type view struct {
	e     *Engine
	p     place
	kind  int // of its slots
	fixed []float32
}

func (e *Engine) view(p place) *view { return &view{e: e, p: p, kind: p.kind()} }

func (e *Engine) views(places []place) (list []*view) {
	for _, p := range places {
		list = append(list, e.view(p))
	}
	return list
}

// moves reports whether a place differs from time to time.
func (e *Engine) moves(p *place) bool { return p.stride != 0 && e.steps > 1 }

// get is the memory at time t.
func (v *view) get(t int) []float32 {
	if v.fixed != nil {
		return v.fixed
	}
	return v.find(t)
}

func (v *view) find(t int) []float32 {
	x := v.e.mem[v.p.off+v.e.slotsAt(t)[v.kind]*v.p.stride:][:v.p.n]
	if !v.e.moves(&v.p) {
		v.fixed = x
	}
	return x
}
