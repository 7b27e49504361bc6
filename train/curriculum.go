package train

import (
	"math"
	"slices"
)

// lessons is the number of epochs in which a curriculum holds windows back.
func (o Options) lessons() int { return int(math.Round(o.Curriculum * float64(o.Epochs))) }

// curriculum are the windows of the present epoch, shortest first; nil for all of them. In epoch k of n lessons they are the
// k+1 of n+1 parts that are shortest, windows of one length in the order of the data.
func (f *fit) curriculum() []int {
	n, count := f.o.lessons(), len(f.lanes)
	if f.s.Epoch >= n {
		return nil
	}
	order := make([]int, count)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return f.names[a].To - f.names[a].From - (f.names[b].To - f.names[b].From) })
	return order[:max(1, count*(f.s.Epoch+1)/(n+1))]
}
