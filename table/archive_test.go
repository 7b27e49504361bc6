package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func gzipped(content string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(content))
	z.Close()
	return b.String()
}

func TestArchives(t *testing.T) {
	const data, want = "a,b\n1,x\n2,y\n", "a:number[1|2] b:text[x|y]"
	several := archive("README.md", "hello", "lab/a.csv", data, "lab/b.csv", "a,b\n3,z\n", "__MACOSX/lab/._a.csv", "junk")
	cases := []struct {
		name, file, content string
		o                   Options
	}{
		{"gzip", "x.csv.gz", gzipped(data), Options{}},
		{"gzip of two streams", "x.csv.gz", gzipped("a,b\n1,x\n") + gzipped("2,y\n"), Options{}},
		{"gzip in gzip", "x.gz.gz", gzipped(gzipped(data)), Options{}},
		{"zip", "x.zip", archive("dir/", "", "dir/x.csv", data), Options{}},
		{"zip with papers", "x.zip", archive("LICENSE", "free", "readme.txt", "hello", "x.csv", data, ".hidden", "z"), Options{}},
		{"zip, only one known ending", "x.zip", archive("plot.png", "\x89PNG", "x.csv", data), Options{}},
		{"zip without an ending", "x", archive("measured", data), Options{}},
		{"gzip in zip", "x.zip", archive("x.csv.gz", gzipped(data)), Options{}},
		{"member", "x.zip", several, Options{Member: "lab/a.csv"}},
		{"end of a member", "x.zip", several, Options{Member: "a.csv"}},
	}
	for _, c := range cases {
		if got := show(parse(t, c.file, c.content, c.o)); got != want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	tab := parse(t, "x.zip", several, Options{Member: "a.csv"})
	if tab.Source != "x.zip/lab/a.csv" {
		t.Errorf("source %q", tab.Source)
	}
	_, err := Read(strings.NewReader(several), "x.zip", Options{})
	var choose *MemberError
	if !errors.As(err, &choose) || len(choose.Members) != 2 || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want a MemberError with two members", err)
	}
	_, err = Read(strings.NewReader(several), "x.zip", Options{Member: "lab/c.csv"})
	if !errors.As(err, &choose) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), `"lab/a.csv"?`) {
		t.Errorf("error %v, want a MemberError that suggests lab/a.csv", err)
	}
}

func TestDamage(t *testing.T) {
	long := "a,b\n" + strings.Repeat("1.2345,x\n3.21,y\n", 50000)
	zipped := archive("x.csv", long)
	flipped := []byte(zipped)
	flipped[len(flipped)/2] ^= 0x55
	tab := parse(t, "x.csv", "a\n1\n", Options{})
	var b bytes.Buffer
	if err := Write(&b, tab, "parquet"); err != nil {
		t.Fatal(err)
	}
	lost := gzipped(long)
	crc := []byte(lost)
	crc[len(crc)-6] ^= 1
	cases := []struct {
		name, file, content string
		words               []string
	}{
		{"gzip cut off", "x.csv.gz", lost[:len(lost)-20], []string{"damaged", "end early, after ", " bytes of content"}},
		{"gzip cut off at once", "x.csv.gz", lost[:5], []string{"damaged"}},
		{"gzip of text", "x.csv.gz", "a,b\n1,2\n", []string{"named as an archive (.gz)"}},
		{"zip of text", "x.zip", "a,b\n1,2\n", []string{"named as an archive (.zip)"}},
		{"gzip checksum", "x.csv.gz", string(crc), []string{"damaged", "checksum"}},
		{"zip cut off", "x.zip", zipped[:150], []string{"damaged", "ends at byte 150", "members"}},
		{"zip flipped", "x.zip", string(flipped), []string{"damaged"}},
		{"parquet cut off", "x.parquet", b.String()[:100], []string{"damaged", "Parquet file ends at byte 100", "footer"}},
		{"parquet cut off at once", "x.parquet", b.String()[:4], []string{"damaged", "ends at byte 4"}},
		{"parquet encrypted", "x.parquet", b.String()[:b.Len()-4] + "PARE", []string{"encrypted"}},
		{"parquet of text", "x.parquet", "a,b\n1,2\n", []string{"named as parquet"}},
		{"npz of text", "x.npz", "a,b\n1,2\n", []string{"named as npz"}},
		{"npz cut off", "x.npz", archive("x.npy", "zzz")[:40], []string{"damaged", "ends at byte 40"}},
		{"excel", "x.xlsx", archive("xl/workbook.xml", "<x/>"), []string{"Excel", "CSV"}},
		{"no data", "x.zip", archive("README", "hello"), []string{"no data file"}},
		{"too deep", "x.gz", gzipped(gzipped(gzipped(gzipped(gzipped("a\n1\n"))))), []string{"inside each other"}},
		{"empty in gzip", "x.csv.gz", gzipped(""), []string{"empty"}},
		{"hdf5", "x.h5", "\x89HDF\r\n\x1a\n", []string{"HDF5"}},
	}
	for _, c := range cases {
		_, err := Read(strings.NewReader(c.content), c.file, Options{})
		t.Run(c.name, func(t *testing.T) { wantData(t, err, 0, append(c.words, c.file)...) })
	}
	_, err := Read(strings.NewReader("a\n1\n"), "x.csv", Options{Member: "y.csv"})
	wantData(t, err, 0, "no zip archive", "y.csv")
}

// No flip of a bit and no cut of a Parquet file may end the program.
func TestParquetDamageEverywhere(t *testing.T) {
	tab := parse(t, "x.csv", "a,w\n1,p\n2,q\n3,p\n", Options{})
	var b bytes.Buffer
	if err := Write(&b, tab, "parquet"); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range b.Len() {
		flipped := bytes.Clone(b.Bytes())
		flipped[i] ^= 0x81
		for _, content := range [][]byte{flipped, b.Bytes()[:i]} {
			got, err := Read(bytes.NewReader(content), "x", Options{Format: "parquet"})
			if err != nil {
				refused++
				continue
			}
			checkTable(t, got)
		}
	}
	if refused < b.Len() {
		t.Errorf("%d of %d damaged files were refused; every cut must be", refused, 2*b.Len())
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	put := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("rooms.csv", "a\n1\n")
	put("rooms.zip", archive("lab/a.csv", "a\n1\n", "lab/b.csv", "a\n2\n"))
	for path, want := range map[string]string{"rooms.csv": "a:number[1]", "rooms.zip/lab/b.csv": "a:number[2]", "rooms.zip/b.csv": "a:number[2]"} {
		tab, err := Open(filepath.Join(dir, path), Options{})
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if show(tab) != want || tab.Line(0) != 2 {
			t.Errorf("%s: %s, line %d", path, show(tab), tab.Line(0))
		}
	}
	for path, word := range map[string]string{"room.csv": `"rooms.csv"`, "nowhere/at/all.csv": "all.csv", "rooms.zip/c.csv": "c.csv"} {
		_, err := Open(filepath.Join(dir, path), Options{})
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: error %v, want not-exist that mentions %s", path, err, word)
		}
	}
	_, err := Open(dir, Options{})
	wantData(t, err, 0, "directory")
	_, err = Open(filepath.Join(dir, "rooms.csv", "a.csv"), Options{})
	wantData(t, err, 0, "no zip archive")
}

// Formats that need random access, and columns that must be read twice, work from a stream.
func TestStream(t *testing.T) {
	const data = "a,b\n1,007\nx,y\nz,z\n"
	tab := parse(t, "x.csv", data, Options{})
	for _, format := range []string{"csv", "parquet", "npz"} {
		var b bytes.Buffer
		if err := Write(&b, tab, format); err != nil {
			t.Fatal(err)
		}
		got, err := Read(io.MultiReader(&b), "stdin", Options{})
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if d := difference(tab, got); d != "" {
			t.Errorf("%s: %s", format, d)
		}
	}
	broken := errors.New("the cable is out")
	if _, err := Read(io.MultiReader(strings.NewReader(data), failing{broken}), "stdin", Options{}); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the reader", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
