package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/export"
	"github.com/elegans-nn/elegans/model"
)

func newExportGo(c *console) *cobra.Command {
	var out, name string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "go MODEL",
		Short: "Print a model as a Go package",
		Long: `Print a model as a Go package of one file without dependencies.

The code allocates nothing and imports nothing but the package math, of which it takes square roots, whole parts and the
bits of numbers, so that TinyGo compiles it too. The zero State is the beginning of a series; Step takes raw values of the
inputs and the time since the row before, in the model's unit, and gives probabilities or values in raw units; Class
decides. Numbers are single precision, and the same on every machine.

A model that reads series from their end, or whose solver chooses its own steps, is refused with the reason. MODEL is a
file, or - for standard input.`,
		Example: "  elegans export go occupancy.elegans --out occupancy\n  elegans export go occupancy.elegans --out room/model.go --package room",
		Args:    takes("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := cmp.Or(name, strings.ToLower(strings.ReplaceAll(nameOf(args[0]), "_", "")))
			_, p, err := c.exportAs(args[0], "package", name, export.Go)
			if err != nil {
				return err
			}
			path := out
			if filepath.Ext(out) != ".go" {
				path = filepath.Join(out, p.Files[0].Name)
			}
			return c.exported(cmd, []written{{path, p.Files[0].Data}}, name, p, asJSON)
		},
	}
	cmd.Flags().StringVar(&out, "out", ".", "`DIR` for the file "+export.GoFile+", or the name of a file that ends with .go; a directory is made if it is not there")
	cmd.Flags().StringVar(&name, "package", "", "`PACKAGE` that the file is of; from the name of the model file if not given")
	addJSON(cmd, &asJSON)
	return cmd
}

// nameOf makes a name from that of a model file.
func nameOf(model string) string {
	return export.Name(strings.TrimSuffix(filepath.Base(model), filepath.Ext(model)))
}

// exportAs loads a model and prints it under a name, which the flag gives.
func (c *console) exportAs(path, flag, name string, print func(*model.Model, export.Options) (*export.Printed, error)) (*model.Model, *export.Printed, error) {
	m, err := c.loadModel(path)
	if err != nil {
		return nil, nil, err
	}
	p, err := print(m, export.Options{Name: name})
	return m, p, exportError(flag, path, err)
}

// exportError says what a user does about an export that failed; flag is the one that gives the name.
func exportError(flag, model string, err error) error {
	var wrong *export.NameError
	var no *export.RefusedError
	switch {
	case errors.As(err, &wrong):
		return usage("--%s: %v", flag, err)
	case errors.As(err, &no):
		return fmt.Errorf("%s cannot be exported: %w", model, err)
	}
	return err
}

// written is a file of an export, with the path that it goes to.
type written struct {
	path string
	data []byte
}

// into are files within a directory.
func into(dir string, files []export.File) (list []written) {
	for _, f := range files {
		list = append(list, written{filepath.Join(dir, f.Name), f.Data})
	}
	return list
}

// exported writes the files of an export, in directories that are made if they are not there, and says what the model takes.
func (c *console) exported(cmd *cobra.Command, files []written, name string, p *export.Printed, asJSON bool) (err error) {
	r := exported{Name: name, Constants: p.Constants, State: p.State, Scratch: p.Scratch, Operations: p.Operations}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
			return err
		}
		if err := c.save(cmd.Context(), f.path, func(w io.Writer) error { _, err := w.Write(f.data); return err }); err != nil {
			return err
		}
		r.Files = append(r.Files, exportedFile{f.path, len(f.data)})
	}
	if asJSON {
		return c.json(r)
	}
	for _, f := range r.Files {
		c.print("%s\n", f.File)
	}
	c.note("constants %d bytes, state %d bytes, scratch memory %d bytes, %.0f operations a step", r.Constants, r.State, r.Scratch, r.Operations)
	return nil
}
