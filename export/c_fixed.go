package export

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/series"
)

// fixedFiles prints the files of a model in fixed point.
type fixedFiles struct {
	*cFiles
	fixed *Fixed
	words bool // NAME_step takes words, and nothing of the files is a floating point number
}

// header of fixed point says what words stand for.
func (c *fixedFiles) header(total *Printed) string {
	var b bytes.Buffer
	p, s := c.w.pl.p, c.schema
	fmt.Fprintf(&b, "/* %s: a model of %d parameters in fixed point, with weights of %d bits, printed by elegans. Do not edit.\n\n", c.name, c.m.Parameters(), c.fixed.x.bits())
	fmt.Fprintf(&b, "   State %d bytes, owned by the caller; a step takes %d bytes of the stack and what the compiler adds, and about\n   %.0f operations.\n",
		total.State, total.Scratch, total.Operations)
	b.WriteString("   Nothing is called that is not in these files. ")
	number, missing, read := "float", "NaN", func(int) string { return "" }
	if c.words {
		number, missing = "int32_t", "@MISSING"
		b.WriteString("There is no floating point number in them: what comes and goes are words,\n   v 2^f rounded, from -134217727 to 134217727, with an exponent f for each.")
		exponents := slices.Concat(c.fixed.inputs, c.fixed.outputs)
		read = func(k int) string {
			if k < 0 {
				return fmt.Sprintf(", 2^%d", c.fixed.time)
			}
			return fmt.Sprintf(", 2^%d", exponents[k])
		}
	}
	b.WriteString("\n\n" + describe(c.m, c.name, c.outputs()).header(read, missing))
	b.WriteString("#ifndef @H\n#define @H\n\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n")
	fmt.Fprintf(&b, "enum { @INPUTS = %d, @OUTPUTS = %d, @STATES = %d };\n", len(s.Inputs), c.outputs(), p.StateWidth())
	if c.words {
		b.WriteString("#define @MISSING (-2147483647 - 1)\n\n")
		c.exponents(&b)
	}
	b.WriteString("\n/* What is carried from step to step. */\ntypedef struct {\n")
	for k, st := range p.States {
		fmt.Fprintf(&b, "    %s h%d[%d]; /* %s */\n", c.stateType(k), k, p.Nodes[st.Node].Shape.Len(), clean(st.Name))
	}
	if len(p.States) == 0 {
		b.WriteString("    int16_t none;\n")
	}
	fmt.Fprintf(&b, `} @state;

/* Prepares a state; @reset returns to it. */
void @init(@state *s);
void @reset(@state *s);

/* One step: 0, or 1 where an input or dt is none that the model takes; then state and outputs are as before. x and y must
   not overlap. */
int @step(@state *s, const %[1]s x[@INPUTS], %[1]s dt, %[1]s y[@OUTPUTS]);
`, number)
	if s.Target.Task == series.Classify {
		fmt.Fprintf(&b, "\n/* The class that the outputs of a step decide for. */\nint @class(const %s y[@OUTPUTS]);\n", number)
	}
	b.WriteString("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n")
	return b.String()
}

// exponents prints those of inputs, time and outputs as constants.
func (c *fixedFiles) exponents(b *bytes.Buffer) {
	b.WriteString("/* The exponents of words. */\nenum { @DT_EXPONENT = " + fmt.Sprint(c.fixed.time))
	for k, f := range c.fixed.inputs {
		fmt.Fprintf(b, ", @X%d_EXPONENT = %d", k, f)
	}
	for k, f := range c.fixed.outputs {
		fmt.Fprintf(b, ", @Y%d_EXPONENT = %d", k, f)
	}
	b.WriteString(" };\n")
}

func (c *fixedFiles) stateType(k int) string {
	if c.fixed.x.of(c.w.pl.p.States[k].Node).top == top16 {
		return "int16_t"
	}
	return "int32_t"
}

func (c *fixedFiles) source() string {
	run, step := c.run(), c.step() // before the tables that they name
	var b strings.Builder
	fmt.Fprintf(&b, "/* See %s.h. Printed by elegans from a model; do not edit. */\n#include <stdint.h>\n\n#include \"%s.h\"\n\n%s", c.name, c.name, c.memory())
	if !c.words {
		b.WriteString("#define @MISSING (-2147483647 - 1)\n\n")
	}
	if c.w.tables.Len() > 0 {
		b.WriteString(c.w.tables.String() + "\n")
	}
	b.WriteString(helperText(fixedHelpers, c.w.used))
	b.WriteString("void @init(@state *s) {\n")
	for k, st := range c.w.pl.p.States {
		fmt.Fprintf(&b, "    {\n        volatile %s *h = s->h%d; /* else compilers call memset */\n        for (unsigned i = 0; i < %dU; i++) h[i] = 0;\n    }\n", c.stateType(k), k, c.w.pl.len(st.Node))
	}
	if len(c.w.pl.p.States) == 0 {
		b.WriteString("    s->none = 0;\n")
	}
	b.WriteString("}\n\nvoid @reset(@state *s) { @init(s); }\n\n" + run + step)
	if !c.words {
		b.WriteString(c.class())
	} else {
		b.WriteString(c.classOfWords())
	}
	return b.String()
}

// memory is how constants are read, without floating point numbers where there are none.
func (c *fixedFiles) memory() string {
	if !c.words {
		return memory
	}
	return strings.NewReplacer("#define @RD(p) pgm_read_float(p)\n", "", "#define @RD(p) (*(p))\n", "").Replace(memory)
}

// run is the step on words.
func (c *fixedFiles) run() string {
	body := c.w.out.String()
	const head = "static void @run(@state *s, const int32_t x[@INPUTS], int32_t dt, %sint32_t y[@OUTPUTS]) {\n"
	var b strings.Builder
	part := ""
	if len(c.limits) > 0 {
		part = "const int32_t part[3], "
	}
	fmt.Fprintf(&b, head, part)
	if n := c.w.at.scratch; n > 0 {
		fmt.Fprintf(&b, "    int16_t m[%d];\n", n)
	}
	if n := c.w.at.wide; n > 0 {
		fmt.Fprintf(&b, "    int32_t w[%d];\n", n)
	}
	b.WriteString(body)
	for _, name := range []string{"part", "dt", "x", "s"} {
		if !mentions(body, name) && (name != "part" || part != "") {
			fmt.Fprintf(&b, "    (void)%s;\n", name)
		}
	}
	b.WriteString("}\n\n")
	if part != "" {
		c.w.used["fit"] = true
		c.parted(&b)
	}
	return b.String()
}

// mentions tells whether a text has a name in it, as a word of its own.
func mentions(text, name string) bool {
	for at := 0; ; {
		k := strings.Index(text[at:], name)
		if k < 0 {
			return false
		}
		at += k
		before, after := byte(' '), byte(' ')
		if at > 0 {
			before = text[at-1]
		}
		if at+len(name) < len(text) {
			after = text[at+len(name)]
		}
		if clean(string(before)) == "_" && before != '_' && before != '@' && before != '.' && clean(string(after)) == "_" && after != '_' {
			return true
		}
		at += len(name)
	}
}

// parted takes a long row in parts that every layer can step, with the input held; see engine.Limits.
func (c *fixedFiles) parted(b *strings.Builder) {
	var limits []string
	for _, l := range c.fixed.limits {
		limits = append(limits, fmt.Sprint(l))
	}
	list := c.w.list("int32_t", " "+strings.Join(limits, ", "), len(limits), 4)
	p := c.fixed.parts
	fmt.Fprintf(b, `static int32_t @parts(int32_t dt, unsigned turn) {
    const int32_t limit = (int32_t)@RD32(&%[1]s[turn]);
    return dt > limit ? (dt - 1) / limit + 1 : 1;
}

/* Takes a long row in parts that every layer can step, with the input held. */
static void @all(@state *s, const int32_t x[@INPUTS], int32_t dt, int32_t y[@OUTPUTS]) {
    int32_t part[3] = {0, 0, 0};
    unsigned longer = 0;
    for (unsigned turn = 0; turn < %[2]dU; turn++) longer += @parts(dt, turn) > 1 ? 1U : 0U;
    if (longer == 0U) {
        @run(s, x, dt, part, y);
        return;
    }
    for (unsigned turn = 0; turn < %[2]dU; turn++) {
        const int32_t n = @parts(dt, turn), d = dt / n;
        for (int32_t k = 0; k < n; k++) {
            part[0] = @fit(k * d, %[3]d, 134217727);
            part[1] = @fit((n - 1 - k) * d, %[4]d, 134217727);
            part[2] = @fit((int32_t)turn + 1, %[5]d, 134217727);
            @run(s, x, d, part, y);
        }
    }
}

`, list, len(limits), c.fixed.time-p[0], c.fixed.time-p[1], -p[2])
}

// step is @step: of words, or of floating point numbers that become words and back.
func (c *fixedFiles) step() string {
	call := "@run"
	if len(c.limits) > 0 {
		call = "@all"
	}
	if c.words {
		return "int @step(@state *s, const int32_t x[@INPUTS], int32_t dt, int32_t y[@OUTPUTS]) {\n" + c.checkWords() +
			fmt.Sprintf("    %s(s, x, dt, y);\n    return 0;\n}\n", call)
	}
	power := func(list []int, sign int, at string) string {
		values := make([]float32, len(list))
		for k, f := range list {
			values[k] = float32(math.Ldexp(1, sign*f))
		}
		if slices.Min(list) == slices.Max(list) {
			return number(values[0])
		}
		return fmt.Sprintf("@RD(&%s[%s])", c.w.floats(values), at)
	}
	return fmt.Sprintf(`/* A word of a number: v times the scale, rounded and clamped. */
static int32_t @word(float v, float scale) {
    v *= scale;
    if (v != v) return @MISSING;
    if (v >= 134217728.0f) return 134217727;
    if (v <= -134217728.0f) return -134217727;
    return (int32_t)(v < 0.0f ? v - 0.5f : v + 0.5f);
}

int @step(@state *s, const float x[@INPUTS], float dt, float y[@OUTPUTS]) {
    int32_t in[@INPUTS], out[@OUTPUTS];
%s    for (unsigned i = 0; i < @INPUTS; i++) in[i] = @word(x[i], %s);
    %s(s, in, @word(dt, %s), out);
    for (unsigned i = 0; i < @OUTPUTS; i++) y[i] = (float)out[i] * %s;
    return 0;
}
`, c.check(), power(c.fixed.inputs, 1, "i"), call, power([]int{c.fixed.time}, 1, ""), power(c.fixed.outputs, -1, "i"))
}

// checkWords is the code that refuses words that the model does not take.
func (c *fixedFiles) checkWords() string {
	var missing, levels, bits []int
	for k, in := range c.schema.Inputs {
		m, n := 0, 0
		if in.Missing {
			m = 1
		}
		if in.Kind == series.Category {
			n = len(in.Levels)
		}
		missing, levels, bits = append(missing, m), append(levels, n), append(bits, c.fixed.inputs[k])
	}
	var b strings.Builder
	b.WriteString("    for (unsigned i = 0; i < @INPUTS; i++) {\n        const int32_t v = x[i];\n")
	if slices.Max(missing) == 0 {
		b.WriteString("        if (v > 134217727 || v < -134217727) return 1;\n")
	} else {
		fmt.Fprintf(&b, "        if (v == @MISSING && %s == 0U) return 1;\n        if (v != @MISSING && (v > 134217727 || v < -134217727)) return 1;\n", c.w.integers(missing, "i"))
	}
	if slices.Max(levels) > 0 {
		for k, n := range levels {
			if n > 0 {
				one := int64(1) << max(0, bits[k])
				fmt.Fprintf(&b, "        if (i == %dU && v != @MISSING && (v < 0 || v >= %d || v %% %d != 0)) return 1;\n", k, int64(n)*one, one)
			}
		}
	}
	fmt.Fprintf(&b, "    }\n    if (dt < 0 || dt > %d) return 1;\n", c.fixed.longest())
	return b.String()
}

// classOfWords is @class.
func (c *fixedFiles) classOfWords() string {
	t := c.schema.Target
	text := strings.ReplaceAll(c.class(), "const float y", "const int32_t y")
	if t.Task != series.Classify || len(t.Classes) != 2 {
		return text
	}
	threshold := 0.5
	if t.Threshold != 0 {
		threshold = t.Threshold
	}
	return fmt.Sprintf("\nint @class(const int32_t y[@OUTPUTS]) { return y[1] > %d ? 1 : 0; }\n", int32(math.Floor(math.Ldexp(threshold, c.fixed.outputs[1]))))
}
