package drift

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/internal/nearest"
)

// Option describes one option of a method.
type Option struct {
	// Name is that of texts and JSON.
	Name string
	// Default is what the zero value means.
	Default string
	// Allowed says what values there may be, such as "1 to 1000".
	Allowed string
	// Value is the option's present one, its default where it is zero.
	Value string
}

// Options lists the options of a method.
func Options(m Method) (list []Option) {
	v := reflect.ValueOf(Resolve(m))
	for i := range v.NumField() {
		f := v.Type().Field(i)
		list = append(list, Option{f.Tag.Get("json"), f.Tag.Get("default"), rangeOf(f).String(), text(v.Field(i))})
	}
	return list
}

// Format writes a method and all its options as Parse reads them: ADWIN delta 0.002 clock 32 …
func Format(m Method) string {
	words := []string{entryOf(m).Name}
	for _, o := range Options(m) {
		words = append(words, o.Name, o.Value)
	}
	return strings.Join(words, " ")
}

// Parse reads the name of a method and its options, as in "PageHinkley threshold 5 mode up"; what is not named has its default. The
// result is resolved and has passed Check. The error is one line that says what is known or allowed.
func Parse(s string) (Method, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		words = []string{""}
	}
	e, err := find(words[0])
	if err != nil {
		return nil, err
	}
	v := reflect.New(reflect.TypeOf(e.Method)).Elem()
	var seen []string
	for words = words[1:]; len(words) > 0; words = words[2:] {
		if len(words) == 1 {
			return nil, fmt.Errorf("%s: option %q has no value; write name and value, such as %q", e.Name, words[0], Format(e.Method))
		}
		if slices.Contains(seen, words[0]) {
			return nil, fmt.Errorf("%s: option %q is given twice", e.Name, words[0])
		}
		seen = append(seen, words[0])
		if err := set(e, v, words[0], words[1]); err != nil {
			return nil, err
		}
	}
	m := Resolve(v.Interface().(Method))
	return m, m.Check()
}

// set reads one option.
func set(e Entry, v reflect.Value, name, value string) error {
	var names []string
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Tag.Get("json") == name {
			if err := read(v.Field(i), value); err != nil || !rangeOf(f).holds(v.Field(i)) {
				return fmt.Errorf("%s: %s is %q; allowed: %s", e.Name, name, value, rangeOf(f))
			}
			return nil
		}
		names = append(names, f.Tag.Get("json"))
	}
	hint := ""
	if near := nearest.Name(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("%s has no option %q%s (options: %s)", e.Name, name, hint, strings.Join(names, ", "))
}

// Resolve is a method with every option that is zero set to its default.
func Resolve(m Method) Method {
	v := reflect.New(reflect.TypeOf(m)).Elem()
	v.Set(reflect.ValueOf(m))
	for i := range v.NumField() {
		if o := v.Field(i); o.IsZero() {
			if err := read(o, v.Type().Field(i).Tag.Get("default")); err != nil {
				panic(fmt.Sprintf("drift: default of %T.%s: %v", m, v.Type().Field(i).Name, err)) // a test walks the registry
			}
		}
	}
	return v.Interface().(Method)
}

// check reports the first option of a method that is outside of its range. It is the first half of every Check.
func check(m Method) error {
	v := reflect.ValueOf(Resolve(m))
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if r := rangeOf(f); !r.holds(v.Field(i)) {
			return fmt.Errorf("%s: %s is %s; allowed: %s", entryOf(m).Name, f.Tag.Get("json"), text(v.Field(i)), r)
		}
	}
	return nil
}

func read(o reflect.Value, s string) error {
	switch o.Kind() {
	case reflect.String:
		o.SetString(s)
	case reflect.Float64:
		x, err := strconv.ParseFloat(s, 64)
		o.SetFloat(x)
		return err
	case reflect.Int:
		n, err := strconv.Atoi(s)
		o.SetInt(int64(n))
		return err
	case reflect.Uint64:
		n, err := strconv.ParseUint(s, 10, 64)
		o.SetUint(n)
		return err
	default:
		return fmt.Errorf("an option cannot be a %s", o.Type())
	}
	return nil
}

func text(o reflect.Value) string {
	if o.Kind() == reflect.Float64 {
		return strconv.FormatFloat(o.Float(), 'g', -1, 64)
	}
	return fmt.Sprint(o)
}

// allowed is what the tag of that name says: an interval such as "(0, 1]", where a round bracket leaves the end out, or a list
// of words.
type allowed struct {
	kind     reflect.Kind
	words    []string
	from, to string
	open     [2]bool
}

func rangeOf(f reflect.StructField) allowed {
	tag := f.Tag.Get("allowed")
	r := allowed{kind: f.Type.Kind()}
	if r.kind == reflect.String {
		r.words = strings.Split(tag, ", ")
		return r
	}
	r.from, r.to, _ = strings.Cut(tag[1:len(tag)-1], ", ")
	r.open = [2]bool{tag[0] == '(', tag[len(tag)-1] == ')'}
	return r
}

func (r allowed) holds(o reflect.Value) bool {
	switch r.kind {
	case reflect.String:
		return slices.Contains(r.words, o.String())
	case reflect.Uint64:
		return true // the range is that of the type
	}
	x, from, to := 0.0, number(r.from), number(r.to)
	if r.kind == reflect.Int {
		x = float64(o.Int())
	} else {
		x = o.Float()
	}
	return (x > from || x == from && !r.open[0]) && (x < to || x == to && !r.open[1])
}

// number reads the end of an interval; a test walks the registry for those that are none.
func number(s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("drift: no number in a tag: " + s)
	}
	return x
}

// String says the range in words.
func (r allowed) String() string {
	var s string
	switch {
	case r.kind == reflect.String:
		return strings.Join(r.words, ", ")
	case r.open == [2]bool{true, true}:
		s = "above " + r.from + " and below " + r.to
	case r.open[0]:
		s = "above " + r.from + " and up to " + r.to
	case r.open[1]:
		s = "at least " + r.from + " and below " + r.to
	default:
		s = r.from + " to " + r.to
	}
	if r.kind != reflect.Float64 {
		s += ", a whole number"
	}
	return s
}
