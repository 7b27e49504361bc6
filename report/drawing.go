package report

import (
	"encoding/xml"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strings"
)

// drawn lists what a drawing may consist of. Everything else (scripts, foreign objects, embedded pictures, animation)
// is left out with its content.
var drawn = map[string]bool{
	"svg": true, "g": true, "defs": true, "symbol": true, "use": true, "marker": true, "clipPath": true,
	"path": true, "line": true, "polyline": true, "polygon": true, "circle": true, "ellipse": true, "rect": true,
	"text": true, "tspan": true, "title": true, "desc": true, "style": true,
	"linearGradient": true, "radialGradient": true, "stop": true,
}

// outside finds what would make a browser look elsewhere: a url() that is not an element of the page, an import, a scheme.
var outside = regexp.MustCompile(`(?i)url\(\s*["']?\s*[^#"'\s]|@import|javascript:|data:|//`)

// clean makes a drawing safe to stand inside the page: known elements and attributes only, no reference to anything
// outside, style rules confined to the drawing. The document around it is HTML, so namespaces are dropped.
func clean(svg string) (template.HTML, error) {
	c := cleaner{in: xml.NewDecoder(strings.NewReader(svg))}
	for {
		token, err := c.in.Token()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = c.token(token)
		}
		if err != nil {
			return "", fmt.Errorf("report: wiring drawing is not well-formed: %w", err)
		}
	}
	if c.out.Len() == 0 {
		return "", fmt.Errorf("report: wiring drawing holds no svg element; it must be one")
	}
	return template.HTML(c.out.String()), nil
}

// cleaner copies one drawing.
type cleaner struct {
	in    *xml.Decoder
	out   strings.Builder
	depth int
	style *strings.Builder // the text of the style element that is open
}

func (c *cleaner) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		if !drawn[t.Name.Local] || c.depth == 0 && t.Name.Local != "svg" {
			return c.in.Skip()
		}
		c.depth++
		c.open(t)
		if t.Name.Local == "style" {
			c.style = &strings.Builder{}
		}
	case xml.EndElement:
		if c.style != nil {
			c.out.WriteString(confine(c.style.String()))
			c.style = nil
		}
		c.depth--
		c.out.WriteString("</" + t.Name.Local + ">")
	case xml.CharData:
		switch {
		case c.style != nil:
			c.style.Write(t)
		case c.depth > 0:
			template.HTMLEscape(&c.out, t)
		}
	}
	return nil
}

// open writes a start tag with the attributes that are safe.
func (c *cleaner) open(t xml.StartElement) {
	c.out.WriteString("<" + t.Name.Local)
	for _, a := range t.Attr {
		name := a.Name.Local
		local := strings.HasPrefix(a.Value, "#")
		switch {
		case name == "xmlns" || a.Name.Space == "xmlns" || a.Name.Space == "xml":
		case strings.HasPrefix(strings.ToLower(name), "on"):
		case name == "href" && !local, name == "src":
		case outside.MatchString(a.Value):
		default:
			fmt.Fprintf(&c.out, ` %s="%s"`, name, template.HTMLEscapeString(a.Value))
		}
	}
	c.out.WriteString(">")
}

// confine nests the style rules of a drawing so that they reach nothing else on the page. A sheet that refers to
// something outside, or that would end the nesting, is dropped as a whole.
func confine(css string) string {
	if outside.MatchString(css) || strings.ContainsAny(css, `<&\"'`) {
		return ""
	}
	depth := 0
	for _, c := range css {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth < 0 {
			return ""
		}
	}
	if depth != 0 {
		return ""
	}
	return ".drawing {" + css + "}"
}
