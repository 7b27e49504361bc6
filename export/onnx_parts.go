package export

// parts writes a row that may be longer than the cells can step: a Loop over its parts, with the input held, in each lane as
// many as it needs; see engine.Limits. A lane that has ended keeps its state.
func (f *onnxFile) parts(prefix string) (next []string, y string) {
	w, dt := f.w, prefix+"dt"
	one, zero := w.single(1), w.single(0)
	t := timetable{dt: dt}
	long, top := w.cast(dt, onnxDouble), ""
	for _, limit := range f.limits {
		// in double precision, so that a row is never cut into one part more or fewer than elsewhere
		n := w.cast(w.op("Ceil", []string{w.two("Div", long, w.double(limit))}), onnxFloat)
		n = w.two("Max", n, one)
		start := zero
		if len(t.n) > 0 {
			start, top = t.end[len(t.end)-1], w.two("Max", top, n)
		} else {
			top = n
		}
		t.n, t.start, t.end, t.d = append(t.n, n), append(t.start, start), append(t.end, w.two("Add", start, n)), append(t.d, w.two("Div", dt, n))
	}
	t.longer = w.two("Greater", top, one)
	t.total = w.where(t.longer, t.end[len(t.end)-1], one)
	trips := w.cast(w.op("ReduceMax", []string{t.total}, attributeInt("keepdims", 0)), onnxInt64)
	shape := w.op("Concat", []string{w.op("Shape", []string{dt}), w.ints(len(f.d.Outputs))}, attributeInt("axis", 0))
	first := w.two("Expand", w.scalar(0), shape)

	body := f.part(prefix, &t)
	w.count++
	for k := range f.d.States {
		next = append(next, held(prefix, k)+"_parts")
	}
	y = prefix + "y_parts"
	in := append([]string{trips, ""}, append(f.held(prefix), first)...)
	w.nodes = append(w.nodes, onnxNode("Loop", in, append(append([]string{}, next...), y), attributeGraph("body", body.encode())))
	return next, y
}

// timetable are values of a row, [batch]: of each turn, the number of its parts, the first of them, the one after its last, and
// their length; whether there is more than one part, and how many.
type timetable struct {
	dt               string
	n, start, end, d []string
	longer, total    string
}

// part is the body of the loop over parts.
func (f *onnxFile) part(prefix string, t *timetable) *onnxGraph {
	w, inner := f.w, prefix+"part_"
	g := &onnxGraph{name: "part"}
	g.in = []onnxPort{{inner + "number", onnxInt64, nil, ""}, {inner + "go", onnxBool, nil, ""}}
	g.out = []onnxPort{{inner + "go_on", onnxBool, nil, ""}}
	for k, s := range f.d.States {
		g.in = append(g.in, onnxPort{held(inner, k), onnxFloat, []any{"batch", s.Width}, ""})
		g.out = append(g.out, onnxPort{held(inner, k) + "_next", onnxFloat, []any{"batch", s.Width}, ""})
	}
	g.in = append(g.in, onnxPort{inner + "y", onnxFloat, []any{"batch", len(f.d.Outputs)}, ""})
	g.out = append(g.out, onnxPort{inner + "y_next", onnxFloat, []any{"batch", len(f.d.Outputs)}, ""})
	g.nodes = w.scope(func() {
		number := w.cast(inner+"number", onnxFloat)
		dt, part := f.turns(number, t)
		next, y := w.program(prefix+"x", dt, part, f.held(inner))
		on := w.two("Reshape", w.two("Less", number, t.total), w.ints(-1, 1))
		for k, s := range next {
			w.rename(w.where(on, s, held(inner, k)), held(inner, k)+"_next")
		}
		w.rename(w.where(on, y, inner+"y"), inner+"y_next")
		w.rename(inner+"go", inner+"go_on")
	})
	return g
}

// turns gives the time of part number, and what the leaf step.OpPart says of it.
func (f *onnxFile) turns(number string, t *timetable) (dt, part string) {
	w := f.w
	zero := w.single(0)
	dt, before, after, turn := zero, zero, zero, zero
	for k := range t.n {
		in := w.two("And", w.op("Not", []string{w.two("Less", number, t.start[k])}), w.two("Less", number, t.end[k]))
		in = w.two("And", in, t.longer)
		at := w.two("Sub", number, t.start[k])
		left := w.two("Sub", w.two("Sub", t.n[k], w.single(1)), at)
		dt = w.where(in, t.d[k], dt)
		before = w.where(in, w.two("Mul", at, t.d[k]), before)
		after = w.where(in, w.two("Mul", left, t.d[k]), after)
		turn = w.where(in, w.single(float32(k+1)), turn)
	}
	dt = w.where(t.longer, dt, t.dt)
	column := func(x string) string { return w.two("Reshape", x, w.ints(-1, 1)) }
	return dt, w.op("Concat", []string{column(before), column(after), column(turn)}, attributeInt("axis", 1))
}

// double is a number in double precision beside [batch].
func (g *onnxWriter) double(v float64) string {
	return g.initializer(doubleTensor([]int{1}, []float64{v}), 8)
}
