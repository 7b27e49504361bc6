package table

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
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

// Types that Go structs do not have, written value by value.
func TestParquetRareTypes(t *testing.T) {
	uuid := []byte{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00}
	const noon = 12 * 3600
	cases := []struct {
		name  string
		node  parquet.Node
		value parquet.Value
		want  string
	}{
		{"time ms", parquet.Time(parquet.Millisecond), parquet.Int32Value(noon*1000 + 5), "text[12:00:00.005]"},
		{"time us", parquet.Time(parquet.Microsecond), parquet.Int64Value(noon*1e6 + 5), "text[12:00:00.000005]"},
		{"local time stamp", parquet.TimestampAdjusted(parquet.Nanosecond, false), parquet.Int64Value(1), "text[1970-01-01T00:00:00.000000001]"},
		{"uuid", parquet.UUID(), parquet.FixedLenByteArrayValue(uuid), "text[123e4567-e89b-12d3-a456-426614174000]"},
		{"uint32", parquet.Uint(32), parquet.Int32Value(-1), "number[4.294967295e+09]"},
		{"decimal int32", parquet.Decimal(1, 9, parquet.Int32Type), parquet.Int32Value(-25), "number[-2.5]"},
		{"decimal bytes", parquet.Decimal(3, 20, parquet.FixedLenByteArrayType(3)), parquet.FixedLenByteArrayValue([]byte{0xff, 0xff, 0x06}), "number[-0.25]"},
		{"decimal bytes above", parquet.Decimal(3, 20, parquet.FixedLenByteArrayType(2)), parquet.FixedLenByteArrayValue([]byte{0x01, 0x00}), "number[0.256]"},
		// Julian day 2440589 is 1970-01-02
		{"int96", parquet.Leaf(parquet.Int96Type), parquet.Int96Value(deprecated.Int96{1500000000, 0, 2440589}), "text[1970-01-02T00:00:01.5Z]"},
		{"bytes", parquet.Leaf(parquet.ByteArrayType), parquet.ByteArrayValue([]byte("20\xb0C")), "text[20°C]"},
		{"enum", parquet.Enum(), parquet.ByteArrayValue([]byte("12")), "text[12]"},
	}
	for _, c := range cases {
		var b bytes.Buffer
		w := parquet.NewWriter(&b, parquet.NewSchema("x", parquet.Group{"v": c.node}))
		if _, err := w.WriteRows([]parquet.Row{{c.value.Level(0, 0, 0)}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for _, content := range []string{b.String(), gzipped(b.String()), archive("x.parquet", b.String())} {
			if got := show(parse(t, "x", content, Options{})); got != "v:"+c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, []struct{ V string }{{"7"}, {"x"}, {"NA"}}); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{"V:text[7|x|_]": {}, "V:number[7|_|_]": {Number: []string{"V"}}, "V:text[_|x|_]": {Missing: []string{"7"}}} {
		if got := show(parse(t, "x", b.String(), o)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// Numbers that stand for missing cells do so in binary formats too.
func TestParquetMissingNumbers(t *testing.T) {
	var b bytes.Buffer
	if err := parquet.Write(&b, []struct{ V float64 }{{-999}, {3.5}}); err != nil {
		t.Fatal(err)
	}
	if got := show(parse(t, "x", b.String(), Options{Missing: []string{"-999.0"}})); got != "V:number[_|3.5]" {
		t.Error(got)
	}
	if got := show(parse(t, "x", b.String(), Options{Text: []string{"V"}})); got != "V:text[-999|3.5]" {
		t.Error(got)
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
	wantData(t, err, 0, "x.parquet column ", "LZ4_RAW", "not supported; write the file with snappy")
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
