package suite

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

var smnist = Task{
	Name: "smnist", Title: "Sequential MNIST by rows",
	Protocol: "28 steps of 28 pixels in [0, 1]; official test part; of the 60,000 training images the last 6,000 are validation; one decision at the last row",
	Source:   "Y. LeCun, C. Cortes, C. Burges: MNIST",
	Files: []string{"mnist/train-images-idx3-ubyte.gz", "mnist/train-labels-idx1-ubyte.gz",
		"mnist/t10k-images-idx3-ubyte.gz", "mnist/t10k-labels-idx1-ubyte.gz"},
	LastOnly: true, Measures: []Measure{of("accuracy")}, Batch: 64,
	read: readMNIST,
}

const mnistValid = 6000

func readMNIST(f Folder) (*Data, error) {
	var parts [2][]series.Series
	for i, name := range []string{"train", "t10k"} {
		images, sizes, err := f.idx("mnist/" + name + "-images-idx3-ubyte.gz")
		if err != nil {
			return nil, err
		}
		labels, _, err := f.idx("mnist/" + name + "-labels-idx1-ubyte.gz")
		if err != nil {
			return nil, err
		}
		if len(sizes) != 3 || len(labels) != sizes[0] {
			return nil, &table.DataError{Source: f.path("mnist"), Msg: fmt.Sprintf("%d labels for images of sizes %v; get the files again", len(labels), sizes)}
		}
		parts[i] = byRows(images, sizes, labels)
	}
	n := max(0, len(parts[0])-mnistValid)
	d := &Data{Train: whole(parts[0][:n]), Valid: whole(parts[0][n:]), Test: whole(parts[1])}
	d.Schema = series.Schema{Clock: counted(), Target: series.Target{Name: "digit", Task: series.Classify, LastStep: true}}
	for k := range parts[0][0].Inputs() {
		d.Schema.Inputs = append(d.Schema.Inputs, unit("pixel "+strconv.Itoa(k), 1))
	}
	for k := range 10 {
		d.Schema.Target.Classes = append(d.Schema.Target.Classes, strconv.Itoa(k))
	}
	return d, nil
}

// byRows are images as series of their rows.
func byRows(images []byte, sizes []int, labels []byte) (list []series.Series) {
	high, wide := sizes[1], sizes[2]
	for i, label := range labels {
		s := series.Series{Name: strconv.Itoa(i), DT: ones(high), Y: unlabelled(high), X: make([]float32, high*wide)}
		for k, v := range images[i*high*wide : (i+1)*high*wide] {
			s.X[k] = float32(v) / 255
		}
		s.Y[high-1] = float64(label)
		list = append(list, s)
	}
	return list
}

// idx reads a gzipped IDX file of bytes: its values and sizes.
func (f Folder) idx(file string) (values []byte, sizes []int, err error) {
	in, err := os.Open(f.path(file))
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	z, err := gzip.NewReader(bufio.NewReader(in))
	if err == nil {
		values, sizes, err = readIDX(z)
	}
	if err != nil {
		return nil, nil, &table.DataError{Source: f.path(file), Msg: err.Error() + "; get the file again"}
	}
	return values, sizes, nil
}

// readIDX reads a magic of two zeros, the type 8 (bytes) and the number of dimensions; the sizes, big endian; the values.
func readIDX(r io.Reader) (values []byte, sizes []int, err error) {
	var magic [4]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil || magic[0] != 0 || magic[1] != 0 || magic[2] != 8 {
		return nil, nil, fmt.Errorf("is no IDX file of bytes (magic % x)", magic)
	}
	n := 1
	for range magic[3] {
		var size uint32
		if err := binary.Read(r, binary.BigEndian, &size); err != nil {
			return nil, nil, fmt.Errorf("ends within its header")
		}
		if sizes = append(sizes, int(size)); int(size) > 1<<28 || n*int(size) > 1<<30 {
			return nil, nil, fmt.Errorf("claims sizes %v", sizes)
		}
		n *= int(size)
	}
	values, err = io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(values) < n {
		err = fmt.Errorf("holds %d of %d values", len(values), n)
	}
	return values, sizes, err
}
