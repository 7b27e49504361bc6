package main

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/export"
)

func newExport(c *console) *cobra.Command {
	return group("export", "Print a model as source of another language",
		"Print a trained model as source that runs without elegans: the step of the model with its scaling and decoding, row by row.",
		"  elegans export c occupancy.elegans --out firmware",
		newExportC(c), newExportGo(c), newExportWasm(c), newExportONNX(c))
}

// exportedFile is one of the files of an export.
type exportedFile struct {
	File  string `json:"file"`
	Bytes int    `json:"bytes"`
}

// saveAll writes files into a directory, which is made if it is not there.
func (c *console) saveAll(ctx context.Context, dir string, files []export.File) (list []exportedFile, err error) {
	if dir == "" {
		return nil, usage("--out is empty; name a directory")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := c.save(ctx, path, func(w io.Writer) error { _, err := w.Write(f.Data); return err }); err != nil {
			return nil, err
		}
		list = append(list, exportedFile{path, len(f.Data)})
	}
	return list, nil
}
