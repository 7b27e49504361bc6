package table

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
)

// TestMemoryOfNumbers: reading columns of numbers makes little more than the columns, which hold 8 bytes a cell.
func TestMemoryOfNumbers(t *testing.T) {
	const rows, columns = 60_000, 6
	var text bytes.Buffer
	text.WriteString("a,b,c,d,e,f\n")
	for i := range rows {
		fmt.Fprintf(&text, "%d,%.3f,%.3f,%d,%.2f,%d\n", i, float64(i)/7, float64(i%997)/3, i%5, -float64(i%313)/9, i%2)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tab, err := Read(bytes.NewReader(text.Bytes()), "a.csv", Options{})
	runtime.ReadMemStats(&after)
	if err != nil || tab.Rows != rows || len(tab.Columns) != columns {
		t.Fatalf("%v, %v", tab, err)
	}
	const cells = 8 * rows * columns
	// The rest is the head of the file, read to recognise format and layout.
	if made := after.TotalAlloc - before.TotalAlloc; made > cells*5/4+12*headSize {
		t.Errorf("reading %d bytes of cells made %d bytes", cells, made)
	}
}
