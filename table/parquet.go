package table

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	spec "github.com/parquet-go/parquet-go/format"
)

// Parquet: flat columns of any type. Integers, floats and decimals are numbers (rounded to float64), booleans "true" and
// "false", strings text; dates, times of day and time stamps are text in RFC 3339 form, with Z where the file says that
// they are adjusted to UTC (INT96 always is). Nulls and NaN are missing.

const parquetMagic = "PAR1"

func sniffParquet(head []byte) bool {
	return len(head) >= 4 && string(head[:4]) == parquetMagic
}

func readParquet(s *source, c *collector) (err error) {
	at, size, err := s.random()
	if err != nil {
		return err
	}
	// The library panics on some damaged files; what a user feeds us must not end the program.
	defer func() {
		if r := recover(); r != nil {
			err = c.fail(0, fmt.Sprintf("damaged Parquet file: %v; %s", r, fixCopy))
		}
	}()
	if err := checkParquetEnd(at, size); err != nil {
		return c.fail(0, err.Error())
	}
	file, err := parquet.OpenFile(at, size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return c.fail(0, fmt.Sprintf("damaged Parquet file: %v; %s", err, fixCopy))
	}
	c.expect = int(min(file.NumRows(), size)) // the size bounds what a damaged number can ask for
	cols, err := parquetColumns(file, c)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	if err := checkCodecs(file, c); err != nil {
		return err
	}
	for _, group := range file.RowGroups() {
		first := c.rows
		c.rows += int(group.NumRows())
		for i, col := range cols {
			if col.to == nil {
				continue
			}
			if err := col.read(group.ColumnChunks()[i], first, c.rows); err != nil {
				return &DataError{Source: c.source, Column: col.to.name, Msg: fmt.Sprintf("damaged Parquet column: %v; %s", err, fixCopy)}
			}
		}
	}
	return nil
}

// checkParquetEnd looks for the mark that ends a whole file: what it lacks was cut off, and the library says less of that.
func checkParquetEnd(at io.ReaderAt, size int64) error {
	end := make([]byte, len(parquetMagic))
	if _, err := at.ReadAt(end, size-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case string(end) == "PARE":
		return errors.New("an encrypted Parquet file; write it without encryption")
	case string(end) != parquetMagic || size < 3*int64(len(end)): // begin, length of the footer, end
		return fmt.Errorf("damaged: the Parquet file ends at byte %d without its footer; %s", size, fixCopy)
	}
	return nil
}

// parquetCodecs are the compressions of pages that are read. LZ4_RAW is none: parquet-go 0.32 reads its pages as zeros, and
// never ends on damaged ones.
var parquetCodecs = []spec.CompressionCodec{spec.Uncompressed, spec.Snappy, spec.Gzip, spec.Brotli, spec.Zstd}

// checkCodecs refuses a file with pages that cannot be read.
func checkCodecs(file *parquet.File, c *collector) error {
	for _, group := range file.Metadata().RowGroups {
		for _, column := range group.Columns {
			if !slices.Contains(parquetCodecs, column.MetaData.Codec) {
				return &DataError{Source: c.source, Column: column.MetaData.PathInSchema[0], Msg: fmt.Sprintf(
					"is compressed with %v, which is not supported; write the file with snappy, gzip, brotli, zstd or no compression", column.MetaData.Codec)}
			}
		}
	}
	return nil
}

// parquetColumn is where the values of one leaf go.
type parquetColumn struct {
	to  *builder // nil where not selected
	add func(b *builder, row int, v parquet.Value)
}

// parquetColumns declares the columns, indexed by leaf.
func parquetColumns(file *parquet.File, c *collector) ([]parquetColumn, error) {
	cols := make([]parquetColumn, len(file.Schema().Columns()))
	for _, field := range file.Root().Columns() {
		b := c.declare(field.Name())
		if b == nil {
			continue
		}
		if !field.Leaf() || field.Repeated() {
			return nil, &DataError{Source: c.source, Column: field.Name(),
				Msg: "nested or repeated columns are not supported; select flat columns, or flatten it"}
		}
		add, kind := parquetAdder(field.Type())
		if kind == Text && b.mode == infer {
			b.mode = asText
		}
		cols[field.Index()] = parquetColumn{to: b, add: add}
	}
	return cols, nil
}

// read adds the values of one column chunk: the rows from first to end.
func (col parquetColumn) read(chunk parquet.ColumnChunk, first, end int) error {
	pages := chunk.Pages()
	defer pages.Close()
	values := make([]parquet.Value, 512)
	row := first
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		row, err = col.readPage(page, values, row, end)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
	if row != end {
		return fmt.Errorf("%d values for %d rows", row-first, end-first)
	}
	return nil
}

func (col parquetColumn) readPage(page parquet.Page, values []parquet.Value, row, end int) (int, error) {
	for in := page.Values(); ; {
		n, err := in.ReadValues(values)
		if n > end-row {
			return row, fmt.Errorf("more values than rows")
		}
		for _, v := range values[:n] {
			if !v.IsNull() {
				col.add(col.to, row, v)
			}
			row++
		}
		switch {
		case errors.Is(err, io.EOF):
			return row, nil
		case err != nil:
			return row, err
		case n == 0:
			return row, io.ErrNoProgress
		}
	}
}

// parquetAdder chooses how values of a type are added, and the kind of column they make.
func parquetAdder(t parquet.Type) (add func(*builder, int, parquet.Value), kind Kind) {
	if logical := t.LogicalType(); logical != nil {
		if add := logicalAdder(logical.Value, t.Kind()); add != nil {
			return add, Text
		}
		if d, ok := logical.Value.(*spec.DecimalType); ok {
			return decimalAdder(d, t.Kind()), Number
		}
		if _, ok := logical.Value.(*spec.Float16Type); ok {
			return asFloat(func(v parquet.Value) float64 { return float16(binary.LittleEndian.Uint16(v.ByteArray())) }), Number
		}
		if i, ok := logical.Value.(*spec.IntType); ok && !i.IsSigned {
			return asFloat(func(v parquet.Value) float64 {
				if t.Kind() == parquet.Int32 {
					return float64(uint32(v.Int32()))
				}
				return float64(uint64(v.Int64()))
			}), Number
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return asCell(func(v parquet.Value) string { return strconv.FormatBool(v.Boolean()) }), Text
	case parquet.Int32:
		return asFloat(func(v parquet.Value) float64 { return float64(v.Int32()) }), Number
	case parquet.Int64:
		return asFloat(func(v parquet.Value) float64 { return float64(v.Int64()) }), Number
	case parquet.Int96:
		return asCell(int96Time), Text
	case parquet.Float:
		return asFloat(func(v parquet.Value) float64 { return float64(v.Float()) }), Number
	case parquet.Double:
		return asFloat(parquet.Value.Double), Number
	}
	return func(b *builder, row int, v parquet.Value) { b.addCell(row, v.ByteArray()) }, Text
}

func asFloat(f func(parquet.Value) float64) func(*builder, int, parquet.Value) {
	return func(b *builder, row int, v parquet.Value) { b.addNumber(row, f(v)) }
}

func asCell(f func(parquet.Value) string) func(*builder, int, parquet.Value) {
	return func(b *builder, row int, v parquet.Value) { b.addCell(row, []byte(f(v))) }
}

// logicalAdder is for logical types that are written as text; nil for all others.
func logicalAdder(logical spec.LogicalTypeValue, kind parquet.Kind) func(*builder, int, parquet.Value) {
	switch l := logical.(type) {
	case *spec.DateType:
		return asCell(func(v parquet.Value) string {
			return time.Unix(int64(v.Int32())*86400, 0).UTC().Format(time.DateOnly)
		})
	case *spec.TimestampType:
		layout := "2006-01-02T15:04:05.999999999"
		if l.IsAdjustedToUTC {
			layout += "Z"
		}
		unit := unitsPerSecond(l.Unit)
		return asCell(func(v parquet.Value) string { return formatTime(v.Int64(), unit, layout) })
	case *spec.TimeType:
		unit := unitsPerSecond(l.Unit)
		return asCell(func(v parquet.Value) string {
			ticks := v.Int64()
			if kind == parquet.Int32 {
				ticks = int64(v.Int32())
			}
			return formatTime(ticks, unit, "15:04:05.999999999")
		})
	case *spec.UUIDType:
		return asCell(func(v parquet.Value) string {
			h := hex.EncodeToString(v.ByteArray())
			if len(h) != 32 {
				return h
			}
			return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
		})
	}
	return nil
}

func unitsPerSecond(unit spec.TimeUnit) int64 {
	if unit.Value == nil {
		return 1e9
	}
	return int64(time.Second / unit.Value.Duration())
}

// formatTime writes the time that many ticks after 1970, rounding to nothing coarser than the tick.
func formatTime(ticks, perSecond int64, layout string) string {
	seconds, rest := ticks/perSecond, ticks%perSecond
	if rest < 0 {
		seconds--
		rest += perSecond
	}
	return time.Unix(seconds, rest*(1e9/perSecond)).UTC().Format(layout)
}

// int96Time reads the old time stamps of Spark and Impala: nanoseconds of the day, then the Julian day.
func int96Time(v parquet.Value) string {
	i := v.Int96()
	nanos := int64(i[0]) | int64(i[1])<<32
	const unixDay = 2440588 // the Julian day of 1970-01-01
	return time.Unix((int64(i[2])-unixDay)*86400, nanos).UTC().Format(time.RFC3339Nano)
}

func decimalAdder(d *spec.DecimalType, kind parquet.Kind) func(*builder, int, parquet.Value) {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(min(max(d.Scale, 0), 400))), nil)
	return asFloat(func(v parquet.Value) float64 {
		unscaled := new(big.Int)
		switch kind {
		case parquet.Int32:
			unscaled.SetInt64(int64(v.Int32()))
		case parquet.Int64:
			unscaled.SetInt64(v.Int64())
		default:
			bytes := v.ByteArray() // two's complement, big-endian
			unscaled.SetBytes(bytes)
			if len(bytes) > 0 && bytes[0] >= 0x80 {
				unscaled.Sub(unscaled, new(big.Int).Lsh(big.NewInt(1), uint(8*len(bytes))))
			}
		}
		f, _ := new(big.Rat).SetFrac(unscaled, scale).Float64()
		return f
	})
}
