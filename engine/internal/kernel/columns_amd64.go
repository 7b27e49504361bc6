//go:build amd64 && !noasm

package kernel

import "unsafe"

// Run computes the product. It needs the assembly, as Add does.
func (c *Columns) Run(y []float32) { c.run(y, 1) }

// Add is Run that begins with what is in y.
func (c *Columns) Add(y []float32) { c.run(y, 0) }

func (c *Columns) run(y []float32, fresh int) {
	need(y, c.rows)
	if c.depth == 0 {
		clear(y[:c.rows*fresh])
		return
	}
	if !c.Fixed {
		c.width = 0
	}
	for l := 0; l < c.rows; {
		rest, tiles := c.rows-l, 1
		width := blockWidth(rest)
		if c.width != width {
			c.describe(width)
		}
		f := tile1x1
		switch width {
		case 8 * vector:
			f, tiles = tile1x8, rest/(8*vector)
		case 4 * vector:
			f = tile1x4
		case 2 * vector:
			f = tile1x2
		}
		first, off := (*int)(unsafe.Pointer(&c.terms[0])), 4*l*c.depth
		if width < vector {
			tile1x1masked(&y[l], first, len(c.terms), 0, 0, off, 1, 0, 0, 0, fresh, &masks[rest][0])
		} else {
			f(&y[l], first, len(c.terms), 0, 0, off, tiles, 4*width, 0, 4*width*c.depth, fresh)
		}
		l += tiles * width
	}
}

// describe makes the terms of blocks of a width.
func (c *Columns) describe(width int) {
	c.width, c.terms = width, c.terms[:0]
	before := 0
	for k, n := range c.cols {
		if n == 0 {
			continue
		}
		need(c.X[k], n)
		c.terms = append(c.terms, term{w: &c.X[k][0], x: &c.w[before*width], wcol: 4, step: 4 * width, k: n})
		before += n
	}
}
