package wiring

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// DrawOptions says what a drawing shows beside the wiring. The zero value is a complete drawing.
type DrawOptions struct {
	// Title stands above the drawing and is its name for screen readers; default [Wiring.String].
	Title string
	// Inputs are the names of the inputs: all of them or none, then inputs are numbered.
	Inputs []string
	// Outputs are the names of the motor neurons: all of them or none.
	Outputs []string
	// ID begins the names of elements that other elements of the drawing refer to; two different drawings in one page need
	// different ones. Default "wiring-" and the beginning of the wiring's hash. Letters, digits, - and _, a letter first.
	ID string
}

// Colours are of middle lightness, legible on white and on dark pages, and told apart with any colour vision.
const (
	excitatoryColour = "#1f78d1"
	inhibitoryColour = "#d9600a"
	unknownColour    = "#68748a"
	textColour       = "#787878"
)

var roleColours = [...]string{Sensory: "#68748a", Inter: "#0c8577", Command: "#8250c4", Motor: "#b52d74"}

const (
	margin           = 16.0
	titleSize        = 14.0
	lineHeight       = 19.0
	smallestNumbered = 7.5  // radius of a neuron that holds its number
	mostTitled       = 1500 // synapses; beyond, none has a tooltip: nobody can point at one, and they would triple the file
	fonts            = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
)

// SVG draws the wiring as one self-contained SVG image for white and dark pages. A wiring of several layers runs from left to
// right through them; one of a single layer is a ring of units, motor neurons at the right, with the inputs at its left. Motor
// neurons have a double rim. Excitatory synapses are solid blue arrows, inhibitory ones dashed orange lines that end in a bar;
// all are grey arrows where the polarity is not known; a synapse of a unit to itself is a loop. Every synapse is one path
// element and there are no others. Equal wirings and options give equal bytes.
//
// It fails when only some inputs or outputs have names, on an illegal ID, and with the error of out.
func (w *Wiring) SVG(out io.Writer, o DrawOptions) error {
	if err := o.check(w); err != nil {
		return err
	}
	if o.Title == "" {
		o.Title = w.String()
	}
	if o.ID == "" {
		o.ID = "wiring-" + w.Hash()[:8]
	}
	p := &page{w: w, o: o, scene: layout(w, o)}
	p.measure()
	p.open()
	p.synapses("sensory", w.sensory, p.scene.inputs)
	p.synapses("inner", w.inner, p.scene.units)
	p.neurons()
	p.legend()
	p.print("</svg>\n")
	if _, err := out.Write(p.buf.Bytes()); err != nil {
		return fmt.Errorf("wiring: drawing not written: %w", err)
	}
	return nil
}

func (o DrawOptions) check(w *Wiring) error {
	switch {
	case w.units == 0:
		return errors.New("wiring: nothing to draw: build the wiring from a specification first")
	case len(o.Inputs) != 0 && len(o.Inputs) != w.inputs:
		return fmt.Errorf("wiring: %d input names for %d inputs: name all or none", len(o.Inputs), w.inputs)
	case len(o.Outputs) != 0 && len(o.Outputs) != w.outputs:
		return fmt.Errorf("wiring: %d output names for %d outputs: name all or none", len(o.Outputs), w.outputs)
	}
	legal := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
	}
	letters := strings.TrimLeft(o.ID, "-_0123456789")
	if len(letters) < len(o.ID) || strings.ContainsFunc(o.ID, func(r rune) bool { return !legal(r) }) {
		return fmt.Errorf("wiring: drawing ID %s is illegal, allowed are letters, digits, - and _, a letter first", clip(o.ID))
	}
	return nil
}

// page is a drawing while it is written.
type page struct {
	w             *Wiring
	o             DrawOptions
	scene         *scene
	items         []item // of the legend
	width, height float64
	origin        point // of the scene
	legendTop     float64
	buf           bytes.Buffer
}

// item is one entry of the legend.
type item struct {
	text   string
	sample int8 // polarity of the synapse drawn before the text; 0 for none
	at     point
}

const sampleWidth = 40.0

func (i item) width() float64 {
	width := textWidth(i.text, labelSize) + 26
	if i.sample != 0 {
		width += sampleWidth
	}
	return width
}

func (p *page) print(format string, args ...any) { fmt.Fprintf(&p.buf, format, args...) }

// escape makes any text safe as content or attribute; what XML cannot hold becomes U+FFFD.
func escape(text string) string {
	var b strings.Builder
	// A strings.Builder never returns an error from Write.
	_ = xml.EscapeText(&b, []byte(strings.Join(strings.Fields(text), " ")))
	return b.String()
}

// measure finds the size of the page: title, headings, labels around the scene, legend.
func (p *page) measure() {
	left, right := 40.0, 40.0 // half a heading
	for _, n := range slices.Concat(p.scene.inputs, p.scene.units) {
		if n.label != "" {
			width := textWidth(shorten(n.label), labelSize)
			at, part := n.labelAt()
			left = max(left, float64(width*part.before)-at.x)
			right = max(right, at.x+float64(width*(1-part.before))-p.scene.width)
		}
	}
	top := margin + titleSize + 30 + labelSize
	p.origin = point{margin + left, top}
	p.width = max(left+p.scene.width+right, textWidth(p.title(), titleSize)) + 2*margin
	p.width = math.Ceil(max(p.width, 460))
	if free := p.width - 2*margin - left - p.scene.width - right; free > 0 {
		p.origin.x += free / 2
	}
	p.legendTop = top + p.scene.height + 24
	p.height = math.Ceil(p.legendTop + p.placeLegend() + margin)
}

// placeLegend sets the items of the legend in columns, line by line, and returns the height of all.
func (p *page) placeLegend() float64 {
	var all Count
	for _, c := range p.w.Counts() {
		all.Excitatory += c.Excitatory
		all.Inhibitory += c.Inhibitory
		all.Unknown += c.Unknown
	}
	p.items = []item{
		{text: fmt.Sprintf("excitatory %d", all.Excitatory), sample: 1},
		{text: fmt.Sprintf("inhibitory %d", all.Inhibitory), sample: -1},
	}
	if p.w.unsigned {
		p.items = []item{{text: fmt.Sprintf("synapses %d, polarity not known", all.Unknown), sample: 1}}
	}
	for _, c := range p.w.Counts() {
		p.items = append(p.items, item{text: fmt.Sprintf("%s → %s %d", c.From, c.To, c.Synapses())})
	}
	widest := 0.0
	for _, i := range p.items {
		widest = max(widest, i.width())
	}
	columns := min(max(int((p.width-2*margin)/widest), 1), len(p.items))
	left := (p.width - float64(float64(columns)*widest)) / 2
	for i := range p.items {
		p.items[i].at = point{left + float64(float64(i%columns)*widest), p.legendTop + float64((float64(i/columns)+0.5)*lineHeight)}
	}
	return float64((len(p.items)+columns-1)/columns) * lineHeight
}

// title is the visible title; the element for screen readers has all of it.
func (p *page) title() string {
	const longest = 110
	if r := []rune(p.o.Title); len(r) > longest {
		return string(r[:longest-1]) + "…"
	}
	return p.o.Title
}

// open writes the root element, its names for screen readers, the arrow heads, title and headings.
func (p *page) open() {
	p.print(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]s" height="%[2]s" viewBox="0 0 %[1]s %[2]s" role="img" `+
		`aria-labelledby="%[3]s-title %[3]s-text" font-family="%[4]s" font-size="%[5]v" fill="%[6]s" style="max-width:100%%;height:auto">`+"\n",
		tenths(p.width), tenths(p.height), p.o.ID, fonts, labelSize, textColour)
	p.print("<title id=\"%s-title\">%s</title>\n", p.o.ID, escape(p.o.Title))
	p.print("<desc id=\"%s-text\">%s</desc>\n<defs>\n", p.o.ID, escape(p.description()))
	p.heads("sensory", inkFor(p.w.sensory))
	p.heads("inner", inkFor(p.w.inner))
	p.heads("legend", inkFor(nil))
	p.print("</defs>\n")
	p.text(point{p.width / 2, margin + titleSize}, p.title(), fmt.Sprintf(`text-anchor="middle" font-size="%v" font-weight="600"`, titleSize))
	for _, h := range p.scene.headings {
		at := p.origin.plus(h.at).plus(point{0, -16})
		p.text(at, h.text, `text-anchor="middle" font-weight="600"`)
	}
}

// ink is the look of a group of synapses: the more there are, the thinner and fainter. Overlaps add up.
type ink struct{ width, opacity, head float64 }

func inkFor(synapses []Synapse) ink {
	many := math.Sqrt(float64(len(synapses)))
	width := between(14/many, 0.5, 1.5)
	return ink{width: width, opacity: between(9/many, 0.2, 0.85), head: 2.5 + 3*width}
}

// heads defines the ends of both kinds of synapses of a group, 8 by 8 squares whose right edges touch the target.
func (p *page) heads(group string, i ink) {
	shapes := [...]struct{ name, shape, colour string }{
		{"excitatory", `<polygon points="0,0.6 8,4 0,7.4"`, excitatoryColour},
		{"inhibitory", `<rect x="6.2" y="0.2" width="1.8" height="7.6"`, inhibitoryColour},
	}
	if p.w.unsigned {
		shapes[0].name, shapes[0].colour = "unknown", unknownColour
	}
	for _, s := range shapes {
		p.print(`<marker id="%s-%s-%s" viewBox="0 0 8 8" refX="7.6" refY="4" markerWidth="%[4]s" markerHeight="%[4]s" `+
			`markerUnits="userSpaceOnUse" orient="auto">%[5]s fill="%[6]s" fill-opacity="%.2[7]f"/></marker>`+"\n",
			p.o.ID, group, s.name, tenths(i.head), s.shape, s.colour, i.opacity)
	}
}

// description is what the drawing shows, in words.
func (p *page) description() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d inputs, %d units, %d of them motor neurons. Synapses:", p.w.inputs, p.w.units, p.w.outputs)
	separator := " "
	for _, c := range p.w.Counts() {
		fmt.Fprintf(&b, "%s%s to %s %d (%s)", separator, c.From, c.To, c.Synapses(), c.polarities())
		separator = ", "
	}
	if separator == " " {
		b.WriteString(" none")
	}
	return b.String() + "."
}

// polarities says in words what is known of the signs.
func (c Count) polarities() string {
	if c.Unknown > 0 {
		return "polarity not known"
	}
	return fmt.Sprintf("%d excitatory, %d inhibitory", c.Excitatory, c.Inhibitory)
}

func (p *page) text(at point, text, attributes string) {
	p.print("<text x=\"%s\" y=\"%s\" %s>%s</text>\n", tenths(at.x), tenths(at.y), attributes, escape(text))
}

// synapses writes a group of synapses, first the excitatory, then the inhibitory ones.
func (p *page) synapses(group string, list []Synapse, sources []neuron) {
	i := inkFor(list)
	titled := len(p.w.sensory)+len(p.w.inner) <= mostTitled
	p.print("<g aria-label=\"%s\" fill=\"none\" stroke-width=\"%.2f\" stroke-opacity=\"%.2f\">\n", group+" synapses", i.width, i.opacity)
	for _, polarity := range [...]int8{1, -1} {
		p.print("<g %s>\n", p.style(group, polarity))
		for _, s := range list {
			if s.Polarity != polarity {
				continue
			}
			from, to := sources[s.From], p.scene.units[s.To]
			tooltip := ""
			if titled {
				tooltip = fmt.Sprintf("<title>%s → %s</title>", from.name(), to.name())
			}
			p.print("<path d=\"%s\">%s</path>\n", p.scene.trace(from, to).shift(p.origin).path(), tooltip)
		}
		p.print("</g>\n")
	}
	p.print("</g>\n")
}

// style is the look of the synapses of a group that have a polarity.
func (p *page) style(group string, polarity int8) string {
	if p.w.unsigned {
		return fmt.Sprintf(`stroke="%s" marker-end="url(#%s-%s-unknown)"`, unknownColour, p.o.ID, group)
	}
	if polarity > 0 {
		return fmt.Sprintf(`stroke="%s" marker-end="url(#%s-%s-excitatory)"`, excitatoryColour, p.o.ID, group)
	}
	return fmt.Sprintf(`stroke="%s" stroke-dasharray="5 2.5" marker-end="url(#%s-%s-inhibitory)"`, inhibitoryColour, p.o.ID, group)
}

// neurons writes inputs and units with their numbers and labels.
func (p *page) neurons() {
	p.print("<g aria-label=\"neurons\" stroke-width=\"1.5\">\n")
	for _, n := range p.scene.inputs {
		at := p.origin.plus(n.at)
		p.print("<g><title>%s</title>", escape(n.name()+" "+n.label))
		p.print(`<rect x="%s" y="%s" width="%s" height="%s" rx="2" fill="%s"/>`, tenths(at.x-n.radius), tenths(at.y-n.radius),
			tenths(2*n.radius), tenths(2*n.radius), roleColours[Sensory])
		p.inscribe(n)
	}
	for _, n := range p.scene.units {
		at := p.origin.plus(n.at)
		p.print("<g><title>%s</title>", escape(n.name()+" "+n.label))
		p.print(`<circle cx="%s" cy="%s" r="%s" fill="%s"/>`, tenths(at.x), tenths(at.y), tenths(n.radius), roleColours[n.role])
		if n.role == Motor {
			p.print(`<circle cx="%s" cy="%s" r="%s" fill="none" stroke="%s"/>`, tenths(at.x), tenths(at.y), tenths(n.rim()-0.5),
				roleColours[n.role])
		}
		p.inscribe(n)
	}
	p.print("</g>\n")
}

// inscribe writes the number in a neuron and the label beside it, and ends its group.
func (p *page) inscribe(n neuron) {
	at := p.origin.plus(n.at)
	if n.radius >= smallestNumbered {
		number := fmt.Sprint(n.id)
		size := min(labelSize, 1.7*n.radius/(0.62*float64(len(number))))
		p.text(at.plus(point{0, 0.36 * size}), number, fmt.Sprintf(`text-anchor="middle" font-size="%s" fill="#fff"`, tenths(size)))
	}
	if n.label != "" {
		at, part := n.labelAt()
		p.text(p.origin.plus(at).plus(point{0, 0.36 * labelSize}), shorten(n.label), part.attribute)
	}
	p.print("</g>\n")
}

// legend writes the samples of both polarities and the counts.
func (p *page) legend() {
	p.print("<g aria-label=\"legend\">\n")
	for _, i := range p.items {
		at := i.at
		if i.sample != 0 {
			p.print("<line x1=\"%s\" y1=\"%[2]s\" x2=\"%[3]s\" y2=\"%[2]s\" stroke-width=\"1.5\" %[4]s/>\n",
				tenths(at.x), tenths(at.y), tenths(at.x+sampleWidth-10), p.style("legend", i.sample))
			at.x += sampleWidth
		}
		p.text(at.plus(point{0, 0.36 * labelSize}), i.text, anchorStart.attribute)
	}
	p.print("</g>\n")
}
