package evidence

var lorenz = task{
	name: "lorenz",
	about: "**lorenz**: dx/dt = 10 (y - x), dy/dt = x (28 - z) - y, dz/dt = x y - 8/3 z (Lorenz, Journal of the Atmospheric Sciences 20, 1963), " +
		"by Runge-Kutta of order 4 in steps of 0.01; x is read every 0.05, the next x is asked.",
	inputs: 1, mean: 0, sd: lorenzSD,
	stream: func(seed uint64) func() event {
		r := random(seed)
		s := [3]float64{r.NormFloat64(), r.NormFloat64(), 25 + r.NormFloat64()}
		next := func() float64 {
			for range 5 {
				s = lorenzStep(s, 0.01)
			}
			return s[0]
		}
		for range 200 {
			next()
		}
		return ahead(0, lorenzSD, next)
	},
}

// lorenzSD is the standard deviation of x on the attractor, whose mean is 0.
const lorenzSD = 7.92

func lorenzSlope(s [3]float64) [3]float64 {
	return [3]float64{10 * (s[1] - s[0]), s[0]*(28-s[2]) - s[1], s[0]*s[1] - 8.0/3*s[2]}
}

// lorenzStep is a step of the classical method of Runge and Kutta.
func lorenzStep(s [3]float64, h float64) [3]float64 {
	at := func(k [3]float64, h float64) (v [3]float64) {
		for i := range v {
			v[i] = s[i] + h*k[i]
		}
		return v
	}
	k1 := lorenzSlope(s)
	k2 := lorenzSlope(at(k1, h/2))
	k3 := lorenzSlope(at(k2, h/2))
	k4 := lorenzSlope(at(k3, h))
	var k [3]float64
	for i := range k {
		k[i] = (k1[i] + 2*k2[i] + 2*k3[i] + k4[i]) / 6
	}
	return at(k, h)
}
