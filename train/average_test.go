package train

import (
	"context"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// TestAveragesAreNotTrained: the error says why, and what to do instead.
func TestAveragesAreNotTrained(t *testing.T) {
	m, err := model.New(series.Plain(1), model.Recurrent(cell.GRU{Units: 2}))
	if err != nil {
		t.Fatal(err)
	}
	avg, err := model.Average(m, m.Initial(1))
	if err != nil {
		t.Fatal(err)
	}
	s := series.Series{X: []float32{1, 2}, DT: []float32{1, 1}, Y: []float64{0.5, 1}}
	data := Data{Train: dataset.Part{Series: []series.Series{s}, Windows: []dataset.Window{{From: 0, To: 2}}}}
	if _, err := Fit(context.Background(), m, data, Options{Epochs: 1}, Hooks{}); err != nil {
		t.Errorf("a member is not trained: %v", err)
	}
	if _, err := Fit(context.Background(), avg, data, Options{Epochs: 1}, Hooks{}); err == nil || !strings.Contains(err.Error(), "average of 2, whose members are trained one by one") {
		t.Errorf("an average is trained, or refused with %v", err)
	}
}
