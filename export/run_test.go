package export

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/step"
)

// runs prints a program with an input x and a state h, both of one vector, as C, and compares three steps with the oracle.
func runs(t *testing.T, name string, p *step.Program, pl *plan) {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		require.Missing(t, "no gcc; on Debian it is in the package gcc")
	}
	w := newWriter(pl, syntaxOfC)
	w.items(pl.body)
	n, k := pl.len(p.States[0].Node), pl.len(p.Outputs[0].Node)
	o := engine.NewOracle(p, 1, nil)
	var in, want []float64
	for i := range pl.len(p.Inputs[0].Node) {
		in = append(in, 0.3+0.2*float64(i))
	}
	copy(o.Value(p.Inputs[0].Node), in)
	for range 3 {
		o.Step()
		want = append(want, o.Value(p.Outputs[0].Node)...)
		next := append([]float64(nil), o.Value(p.States[0].Next)...)
		copy(o.Value(p.States[0].Node), next)
	}
	var x []string
	for _, v := range in {
		x = append(x, fmt.Sprintf("%gf", v))
	}
	text := fmt.Sprintf(`#include <stdint.h>
#include <stdio.h>
#define @ROM
#define @RD(p) (*(p))
#define @RD8(p) (*(p))
typedef struct { float h0[%d]; } @state;
%s
%s
static void @step(@state *s, const float *x, float *y) {
    float m[%d];
%s    (void)m;
    (void)x;
}

int main(void) {
    const float x[] = {%s};
    @state s = {{0}};
    float y[%d];
    for (int k = 0; k < 3; k++) {
        @step(&s, x, y);
        fwrite(y, sizeof y, 1, stdout);
    }
    return 0;
}
`, n, w.tables.String(), helperText(helpers, w.used), max(1, w.at.scratch), w.out.String(), strings.Join(x, ", "), k)
	dir := t.TempDir()
	source, program := filepath.Join(dir, "p.c"), filepath.Join(dir, "p")
	if err := os.WriteFile(source, []byte(strings.ReplaceAll(text, "@", "p_")), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(gcc, "-std=c99", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s", name, err, out, text)
	}
	out, err := exec.Command(program).Output()
	if err != nil || len(out) != 4*len(want) {
		t.Fatalf("%s: %v, %d bytes", name, err, len(out))
	}
	for i, v := range want {
		got := float64(math.Float32frombits(binary.LittleEndian.Uint32(out[4*i:])))
		if math.Abs(got-v) > 1e-5*(1+math.Abs(v)) {
			t.Errorf("%s: value %d is %g, not %g", name, i, got, v)
		}
	}
}

// operations are next values of a state h[6] with an input x[6], in shapes and places where rules could mistake one for the
// other.
func operations() map[string]func(b *step.Builder, x, h step.Vec) step.Vec {
	positive := func(v step.Vec) step.Vec { return step.Plus(step.Mul(v, v), 0.1) }
	matrix := func(x, h step.Vec) step.Vec { // [3][2] of x[6] and h
		return step.Reshape(step.Add(x, step.Scale(0.5, h)), step.Shape{Outer: 3, Inner: 2})
	}
	flat := func(v step.Vec) step.Vec { return step.Reshape(v, step.Vector(v.Len())) }
	spread := func(v step.Vec) step.Vec { return flat(step.Broadcast(v, step.Shape{Outer: 3, Inner: 2})) }
	edges := &step.Edges{In: 6, Out: 6, List: []step.Edge{{From: 1, To: 0}, {From: 4, To: 0}, {From: 0, To: 2}, {From: 5, To: 4}}}
	weights := func(b *step.Builder, by float64) step.Vec { return b.Const(0.4*by, -0.7*by, 0.2*by, 1.1*by) }
	return map[string]func(b *step.Builder, x, h step.Vec) step.Vec{
		"arithmetic": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return step.Div(step.Sub(step.Mul(x, h), x), positive(h))
		},
		"order": func(_ *step.Builder, x, h step.Vec) step.Vec { return step.Max(step.Min(x, h), step.Scale(0.3, x)) },
		"select": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return step.Select(step.Step(step.Sub(h, x)), x, step.Plus(h, 1))
		},
		"relax": func(_ *step.Builder, x, h step.Vec) step.Vec { return step.Relax(h, x, positive(x), positive(h), x) },
		"signs": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return step.Add(step.Abs(step.Sub(h, x)), step.Sign(h), step.Floor(step.Scale(3, x)), step.Observed(h))
		},
		"exponents": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return step.Sub(step.Exp(step.Neg(h)), step.Log(step.Plus(step.Expm1(x), 1.5)))
		},
		"roots": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return step.Add(step.Sqrt(positive(h)), step.Rsqrt(positive(x)))
		},
		"circle": func(_ *step.Builder, x, h step.Vec) step.Vec { return step.Add(step.Sin(h), step.Cos(x)) },
		"gates": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return step.Add(step.Tanh(h), step.Sigmoid(x), step.Softplus(h), step.Erf(x))
		},
		"sum inner": func(_ *step.Builder, x, h step.Vec) step.Vec { return spread(step.Sum(matrix(x, h), step.Inner)) },
		"sum outer": func(_ *step.Builder, x, h step.Vec) step.Vec { return spread(step.Sum(matrix(x, h), step.Outer)) },
		"sum of all": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return spread(step.Sum(step.Sum(matrix(x, h), step.Inner), step.Outer))
		},
		"softmax": func(_ *step.Builder, x, h step.Vec) step.Vec { return flat(step.Softmax(matrix(x, h))) },
		"spread by chains": func(_ *step.Builder, x, h step.Vec) step.Vec {
			m := matrix(x, h)
			return flat(step.Tanh(step.Sub(step.Mul(m, step.Sum(m, step.Outer)), step.Sum(m, step.Inner))))
		},
		"concat, slice": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return step.Concat(step.Slice(h, 4, 6), step.Tanh(step.Slice(x, 1, 4)), step.Slice(h, 1, 2))
		},
		"gather": func(_ *step.Builder, x, h step.Vec) step.Vec { return step.Gather(step.Add(x, h), 5, 0, 0, 3, 1, 4) },
		"ring": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return step.Concat(step.Slice(h, 2, 6), step.Slice(x, 0, 2))
		},
		"turned": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return step.Concat(step.Slice(h, 5, 6), step.Slice(h, 0, 5))
		},
		"dense": func(b *step.Builder, x, h step.Vec) step.Vec {
			W := step.Reshape(b.Const(.1, -.2, .3, .4, .5, -.6, .7, .8, .9, -1, 1.1, .2, .3, .1, .6, -.3, .2, .1, .5, .4, .3, .2, -.1, .1, .6, .5, .4, .3, .2, .1, -.1, .2, .5, .4, .7, .3), step.Shape{Outer: 6, Inner: 6})
			return step.Tanh(step.Add(step.MatVec(W, h), x))
		},
		"dense rows": func(b *step.Builder, x, h step.Vec) step.Vec {
			W := step.Reshape(b.Const(.1, -.2, .3, .4), step.Shape{Outer: 2, Inner: 2})
			return flat(step.MatVec(W, matrix(x, h)))
		},
		"masked": func(b *step.Builder, x, h step.Vec) step.Vec {
			return step.Add(step.Masked(weights(b, 1), h, edges), x)
		},
		"masked alone": func(b *step.Builder, _, h step.Vec) step.Vec { return step.Masked(weights(b, 1), h, edges) },
		"synapses": func(b *step.Builder, x, h step.Vec) step.Vec {
			G, I := step.Synapses(h, weights(b, 1), weights(b, 5), weights(b, .3), weights(b, 2), edges)
			return step.Add(x, step.Sub(I, G))
		},
		"conductance alone": func(b *step.Builder, _, h step.Vec) step.Vec {
			G, _ := step.Synapses(h, weights(b, 1), weights(b, 5), weights(b, .3), weights(b, 2), edges)
			return G
		},
		"one value": func(_ *step.Builder, x, h step.Vec) step.Vec {
			return step.Mul(step.Tanh(step.Slice(h, 3, 4)), x)
		},
	}
}

// TestOperations prints every operation and compares it with the oracle.
func TestOperations(t *testing.T) {
	for name, f := range operations() {
		b := step.New()
		x, h := b.Input("x", 6), b.State("h", step.Vector(6))
		next := f(b, x, h)
		b.Next("h", next)
		b.Output("y", step.Add(next, h))
		p := b.Build()
		pl, err := newPlan(p, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		runs(t, name, p, pl)
	}
}

// TestRingsMoveInPlace: the rows of a ring take no memory besides the state's, and a value that another reads later does.
func TestRingsMoveInPlace(t *testing.T) {
	for name, c := range map[string]struct {
		want int
		f    func(x, h step.Vec) (next, y step.Vec)
	}{
		"a ring": {0, func(x, h step.Vec) (next, y step.Vec) {
			next = step.Concat(step.Slice(h, 2, 6), step.Slice(x, 0, 2))
			return next, step.Tanh(next)
		}},
		"backwards": {6, func(x, h step.Vec) (next, y step.Vec) {
			next = step.Concat(step.Slice(x, 0, 2), step.Slice(h, 0, 4))
			return next, step.Tanh(next)
		}},
		"row by row": {0, func(x, h step.Vec) (next, y step.Vec) {
			next = step.Tanh(step.Add(x, h))
			return next, step.Sigmoid(next)
		}},
		"the old state is read": {6, func(x, h step.Vec) (next, y step.Vec) {
			next = step.Tanh(step.Add(x, h))
			return next, step.Gather(step.Concat(h, next), 0, 7, 2, 3, 4, 5)
		}},
	} {
		b := step.New()
		x, h := b.Input("x", 6), b.State("h", step.Vector(6))
		next, y := c.f(x, h)
		b.Next("h", next)
		b.Output("y", y)
		p := b.Build()
		pl, err := newPlan(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := newPlacer(pl).scratch; (got == 0) != (c.want == 0) {
			t.Errorf("%s: %d values of scratch memory, expected about %d", name, got, c.want)
		}
		runs(t, name, p, pl)
	}
}
