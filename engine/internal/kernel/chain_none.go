//go:build generate

package kernel

// presets and plain are empty for the generator that fills them, so that it can be built whatever it wrote before.
var (
	presets []string
	plain   map[string]Fused
)
