package evidence

var henon = task{
	name: "henon",
	about: "**henon**: x' = 1 - 1.4 x² + y, y' = 0.3 x (Hénon, Communications in Mathematical Physics 50, 1976); x is read, the next x is asked. " +
		"y makes it a map of the last two x.",
	inputs: 1, mean: henonMean, sd: henonSD,
	stream: func(seed uint64) func() event {
		r := random(seed)
		x, y := 0.2*r.Float64()-0.1, 0.2*r.Float64()-0.1
		next := func() float64 {
			x, y = 1-1.4*x*x+y, 0.3*x
			return x
		}
		for range 100 {
			next()
		}
		return ahead(henonMean, henonSD, next)
	},
}

// The mean and the standard deviation of x on the attractor.
const henonMean, henonSD = 0.257, 0.721
