// Command compare turns what scripts/compare-peers recorded into a table in Markdown: what elegans and other libraries took
// for the same work, timed in turns on the same machine.
//
//	go run ./scripts/compare DIR > BENCHMARKS.md
//
// DIR holds sessions, each some minutes long, by the name before the first dot:
//
//	SESSION.elegans.json     elegans bench --json
//	SESSION.elegans2.json    the same with --threads 2, if wanted
//	SESSION.avx2.json        what an elegans kept from AVX-512 printed, and
//	SESSION.plain.json       what an elegans without assembly printed, if wanted
//	SESSION.peers.json       peer_bench.py --json: libraries, which compute a wiring as dense matrices with masks
//	SESSION.jax.txt          what peer_jax.py prints: dense cells and edge lists in JAX
//	SESSION.step.txt         what peer_step prints: one step in plain C
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/compare DIR > BENCHMARKS.md")
		os.Exit(2)
	}
	if err := compare(os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error: "+err.Error())
		os.Exit(1)
	}
}

// compare writes the document for the sessions of a directory.
func compare(w io.Writer, dir string) error {
	r, err := read(dir)
	if err != nil {
		return err
	}
	return r.write(w)
}
