package export

import (
	"fmt"
	"math"
	"strings"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
)

// Learning is a way in which printed code goes on learning.
type Learning string

// RLS is recursive least squares of the linear readout, as online.RLS has it: the same equations and factors, in single precision.
const RLS Learning = "rls"

// Learnings lists them.
func Learnings() []Learning { return []Learning{RLS} }

// learner prints a readout that learns. What the plan prints is then the network below it, whose output are the features, as a
// function NAME_run; NAME_step multiplies them by the weights in the state. A nil learner prints nothing.
type learner struct {
	m        *model.Model
	at       model.LinearReadout
	o        online.RLSOptions
	w        []float32 // the rows of the outputs, each with its bias at the end
	mean, sd []float32
}

// newLearner is that of the options. The error says why the readout cannot learn.
func newLearner(m *model.Model, o Options) (*learner, error) {
	switch o.Learning {
	case "":
		return nil, nil
	case RLS:
	default:
		return nil, refused("learning %q; allowed: %v", o.Learning, Learnings())
	}
	t := m.Schema().Target
	if t.Task != series.Regress || t.Gaussian || len(t.Quantiles) > 0 {
		return nil, refused("the target %q is no number that least squares could fit, so that its readout cannot learn by %s", clean(t.Name), o.Learning)
	}
	if err := exportable(m); err != nil {
		return nil, err
	}
	at, ok := model.ReadoutOf(m.Program())
	if !ok {
		return nil, refused("the model has no linear readout of its own that could learn")
	}
	l := &learner{m: m, at: at, o: o.RLS.Filled()}
	if _, err := online.NewRLS(1, 1, nil, l.o); err != nil {
		return nil, refused("%v", err)
	}
	theta, n := m.Params(), at.Weights.Shape.Inner
	for k := range at.Weights.Shape.Outer {
		l.w = append(append(l.w, theta[at.Weights.Offset+k*n:][:n]...), theta[at.Bias.Offset+k])
		l.mean, l.sd = append(l.mean, float32(t.Of(k).Mean)), append(l.sd, float32(t.Of(k).SD))
	}
	return l, nil
}

// below is what the plan is of.
func (l *learner) below(p *step.Program) *step.Program {
	if l == nil {
		return p
	}
	q := *p
	q.Outputs = []step.Port{{Name: "features", Node: l.at.Features}}
	return &q
}

// features is the number of those, the one of the bias among them.
func (l *learner) features() int { return l.at.Weights.Shape.Inner + 1 }

// numbers are those that a state holds besides the network's.
func (l *learner) numbers() int {
	if l == nil {
		return 0
	}
	n := l.features()
	return n + len(l.w) + n + n*(n-1)/2
}

// work adds the readout to what is below it.
func (l *learner) work(w Work) Work {
	if l != nil {
		w[workProduct] += float64(len(l.w))
		w[workRow] += float64(len(l.mean))
	}
	return w
}

func (l *learner) sizes() string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf(", @FEATURES = %d", l.features())
}

func (l *learner) members() string {
	if l == nil {
		return ""
	}
	return `    float z[@FEATURES]; /* what the readout read at the last step, and 1 */
    float w[@OUTPUTS][@FEATURES]; /* the readout */
    float d[@FEATURES], u[@FEATURES * (@FEATURES - 1) / 2]; /* what it has learnt from, as U D U' */
`
}

func (l *learner) declarations() string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf(`
/* Learns the outputs of the last step, in raw units, by recursive least squares of the readout: forgetting factor %g, ridge %g.
   What was learnt stays over @reset, and @init forgets it. 0, or 1 where a number is not finite or so large that the readout
   would not be; then nothing is learnt, and neither where an output is NaN, which is: not known. It takes %d bytes of the stack and
   what the compiler adds. */
int @learn(@state *s, const float y[@OUTPUTS]);

/* The same for a step before the last one: z is a copy of s->z as it was then. */
int @learn_at(@state *s, const float z[@FEATURES], const float y[@OUTPUTS]);
`, l.o.Forget, l.o.Ridge, 4*(3*l.features()+len(l.mean)))
}

// begin is the end of NAME_reset and NAME_init, or of NAME_init and NAME_reset where nothing learns.
func (l *learner) begin() string {
	if l == nil {
		return "}\n\nvoid @reset(@state *s) { @init(s); }\n\n"
	}
	return fmt.Sprintf(`    h = s->z;
    for (unsigned i = 0; i < @FEATURES - 1; i++) h[i] = 0.0f;
    h[@FEATURES - 1] = 1.0f;
}

void @init(@state *s) {
    volatile float *h = s->u;
    @reset(s);
    for (unsigned i = 0; i < @FEATURES * (@FEATURES - 1) / 2; i++) h[i] = 0.0f;
    for (unsigned i = 0; i < @FEATURES; i++) s->d[i] = %s;
    for (unsigned k = 0; k < @OUTPUTS; k++) {
        h = s->w[k];
        for (unsigned i = 0; i < @FEATURES; i++) h[i] = @RD(&@readout[k * @FEATURES + i]);
    }
}

`, number(float32(1/l.o.Ridge)))
}

// around makes a step of the function that the plan has become, and adds the functions that learn.
func (l *learner) around(w *writer, text string) string {
	if l == nil {
		return text
	}
	text = strings.NewReplacer("int @step(", "static int @run(", "@OUTPUTS", "@FEATURES").Replace(text)
	var list []string
	for _, v := range l.w {
		list = append(list, strings.Trim(number(v), "()"))
	}
	w.constants += 4 * len(list)
	fmt.Fprintf(&w.tables, "static const float @readout[%d] @ROM = {\n    %s};\n", len(list), strings.Join(list, ", "))
	return text + strings.NewReplacer("SD(k)", syntaxOfC.each(l.sd, w), "MEAN(k)", syntaxOfC.each(l.mean, w), "FORGET", number(float32(l.o.Forget)),
		"MOST", number(float32(math.Min(1e6/l.o.Ridge, math.MaxFloat32)))).Replace(learnText)
}

// each reads a list of numbers at k; one number where all are the same.
func (s *syntax) each(values []float32, w *writer) string {
	for _, v := range values {
		if v != values[0] {
			return fmt.Sprintf(s.constant, w.floats(values), "k")
		}
	}
	return s.number(values[0])
}

// selftestPart is what a self-test has besides, where the readout learns.
type selftestPart struct{ tables, code string }

// exits says what else a self-test may end with.
func (l *learner) exits() string {
	if l == nil {
		return ""
	}
	return "; 4: a value differs\n   while the readout learns"
}

// learningTolerance is what a prediction may differ by from that of double precision while the readout learns: this much of the
// target's mean and deviation, besides what any prediction may.
const learningTolerance = 1e-3

// selftest learns a drawn label after every row, and compares with online.Readout.
func (l *learner) selftest(x [][]float32, dt []float32) (part selftestPart, err error) {
	if l == nil {
		return part, nil
	}
	s, err := online.NewReadout(l.m, l.o)
	if err != nil {
		return part, refused("%v", err)
	}
	var labels, want []string
	for row := range x {
		y, err := s.Step(x[row], dt[row])
		if err != nil {
			return part, refused("a series drawn after the schema does not run: %v", err)
		}
		want = append(want, numbers(y))
		label, exact := make([]float32, len(y)), make([]float64, len(y))
		for k := range label {
			label[k] = l.mean[k] + l.sd[k]*float32(math.Sin(float64(1+row*(k+2))))
			exact[k] = float64(label[k])
		}
		labels = append(labels, numbers(label))
		if err := s.Learn(exact...); err != nil {
			return part, refused("the readout does not learn: %v", err)
		}
	}
	list := func(of []string) string { return "{\n    " + strings.Join(of, ",\n    ") + "}" }
	var allowed []float32
	for k := range l.sd {
		allowed = append(allowed, learningTolerance*(l.sd[k]+float32(math.Abs(float64(l.mean[k])))))
	}
	part.tables = fmt.Sprintf("/* Labels of the rows, and what is predicted while they are learnt. */\nstatic const float @label[@ROWS][@OUTPUTS] = %s;\nstatic const float @learnt[@ROWS][@OUTPUTS] = %s;\nstatic const float @allowed[@OUTPUTS] = %s;\n\n",
		list(labels), list(want), numbers(allowed))
	part.code = `    @init(&s);
    for (int row = 0; row < @ROWS; row++) {
        if (@step(&s, @x[row], @dt[row], y) != 0) return 4;
        for (int k = 0; k < @OUTPUTS; k++) {
            const float d = y[k] < @learnt[row][k] ? @learnt[row][k] - y[k] : y[k] - @learnt[row][k];
            const float size = @learnt[row][k] < 0.0f ? -@learnt[row][k] : @learnt[row][k];
            if (!(d <= @allowed[k] + @tolerance * size)) return 4;
        }
        if (@learn(&s, @label[row]) != 0) return 4;
    }
    y[0] = @NAN;
    if (@learn(&s, y) != 0) return 4;
    y[0] = 1.0f / 0.0f;
    if (@learn(&s, y) != 1) return 4;
`
	return part, nil
}

const learnText = `
int @step(@state *s, const float x[@INPUTS], float dt, float y[@OUTPUTS]) {
    if (@run(s, x, dt, s->z) != 0) return 1;
    for (unsigned k = 0; k < @OUTPUTS; k++) {
        float a = 0.0f;
        for (unsigned i = 0; i < @FEATURES; i++) a += s->w[k][i] * s->z[i];
        y[k] = a * SD(k) + MEAN(k);
    }
    return 0;
}

int @learn(@state *s, const float y[@OUTPUTS]) { return @learn_at(s, s->z, y); }

int @learn_at(@state *s, const float z[@FEATURES], const float y[@OUTPUTS]) {
    float f[@FEATURES], v[@FEATURES], g[@FEATURES], e[@OUTPUTS]; /* U' z, D U' z, the gain and the errors */
    float total = FORGET, before = FORGET, *u = s->u;
    for (unsigned k = 0; k < @OUTPUTS; k++) {
        if (y[k] != y[k]) return 0;
    }
    for (unsigned j = 0; j < @FEATURES; j++) {
        f[j] = z[j];
        for (unsigned i = 0; i < j; i++) f[j] += *u++ * z[i];
        v[j] = s->d[j] * f[j];
        total += v[j] * f[j];
    }
    for (unsigned k = 0; k < @OUTPUTS; k++) {
        float a = (y[k] - MEAN(k)) / SD(k);
        for (unsigned i = 0; i < @FEATURES; i++) a -= s->w[k][i] * z[i];
        e[k] = a / total;
        if (!(total - total + (a - a) + 0.0f * a * total == 0.0f)) return 1;
    }
    u = s->u;
    for (unsigned j = 0; j < @FEATURES; j++) {
        const float after = before + v[j] * f[j], p = -f[j] / before;
        const float d = s->d[j] * (before / after), forgotten = d / FORGET;
        s->d[j] = forgotten <= MOST ? forgotten : d;
        g[j] = v[j];
        for (unsigned i = 0; i < j; i++) {
            const float old = *u;
            *u++ = old + g[i] * p;
            g[i] += old * v[j];
        }
        before = after;
    }
    for (unsigned k = 0; k < @OUTPUTS; k++) {
        for (unsigned i = 0; i < @FEATURES; i++) s->w[k][i] += e[k] * g[i];
    }
    return 0;
}
`
