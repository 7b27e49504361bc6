//go:build !amd64 || noasm

package kernel

func (r *Rows) vector(_, _, _ []float32) bool { return false }

func (f *Influence) vector(_, _, _ []float32) bool { return false }
