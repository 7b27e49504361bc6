package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/model"
)

// convolutions is a flag for those of a front end.
type convolutions struct{ value *[]model.Conv }

func (f convolutions) String() string {
	if f.value == nil {
		return ""
	}
	return model.Front{Conv: *f.value}.String()
}

func (f convolutions) Type() string { return "LIST" }

func (f convolutions) Set(text string) (err error) {
	*f.value, err = model.ParseConv(text)
	return err
}

// grid is a flag for how the first inputs stand beside each other.
type grid struct{ front *model.Front }

func (f grid) String() string {
	if f.front == nil || f.front.Rows == 0 {
		return ""
	}
	text := fmt.Sprintf("%dx%d", f.front.Rows, f.front.Columns)
	if f.front.Channels > 1 {
		text += fmt.Sprintf("x%d", f.front.Channels)
	}
	return text
}

func (f grid) Type() string { return "SHAPE" }

func (f grid) Set(text string) error {
	sizes := []int{0, 0, 1}
	words := strings.Split(text, "x")
	ok := len(words) == 2 || len(words) == 3
	for i := 0; ok && i < len(words); i++ {
		n, err := strconv.Atoi(words[i])
		sizes[i], ok = n, err == nil && n > 0
	}
	if !ok {
		return errors.New("is no shape; write rows x columns, or rows x columns x channels, such as 1x541 or 28x28x3")
	}
	f.front.Rows, f.front.Columns, f.front.Channels = sizes[0], sizes[1], sizes[2]
	return nil
}
