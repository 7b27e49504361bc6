package main

import (
	"errors"
	"strconv"
	"strings"
)

// numberList is a flag for numbers by comma.
type numberList struct {
	value *[]float64
	// kind is the placeholder of the flag, and fault what is said of a list of which a number does not fit those before it.
	kind, fault string
	fits        func(before []float64, v float64) bool
}

func (f *numberList) String() string {
	if f.value == nil {
		return ""
	}
	text := make([]string, len(*f.value))
	for i, v := range *f.value {
		text[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strings.Join(text, ",")
}

func (f *numberList) Type() string { return f.kind }

func (f *numberList) Set(text string) error {
	*f.value = nil
	for word := range strings.SplitSeq(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(word), 64)
		if err != nil || !f.fits(*f.value, v) {
			return errors.New(f.fault)
		}
		*f.value = append(*f.value, v)
	}
	return nil
}
