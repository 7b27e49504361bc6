package table

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npy"
	"codeberg.org/sbinet/npyio/npz"
)

// array writes an NPY file by the letter of the format (NEP 1), version 1.
func array(descr, shape string, fortran bool, data []byte) []byte {
	order := "False"
	if fortran {
		order = "True"
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr, order, shape)
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), byte(len(head)>>8))
	return append(append(out, head...), data...)
}

func encode(order binary.ByteOrder, values any) []byte {
	var b bytes.Buffer
	if err := binary.Write(&b, order, values); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestNPYTypes(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	cases := []struct {
		descr string
		data  []byte
		want  string
	}{
		{"<f8", encode(little, []float64{1.5, -2, math.NaN()}), "number[1.5|-2|_]"},
		{">f8", encode(big, []float64{1.5, -2, math.Inf(1)}), "number[1.5|-2|Inf]"},
		{"<f4", encode(little, []float32{0.5, 3, 7}), "number[0.5|3|7]"},
		{">f4", encode(big, []float32{0.5, 3, 7}), "number[0.5|3|7]"},
		{"<f2", encode(little, []uint16{0x3c00, 0xc000, 0x7e00}), "number[1|-2|_]"},
		{"<i8", encode(little, []int64{-5, 1 << 40, 3}), "number[-5|1099511627776|3]"},
		{">i4", encode(big, []int32{-5, 70000, 3}), "number[-5|70000|3]"},
		{"<i2", encode(little, []int16{-5, 300, 3}), "number[-5|300|3]"},
		{"|i1", encode(little, []int8{-5, 100, 3}), "number[-5|100|3]"},
		{"<u8", encode(little, []uint64{5, 1 << 63, 3}), "number[5|9223372036854775808|3]"},
		{">u4", encode(big, []uint32{5, 1 << 31, 3}), "number[5|2147483648|3]"},
		{"<u2", encode(little, []uint16{5, 65535, 3}), "number[5|65535|3]"},
		{"|u1", []byte{5, 255, 3}, "number[5|255|3]"},
		{"|b1", []byte{1, 0, 1}, "text[true|false|true]"},
		{"|S3", []byte("abcd\x00\x00\x00\x00\x00"), "text[abc|d|_]"},
		{"<U2", encode(little, []rune{'ä', 'b', 'c', 0, '7', 0}), "text[äb|c|7]"},
		{">U2", encode(big, []rune{'ä', 'b', 'c', 0, '7', 0}), "text[äb|c|7]"},
		{"<M8[s]", encode(little, []int64{1423072260, 0, math.MinInt64}), "text[2015-02-04T17:51:00|1970-01-01T00:00:00|_]"},
		{"<M8[ns]", encode(little, []int64{1423072260000000001, -1, 0}), "text[2015-02-04T17:51:00.000000001|1969-12-31T23:59:59.999999999|1970-01-01T00:00:00]"},
		{"<M8[D]", encode(little, []int64{16470, -1, 0}), "text[2015-02-04|1969-12-31|1970-01-01]"},
		{"<M8[M]", encode(little, []int64{13, -1, 0}), "text[1971-02-01|1969-12-01|1970-01-01]"},
		{"<m8[ms]", encode(little, []int64{1500, -250, math.MinInt64}), "number[1.5|-0.25|_]"},
		{"<m8[h]", encode(little, []int64{2, -1, 0}), "number[7200|-3600|0]"},
	}
	for _, c := range cases {
		tab := parse(t, "x", string(array(c.descr, "(3,)", false, c.data)), Options{})
		got := show(tab)
		if c.descr == "<i8" {
			got = strings.Replace(got, "1.099511627776e+12", "1099511627776", 1)
		}
		got = strings.NewReplacer("9.223372036854775808e+18", "9223372036854775808", "9.223372036854776e+18", "9223372036854775808",
			"2.147483648e+09", "2147483648").Replace(got)
		if got != "c0:"+c.want {
			t.Errorf("%s: %s, want %s", c.descr, got, c.want)
		}
	}
}

func TestNPYShapes(t *testing.T) {
	var data []int8
	for i := range 24 {
		data = append(data, int8(i))
	}
	raw := encode(binary.LittleEndian, data)
	cases := []struct {
		shape   string
		fortran bool
		want    string
	}{
		{"(2, 3)", false, "c0:number[0|3] c1:number[1|4] c2:number[2|5]"},
		{"(2, 3)", true, "c0:number[0|1] c1:number[2|3] c2:number[4|5]"},
		{"(3,)", true, "c0:number[0|1|2]"},
		{"(2, 3, 2)", false, "series:number[0|0|0|1|1|1] step:number[0|1|2|0|1|2] c0:number[0|2|4|6|8|10] c1:number[1|3|5|7|9|11]"},
		// element (s, t, f) of a Fortran array lies at s + 2 t + 6 f
		{"(2, 3, 2)", true, "series:number[0|0|0|1|1|1] step:number[0|1|2|0|1|2] c0:number[0|2|4|1|3|5] c1:number[6|8|10|7|9|11]"},
		{"(2L, 1L)", false, "c0:number[0|1]"},
	}
	for _, c := range cases {
		if got := show(parse(t, "x", string(array("|i1", c.shape, c.fortran, raw)), Options{})); got != c.want {
			t.Errorf("%s fortran %v:\n got %s\nwant %s", c.shape, c.fortran, got, c.want)
		}
	}
	tab := parse(t, "x", string(array("|i1", "(2, 3, 2)", false, raw)), Options{Columns: []string{"c1", "step"}})
	if got := show(tab); got != "c1:number[1|3|5|7|9|11] step:number[0|1|2|0|1|2]" || tab.Groups != nil || tab.Time != "step" {
		t.Errorf("selection: %s, groups %v, time %q", got, tab.Groups, tab.Time)
	}
}

func TestNPYErrors(t *testing.T) {
	good := array("<f8", "(3,)", false, make([]byte, 24))
	cases := []struct {
		name    string
		content []byte
		words   []string
	}{
		{"truncated", good[:len(good)-1], []string{"damaged", "row 3 of 3"}},
		{"truncated header", good[:30], []string{"damaged", "header"}},
		{"claims much", array("<f8", "(1000000000000,)", false, make([]byte, 24)), []string{"row 4"}},
		{"claims too much", array("<f8", "(10000000000, 10000000000)", false, nil), []string{"too large"}},
		{"wide", array("<f8", "(1, 1000000000)", false, nil), []string{"1000000000 columns"}},
		{"no columns", array("<f8", "(3, 0)", false, nil), []string{"0 columns"}},
		{"no rows", array("<f8", "(0, 3)", false, nil), []string{"no rows"}},
		{"scalar", array("<f8", "()", false, make([]byte, 8)), []string{"0 dimensions"}},
		{"four dimensions", array("<f8", "(1, 1, 1, 1)", false, make([]byte, 8)), []string{"4 dimensions"}},
		{"complex", array("<c16", "(1,)", false, make([]byte, 16)), []string{`"c16"`, "allowed"}},
		{"objects", array("|O", "(1,)", false, make([]byte, 16)), []string{"allowed"}},
		{"time unit", array("<M8[as]", "(1,)", false, make([]byte, 8)), []string{`"as"`}},
		{"no shape", array("<f8", "?", false, nil), []string{"header"}},
		{"version", append([]byte("\x93NUMPY\x09\x00"), good[8:]...), []string{"version 9"}},
	}
	for _, c := range cases {
		_, err := Read(bytes.NewReader(c.content), "x.npy", Options{})
		t.Run(c.name, func(t *testing.T) { wantData(t, err, 0, c.words...) })
	}
	_, err := Read(strings.NewReader("a,b\n1,2\n"), "x.npy", Options{})
	wantData(t, err, 0, "npy")
}

// npyio writes, this package reads.
func TestNPYAgainstNpyio(t *testing.T) {
	values := []float64{1.25, -7, 1e-300, math.Inf(-1), 0.1}
	var b bytes.Buffer
	if err := npy.Write(&b, values); err != nil {
		t.Fatal(err)
	}
	if tab := parse(t, "x.npy", b.String(), Options{}); !slices.Equal(tab.Columns[0].Num, values) {
		t.Errorf("%v, want %v", tab.Columns[0].Num, values)
	}
}

// archive packs named files into a zip archive.
func archive(files ...any) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, _ := z.Create(files[i].(string))
		switch content := files[i+1].(type) {
		case string:
			w.Write([]byte(content))
		case []byte:
			w.Write(content)
		}
	}
	z.Close()
	return b.String()
}

func TestNPZ(t *testing.T) {
	bytesOf := func(n int) []byte {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i + 1)
		}
		return data
	}
	flat := archive("t.npy", array("|u1", "(2,)", false, bytesOf(2)), "x.npy", array("|u1", "(2, 2)", false, bytesOf(4)),
		"who.npy", array("|S1", "(2,)", false, []byte("ab")))
	cube := archive("y.npy", array("|S1", "(2,)", false, []byte("ab")), "x.npy", array("|u1", "(2, 3, 2)", false, bytesOf(12)),
		"dt.npy", array("|u1", "(2, 3)", true, bytesOf(6)), "age.npy", array("|u1", "(2, 1)", false, bytesOf(2)),
		"test.npy", array("|u1", "(5,)", false, bytesOf(5)), "obj.npy", array("|O", "(2,)", false, nil))
	cases := []struct {
		name, content, want string
		o                   Options
	}{
		{"flat", flat, "t:number[1|2] x.0:number[1|3] x.1:number[2|4] who:text[a|b]", Options{}},
		{"flat, selected", flat, "x.1:number[2|4]", Options{Columns: []string{"x.1"}}},
		{"cube, selected", cube, "series:number[0|0|0|1|1|1] x.1:number[2|4|6|8|10|12] y:text[a|a|a|b|b|b] dt:number[1|3|5|2|4|6] age:number[1|1|1|2|2|2]",
			Options{Columns: []string{"series", "x.1", "y", "dt", "age"}}},
		{"labels alone", cube, "y:text[a|b]", Options{Columns: []string{"y"}}},
		{"numbers of series alone", cube, "step:number[0|1|2|0|1|2]", Options{Columns: []string{"step"}}},
		{"one member", flat, "c0:number[1|3] c1:number[2|4]", Options{Member: "x.npy"}},
	}
	for _, c := range cases {
		if got := show(parse(t, "x.npz", c.content, c.o)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	whole := archive("x.npy", array("|u1", "(2,)", false, bytesOf(2)), "y.npy", array("|u1", "(5,)", false, bytesOf(5)))
	_, err := Read(strings.NewReader(whole), "x.npz", Options{})
	wantData(t, err, 0, `"x" [2]`, `"y" [5]`, "line up")
	_, err = Read(strings.NewReader(cube), "x.npz", Options{Columns: []string{"obj"}})
	wantData(t, err, 0, "obj")
	_, err = Read(strings.NewReader(flat), "x.npz", Options{Columns: []string{"x.7"}})
	var unknown *UnknownColumnError
	if !errors.As(err, &unknown) || unknown.Suggest == "" {
		t.Errorf("error %v, want an UnknownColumnError with a suggestion", err)
	}
}

// This package writes, npyio reads.
func TestWriteNPZAgainstNpyio(t *testing.T) {
	tab := parse(t, "x.csv", "v,w\n1.5,ä\n,bc\n-2,\n", Options{})
	var b bytes.Buffer
	if err := Write(&b, tab, "npz"); err != nil {
		t.Fatal(err)
	}
	r, err := npz.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var v []float64
	var w []string
	if err := errors.Join(r.Read("v.npy", &v), r.Read("w.npy", &w)); err != nil {
		t.Fatal(err)
	}
	if len(v) != 3 || v[0] != 1.5 || v[1] == v[1] || v[2] != -2 {
		t.Errorf("v = %v, want [1.5 NaN -2]", v)
	}
	for i, want := range []string{"ä", "bc", ""} {
		if len(w) != 3 || strings.TrimRight(w[i], "\x00") != want {
			t.Errorf("w = %q, want ä, bc, empty", w)
		}
	}
}

func FuzzNPY(f *testing.F) {
	f.Add(array("<f8", "(2, 3)", true, make([]byte, 48)))
	f.Add(array("<U2", "(2,)", false, make([]byte, 16)))
	f.Add(array("<M8[ms]", "(1, 2, 1)", false, make([]byte, 16)))
	f.Add([]byte(archive("x.npy", array("|u1", "(2,)", false, []byte{1, 2}), "y.npy", array("|u1", "(2, 1, 1)", false, []byte{1, 2}))))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, format := range []string{"npy", "npz"} {
			if tab, err := Read(bytes.NewReader(content), "x", Options{Format: format}); err == nil {
				checkTable(t, tab)
			}
		}
	})
}
