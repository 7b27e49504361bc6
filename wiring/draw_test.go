package wiring

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// element is one element of an SVG document.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// walk visits e and everything in it.
func (e element) walk(visit func(element)) {
	visit(e)
	for _, c := range e.Children {
		c.walk(visit)
	}
}

// find returns all elements of a name.
func (e element) find(name string) []element {
	var found []element
	e.walk(func(x element) {
		if x.XMLName.Local == name {
			found = append(found, x)
		}
	})
	return found
}

func draw(t *testing.T, w *Wiring, o DrawOptions) element {
	t.Helper()
	var b bytes.Buffer
	if err := w.SVG(&b, o); err != nil {
		t.Fatal(err)
	}
	var root element
	if err := xml.Unmarshal(b.Bytes(), &root); err != nil {
		t.Fatalf("%s: %v", w, err)
	}
	return root
}

// drawn are wirings of all layouts: columns and ring, loops, arcs within a column, backward and skipping synapses, one neuron.
func drawn(t *testing.T) []*Wiring {
	list := []*Wiring{build(t, Auto(19, 1), 32), build(t, Full(64), 40), build(t, Full(1), 1)}
	for _, s := range specs {
		list = append(list, build(t, s, 5))
	}
	adjacency, sensory := chain()
	adjacency[0][3], adjacency[3][0], adjacency[2][1], sensory[1][0] = 1, -1, -1, 1
	odd, err := FromMatrixLayers(adjacency, sensory, 1, [][]int{{2, 3}, {1}, {0}})
	if err != nil {
		t.Fatal(err)
	}
	return append(list, odd)
}

// TestSVGPaths checks that there is exactly one path for each synapse, in the group of its polarity, from the rim of its
// source to the rim of its target, and no other path.
func TestSVGPaths(t *testing.T) {
	for _, w := range drawn(t) {
		root := draw(t, w, DrawOptions{})
		sensory, inner := w.Synapses()
		if got := len(root.find("path")); got != sensory+inner {
			t.Errorf("%s: %d paths", w, got)
		}
		inputs, units := places(root)
		if len(inputs) != w.Inputs() || len(units) != w.Units() {
			t.Fatalf("%s: %d inputs and %d units are drawn", w, len(inputs), len(units))
		}
		checkPaths(t, w, pathGroups(root, "sensory synapses"), inputs, units, w.Sensory())
		checkPaths(t, w, pathGroups(root, "inner synapses"), units, units, w.Inner())
	}
}

// places are the centres and sizes of inputs and units, in the order of their ids.
func places(root element) (inputs, units []neuron) {
	number := func(e element, name string) float64 {
		var v float64
		fmt.Sscan(e.attr(name), &v)
		return v
	}
	for _, r := range root.find("rect") {
		if r.attr("rx") != "" { // not the bar of a marker
			half := number(r, "width") / 2
			inputs = append(inputs, neuron{at: point{number(r, "x") + half, number(r, "y") + half}, radius: half})
		}
	}
	for _, c := range root.find("circle") {
		if c.attr("fill") != "none" { // not the second rim of a motor neuron
			units = append(units, neuron{at: point{number(c, "cx"), number(c, "cy")}, radius: number(c, "r")})
		}
	}
	return inputs, units
}

// pathGroups are the groups of excitatory and of inhibitory paths in a group of synapses.
func pathGroups(root element, label string) []element {
	for _, g := range root.find("g") {
		if g.attr("aria-label") == label {
			return g.Children
		}
	}
	return nil
}

func checkPaths(t *testing.T, w *Wiring, groups []element, sources, targets []neuron, synapses []Synapse) {
	t.Helper()
	if len(groups) != 2 {
		t.Errorf("%s: %d groups of synapses", w, len(groups))
		return
	}
	for i, polarity := range []int8{1, -1} {
		dashed, kind := groups[i].attr("stroke-dasharray") != "", []string{"excitatory", "inhibitory"}[i]
		if dashed != (polarity < 0) || !strings.HasSuffix(groups[i].attr("marker-end"), "-"+kind+")") {
			t.Errorf("%s: synapses of polarity %d look like the others", w, polarity)
		}
		paths := groups[i].Children
		for _, s := range synapses {
			if s.Polarity != polarity {
				continue
			}
			if len(paths) == 0 {
				t.Errorf("%s: a path is missing", w)
				return
			}
			checkPath(t, w, paths[0].attr("d"), sources[s.From], targets[s.To])
			paths = paths[1:]
		}
		if len(paths) > 0 {
			t.Errorf("%s: %d paths too many", w, len(paths))
		}
	}
}

// checkPath allows the second rim of a motor neuron, the gap before a target and the rounding to tenths.
func checkPath(t *testing.T, w *Wiring, d string, from, to neuron) {
	t.Helper()
	var c curve
	_, err := fmt.Sscanf(d, "M%g %gC%g %g %g %g %g %g", &c.start.x, &c.start.y, &c.leave.x, &c.leave.y,
		&c.arrive.x, &c.arrive.y, &c.end.x, &c.end.y)
	if err != nil {
		t.Errorf("%s: path %q: %v", w, d, err)
		return
	}
	start, end := c.start.minus(from.at).length()-from.radius, c.end.minus(to.at).length()-to.radius
	if math.Abs(start-1.5) > 1.7 || math.Abs(end-2.5) > 1.7 {
		t.Errorf("%s: path %q begins %.2f from its source and ends %.2f from its target", w, d, start, end)
	}
}

// TestSVGFits checks that everything with a place stands within the page, that texts do not leave it, and that every
// reference has its element.
func TestSVGFits(t *testing.T) {
	long := strings.Repeat("W", 40)
	for _, w := range drawn(t) {
		o := DrawOptions{Title: strings.Repeat("a title ", 40)}
		for i := range w.Inputs() {
			o.Inputs = append(o.Inputs, fmt.Sprint(long, i))
		}
		for i := range w.Outputs() {
			o.Outputs = append(o.Outputs, fmt.Sprint(long, i))
		}
		for _, o := range []DrawOptions{o, {}} {
			root := draw(t, w, o)
			var width, height float64
			fmt.Sscan(root.attr("width"), &width)
			fmt.Sscan(root.attr("height"), &height)
			inputs, units := places(root)
			for _, n := range append(inputs, units...) {
				checkInside(t, w, n.at.minus(point{n.radius, n.radius}), n.at.plus(point{n.radius, n.radius}), point{width, height})
			}
			for _, text := range root.find("text") {
				from, to := textBox(text)
				checkInside(t, w, from, to, point{width, height})
			}
			checkReferences(t, root)
		}
	}
}

func checkInside(t *testing.T, w *Wiring, from, to, page point) {
	t.Helper()
	if !(from.x >= 0 && from.y >= 0 && to.x <= page.x && to.y <= page.y) { // also finds NaN
		t.Errorf("%s: %v to %v leaves the page %v", w, from, to, page)
	}
}

// textBox is where a text stands, at the usual width of letters.
func textBox(e element) (from, to point) {
	var at point
	size := labelSize
	fmt.Sscan(e.attr("x"), &at.x)
	fmt.Sscan(e.attr("y"), &at.y)
	if s := e.attr("font-size"); s != "" {
		fmt.Sscan(s, &size)
	}
	width := textWidth(e.Text, size)
	left := at.x - width*map[string]float64{"start": 0, "middle": 0.5, "end": 1}[e.attr("text-anchor")]
	return point{left, at.y - size}, point{left + width, at.y + 0.3*size}
}

func checkReferences(t *testing.T, root element) {
	t.Helper()
	ids := map[string]bool{}
	root.walk(func(e element) {
		if id := e.attr("id"); ids[id] {
			t.Errorf("id %q is there twice", id)
		} else if id != "" {
			ids[id] = true
		}
	})
	needed := strings.Fields(root.attr("aria-labelledby"))
	root.walk(func(e element) {
		if ref, ok := strings.CutPrefix(e.attr("marker-end"), "url(#"); ok {
			needed = append(needed, strings.TrimSuffix(ref, ")"))
		}
	})
	if len(needed) < 2+6 {
		t.Errorf("only %d references", len(needed))
	}
	for _, id := range needed {
		if !ids[id] {
			t.Errorf("nothing has the id %q", id)
		}
	}
}

// TestSVGText checks titles, labels, counts and escaping with hostile names.
func TestSVGText(t *testing.T) {
	w := build(t, Auto(12, 3), 4)
	hostile := []string{`<script>alert(1)</script>`, `"a" & 'b'`, "two\nlines", "\x00\xff 温度"}
	root := draw(t, w, DrawOptions{Title: `]]></svg><b title="`, Inputs: hostile, Outputs: []string{"left", "", "<br>"}})
	if len(root.find("script"))+len(root.find("b"))+len(root.find("br")) != 0 {
		t.Error("a name became an element")
	}
	texts := map[string]bool{}
	for _, e := range root.find("text") {
		texts[e.Text] = true
	}
	for _, want := range []string{`]]></svg><b title="`, `<script>alert(1…script>`, `"a" & 'b'`, "two lines", "\ufffd\ufffd 温度", "left", "<br>",
		"sensory 4", "inter 6", "command 3", "motor 3", "excitatory 11", "inhibitory 15", "sensory → inter 12", "inter → command 6",
		"command → command 3", "command → motor 5", "0", "11"} {
		if !texts[want] {
			t.Errorf("no text %q among %v", want, texts)
		}
	}
	titles := map[string]bool{}
	for _, e := range root.find("title") {
		titles[strings.TrimSpace(e.Text)] = true
	}
	for _, want := range []string{`]]></svg><b title="`, `input 0 <script>alert(1)</script>`, "motor 2 <br>", "command 4", "inter 11"} {
		if !titles[want] {
			t.Errorf("no title %q among %v", want, titles)
		}
	}
	if desc := root.find("desc"); len(desc) != 1 || !strings.Contains(desc[0].Text, "4 inputs, 12 units, 3 of them motor neurons") ||
		!strings.Contains(desc[0].Text, "sensory to inter 12 (") {
		t.Errorf("description %+v", desc)
	}
}

// TestSVGTooltips checks that each synapse says what it joins, and that a drawing of very many leaves that out.
func TestSVGTooltips(t *testing.T) {
	tooltips := func(root element) (list []string) {
		for _, p := range root.find("path") {
			for _, title := range p.find("title") {
				list = append(list, title.Text)
			}
		}
		return list
	}
	w, err := FromMatrix([][]int8{{0, 0, 0}, {1, -1, 0}, {0, 1, 0}}, [][]int8{{0, 0, 1}, {0, 0, -1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := "[input 0 → inter 2 input 1 → inter 2 command 1 → motor 0 inter 2 → command 1 command 1 → command 1]"
	if got := fmt.Sprint(tooltips(draw(t, w, DrawOptions{}))); got != want {
		t.Errorf("%s, expected %s", got, want)
	}
	if got := tooltips(draw(t, build(t, Full(40), 4), DrawOptions{})); len(got) != 0 {
		t.Errorf("%d tooltips among 1760 synapses", len(got))
	}
}

func TestSVGDeterministic(t *testing.T) {
	for _, w := range drawn(t) {
		var a, b, other bytes.Buffer
		if err := errors.Join(w.SVG(&a, DrawOptions{}), w.SVG(&b, DrawOptions{}), w.SVG(&other, DrawOptions{ID: "x"})); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: two drawings differ", w)
		}
		if bytes.Equal(a.Bytes(), other.Bytes()) {
			t.Errorf("%s: the ID has no effect", w)
		}
	}
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestSVGErrors(t *testing.T) {
	w := build(t, Auto(12, 3), 4)
	for _, c := range []struct {
		w     *Wiring
		o     DrawOptions
		parts []string
	}{
		{w, DrawOptions{Inputs: []string{"a"}}, []string{"1 input names for 4 inputs"}},
		{w, DrawOptions{Outputs: make([]string, 4)}, []string{"4 output names for 3 outputs"}},
		{w, DrawOptions{ID: `a"b`}, []string{`ID "a\"b"`, "letters, digits"}},
		{w, DrawOptions{ID: "1a"}, []string{`ID "1a"`, "letter first"}},
		{w, DrawOptions{ID: "é"}, []string{"letters, digits"}},
		{new(Wiring), DrawOptions{}, []string{"nothing to draw"}},
	} {
		var b bytes.Buffer
		checkLine(t, c.w.SVG(&b, c.o), c.parts...)
		if b.Len() != 0 {
			t.Errorf("%+v: written in spite of the error", c.o)
		}
	}
	if err := w.SVG(full{}, DrawOptions{}); !errors.Is(err, errFull) {
		t.Errorf("the writer's error is lost: %v", err)
	}
}
