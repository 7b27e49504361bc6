package table

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestCSV(t *testing.T) {
	cases := []struct {
		name, content, want string
		o                   Options
	}{
		{"plain", "a,b\n1,x\n2.5,y\n", "a:number[1|2.5] b:text[x|y]", Options{}},
		{"no end of line", "a,b\n1,x", "a:number[1] b:text[x]", Options{}},
		{"crlf, byte order mark", "\xef\xbb\xbfa,b\r\n1,x\r\n2,y\r\n", "a:number[1|2] b:text[x|y]", Options{}},
		{"spaces", "a, b ,c\n 1 , x y ,\" z \"\n", "a:number[1] b:text[x y] c:text[ z ]", Options{}},
		{"quotes", "\"a\",b\n\"1\",\"x,\"\"y\"\"\"\n\"2\", \"p\nq\" \n", "a:number[1|2] b:text[x,\"y\"|p\nq]", Options{}},
		{"quote inside", "a,b\n1,5\" pipe\n", "a:number[1] b:text[5\" pipe]", Options{}},
		{"blank lines", "a,b\n\n1,2\n\n  \n3,4\n", "a:number[1|3] b:number[2|4]", Options{}},
		{"semicolons", "a;b\n1;x,y\n2;z,w\n", "a:number[1|2] b:text[x,y|z,w]", Options{}},
		{"tabs", "a\tb\n1\tx, y\n2\t\n", "a:number[1|2] b:text[x, y|_]", Options{}},
		{"bars", "a|b\n1|2\n", "a:number[1] b:number[2]", Options{}},
		{"runs of spaces", "1 1  -0.5 \n 1 2   0.25\n", "c0:number[1|1] c1:number[1|2] c2:number[-0.5|0.25]", Options{}},
		{"sep line", "sep=;\na;b\n1;2\n", "a:number[1] b:number[2]", Options{}},
		{"time stamps are no columns", "t\n2015-02-04 17:51:00\n2015-02-04 17:52:00\n",
			"t:text[2015-02-04 17:51:00|2015-02-04 17:52:00]", Options{}},
		{"no header", "1/1/1998,0.8,?\n1/2/1998,2.8,3\n", "c0:text[1/1/1998|1/2/1998] c1:number[0.8|2.8] c2:number[_|3]", Options{}},
		{"words only", "id,label\na,b\nc,b\n", "id:text[a|c] label:text[b|b]", Options{}},
		{"name like a missing marker", "t,NA,K\n1,2,3\n", "t:number[1] NA:number[2] K:number[3]", Options{}},
		{"missing marker in data", "x,?,y\nz,5,w\n", "c0:text[x|z] c1:number[_|5] c2:text[y|w]", Options{}},
		{"forced header", "2010,2011\n1,2\n", "2010:number[1] 2011:number[2]", Options{Header: HeaderPresent}},
		{"forced data", "a,b\nc,d\n", "c0:text[a|c] c1:text[b|d]", Options{Header: HeaderAbsent}},
		{"row count", "a,b\n1,5,x\n2,6,y\n", "a:number[5|6] b:text[x|y]", Options{}},
		{"row count asked for", "a,b\n1,5,x\n2,6,y\n", "row:number[1|2] b:text[x|y]", Options{Columns: []string{"row", "b"}}},
		{"row names", "a\nu,5\nv,6\n", "row:text[u|v] a:number[5|6]", Options{}},
		{"unnamed first column", ",a\n2020-01-01,5\n2020-01-02,6\n", "row:text[2020-01-01|2020-01-02] a:number[5|6]", Options{}},
		{"trailing delimiter", "a,b\n1,2,\n3,4,\n", "a:number[1|3] b:number[2|4]", Options{}},
		{"trailing delimiters", "a,b,\n1,2,\n3,4,\n", "a:number[1|3] b:number[2|4]", Options{}},
		{"same name twice", "a,b,a\n1,2,3\n", "a:number[1] b:number[2] a.1:number[3]", Options{}},
		{"selection and order", "a,b,c\n1,2,3\n", "c:number[3] a:number[1]", Options{Columns: []string{"c", "a", "c"}}},
		{"chosen delimiter", "a:b\n1:2\n", "a:number[1] b:number[2]", Options{Delimiter: ':'}},
		{"latin-1", "a,gr\xf6\xdfe\n1,\xb0C\n", "a:number[1] größe:text[°C]", Options{}},
		{"one column", "value\n3\n4\n\"\"\n", "value:number[3|4|_]", Options{}},
	}
	for _, c := range cases {
		if got := show(parse(t, "x.csv", c.content, c.o)); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
	if got := show(parse(t, "x.tsv", "a\tb\n1\tp,q\n", Options{})); got != "a:number[1] b:text[p,q]" {
		t.Errorf("tsv: %q", got)
	}
}

func TestKinds(t *testing.T) {
	cases := []struct {
		name, cells, want string
		o                 Options
	}{
		{"all missing markers", "1,,?,NA,N/A,NaN,nan,null,NULL,#N/A,<NA>", "number[1|_|_|_|_|_|_|_|_|_|_]", Options{}},
		{"vague among numbers", "1,None,-,na,.,2", "number[1|_|_|_|_|2]", Options{}},
		{"vague among words", "None,None,Labor Day,?", "text[None|None|Labor Day|_]", Options{}},
		{"nothing observed", ",NA,?", "number[_|_|_]", Options{}},
		{"half numbers", "1,x,2,y", "number[1|_|2|_]", Options{}},
		{"fewer than half", "1,x,2.50,y,z", "text[1|x|2.50|y|z]", Options{}},
		{"spelling kept", "x,007,1.50,y,1e3,z,+5,w,w", "text[x|007|1.50|y|1e3|z|+5|w|w]", Options{}},
		{"forced text", "007,08", "text[007|08]", Options{Text: []string{"v"}}},
		{"forced number", "x,y,3", "number[_|_|3]", Options{Number: []string{"v"}}},
		{"text wins", "1,2", "text[1|2]", Options{Number: []string{"v"}, Text: []string{"v"}}},
		{"infinite", "1,inf,-Inf", "number[1|Inf|-Inf]", Options{}},
		{"own markers", "1,-999,-999.0,unknown", "number[1|_|_|_]", Options{Missing: []string{"-999", " unknown"}}},
		{"own markers in text", "a,-999,b", "text[a|_|b]", Options{Missing: []string{"-999"}}},
		{"not numbers", "1_000,0x10,1 000,x", "text[1_000|0x10|1 000|x]", Options{}},
	}
	for _, c := range cases {
		rows := "v,k\n"
		for i, cell := range strings.Split(c.cells, ",") {
			rows += fmt.Sprintf("%s,%d\n", cell, i)
		}
		tab := parse(t, "x.csv", rows, c.o)
		want := "v:" + c.want
		if got, _, _ := strings.Cut(show(tab), " k:"); got != want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, want)
		}
	}
}

func TestBadCellsAndNaN(t *testing.T) {
	var b strings.Builder
	b.WriteString("t,y\n")
	for i := range 500 {
		cell := []string{"1.5", "NaN", "oops", "7", "", "8", "3"}[i%7]
		fmt.Fprintf(&b, "%d,%s\n", i, cell)
	}
	tab := parse(t, "x.csv", b.String(), Options{})
	y, _ := tab.Column("y")
	if y.BadCount != 72 || len(y.Bad) != 72 || y.Bad[1] != (BadCell{Row: 9, Text: "oops"}) {
		t.Errorf("%d bad cells, kept %d, second %v; want 72, 72, {9 oops}", y.BadCount, len(y.Bad), y.Bad[1])
	}
	if y.NaNCount != 72 || y.NaN[2] != (BadCell{Row: 15, Text: "NaN"}) {
		t.Errorf("%d literal NaN, third %v; want 72, {15 NaN}", y.NaNCount, y.NaN[2])
	}
	if line := tab.Line(y.Bad[1].Row); line != 11 {
		t.Errorf("row 9 is on line %d, want 11", line)
	}
	x := parse(t, "x.csv", "y\n"+strings.Repeat("1\nbad\n", 300), Options{Number: []string{"y"}})
	if c := x.Columns[0]; c.BadCount != 300 || len(c.Bad) != KeptCells {
		t.Errorf("%d bad cells, kept %d; want 300, %d", c.BadCount, len(c.Bad), KeptCells)
	}
}

func TestLines(t *testing.T) {
	tab := parse(t, "x.csv", "a,b\n1,x\n\n\n2,\"p\n\nq\"\n3,y\n", Options{})
	for row, want := range []int{2, 5, 8} {
		if got := tab.Line(row); got != want {
			t.Errorf("row %d is on line %d, want %d", row, got, want)
		}
	}
	if tab.Line(-1) != 0 || tab.Line(3) != 0 {
		t.Error("rows outside the table must have line 0")
	}
}

func TestCSVErrors(t *testing.T) {
	long := strings.Repeat("x", maxRecord)
	cases := []struct {
		name, content string
		line          int
		words         []string
		o             Options
	}{
		{"empty", "", 0, []string{"x.csv", "empty"}, Options{}},
		{"blank", "\n \n", 0, []string{"blank"}, Options{}},
		{"header only", "\na,b\n", 2, []string{"only a header"}, Options{}},
		{"too many", "a,b\n1,2\n3,4,5\n6,7\n", 3, []string{"3 fields", "2 expected"}, Options{}},
		{"too few", "a,b,c\n1,2,3\n1,2,3\n\n3,4\n", 5, []string{"2 fields", "3 expected"}, Options{}},
		{"trailing delimiter, later a value", "a,b\n" + strings.Repeat("1,2,\n", 300) + "5,6,7\n", 302, []string{"3 fields"}, Options{}},
		{"open quote", "a,b\n1,2\n3,\"x\n4,5\n", 3, []string{"never closed"}, Options{}},
		{"text after quote", "a,b\n1,2\n3,\"x\"y\n", 3, []string{"after a closing quote"}, Options{}},
		{"long line", "a,b\n1," + long + "\n", 2, []string{"16 MiB"}, Options{}},
		{"endless quote", "a,b\n1,\"" + strings.Repeat("x\n", maxRecord/2+10) + "\"\n", 2, []string{"never closed"}, Options{}},
		{"wrong delimiter", "a^b\n1^2\n3^4\n", 1, []string{"one column", "comma", "semicolon", "tab"}, Options{}},
		{"wrong chosen delimiter", "a,b\n1,2\n3,4\n", 1, []string{"';'", "','", "2 columns"}, Options{Delimiter: ';'}},
		{"nothing named", ",\n1,\n2,\n", 0, []string{"no column"}, Options{Header: HeaderPresent}},
		{"binary", "a,b\n1,\x00\n", 0, []string{"binary"}, Options{}},
		{"utf-16", "\xff\xfea\x00,\x00", 0, []string{"UTF-8"}, Options{}},
		{"html", "<!DOCTYPE html>\n", 0, []string{"HTML"}, Options{}},
	}
	for _, c := range cases {
		_, err := Read(strings.NewReader(c.content), "x.csv", c.o)
		t.Run(c.name, func(t *testing.T) { wantData(t, err, c.line, c.words...) })
	}
	if _, err := Read(strings.NewReader("a,b\n1,2\n"), "x.csv", Options{Delimiter: '"'}); err == nil {
		t.Error("a quote was taken as delimiter")
	}
}

func TestUnknownNames(t *testing.T) {
	content := "Temperature,Light\n1,2\n"
	for _, o := range []Options{{Columns: []string{"Light", "temprature"}}, {Text: []string{"temprature"}}, {Number: []string{"temprature"}}} {
		_, err := Read(strings.NewReader(content), "x.csv", o)
		var unknown *UnknownColumnError
		if !errors.As(err, &unknown) || unknown.Name != "temprature" || unknown.Suggest != "Temperature" {
			t.Errorf("error %v, want an UnknownColumnError with the nearest name", err)
		}
	}
	_, err := Read(strings.NewReader(content), "x.csv", Options{Columns: []string{"pressure"}})
	if want := `x.csv: no column "pressure"; columns: "Temperature", "Light"`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	_, err = Read(strings.NewReader(content), "x.csv", Options{Format: "parqet"})
	var format *UnknownFormatError
	if !errors.As(err, &format) || err.Error() != `unknown format "parqet"; did you mean "parquet"?` {
		t.Errorf("error %v, want an UnknownFormatError that suggests parquet", err)
	}
}

// Whatever encoding/csv accepts in its strict form must read the same here.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"a,b\n1,x\n", "\"a\",\"b\"\n\"1\",\"x\n\"\"y\"\"\"\n", "a;b\r\n1;2\r\n", "1 2\n3 4\n", "sep=,\na\n",
		"a,b\n1,2,\n", "a\n1,2\n", "\xef\xbb\xbfx\n\"", "a,b\n,\n", "\"\"\n\"\"\n"} {
		f.Add(seed, byte(0))
	}
	f.Fuzz(func(t *testing.T, content string, options byte) {
		o := Options{Format: "csv"}
		if options&1 > 0 {
			o.Header = HeaderAbsent
		}
		if options&2 > 0 {
			o.Delimiter = ','
		}
		tab, err := Read(strings.NewReader(content), "x", o)
		if err == nil {
			checkTable(t, tab)
		}
		if strings.ContainsAny(content, " \t\v\f\u0085\u00a0") || strings.HasPrefix(content, "\xef\xbb\xbf") ||
			strings.Contains(content, "\r") || strings.ContainsFunc(content, func(r rune) bool { return r > 126 }) {
			return // trimmed here, kept there
		}
		strict, err := csv.NewReader(strings.NewReader(content)).ReadAll()
		scan := newCSVScanner(strings.NewReader(content), "x", ',')
		for _, want := range strict {
			if err != nil {
				break
			}
			if e := scan.next(); e != nil {
				t.Fatalf("%q: %v, want %q", content, e, want)
			}
			got := make([]string, len(scan.fields))
			for i, field := range scan.fields {
				got[i] = string(field)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%q: %q, want %q", content, got, want)
			}
		}
		if err == nil && !errors.Is(scan.next(), io.EOF) {
			t.Fatalf("%q: more rows than encoding/csv finds", content)
		}
	})
}

// checkTable fails unless the table keeps its promises.
func checkTable(t *testing.T, tab *Table) {
	t.Helper()
	if tab.Rows < 1 {
		t.Fatal("a table without rows")
	}
	seen := map[string]bool{}
	for i := range tab.Columns {
		c := &tab.Columns[i]
		if seen[c.Name] {
			t.Fatalf("two columns %q", c.Name)
		}
		seen[c.Name] = true
		if c.Kind == Number && (len(c.Num) != tab.Rows || c.Codes != nil) || c.Kind == Text && (len(c.Codes) != tab.Rows || c.Num != nil) {
			t.Fatalf("column %q is not of %d rows and one kind", c.Name, tab.Rows)
		}
		for row := range tab.Rows {
			c.Cell(row) // a code outside the levels panics
		}
		for _, bad := range append(slices.Clone(c.Bad), c.NaN...) {
			if !c.Missing(bad.Row) {
				t.Fatalf("column %q row %d is bad and has a value", c.Name, bad.Row)
			}
		}
	}
	for row := 1; row < tab.Rows; row++ {
		if tab.Line(row) < tab.Line(row-1) {
			t.Fatalf("row %d is on line %d, the row before on %d", row, tab.Line(row), tab.Line(row-1))
		}
	}
}

// wide writes rows of 40 columns to a stream that cannot seek.
func wide(rows int) io.Reader {
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriter(w)
		for row := range rows + 1 {
			for i := range 40 {
				if row == 0 {
					fmt.Fprintf(out, "c%02d,", i)
				} else {
					fmt.Fprintf(out, "%d.%03d,", row, i)
				}
			}
			out.WriteByte('\n')
		}
		out.Flush()
		w.Close()
	}()
	return r
}

// Columns that are not selected must not be stored, and streams not be kept in memory.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	const rows = 120000 // about 44 MB of text, more than is spooled in memory
	runtime.GC()
	runtime.ReadMemStats(&before)
	tab, err := Read(wide(rows), "x.csv", Options{Columns: []string{"c07"}})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if tab.Rows != rows || tab.Columns[0].Num[rows-1] != rows+0.007 {
		t.Fatalf("%d rows, last %v", tab.Rows, tab.Columns[0].Num[tab.Rows-1])
	}
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 3*8*rows {
		t.Errorf("%d bytes are kept for one column of %d numbers", kept, rows)
	}
	runtime.KeepAlive(tab)
}

// A name that stands over two columns is read under two names, and the table says so.
func TestRenamed(t *testing.T) {
	for _, c := range []struct {
		content string
		o       Options
		want    []Renamed
	}{
		{"x,x.1,x,y,x\n1,2,3,4,5\n", Options{}, []Renamed{{"x", "x.2", 1, 3}, {"x", "x.3", 1, 5}}},
		{"x,x.1,x,y,x\n1,2,3,4,5\n", Options{Columns: []string{"x.3", "y"}}, []Renamed{{"x", "x.3", 1, 5}}},
		{"x,x.1,x,y,x\n1,2,3,4,5\n", Options{Columns: []string{"y"}}, nil},
		{",x,,x\n7,1,2,3\n3,4,5,6\n", Options{}, []Renamed{{"x", "x.1", 2, 4}}},
		{"x,y\n1,2\n", Options{}, nil},
	} {
		if got := parse(t, "x.csv", c.content, c.o).Renamed; !slices.Equal(got, c.want) {
			t.Errorf("%q %v: %v, want %v", c.content, c.o.Columns, got, c.want)
		}
	}
	twins := &Table{Rows: 1, Columns: []Column{{Name: "a", Num: []float64{1.5}}, {Name: "a", Num: []float64{-2}}}}
	var b bytes.Buffer
	if err := Write(&b, twins, "parquet"); err != nil {
		t.Fatal(err)
	}
	got := parse(t, "x", b.String(), Options{})
	if text := show(got); text != "a:number[1.5] a.1:number[-2]" || len(got.Renamed) != 1 {
		t.Errorf("parquet: %s, %v", text, got.Renamed)
	}
	const want = `two columns are named "a": column 1 is read as "a", column 3 as "a.1"`
	if got := (Renamed{"a", "a.1", 1, 3}).String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Optional names are read where they are there.
func TestOptional(t *testing.T) {
	o := Options{Columns: []string{"b", "label", "a"}, Text: []string{"room", "a"}, Optional: []string{"label", "room", "b"}}
	for content, want := range map[string]string{"a,b,c\n1,2,3\n": "b:number[2] a:text[1]", "label,a\n1,2\n": "label:number[1] a:text[2]", "a,room\n1,2\n": "a:text[1]"} {
		if got := show(parse(t, "x.csv", content, o)); got != want {
			t.Errorf("%q: %s, want %s", content, got, want)
		}
	}
	_, err := Read(strings.NewReader("b,label\n1,2\n"), "x.csv", o)
	var unknown *UnknownColumnError
	if !errors.As(err, &unknown) || unknown.Name != "a" {
		t.Errorf("error %v, want an UnknownColumnError about a", err)
	}
}
