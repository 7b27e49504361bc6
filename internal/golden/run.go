package golden

import (
	"maps"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// run is one case on the oracle. Tensors of the file are [B, T, width] or [B, width]; values of the oracle are
// [component][lane].
type run struct {
	f       *File
	c       config
	p       *step.Program
	o       *engine.Oracle
	tape    engine.Tape
	y       []float64
	gx, gdt []float64
}

func newRun(f *File, c config, p *step.Program, theta []float64) *run {
	r := &run{f: f, c: c, p: p, o: engine.NewOracle(p, c.B, theta)}
	r.tape.Oracle = r.o
	return r
}

// scatter writes rows [B][width] from column at to a value; gather is its inverse.
func (r *run) scatter(node int, data []float64, width, at int) {
	v := r.o.Value(node)
	for k := range len(v) / r.c.B {
		for b := range r.c.B {
			v[k*r.c.B+b] = data[b*width+at+k]
		}
	}
}

func (r *run) gather(node int, data []float64, width, at int) {
	v := r.o.Value(node)
	for k := range len(v) / r.c.B {
		for b := range r.c.B {
			data[b*width+at+k] = v[k*r.c.B+b]
		}
	}
}

// states visits the states with the letter of the tensors that each is stored in, and its column there.
func (r *run) states(visit func(i int, s step.State, letter string, at int)) {
	at := map[string]int{}
	for i, s := range r.p.States {
		letter := "h"
		if isMemory(s.Name) {
			letter = "c"
		}
		visit(i, s, letter, at[letter])
		at[letter] += r.p.Nodes[s.Node].Shape.Len()
	}
}

// collect gathers one node of each state into one tensor a letter.
func (r *run) collect(node func(i int, s step.State) int) map[string][]float64 {
	all := map[string][]float64{}
	for _, letter := range r.c.states() {
		all[letter] = make([]float64, r.c.B*r.c.units)
	}
	r.states(func(i int, s step.State, letter string, at int) { r.gather(node(i, s), all[letter], r.c.units, at) })
	return all
}

func (r *run) feed(t int) {
	r.scatter(r.p.Inputs[0].Node, r.f.Tensor("x").Data, r.c.T*r.c.in, t*r.c.in)
	if r.p.Time >= 0 {
		r.scatter(r.p.Time, r.f.Tensor("dt").Data, r.c.T, t)
	}
}

func (r *run) forward(w *worst) {
	r.y = make([]float64, r.c.B*r.c.T*r.c.out)
	node := r.p.Outputs[r.p.Output("y")].Node
	r.states(func(_ int, s step.State, letter string, at int) {
		r.scatter(s.Node, r.f.Tensor(letter+"0").Data, r.c.units, at)
	})
	r.tape.Forward(r.c.T, r.feed, func(t int) { r.gather(node, r.y, r.c.T*r.c.out, t*r.c.out) })
	w.see("y", r.y, r.f.Tensor("y").Data)
	final := r.final()
	for _, letter := range r.c.states() {
		w.see(letter+"T", final[letter], r.f.Tensor(letter+"T").Data)
	}
	if !r.f.Has("loss") {
		return
	}
	loss := dot(r.y, r.f.Tensor("ry").Data)
	for _, letter := range r.c.states() {
		loss += dot(final[letter], r.f.Tensor("r"+letter).Data)
	}
	w.see("loss", []float64{loss}, r.f.Tensor("loss").Data)
}

// final are the states after the last row.
func (r *run) final() map[string][]float64 {
	return r.collect(func(_ int, s step.State) int { return s.Node })
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func (r *run) backward() {
	a := r.p.Adjoint
	k := r.p.Output("y")
	r.gx, r.gdt = make([]float64, r.c.B*r.c.T*r.c.in), make([]float64, r.c.B*r.c.T)
	r.states(func(i int, _ step.State, letter string, at int) {
		r.scatter(a.DNext[i], r.f.Tensor("r"+letter).Data, r.c.units, at)
	})
	r.tape.Backward(r.feed,
		func(t int) { r.scatter(a.DOutput[k], r.f.Tensor("ry").Data, r.c.T*r.c.out, t*r.c.out) },
		func(t int) {
			r.gather(a.DInput[0], r.gx, r.c.T*r.c.in, t*r.c.in)
			if a.DTime >= 0 {
				r.gather(a.DTime, r.gdt, r.c.T, t)
			}
		})
}

func (r *run) gradients(w *worst, tensors []cell.Tensor) {
	w.see("grad.x", r.gx, r.f.Tensor("grad.x").Data)
	if r.f.Has("grad.dt") {
		w.see("grad.dt", r.gdt, r.f.Tensor("grad.dt").Data)
	}
	initial := r.collect(func(i int, _ step.State) int { return r.p.Adjoint.DState[i] })
	for _, letter := range r.c.states() {
		w.see("grad."+letter+"0", initial[letter], r.f.Tensor("grad."+letter+"0").Data)
	}
	got := r.parameters(tensors)
	for _, name := range slices.Sorted(maps.Keys(got)) {
		w.see("grad."+name, got[name], r.f.Tensor("grad."+name).Data)
	}
}

// parameters are the gradients of the tensors. Those of absent synapses stay at zero, as they must be in the file.
func (r *run) parameters(tensors []cell.Tensor) map[string][]float64 {
	number, all := map[string]int{}, map[string][]float64{}
	for i, q := range r.p.Params {
		number[q.Name] = i
	}
	for _, t := range tensors {
		if all[t.Name] == nil {
			all[t.Name] = make([]float64, t.Len())
		}
		if len(t.Index) == 0 {
			continue
		}
		g := r.o.Grad(number[t.Param])
		for k, at := range t.Index {
			for b := range r.c.B {
				if g != nil {
					all[t.Name][at] += g[k*r.c.B+b]
				}
			}
		}
	}
	return all
}
