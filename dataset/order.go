package dataset

import "math"

// median of the values, which it puts into another order; the mean of the two middle ones for an even number, otherwise
// where none are. It selects instead of sorting, since audits ask for two medians of every column.
func median(values []float64, otherwise float64) float64 {
	n := len(values)
	if n == 0 {
		return otherwise
	}
	upper := selected(values, n/2)
	if n%2 == 1 {
		return upper
	}
	lower := values[0]
	for _, v := range values[:n/2] {
		lower = max(lower, v)
	}
	return (lower + upper) / 2
}

// selected puts the k-th smallest value at position k, none larger before it and none smaller after it (Hoare's quickselect
// with the median of three as its pivot).
func selected(values []float64, k int) float64 {
	for low, high := 0, len(values)-1; low < high; {
		a, b, c := values[low], values[low+(high-low)/2], values[high]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := low, high
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			high = j
		case k >= i:
			low = i
		default:
			return values[k]
		}
	}
	return values[k]
}

// sortByX orders pairs by x, whose values are those of a float32, with room as its second buffer; it gives the one that holds
// the result. Equal values keep their order. A radix sort of three passes takes a tenth of the time of a stable merge.
func sortByX(list, room []pair) []pair {
	const bits, passes = 11, 3
	from, to := list, grown(room, len(list))[:len(list)]
	for pass := range passes {
		var at [1 << bits]int
		digit := func(p pair) uint32 { return ascending(p.x) >> (pass * bits) & (1<<bits - 1) }
		for _, p := range from {
			at[digit(p)]++
		}
		next := 0
		for d, n := range at {
			at[d] = next
			next += n
		}
		for _, p := range from {
			d := digit(p)
			to[at[d]] = p
			at[d]++
		}
		from, to = to, from
	}
	return from
}

// ascending maps a float32 to a number that orders as it does; the zeros, which are equal, lie side by side.
func ascending(x float64) uint32 {
	b := math.Float32bits(float32(x))
	if b>>31 == 1 {
		return ^b
	}
	return b | 1<<31
}

// grown is an empty list that holds n without growing: the given one where it does.
func grown[T any](list []T, n int) []T {
	if cap(list) < n {
		return make([]T, 0, n)
	}
	return list[:0]
}
