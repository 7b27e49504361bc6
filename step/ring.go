package step

import "fmt"

// Ring is a state that remembers the last rows values of a vector x of n components, the present one included. With the
// state h and the window w, both of rows · n components,
//
//	w = [h_2 | … | h_rows | x],   h' = w
//
// so that row rows-1 of the window [rows][n] is x and row rows-1-k is the x of k steps ago; zero before the start.
// Windowed models, dilated convolutions and attention with its cache of keys and values are made of it. The state has the
// given name; of a ring of one row nothing is read back.
func (b *Builder) Ring(name string, rows int, x Vec) Vec {
	if rows < 1 {
		panic(fmt.Sprintf("step: ring %s of %d rows; at least 1 is needed", b.name(name), rows))
	}
	n := x.Len()
	h, window := b.State(name, Vector(rows*n)), Reshape(x, Vector(n))
	if rows > 1 {
		window = Concat(Slice(h, n, rows*n), window)
	}
	b.Next(name, window)
	return Reshape(window, Shape{rows, n})
}
