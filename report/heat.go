package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
)

// heatColumns is the width of the heat map: about the pixels it gets on a screen.
const heatColumns = 900

// ramp goes from dark blue over grey to yellow with steadily rising lightness, so that it reads the same with any colour
// vision and in print.
var ramp = []color.NRGBA{
	{0x00, 0x22, 0x4e, 0xff}, {0x2b, 0x44, 0x6e, 0xff}, {0x58, 0x5f, 0x6e, 0xff}, {0x7f, 0x7c, 0x75, 0xff},
	{0xa8, 0x9a, 0x6c, 0xff}, {0xd3, 0xbc, 0x5c, 0xff}, {0xff, 0xe5, 0x45, 0xff},
}

// heat is the picture of all neurons over time.
type heat struct {
	Image     template.URL // PNG as data URI
	Ramp      template.CSS // the same colours as a gradient
	Rows      []heatRow
	Height    int // of one row in pixels
	Low, High string
	Ticks     []string
	Caption   string
}

type heatRow struct{ Name, Role string }

// heat draws the states; nil where there are none.
func (a *Activity) heat(r *Report) (*heat, error) {
	if a == nil || len(a.Time) == 0 || len(a.Neurons) == 0 {
		return nil, nil
	}
	neurons := a.ordered()
	bins := a.bins(neurons, r.Gap)
	low, high := robustRange(bins)
	picture := image.NewPaletted(image.Rect(0, 0, len(bins[0]), len(bins)), palette())
	for y, row := range bins {
		for x, v := range row {
			picture.Pix[y*picture.Stride+x] = shade(v, low, high)
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, picture); err != nil {
		return nil, fmt.Errorf("report: heat map of %d neurons: %w", len(bins), err)
	}
	h := &heat{Low: number(low), High: number(high), Ramp: gradient(), Height: rowHeight(len(bins)),
		Image: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()))}
	if len(a.Neurons) <= mostLines {
		for _, n := range neurons {
			h.Rows = append(h.Rows, heatRow{n.Name, n.Role})
		}
	}
	first, last := a.Time[0], a.Time[len(a.Time)-1]
	for i := range 4 {
		h.Ticks = append(h.Ticks, r.moment(first+(last-first)*float64(i)/3))
	}
	h.Caption = fmt.Sprintf("state of %s over %s", plural(len(a.Neurons), "neuron"), plural(len(a.Time), "row"))
	return h, nil
}

// roles in the order of the page: the neurons that the output is made of first.
var roles = []string{"motor", "command", "inter"}

// ordered are the neurons by role, each role in the order given; other roles come last.
func (a *Activity) ordered() []Neuron {
	rank := func(n Neuron) int {
		if i := slices.Index(roles, n.Role); i >= 0 {
			return i
		}
		return len(roles)
	}
	neurons := slices.Clone(a.Neurons)
	slices.SortStableFunc(neurons, func(x, y Neuron) int { return rank(x) - rank(y) })
	return neurons
}

// rowHeight in pixels keeps few neurons readable and many on one screen.
func rowHeight(neurons int) int { return min(max(480/neurons, 2), 18) }

// bins averages each neuron in columns of equal time. A column without rows repeats the one before, as the state is held,
// unless it lies in a gap.
func (a *Activity) bins(neurons []Neuron, gap float64) [][]float64 {
	width := min(heatColumns, len(a.Time))
	first, last := a.Time[0], a.Time[len(a.Time)-1]
	place := func(t float64) int {
		if last <= first {
			return 0
		}
		return min(int(float64(width)*(t-first)/(last-first)), width-1)
	}
	held := make([]bool, width)
	cuts := breaks(a.Time, gap, len(a.Time))
	for i := 1; i < len(a.Time); i++ {
		if len(cuts) > 0 && cuts[0] == i {
			cuts = cuts[1:]
			continue
		}
		for x := place(a.Time[i-1]) + 1; x < place(a.Time[i]); x++ {
			held[x] = true
		}
	}
	bins := make([][]float64, len(neurons))
	for n := range bins {
		bins[n] = a.average(neurons[n].State, held, place)
	}
	return bins
}

func (a *Activity) average(state []float64, held []bool, place func(float64) int) []float64 {
	sum, rows := make([]float64, len(held)), make([]float64, len(held))
	for i, v := range state {
		if finite(v) {
			x := place(a.Time[i])
			sum[x] += v
			rows[x]++
		}
	}
	for x := range sum {
		switch {
		case rows[x] > 0:
			sum[x] /= rows[x]
		case held[x]:
			sum[x] = sum[x-1]
		default:
			sum[x] = math.NaN()
		}
	}
	return sum
}

// robustRange is the range of all but the lowest and highest half percent, so that one spike does not fade the rest.
func robustRange(rows [][]float64) (low, high float64) {
	var all []float64
	for _, row := range rows {
		for _, v := range row {
			if finite(v) {
				all = append(all, v)
			}
		}
	}
	if len(all) == 0 {
		return 0, 1
	}
	slices.Sort(all)
	return quantile(all, 0.005), quantile(all, 0.995)
}

// shade is the palette index of a value; 0 is transparent.
func shade(v, low, high float64) uint8 {
	switch {
	case math.IsNaN(v):
		return 0
	case high <= low:
		return 128
	}
	return uint8(1 + math.Round(254*min(max((v-low)/(high-low), 0), 1)))
}

func palette() color.Palette {
	p := color.Palette{color.NRGBA{}}
	for i := range 255 {
		at := float64(i) / 254 * float64(len(ramp)-1)
		k := min(int(at), len(ramp)-2)
		p = append(p, mix(ramp[k], ramp[k+1], at-float64(k)))
	}
	return p
}

func mix(a, b color.NRGBA, share float64) color.NRGBA {
	between := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-share) + float64(y)*share)) }
	return color.NRGBA{between(a.R, b.R), between(a.G, b.G), between(a.B, b.B), 0xff}
}

func gradient() template.CSS {
	css := "linear-gradient(to right"
	for _, c := range ramp {
		css += fmt.Sprintf(",#%02x%02x%02x", c.R, c.G, c.B)
	}
	return template.CSS(css + ")")
}
