package engine

import "github.com/elegans-nn/elegans/step"

// Lanes is the number of lanes.
func (e *Engine) Lanes() int { return e.lanes }

// Steps is the most times that one Forward takes.
func (e *Engine) Steps() int { return e.steps }

// SetParams takes the parameters, in the flat order of the program, and computes what depends on them only.
func (e *Engine) SetParams(theta []float32) {
	if len(theta) != e.p.ParamCount() {
		panic("engine: wrong number of parameters")
	}
	copy(e.mem, theta)
	e.all(once)
}

// Input is input k at time t, to be written before Forward.
func (e *Engine) Input(k, t int) []float32 { return e.get(e.inputs[k], t) }

// DT is the elapsed time before the row at time t, one a lane, to be written before Forward; nil if the program does not
// look at it.
func (e *Engine) DT(t int) []float32 {
	if e.p.Time < 0 {
		return nil
	}
	return e.get(e.time, t)
}

// Part is which part of a row the step at time t is, [step.PartWidth][lane], to be written before Forward; zero for a row that
// is one step, which it is at first; nil if that makes no difference to the program.
func (e *Engine) Part(t int) []float32 {
	if e.p.Part < 0 {
		return nil
	}
	return e.get(e.part, t)
}

// State is state s: before Forward the initial one, after it the final one, so that another Forward goes on.
func (e *Engine) State(s int) []float32 { return e.state[s] }

// Output is output k at time t of the last Forward.
func (e *Engine) Output(k, t int) []float32 { return e.get(e.outputs[k], t) }

// Probe is probe k, one of Options.Probes, at time t of the last Forward.
func (e *Engine) Probe(k, t int) []float32 {
	at, ok := e.probes[k]
	if !ok {
		panic("engine: a probe that Options.Probes does not list")
	}
	return e.get(at, t)
}

// SetLengths gives lanes different lengths: from time lengths[l] on lane l keeps its state, its outputs mean nothing and
// its cotangents of outputs must be zero; it then adds nothing to any gradient as long as its values are finite. Nil, the
// default, lets all lanes run all times. The slice is not copied.
func (e *Engine) SetLengths(lengths []int) {
	if lengths != nil && len(lengths) != e.lanes {
		panic("engine: wrong number of lengths")
	}
	e.lengths, e.shortest = lengths, e.steps
	for _, n := range lengths {
		e.shortest = min(e.shortest, n)
	}
}

// ended reports whether some lane has ended at time t.
func (e *Engine) ended(t int) bool { return e.lengths != nil && t >= e.shortest }

// Forward runs n <= Steps times and leaves the cotangents of their outputs at zero.
func (e *Engine) Forward(n int) {
	if n < 1 || n > e.steps {
		panic("engine: number of times out of range")
	}
	e.n = n
	for s, at := range e.lay.state {
		at.phase = 0
		copy(e.get(at, 0), e.state[s])
	}
	for t := 0; t < n; t += chunk {
		end := min(t+chunk, n)
		e.run(before, t, end)
		for k := t; k < end; k++ {
			e.run(core, k, k+1)
			if e.ended(k) {
				e.hold(k)
			}
		}
		e.run(after, t, end)
	}
	for s, at := range e.lay.state {
		at.phase = 0
		copy(e.state[s], e.get(at, n))
		e.finalRows(s)
	}
	for _, at := range e.doutputs {
		clear(e.mem[at.off:][:n*at.stride])
	}
}

func (e *Engine) run(s stage, from, to int) {
	for t := from; t < to; t++ {
		for _, f := range e.code[s] {
			f(t)
		}
	}
}

// all runs a uniform stage.
func (e *Engine) all(s stage) {
	for _, f := range e.code[s] {
		f(0)
	}
}

// hold gives lanes that have ended at time t their old state.
func (e *Engine) hold(t int) {
	for s, at := range e.lay.state {
		at.phase = 0
		from := e.lastRow(s)
		e.lanesInto(e.get(at, t+1)[from:], e.get(at, t)[from:], t)
	}
}

// lanesInto copies the lanes that have ended at time t.
func (e *Engine) lanesInto(dst, src []float32, t int) {
	for l, n := range e.lengths {
		for i := l; n <= t && i < len(dst); i += e.lanes {
			dst[i] = src[i]
		}
	}
}

// DOutput is the cotangent of output k at time t, to be written after Forward and before Backward; zero at first.
func (e *Engine) DOutput(k, t int) []float32 { return e.get(e.doutputs[k], t) }

// DStateFinal is the cotangent of state s after the last time, to be written before Backward, which clears it.
func (e *Engine) DStateFinal(s int) []float32 { return e.dfinal[s] }

// DState is the cotangent of state s before the first time, after Backward. One below 2^-80 is dropped on its way, every 8 rows: it is 0.
func (e *Engine) DState(s int) []float32 { return e.dstate[s] }

// DInput is the cotangent of input k at time t, after Backward; nil if the program was derived without it.
func (e *Engine) DInput(k, t int) []float32 {
	if e.dinputs[k].n == 0 {
		return nil
	}
	return e.get(e.dinputs[k], t)
}

// DTime is the cotangent of the elapsed time at time t, after Backward; nil if the program was derived without it.
func (e *Engine) DTime(t int) []float32 {
	if e.dtime.n == 0 {
		return nil
	}
	return e.get(e.dtime, t)
}

// Grad is the gradient of the parameters after Backward, in flat order, summed over lanes and times.
func (e *Engine) Grad() []float32 { return e.grad }

// Backward reverses the last Forward. It panics if the program was not derived by Reverse.
func (e *Engine) Backward() {
	if e.p.Adjoint == nil {
		panic("engine: the program has no reverse; derive it with Reverse")
	}
	e.start()
	e.reverse()
	e.finish()
}

// reverse takes the final cotangents and reverses the last Forward, on top of what the accumulators hold.
func (e *Engine) reverse() {
	for s, at := range e.lay.dnext {
		copy(e.get(at, e.n-1), e.dfinal[s])
		clear(e.dfinal[s])
	}
	for end := e.n; end > 0; {
		t := (end - 1) / chunk * chunk
		e.back(rbefore, t, end)
		for k := end - 1; k >= t; k-- {
			if e.ended(k) {
				e.release(k)
				continue
			}
			e.back(rcore, k, k+1)
		}
		e.back(rafter, t, end)
		for s, at := range e.lay.dstate {
			copy(e.dstate[s], e.get(at, t))
			fade(e.dstate[s])
			if t > 0 {
				copy(e.get(e.lay.dnext[s], t-1), e.dstate[s])
			}
		}
		end = t
	}
}

// faint is what a cotangent of a state has to be to go on from chunk to chunk, 8e-25: of a label at the last of many rows little
// arrives at the first, and a processor is slow with numbers below 1e-38. What is dropped is less than the rounding of
// any sum that a label's own size is part of, unless earlier rows magnify it 1e17 times.
const faint = 0x1p-80

// fade drops what is faint. NaN stays.
func fade(d []float32) {
	for i, v := range d {
		if -faint < v && v < faint {
			d[i] = 0
		}
	}
}

func (e *Engine) back(s stage, from, to int) {
	for t := to - 1; t >= from; t-- {
		for _, f := range e.code[s] {
			f(t)
		}
	}
	for _, f := range e.spans[s] {
		f(from, to)
	}
}

// release is rcore where lanes have ended: they pass the cotangents of their states on, and see none themselves.
func (e *Engine) release(t int) {
	for s, at := range e.lay.dnext {
		d := e.get(at, t)
		copy(e.held[s], d)
		for l, n := range e.lengths {
			for i := l; n <= t && i < len(d); i += e.lanes {
				d[i] = 0
			}
		}
	}
	e.run(rcore, t, t+1)
	for s, at := range e.lay.dstate {
		e.lanesInto(e.get(at, t), e.held[s], t)
	}
}

// start clears the accumulators.
func (e *Engine) start() {
	for _, s := range e.sums {
		s.clear()
	}
	for i, n := range e.p.Nodes {
		if n.Op != step.OpAcc {
			continue
		}
		for _, places := range []map[int]place{e.lay.total, e.lay.fixed} {
			if at, ok := places[i]; ok {
				clear(e.get(at, 0))
			}
		}
	}
}

// finish runs the tail and collects gradients.
func (e *Engine) finish() {
	for _, s := range e.sums {
		s.flush()
	}
	e.all(tail)
	for k, q := range e.p.Params {
		dst := e.grad[q.Offset:][:q.Shape.Len()]
		i := e.p.Adjoint.Grad[k]
		if i < 0 {
			clear(dst)
			continue
		}
		copy(dst, e.get(e.lay.find(tail, i), 0))
	}
}

// Bytes is the memory of all values.
func (e *Engine) Bytes() int { return 4*(len(e.mem)+len(e.scratch)) + e.panelBytes }
