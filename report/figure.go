package report

import (
	"fmt"
	"html/template"
	"math"
	"sort"
	"strings"
)

// ruler maps values to positions from 0 to 100 percent of a strip. Values outside are clipped and marked.
type ruler struct{ low, high float64 }

func (s ruler) at(v float64) float64 {
	if s.high <= s.low {
		return 50
	}
	return 4 + 92*min(max((v-s.low)/(s.high-s.low), 0), 1)
}

// rulerFor shows the entries near the best in detail: a trivial baseline far behind would press all others into one
// spot, so what lies further from the best than three times the median distance is clipped.
func rulerFor(lowerIsBetter bool, all []spread) ruler {
	sign := 1.0
	if lowerIsBetter {
		sign = -1
	}
	var values []float64
	for _, s := range all {
		for _, v := range s.Values {
			values = append(values, sign*v)
		}
	}
	if len(values) == 0 {
		return ruler{}
	}
	sort.Float64s(values)
	best := values[len(values)-1]
	reach := 3 * (best - values[len(values)/2])
	low := max(values[0], best-reach)
	if reach == 0 {
		low = values[0]
	}
	if sign < 0 {
		return ruler{-best, -low}
	}
	return ruler{low, best}
}

// strip draws one entry on the common ruler: a dot per seed, a bar for mean ± sd, a tick for the mean.
func (s ruler) strip(v spread, class, label string) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="strip %s" role="img" aria-label="%s" width="100%%" height="20">`, class, template.HTMLEscapeString(label))
	b.WriteString(`<line class="rail" x1="0" x2="100%" y1="10" y2="10"/>`)
	if v.N > 1 {
		fmt.Fprintf(&b, `<line class="bar" x1="%.2f%%" x2="%.2f%%" y1="10" y2="10"/>`, s.at(v.Mean-v.SD), s.at(v.Mean+v.SD))
	}
	for _, x := range v.Values {
		if s.outside(x) {
			continue
		}
		fmt.Fprintf(&b, `<circle cx="%.2f%%" cy="10" r="3.5"/>`, s.at(x))
	}
	switch {
	case v.Mean < s.low:
		b.WriteString(`<path class="off" d="M10 4 L2 10 L10 16"/>`)
	case v.Mean > s.high:
		b.WriteString(`<svg x="100%" width="1" height="20" overflow="visible"><path class="off" d="M-10 4 L-2 10 L-10 16"/></svg>`)
	default:
		fmt.Fprintf(&b, `<line class="mean" x1="%.2[1]f%%" x2="%.2[1]f%%" y1="3" y2="17"/>`, s.at(v.Mean))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

func (s ruler) outside(v float64) bool { return v < s.low || v > s.high }

// span draws the range from low to high with a tick at mid on a log ruler.
func (s ruler) span(low, mid, high float64, label string) template.HTML {
	at := func(v float64) float64 { return s.at(math.Log(v)) }
	return template.HTML(fmt.Sprintf(`<svg class="strip" role="img" aria-label="%s" width="100%%" height="20">`+
		`<line class="rail" x1="0" x2="100%%" y1="10" y2="10"/><line class="bar" x1="%.2f%%" x2="%.2f%%" y1="10" y2="10"/>`+
		`<circle cx="%.2f%%" cy="10" r="4"/></svg>`, template.HTMLEscapeString(label), at(low), at(high), at(mid)))
}

// The square figures: ROC, precision against recall, reliability.
const (
	figureSize   = 260.0
	figureLeft   = 40.0
	figureBottom = 36.0
	figureTop    = 8.0
)

func figureX(v float64) float64 { return figureLeft + v*(figureSize-figureLeft-8) }

func figureY(v float64) float64 {
	return figureTop + (1-v)*(figureSize-figureBottom-figureTop)
}

// square draws lines over the unit square, with axes and an optional diagonal.
type square struct {
	Title, X, Y string
	Diagonal    bool
	Dots        bool // a dot at every point, its size given by Weights
	Curves      []Curve
	Weights     []float64 // of the points of the first curve, 0 to 1
}

// SVG is the figure.
func (f square) SVG() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="square" viewBox="0 0 %g %g" role="img" aria-label="%s">`, figureSize, figureSize, template.HTMLEscapeString(f.Title))
	for _, v := range []float64{0, 0.25, 0.5, 0.75, 1} {
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%.1[3]f" y2="%.1[3]f"/>`, figureX(0), figureX(1), figureY(v))
		fmt.Fprintf(&b, `<line class="grid" x1="%.1[1]f" x2="%.1[1]f" y1="%.1[2]f" y2="%.1[3]f"/>`, figureX(v), figureY(0), figureY(1))
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="end">%g</text>`, figureLeft-5, figureY(v)+3.5, v)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%g</text>`, figureX(v), figureY(0)+14, v)
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, figureX(0.5), figureSize-4, template.HTMLEscapeString(f.X))
	fmt.Fprintf(&b, `<text transform="translate(10 %.1f) rotate(-90)" text-anchor="middle">%s</text>`, figureY(0.5), template.HTMLEscapeString(f.Y))
	if f.Diagonal {
		fmt.Fprintf(&b, `<line class="diagonal" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, figureX(0), figureY(0), figureX(1), figureY(1))
	}
	for i, c := range f.Curves {
		fmt.Fprintf(&b, `<polyline class="c%d" points="%s"/>`, i%8, points(c.Points))
	}
	if f.Dots && len(f.Curves) > 0 {
		for i, p := range f.Curves[0].Points {
			fmt.Fprintf(&b, `<circle class="c0" cx="%.1f" cy="%.1f" r="%.1f"/>`, figureX(p.X), figureY(p.Y), 2.5+5*math.Sqrt(f.Weights[i]))
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// points writes a curve without what cannot be seen: a point less than 0.7 pixels from the last one kept.
func points(curve []Point) string {
	var b strings.Builder
	lastX, lastY := math.Inf(-1), math.Inf(-1)
	for i, p := range curve {
		if !finite(p.X) || !finite(p.Y) {
			continue
		}
		x, y := figureX(p.X), figureY(p.Y)
		if math.Hypot(x-lastX, y-lastY) < 0.7 && i+1 < len(curve) {
			continue
		}
		fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
		lastX, lastY = x, y
	}
	return strings.TrimSpace(b.String())
}
