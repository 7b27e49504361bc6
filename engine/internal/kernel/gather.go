package kernel

// Gathered computes heads, which are sums over the edges of each row, and a whole chain of element-wise operations that
// reads them as they arise: inputs of kind h, whose slices are not looked at. Everything else is as in Fused.
type Gathered func(out, in [][]float32, heads []Head, rows, lanes int) bool

// Head is a sum over the edges of each row: what it reads, [component][lane], and its edges with their packed values,
// arranged for that number of lanes.
type Head struct {
	raw   rawHead
	X     []float32
	Slots *Slots
}

// rawHead is a Head as the assembly reads it, filled in at every call.
type rawHead struct {
	x, params    *float32
	index, count *int32
}

// Texts of sums without a chain behind them: conductances and currents of synapses; a masked product.
const (
	AloneSynapses = " > [-1 -2] < synapses 0 1"
	AloneProduct  = " > [-1] < product 0"
)

// FindGathered finds the kernel of a chain with heads by its text; nil where there is none, so that the heads are computed
// first and the chain after them.
func FindGathered(text string) Gathered { return gathered(text) }
