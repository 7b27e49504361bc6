package evidence

import "math"

const addRows = 20

var adding = task{
	name: "adding",
	about: "**adding**: 20 rows of a number uniform in [0, 1] and a mark, which two rows have, one in each half; their sum is asked at the last row " +
		"(Hochreiter and Schmidhuber, Neural Computation 9, 1997, section 5.4).",
	inputs: 2, mean: 1, sd: math.Sqrt2 / 3.4641016151377544, // of two numbers of variance 1/12
	stream: func(seed uint64) func() event {
		r := random(seed)
		return in(func() (list []event) {
			first, second, sum := r.IntN(addRows/2), addRows/2+r.IntN(addRows/2), 0.0
			for k := range addRows {
				v, mark := r.Float64(), float32(0)
				if k == first || k == second {
					sum, mark = sum+v, 1
				}
				list = append(list, event{x: []float32{float32(v), mark}, label: none})
			}
			list[addRows-1].label = sum
			return list
		})
	},
}
