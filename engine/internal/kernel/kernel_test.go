package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// ulps is the distance of got from the exact want in units of float32's last place there.
func ulps(got float32, want float64) float64 {
	switch near := float32(want); {
	case got != got || want != want:
		if got != got && want != want {
			return 0
		}
		return math.Inf(1)
	case got == near && math.IsInf(float64(got), 0):
		return 0
	case math.IsInf(float64(near), 0) != math.IsInf(float64(got), 0):
		return math.Inf(1)
	}
	return math.Abs(float64(got)-want) / unit(want)
}

// unit is the spacing of float32 at x.
func unit(x float64) float64 {
	_, e := math.Frexp(x)
	return math.Ldexp(1, max(e-24, -149))
}

// The measure itself must bite: a neighbour is 1 ulp away, and a NaN or an infinity in the wrong place is never near.
func TestUlps(t *testing.T) {
	for _, c := range []struct {
		got      float32
		want, is float64
	}{
		{1, 1, 0}, {math.Nextafter32(1, 2), 1, 1}, {math.Nextafter32(3, 4), 3, 1}, {1, math.NaN(), math.Inf(1)},
		{float32(math.Inf(1)), 1e30, math.Inf(1)}, {float32(math.Inf(1)), 1e300, 0}, {1e38, math.Inf(1), math.Inf(1)},
		{2 * math.SmallestNonzeroFloat32, math.SmallestNonzeroFloat32, 1},
	} {
		if d := ulps(c.got, c.want); d != c.is {
			t.Errorf("ulps(%g, %g) = %g, want %g", c.got, c.want, d, c.is)
		}
	}
}

// Operations of several operands follow the table, on all pairs of special values, also where an operand is one number.
func TestOperandsAgainstTable(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	values := []float32{0, float32(math.Copysign(0, -1)), 1.5, -2.25, inf, -inf, nan, 3e-41}
	for op := range step.Op(step.Ops) {
		n := op.Row().Arity
		if !op.Elementwise() || n < 2 || op == step.OpRelax {
			continue
		}
		k, in := Elementwises[op], make([][]float32, n)
		for code := range int(math.Pow(float64(len(values)), float64(n))) {
			x := make([]float64, n)
			for a := range in {
				v := values[code%len(values)]
				code /= len(values)
				in[a], x[a] = []float32{v, v, v}, float64(v)
			}
			want := op.Row().F(x)
			if (op == step.OpMin || op == step.OpMax) && (x[0] != x[0] || x[1] != x[1]) {
				want = math.NaN() // also beside an infinity, where package math prefers that
			}
			shapes := [][][]float32{in}
			if k.Scalar {
				shapes = append(shapes, [][]float32{in[0], in[1][:1]}, [][]float32{in[0][:1], in[1]})
			}
			for _, in := range shapes {
				dst := make([]float32, 3)
				inGo(op, dst, in)
				for _, got := range dst {
					if math.Float32bits(got) != math.Float32bits(float32(want)) && !(got != got && want != want) {
						t.Fatalf("%v%v of lengths %d, %d: %g, want %g", op, x, len(in[0]), len(in[1]), got, want)
					}
				}
			}
		}
	}
}

func TestRelax(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 5000 {
		x, in := make([]float64, 5), make([][]float32, 5)
		for a := range in {
			v := float32(r.NormFloat64())
			if a >= 1 && a <= 3 {
				v = float32(r.ExpFloat64())
			}
			in[a], x[a] = []float32{v}, float64(v)
		}
		var got [1]float32
		inGo(step.OpRelax, got[:], in)
		want := step.OpRelax.Row().F(x)
		if scale := math.Abs(x[0]) + math.Abs(x[4]/x[3]) + 1; math.Abs(float64(got[0])-want) > 1e-6*scale {
			t.Fatalf("relax%v = %g, want %g", x, got[0], want)
		}
		in[1][0] = 0 // no time passes
		if inGo(step.OpRelax, got[:], in); got[0] != in[0][0] {
			t.Fatalf("relax%v with h = 0 moved to %g", x, got[0])
		}
	}
}

func normals(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// product is y += W x by the definition, in float64.
func product(a Matrix, y, x []float32, lanes int) []float64 {
	z := make([]float64, len(y))
	for i := range z {
		z[i] = float64(y[i])
		for j := range a.Cols {
			z[i] += float64(a.W[i/lanes*a.Row+j*a.Col]) * float64(x[j*lanes+i%lanes])
		}
	}
	return z
}

// MulAdd is y += W x over the lanes: a product of one term that is taken once.
func (a Matrix) MulAdd(y, x []float32, lanes int) {
	p := Product{Terms: []Matrix{a}, X: [][]float32{x}}
	p.Add(y, lanes)
}

func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for i, v := range want {
		if d := math.Abs(float64(got[i]) - v); !(d <= 2e-6*(1+math.Abs(v))*math.Sqrt(float64(len(want)))) {
			t.Fatalf("%s: component %d is %g, want %g", what, i, got[i], v)
		}
	}
}

func TestMatrix(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	for _, rows := range []int{1, 2, 3, 5, 8} {
		for _, cols := range []int{1, 3, 4, 6, 9} {
			for _, lanes := range []int{1, 2, 7, 8, 33} {
				what := fmt.Sprintf("%d×%d, %d lanes", rows, cols, lanes)
				w, x, y := normals(r, rows*cols), normals(r, cols*lanes), normals(r, rows*lanes)
				plain := Matrix{W: w, Rows: rows, Cols: cols, Row: cols, Col: 1}
				turned := Matrix{W: w, Rows: rows, Cols: cols, Row: 1, Col: rows}
				for _, a := range []Matrix{plain, turned} {
					got := append([]float32(nil), y...)
					a.MulAdd(got, x, lanes)
					near(t, what, got, product(a, y, x, lanes))
					eachLane(t, what, a, y, x, got, lanes)
				}
				g := append([]float32(nil), w...)
				Matrix{W: g, Rows: rows, Cols: cols, Row: cols, Col: 1}.OuterAdd(y, x, lanes, Times{Count: 1})
				want := make([]float64, len(g))
				for k := range want {
					want[k] = float64(w[k])
					for l := range lanes {
						want[k] += float64(y[k/cols*lanes+l]) * float64(x[k%cols*lanes+l])
					}
				}
				near(t, "outer "+what, g, want)
			}
		}
	}
}

// eachLane checks that a lane alone gives the same bits.
func eachLane(t *testing.T, what string, a Matrix, y, x, got []float32, lanes int) {
	t.Helper()
	for l := range lanes {
		xl, yl := make([]float32, a.Cols), make([]float32, a.Rows)
		for j := range xl {
			xl[j] = x[j*lanes+l]
		}
		for i := range yl {
			yl[i] = y[i*lanes+l]
		}
		a.MulAdd(yl, xl, 1)
		for i, v := range yl {
			if v != got[i*lanes+l] {
				t.Fatalf("%s: row %d of lane %d is %g alone, %g among others", what, i, l, v, got[i*lanes+l])
			}
		}
	}
}

// structuredOf computes an operation by the table in float64: operands by their lengths in lanes.
func structuredOf(n *step.Node, shapes []step.Shape, lanes int, in ...[]float32) [][]float64 {
	results, err := n.Op.Row().Shape(n, shapes)
	if err != nil {
		panic(err)
	}
	e := step.Eval{Shapes: shapes, Lanes: lanes}
	for k, x := range in {
		v := make([]float64, shapes[k].Len()*lanes)
		for i := range v {
			if len(x) == len(v) {
				v[i] = float64(x[i])
			} else {
				v[i] = float64(x[i/lanes])
			}
		}
		e.In = append(e.In, v)
	}
	for _, s := range results {
		e.Out = append(e.Out, make([]float64, s.Len()*lanes))
	}
	n.Op.Row().Eval(n, e)
	return e.Out
}

// sumLanes adds lanes up.
func sumLanes(x []float64, lanes int) []float64 {
	s := make([]float64, len(x)/lanes)
	for i, v := range x {
		s[i/lanes] += v
	}
	return s
}

func TestSynapsesAgainstTable(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	e := &step.Edges{In: 4, Out: 3, List: []step.Edge{{From: 0, To: 0}, {From: 3, To: 0}, {From: 1, To: 1}, {From: 0, To: 2}, {From: 1, To: 2}, {From: 2, To: 2}}}
	for _, lanes := range []int{1, 5, 8, 100, 512} {
		y := Synapse{W: normals(r, 6), S: normals(r, 6), M: normals(r, 6), E: normals(r, 6), Edges: NewEdges(e.List)}
		v, dG, dI := normals(r, 4*lanes), normals(r, 3*lanes), normals(r, 3*lanes)
		G, I := make([]float32, 3*lanes), make([]float32, 3*lanes)
		y.Forward(G, I, v, lanes)
		w := step.Vector(6)
		n := &step.Node{Op: step.OpSynapses, Edges: []*step.Edges{e}}
		want := structuredOf(n, []step.Shape{step.Vector(4), w, w, w, w}, lanes, v, y.W, y.S, y.M, y.E)
		near(t, "conductance", G, want[0])
		near(t, "current", I, want[1])

		d := Synapse{W: make([]float32, 6), S: make([]float32, 6), M: make([]float32, 6), E: make([]float32, 6)}
		dv := make([]float32, 4*lanes)
		y.Back(d, Cotangent{V: v, DV: dv, DG: dG, DI: dI}, lanes)
		n.Op = step.OpSynapsesT
		want = structuredOf(n, []step.Shape{step.Vector(4), w, w, w, w, step.Vector(3), step.Vector(3)}, lanes, v, y.W, y.S, y.M, y.E, dG, dI)
		near(t, "dv", dv, want[0])
		for k, g := range [][]float32{d.W, d.S, d.M, d.E} {
			near(t, fmt.Sprintf("gradient %d", k), g, sumLanes(want[k+1], lanes))
		}
	}
}

// A NaN in one lane stays there.
func TestNaNStaysInItsLane(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	const lanes, bad = 5, 3
	x := normals(r, 4*lanes)
	clean := append([]float32(nil), x...)
	for i := range 4 {
		x[i*lanes+bad] = float32(math.NaN())
	}
	y := Synapse{W: normals(r, 2), S: normals(r, 2), M: normals(r, 2), E: normals(r, 2), Edges: NewEdges([]step.Edge{{From: 0, To: 1}, {From: 3, To: 0}})}
	m := Matrix{W: normals(r, 12), Rows: 3, Cols: 4, Row: 4, Col: 1}
	runs := map[string]func(dst, x []float32){
		"matrix":  func(dst, x []float32) { m.MulAdd(dst[:3*lanes], x, lanes) },
		"synapse": func(dst, x []float32) { y.Forward(dst[:2*lanes], dst[2*lanes:], x, lanes) },
		"softmax": func(dst, x []float32) { Softmax(dst, x, make([]float32, lanes), 4, lanes) },
		"sum":     func(dst, x []float32) { Sum{Rows: 1, Count: 4, Inner: 1}.Run(dst[:lanes], x, lanes) },
		"scatter": func(dst, x []float32) { Scatter(dst, x, []int{1, 0, 1, 3}, lanes) },
		"edges":   func(dst, x []float32) { y.Edges.MulAdd(dst, y.W, x, lanes) },
	}
	for name, run := range runs {
		want, got := make([]float32, 4*lanes), make([]float32, 4*lanes)
		run(want, clean)
		run(got, x)
		nans := 0
		for i, v := range got {
			switch {
			case i%lanes != bad && v != want[i]:
				t.Errorf("%s: lane %d changed from %g to %g", name, i%lanes, want[i], v)
			case v != v:
				nans++
			}
		}
		if nans == 0 {
			t.Errorf("%s: the NaN vanished", name)
		}
	}
}

func TestSoftmaxAndReduce(t *testing.T) {
	x := []float32{1000, -3, 1001, -3, 999, -3} // 3 rows of 2 lanes: the second lane is even
	Softmax(x, x, make([]float32, 2), 3, 2)
	e := math.Exp(1) + 1 + math.Exp(-1)
	near(t, "softmax", x, []float64{1 / e, 1. / 3, math.Exp(1) / e, 1. / 3, math.Exp(-1) / e, 1. / 3})
	sum := []float32{5, -1}
	Reduce(sum, []float32{1e8, 1, -1e8, 2, 3, 4}, 3)
	near(t, "reduce", sum, []float64{6, 8})
}
