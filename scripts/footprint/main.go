// Command footprint writes docs/footprint.md: what liquid models trained on the built-in data take on microcontrollers, beside a GRU
// of equal accuracy.
//
//	go run ./scripts/footprint > docs/footprint.md
//	go run ./scripts/footprint --costs > export/costs.json
//
// The second fits the costs that an export estimates its cycles by to what presets take on emulators. Both run from the root of the
// repository, and need the compilers and emulators that .ci/run installs.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	costs := flag.Bool("costs", false, "fit export/costs.json instead")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, ".", *costs); err != nil {
		fmt.Fprintln(os.Stderr, "error: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, root string, costs bool) error {
	if name := missing(); name != "" {
		return fmt.Errorf("no %s on this machine; .ci/run installs it", name)
	}
	l, err := newLab(root)
	if err != nil {
		return err
	}
	defer l.close()
	if costs {
		return l.fit(ctx, w)
	}
	r, err := l.measure(ctx)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, r.text())
	return err
}
