package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version of the program. It is a constant and not read from the build, because model files carry it and equal runs must
// give equal files whether the program was built or run from source.
const version = "0.1.0"

// builtFrom is what the Go command notes in a binary.
type builtFrom struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified"`
}

func newVersion(c *console) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Print the version of the program, of Go, and the revision of the source where the build noted it.",
		Example: "  elegans version\n  elegans version --json",
		Args:    takes(),
		RunE: func(*cobra.Command, []string) error {
			b := build()
			if asJSON {
				return c.json(b)
			}
			c.print("elegans %s, %s, %s\n", b.Version, b.Go, b.Platform)
			if b.Revision != "" {
				modified := ""
				if b.Modified {
					modified = ", modified"
				}
				c.print("revision %s of %s%s\n", b.Revision, b.Time, modified)
			}
			return nil
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func build() builtFrom {
	b := builtFrom{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
