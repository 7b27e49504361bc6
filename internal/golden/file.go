package golden

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/nlpodyssey/safetensors"
)

// File is a safetensors file with every tensor widened to float64.
type File struct {
	Meta    map[string]string
	tensors map[string]Tensor
}

// Tensor is a row-major array.
type Tensor struct {
	Shape []int
	Data  []float64
}

// FileError says that a file is at fault and nothing could be compared: it tells nothing about the build.
type FileError struct {
	Path    string
	Problem string // what is wrong, and the fix
	Err     error  // fs.ErrNotExist where another file is missing, else nil
}

// Error is one line.
func (e *FileError) Error() string { return e.Path + ": " + e.Problem }

// Unwrap is Err.
func (e *FileError) Unwrap() error { return e.Err }

// Open reads a safetensors file of F64, F32 or I32 tensors.
//
// Errors: *FileError for what it holds; that of the operating system where it cannot be read.
func Open(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	st, err := safetensors.Deserialize(data)
	if err != nil {
		return nil, damaged(path, err)
	}
	_, meta, err := safetensors.ReadMetadata(data)
	if err != nil {
		return nil, damaged(path, err)
	}
	f := &File{Meta: meta.Metadata(), tensors: map[string]Tensor{}}
	for _, name := range st.Names() {
		view, _ := st.Tensor(name)
		values, err := widen(view.DType(), view.Data())
		if err != nil {
			return nil, &FileError{Path: path, Problem: fmt.Sprintf("tensor %s has %v; write it as one of them", name, err)}
		}
		t := Tensor{Data: values}
		for _, n := range view.Shape() {
			t.Shape = append(t.Shape, int(n))
		}
		f.tensors[name] = t
	}
	return f, nil
}

func damaged(path string, err error) error {
	return &FileError{Path: path, Problem: fmt.Sprintf("damaged, cut off, or not a safetensors file (%v); copy it again from where it came from, or name another", err)}
}

func widen(t safetensors.DType, data []byte) ([]float64, error) {
	size := int(t.Size())
	values := make([]float64, len(data)/size)
	for i := range values {
		b := data[i*size:]
		switch t {
		case safetensors.F64:
			values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b))
		case safetensors.F32:
			values[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		case safetensors.I32:
			values[i] = float64(int32(binary.LittleEndian.Uint32(b)))
		default:
			return nil, fmt.Errorf("type %v; allowed: F64, F32, I32", t)
		}
	}
	return values, nil
}

// Has tells whether a tensor exists.
func (f *File) Has(name string) bool { _, ok := f.tensors[name]; return ok }

// Tensor finds a tensor; the zero Tensor where there is none.
func (f *File) Tensor(name string) Tensor { return f.tensors[name] }

// shaped checks that a tensor is there and has a shape.
func (f *File) shaped(name string, want ...int) error {
	t, ok := f.tensors[name]
	switch {
	case !ok:
		return fmt.Errorf("tensor %s is missing", name)
	case !slices.Equal(t.Shape, want):
		return fmt.Errorf("tensor %s has shape %v; %v is needed", name, t.Shape, want)
	}
	return nil
}

// all tells whether every value of a tensor is v.
func (f *File) all(name string, v float64) bool {
	return !slices.ContainsFunc(f.Tensor(name).Data, func(got float64) bool { return got != v })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Names lists the tensors in alphabetical order.
func (f *File) Names() []string { return sortedKeys(f.tensors) }
