package cell

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Meta describes a state dict of another library: string values by key, as in the golden vectors (cell, mode, unfolds, …).
type Meta map[string]string

// Units is the width that key units gives.
func (m Meta) Units() (int, error) {
	n, err := strconv.Atoi(m["units"])
	if err != nil || n < 1 {
		return 0, fmt.Errorf("units is %q; a whole number from 1 up is needed", m["units"])
	}
	return n, nil
}

// Read reads the units and the constants.
func (m Meta) Read(constants any) (units int, err error) {
	if units, err = m.Units(); err != nil {
		return 0, err
	}
	return units, m.Constants(constants)
}

// Constants reads the JSON object of key constants into a pointer to a struct, whose fields have the names of the object's
// in their tags "json". The object must have these and no others: a constant that is not there is never read as zero, nor
// one that nobody asks for passed over. A field with a tag "want" must have that value, because the cell knows no other.
func (m Meta) Constants(into any) error {
	var given map[string]json.RawMessage
	if err := strict([]byte(m["constants"]), &given); err != nil || given == nil {
		return fmt.Errorf("constants is %q; a JSON object is needed", m["constants"])
	}
	v := reflect.ValueOf(into).Elem()
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		name, _, _ := strings.Cut(tag.Get("json"), ",")
		text, ok := given[name]
		if !ok || string(text) == "null" {
			return fmt.Errorf("constants lack %s", name)
		}
		if err := json.Unmarshal(text, v.Field(i).Addr().Interface()); err != nil {
			return fmt.Errorf("constants: %s is %s; %s is needed", name, text, v.Field(i).Kind())
		}
		if want, ok := tag.Lookup("want"); ok && fmt.Sprint(v.Field(i).Interface()) != want {
			return fmt.Errorf("constants: %s is %s; only %s is supported", name, text, want)
		}
		delete(given, name)
	}
	for name := range given {
		return fmt.Errorf("constants have %s, which this cell has not", name)
	}
	return nil
}
