package step_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/elegans-nn/elegans/step"
)

// declare builds a program of the given parameters only, each a 3×4 matrix.
func declare(names ...string) *Program {
	b := New()
	for _, name := range names {
		b.Output(name, b.Param(name, Shape{3, 4}, Between(-1, 2)))
	}
	return b.Build()
}

// TestInitialStreams: every parameter has a stream of its own, so that adding or reordering one changes no other.
func TestInitialStreams(t *testing.T) {
	one, two := declare("a", "b"), declare("b", "new", "a")
	x, y := one.Initial(5), two.Initial(5)
	if !slices.Equal(x[:12], y[24:]) || !slices.Equal(x[12:], y[:12]) {
		t.Error("another parameter in the program changes the first values of a or b")
	}
	if slices.Equal(x[:12], x[12:]) {
		t.Error("two parameters have the same values")
	}
	if !slices.Equal(x, one.Initial(5)) {
		t.Error("one seed gives two results")
	}
	if z := one.Initial(6); slices.Equal(x[:12], z[:12]) || slices.Equal(x[12:], z[12:]) {
		t.Error("another seed gives the same values")
	}
	lo, hi := slices.Min(append(x, y...)), slices.Max(append(x, y...))
	if lo < -1 || hi >= 2 || lo > -0.7 || hi < 1.7 {
		t.Errorf("60 draws from [-1, 2) lie in [%v, %v]", lo, hi)
	}
}

func TestInitialKeepsBounds(t *testing.T) {
	b := New()
	b.Output("y", b.Param("w", Vector(50), Between(-1, 1), AtLeast(0.25)))
	p := b.Build()
	atBound := 0
	for i, v := range p.Initial(3) {
		if v < 0.25 || v >= 1 {
			t.Errorf("value %d is %v, outside [0.25, 1)", i, v)
		}
		if v == 0.25 {
			atBound++
		}
	}
	if atBound < 20 || atBound > 45 { // 62.5 % of 50 draws on average
		t.Errorf("%d of 50 values are at the bound", atBound)
	}
	if !p.Params[0].Bounded() || declare("a").Params[0].Bounded() {
		t.Error("Bounded does not tell which parameter has a bound")
	}
}

func TestOrthonormal(t *testing.T) {
	for _, s := range []Shape{{7, 3}, {3, 7}, {5, 5}, {1, 4}, {4, 1}} {
		b := New()
		b.Output("y", b.Param("w", s, Orthonormal{}))
		w := b.Build().Initial(9)
		at := func(line, k int) float64 { return w[k*s.Inner+line] } // columns of a tall matrix
		lines, length := s.Inner, s.Outer
		if lines > length {
			at = func(line, k int) float64 { return w[line*s.Inner+k] }
			lines, length = length, lines
		}
		for i := range lines {
			for j := range i + 1 {
				dot, want := 0.0, 0.0
				for k := range length {
					dot += at(i, k) * at(j, k)
				}
				if i == j {
					want = 1
				}
				if math.Abs(dot-want) > 1e-14 {
					t.Errorf("%v: lines %d and %d have product %v, want %v", s, i, j, dot, want)
				}
			}
		}
	}
}

func TestInits(t *testing.T) {
	near := func(got, want float64) bool { return math.Abs(got-want) < 1e-15 }
	if u := Xavier(2, 22); !near(u.Lo, -0.5) || !near(u.Hi, 0.5) {
		t.Errorf("Xavier(2, 22) is %v", u)
	}
	if u := FanIn(16); !near(u.Lo, -0.25) || !near(u.Hi, 0.25) {
		t.Errorf("FanIn(16) is %v", u)
	}
	b := New()
	b.Output("fill", b.Param("fill", Vector(3), Values{2.5}))
	b.Output("all", b.Param("all", Vector(3), Values{1, 2, 4}))
	if got := b.Build().Initial(1); !slices.Equal(got, []float64{2.5, 2.5, 2.5, 1, 2, 4}) {
		t.Errorf("given values became %v", got)
	}
	texts := []string{Between(-1, 2).String(), Values{0.5}.String(), Values{1, 2}.String(), Orthonormal{}.String()}
	if got := strings.Join(texts, "; "); got != "uniform(-1, 2); 0.5; 2 given values; orthonormal" {
		t.Errorf("texts: %s", got)
	}
}

// TestDrawsTogether: parameters that are drawn together see one stream of random numbers in their scope, and each other
// parameter its own.
func TestDrawsTogether(t *testing.T) {
	draw := func(b *Builder, name string) Vec {
		return b.Param(name, Vector(6), b.Together("pair", Each{"pairs", func(r *rand.Rand) float64 { return r.Float64() }}))
	}
	b := New()
	b.Output("first", draw(b, "first"))
	b.Output("second", draw(b, "second"))
	b.Scope("inner", func() { b.Output("third", draw(b, "third")) })
	b.Output("pair", b.Param("other", Vector(6), Between(0, 1)))
	p := b.Build()
	v := p.Initial(2)
	if !slices.Equal(v[:6], v[6:12]) {
		t.Errorf("%v and %v were not drawn together", v[:6], v[6:12])
	}
	if slices.Equal(v[:6], v[12:18]) || slices.Equal(v[:6], v[18:]) {
		t.Error("a parameter of another scope or another name is drawn together with the others")
	}
	if slices.Equal(v[:6], p.Initial(3)[:6]) {
		t.Error("another seed gives the same values")
	}
	if got := p.Params[0].Init.String(); got != "pairs" {
		t.Errorf("the text is %q", got)
	}
}

func TestNormal(t *testing.T) {
	b := New()
	b.Output("y", b.Param("w", Vector(4000), Normal{Mean: 2, SD: 0.5}, AtMost(4)))
	p := b.Build()
	mean, square := 0.0, 0.0
	for _, v := range p.Initial(1) {
		mean += v / 4000
		square += (v - 2) * (v - 2) / 4000
	}
	if math.Abs(mean-2) > 0.03 || math.Abs(square-0.25) > 0.025 { // four deviations of each
		t.Errorf("mean %v, variance %v; want 2 and 0.25", mean, square)
	}
	if q := p.Params[0]; !q.Bounded() || q.Max != 4 || q.Init.String() != "normal(2, 0.5)" {
		t.Errorf("%+v", q)
	}
}
