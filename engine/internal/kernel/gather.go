package kernel

import "unsafe"

// Head is a sum over the edges of each row: what it reads, [component][lane], and its edges with their packed values,
// arranged for that number of lanes.
type Head struct {
	raw   rawHead
	x     []float32
	Slots *Slots
}

// HeadSize is the distance of heads in bytes, for the generator.
const HeadSize = int(unsafe.Sizeof(Head{}))

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

// AloneSynapses is the text of synapses without a chain behind them: conductances and currents.
const AloneSynapses = " > [-1 -2] < synapses 0 1"
