package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan(c *console) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:     "man --dir DIR",
		Short:   "Write the man pages",
		Long:    "Write one man page for every command into a directory, which is made if it does not exist.",
		Example: "  elegans man --dir man/man1\n  man -M man elegans-data-audit",
		Args:    takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return usage("--dir is missing: the directory for the pages; write: elegans man --dir man/man1")
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("cannot make %s: %w", dir, plainly(err))
			}
			// The date is that of the source, so that equal sources give equal pages.
			date, err := time.Parse(time.RFC3339, build().Time)
			if err != nil {
				date = time.Unix(0, 0)
			}
			header := &doc.GenManHeader{Section: "1", Source: "elegans " + version, Manual: "elegans", Date: &date}
			if err := doc.GenManTree(cmd.Root(), header, dir); err != nil {
				return fmt.Errorf("cannot write man pages to %s: %w", dir, plainly(err))
			}
			pages, err := filepath.Glob(filepath.Join(dir, "elegans*.1"))
			if err != nil {
				return err
			}
			c.note("%d man pages written to %s", len(pages), dir)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "`DIR` for the pages; needed")
	return cmd
}
