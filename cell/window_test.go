package cell_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/conform/trial"
	"github.com/elegans-nn/elegans/step"
)

// rows are vectors by time.
type rows [][]float64

// stream runs a cell of three inputs on some rows from the zero state, as a stream does, and gives what went in and out.
func stream(t *testing.T, c cell.Cell, steps int) (p *step.Program, theta []float64, x, y rows, dt []float64) {
	t.Helper()
	p, _ = program(t, c, nil, 3)
	tr := trial.New(p, steps, 1, 4)
	o := engine.NewOracle(p, 1, tr.Theta)
	for time := range steps {
		x = append(x, tr.X[0][3*time:][:3])
		copy(o.Value(p.Inputs[0].Node), x[time])
		if p.Time >= 0 {
			o.Value(p.Time)[0] = tr.DT[time]
		}
		o.Step()
		y = append(y, append([]float64(nil), o.Value(p.Outputs[0].Node)...))
		for _, s := range p.States {
			copy(o.Value(s.Node), append([]float64(nil), o.Value(s.Next)...))
		}
	}
	return p, tr.Theta, x, y, tr.DT
}

// weights reads parameters by name.
type weights struct {
	t     *testing.T
	p     *step.Program
	theta []float64
}

// mul is W a + bias, where the bias may be missing.
func (w weights) mul(name, bias string, out int, a []float64) []float64 {
	W := w.theta[find(w.t, w.p, name):]
	y := make([]float64, out)
	if bias != "" {
		copy(y, w.theta[find(w.t, w.p, bias):])
	}
	for o := range y {
		for i, v := range a {
			y[o] += W[o*len(a)+i] * v
		}
	}
	return y
}

// norm is LayerNorm.
func (w weights) norm(name string, a []float64) []float64 {
	mean, square, y := 0.0, 0.0, make([]float64, len(a))
	for _, v := range a {
		mean += v / float64(len(a))
	}
	for _, v := range a {
		square += (v - mean) * (v - mean) / float64(len(a))
	}
	gain, bias := w.theta[find(w.t, w.p, name+".gain"):], w.theta[find(w.t, w.p, name+".bias"):]
	for i, v := range a {
		y[i] = gain[i]*(v-mean)/math.Sqrt(square+1e-5) + bias[i]
	}
	return y
}

func plus(a, b []float64) []float64 {
	y := make([]float64, len(a))
	for i := range y {
		y[i] = a[i] + b[i]
	}
	return y
}

func each(a []float64, f func(float64) float64) []float64 {
	y := make([]float64, len(a))
	for i, v := range a {
		y[i] = f(v)
	}
	return y
}

func rectified(v float64) float64 { return math.Max(v, 0) }

// at is a row, zero before the start.
func (r rows) at(time, width int) []float64 {
	if time < 0 {
		return make([]float64, width)
	}
	return r[time]
}

// agree compares rows.
func agree(t *testing.T, name string, got, want rows) {
	t.Helper()
	for time := range want {
		for i, b := range want[time] {
			if a := got[time][i]; !(math.Abs(a-b) <= 1e-12*(1+math.Abs(b))) {
				t.Errorf("%s: row %d, component %d is %.15g, want %.15g", name, time, i, a, b)
			}
		}
	}
}

// rotated turns the pairs of every head by absolute places, as Su et al. have it, where the cell turns by differences.
func rotated(c cell.Transformer, a []float64, place float64) []float64 {
	d, y := c.Units/c.Heads, make([]float64, len(a))
	for k := 0; k < len(a); k += 2 {
		sin, cos := math.Sincos(place * math.Pow(10000, -float64(k%d)/float64(d)))
		y[k], y[k+1] = a[k]*cos-a[k+1]*sin, a[k]*sin+a[k+1]*cos
	}
	return y
}

// decoder is a Transformer over a whole sequence, block by block, with keys of all rows at their own places.
func decoder(w weights, c cell.Transformer, x rows, place []float64) (h rows) {
	n, d := c.Units, c.Units/c.Heads
	for _, row := range x {
		h = append(h, w.mul("in.w", "in.bias", n, row))
	}
	for l := range c.Layers {
		name := func(s string) string { return fmt.Sprintf("block%d.%s", l, s) }
		var q, k, v rows
		for time := range h {
			a := w.norm(name("norm1"), h[time])
			q = append(q, rotated(c, w.mul(name("q.w"), "", n, a), place[time]))
			k = append(k, rotated(c, w.mul(name("k.w"), "", n, a), place[time]))
			v = append(v, w.mul(name("v.w"), "", n, a))
		}
		for time := range h {
			mixed := make([]float64, n)
			for head := range c.Heads {
				sum, top := 0.0, make([]float64, d)
				for j := max(0, time-c.Window+1); j <= time; j++ {
					score := 0.0
					for i := head * d; i < (head+1)*d; i++ {
						score += q[time][i] * k[j][i]
					}
					e := math.Exp(score / math.Sqrt(float64(d)))
					sum += e
					for i := range d {
						top[i] += e * v[j][head*d+i]
					}
				}
				for i := range d {
					mixed[head*d+i] = top[i] / sum
				}
			}
			h[time] = plus(h[time], w.mul(name("o.w"), "", n, mixed))
			z := each(w.mul(name("ff1.w"), name("ff1.bias"), c.FF, w.norm(name("norm2"), h[time])), func(z float64) float64 {
				return 0.5 * z * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(z+0.044715*z*z*z)))
			})
			h[time] = plus(h[time], w.mul(name("ff2.w"), name("ff2.bias"), n, z))
		}
	}
	return h
}

// TestTransformerByHand: the stream with its cache gives what whole sequences give, longer than the window and shorter, by
// rows and by time.
func TestTransformerByHand(t *testing.T) {
	const steps = 9
	for _, c := range []cell.Transformer{
		{Units: 4, Heads: 2, FF: 3, Layers: 2, Window: 3, Position: cell.Index},
		{Units: 8, Heads: 1, FF: 5, Layers: 1, Window: 20, Position: cell.Index},
		{Units: 8, Heads: 2, FF: 5, Layers: 2, Window: 4, Position: cell.Elapsed},
	} {
		p, theta, x, y, dt := stream(t, c, steps)
		place := make([]float64, steps)
		for time := 1; time < steps; time++ {
			place[time] = place[time-1] + 1
			if c.Position == cell.Elapsed {
				place[time] = place[time-1] + dt[time]
			}
		}
		agree(t, fmt.Sprintf("%+v", c), y, decoder(weights{t, p, theta}, c, x, place))
	}
}

// convolution reads the vectors at distances of the dilation.
func convolution(w weights, c cell.TCN, block int, name string, a rows) (y rows) {
	full := fmt.Sprintf("block%d.%s", block, name)
	for time := range a {
		sum := append([]float64(nil), w.theta[find(w.t, w.p, full+".bias"):][:c.Units]...)
		for j := range c.Kernel {
			past := a.at(time-(c.Kernel-1-j)*c.Dilation<<block, len(a[0]))
			sum = plus(sum, w.mul(fmt.Sprintf("%s.w%d", full, j), "", c.Units, past))
		}
		y = append(y, each(sum, rectified))
	}
	return y
}

// TestTCNByHand: a stream gives the convolutions of the whole sequence.
func TestTCNByHand(t *testing.T) {
	for _, c := range []cell.TCN{{Units: 4, Kernel: 3, Layers: 2, Dilation: 1}, {Units: 2, Kernel: 2, Layers: 1, Dilation: 3}, {Units: 3, Kernel: 1, Layers: 1, Dilation: 5}} {
		p, theta, x, y, _ := stream(t, c, 12)
		w, a := weights{t, p, theta}, x
		for l := range c.Layers {
			var skip rows
			for time := range a {
				skip = append(skip, a[time])
				if l == 0 {
					skip[time] = w.mul("block0.skip.x", "block0.skip.bias", c.Units, a[time])
				}
			}
			a = convolution(w, c, l, "conv2", convolution(w, c, l, "conv1", a))
			for time := range a {
				a[time] = each(plus(a[time], skip[time]), rectified)
			}
		}
		agree(t, fmt.Sprintf("%+v", c), y, a)
	}
}

// TestWindowsByHand: MLP and Linear on the rows of a window, the oldest first.
func TestWindowsByHand(t *testing.T) {
	for _, window := range []int{1, 4} {
		seen := func(x rows, time int) (all []float64) {
			for row := time - window + 1; row <= time; row++ {
				all = append(all, x.at(row, 3)...)
			}
			return all
		}
		_, _, x, y, _ := stream(t, cell.Linear{Window: window}, 6)
		var want rows
		for time := range x {
			want = append(want, seen(x, time))
		}
		agree(t, "Linear", y, want)

		p, theta, x, y, _ := stream(t, cell.MLP{Units: 5, Window: window, Activation: "tanh"}, 6)
		w := weights{t, p, theta}
		want = nil
		for time := range x {
			z := each(w.mul("layer0.z", "layer0.bias", 5, seen(x, time)), math.Tanh)
			want = append(want, each(w.mul("layer1.z", "layer1.bias", 5, z), math.Tanh))
		}
		agree(t, "MLP", y, want)
	}
}

// TestForgotten: what is older than the rows that a cell sees has no effect, and the last row that it sees has one.
func TestForgotten(t *testing.T) {
	for _, c := range []struct {
		cell cell.Cell
		rows int
	}{
		{cell.Linear{Window: 3}, 3}, {cell.MLP{Units: 4, Window: 2, Activation: "tanh"}, 2},
		{cell.TCN{Units: 16, Kernel: 2, Layers: 2}, 1 + 2*3},
		{cell.Transformer{Units: 4, Layers: 2, FF: 3, Window: 4}, 2*3 + 1},
	} {
		p, _ := program(t, c.cell, nil, 3)
		last := func(changed int) []float64 {
			tr := trial.New(p, 20, 1, 4)
			for _, h := range tr.H0 {
				clear(h)
			}
			if changed >= 0 {
				tr.X[0][3*changed] += 0.5
			}
			y := tr.Forward().Y[0]
			return y[len(y)-len(y)/20:]
		}
		base := last(-1)
		for age := range 20 {
			if got, want := fmt.Sprint(last(19-age)) != fmt.Sprint(base), age < c.rows; got != want {
				t.Errorf("%#v: a row %d steps ago has an effect: %v, want %v", c.cell, age, got, want)
			}
		}
	}
}
