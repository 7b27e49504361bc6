package bench

// streamCases are single steps of one stream that carries its state: what a request costs.
var streamCases = []Case{
	{Name: "stream/ltc-ncp19", open: stream("ltc-ncp19")},
	{Name: "stream/cfc-ncp19", open: stream("cfc-ncp19")},
	{Name: "stream/cfc-ncp19-masked", open: stream("cfc-ncp19-masked")},
	{Name: "stream/cfc-dense64", open: stream("cfc-dense")},
	{Name: "stream/lstm64", open: stream("lstm64")},
}

// streamsCases advance many streams by one row each.
var streamsCases = []Case{
	{Name: "streams/ltc-ncp19/N1", open: streams("ltc-ncp19", 1)},
	{Name: "streams/ltc-ncp19/N10", open: streams("ltc-ncp19", 10)},
	{Name: "streams/ltc-ncp19/N100", open: streams("ltc-ncp19", 100)},
	{Name: "streams/ltc-ncp19/N1000", open: streams("ltc-ncp19", 1000)},
	{Name: "streams/ltc-ncp19/N10000", open: streams("ltc-ncp19", 10000)},
	{Name: "streams/cfc-dense64/N1", open: streams("cfc-dense", 1)},
	{Name: "streams/cfc-dense64/N100", open: streams("cfc-dense", 100)},
	{Name: "streams/cfc-dense64/N10000", open: streams("cfc-dense", 10000)},
}

// cycle is how many different rows a stream is fed in turn.
const cycle = 64

func stream(name string) func(setting) work {
	return func(setting) work {
		m := networks[name].model()
		s, rows, at := m.Stream(), normals(7, cycle*inputs), 0
		return work{
			op: func() {
				if _, err := s.Step(rows[at*inputs:][:inputs], 1); err != nil {
					panic(err)
				}
				at = (at + 1) % cycle
			},
			items:   1,
			flops:   costOf(m.Program()),
			traffic: func() float64 { return 4 * float64(m.Parameters()+2*m.Program().StateWidth()+inputs) },
		}
	}
}

func streams(name string, n int) func(setting) work {
	return func(s setting) work {
		n := s.bound(n)
		m := networks[name].model()
		many, dt := m.Streams(n), ones(n)
		rows, at := normals(7, (n+cycle)*inputs), 0
		return work{
			op: func() {
				if _, err := many.StepMany(nil, rows[at*inputs:][:n*inputs], dt); err != nil {
					panic(err)
				}
				at = (at + 1) % cycle
			},
			items:     n,
			flops:     float64(n) * costOf(m.Program()),
			traffic:   func() float64 { return 4 * float64(m.Parameters()+n*(2*m.Program().StateWidth()+inputs+1)) },
			perStream: float64(many.Bytes()),
		}
	}
}
