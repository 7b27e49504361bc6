//go:build amd64 && !noasm

package kernel

import "unsafe"

// floats sees memory as numbers.
func floats(mem []byte, n int) []float32 {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&mem[0])), n)
}
