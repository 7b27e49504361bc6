package step_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	. "github.com/elegans-nn/elegans/step"
)

// TestConvByHand: differences of second neighbours, and sums of three with a bias, at every second place of a row.
func TestConvByHand(t *testing.T) {
	b := New()
	y, places := b.Conv("c", 2, Window{Rows: 1, Columns: 3, Stride: 2}, Values{-1, 0, 1, 1, 1, 1}, Values{0, 0.5}, b.Input("x", 8), Grid{Rows: 1, Columns: 8, Channels: 1})
	b.Output("y", y)
	p := b.Build()
	o := engine.NewOracle(p, 1, p.Initial(1))
	copy(o.Value(p.Inputs[0].Node), []float64{1, 2, 4, 8, 16, 32, 64, 128})
	o.Step()
	want := []float64{3, 7.5, 12, 28.5, 48, 112.5}
	if got := o.Value(p.Outputs[0].Node); !slices.Equal(got, want) || places != (Grid{1, 3, 2}) {
		t.Errorf("%v on %v, want %v", got, places, want)
	}
	// 3 places of 2 channels, each 3 products and sums and a bias.
	if got := p.FLOPs(); got != 3*2*(2*3+1) {
		t.Errorf("%v FLOPs", got)
	}
}

// swept are grids and windows: rows and images, one channel and several, windows that overlap, touch, leave gaps, leave the
// end over, and are all there is.
var swept = []struct {
	grid   Grid
	window Window
	places Grid // of one channel
}{
	{Grid{1, 9, 1}, Window{1, 3, 1}, Grid{1, 7, 1}},
	{Grid{1, 9, 2}, Window{1, 2, 2}, Grid{1, 4, 1}},
	{Grid{1, 11, 3}, Window{1, 2, 4}, Grid{1, 3, 1}},
	{Grid{1, 6, 2}, Window{1, 6, 1}, Grid{1, 1, 1}},
	{Grid{1, 6, 2}, Window{1, 1, 1}, Grid{1, 6, 1}},
	{Grid{4, 5, 1}, Window{2, 3, 1}, Grid{3, 3, 1}},
	{Grid{5, 4, 3}, Window{3, 3, 2}, Grid{2, 1, 1}},
	{Grid{3, 3, 2}, Window{3, 3, 1}, Grid{1, 1, 1}},
	{Grid{3, 4, 2}, Window{1, 1, 3}, Grid{1, 2, 1}},
}

// image is a value by row, column and channel.
type image [][][]float64

func imageOf(x []float64, g Grid) (m image) {
	for range g.Rows {
		var row [][]float64
		for range g.Columns {
			row, x = append(row, x[:g.Channels]), x[g.Channels:]
		}
		m = append(m, row)
	}
	return m
}

// TestConvAgainstLoops: convolution and maximum against their sums, written again over images; both have the derivatives that
// differences give.
func TestConvAgainstLoops(t *testing.T) {
	const channels = 3
	for _, c := range swept {
		name := fmt.Sprintf("%+v on %v", c.window, c.grid)
		l := &leaves{Builder: New()}
		x := l.operand(Vector(c.grid.Len()))
		y, places := l.Conv("c", channels, c.window, Between(-1, 1), Between(-1, 1), x, c.grid)
		top, below := MaxPool(x, c.grid, c.window)
		l.Output("conv", y)
		l.Output("max", top)
		if want := (Grid{c.places.Rows, c.places.Columns, channels}); places != want || below != (Grid{c.places.Rows, c.places.Columns, c.grid.Channels}) {
			t.Errorf("%s: the places are %v and %v, want %v", name, places, below, want)
		}
		p := l.Build()
		theta := p.Initial(3)
		o := engine.NewOracle(p, 1, theta)
		values := o.Value(p.States[0].Node)
		for i := range values {
			values[i] = math.Sin(1.3 + 2.1*float64(i))
		}
		o.Step()
		in, w := imageOf(values, c.grid), theta[p.Params[0].Offset:]
		bias := theta[p.Params[1].Offset:]
		conv, largest := imageOf(o.Value(p.Outputs[0].Node), places), imageOf(o.Value(p.Outputs[1].Node), below)
		for r := range places.Rows {
			for q := range places.Columns {
				for out := range channels {
					sum, at := bias[out], 0
					for i := range c.window.Rows {
						for j := range c.window.Columns {
							for _, v := range in[r*c.window.Stride+i][q*c.window.Stride+j] {
								sum += w[out*c.window.Taps()*c.grid.Channels+at] * v
								at++
							}
						}
					}
					if d := math.Abs(conv[r][q][out] - sum); !(d <= 1e-14*(1+math.Abs(sum))) {
						t.Errorf("%s: channel %d at %d, %d is %v, want %v", name, out, r, q, conv[r][q][out], sum)
					}
				}
				for k := range c.grid.Channels {
					high := math.Inf(-1)
					for i := range c.window.Rows {
						for j := range c.window.Columns {
							high = max(high, in[r*c.window.Stride+i][q*c.window.Stride+j][k])
						}
					}
					if largest[r][q][k] != high {
						t.Errorf("%s: the maximum of channel %d at %d, %d is %v, want %v", name, k, r, q, largest[r][q][k], high)
					}
				}
			}
		}
		// A seed with which no two of the largest are as near as a difference reaches, where a maximum has a kink.
		worst, n, err := trial.New(p, 3, 2, 11).Differences()
		if least := channels * (1 + c.window.Taps()*c.grid.Channels); err != nil || n < least {
			t.Errorf("%s: %d derivatives, worst %.1e: %v", name, n, worst, err)
		}
	}
}

// TestConvShares: windows that are the value itself, or a part of it in a row, are not gathered.
func TestConvShares(t *testing.T) {
	for window, want := range map[Window]int{{1, 6, 1}: 0, {1, 2, 2}: 0, {1, 5, 5}: 0, {1, 2, 1}: 1} {
		b := New()
		y, _ := b.Conv("c", 1, window, Values{1}, nil, b.Input("x", 12), Grid{1, 6, 2})
		b.Output("y", y)
		gathers := 0
		for _, n := range b.Build().Nodes {
			if n.Op == OpGather {
				gathers++
			}
		}
		if gathers != want {
			t.Errorf("%+v takes %d gathers, want %d", window, gathers, want)
		}
	}
}

func TestConvRefuses(t *testing.T) {
	for _, c := range []struct {
		width int
		grid  Grid
		w     Window
	}{
		{6, Grid{1, 6, 1}, Window{1, 7, 1}}, {6, Grid{2, 3, 1}, Window{3, 1, 1}}, {6, Grid{1, 6, 1}, Window{1, 3, 0}},
		{6, Grid{1, 6, 1}, Window{1, 0, 1}}, {6, Grid{1, 5, 1}, Window{1, 3, 1}}, {6, Grid{2, 3, 0}, Window{1, 1, 1}},
	} {
		for name, build := range map[string]func(b *Builder, x Vec){
			"convolution": func(b *Builder, x Vec) { b.Conv("c", 1, c.w, Values{1}, nil, x, c.grid) },
			"maximum":     func(_ *Builder, x Vec) { MaxPool(x, c.grid, c.w) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("a %s with %+v on %v of %d components is taken", name, c.w, c.grid, c.width)
					}
				}()
				b := New()
				build(b, b.Input("x", c.width))
			}()
		}
	}
}
