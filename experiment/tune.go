package experiment

import (
	"math"
	"math/rand/v2"
)

// What Tune searches, around what is given: learning rates from a tenth to three times, sizes from half to double, both
// evenly on a log scale.
const (
	lowestRate, highestRate = 0.1, 3.0
	smallest, largest       = 0.5, 2.0
)

// search gives the configurations that are tried for a network: the given ones, then others at random around the first, the
// same for every model. A size that is matched, or that is not there, is not searched; without validation nothing is.
func (c *Contest) search(n network, rates []float64) (list []network) {
	if len(rates) == 0 {
		rates = []float64{n.options.LearningRate}
	}
	if len(c.out.Valid.Series) == 0 {
		rates = rates[:1]
	}
	for _, rate := range rates {
		n.options.LearningRate = rate
		list = append(list, n)
	}
	n = list[0]
	random := rand.New(rand.NewPCG(c.spec.Seed, 0x74756e65))
	draw := func(low, high float64) float64 { return low * math.Pow(high/low, random.Float64()) }
	size := n.arch.Size()
	for len(list) < c.spec.Tune {
		rate, scale := draw(lowestRate, highestRate), draw(smallest, largest)
		tried := n
		tried.options.LearningRate *= significant(rate)
		if size > 0 && c.spec.Match == (Goal{}) {
			units, _, err := sizes{Goal{Quantities()[0], 0}, n.arch, n.schema}.from(max(1, int(math.Round(float64(size)*scale))))
			if err == nil {
				tried.arch = n.arch.Resized(units)
			}
		}
		list = append(list, tried)
	}
	return list
}

// significant rounds to two digits, so that a rate that was found can be typed.
func significant(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Round(v/unit) * unit
}

// lowest is the place of the lowest loss on validation, the first of equal ones. Those that diverged have none; where all did,
// it is the first.
func lowest(found []*record) (best int) {
	least := math.Inf(1)
	for k, r := range found {
		if loss := r.valid(); loss < least {
			best, least = k, loss
		}
	}
	return best
}

// valid is the loss on validation of the epoch that was kept; NaN where there is none.
func (r *record) valid() float64 {
	for _, p := range r.Epochs {
		if p.Number == r.Best {
			return p.Valid
		}
	}
	return nan
}
