package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/online/evidence"
)

// onlineDir is the folder of the results of learning while running, in that of --results.
const onlineDir = "online"

// resultsOnline measures the sections that are asked for, and writes the page of all that are kept.
func (c *console) resultsOnline(cmd *cobra.Command, f *resultsFlags) error {
	list := evidence.Sections()
	if f.section != 0 {
		k := slices.IndexFunc(list, func(s evidence.Section) bool { return s.Number == f.section })
		if k < 0 {
			return usage("--section %d: --online has no such section", f.section)
		}
		list = list[k : k+1]
	}
	switch {
	case len(f.tasks) > 0 || f.plan:
		return usage("--online: measures whole sections; leave out --tasks and --plan")
	case f.seeds < 1:
		return usage("--seeds is %d; it must be at least 1", f.seeds)
	}
	if f.out != "-" {
		if err := checkWritable(f.out, ""); err != nil {
			return err
		}
	}
	record := evidence.Record(filepath.Join(f.results, onlineDir))
	if !f.kept {
		if err := c.measureOnline(cmd.Context(), f, record, list); err != nil {
			return err
		}
	}
	if f.json {
		all := map[string]*evidence.Result{}
		for _, s := range list {
			r, err := record.Read(s)
			if err != nil {
				return err
			}
			all[s.Name] = r
		}
		return c.json(all)
	}
	return c.save(cmd.Context(), f.out, func(w io.Writer) error { return evidence.WritePage(w, record) })
}

// measureOnline replaces what is kept of some sections. One that cannot be measured here is told, and the others go on.
func (c *console) measureOnline(ctx context.Context, f *resultsFlags, record evidence.Record, list []evidence.Section) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	p := c.progress("sections", float64(len(list)))
	defer p.end()
	for k, s := range list {
		o := evidence.Options{Seeds: f.seeds, Data: f.data,
			Bench: func(name string, threads int) *exec.Cmd {
				return exec.CommandContext(ctx, program, "bench", "--case", name, "--threads", strconv.Itoa(threads))
			},
			Progress: func(what string, done float64) { p.at(float64(k)+done, what) },
		}
		r, err := s.Run(ctx, o)
		var absent *evidence.AbsentError
		if errors.As(err, &absent) {
			c.note("section %d, %s: not measured: %v", s.Number, s.Title, err)
			continue
		}
		if err != nil {
			return err
		}
		if err := record.Write(s, r); err != nil {
			return err
		}
	}
	return nil
}
