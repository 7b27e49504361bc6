package evidence

const (
	copyBits  = 4
	copyDelay = 6
)

var copying = task{
	name: "copy",
	about: "**copy**: 4 random bits, 6 rows of nothing, then 4 rows in which they are asked in their order (after Hochreiter and Schmidhuber, " +
		"Neural Computation 9, 1997, and Arjovsky, Shah and Bengio, ICML 2016); read are the bit as ±1, whether there is one, and whether one is asked.",
	inputs: 3, classes: []string{"0", "1"},
	stream: func(seed uint64) func() event {
		r := random(seed)
		return in(func() (list []event) {
			var bits []int
			for range copyBits {
				b := r.IntN(2)
				bits = append(bits, b)
				list = append(list, event{x: []float32{float32(2*b - 1), 1, 0}, label: none})
			}
			for range copyDelay {
				list = append(list, event{x: []float32{0, 0, 0}, label: none})
			}
			for _, b := range bits {
				list = append(list, event{x: []float32{0, 0, 1}, label: float64(b)})
			}
			return list
		})
	},
}
