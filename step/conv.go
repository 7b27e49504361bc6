package step

import "fmt"

// Grid says how the components of a value stand beside each other: Rows × Columns positions, row by row, with Channels
// components at each. A scan is a grid of one row.
type Grid struct{ Rows, Columns, Channels int }

// Positions is the number of positions.
func (g Grid) Positions() int { return g.Rows * g.Columns }

// Len is the number of components.
func (g Grid) Len() int { return g.Positions() * g.Channels }

// String is rows×columns×channels.
func (g Grid) String() string { return fmt.Sprintf("%d×%d×%d", g.Rows, g.Columns, g.Channels) }

// Window is a rectangle of Rows × Columns positions that moves over a grid in steps of Stride positions, in both directions,
// and never beyond its edges.
type Window struct{ Rows, Columns, Stride int }

// Taps is the number of positions of the window.
func (w Window) Taps() int { return w.Rows * w.Columns }

// Places are the positions that the window takes on a grid, as a grid of as many channels: in each direction
// floor((n - k) / stride) + 1 for a window of k on n positions. It reports whether there is any.
func (w Window) Places(g Grid) (places Grid, ok bool) {
	if w.Rows < 1 || w.Columns < 1 || w.Stride < 1 || w.Rows > g.Rows || w.Columns > g.Columns || g.Channels < 1 {
		return Grid{}, false
	}
	return Grid{(g.Rows-w.Rows)/w.Stride + 1, (g.Columns-w.Columns)/w.Stride + 1, g.Channels}, true
}

// Conv is a convolution in the sense of neural networks (a correlation), without padding. At the place (p, q) of the window
// its channel o is
//
//	y[p][q][o] = b_o + Σ W[o][r][c][i] x[p·stride + r][q·stride + c][i]     over the window's r and c and the channels i
//
// with new parameters name.w [channels][taps · channels of x] and, unless the bias Init is nil, name.bias [channels]. The
// value x has g.Len() components, in whatever shape; the result is [places][channels] on the grid that is given back. It is
// one product of matrices over the windows side by side (a Gather, unless they are the value itself), so that planning, the
// reverse, cost and kernels are those of Linear. It costs 2 places · taps · channels of x · channels FLOPs.
//
// It panics where the window does not fit the grid, or the grid the value.
//
// Source: LeCun et al., Gradient-based learning applied to document recognition, 1998, section II.A.
func (b *Builder) Conv(name string, channels int, w Window, weight, bias Init, x Vec, g Grid) (Vec, Grid) {
	windows := Windows(x, g, w)
	places, _ := w.Places(g)
	places.Channels = channels
	y := MatVec(b.Param(name+".w", Shape{channels, w.Taps() * g.Channels}, weight), windows)
	if bias != nil {
		y = Add(y, b.Param(name+".bias", Vector(channels), bias))
	}
	return y, places
}

// MaxPool is the largest component of each window, channel by channel, [places][channels]; of equal ones the first gets the
// cotangent. It panics where the window does not fit the grid, or the grid the value. It costs places · (taps - 1) · channels
// FLOPs.
func MaxPool(x Vec, g Grid, w Window) (y Vec, places Grid) {
	places = fit(x, g, w)
	for tap := range w.Taps() {
		of := pick(x, Shape{places.Positions(), g.Channels}, w.index(g, tap, tap+1))
		if tap == 0 {
			y = of
		} else {
			y = Max(y, of)
		}
	}
	return y, places
}

// Windows are the components of each window side by side, [places][taps · channels]. It panics where the window does not fit
// the grid, or the grid the value.
func Windows(x Vec, g Grid, w Window) Vec {
	places := fit(x, g, w)
	return pick(x, Shape{places.Positions(), w.Taps() * g.Channels}, w.index(g, 0, w.Taps()))
}

// fit gives the places of a window that fits.
func fit(x Vec, g Grid, w Window) Grid {
	places, ok := w.Places(g)
	if !ok || x.Len() != g.Len() {
		panic(fmt.Sprintf("step: a window %+v on the grid %v of a value of shape %v", w, g, x.Shape()))
	}
	return places
}

// index lists, for each place of the window, the components under its taps [from, to).
func (w Window) index(g Grid, from, to int) (list []int) {
	places, _ := w.Places(g)
	for place := range places.Positions() {
		row, column := place/places.Columns*w.Stride, place%places.Columns*w.Stride
		for tap := from; tap < to; tap++ {
			at := (row+tap/w.Columns)*g.Columns + column + tap%w.Columns
			for channel := range g.Channels {
				list = append(list, at*g.Channels+channel)
			}
		}
	}
	return list
}

// pick gathers components into a shape; those that follow each other are where they are.
func pick(x Vec, s Shape, index []int) Vec {
	for k, i := range index {
		if i != index[0]+k {
			return x.b.apply(Node{Op: OpGather, Index: index, Shape: s}, x)[0]
		}
	}
	if len(index) == x.Len() {
		return Reshape(x, s)
	}
	return x.b.apply(Node{Op: OpSlice, Index: index[:1], Shape: s}, x)[0]
}
