package evidence

import "math"

var mackeyGlass = task{
	name: "mackey-glass",
	about: "**mackey-glass**: dx/dt = 0.2 x(t-17) / (1 + x(t-17)^10) - 0.1 x (Mackey and Glass, Science 197, 1977), by Runge-Kutta of order 4 in " +
		"steps of 0.1, the delayed value interpolated linearly within a step; x is read every 6, the next x is asked.",
	inputs: 1, mean: mackeyMean, sd: mackeySD,
	stream: func(seed uint64) func() event {
		r := random(seed)
		m := &mackey{x: 1.2 + 0.2*(r.Float64()-0.5)}
		for i := range m.past {
			m.past[i] = m.x
		}
		for range 2000 {
			m.step()
		}
		return ahead(mackeyMean, mackeySD, func() float64 {
			for range 60 {
				m.step()
			}
			return m.x
		})
	},
}

// The mean and the standard deviation on the attractor.
const mackeyMean, mackeySD = 0.93, 0.225

// mackey is the delay equation with the values of the last 17 units of time, of which past[at] is the oldest.
type mackey struct {
	x    float64
	past [170]float64
	at   int
}

// step is a step of the classical method of Runge and Kutta of 0.1.
func (m *mackey) step() {
	const h = 0.1
	old, next := m.past[m.at], m.past[(m.at+1)%len(m.past)]
	slope := func(x, late float64) float64 { return 0.2*late/(1+math.Pow(late, 10)) - 0.1*x }
	middle := (old + next) / 2
	k1 := slope(m.x, old)
	k2 := slope(m.x+h/2*k1, middle)
	k3 := slope(m.x+h/2*k2, middle)
	k4 := slope(m.x+h*k3, next)
	m.past[m.at] = m.x
	m.at = (m.at + 1) % len(m.past)
	m.x += h * (k1 + 2*k2 + 2*k3 + k4) / 6
}
