package evidence

var anbn = task{
	name: "anbn",
	about: "**anbn**: words aⁿbⁿ with n from 1 to 8, each followed by an end, one symbol a row; the next symbol is asked where it is certain, from the " +
		"first b on (Gers and Schmidhuber, IEEE Transactions on Neural Networks 12, 2001).",
	inputs: 3, classes: []string{"a", "b", "end"},
	stream: func(seed uint64) func() event {
		r := random(seed)
		return in(func() (list []event) {
			n := 1 + r.IntN(8)
			list = append(list, event{x: []float32{0, 0, 1}, label: none})
			for range n {
				list = append(list, event{x: []float32{1, 0, 0}, label: none})
			}
			for k := range n {
				next := 1.0
				if k == n-1 {
					next = 2
				}
				list = append(list, event{x: []float32{0, 1, 0}, label: next})
			}
			return list
		})
	},
}
