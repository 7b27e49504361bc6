package wiring

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// neuron is an input or a unit on the page.
type neuron struct {
	at     point
	radius float64
	role   Role
	id     int
	label  string // beside the neuron; empty for none
	out    point  // where labels and loops go: a direction of length 1
	looped bool   // has a synapse to itself
}

// name is what a tooltip calls the neuron.
func (n neuron) name() string {
	if n.role == Sensory {
		return fmt.Sprintf("input %d", n.id)
	}
	return fmt.Sprintf("%s %d", n.role, n.id)
}

// rim is how far from its centre a neuron ends: a motor neuron has a second circle.
func (n neuron) rim() float64 {
	if n.role == Motor {
		return n.radius + 3
	}
	return n.radius
}

// anchor is the part of a text that stands at its place: its attribute, and the share of the text's width before the place.
type anchor struct {
	attribute string
	before    float64
}

var (
	anchorStart  = anchor{`text-anchor="start"`, 0}
	anchorMiddle = anchor{`text-anchor="middle"`, 0.5}
	anchorEnd    = anchor{`text-anchor="end"`, 1}
)

// labelAt is where the label of a neuron stands, beyond its loop, and with which part.
func (n neuron) labelAt() (point, anchor) {
	distance := n.rim() + labelGap
	if n.looped {
		distance = 0.75*loopReach*n.radius + labelGap/2
	}
	switch {
	case math.Abs(n.out.x) < 0.3:
		return n.at.plus(n.out.times(distance + labelSize/2)), anchorMiddle
	case n.out.x < 0:
		return n.at.plus(n.out.times(distance)), anchorEnd
	}
	return n.at.plus(n.out.times(distance)), anchorStart
}

// heading is a text above a column.
type heading struct {
	at   point
	text string
}

// scene is where everything stands, without the margins for labels.
type scene struct {
	inputs, units []neuron
	headings      []heading
	centre        point                       // of the ring
	gap           float64                     // between two columns, or between inputs and ring
	width, height float64                     // of the area of the neurons
	curve         func(from, to neuron) curve // between two different neurons
}

// Sizes of the drawing, in pixels; distances of neurons are from centre to centre.
const (
	widestPitch  = 44.0
	closestPitch = 13.0
	largestNode  = 13.0
	labelSize    = 11.0
	labelGap     = 6.0
	longestLabel = 24 // characters
)

// layout places a wiring of several layers in columns and one of a single layer on a ring with its inputs at the left.
func layout(w *Wiring, o DrawOptions) *scene {
	if len(w.layers) > 1 {
		return columns(w, o)
	}
	return ring(w, o)
}

// columns places inputs and layers from left to right.
func columns(w *Wiring, o DrawOptions) *scene {
	groups := append([][]int{span{0, w.inputs}.ids()}, w.layers...)
	most := 0
	for _, g := range groups {
		most = max(most, len(g))
	}
	s := &scene{units: make([]neuron, w.units)}
	s.curve = s.bend
	s.height = float64(most) * between(420/float64(most), closestPitch, widestPitch)
	s.gap = between(0.34*s.height, 150, 300)
	for i, ids := range groups {
		x := float64(i) * s.gap
		role := Sensory
		if i > 0 {
			role = w.roles[ids[0]]
		}
		s.headings = append(s.headings, heading{point{x, 0}, fmt.Sprintf("%s %d", role, len(ids))})
		for k, n := range column(x, s.height, len(ids)) {
			n.id, n.role = ids[k], role
			if i == 0 {
				s.inputs = append(s.inputs, n)
			} else {
				s.units[n.id] = n
			}
		}
	}
	s.width = float64(len(groups)-1) * s.gap
	for i := range s.inputs {
		s.inputs[i].out = point{-1, 0}
	}
	for i := range s.units {
		s.units[i].out = point{1, -1}.unit()
		if s.units[i].role == Motor {
			s.units[i].out = point{1, 0}
		}
	}
	s.label(w, o)
	return s
}

// column places n neurons below each other, centred in the height.
func column(x, height float64, n int) []neuron {
	pitch := min(height/float64(n), max(widestPitch, 0.45*height/float64(n)))
	list := make([]neuron, n)
	for k := range list {
		y := height/2 + float64((float64(k)-float64(n-1)/2)*pitch)
		list[k] = neuron{at: point{x, y}, radius: min(0.38*pitch, largestNode)}
	}
	return list
}

// ring places the units clockwise on a circle, motor neurons on the side of the outputs: the right.
func ring(w *Wiring, o DrawOptions) *scene {
	s := &scene{}
	s.curve = s.chord
	n := float64(w.units)
	s.height = float64(w.inputs) * between(420/float64(w.inputs), closestPitch, widestPitch)
	radius := max(n*between(1500/n, 20, widestPitch)/(2*math.Pi), 110, 0.33*s.height)
	node := min(float64(0.38*2*math.Pi*radius)/n, largestNode)
	if w.units == 1 {
		radius = 0
	}
	margin := 3.4 * node // room for loops
	s.height = max(2*(radius+margin), s.height)
	s.gap = between(0.5*s.height, 150, 260)
	s.centre = point{s.gap + margin + radius, s.height / 2}
	s.width = s.centre.x + radius + margin
	start := -math.Pi * float64(w.outputs-1) / n
	if w.outputs == w.units {
		start = -math.Pi / 2
	}
	for unit := range w.units {
		out := point{1, 0}.turn(start + float64(2*math.Pi*float64(unit)/n))
		s.units = append(s.units, neuron{at: s.centre.plus(out.times(radius)), radius: node, role: w.roles[unit], id: unit, out: out})
	}
	for k, in := range column(0, s.height, w.inputs) {
		in.id, in.role, in.out = k, Sensory, point{-1, 0}
		s.inputs = append(s.inputs, in)
	}
	units := fmt.Sprintf("motor %d", w.outputs)
	if others := w.units - w.outputs; others > 0 {
		units = fmt.Sprintf("inter %d, motor %d", others, w.outputs)
	}
	s.headings = []heading{{point{0, 0}, fmt.Sprintf("sensory %d", w.inputs)}, {point{s.centre.x, 0}, units}}
	s.label(w, o)
	return s
}

// label gives the neurons the names of the options. Inputs too small to hold their number get it as a label.
func (s *scene) label(w *Wiring, o DrawOptions) {
	for i := range s.inputs {
		in := &s.inputs[i]
		switch {
		case len(o.Inputs) > 0:
			in.label = o.Inputs[i]
		case in.radius < smallestNumbered:
			in.label = fmt.Sprint(i)
		}
	}
	for _, synapse := range w.inner {
		if synapse.From == synapse.To {
			s.units[synapse.To].looped = true
		}
	}
	for i, name := range o.Outputs {
		s.units[i].label = name
	}
}

// shorten cuts a label in its middle, where names of columns differ least.
func shorten(label string) string {
	if utf8.RuneCountInString(label) <= longestLabel {
		return label
	}
	r := []rune(label)
	head, tail := (longestLabel-1)*2/3, (longestLabel-1)/3
	return string(r[:head]) + "…" + string(r[len(r)-tail:])
}

// textWidth estimates the width of a text; fonts differ, so it is on the safe side.
func textWidth(text string, size float64) float64 {
	const narrow, wide = 0.6, 1.05 // of the font size; Chinese, Japanese and Korean characters are wide
	width := 0.0
	for _, r := range text {
		if r < 0x1100 {
			width += narrow
		} else {
			width += wide
		}
	}
	return width * size
}

func between(v, low, high float64) float64 { return min(max(v, low), high) }
