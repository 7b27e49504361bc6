package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sort"

	"github.com/nlpodyssey/safetensors"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/internal/replace"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// Format is the newest version of the model file that this package writes. It reads this one and all older ones. What an
// older version can say is written in that one: 1 where every layer is a cell alone, without front end, encoder and pool, and no average.
const Format = 2

// A model file is a safetensors file: one F32 tensor a parameter, and in its metadata
//
//	elegans   the manifest, as JSON
//	checksum  SHA-256 over the manifest and all tensors, in the order of their names
//
// The manifest holds every adjacency itself, never a seed to draw it from.
const (
	manifestKey = "elegans"
	checksumKey = "checksum"
)

// maxFile bounds what Load reads into memory.
const maxFile = 1<<31 - 2 // maxFile + 1 is an int on every machine

// FileError says what is wrong with a model file and what to do about it.
type FileError struct {
	Path    string
	Problem string
}

// Error is one line with the fix.
func (e *FileError) Error() string {
	if e.Path == "" {
		return "model file: " + e.Problem
	}
	return fmt.Sprintf("model file %s: %s", e.Path, e.Problem)
}

// manifest is the JSON part of a model file.
type manifest struct {
	Format int `json:"format"`
	fileNetwork
	Members []fileMember  `json:"members,omitempty"`
	Schema  series.Schema `json:"schema"`
	Info    Info          `json:"info"`
}

// fileNetwork is an Architecture without members.
type fileNetwork struct {
	Layers       []fileLayer `json:"layers,omitempty"`
	Readout      Readout     `json:"readout,omitempty"`
	TimeInput    bool        `json:"time_input,omitempty"`
	Summaries    []Summary   `json:"summaries,omitempty"`
	InputDropout float64     `json:"input_dropout,omitempty"`
	Front        *Front      `json:"front,omitempty"`
	Encoder      int         `json:"encoder,omitempty"`
	Pool         Pool        `json:"pool,omitempty"`
}

// fileMember is one of the models of an average.
type fileMember struct {
	fileNetwork
	Info Info `json:"info"`
}

type fileLayer struct {
	Cell   json.RawMessage `json:"cell"`
	Wiring *wiring.Wiring  `json:"wiring,omitempty"`
	Block  *Block          `json:"block,omitempty"`
}

// manifest describes the model.
func (m *Model) manifest() (f manifest, err error) {
	f = manifest{Format: 1, Schema: m.schema, Info: m.info}
	stacked := len(m.arch.Members) > 0
	if !stacked {
		f.fileNetwork, stacked, err = m.arch.network()
	}
	for k, a := range m.arch.Members {
		member := fileMember{Info: m.members[k]}
		if member.fileNetwork, _, err = a.network(); err != nil {
			break
		}
		f.Members = append(f.Members, member)
	}
	if stacked {
		f.Format = 2
	}
	return f, err
}

// network is an architecture as a file holds it; stacked says that it takes more than the first format.
func (a Architecture) network() (f fileNetwork, stacked bool, err error) {
	f = fileNetwork{Readout: a.Readout, TimeInput: a.TimeInput, Summaries: a.Summaries, InputDropout: a.InputDropout, Encoder: a.Encoder}
	if a.Pool != Last {
		f.Pool = a.Pool
	}
	if !a.Front.None() {
		f.Front = &a.Front
	}
	stacked = f.Encoder > 0 || f.Pool != "" || f.Front != nil || len(f.Summaries) > 0 || f.InputDropout > 0
	for _, l := range a.Layers {
		enc, err := cell.Encode(l.Cell)
		if err != nil {
			return f, stacked, err
		}
		w, _ := l.Wiring.(*wiring.Wiring)
		layer := fileLayer{Cell: enc, Wiring: w}
		if !l.Block.Plain() {
			layer.Block, stacked = &l.Block, true
		}
		f.Layers = append(f.Layers, layer)
	}
	return f, stacked, nil
}

// Save writes the model to a file, which is replaced as a whole or not at all.
func (m *Model) Save(path string) error {
	return replace.File(path, m.Write)
}

// Write writes the model file. Equal models give equal bytes.
func (m *Model) Write(w io.Writer) error {
	if m.personal != nil {
		return errPersonal
	}
	f, err := m.manifest()
	if err != nil {
		return err
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	tensors := map[string]safetensors.TensorView{}
	for _, q := range m.program.Params {
		data := littleEndian(m.theta[q.Offset:][:q.Shape.Len()])
		view, err := safetensors.NewTensorView(safetensors.F32, dims(q.Shape), data)
		if err != nil {
			return err
		}
		tensors[q.Name] = view
	}
	meta := map[string]string{manifestKey: string(text), checksumKey: checksum(text, tensors)}
	return safetensors.SerializeToWriter(tensors, meta, w)
}

func dims(s step.Shape) []uint64 {
	if s.Outer == 1 {
		return []uint64{uint64(s.Inner)}
	}
	return []uint64{uint64(s.Outer), uint64(s.Inner)}
}

func littleEndian(values []float32) []byte {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

func checksum(manifest []byte, tensors map[string]safetensors.TensorView) string {
	names := make([]string, 0, len(tensors))
	for name := range tensors {
		names = append(names, name)
	}
	sort.Strings(names)
	h := sha256.New()
	h.Write(manifest)
	for _, name := range names {
		fmt.Fprintf(h, "\x00%s\x00%v\x00", name, tensors[name].Shape())
		h.Write(tensors[name].Data())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Load reads a model file and checks all of it. The error is a *FileError for content, and wraps fs.ErrNotExist where
// there is no file.
func Load(path string) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := Read(f)
	var bad *FileError
	if errors.As(err, &bad) {
		bad.Path = path
	}
	return m, err
}

// Read reads a model file.
func Read(r io.Reader) (*Model, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, &FileError{Problem: fmt.Sprintf("larger than %d bytes, which no model of this program is; name the file that elegans train wrote", maxFile)}
	}
	m, err := decodeFile(data)
	if err != nil {
		return nil, &FileError{Problem: err.Error()}
	}
	return m, nil
}

func decodeFile(data []byte) (*Model, error) {
	tensors, meta, err := openTensors(data)
	if err != nil {
		return nil, err
	}
	text, ok := meta[manifestKey]
	if !ok {
		return nil, errors.New("a safetensors file, but not of elegans (it has no manifest); weights of ncps are read by: elegans import ncps FILE")
	}
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal([]byte(text), &version); err != nil {
		return nil, fmt.Errorf("the manifest is damaged (%v); restore the file or train again", err)
	}
	if version.Format > Format || version.Format < 1 {
		return nil, fmt.Errorf("format %d, but this build reads formats 1 to %d; update elegans", version.Format, Format)
	}
	if checksum([]byte(text), tensors) != meta[checksumKey] {
		return nil, errors.New("damaged: the checksum does not fit the content; restore the file or train again")
	}
	return assemble([]byte(text), tensors)
}

// openTensors reads the container. The library is guarded: a header length beyond the file or a hostile header must be
// an error, never a panic.
func openTensors(data []byte) (tensors map[string]safetensors.TensorView, meta map[string]string, err error) {
	foreign := errors.New("not a model file (safetensors with a manifest), or cut off; copy it again, or name the file that elegans train wrote")
	if len(data) < 8 || binary.LittleEndian.Uint64(data) > uint64(len(data)-8) {
		return nil, nil, foreign
	}
	defer func() {
		if recover() != nil {
			tensors, meta, err = nil, nil, foreign
		}
	}()
	st, err := safetensors.Deserialize(data)
	if err != nil {
		return nil, nil, fmt.Errorf("not a model file, or cut off (%w); copy it again, or name the file that elegans train wrote", err)
	}
	_, header, err := safetensors.ReadMetadata(data)
	if err != nil {
		return nil, nil, fmt.Errorf("not a model file, or cut off (%w); copy it again, or name the file that elegans train wrote", err)
	}
	tensors = map[string]safetensors.TensorView{}
	for _, name := range st.Names() {
		tensors[name], _ = st.Tensor(name)
	}
	return tensors, header.Metadata(), nil
}

// assemble builds the model that a manifest describes and fills in its parameters.
func assemble(text []byte, tensors map[string]safetensors.TensorView) (*Model, error) {
	var f manifest
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	a, err := f.architecture()
	if err != nil {
		return nil, err
	}
	members := make([]Info, 0, len(f.Members))
	if len(f.Members) > MaxMembers {
		return nil, fmt.Errorf("manifest: an average of %d models; allowed: 2 to %d", len(f.Members), MaxMembers)
	}
	for k, member := range f.Members {
		one, err := member.architecture()
		if err != nil {
			return nil, fmt.Errorf("model %d: %w", k, err)
		}
		a.Members, members = append(a.Members, one), append(members, member.Info)
	}
	m, err := a.empty(f.Schema)
	if err != nil {
		return nil, err
	}
	m.info, m.members = f.Info, members
	if m.theta, err = parameters(m.program, tensors); err != nil {
		return nil, err
	}
	return m, nil
}

// architecture is what a file says of a network.
func (f fileNetwork) architecture() (Architecture, error) {
	const maxCell = 1 << 12 // far beyond what makes sense, and soon read
	a := Architecture{Readout: f.Readout, TimeInput: f.TimeInput, Summaries: f.Summaries, InputDropout: f.InputDropout, Encoder: f.Encoder, Pool: f.Pool}
	if len(f.Layers) > MaxLayers {
		return a, fmt.Errorf("manifest: %d layers; allowed: 1 to %d", len(f.Layers), MaxLayers)
	}
	if f.Front != nil {
		a.Front = *f.Front
	}
	for i, l := range f.Layers {
		if len(l.Cell) > maxCell {
			return a, fmt.Errorf("layer %d: the cell takes %d bytes; allowed: up to %d", i, len(l.Cell), maxCell)
		}
		c, err := cell.Decode(l.Cell)
		if err != nil {
			return a, fmt.Errorf("layer %d: %w", i, err)
		}
		layer := Layer{Cell: c}
		if l.Wiring != nil {
			layer.Wiring = l.Wiring
		}
		if l.Block != nil {
			layer.Block = *l.Block
		}
		a.Layers = append(a.Layers, layer)
	}
	return a, nil
}

// parameters reads every parameter of a program, and refuses tensors that belong to none.
func parameters(p *step.Program, tensors map[string]safetensors.TensorView) ([]float32, error) {
	if len(tensors) != len(p.Params) {
		return nil, fmt.Errorf("%d tensors where the layers have %d parameters", len(tensors), len(p.Params))
	}
	var theta []float32
	for _, q := range p.Params {
		t, ok := tensors[q.Name]
		switch {
		case !ok:
			return nil, fmt.Errorf("parameter %s is missing", q.Name)
		case t.DType() != safetensors.F32 || fmt.Sprint(t.Shape()) != fmt.Sprint(dims(q.Shape)):
			return nil, fmt.Errorf("parameter %s is %v %v; F32 %v is needed", q.Name, t.DType(), t.Shape(), dims(q.Shape))
		}
		data := t.Data()
		for i := 0; i+4 <= len(data); i += 4 {
			v := math.Float32frombits(binary.LittleEndian.Uint32(data[i:]))
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("parameter %s holds %v at position %d; all must be finite", q.Name, v, i/4)
			}
			theta = append(theta, v)
		}
	}
	return theta, nil
}
