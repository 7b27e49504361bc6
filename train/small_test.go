package train

import "testing"

func TestForFewWindows(t *testing.T) {
	for _, c := range []struct {
		windows                int
		o                      Options
		batch, epochs, patient int
	}{
		{windows: 1, batch: 4, epochs: 320, patient: 80},
		{windows: 12, batch: 4, epochs: 106, patient: 26},
		{windows: 100, batch: 25, epochs: 80, patient: 20},
		{windows: 254, batch: 32, epochs: 40, patient: 10},
		{windows: 900, batch: 32, epochs: 34, patient: 10},
		{windows: 70000, batch: 32, epochs: 4, patient: 10},
		{windows: 12, o: Options{Batch: 32}, batch: 32, epochs: 320, patient: 80},
		{windows: 12, o: Options{Epochs: 3}, batch: 4, epochs: 3, patient: 10},
		{windows: 12, o: Options{Epochs: 200, Patience: -1}, batch: 4, epochs: 200, patient: -1},
		{windows: 0, batch: 4, epochs: 320, patient: 80},
	} {
		got := c.o.For(c.windows)
		if got.Batch != c.batch || got.Epochs != c.epochs || got.Patience != c.patient {
			t.Errorf("%d windows, %+v: batch %d, %d epochs, patience %d; want %d, %d, %d", c.windows, c.o, got.Batch, got.Epochs, got.Patience, c.batch, c.epochs, c.patient)
		}
	}
}
