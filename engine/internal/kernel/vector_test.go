//go:build amd64 && !noasm

package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/step"
)

// onGo runs f on the plain Go path.
func onGo(f func()) {
	defer Accelerate(Accelerate(false))
	f()
}

// guarded are n numbers whose end, or whose beginning, lies at a page that must not be touched.
func guarded(t *testing.T, n int, end bool) []float32 {
	t.Helper()
	page := syscall.Getpagesize()
	inner := (4*n + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		require.Missing(t, "no memory map: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(mem) })
	for _, edge := range [][]byte{mem[:page], mem[page+inner:]} {
		if err := syscall.Mprotect(edge, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	at := page
	if end {
		at += inner - 4*n
	}
	return floats(mem[at:], n)
}

// fill writes random numbers.
func fill(r *rand.Rand, x []float32) []float32 {
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// close2 compares numbers that are sums of terms of about 1 in another order.
func close2(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, v := range want {
		if d := math.Abs(float64(got[i]) - float64(v)); !(d <= 4e-6*(4+math.Abs(float64(v)))) {
			t.Fatalf("%s: number %d is %g, in plain Go %g", what, i, got[i], v)
		}
	}
}

// problem are operands of one size of all kernels, at the edge of what may be touched.
type problem struct {
	rows, cols, lanes, times int
	list                     []step.Edge
	w, x, y, edgeW           []float32
	s, m, e                  []float32
}

func newProblem(t *testing.T, r *rand.Rand, end bool) *problem {
	p := &problem{rows: 1 + r.IntN(20), cols: 1 + r.IntN(23), lanes: 1 + r.IntN(40), times: 1 + r.IntN(4)}
	switch r.IntN(3) {
	case 0:
		p.lanes = 8 * (1 + r.IntN(5))
	case 1:
		p.lanes, p.rows = 1, 1+r.IntN(150)
	}
	for to := range p.rows {
		for from := range p.cols {
			if r.IntN(4) == 0 {
				p.list = append(p.list, step.Edge{From: from, To: to})
			}
		}
	}
	r.Shuffle(len(p.list), func(i, j int) { p.list[i], p.list[j] = p.list[j], p.list[i] })
	make := func(n int) []float32 {
		if p.lanes == 1 { // what one lane reads comes in windows
			return fill(r, guarded(t, (n+ForSynapses*vector-1)/vector*vector, end))[:n]
		}
		return fill(r, guarded(t, n, end))
	}
	p.w, p.x, p.y = make(p.rows*p.cols), make(p.times*p.cols*p.lanes), make(p.times*p.rows*p.lanes)
	p.edgeW, p.s, p.m, p.e = make(len(p.list)), make(len(p.list)), make(len(p.list)), make(len(p.list))
	return p
}

// outputs runs every kernel and gives its result by name.
func (p *problem) outputs(t *testing.T, end bool) map[string][]float32 {
	out := map[string][]float32{}
	result := func(name string, like []float32) []float32 {
		v := guarded(t, len(like), end)
		copy(v, like)
		out[name] = v
		return v
	}
	x, y := p.x[:p.cols*p.lanes], p.y[:p.rows*p.lanes]
	plain := Matrix{W: p.w, Rows: p.rows, Cols: p.cols, Row: p.cols, Col: 1}
	plain.MulAdd(result("product", y), x, p.lanes)
	turned := Matrix{W: p.w, Rows: p.cols, Cols: p.rows, Row: 1, Col: p.cols}
	turned.MulAdd(result("turned", x), y, p.lanes)
	times := Times{Count: p.times, DY: p.rows * p.lanes, X: p.cols * p.lanes}
	g := plain
	g.W = result("outer", p.w)
	p.gradient(g, times)
	p.products(result)
	AddLanes(result("sums of lanes", p.w)[:p.rows], p.y, p.lanes, p.times, times.DY)
	edges := NewEdges(p.list)
	edges.MulAdd(result("sparse", y), p.edgeW, x, p.lanes)
	var entries []Entry
	for row := range p.rows {
		for range row % 4 {
			entries = append(entries, Entry{row, (7 * row) % p.cols, len(entries) % len(p.w)})
		}
	}
	NewSums(p.rows, entries).Run(result("sums", y), p.w, x, p.lanes, false)
	NewSums(p.rows, entries).Run(result("sums from zero", y), p.w, x, p.lanes, true)
	edges.MulAddT(result("sparse turned", x), p.edgeW, y, p.lanes)
	var dw, dy [][]float32
	for r := range 1 + len(p.list)%MostSiblings {
		dw, dy = append(dw, result(fmt.Sprint("sparse outer ", r), p.edgeW)), append(dy, p.y)
	}
	edges.OuterAdd(dw, dy, p.x, p.lanes, times)
	zero := make([]float32, len(y))
	p.synapses(result("conductance", zero), result("current", zero))
	d := Synapse{W: result("dw", p.edgeW), S: result("ds", p.s), M: result("dm", p.m), E: result("de", p.e)}
	back := NewSynapsesBack(p.list, p.lanes)
	back.Pack(p.synapse())
	back.Run(Cotangent{V: x, DV: result("dv", x), DG: y, DI: result("di", y)})
	back.Flush(d)
	return out
}

func (p *problem) synapse() Synapse {
	return Synapse{W: p.edgeW, S: p.s, M: p.m, E: p.e, Edges: NewEdges(p.list)}
}

// synapses computes conductances and currents from zero, by the assembly or by its Go twin.
func (p *problem) synapses(G, I []float32) {
	x := p.x[:p.cols*p.lanes]
	if !Has(AloneSynapses, p.lanes) {
		p.synapse().Forward(G, I, x, p.lanes)
		return
	}
	aloneSynapses(G, I, x, p.synapse(), p.list, p.lanes)
}

// aloneSynapses computes synapses that no chain follows.
func aloneSynapses(G, I, v []float32, y Synapse, list []step.Edge, lanes int) {
	head := []Head{{Slots: NewSlots(list, len(G)/lanes, lanes, ForSynapses)}}
	head[0].Slots.PackSynapses(y)
	head[0].Read(v)
	Bind(AloneSynapses, [][]float32{G, I}, make([][]float32, 2), head, len(G)/lanes, lanes)()
}

// gradient is that of a matrix over all times, by panels where they work.
func (p *problem) gradient(g Matrix, times Times) {
	if !Panelled(p.lanes) {
		g.OuterAdd(p.y, p.x, p.lanes, times)
		return
	}
	panels := NewPanels(p.cols, p.lanes, p.times)
	for t := range p.times {
		panels.Take(t, p.x[t*times.X:][:times.X])
	}
	wide := g
	wide.Row = panels.Width()
	wide.W = make([]float32, g.Rows*wide.Row)
	for i := range g.Rows {
		copy(wide.W[i*wide.Row:][:g.Cols], g.W[i*g.Cols:])
	}
	panels.OuterAdd(wide, p.y, times, 1)
	for i := range g.Rows {
		copy(g.W[i*g.Cols:][:g.Cols], wide.W[i*wide.Row:])
	}
}

// products are those of two terms.
func (p *problem) products(result func(name string, like []float32) []float32) {
	x := p.x[:p.cols*p.lanes]
	wide := Matrix{W: p.w, Rows: p.rows, Cols: p.cols, Row: p.cols, Col: 1}
	thin := Matrix{W: p.y, Rows: p.rows, Cols: 1 + p.cols/2, Row: 1, Col: p.rows}
	if p.times*p.lanes < thin.Cols {
		thin.Cols = 1
	}
	both := Product{Terms: []Matrix{wide, thin}, X: [][]float32{x, x}}
	both.Run(result("terms", p.y)[:p.rows*p.lanes], p.lanes)
	both.Add(result("terms added", p.y)[:p.rows*p.lanes], p.lanes)
	turned := Product{Terms: []Matrix{thin, thin}, X: [][]float32{x, x}}
	turned.Run(result("terms turned", p.y)[:p.rows*p.lanes], p.lanes)
}

// Every kernel agrees with its Go twin at every size, and touches nothing beside its operands.
func TestVectorKernelsAgainstGo(t *testing.T) {
	needAssembly(t)
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 9))
		end := seed%2 == 0
		p := newProblem(t, r, end)
		got := p.outputs(t, end)
		var want map[string][]float32
		onGo(func() { want = p.outputs(t, end) })
		for name, v := range want {
			close2(t, fmt.Sprintf("seed %d: %s, %d rows, %d columns, %d lanes, %d times", seed, name, p.rows, p.cols, p.lanes, p.times), got[name], v)
		}
	}
}

// A lane alone has the bits that it has among others, on every path that one lane takes.
func TestLanesAloneInAssembly(t *testing.T) {
	needAssembly(t)
	for seed := range uint64(100) {
		// A test of its own, after which its memory goes: there are only so many maps of it.
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 10))
			p := newProblem(t, r, true)
			p.times = 1
			whole := p.outputs(t, true)
			p.byColumns(t)
			for l := range p.lanes {
				q := *p
				q.lanes, q.x, q.y = 1, windowed(pickLane(p.x[:p.cols*p.lanes], l, p.lanes)), windowed(pickLane(p.y[:p.rows*p.lanes], l, p.lanes))
				one := q.outputs(t, true)
				for _, name := range []string{"product", "turned", "sparse", "sparse turned", "sums", "conductance", "current", "dv"} {
					sameBits(t, fmt.Sprintf("lane %d: %s", l, name), one[name], pickLane(whole[name], l, p.lanes))
				}
				q.alone(t, one)
			}
		})
	}
}

// alone compares the kernels of one lane.
func (p *problem) alone(t *testing.T, one map[string][]float32) {
	t.Helper()
	y := append([]float32(nil), p.y...)
	c := NewColumns(p.rows, p.cols)
	half := p.rows / 2
	c.Pack(0, half, p.w[half*p.cols:])
	c.Pack(0, 0, p.w[:half*p.cols])
	c.X[0] = p.x
	c.Add(y)
	sameBits(t, "by columns", y, one["product"])
	slots := NewSlots(p.list, p.rows, 1, ForProducts)
	slots.Pack(p.edgeW)
	copy(y, p.y)
	slots.MulAdd(y, p.x)
	sameBits(t, "sparse by target", y, one["sparse"])
}

// windowed is x with room for whole windows behind it.
func windowed(x []float32) []float32 {
	return append(x, make([]float32, ForSynapses*vector)...)[:len(x)]
}

// byColumns compares a product of two terms, the second of which has only some of the columns, with the two one by one.
func (p *problem) byColumns(t *testing.T) {
	t.Helper()
	n := 1 + p.cols/2
	c, thin := NewColumns(p.rows, p.cols, n), guarded(t, p.rows*n, true)
	copy(thin, p.w)
	c.Pack(1, 0, thin)
	c.Pack(0, 0, p.w)
	x := guarded(t, n, false)
	copy(x, p.x)
	c.X[0], c.X[1] = p.x, x
	want := make([]float32, p.rows)
	Matrix{W: p.w, Rows: p.rows, Cols: p.cols, Row: p.cols, Col: 1}.MulAdd(want, p.x, 1)
	Matrix{W: thin, Rows: p.rows, Cols: n, Row: n, Col: 1}.MulAdd(want, x, 1)
	y := guarded(t, p.rows, p.rows%2 == 0)
	for _, c.Fixed = range []bool{false, true} {
		c.Run(y)
		sameBits(t, "by columns of two terms", y, want)
	}
}

func pickLane(x []float32, l, lanes int) (v []float32) {
	for i := l; i < len(x); i += lanes {
		v = append(v, x[i])
	}
	return v
}

func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, v := range want {
		if !equalBits(got[i], v) {
			t.Fatalf("%s: number %d is %g, among others %g", what, i, got[i], v)
		}
	}
}

// A NaN or an infinity in one source reaches its own targets only, also where blocks are padded.
func TestSlotsKeepNaN(t *testing.T) {
	needAssembly(t)
	list := []step.Edge{{From: 0, To: 0}, {From: 1, To: 2}, {From: 0, To: 2}, {From: 2, To: 9}}
	one := []float32{1, 1, 1, 1}
	G, I := make([]float32, 10), make([]float32, 10)
	v := make([]float32, 3, ForSynapses*vector)
	copy(v, []float32{float32(math.NaN()), 1, 2})
	aloneSynapses(G, I, v, Synapse{W: one, S: one, M: one, E: one}, list, 1)
	for i, v := range G {
		if bad := i == 0 || i == 2; (v != v) != bad || (I[i] != I[i]) != bad {
			t.Errorf("target %d has %g, %g", i, v, I[i])
		}
	}
	if G[9] == 0 || G[1] != 0 {
		t.Errorf("conductances %v", G)
	}
}

func TestShortOperandsOfProductsAreRefused(t *testing.T) {
	needAssembly(t)
	x := make([]float32, 64)
	list := []step.Edge{{From: 3, To: 1}}
	syn := Synapse{W: x[:1], S: x[:1], M: x[:1], E: x[:1], Edges: NewEdges(list)}
	slots, back := NewSlots(list, 2, 8, ForSynapses), NewSynapsesBack(list, 8)
	slots.PackSynapses(syn)
	back.Pack(syn)
	m := Matrix{W: x[:6], Rows: 2, Cols: 3, Row: 3, Col: 1}
	wide := Matrix{W: x[:16], Rows: 2, Cols: 3, Row: 8, Col: 1}
	for name, f := range map[string]func(){
		"narrow":      func() { NewPanels(3, 8, 2).OuterAdd(m, x[:32], Times{Count: 2, DY: 16}, 1) },
		"result":      func() { m.MulAdd(x[:15], x, 8) },
		"operand":     func() { m.MulAdd(x, x[:23], 8) },
		"matrix":      func() { Matrix{W: x[:5], Rows: 2, Cols: 3, Row: 3, Col: 1}.MulAdd(x, x, 8) },
		"negative":    func() { Matrix{W: x, Rows: 2, Cols: 3, Row: -3, Col: 1}.MulAdd(x, x, 8) },
		"potentials":  func() { aloneSynapses(x[:16], x[:16], x[:31], syn, list, 8) },
		"currents":    func() { aloneSynapses(x[:16], x[:15], x, syn, list, 8) },
		"cotangents":  func() { back.Run(Cotangent{V: x, DV: x[:31], DG: x, DI: x}) },
		"edges":       func() { syn.Edges.MulAdd(x[:15], x, x, 8) },
		"columns":     func() { c := NewColumns(9, 2); c.X[0] = x; c.Run(x[:8]) },
		"column":      func() { c := NewColumns(9, 2); c.X[0] = x[:1]; c.Run(x) },
		"gradient":    func() { NewPanels(3, 8, 2).OuterAdd(wide, x[:31], Times{Count: 2, DY: 16}, 1) },
		"panels":      func() { NewPanels(3, 8, 2).OuterAdd(wide, x, Times{Count: 3, DY: 16}, 1) },
		"blocks":      func() { NewPanels(3, 8, 2).OuterAdd(wide, x[:31], Times{Count: 1}, 2) },
		"turning":     func() { NewPanels(3, 8, 2).Take(2, x) },
		"short":       func() { NewPanels(3, 8, 2).Take(1, x[:23]) },
		"slots":       func() { NewSlots(list, 2, 1, ForProducts).MulAdd(x[:2], x[:3]) },
		"other lanes": func() { slots.MulAdd(x, x) },
		"sums":        func() { NewSums(2, []Entry{{1, 3, 0}}).Run(x[:16], x, x[:31], 8, false) },
		"weights":     func() { NewSums(2, []Entry{{1, 3, 4}}).Run(x[:16], x[:4], x, 8, false) },
		"an edge":     func() { NewEdges([]step.Edge{{From: -1}}) },
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); len(text) < 8 || text[:8] != "kernel: " {
					t.Errorf("%s: panic %q", name, text)
				}
			}()
			f()
		}()
	}
}
