package kernel

import "unsafe"

// Head is a sum over the edges of each row: what it reads, [component][lane], and its edges with their packed values,
// arranged for that number of lanes.
type Head struct {
	raw   rawHead
	x     []float32
	Slots *Slots
}

// rawHead is a Head as the assembly reads it.
type rawHead struct {
	x, params            *float32
	index, count, window *int32
}

// Read sets what the head reads: as many numbers as when it was bound. One lane is read in windows, of which only the
// numbers of x count; its capacity must hold them.
func (h *Head) Read(x []float32) {
	h.x, h.raw.x = x, unsafe.SliceData(x)
}

// Texts of sums without a chain behind them: conductances and currents of synapses; a masked product.
const (
	AloneSynapses = " > [-1 -2] < synapses 0 1"
	AloneProduct  = " > [-1] < product 0"
)
