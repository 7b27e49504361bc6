//go:build generate

package kernel

// plain is empty for the generator that fills it, so that it can be built whatever it wrote before.
var plain map[string]Fused
