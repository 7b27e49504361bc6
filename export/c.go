package export

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// C prints a model as C99: NAME.h, NAME.c and NAME_selftest.c, which has the only main. The code calls nothing, of the C
// library neither, and allocates nothing; constants are read through NAME_RD, so that they may stand in program memory. The
// caller owns the state:
//
//	NAME_state s;
//	NAME_init(&s);
//	NAME_step(&s, x, dt, y)    x in raw units, dt in the model's time unit; y probabilities, or values in raw units
//	NAME_reset(&s);
//
// Numbers are those of the engine within a few units in the last place of single precision a step, from equal states. The
// error is a *NameError, or a *RefusedError with the reason.
func C(m *model.Model, o Options) (*Printed, error) {
	if err := CheckName(o.Name); err != nil {
		return nil, err
	}
	switch o.Arithmetic {
	case "", Float32:
		return cOfFloats(m, o)
	case Int8, Q15:
		if o.Learning != "" {
			return nil, refused("in %s the readout cannot learn, whose numbers need the range of floating point; use float32", o.Arithmetic)
		}
		return cOfWords(m, o)
	}
	return nil, refused("arithmetic %q; allowed: %v", o.Arithmetic, Arithmetics())
}

func cOfFloats(m *model.Model, o Options) (p *Printed, err error) {
	learn, err := newLearner(m, o)
	if err != nil {
		return nil, err
	}
	whole := m.Program().Only("prediction")
	pl, limits, err := plannedFor(m, learn.below(whole))
	if err != nil {
		return nil, err
	}
	defer caught(&err)
	if err := printable(pl.p, syntaxOfC); err != nil {
		return nil, err
	}
	c := &cFiles{m: m, schema: m.Schema(), name: o.Name, limits: limits, w: newWriter(pl, syntaxOfC), learn: learn}
	c.w.items(pl.body)
	test, err := c.selftest()
	if err != nil {
		return nil, err
	}
	p = &Printed{State: 4 * max(1, pl.p.StateWidth()+learn.numbers()), Scratch: 4 * c.w.at.scratch, Operations: m.Program().FLOPs(), Work: learn.work(pl.counted())}
	p.Files = []File{c.file(".h", c.header(p)), c.file(".c", c.source()), c.file("_selftest.c", test)}
	p.Constants = c.w.constants
	return p, nil
}

// cFiles prints the files of one model.
type cFiles struct {
	m      *model.Model
	schema series.Schema
	name   string
	limits []float64
	w      *writer
	learn  *learner // nil where the readout does not learn
}

// planned plans a model that can be stepped, and gives the longest steps of what takes long rows in parts.
func planned(m *model.Model) (pl *plan, limits []float64, err error) {
	return plannedFor(m, m.Program().Only("prediction"))
}

// plannedFor plans a program of the model with another output.
func plannedFor(m *model.Model, p *step.Program) (pl *plan, limits []float64, err error) {
	if err := exportable(m); err != nil {
		return nil, nil, err
	}
	if err := sorted(p); err != nil {
		return nil, nil, err
	}
	if pl, err = newPlan(p, m.Params()); err != nil {
		return nil, nil, err
	}
	passes, _ := m.Training()
	return pl, passes[0].Limits, nil
}

// printable refuses operations without a rule.
func printable(p *step.Program, s *syntax) error {
	for i, needed := range live(p) {
		op := p.Nodes[i].Op
		if _, ok := s.rules[op]; needed && !ok && structured[op] == nil && !op.Leaf() && op != step.OpResult {
			return refused("the operation %v has no rule", op)
		}
	}
	return nil
}

// sorted refuses lists of edges in an order that loops over rows do not take.
func sorted(p *step.Program) error {
	for i, needed := range live(p) {
		for _, e := range p.Nodes[i].Edges {
			if needed && e != nil && !slices.IsSortedFunc(e.List, func(a, b step.Edge) int { return a.To - b.To }) {
				return refused("synapses do not stand in the order of their targets")
			}
		}
	}
	return nil
}

// file fills in the prefix.
func (c *cFiles) file(suffix, text string) File {
	return File{c.name + suffix, []byte(strings.ReplaceAll(text, "@", c.name+"_"))}
}

func (c *cFiles) outputs() int {
	if c.learn != nil {
		return len(c.learn.mean)
	}
	return c.w.pl.len(c.w.pl.p.Outputs[0].Node)
}

func (c *cFiles) header(total *Printed) string {
	var b bytes.Buffer
	p, s := c.w.pl.p, c.schema
	fmt.Fprintf(&b, "/* %s: a model of %d parameters, printed by elegans. Do not edit.\n\n", c.name, c.m.Parameters())
	fmt.Fprintf(&b, "   State %d bytes, owned by the caller; a step takes %d bytes of the stack and what the compiler adds, and about\n   %.0f operations.\n",
		total.State, total.Scratch, total.Operations)
	b.WriteString("   Nothing is called that is not in these files.\n\n")
	b.WriteString(describe(c.m, c.name, c.outputs()).header(func(int) string { return "" }, "NaN"))
	fmt.Fprint(&b, `#ifndef @H
#define @H

#ifdef __cplusplus
extern "C" {
#endif

`)
	fmt.Fprintf(&b, "enum { @INPUTS = %d, @OUTPUTS = %d, @STATES = %d%s };\n\n/* What is carried from step to step. */\ntypedef struct {\n",
		len(s.Inputs), c.outputs(), p.StateWidth(), c.learn.sizes())
	for k, st := range p.States {
		fmt.Fprintf(&b, "    float h%d[%d]; /* %s */\n", k, p.Nodes[st.Node].Shape.Len(), clean(st.Name))
	}
	b.WriteString(c.learn.members())
	if len(p.States) == 0 && c.learn == nil {
		b.WriteString("    float none;\n")
	}
	fmt.Fprint(&b, `} @state;

/* Prepares a state; @reset returns to it. */
void @init(@state *s);
void @reset(@state *s);

/* One step: 0, or 1 where an input or dt is none that the model takes; then state and outputs are as before. x and y must
   not overlap. */
int @step(@state *s, const float x[@INPUTS], float dt, float y[@OUTPUTS]);
`)
	if s.Target.Task == series.Classify {
		b.WriteString("\n/* The class that the outputs of a step decide for. */\nint @class(const float y[@OUTPUTS]);\n")
	}
	b.WriteString(c.learn.declarations())
	b.WriteString("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n")
	return b.String()
}

func unit(c series.Clock) string {
	if c.Kind == series.Index {
		return "rows"
	}
	return "s"
}

const memory = `/* Where constants stand and how they are read: program memory on AVR. Define all of these to change it. */
#ifndef @ROM
#ifdef __AVR__
#include <avr/pgmspace.h>
#define @ROM PROGMEM
#define @RD(p) pgm_read_float(p)
#define @RD8(p) pgm_read_byte(p)
#define @RD16(p) pgm_read_word(p)
#define @RD32(p) pgm_read_dword(p)
#else
#define @ROM
#define @RD(p) (*(p))
#define @RD8(p) (*(p))
#define @RD16(p) (*(p))
#define @RD32(p) (*(p))
#endif
#endif

`

func (c *cFiles) source() string {
	step := c.learn.around(c.w, c.step()) // before the tables that it names
	var b strings.Builder
	fmt.Fprintf(&b, "/* See %s.h. Printed by elegans from a model; do not edit. */\n#include <stdint.h>\n\n#include \"%s.h\"\n\n%s", c.name, c.name, memory)
	if c.w.tables.Len() > 0 {
		b.WriteString(c.w.tables.String() + "\n")
	}
	b.WriteString(helperText(helpers, c.w.used))
	head := "void @init(@state *s) {\n"
	if c.learn != nil {
		head = "void @reset(@state *s) {\n"
	}
	b.WriteString(head + "    volatile float *h; /* else compilers call memset */\n")
	for k, st := range c.w.pl.p.States {
		fmt.Fprintf(&b, "    h = s->h%d;\n    for (unsigned i = 0; i < %dU; i++) h[i] = 0.0f;\n", k, c.w.pl.len(st.Node))
	}
	if len(c.w.pl.p.States) == 0 && c.learn == nil {
		b.WriteString("    h = &s->none;\n    *h = 0.0f;\n")
	}
	b.WriteString(c.learn.begin())
	b.WriteString(step)
	b.WriteString(c.class())
	return b.String()
}

// check is the code that refuses what the model does not take.
func (c *cFiles) check() string {
	var missing, levels []int
	for _, in := range c.schema.Inputs {
		m := 0
		if in.Missing {
			m = 1
		}
		missing = append(missing, m)
		n := 0
		if in.Kind == series.Category {
			n = len(in.Levels)
		}
		levels = append(levels, n)
	}
	var b strings.Builder
	fmt.Fprint(&b, "    for (unsigned i = 0; i < @INPUTS; i++) {\n        const float v = x[i];\n")
	none := func(list []int) bool { return slices.Max(list) == 0 }
	switch {
	case none(missing):
		b.WriteString("        if (!(v - v == 0.0f)) return 1;\n")
	case slices.Min(missing) == 1:
		b.WriteString("        if (v == v && !(v - v == 0.0f)) return 1;\n")
	default:
		fmt.Fprintf(&b, "        if (!(v - v == 0.0f) && (v == v || %s == 0U)) return 1;\n", c.w.integers(missing, "i"))
	}
	if !none(levels) {
		n := c.w.integers(levels, "i")
		fmt.Fprintf(&b, "        if (%s > 0U && v == v && !(v >= 0.0f && v < (float)%s && (float)(uint32_t)v == v)) return 1;\n", n, n)
	}
	b.WriteString("    }\n")
	if top := c.m.MaxStep(); len(c.limits) > 0 {
		fmt.Fprintf(&b, "    if (!(dt >= 0.0f && (double)dt <= %g)) return 1;\n", longest*top)
	} else {
		b.WriteString("    if (!(dt >= 0.0f && dt <= 3.40282347e+38f)) return 1;\n")
	}
	return b.String()
}

// longest is in how many parts a row may be taken, as in a model's stream.
const longest = 1000

// step is @step.
func (c *cFiles) step() string {
	body, check := c.w.out.String(), c.check()
	const head = "int @step(@state *s, const float x[@INPUTS], float dt, float y[@OUTPUTS]) {\n"
	space := ""
	if n := c.w.at.scratch; n > 0 {
		space = fmt.Sprintf("    float m[%d];\n", n)
	}
	unused := ""
	if len(c.w.pl.p.States) == 0 {
		unused = "    (void)s;\n"
	}
	if len(c.limits) == 0 {
		return head + space + check + body + unused + "    return 0;\n}\n"
	}
	for _, name := range []string{"part", "dt", "x"} {
		if !strings.Contains(body, name) {
			unused += "    (void)" + name + ";\n"
		}
	}
	return "static void @part(@state *s, const float x[@INPUTS], float dt, const float part[3], float y[@OUTPUTS]) {\n" + space + body + unused + "}\n\n" +
		fmt.Sprintf(partly, c.limit()) + head + check + fmt.Sprintf(inParts, len(c.limits), len(c.limits))
}

// limit are the statements of @limit: a table would stand in memory where constants are read from program memory.
func (c *cFiles) limit() string {
	last := len(c.limits) - 1
	if last == 0 {
		return fmt.Sprintf("    (void)turn;\n    return %.17g;\n", c.limits[0])
	}
	var b strings.Builder
	for k, l := range c.limits[:last] {
		fmt.Fprintf(&b, "    if (turn == %dU) return %.17g;\n", k, l)
	}
	fmt.Fprintf(&b, "    return %.17g;\n", c.limits[last])
	return b.String()
}

// partly and inParts take a long row in parts that every layer can step, with the input held; see engine.Limits.
const partly = `/* The longest steps of what takes long rows in parts. */
static double @limit(unsigned turn) {
%s}

static unsigned @parts(float dt, double limit) {
    const double q = (double)dt / limit;
    unsigned n = (unsigned)q;
    if ((double)n < q) n++;
    return n > 0U ? n : 1U;
}

`

const inParts = `    unsigned longer = 0;
    for (unsigned turn = 0; turn < %dU; turn++) longer += @parts(dt, @limit(turn)) > 1U ? 1U : 0U;
    if (longer == 0U) {
        const float whole[3] = {0.0f, 0.0f, 0.0f};
        @part(s, x, dt, whole, y);
        return 0;
    }
    for (unsigned turn = 0; turn < %dU; turn++) {
        const unsigned n = @parts(dt, @limit(turn));
        const float d = dt / (float)n;
        for (unsigned k = 0; k < n; k++) {
            float part[3];
            part[0] = (float)k * d;
            part[1] = (float)(n - 1U - k) * d;
            part[2] = (float)(turn + 1U);
            @part(s, x, d, part, y);
        }
    }
    return 0;
}
`

// class is @class.
func (c *cFiles) class() string {
	t := c.schema.Target
	if t.Task != series.Classify {
		return ""
	}
	if len(t.Classes) == 2 {
		threshold := float32(0.5)
		if t.Threshold != 0 {
			threshold = float32(t.Threshold)
		}
		return fmt.Sprintf("\nint @class(const float y[@OUTPUTS]) { return y[1] > %s ? 1 : 0; }\n", number(threshold))
	}
	return `
int @class(const float y[@OUTPUTS]) {
    int top = 0;
    for (int k = 1; k < @OUTPUTS; k++) {
        if (y[k] > y[top]) top = k;
    }
    return top;
}
`
}
