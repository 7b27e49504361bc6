package table

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
)

type measurement struct {
	ID    int64     `parquet:"id"`
	Small int8      `parquet:"small"`
	Big   uint64    `parquet:"big"`
	On    bool      `parquet:"on"`
	F     float32   `parquet:"f"`
	D     *float64  `parquet:"d,optional"`
	Room  string    `parquet:"room,dict"`
	At    time.Time `parquet:"at,timestamp(microsecond)"`
	Day   int32     `parquet:"day,date"`
	Price int64     `parquet:"price,decimal(2:18)"`
}

func measurements() []measurement {
	d := []float64{2.5, math.NaN()}
	return []measurement{
		{ID: 1, Small: -3, Big: 1 << 63, On: true, F: 0.5, D: &d[0], Room: "a", At: time.Date(2015, 2, 4, 17, 51, 0, 250000, time.UTC), Day: 16470, Price: 1999},
		{ID: 2, Small: 4, Big: 7, F: float32(math.Inf(1)), Room: "b", At: time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), Day: -1, Price: -5},
		{ID: 1 << 40, Small: 5, Big: 8, F: -1, D: &d[1], Room: "a", At: time.Unix(0, 0).UTC()},
	}
}

func TestParquetTypes(t *testing.T) {
	const want = "id:number[1|2|1.099511627776e+12] small:number[-3|4|5] big:number[9.223372036854776e+18|7|8] on:text[true|false|false] " +
		"f:number[0.5|Inf|-1] d:number[2.5|_|_] room:text[a|b|a] " +
		"at:text[2015-02-04T17:51:00.00025Z|1969-12-31T23:59:59Z|1970-01-01T00:00:00Z] day:text[2015-02-04|1969-12-31|1970-01-01] price:number[19.99|-0.05|0]"
	codecs := []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Brotli, &parquet.Zstd}
	for _, codec := range codecs {
		var b bytes.Buffer
		w := parquet.NewGenericWriter[measurement](&b, parquet.Compression(codec), parquet.MaxRowsPerRowGroup(2))
		if _, err := w.Write(measurements()); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := show(parse(t, "x", b.String(), Options{})); got != want {
			t.Errorf("%v:\n got %s\nwant %s", codec, got, want)
		}
		if got := show(parse(t, "x", b.String(), Options{Columns: []string{"room", "id"}})); got != "room:text[a|b|a] id:number[1|2|1.099511627776e+12]" {
			t.Errorf("selection: %s", got)
		}
	}
}

func TestParquetRefusals(t *testing.T) {
	var b bytes.Buffer
	if err := parquet.Write(&b, []struct {
		A int64   `parquet:"a"`
		L []int64 `parquet:"l"`
	}{{A: 5, L: []int64{1, 2}}, {A: 6}}); err != nil {
		t.Fatal(err)
	}
	_, err := Read(bytes.NewReader(b.Bytes()), "x.parquet", Options{})
	wantData(t, err, 0, `"l"`, "nested or repeated")
	if got := show(parse(t, "x", b.String(), Options{Columns: []string{"a"}})); got != "a:number[5|6]" {
		t.Errorf("beside a list: %s", got)
	}
	b.Reset()
	if err := parquet.Write(&b, measurements(), parquet.Compression(&parquet.Lz4Raw)); err != nil {
		t.Fatal(err)
	}
	_, err = Read(bytes.NewReader(b.Bytes()), "x.parquet", Options{})
	wantData(t, err, 0, "LZ4", "snappy")
	b.Reset()
	if err := parquet.Write(&b, []measurement{}); err != nil {
		t.Fatal(err)
	}
	_, err = Read(bytes.NewReader(b.Bytes()), "x.parquet", Options{})
	wantData(t, err, 0, "no rows")
}

func TestFormatTime(t *testing.T) {
	for _, c := range []struct {
		ticks, perSecond int64
		want             string
	}{{1500, 1e3, "1970-01-01T00:00:01.5"}, {-1, 1e3, "1969-12-31T23:59:59.999"}, {-1, 1e9, "1969-12-31T23:59:59.999999999"},
		{1423072260000001, 1e6, "2015-02-04T17:51:00.000001"}} {
		if got := formatTime(c.ticks, c.perSecond, "2006-01-02T15:04:05.999999999"); got != c.want {
			t.Errorf("%d ticks of 1/%d s: %s, want %s", c.ticks, c.perSecond, got, c.want)
		}
	}
}
