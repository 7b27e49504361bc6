package drift

import "testing"

// BenchmarkUpdate is one value: of a stream with a drift every 700 values, and of one without, in which ADWIN's window grows.
func BenchmarkUpdate(b *testing.B) {
	for _, e := range registry {
		for _, c := range []struct {
			name string
			n    int
		}{{"drifting", 1 << 13}, {"stationary", 1 << 9}} {
			b.Run(e.Name+"/"+c.name, func(b *testing.B) {
				d := begin(b, e.Method)
				xs := stream(e.Binary, c.n)
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if _, err := d.Update(xs[i&(c.n-1)], 0); err != nil {
						b.Fatal(err)
					}
					i++
				}
			})
		}
	}
}

// BenchmarkSnapshot writes and reads one.
func BenchmarkSnapshot(b *testing.B) {
	for _, e := range registry {
		b.Run(e.Name, func(b *testing.B) {
			d := begin(b, e.Method)
			for _, x := range stream(e.Binary, 500) {
				d.Update(x, 0)
			}
			for b.Loop() {
				var again Detector
				if err := again.UnmarshalBinary(snapshot(b, d)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
