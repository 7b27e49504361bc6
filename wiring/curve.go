package wiring

import (
	"math"
	"strconv"
)

// point is a place or a direction on the page: x to the right, y down, in pixels. Products are converted explicitly so that
// no compiler fuses them with a sum: a drawing has the same bytes on every machine.
type point struct{ x, y float64 }

func (p point) plus(q point) point               { return point{p.x + q.x, p.y + q.y} }
func (p point) minus(q point) point              { return point{p.x - q.x, p.y - q.y} }
func (p point) times(k float64) point            { return point{float64(p.x * k), float64(p.y * k)} }
func (p point) length() float64                  { return math.Hypot(p.x, p.y) }
func (p point) right() point                     { return point{-p.y, p.x} } // a quarter turn clockwise
func (p point) towards(q point, k float64) point { return p.plus(q.minus(p).times(k)) }

// unit has the direction of p and length 1; without direction it points to the right.
func (p point) unit() point {
	if n := p.length(); n > 0 {
		return point{p.x / n, p.y / n}
	}
	return point{1, 0}
}

// turn rotates p clockwise by an angle in radians.
func (p point) turn(angle float64) point {
	return p.times(math.Cos(angle)).plus(p.right().times(math.Sin(angle)))
}

// curve is a cubic Bézier curve.
type curve struct{ start, leave, arrive, end point }

// join is the curve from one neuron to another that leaves and arrives in the direction of the two control points; it runs
// from rim to rim.
func join(from, to neuron, leave, arrive point) curve {
	return curve{
		from.at.plus(leave.minus(from.at).unit().times(from.rim())), leave, arrive,
		to.at.plus(arrive.minus(to.at).unit().times(to.rim() + 1)),
	}
}

// loopReach is how far the control points of a loop are from the neuron's centre, in radii; the loop itself comes to 2/3 of it.
const loopReach = 3.1

// loop is the curve from a neuron to itself, on its outer side.
func loop(n neuron) curve {
	const opening = 0.55 // radians to either side
	side := func(angle float64) point { return n.at.plus(n.out.turn(angle).times(loopReach * n.radius)) }
	return join(n, n, side(-opening), side(opening))
}

// bend chooses the curve between two different neurons of columns: level at first, arriving from the side of the source, so
// that synapses from different places arrive at different angles.
func (s *scene) bend(from, to neuron) curve {
	d := to.at.minus(from.at)
	switch {
	case math.Abs(d.x) < 1: // within a column: on its right side, up wider than down
		reach := 16 + 0.3*math.Abs(d.y)
		if d.y < 0 {
			reach = 24 + 0.38*math.Abs(d.y)
		}
		side := point{min(reach, 0.5*s.gap), 0}
		return join(from, to, from.at.plus(side).towards(to.at.plus(side), 0.15), from.at.plus(side).towards(to.at.plus(side), 0.85))
	case d.x < 0: // backwards: over the top
		up := point{0, -40 - 0.2*math.Abs(d.x)}
		return join(from, to, from.at.towards(to.at, 0.2).plus(up), from.at.towards(to.at, 0.8).plus(up))
	}
	leave := point{0.45 * d.x, 0.12 * d.y}
	arrive := point{0.4 * d.x, 0.3 * d.y}
	return join(from, to, from.at.plus(leave), to.at.minus(arrive))
}

// chord chooses the curve between two different neurons of a ring: drawn to the centre, and a little to the right, so that
// the way back is another curve.
func (s *scene) chord(from, to neuron) curve {
	if from.role == Sensory {
		d := to.at.minus(from.at)
		return join(from, to, from.at.plus(point{0.5 * d.x, 0}), to.at.plus(to.out.times(0.15*s.gap)).minus(d.times(0.2)))
	}
	aside := to.at.minus(from.at).right().times(0.08)
	return join(from, to, from.at.towards(s.centre, 0.42).plus(aside), to.at.towards(s.centre, 0.42).plus(aside))
}

// trace is the curve of a synapse.
func (s *scene) trace(from, to neuron) curve {
	if from.role != Sensory && from.id == to.id {
		return loop(to)
	}
	return s.curve(from, to)
}

// shift moves a curve.
func (c curve) shift(by point) curve {
	return curve{c.start.plus(by), c.leave.plus(by), c.arrive.plus(by), c.end.plus(by)}
}

// path is the curve in the notation of the d attribute.
func (c curve) path() string {
	b := []byte{'M'}
	for i, p := range [...]point{c.start, c.leave, c.arrive, c.end} {
		if i == 1 {
			b = append(b, 'C')
		} else if i > 1 {
			b = append(b, ' ')
		}
		b = append(b, tenths(p.x)...)
		b = append(b, ' ')
		b = append(b, tenths(p.y)...)
	}
	return string(b)
}

// tenths writes a coordinate to a tenth of a pixel. The small bias keeps exact halves, which the usual sizes produce, away
// from the edge of rounding.
func tenths(v float64) string {
	return strconv.FormatFloat(math.Floor(float64(v*10)+0.5+1e-6)/10, 'f', -1, 64)
}
