// Package golden runs golden vectors: inputs, parameters, outputs and gradients that another implementation computed, in
// safetensors files, against this build. It is what `elegans doctor --golden` calls and what the tests call.
package golden

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"sort"
	"strings"
)

// Tolerance on |a - b| / (1 + |b|) for outputs, states and gradients.
const Tolerance = 1e-12

// Result is the outcome of one file.
type Result struct {
	File string `json:"file"`
	Cell string `json:"cell"`
	// MaxRelError is the largest |a - b| / (1 + |b|) over outputs, states and gradients; 0 or 1 for wirings.
	MaxRelError Number `json:"max_rel_error"`
	// MaxRelErrorF32 compares the tensors that were computed in float32, which are not judged; 0 where there are none.
	MaxRelErrorF32 Number `json:"max_rel_error_f32"`
	// Judged says that the build was compared with the file; where it is false, Problem says why it could not be: a
	// cell that is not supported, a file that is incomplete, damaged or not there.
	Judged bool `json:"judged"`
	Pass   bool `json:"pass"`
	// Unreadable says that there is no vector at all: the file is damaged, foreign, or lacks its weights.
	Unreadable bool   `json:"unreadable,omitempty"`
	Problem    string `json:"problem,omitempty"` // why it could not be judged, or where it failed
}

// Number is a figure that JSON writes as null where it is not finite.
type Number float64

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// worst keeps the largest error and where it was.
type worst struct {
	max   float64
	where string
}

// differs notes that something is not what it should be, where no distance can be given.
func (w *worst) differs(what string) {
	if !(w.max >= 1) {
		w.max, w.where = 1, what
	}
}

func (w *worst) see(name string, got, want []float64) {
	if len(got) != len(want) {
		w.max, w.where = math.Inf(1), fmt.Sprintf("%s has %d values, want %d", name, len(got), len(want))
		return
	}
	for i, b := range want {
		e := math.Abs(got[i]-b) / (1 + math.Abs(b))
		if !(e <= w.max) { // a NaN counts as the largest
			w.max, w.where = e, fmt.Sprintf("%s[%d] is %.17g, want %.17g", name, i, got[i], b)
			if math.IsNaN(e) {
				w.max = math.Inf(1)
				return
			}
		}
	}
}

// Run runs one file. A vector that fails is a Result; the error is a *FileError, or that of the operating system, where
// there is no vector to run.
func Run(path string) (Result, error) {
	var f *File
	// The library that reads the file is not trusted with a hostile header.
	if err := guarded(func() (err error) { f, err = Open(path); return err }); err != nil {
		return Result{}, err
	}
	r := Result{File: filepath.Base(path), Cell: f.Meta["cell"]}
	if len(f.Meta) == 0 && !f.Has("x") {
		return Result{}, &FileError{Path: path, Problem: weightsOnly, Err: errWeights}
	}
	var w, w32 worst
	err := guarded(func() error {
		switch {
		case f.Meta["weights"] != "":
			return runImport(f, path, &w, &w32)
		case f.isPaper():
			return runPaper(f, &w)
		case f.Meta["cell"] != "" || f.Has("x") || f.Has("y"):
			return runCase(f, &w)
		}
		r.Cell = "wiring"
		return runWirings(f, &w)
	})
	var fault *FileError
	switch {
	case errors.As(err, &fault):
		return Result{}, err
	case errors.Is(err, errForeign):
		return Result{}, &FileError{Path: path, Problem: errForeign.Error()}
	}
	r.MaxRelError, r.MaxRelErrorF32 = Number(w.max), Number(w32.max)
	r.Judged = err == nil
	r.Pass = r.Judged && w.max <= Tolerance
	switch {
	case err != nil:
		r.Problem, r.MaxRelError = err.Error(), Number(math.Inf(1))
	case !r.Pass:
		r.Problem = w.where
	}
	return r, nil
}

// guarded runs a judgement and makes an error of a panic: one file must not keep the others from being judged.
func guarded(judge func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("judging it failed: %v; this is a fault of elegans: please report it with the file", p)
		}
	}()
	return judge()
}

// errForeign is the problem of a file that holds nothing to compare.
var errForeign = errors.New("not a golden vector: neither a case (tensors x and y), nor expected values (metadata key weights), nor wirings (tensors KEY.adjacency); name another file")

// errWeights marks a file of weights only, which the file with its expected values names.
var errWeights = errors.New("weights only")

const weightsOnly = "holds weights only; name the file with the expected values that belong to them"

// RunDir runs every vector in a directory and those below it, by name. Weights that belong to an expected file are run with it. A
// file that cannot be read is a Result; a directory without vectors is a *FileError.
func RunDir(dir string) (results []Result, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".safetensors") {
			return err
		}
		r, err := Run(path)
		if errors.Is(err, errWeights) {
			return nil
		}
		name, _ := filepath.Rel(dir, path) // a path that begins with dir
		if err != nil {
			r = Result{Problem: err.Error(), Unreadable: true, MaxRelError: Number(math.Inf(1))}
			if fault := (*FileError)(nil); errors.As(err, &fault) {
				r.Problem = fault.Problem
			}
		}
		r.File = filepath.ToSlash(name)
		results = append(results, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(results) == 0 {
		return nil, &FileError{Path: dir, Problem: "holds no golden vectors; name a directory with *.safetensors files, in it or below it, of cases, expected values or wirings"}
	}
	sort.Slice(results, func(i, j int) bool { return results[i].File < results[j].File })
	return results, nil
}
