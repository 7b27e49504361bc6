package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/export"
)

func newExport(c *console) *cobra.Command {
	return group("export", "Print a model as source of another language",
		"Print a trained model as source that runs without elegans: the step of the model with its scaling and decoding, row by row.",
		"  elegans export c occupancy.elegans --out firmware",
		newExportC(c), newExportGo(c), newExportWasm(c), newExportONNX(c))
}

// exported is what `elegans export c` says of what it wrote.
type exported struct {
	Name       string         `json:"name"`
	Files      []exportedFile `json:"files"`
	Constants  int            `json:"constant_bytes"`
	State      int            `json:"state_bytes"`
	Scratch    int            `json:"scratch_bytes"` // on the stack
	Operations float64        `json:"operations_per_step"`
}

type exportedFile struct {
	File  string `json:"file"`
	Bytes int    `json:"bytes"`
}

func newExportC(c *console) *cobra.Command {
	var out, name string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "c MODEL",
		Short: "Print a model as C99 for microcontrollers",
		Long: `Print a model as C99: NAME.h, NAME.c and NAME_selftest.c, whose main ends with 0 where the board computes what elegans does.

The code calls nothing, of the C library neither, and allocates nothing; the caller owns the state, and all sizes are known
when it is compiled. NAME_step takes raw values of the inputs and the time since the row before, in the model's unit, and
gives probabilities or values in raw units. Constants are read by macros, so that they may stand in program memory. Numbers
are single precision.

A model that reads series from their end, or whose solver chooses its own steps, is refused with the reason. MODEL is a
file, or - for standard input.`,
		Example: "  elegans export c occupancy.elegans --out firmware\n  elegans export c occupancy.elegans --out firmware --name room",
		Args:    takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := c.loadModel(args[0])
			if err != nil {
				return err
			}
			o := export.Options{Name: cmp.Or(name, export.Name(strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0]))))}
			p, err := export.C(m, o)
			var wrong *export.NameError
			var no *export.RefusedError
			switch {
			case errors.As(err, &wrong):
				return usage("--%v", err)
			case errors.As(err, &no):
				return fmt.Errorf("%s cannot be exported: %w", args[0], err)
			case err != nil:
				return err
			}
			r := exported{Name: o.Name, Constants: p.Constants, State: p.State, Scratch: p.Scratch, Operations: p.Operations}
			if r.Files, err = c.saveAll(cmd.Context(), out, p.Files); err != nil {
				return err
			}
			if asJSON {
				return c.json(r)
			}
			for _, f := range r.Files {
				c.print("%s\n", f.File)
			}
			c.note("constants %d bytes, state %d bytes, on the stack %d bytes and what the compiler adds, %.0f operations a step", r.Constants, r.State, r.Scratch, r.Operations)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", ".", "`DIR` for the files; it is made if it is not there")
	cmd.Flags().StringVar(&name, "name", "", "`PREFIX` of the names of all files and identifiers; from the name of the model file if not given")
	addJSON(cmd, &asJSON)
	return cmd
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
