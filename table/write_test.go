package table

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// random makes a table of hostile but writable content: every text that is neither a marker of a missing cell nor a
// number, every bit pattern of a number.
func random(r *rand.Rand) *Table {
	words := []string{"x", "a,b", "p\tq", "say \"so\"", "\"", "two\nlines", "ä€😀", "None", "-", "1.5.2", "true", "a;b", "c|d", "sep=;", "{", "[1]",
		"007x", " lead", "trail ", "#", "@data", "<&>", "\\", "0x1"}
	tab := &Table{Rows: 1 + r.IntN(40)}
	for i := range 2 + r.IntN(5) { // one column of odd texts tells no delimiter
		c := Column{Name: fmt.Sprintf("%s %d", words[r.IntN(3)], i), Kind: Kind(r.IntN(2))}
		var terms interner
		for row := range tab.Rows {
			v, code := math.NaN(), int32(-1)
			if row == 0 { // a column of no cells is a Number column in text formats
				code = terms.code([]byte("word"))
			} else if r.IntN(4) > 0 {
				v = randomNumber(r)
				code = terms.code([]byte(words[r.IntN(len(words))]))
			}
			if c.Kind == Number {
				c.Num = append(c.Num, v)
			} else {
				c.Codes = append(c.Codes, code)
			}
		}
		if c.Kind == Text {
			c.Levels = terms.levels
		}
		tab.Columns = append(tab.Columns, c)
	}
	return tab
}

func randomNumber(r *rand.Rand) float64 {
	switch r.IntN(6) {
	case 0:
		return float64(r.IntN(2000) - 1000)
	case 1:
		return math.Inf(r.IntN(2)*2 - 1)
	case 2:
		return math.Copysign(0, -1)
	case 3:
		return r.NormFloat64() * 1e-3
	}
	return math.Float64frombits(r.Uint64())
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 300 {
		tab := random(r)
		for _, format := range []string{"csv", "tsv", "jsonl", "parquet", "npz"} {
			var b bytes.Buffer
			if err := Write(&b, tab, format); err != nil {
				t.Fatal(err)
			}
			got, err := Read(bytes.NewReader(b.Bytes()), "x."+format, Options{Header: HeaderPresent})
			if err != nil {
				t.Fatalf("round %d %s: %v\n%s", round, format, err, b.String())
			}
			if d := difference(tab, got); d != "" || got.Format != format {
				t.Fatalf("round %d %s: %s (read as %s)\n%s", round, format, d, got.Format, b.String())
			}
			var again bytes.Buffer
			if err := Write(&again, got, format); err != nil || !bytes.Equal(again.Bytes(), b.Bytes()) {
				t.Fatalf("round %d %s: written again, the bytes differ (%v)", round, format, err)
			}
		}
	}
}

func TestWriteText(t *testing.T) {
	tab := parse(t, "x.csv", "n,w\n1.5,\"a,b\"\n,\"say \"\"so\"\"\"\n-inf,\n1e21,<x>\n", Options{})
	for format, want := range map[string]string{
		"csv":   "n,w\n1.5,\"a,b\"\n,\"say \"\"so\"\"\"\n-Inf,\n1e+21,<x>\n",
		"tsv":   "n\tw\n1.5\t\"a,b\"\n\t\"say \"\"so\"\"\"\n-Inf\t\n1e+21\t<x>\n",
		"jsonl": "{\"n\":1.5,\"w\":\"a,b\"}\n{\"n\":null,\"w\":\"say \\\"so\\\"\"}\n{\"n\":\"-Inf\",\"w\":null}\n{\"n\":1e+21,\"w\":\"<x>\"}\n",
	} {
		var b bytes.Buffer
		if err := Write(&b, tab, format); err != nil || b.String() != want {
			t.Errorf("%s: %q (%v), want %q", format, b.String(), err, want)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	tab := parse(t, "x.csv", "n\n1\n", Options{})
	for _, format := range []string{"ts", "npy", "xlsx"} {
		var unknown *UnknownFormatError
		if err := Write(&bytes.Buffer{}, tab, format); !errors.As(err, &unknown) || len(unknown.Known) != 5 {
			t.Errorf("%s: error %v, want an UnknownFormatError with five names", format, err)
		}
	}
	full := errors.New("no space left on device")
	for _, format := range []string{"csv", "tsv", "jsonl", "parquet", "npz"} {
		if err := Write(failing{full}, tab, format); !errors.Is(err, full) {
			t.Errorf("%s: error %v, want that of the writer", format, err)
		}
	}
}

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// builtin is where the data stand that are embedded in the program.
const builtin = "../dataset/data/"

// Real files: counts as their publishers state them, values read off the files.
func TestRealData(t *testing.T) {
	const samples = "testdata/real/"
	cases := []struct {
		file          string
		rows, columns int
		row           int
		cells         string // NAME=CELL of that row
		line          int
	}{
		{builtin + "occupancy.zip/datatraining.txt", 8143, 7, 1, "Date=2015-02-04 17:51:59 Light=429.5 Occupancy=1", 3},
		{builtin + "occupancy.zip/datatest.txt", 2665, 7, 0, "Temperature=23.7 Occupancy=1", 2},
		{builtin + "occupancy.zip/datatest2.txt", 9752, 7, 0, "Occupancy=1", 2},
		{builtin + "ozone.zip", 2534, 74, 0, "c0=1/1/1998 c1=0.8", 1},
		{builtin + "traffic.zip", 48204, 9, 1, "holiday=None temp=289.36 traffic_volume=4516", 3},
		{samples + "cgm.zip/example_data_hall.csv", 40, 4, 0, "id=1636-69-001 gl=93 diagnosis=diabetic", 2},
		{samples + "train_FD001.txt", 40, 26, 1, "c1=2 c2=0.0019 c25=23.4236", 2},
		{samples + "vix-daily.csv", 40, 5, 0, "DATE=1990-01-02 CLOSE=17.24", 2},
		{samples + "digits8x8.csv.gz", 40, 65, 1, "c64=1 c3=12", 2},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			tab, err := Open(c.file, Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkTable(t, tab)
			if tab.Rows != c.rows || len(tab.Columns) != c.columns || tab.Line(c.row) != c.line {
				t.Errorf("%d rows, %d columns, line %d; want %d, %d, %d", tab.Rows, len(tab.Columns), tab.Line(c.row), c.rows, c.columns, c.line)
			}
			for _, pair := range strings.Split(strings.ReplaceAll(c.cells, "2015-02-04 ", "2015-02-04~"), " ") {
				name, want, _ := strings.Cut(pair, "=")
				if col, ok := tab.Column(name); !ok || col.Cell(c.row) != strings.ReplaceAll(want, "~", " ") {
					t.Errorf("%s of row %d is not %s", name, c.row, want)
				}
			}
			for i := range tab.Columns {
				if tab.Columns[i].BadCount > 0 {
					t.Errorf("column %s has bad cells %v", tab.Columns[i].Name, tab.Columns[i].Bad[:1])
				}
			}
		})
	}
}

// The published count of positive ozone days, and the weather of which missing values are written "?".
func TestOzone(t *testing.T) {
	tab, err := Open(builtin+"ozone.zip", Options{Columns: []string{"c73", "c53"}})
	if err != nil {
		t.Fatal(err)
	}
	positive := 0
	for _, v := range tab.Columns[0].Num {
		if v == 1 {
			positive++
		}
	}
	if positive != 160 {
		t.Errorf("%d positive days, want 160", positive)
	}
}

func ExampleRead() {
	const rooms = "time,temp,room\n2026-01-01 00:00,21.5,lab\n2026-01-01 00:10,?,lab\n2026-01-01 00:25,hot,attic\n2026-01-01 00:40,20,attic\n"
	t, err := Read(strings.NewReader(rooms), "rooms.csv", Options{Columns: []string{"room", "temp"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		fmt.Println(c.Name, c.Kind, c.Levels, c.Num)
		for _, bad := range c.Bad {
			fmt.Printf("line %d: %q is no number\n", t.Line(bad.Row), bad.Text)
		}
	}
	// Output:
	// room text [lab attic] []
	// temp number [] [21.5 NaN NaN 20]
	// line 4: "hot" is no number
}

func ExampleOpen() {
	_, err := Open("testdata/romms.csv", Options{})
	fmt.Println(err)
	t, err := Open("testdata/rooms.csv", Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.Rows, t.Names())
	_, err = Open("testdata/rooms.csv", Options{Columns: []string{"tmep"}})
	fmt.Println(err)
	// Output:
	// testdata/romms.csv: file does not exist; did you mean "rooms.csv"?
	// 3 [time temp room]
	// testdata/rooms.csv: no column "tmep"; did you mean "temp"?
}

func ExampleWrite() {
	t, err := Read(strings.NewReader("temp;room\n21.5;lab\n;attic\n"), "rooms.csv", Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := Write(os.Stdout, t, "jsonl"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"temp":21.5,"room":"lab"}
	// {"temp":null,"room":"attic"}
}
