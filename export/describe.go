package export

import (
	"fmt"
	"strings"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// description says what a printed model takes and gives, as comments and files beside its code hold it.
type description struct {
	Name    string             `json:"name"`
	Inputs  []inputDescription `json:"inputs"`
	Outputs []string           `json:"outputs"`
	Classes bool               `json:"classes"` // outputs are the probabilities of classes
	States  []stateDescription `json:"states"`
	Unit    string             `json:"unit"`                 // of the elapsed time
	FirstDT float64            `json:"first_dt"`             // the elapsed time of the first row
	Longest float64            `json:"longest_dt,omitempty"` // nothing where any finite time may pass
}

// inputDescription is one input, in raw units.
type inputDescription struct {
	Name    string   `json:"name"`
	Mean    float64  `json:"mean"`
	SD      float64  `json:"sd"`
	Missing bool     `json:"missing,omitempty"` // NaN means: not observed
	Levels  []string `json:"levels,omitempty"`  // of a category, whose value is the number of one of them
}

// stateDescription is one carried value.
type stateDescription struct {
	Name  string `json:"name"`
	Width int    `json:"width"`
}

// describe describes a model whose step has so many outputs.
func describe(m *model.Model, name string, outputs int) description {
	s := m.Schema()
	d := description{Name: name, Unit: fmt.Sprintf("%g %s", s.Clock.Unit, unit(s.Clock)), FirstDT: s.Clock.FirstDT,
		Longest: longest * m.MaxStep(), Classes: s.Target.Task == series.Classify}
	for _, in := range s.Inputs {
		one := inputDescription{Name: in.Name, Mean: in.Mean, SD: in.SD, Missing: in.Missing}
		if in.Kind == series.Category {
			one.Levels = in.Levels
		}
		d.Inputs = append(d.Inputs, one)
	}
	p := m.Program()
	for _, st := range p.States {
		d.States = append(d.States, stateDescription{st.Name, p.Nodes[st.Node].Shape.Len()})
	}
	d.Outputs = outputNames(s.Target, outputs)
	return d
}

// outputNames names the n outputs of a target.
func outputNames(t series.Target, n int) (names []string) {
	for k := range n {
		switch {
		case t.Task == series.Classify:
			names = append(names, t.Classes[k])
		case t.Gaussian:
			names = append(names, []string{t.Name + " mean", t.Name + " standard deviation"}[k])
		case len(t.Quantiles) > 0:
			names = append(names, fmt.Sprintf("%s quantile %g", t.Name, t.Quantiles[k]))
		default:
			names = append(names, t.Of(k).Name)
		}
	}
	return names
}

// comment is the description as lines of a comment, which no name can end.
func (d description) comment() string {
	var b strings.Builder
	b.WriteString("Inputs, in raw units:\n\n")
	for k, in := range d.Inputs {
		fmt.Fprintf(&b, "\tx[%d] %s%s\n", k, clean(in.Name), in.note("NaN"))
	}
	fmt.Fprintf(&b, "\nOutputs, %s:\n\n", d.gives())
	for k, name := range d.Outputs {
		fmt.Fprintf(&b, "\ty[%d] %s\n", k, clean(name))
	}
	return b.String() + "\n" + d.time("")
}

// header is the same in a header of C. read says how the word of an input, of the time (-1) or of an output (after the inputs) is
// read, and missing what stands for a value that was not observed.
func (d description) header(read func(k int) string, missing string) string {
	var b strings.Builder
	b.WriteString("   Inputs, in raw units:\n")
	for k, in := range d.Inputs {
		fmt.Fprintf(&b, "     x[%d] %s%s%s\n", k, clean(in.Name), read(k), in.note(missing))
	}
	fmt.Fprintf(&b, "   %s\n   Outputs, %s:\n", d.time(read(-1)), d.gives())
	for k, name := range d.Outputs {
		fmt.Fprintf(&b, "     y[%d] %s%s\n", k, clean(name), read(len(d.Inputs)+k))
	}
	return strings.TrimSuffix(b.String(), "\n") + " */\n"
}

// told is how many levels of a category are told by name.
const told = 20

// note says what values an input has besides numbers in raw units.
func (in inputDescription) note(missing string) (note string) {
	if in.Levels != nil {
		note = ", the number of a category:"
		for k, level := range in.Levels[:min(len(in.Levels), told)] {
			note += fmt.Sprintf(" %d %s,", k, clean(level))
		}
		note = strings.TrimSuffix(note, ",")
		if n := len(in.Levels); n > told {
			note += fmt.Sprintf(" and so on to %d", n-1)
		}
	}
	if in.Missing {
		note += ", or " + missing + " where it was not observed"
	}
	return note
}

// gives says what the outputs are.
func (d description) gives() string {
	if d.Classes {
		return "the probabilities of the classes"
	}
	return "values in raw units"
}

func (d description) time(read string) string {
	text := fmt.Sprintf("dt is the time since the step before in units of %s%s, at least 0; %g at the first one.", d.Unit, read, d.FirstDT)
	if d.Longest > 0 {
		text += fmt.Sprintf(" It is at most %g.", d.Longest)
	}
	return text
}
