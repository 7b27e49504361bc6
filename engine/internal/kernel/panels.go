package kernel

// panelWidth is how many components stand side by side in a panel: what a tile takes at once.
const panelWidth = 16

// Panels hold a value of several times turned around, for the gradients of all matrices that it was multiplied by: its
// components in panels of 16, [panel][time][lane][16]. Gradients are products of matrices then whose sums, over lanes and
// times, stay in registers; sums of contiguous lanes instead end in adding the numbers of a vector, which takes as long as
// 32 lanes of products do.
type Panels struct {
	rows, lanes, times int
	buf                []float32
	rest               []float32 // the rows that do not come by eight, with zeros after them
	terms              []term
}

// NewPanels prepares the panels of a value of some components and lanes; see Panelled.
func NewPanels(rows, lanes, times int) *Panels {
	count := (rows + panelWidth - 1) / panelWidth
	return &Panels{rows: rows, lanes: lanes, times: times,
		buf: make([]float32, count*panelWidth*lanes*times), rest: make([]float32, vector*lanes)}
}

// Width is how many columns gradients have: those of the matrix, and further ones of zeros, so that all come in whole
// vectors. Masked tiles take longer for fewer columns, and those of 9 to 15 would be two.
func (p *Panels) Width() int { return (p.rows + vector - 1) / vector * vector }

// Panelled reports whether panels work on a number of lanes.
func Panelled(lanes int) bool { return supported && Accelerated && lanes%vector == 0 }

// Bytes is the memory of the panels.
func (p *Panels) Bytes() int { return 4 * len(p.buf) }

// Take turns the value of time t around.
func (p *Panels) Take(t int, x []float32) {
	if t < 0 || t >= p.times || len(x) < p.rows*p.lanes {
		panic("kernel: a value that the panels have no room for")
	}
	for i := 0; i < p.rows; i += panelWidth {
		to := p.buf[(i*p.times+t*panelWidth)*p.lanes:][:p.lanes*panelWidth]
		p.turn(to, x[i*p.lanes:min(i+panelWidth, p.rows)*p.lanes])
	}
}

// turn fills a panel of one time.
func (p *Panels) turn(to, x []float32) {
	at := p.turnVector(to, x)
	if left := x[at*p.lanes:]; len(left) > 0 {
		copy(p.rest, left)
		p.turnVector(to[at:], p.rest)
	}
}
