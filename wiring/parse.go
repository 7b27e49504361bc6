package wiring

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// form is one kind of specification as text: its name, a colon, places in a fixed order, then options by name.
type form struct {
	name     string
	usage    string // what an error tells the user to write
	required int    // places that must be given
	blank    func() entry
}

// entry is a specification that is being filled in.
type entry interface {
	arguments() (places, options []argument)
	spec() (Spec, error) // the specification, checked as far as that is possible without the number of inputs
}

// forms is the registry of specifications that have a text; a new one is one line here.
var forms = []form{
	{"auto", "auto:UNITS,OUTPUTS[,sparsity=0.5][,seed=22222]", 2, func() entry { return new(AutoNCP) }},
	{"ncp", "ncp:INTER,COMMAND,MOTOR,sensory=FANOUT,inter=FANOUT,recurrent=N,motor=FANIN[,seed=22222]", 3,
		func() entry { return new(NCP) }},
	{"full", "full:UNITS[,OUTPUTS][,noself][,seed=1111]", 1, func() entry { return new(FullyConnected) }},
	{"random", "random:UNITS[,OUTPUTS][,sparsity=0][,seed=1111]", 1, func() entry { return new(Random) }},
}

// Forms lists the kinds of specifications that have a text, each with the form that [Parse] reads.
func Forms() (list []Form) {
	for _, f := range forms {
		list = append(list, Form{f.name, f.usage})
	}
	return list
}

// Form is a kind of specification as text.
type Form struct {
	Name  string // before the colon
	Usage string // such as auto:UNITS,OUTPUTS[,sparsity=0.5][,seed=22222]
}

// Parse reads a specification from the text that its String gives, as used on command lines:
//
//	auto:19,1
//	auto:19,1,sparsity=0.4,seed=7
//	ncp:12,6,1,sensory=6,inter=4,recurrent=6,motor=6
//	full:32,4,noself
//	random:32,4,sparsity=0.5
//
// Every error is one line that names the legal form.
func Parse(text string) (Spec, error) {
	name, rest, _ := strings.Cut(text, ":")
	name = strings.ToLower(strings.TrimSpace(name))
	at := slices.IndexFunc(forms, func(f form) bool { return f.name == name })
	if at < 0 {
		return nil, fmt.Errorf("wiring %s: unknown kind: write %s", clip(text), usages())
	}
	f := forms[at]
	blank := f.blank()
	if err := f.fill(blank, rest); err != nil {
		return nil, fmt.Errorf("wiring %s: %w: write %s", clip(text), err, f.usage)
	}
	spec, err := blank.spec()
	if err != nil {
		return nil, err
	}
	return spec, nil
}

func usages() string {
	var all []string
	for _, f := range forms {
		all = append(all, f.usage)
	}
	return strings.Join(all, " or ")
}

// clip quotes a text for an error and keeps it short.
func clip(text string) string {
	const most = 60 // bytes
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strconv.Quote(text)
}

// fill sets the arguments of blank from the comma-separated text.
func (f form) fill(blank entry, text string) error {
	places, options := blank.arguments()
	given := map[string]bool{}
	filled := 0
	for part := range strings.SplitSeq(text, ",") {
		name, value, named := strings.Cut(strings.TrimSpace(part), "=")
		at := slices.IndexFunc(options, func(a argument) bool { return a.name == name })
		switch {
		case at >= 0 && given[name]:
			return fmt.Errorf("%s is given twice", name)
		case at >= 0:
			given[name] = true
			if err := options[at].parse(value, named); err != nil {
				return err
			}
		case named:
			return fmt.Errorf("unknown option %s", clip(name))
		case len(given) > 0:
			return fmt.Errorf("%s stands after an option", clip(name))
		case filled == len(places):
			return fmt.Errorf("%s is one number or option too many", clip(name))
		default:
			if err := places[filled].parse(name, false); err != nil {
				return err
			}
			filled++
		}
	}
	if filled < f.required {
		return fmt.Errorf("the number of %s is missing", places[filled].name)
	}
	return nil
}

// format writes a specification so that Parse reads it back: places up to the last that is set, and the options that are
// not at their zero value, which stands for the default.
func format(name string, e entry) string {
	places, options := e.arguments()
	for len(places) > 1 && places[len(places)-1].text() == "" {
		places = places[:len(places)-1]
	}
	var parts []string
	for _, a := range places {
		parts = append(parts, cmp.Or(a.text(), "0"))
	}
	for _, a := range options {
		value := a.text()
		if _, isSwitch := a.value.(*bool); isSwitch && value != "" {
			parts = append(parts, a.name)
		} else if value != "" {
			parts = append(parts, a.name+"="+value)
		}
	}
	return name + ":" + strings.Join(parts, ",")
}

// argument is one number or switch of a specification: its name in the text and where it is stored.
type argument struct {
	name  string
	value any // *int, *float64, *defaulted, *Seed or *bool
}

// defaulted is a number whose zero value stands for a default, so that a 0 in a text is a mistake.
type defaulted float64

// parse stores the value of the text. Named says that there was an equals sign; a switch has none.
func (a argument) parse(text string, named bool) error {
	var err error
	wanted := "a whole number"
	switch v := a.value.(type) {
	case *int:
		*v, err = strconv.Atoi(text)
	case *float64:
		wanted = "a number"
		*v, err = strconv.ParseFloat(text, 64)
	case *defaulted:
		wanted = "a number above 0"
		*(*float64)(v), err = strconv.ParseFloat(text, 64)
		if err == nil && *v == 0 {
			err = strconv.ErrRange
		}
	case *Seed:
		wanted = "a whole number from 0 to 4294967295"
		var n uint64
		n, err = strconv.ParseUint(text, 10, 32)
		*v = NewSeed(uint32(n))
	case *bool:
		wanted = "a switch without a value"
		*v = true
		if named {
			err = strconv.ErrSyntax
		}
	default:
		panic("wiring: argument of an unknown type")
	}
	if err != nil {
		return fmt.Errorf("%s is %s, not %s", a.name, clip(text), wanted)
	}
	return nil
}

// text is the value as parse reads it, and empty at the zero value.
func (a argument) text() string {
	switch v := a.value.(type) {
	case *int:
		return wholeText(int64(*v))
	case *float64:
		return shareText(*v)
	case *defaulted:
		return shareText(float64(*v))
	case *Seed:
		if *v == SeedZero {
			return "0"
		}
		return wholeText(int64(*v))
	case *bool:
		if *v {
			return a.name
		}
		return ""
	}
	panic("wiring: argument of an unknown type")
}

func wholeText(v int64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatInt(v, 10)
}

func shareText(v float64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
