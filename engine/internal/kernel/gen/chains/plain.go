package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// plain writes a chain as Go: loops over what has no function in it, and between them the functions, for a block.
type plain struct {
	*chain
	flat   bool
	level  []int // how many functions an operation waits for
	buffer []bool
	b      *strings.Builder
}

// plainChain writes the functions of a chain.
func plainChain(b *strings.Builder, name string, c *chain) {
	rowwise := c.rowwise()
	fmt.Fprintf(b, "func %s(out, in [][]float32, rows, lanes int) bool {\n", name)
	if !rowwise {
		newPlain(b, c, true).function("rows*lanes")
		return
	}
	fmt.Fprintf(b, "if lanes == 1 {\nreturn %sflat(out, in, rows)\n}\n", name)
	newPlain(b, c, false).function("lanes")
	fmt.Fprintf(b, "\nfunc %sflat(out, in [][]float32, rows int) bool {\n", name)
	newPlain(b, c, true).function("rows")
}

// line is the function that computes a whole line of an operation; empty where it stands in a loop.
func line(op step.Op) string { return kernel.Elementwises[op].Line }

func newPlain(b *strings.Builder, c *chain, flat bool) *plain {
	p := &plain{chain: c, flat: flat, b: b, level: make([]int, len(c.ops)), buffer: make([]bool, len(c.ops))}
	for k, o := range c.ops {
		for _, r := range o.args {
			if r >= 0 {
				p.level[k] = max(p.level[k], p.level[r])
			}
		}
		if line(o.op) != "" {
			p.level[k]++
		}
	}
	for k, o := range c.ops {
		for _, r := range o.args {
			if r >= 0 && p.level[r] < p.level[k] || r >= 0 && line(c.ops[r].op) != "" {
				p.buffer[r] = !slices.Contains(c.out, r)
			}
		}
		if line(o.op) != "" && !slices.Contains(c.out, k) {
			p.buffer[k] = true
		}
	}
	return p
}

// one reports whether an input is one number here.
func (p *plain) one(k int) bool {
	kind := p.kinds[k]
	return kind == 'k' || p.flat && kind == 'l' || !p.flat && kind == 'u'
}

// function writes the body over lines of n numbers: all rows at once, or one row after the other.
func (p *plain) function(n string) {
	for k, buffer := range p.buffer {
		if buffer {
			fmt.Fprintf(p.b, "var b%d [line]float32\n", k)
		}
	}
	fmt.Fprintf(p.b, "n := %s\n", n)
	from := ""
	if !p.flat {
		fmt.Fprintf(p.b, "for r := range rows {\n")
		from = "r*lanes"
	}
	for k, kind := range p.kinds {
		switch {
		case p.one(k) && kind == 'u':
			fmt.Fprintf(p.b, "c%d := in[%d][r]\n", k, k)
		case p.one(k):
			fmt.Fprintf(p.b, "c%d := in[%d][0]\n", k, k)
		case kind == 'l':
			fmt.Fprintf(p.b, "x%d := in[%d][:n]\n", k, k)
		default:
			fmt.Fprintf(p.b, "x%d := in[%d][%s:][:n]\n", k, k, from)
		}
	}
	for j := range p.out {
		fmt.Fprintf(p.b, "y%d := out[%d][%s:][:n]\n", j, j, from)
	}
	if slices.Contains(p.buffer, true) {
		p.blocks()
	} else {
		p.levels()
	}
	if !p.flat {
		p.b.WriteString("}\n")
	}
	p.b.WriteString("return true\n}\n")
}

// blocks writes the chain for parts of a line that the buffers have room for.
func (p *plain) blocks() {
	p.b.WriteString("for at := 0; at < n; at += line {\nm := min(line, n-at)\n")
	for k := range p.kinds {
		if !p.one(k) {
			fmt.Fprintf(p.b, "x%d := x%d[at:][:m]\n", k, k)
		}
	}
	for j := range p.out {
		fmt.Fprintf(p.b, "y%d := y%d[at:][:m]\n", j, j)
	}
	for k, buffer := range p.buffer {
		if buffer {
			fmt.Fprintf(p.b, "b%d := b%d[:m]\n", k, k)
		}
	}
	p.levels()
	p.b.WriteString("}\n")
}

// levels writes the functions and the loop of each level.
func (p *plain) levels() {
	for level := range slices.Max(p.level) + 1 {
		var loop []int
		for k, o := range p.ops {
			switch {
			case p.level[k] != level:
			case line(o.op) == "":
				loop = append(loop, k)
			default:
				p.call(k)
			}
		}
		if len(loop) > 0 {
			p.loop(loop)
		}
	}
}

// call writes a function.
func (p *plain) call(k int) {
	dst, arg := p.home(k), p.ops[k].args[0]
	if arg < 0 && p.one(-1-arg) {
		fmt.Fprintf(p.b, "for i := range %s {\n%s[i] = c%d\n}\n", dst, dst, -1-arg)
		fmt.Fprintf(p.b, "%s(%s, %s)\n", line(p.ops[k].op), dst, dst)
		return
	}
	src := fmt.Sprintf("x%d", -1-arg)
	if arg >= 0 {
		src = p.home(arg)
	}
	fmt.Fprintf(p.b, "%s(%s, %s)\n", line(p.ops[k].op), dst, src)
}

// home is where the value of an operation stands beyond its loop; empty if nowhere.
func (p *plain) home(k int) string {
	if j := slices.Index(p.out, k); j >= 0 {
		return fmt.Sprintf("y%d", j)
	}
	if p.buffer[k] {
		return fmt.Sprintf("b%d", k)
	}
	return ""
}

// loop writes the operations of a level, number by number.
func (p *plain) loop(ops []int) {
	over := ""
	for _, k := range ops {
		if h := p.home(k); h != "" {
			over = h
		}
	}
	fmt.Fprintf(p.b, "for i := range %s {\n", over)
	for _, k := range ops {
		o, h := p.ops[k], p.home(k)
		var args []any
		if o.op == step.OpAccum {
			args = append(args, h+"[i]")
		}
		for _, r := range o.args {
			args = append(args, p.value(r, ops))
		}
		value := fmt.Sprintf(kernel.Elementwises[o.op].Number, args...)
		used := slices.ContainsFunc(ops, func(j int) bool { return slices.Contains(p.ops[j].args, k) })
		switch {
		case h == "":
			fmt.Fprintf(p.b, "t%d := %s\n", k, value)
		case used:
			fmt.Fprintf(p.b, "t%d := %s\n%s[i] = t%d\n", k, value, h, k)
		default:
			fmt.Fprintf(p.b, "%s[i] = %s\n", h, value)
		}
	}
	p.b.WriteString("}\n")
}

// value is an operand in a loop.
func (p *plain) value(r int, ops []int) string {
	switch {
	case r >= 0 && slices.Contains(ops, r):
		return fmt.Sprintf("t%d", r)
	case r >= 0:
		return p.home(r) + "[i]"
	case p.one(-1 - r):
		return fmt.Sprintf("c%d", -1-r)
	}
	return fmt.Sprintf("x%d[i]", -1-r)
}

// writePlain writes a file with all chains in Go.
func writePlain(file string, texts []string) error {
	var table, code strings.Builder
	table.WriteString("// Code generated by gen/chains. DO NOT EDIT.\n\n//go:build !generate\n\npackage kernel\n\nvar presets = []string{")
	for _, p := range cell.Presets() {
		fmt.Fprintf(&table, "\n%q,", p.Name)
	}
	table.WriteString("\n}\n\n// absent is what computes an operation that nothing is known of.\nvar absent Fused\n\nvar plain = map[string]Fused{\n")
	for n, text := range texts {
		c, ok := parse(text)
		if !ok {
			return fmt.Errorf("no code for the chain %s", text)
		}
		name := fmt.Sprintf("plain%d", n)
		fmt.Fprintf(&table, "\t%q: %s,\n", text, name)
		code.WriteByte('\n')
		plainChain(&code, name, &c)
	}
	table.WriteString("}\n")
	return write(file, table.String()+code.String())
}
