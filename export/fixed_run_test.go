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
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// TestEveryOperationHasRules: for fixed point, in C and in Go.
func TestEveryOperationHasRules(t *testing.T) {
	n := 0
	for k := range step.Ops {
		op := step.Op(k)
		if op.Leaf() || op.Row().Adjoint || op == step.OpResult {
			continue
		}
		n++
		r, ok := fixedRules[op]
		if !ok {
			t.Errorf("%v has no rule", op)
		}
		if op.Elementwise() != (r.args != nil && r.eval != nil && r.text != nil) || op.Elementwise() == (r.code != nil && r.model != nil) {
			t.Errorf("%v: its rule of fixed point is incomplete", op)
		}
	}
	if n < 30 {
		t.Errorf("%d operations", n)
	}
}

// TestOperationsInFixedPoint runs every operation in Go and in C, to the bit, and compares with the oracle.
func TestOperationsInFixedPoint(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		require.Missing(t, "no gcc; on Debian it is in the package gcc")
	}
	for name, f := range operations() {
		for _, weights := range []int32{top8, top16} {
			b := step.New()
			x, h := b.Input("x", 6), b.State("h", step.Vector(6))
			next := f(b, x, h)
			b.Next("h", next)
			b.Output("y", step.Add(next, h))
			inWords(t, gcc, name, b.Build(), weights)
		}
	}
}

// trialRows is the number of steps that a program is compared along.
const trialRows = 4

// inWords compares one program.
func inWords(t *testing.T, gcc, name string, p *step.Program, weights int32) {
	t.Helper()
	pl, err := newPlan(p, nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	in := make([]float64, pl.len(p.Inputs[0].Node))
	for k := range in {
		in[k] = 0.3 + 0.2*float64(k)
	}
	c, o := newCalibrator(pl), engine.NewOracle(p, 1, nil)
	if c.given(p.Inputs[0].Node) {
		copy(c.value(p.Inputs[0].Node), in)
	}
	copy(o.Value(p.Inputs[0].Node), in)
	var want []float64
	for range trialRows {
		if c.given(p.Inputs[0].Node) {
			c.note(p.Inputs[0].Node)
		}
		pl.walk(pl.body, c)
		o.Step()
		want = append(want, o.Value(p.Outputs[0].Node)...)
		copy(o.Value(p.States[0].Node), append([]float64(nil), o.Value(p.States[0].Next)...))
	}
	f := newFixedStep(newForms(pl, c.seen, series.Plain(len(in))), weights)
	m := newFixedModel(f)
	words := make([]int32, len(in))
	for k, v := range in {
		words[k] = int32(math.Round(math.Ldexp(v, f.inputs()[k])))
	}
	var got []int32
	for range trialRows {
		m.step(words, 0, nil)
		got = append(got, m.y...)
	}
	bound := 2e-3
	if weights == top8 {
		bound = 0.03
	}
	scale := 1.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for k, q := range got {
		v := math.Ldexp(float64(q), -f.wordAt(p.Outputs[0].Node, k%len(m.y)).f)
		if math.Abs(v-want[k]) > bound*scale {
			t.Errorf("%s with weights of at most %d: value %d is %g, not %g", name, weights, k, v, want[k])
		}
	}
	for k, q := range wordsInC(t, gcc, name, f, words) {
		if q != got[k] {
			t.Fatalf("%s with weights of at most %d: word %d is %d in C, %d in Go", name, weights, k, q, got[k])
		}
	}
}

// wordsInC prints, compiles and runs a program.
func wordsInC(t *testing.T, gcc, name string, x *fixedStep, in []int32) []int32 {
	t.Helper()
	w := newFixedWriter(x)
	w.items(x.pl.body)
	kind := "int32_t"
	if x.of(x.pl.p.States[0].Node).top == top16 {
		kind = "int16_t"
	}
	n := x.pl.len(x.pl.p.Outputs[0].Node)
	text := fmt.Sprintf(`#include <stdint.h>
#include <stdio.h>
#define @ROM
#define @RD8(p) (*(p))
#define @RD16(p) (*(p))
#define @RD32(p) (*(p))
#define @MISSING (-2147483647 - 1)
typedef struct { %s h0[%d]; } @state;
%s
%s
static void @step(@state *s, const int32_t *x, int32_t *y) {
    int16_t m[%d];
    int32_t w[%d];
%s    (void)m;
    (void)w;
    (void)x;
}

int main(void) {
    const int32_t x[] = %s;
    @state s = {{0}};
    int32_t y[%d];
    for (int k = 0; k < %d; k++) {
        @step(&s, x, y);
        fwrite(y, sizeof y, 1, stdout);
    }
    return 0;
}
`, kind, x.pl.len(x.pl.p.States[0].Node), w.tables.String(), helperText(fixedHelpers, w.used), max(1, w.at.scratch), max(1, w.at.wide), w.out.String(), listed(in), n, trialRows)
	dir := t.TempDir()
	source, program := filepath.Join(dir, "p.c"), filepath.Join(dir, "p")
	if err := os.WriteFile(source, []byte(strings.ReplaceAll(text, "@", "p_")), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(gcc, "-std=c99", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s", name, err, out, text)
	}
	out, err := exec.Command(program).Output()
	if err != nil || len(out) != 4*n*trialRows {
		t.Fatalf("%s: %v, %d bytes", name, err, len(out))
	}
	list := make([]int32, n*trialRows)
	for k := range list {
		list[k] = int32(binary.LittleEndian.Uint32(out[4*k:]))
	}
	return list
}
