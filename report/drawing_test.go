package report

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/wiring"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0"/></svg>`, `<svg viewBox="0 0 4 4"><path d="M0 0"></path></svg>`},
		{"text", `<svg><text>a &lt; b &amp; "c"</text></svg>`, `<svg><text>a &lt; b &amp; &#34;c&#34;</text></svg>`},
		{"script", `<svg><script>alert(1)</script><g/></svg>`, `<svg><g></g></svg>`},
		{"foreign", `<svg><foreignObject><body><img src="x"/></body></foreignObject><g/></svg>`, `<svg><g></g></svg>`},
		{"handler", `<svg onload="alert(1)"><circle r="1" onClick="x()"/></svg>`, `<svg><circle r="1"></circle></svg>`},
		{"image", `<svg><image href="https://x.org/a.png"/><g/></svg>`, `<svg><g></g></svg>`},
		{"use elsewhere", `<svg xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="file.svg#a"/><use href="#a"/></svg>`, `<svg><use></use><use href="#a"></use></svg>`},
		{"url", `<svg><path marker-end="url(#head)" fill="url('https://x.org/p')"/></svg>`, `<svg><path marker-end="url(#head)"></path></svg>`},
		{"style", `<svg><style>.n { fill: red } @media print { .n { fill: none } }</style></svg>`, `<svg><style>.drawing {.n { fill: red } @media print { .n { fill: none } }}</style></svg>`},
		{"style import", `<svg><style>@import "x.css";</style></svg>`, `<svg><style></style></svg>`},
		{"style breaks out", `<svg><style>} body { display: none </style></svg>`, `<svg><style></style></svg>`},
		{"animation", `<svg><a href="#x"><text>x</text></a><set attributeName="href" to="javascript:alert(1)"/></svg>`, `<svg></svg>`},
		{"around", `<html><svg/></html>`, ``},
	} {
		got, err := clean(c.in)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: no error but %s", c.name, got)
			}
			continue
		}
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
	}
}

var (
	tags      = regexp.MustCompile(`<[^>]*>`)
	forbidden = regexp.MustCompile(`^<(script|image|foreignobject|iframe|set|animate|a)\b|\son\w+="|javascript:|url\([^#]|href="[^#]`)
)

// FuzzClean: whatever a drawing holds, what comes out is closed and refers to nothing.
func FuzzClean(f *testing.F) {
	f.Add(sampleWiring().SVG)
	f.Add(`<svg><style>a{}</style><g onload="x"><use href=" #a"/></g></svg>`)
	f.Add(`<svg><text>&lt;/svg&gt;</text><svg:path xmlns:svg="u" style="a:url(b)"/></svg>`)
	f.Fuzz(func(t *testing.T, in string) {
		out, err := clean(in)
		if err != nil {
			return
		}
		text := string(out)
		for _, tag := range tags.FindAllString(strings.ToLower(text), -1) {
			if forbidden.MatchString(tag) {
				t.Fatalf("%q became %q, which holds %s", in, text, tag)
			}
		}
		if err := balanced(text); err != nil {
			t.Fatalf("%q became %q: %v", in, text, err)
		}
	})
}

// TestWiringIsDrawnWhole: cleaning must take nothing from what package wiring draws.
func TestWiringIsDrawnWhole(t *testing.T) {
	w, err := wiring.Auto(19, 1).Build(5)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := w.SVG(&b, wiring.DrawOptions{Inputs: []string{"Temperature", "Humidity", "Light <&>", "CO2", `"Ratio"`}}); err != nil {
		t.Fatal(err)
	}
	got, err := clean(b.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, mark := range []string{"<path", "<circle", "<text", "marker-end", "style=", "<title", "Light &lt;"} {
		if want := strings.Count(b.String(), mark); strings.Count(string(got), mark) != want || want == 0 {
			t.Errorf("%d × %s of %d", strings.Count(string(got), mark), mark, want)
		}
	}
	r := brief()
	r.Wiring.SVG = b.String()
	render(t, r)
}

func TestHeat(t *testing.T) {
	r := &Report{}
	a := &Activity{Time: []float64{0, 1, 2, 3, 100, 101}, Neurons: []Neuron{
		{Name: "i", Role: "inter", State: []float64{0, 0.5, 1, 1, 1, 0}},
		{Name: "m", Role: "motor", State: []float64{-1, -1, -1, -1, math.NaN(), -1}}}}
	bins := a.bins(a.ordered(), 0)
	// six columns over 101 s: rows 0 to 3 fall into the first, the last two into the last; between them lies the gap
	want := [][]float64{{-1, math.NaN(), math.NaN(), math.NaN(), math.NaN(), -1}, {0.625, math.NaN(), math.NaN(), math.NaN(), math.NaN(), 0.5}}
	for n := range want {
		for x := range want[n] {
			if got := bins[n][x]; got != want[n][x] && !(math.IsNaN(got) && math.IsNaN(want[n][x])) {
				t.Errorf("neuron %d column %d: %g; want %g", n, x, got, want[n][x])
			}
		}
	}
	h, err := a.heat(r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(h.Image), "data:image/png;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != 6 || size.Y != 2 {
		t.Fatalf("picture of %v", size)
	}
	if _, _, _, alpha := picture.At(2, 0).RGBA(); alpha != 0 {
		t.Error("the gap is painted")
	}
	light := func(x, y int) uint32 { r, g, b, _ := picture.At(x, y).RGBA(); return r + g + b }
	if !(light(0, 0) < light(5, 1) && light(5, 1) < light(0, 1)) {
		t.Errorf("brightness does not follow the state: %d, %d, %d", light(0, 0), light(5, 1), light(0, 1))
	}
}

// TestHeldColumns: between rows that are no gap apart, the state is held.
func TestHeldColumns(t *testing.T) {
	a := &Activity{Time: []float64{0, 1, 2, 9, 10, 11, 12}, Neurons: []Neuron{{State: []float64{1, 2, 3, 4, 5, 6, 7}}}}
	bins := a.bins(a.ordered(), 0)[0]
	for x, v := range bins {
		if math.IsNaN(v) {
			t.Errorf("column %d is empty: %v", x, bins)
		}
	}
	if bins[2] != 3 || bins[3] != 3 {
		t.Errorf("columns %v; the third and fourth hold 3", bins)
	}
}

func TestRamp(t *testing.T) {
	last := -1.0
	for _, c := range palette()[1:] {
		r, g, b, _ := c.RGBA()
		light := 0.2126*float64(r) + 0.7152*float64(g) + 0.0722*float64(b)
		if light < last {
			t.Fatalf("lightness falls at %v: the map cannot be read without colours", c)
		}
		last = light
	}
}

func TestRuler(t *testing.T) {
	of := func(values ...float64) spread { return spread{Values: values, N: len(values)} }
	all := []spread{of(0.5), of(0.98), of(0.989, 0.991), of(0.993), of(0.985)}
	s := rulerFor(false, all)
	if s.high != 0.993 || s.low < 0.96 || s.low > 0.985 {
		t.Errorf("accuracies from %g to %g", s.low, s.high)
	}
	if s.at(0.993) != 96 || s.at(0.5) != 4 || !s.outside(0.5) || s.outside(0.989) {
		t.Errorf("positions %g and %g", s.at(0.993), s.at(0.5))
	}
	s = rulerFor(true, []spread{of(812), of(230), of(224, 226), of(412)})
	if s.low != 224 || s.high > 412 || s.high < 230 {
		t.Errorf("errors from %g to %g", s.low, s.high)
	}
	if s := rulerFor(false, []spread{of(0.9, 0.9), of(0.9)}); s.at(0.9) != 50 {
		t.Errorf("equal values stand at %g", s.at(0.9))
	}
}

func TestPoints(t *testing.T) {
	var curve []Point
	for i := range 100_001 {
		curve = append(curve, Point{float64(i) / 100_000, math.Sqrt(float64(i) / 100_000)})
	}
	text := points(curve)
	if n := strings.Count(text, ","); n > 700 || n < 100 {
		t.Errorf("%d points are drawn", n)
	}
	if !strings.HasSuffix(text, "252.0,8.0") || !strings.HasPrefix(text, "40.0,224.0") {
		t.Errorf("from %s to %s", text[:12], text[len(text)-12:])
	}
	if got := points([]Point{{math.NaN(), 1}, {0, 0}}); got != "40.0,224.0" {
		t.Errorf("%q", got)
	}
}
