package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	cases := []struct {
		name, content, want string
		o                   Options
	}{
		{"lines", `{"a":1,"b":"x"}` + "\n" + `{"a":-2.5e1,"b":"y"}` + "\n", "a:number[1|-25] b:text[x|y]", Options{}},
		{"array", "[\n{\"a\": 1},\n {\"a\" : 2}\n]\n", "a:number[1|2]", Options{}},
		{"keys come and go", `{"a":1} {"b":2} {} {"c":"x","a":4}`, "a:number[1|_|_|4] b:number[_|2|_|_] c:text[_|_|_|x]", Options{}},
		{"null, texts of numbers", `{"a":null,"b":"3.5"}{"a":"NA","b":"4"}{"a":7,"b":""}`, "a:number[_|_|7] b:number[3.5|4|_]", Options{}},
		{"booleans", `{"a":true}{"a":false}`, "a:text[true|false]", Options{}},
		{"escapes", `{"a\tb":"\u00e9\"\\\n\ud83d\ude00 A"}`, "a\tb:text[é\"\\\n😀 A]", Options{}},
		{"python", `{"a":1}{"a":NaN}{"a":-Infinity}`, "a:number[1|_|-Inf]", Options{}},
		{"nested but not asked for", `{"a":1,"n":{"x":[1,"]}\"",{}]}}` + "\n" + `{"n":[[]],"a":2}`, "a:number[1|2]", Options{Columns: []string{"a"}}},
		{"byte order mark", "\xef\xbb\xbf{\"a\":1}", "a:number[1]", Options{}},
		{"mixed to text", `{"a":1.50}{"a":"x"}{"a":true}`, "a:text[1.50|x|true]", Options{}},
		{"own marker", `{"a":-1}{"a":-1.0}{"a":3}`, "a:number[_|_|3]", Options{Missing: []string{"-1"}}},
		{"latin-1", "{\"a\":\"\xb0C\"}", "a:text[°C]", Options{}},
	}
	for _, c := range cases {
		if got := show(parse(t, "x", c.content, c.o)); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
	tab := parse(t, "x", "{\"a\":1}\n\n{\"a\":2}\n{\"a\":3} {\"a\":4}\n", Options{})
	for row, want := range []int{1, 3, 4, 4} {
		if got := tab.Line(row); got != want {
			t.Errorf("row %d is on line %d, want %d", row, got, want)
		}
	}
}

func TestJSONErrors(t *testing.T) {
	cases := []struct {
		name, content string
		line          int
		words         []string
	}{
		{"nested", "{\"a\":1}\n{\"a\":2,\"pos\":{\"x\":1}}\n", 2, []string{`"pos"`, "nested"}},
		{"list", "{\"a\":[1]}\n", 1, []string{`"a"`, "nested"}},
		{"key twice", "{\"a\":1,\"a\":2}\n", 1, []string{`"a"`, "twice"}},
		{"cut off", "{\"a\":1}\n{\"a\":", 2, []string{"ends inside"}},
		{"cut off string", "{\"a\":1}\n{\"a\":\"x", 2, []string{"ends inside"}},
		{"array not closed", "[{\"a\":1},\n{\"a\":2}", 2, []string{"ends"}},
		{"bare word", "{\"a\":1}\n{\"a\":abc}\n", 2, []string{`"a"`, `"abc"`, "quotes"}},
		{"leading zero", "{\"a\":01}\n", 1, []string{`"01"`}},
		{"no comma", "{\"a\":1 \"b\":2}\n", 1, []string{"comma", `"a"`}},
		{"no colon", "{\"a\" 1}\n", 1, []string{"colon"}},
		{"comma at the end", "{\"a\":1,}\n", 1, []string{"key"}},
		{"line end in a string", "{\"a\":\"x\ny\"}\n", 1, []string{"control"}},
		{"bad escape", "{\"a\":\"\\q\"}\n", 1, []string{"escape"}},
		{"array goes on", "[{\"a\":1}]\n{\"a\":1}\n", 2, []string{"after the end"}},
		{"no comma in array", "[{\"a\":1}\n{\"a\":1}]\n", 2, []string{"comma"}},
		{"empty array", "[]", 0, []string{"no rows"}},
	}
	for _, c := range cases {
		_, err := Read(strings.NewReader(c.content), "x.json", Options{})
		t.Run(c.name, func(t *testing.T) { wantData(t, err, c.line, c.words...) })
	}
	_, err := Read(strings.NewReader(`{"alpha":1}`), "x", Options{Columns: []string{"alpah"}})
	var unknown *UnknownColumnError
	if !errors.As(err, &unknown) || unknown.Suggest != "alpha" {
		t.Errorf("error %v, want an UnknownColumnError that suggests alpha", err)
	}
}

// Flat objects that encoding/json reads must read the same here, and what it refuses must be refused.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `[{"a":"x","b":null}]`, `{"a":{"b":[1]}}`, `{"a":"\u00e9\n"}`, `{"a":-1.5e-3}`, `{"a":tru}`,
		`{"a":1,"a":2}`, `{"é":"` + "\xff" + `"}`, "{\"a\":1}\n{}", `[]`, `{}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		tab, err := Read(strings.NewReader(content), "x", Options{Format: "jsonl"})
		if err == nil {
			checkTable(t, tab)
		}
		if strings.Contains(content, "NaN") || strings.Contains(content, "Infinity") || strings.HasPrefix(content, "\xef\xbb\xbf") {
			return
		}
		want, flat := plainJSON(content)
		if !flat {
			return
		}
		if err != nil || tab.Rows != len(want) {
			var data *DataError
			if errors.As(err, &data) && (strings.Contains(data.Msg, "twice") || strings.HasPrefix(data.Msg, "no ")) {
				return
			}
			t.Fatalf("%q: %v, encoding/json reads %d objects", content, err, len(want))
		}
		for row, object := range want {
			for key, value := range object {
				c, ok := tab.Column(key)
				if !ok {
					t.Fatalf("%q: no column %q", content, key)
				}
				if s, isText := value.(string); isText && c.Kind == Text && !c.Missing(row) && c.Cell(row) != s {
					t.Fatalf("%q: %q is %q, want %q", content, key, c.Cell(row), s)
				}
				if x, isNumber := value.(float64); isNumber && c.Kind == Number && c.Num[row] != x {
					t.Fatalf("%q: %q is %v, want %v", content, key, c.Num[row], x)
				}
			}
		}
	})
}

// plainJSON reads a sequence of flat objects of valid UTF-8; false for anything else.
func plainJSON(content string) (objects []map[string]any, ok bool) {
	if strings.ToValidUTF8(content, "") != content {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader([]byte(content)))
	for {
		var object map[string]any
		err := d.Decode(&object)
		if err == io.EOF {
			return objects, len(objects) > 0
		}
		if err != nil || object == nil {
			return nil, false
		}
		for _, value := range object {
			switch value.(type) {
			case map[string]any, []any:
				return nil, false
			}
		}
		objects = append(objects, object)
	}
}
