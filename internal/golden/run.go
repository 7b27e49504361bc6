package golden

import (
	"maps"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// names are those that a format gives to its tensors.
type names struct {
	// cotangent is that of the outputs.
	cotangent string
	// Of a state, with its name in place of %s: its values before the first row and after the last one, the cotangent of the
	// latter, and the gradient of the former.
	first, last, final, initial string
	// parameter is what stands before the name of a parameter.
	parameter string
}

// of is the tensor of a state.
func (names) of(pattern, state string) string { return strings.ReplaceAll(pattern, "%s", state) }

// slot is where a state of the program stands: in the tensor of a name, whose rows have a width, from a column on.
type slot struct {
	state     int
	name      string
	width, at int
}

// run is one case on the oracle. Tensors of the file are [B, T, width] or [B, width]; values of the oracle are
// [component][lane].
type run struct {
	names
	f       *File
	B, T    int // series and rows
	in, out int
	slots   []slot
	p       *step.Program
	o       *engine.Oracle
	tape    engine.Tape
	y       []float64
	gx, gdt []float64
}

func newRun(f *File, n names, slots []slot, p *step.Program, theta []float64) *run {
	x, y := f.Tensor("x").Shape, f.Tensor("y").Shape
	r := &run{names: n, f: f, B: x[0], T: x[1], in: x[2], out: y[2], slots: slots, p: p}
	r.o = engine.NewOracle(p, r.B, theta)
	r.tape.Oracle = r.o
	return r
}

// scatter writes rows [B][width] from column at to a value; gather is its inverse.
func (r *run) scatter(node int, data []float64, width, at int) {
	v := r.o.Value(node)
	for k := range len(v) / r.B {
		for b := range r.B {
			v[k*r.B+b] = data[b*width+at+k]
		}
	}
}

func (r *run) gather(node int, data []float64, width, at int) {
	v := r.o.Value(node)
	for k := range len(v) / r.B {
		for b := range r.B {
			data[b*width+at+k] = v[k*r.B+b]
		}
	}
}

// collect gathers one node of each state into one tensor a name.
func (r *run) collect(node func(state int) int) map[string][]float64 {
	all := map[string][]float64{}
	for _, s := range r.slots {
		if all[s.name] == nil {
			all[s.name] = make([]float64, r.B*s.width)
		}
		r.gather(node(s.state), all[s.name], s.width, s.at)
	}
	return all
}

func (r *run) feed(t int) {
	r.scatter(r.p.Inputs[0].Node, r.f.Tensor("x").Data, r.T*r.in, t*r.in)
	if r.p.Time >= 0 {
		r.scatter(r.p.Time, r.f.Tensor("dt").Data, r.T, t)
	}
}

func (r *run) forward(w *worst) {
	r.y = make([]float64, r.B*r.T*r.out)
	node := r.p.Outputs[r.p.Output("y")].Node
	for _, s := range r.slots {
		r.scatter(r.p.States[s.state].Node, r.f.Tensor(r.of(r.first, s.name)).Data, s.width, s.at)
	}
	r.tape.Forward(r.T, r.feed, func(t int) { r.gather(node, r.y, r.T*r.out, t*r.out) })
	w.see("y", r.y, r.f.Tensor("y").Data)
	final := r.collect(func(state int) int { return r.p.States[state].Node })
	for _, key := range sortedKeys(final) {
		w.see(r.of(r.last, key), final[key], r.f.Tensor(r.of(r.last, key)).Data)
	}
	if !r.f.Has("loss") {
		return
	}
	loss := dot(r.y, r.f.Tensor(r.cotangent).Data)
	for _, key := range sortedKeys(final) {
		loss += dot(final[key], r.f.Tensor(r.of(r.final, key)).Data)
	}
	w.see("loss", []float64{loss}, r.f.Tensor("loss").Data)
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
	r.gx, r.gdt = make([]float64, r.B*r.T*r.in), make([]float64, r.B*r.T)
	for _, s := range r.slots {
		r.scatter(a.DNext[s.state], r.f.Tensor(r.of(r.final, s.name)).Data, s.width, s.at)
	}
	r.tape.Backward(r.feed,
		func(t int) { r.scatter(a.DOutput[k], r.f.Tensor(r.cotangent).Data, r.T*r.out, t*r.out) },
		func(t int) {
			r.gather(a.DInput[0], r.gx, r.T*r.in, t*r.in)
			if a.DTime >= 0 {
				r.gather(a.DTime, r.gdt, r.T, t)
			}
		})
}

func (r *run) gradients(w *worst, tensors []cell.Tensor) {
	w.see("grad.x", r.gx, r.f.Tensor("grad.x").Data)
	if r.f.Has("grad.dt") {
		w.see("grad.dt", r.gdt, r.f.Tensor("grad.dt").Data)
	}
	initial := r.collect(func(state int) int { return r.p.Adjoint.DState[state] })
	for _, key := range sortedKeys(initial) {
		w.see(r.of(r.initial, key), initial[key], r.f.Tensor(r.of(r.initial, key)).Data)
	}
	got := r.parameters(tensors)
	for _, key := range slices.Sorted(maps.Keys(got)) {
		key, values := "grad."+r.parameter+key, got[key]
		w.see(key, values, r.f.Tensor(key).Data)
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
			for b := range r.B {
				if g != nil {
					all[t.Name][at] += g[k*r.B+b]
				}
			}
		}
	}
	return all
}

// load reads the parameters in double precision; it has been checked that they are there.
func (n names) load(f *File, p *step.Program, tensors []cell.Tensor) []float64 {
	theta := make([]float64, p.ParamCount())
	at := map[string]int{}
	for _, q := range p.Params {
		at[q.Name] = q.Offset
	}
	for _, t := range tensors {
		for k, i := range t.Index {
			theta[at[t.Param]+k] = f.Tensor(n.parameter + t.Name).Data[i]
		}
	}
	return theta
}
