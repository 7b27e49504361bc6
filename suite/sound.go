package suite

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/series"
	"gonum.org/v1/gonum/dsp/fourier"
)

// readWAV reads a WAVE file of one channel of 16-bit samples, in [-1, 1).
func readWAV(b []byte, rate int) (samples []float64, err error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, fmt.Errorf("is no WAVE file")
	}
	described := false
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), int(binary.LittleEndian.Uint32(b[4:]))
		b = b[8:]
		chunk := b[:min(size, len(b))]
		switch {
		case name == "fmt " && len(chunk) >= 16:
			kind, channels := binary.LittleEndian.Uint16(chunk), binary.LittleEndian.Uint16(chunk[2:])
			hz, bits := int(binary.LittleEndian.Uint32(chunk[4:])), binary.LittleEndian.Uint16(chunk[14:])
			if kind != 1 || channels != 1 || hz != rate || bits != 16 {
				return nil, fmt.Errorf("holds %d channels of %d bits at %d Hz in format %d; one channel of 16 bits at %d Hz is read", channels, bits, hz, kind, rate)
			}
			described = true
		case name == "data" && described:
			for i := 0; i+1 < len(chunk); i += 2 {
				samples = append(samples, float64(int16(binary.LittleEndian.Uint16(chunk[i:])))/32768)
			}
			return samples, nil
		}
		b = b[min(len(b), size+size%2):]
	}
	return nil, fmt.Errorf("holds no sound")
}

// mel turns sound into logarithms of power in bands of equal width in mel, m = 2595 log10(1 + f / 700 Hz), with triangular
// weights that overlap by half, from 0 to half the rate.
type mel struct {
	frame, hop int
	fft        *fourier.FFT
	window     []float64
	bands      [][]float64 // [band][frequency]
}

// floor is the power that silence is taken to have.
const floor = 1e-8

func newMel(rate, frame, hop, bands int) *mel {
	m := &mel{frame: frame, hop: hop, fft: fourier.NewFFT(frame), window: make([]float64, frame)}
	for i := range m.window { // Hann
		m.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(frame))
	}
	most := 2595 * math.Log10(1+float64(rate)/2/700)
	centre := func(k int) float64 { // of band k, counted from 1
		return 700 * (math.Pow(10, most*float64(k)/float64(bands+1)/2595) - 1)
	}
	for k := 1; k <= bands; k++ {
		weights := make([]float64, frame/2+1)
		low, mid, high := centre(k-1), centre(k), centre(k+1)
		sum := 0.0
		for i := range weights {
			f := float64(i) * float64(rate) / float64(frame)
			weights[i] = math.Max(0, math.Min((f-low)/(mid-low), (high-f)/(high-mid)))
			sum += weights[i]
		}
		if sum == 0 { // narrower than the resolution: the frequency nearest to its centre
			weights[int(math.Round(mid*float64(frame)/float64(rate)))] = 1
		}
		m.bands = append(m.bands, weights)
	}
	return m
}

// series are the frames of a sound, the last one filled up with silence; at least one.
func (m *mel) series(sound []float64) (s series.Series) {
	in, out := make([]float64, m.frame), make([]complex128, m.frame/2+1)
	for from := 0; from == 0 || from+m.frame-m.hop < len(sound); from += m.hop {
		clear(in)
		if from < len(sound) {
			copy(in, sound[from:])
		}
		for i, w := range m.window {
			in[i] *= w
		}
		m.fft.Coefficients(out, in)
		for _, weights := range m.bands {
			power := floor
			for i, w := range weights {
				power += w * (real(out[i])*real(out[i]) + imag(out[i])*imag(out[i])) / float64(m.frame)
			}
			s.X = append(s.X, float32(math.Log(power)))
		}
		s.DT = append(s.DT, 1)
	}
	return s
}
