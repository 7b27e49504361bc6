package train

import (
	"testing"

	"github.com/elegans-nn/elegans/series"
)

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
		got := c.o.For(series.Target{Task: series.Classify}, c.windows)
		if got.Batch != c.batch || got.Epochs != c.epochs || got.Patience != c.patient {
			t.Errorf("%d windows, %+v: batch %d, %d epochs, patience %d; want %d, %d, %d", c.windows, c.o, got.Batch, got.Epochs, got.Patience, c.batch, c.epochs, c.patient)
		}
	}
}

func TestForTasks(t *testing.T) {
	class, value := Options{}.For(series.Target{Task: series.Classify}, 50), Options{}.For(series.Target{Task: series.Regress}, 50)
	if class.LearningRate != 0.01 || value.LearningRate != 0.02 {
		t.Errorf("learning rates %g and %g, want 0.01 for a class and 0.02 for a number", class.LearningRate, value.LearningRate)
	}
	if given := (Options{LearningRate: 0.3}).For(series.Target{Task: series.Regress}, 50); given.LearningRate != 0.3 {
		t.Errorf("a learning rate of 0.3 became %g", given.LearningRate)
	}
}
