//go:build !amd64 || noasm

package bench

const vectors = false

func fusedMultiplyAdd(int) { panic("bench: no assembly") }

func wideCases() []Case { return nil }
