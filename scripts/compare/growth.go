package main

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// limits says, by profile and arithmetic, what stands in the way where a goal is missed. It is written by hand; its figures
// name the commands that gave them.
//
//go:embed limits.md
var limits string

// streams is the table of many streams in lanes, by cell and number.
func (r *record) streams(b *strings.Builder) {
	number := func(name string) int {
		n, _ := strconv.Atoi(name[strings.LastIndex(name, "/N")+2:])
		return n
	}
	names := map[string]bool{}
	for _, s := range r.sessions {
		for name := range s.ours {
			if strings.HasPrefix(name, "streams/") {
				names[name] = true
			}
		}
	}
	if len(names) == 0 {
		return
	}
	b.WriteString("\n## Many streams, each one step further (`StepMany`)\n\n| case | steps a second | bytes a stream | latency of a call |\n|---|---|---|---|\n")
	for _, name := range slices.SortedFunc(maps.Keys(names), func(x, y string) int {
		if d := strings.Compare(x[:strings.LastIndex(x, "/N")], y[:strings.LastIndex(y, "/N")]); d != 0 {
			return d
		}
		return number(x) - number(y)
	}) {
		t, _ := r.ours(name)
		fmt.Fprintf(b, "| `%s` | %.2f million | %.0f | %s |\n", name, t.rate/1e6, t.each, duration(t.median))
	}
}

// growth says how time grows with sizes.
func (r *record) growth(b *strings.Builder) {
	if len(r.trends) == 0 {
		return
	}
	b.WriteString("\n## Growth\n\nTraining time against a size with everything else fixed (`elegans bench --all --only long/`): the exponent of the power law that\nfits best; 1 is linear.\n\n| size | from | to | exponent |\n|---|---|---|---|\n")
	for _, t := range r.trends {
		fmt.Fprintf(b, "| %s | %.0f | %.0f | %.2f |\n", t.Axis, t.From, t.To, t.Exponent)
	}
}
