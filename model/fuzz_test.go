package model

import (
	"bytes"
	"slices"
	"testing"

	"github.com/nlpodyssey/safetensors"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// FuzzRead changes model files as bytes, and their manifest and tensors with the checksum made right again. Whatever is
// read must be a model that runs and is written again; whatever is not must be an error.
func FuzzRead(f *testing.F) {
	for _, m := range []*Model{full(f), made(f, series.Plain(1), Liquid(cell.LTC{Explicit: true}, wiring.Full(2))),
		made(f, series.Plain(2), Recurrent(cell.Mixed{Cell: cell.CfC{Units: 2}}))} {
		data := written(f, m)
		_, meta, err := openTensors(data)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "", uint16(0), byte(0))
		f.Add(data, meta[manifestKey], uint16(0), byte(0))
		f.Add(data[:len(data)/2], "", uint16(0), byte(0))
		f.Add(data, `{"format":1}`, uint16(3), byte(64))
	}
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\x7f{}"), "", uint16(0), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, manifest string, at uint16, flip byte) {
		if manifest != "" {
			data = sealed(data, manifest, int(at), flip)
		}
		m, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		again, err := Read(bytes.NewReader(written(t, m)))
		if err != nil {
			t.Fatalf("a model that was read cannot be read again: %v", err)
		}
		if !slices.Equal(again.theta, m.theta) {
			t.Fatal("the parameters are others after writing")
		}
		if len(m.program.Nodes) > 2000 || len(m.theta) > 1<<16 {
			return
		}
		x := make([]float32, len(m.schema.Inputs))
		if _, err := m.Stream().Step(x, 0.5); err != nil {
			t.Fatalf("zeros are refused: %v", err)
		}
	})
}

// sealed is the file with another manifest, one byte of its tensors changed and the right checksum; nil where data is no
// container.
func sealed(data []byte, manifest string, at int, flip byte) []byte {
	tensors, meta, err := openTensors(data)
	if err != nil || meta == nil {
		return nil
	}
	for name, view := range tensors {
		raw := slices.Clone(view.Data())
		if at < len(raw) {
			raw[at] ^= flip
		}
		if changed, err := safetensors.NewTensorView(view.DType(), view.Shape(), raw); err == nil {
			tensors[name] = changed
		}
	}
	meta[manifestKey] = manifest
	meta[checksumKey] = checksum([]byte(manifest), tensors)
	out, err := safetensors.Serialize(tensors, meta)
	if err != nil {
		return nil
	}
	return out
}
