package kernel

// Weave brings rows of eight series side by side: dst[t·step + c·lanes + l] = src[l][t·width + c] for the times t, the
// components c < width and l < 8.
func Weave(dst []float32, step, lanes int, src *[vector][]float32, width, times int) {
	if width < 1 || times < 1 {
		return
	}
	for _, s := range src {
		need(s, times*width)
	}
	need(dst, (times-1)*step+(width-1)*lanes+vector)
	if step < 0 || lanes < 0 {
		panic("kernel: a step backwards")
	}
	if weaveVectors(dst, step, lanes, src, width, times) {
		return
	}
	for l, s := range src {
		for t := range times {
			at := t*step + l
			for _, v := range s[t*width:][:width] {
				dst[at] = v
				at += lanes
			}
		}
	}
}
