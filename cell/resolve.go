package cell

import (
	"fmt"
	"reflect"
	"strconv"
)

// Resolve is a cell with every option that was left at its zero value set to what the zero value means. That is the tag
// "default" of the field, which is the only place where it stands: Build starts from the resolved options, and files and
// messages show them. A wrapper's inner cell is resolved too.
func Resolve(c Cell) Cell {
	if r, ok := c.(resolver); ok {
		c = r.resolve()
	}
	v := reflect.ValueOf(c)
	if v.Kind() != reflect.Struct {
		return c
	}
	return filled(v).Interface().(Cell)
}

// resolver is a cell in one form of which some zero values mean other values than the tags say. It sets these.
type resolver interface{ resolve() Cell }

// Filled does for any struct of options what Resolve does for cells.
func Filled[T any](options T) T { return filled(reflect.ValueOf(options)).Interface().(T) }

func filled(v reflect.Value) reflect.Value {
	resolved := reflect.New(v.Type()).Elem()
	resolved.Set(v)
	for i := range v.NumField() {
		field, option := v.Type().Field(i), resolved.Field(i)
		if !field.IsExported() {
			continue
		}
		if option.IsZero() {
			fill(option, field)
		} else if inner, ok := option.Interface().(Cell); ok {
			option.Set(reflect.ValueOf(Resolve(inner)))
		}
	}
	return resolved
}

// fill sets an option to its default. It panics where the tag is no value of the field's type, which a test of the
// registry finds.
func fill(option reflect.Value, field reflect.StructField) {
	text, ok := field.Tag.Lookup("default")
	var err error
	switch option.Kind() {
	case reflect.Slice: // an empty list, which JSON tells from none
		option.Set(reflect.MakeSlice(field.Type, 0, 0))
	case reflect.String:
		option.SetString(text)
	case reflect.Int:
		if ok {
			var n int
			n, err = strconv.Atoi(text)
			option.SetInt(int64(n))
		}
	case reflect.Float64:
		if ok {
			var x float64
			x, err = strconv.ParseFloat(text, 64)
			option.SetFloat(x)
		}
	default:
		if ok {
			err = fmt.Errorf("an option of type %s has no default", field.Type)
		}
	}
	if err != nil {
		panic(fmt.Sprintf("cell: default of option %s: %v", field.Name, err))
	}
}
