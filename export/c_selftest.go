package export

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/series"
)

// SelftestRows is the length of the series of a self-test.
const SelftestRows = 24

// tolerance is what outputs of a self-test may differ by, per scale and |value|: what single precision leaves after so many
// steps, with room for other compilers. The scale is 1 of probabilities, and |mean| and deviation of a number.
const tolerance = 1e-4

// nudge is how far a second stream is moved, in deviations of inputs and shares of times, to see how roundings grow; apart is the
// share of the tolerance that it may make.
const nudge, apart = 1e-6, 0.125

// golden draws a series like those of the schema, some of it missing where that may be, with uneven times.
func golden(s series.Schema, rows int, limit float64) (x [][]float32, dt []float32) {
	r := rand.New(rand.NewPCG(1, 2))
	for row := range rows {
		line := make([]float32, len(s.Inputs))
		for k, in := range s.Inputs {
			switch {
			case in.Missing && r.IntN(5) == 0:
				line[k] = float32(math.NaN())
			case in.Kind == series.Category:
				line[k] = float32(r.IntN(len(in.Levels)))
			default:
				line[k] = float32(in.Mean + in.SD*(3.4*r.Float64()-1.7))
			}
		}
		d := float32(s.Clock.FirstDT)
		if row > 0 {
			d = float32(2 * r.Float64())
		}
		if row%8 == 5 && limit > 0 {
			d = float32(2.5 * limit)
		}
		x, dt = append(x, line), append(dt, d)
	}
	return x, dt
}

// selftest is a program that steps the model along a series and ends with 0 where it gives what the engine gave. The series
// ends before roundings could grow to the tolerance, as they do where states have no decay.
func (c *cFiles) selftest() (string, error) {
	x, dt := golden(c.schema, SelftestRows, c.m.MaxStep())
	var in, times, want []string
	s, moved, scale := c.m.Stream(), c.m.Stream(), c.scales()
	for row := range x {
		y, err := s.Step(x[row], dt[row])
		if err != nil {
			return "", refused("a series drawn after the schema does not run: %v", err)
		}
		z, err := moved.Step(c.nudged(x[row]), dt[row]*(1-nudge))
		if row > 0 && (err != nil || farther(y, z, scale)) {
			x, dt = x[:row], dt[:row]
			break
		}
		in, times, want = append(in, numbers(x[row])), append(times, number(dt[row])), append(want, numbers(y))
	}
	learning, err := c.learn.selftest(x, dt)
	if err != nil {
		return "", err
	}
	test := fmt.Sprintf("%s; /* of scale + |value| */\nstatic const float @scale[@OUTPUTS] = %s;", number(tolerance), numbers(scale))
	text := c.test("float", test, in, times, want)
	at := strings.LastIndex(text, "    return 0;\n}\n")
	return strings.Replace(text[:at], "int main(void)", learning.tables+"int main(void)", 1) + learning.code + text[at:], nil
}

// scales are the sizes that differences of outputs are measured by.
func (c *cFiles) scales() []float32 {
	scale := make([]float32, c.outputs())
	for k, v := range outputScales(c.schema.Target, len(scale)) {
		if c.schema.Target.Task == series.Regress {
			v += math.Abs(c.schema.Target.Of(k).Mean)
		}
		scale[k] = float32(v)
	}
	return scale
}

// nudged moves the numbers of a row.
func (c *cFiles) nudged(x []float32) []float32 {
	moved := slices.Clone(x)
	for k, in := range c.schema.Inputs {
		if in.Kind != series.Category {
			moved[k] += float32(nudge * in.SD)
		}
	}
	return moved
}

// farther tells whether outputs are further from each other than roundings may bring them.
func farther(a, b, scale []float32) bool {
	for k := range a {
		if d := math.Abs(float64(a[k]) - float64(b[k])); d > apart*tolerance*(float64(scale[k])+math.Abs(float64(a[k]))) {
			return true
		}
	}
	return false
}

// test prints a self-test for numbers of a type, which may differ by a tolerance.
func (c *cFiles) test(kind, tolerance string, in, times, want []string) string {
	join := func(list []string) string { return "{\n    " + strings.Join(list, ",\n    ") + "}" }
	differs := floatsDiffer
	if kind != "float" {
		differs = wordsDiffer
	}
	return strings.ReplaceAll(fmt.Sprintf(selftestText, c.name, c.learn.exits(), c.name, len(in), fmt.Sprintf(differs, tolerance), join(in), strings.Join(times, ", "), join(want)), "NUMBER", kind)
}

// numbers is a list of numbers that may be missing or infinite.
func numbers(list []float32) string {
	var text []string
	for _, v := range list {
		switch {
		case v != v:
			text = append(text, "@NAN")
		case math.IsInf(float64(v), 0):
			text = append(text, fmt.Sprintf("(%.1ff / 0.0f)", math.Copysign(1, float64(v))))
		default:
			text = append(text, number(v))
		}
	}
	return "{" + strings.Join(text, ", ") + "}"
}

const selftestText = `/* Steps %s along a series and compares with what elegans gave. Exit code 0: equal; 1: a value differs; 2: @reset does not
   return to the beginning; 3: @step takes what it should refuse%s. */
#include "%s.h"

enum { @ROWS = %d };

%s
static const NUMBER @x[@ROWS][@INPUTS] = %s;
static const NUMBER @dt[@ROWS] = {%s};
static const NUMBER @y[@ROWS][@OUTPUTS] = %s;

int main(void) {
    @state s;
    NUMBER y[@OUTPUTS], first[@OUTPUTS];
    @init(&s);
    if (@step(&s, @x[0], @dt[0], first) != 0) return 1;
    @init(&s);
    for (int row = 0; row < @ROWS; row++) {
        if (@step(&s, @x[row], @dt[row], y) != 0) return 1;
        for (int k = 0; k < @OUTPUTS; k++) {
            if (@differs(k, y[k], @y[row][k])) return 1;
        }
    }
    if (@step(&s, @x[0], -(NUMBER)1, y) == 0) return 3;
    @reset(&s);
    if (@step(&s, @x[0], @dt[0], y) != 0) return 2;
    for (int k = 0; k < @OUTPUTS; k++) {
        if (y[k] < first[k] || y[k] > first[k]) return 2;
    }
    return 0;
}
`

const floatsDiffer = `#define @NAN (0.0f / 0.0f)
static const float @tolerance = %s

static int @differs(int k, float a, float b) {
    const float size = @scale[k] + (b < 0.0f ? -b : b);
    const float d = a < b ? b - a : a - b;
    return !(d <= @tolerance * size || (a != a && b != b) || (a - a != 0.0f && a == b));
}
`

const wordsDiffer = `static int @differs(int k, int32_t a, int32_t b) {
    (void)k;
    return a != b;
}
%s`
