package evidence

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/internal/require"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// shifted is a series whose level jumps in the middle, one row an hour, with its next value as the label.
func shifted(n int) (*model.Model, *series.Series) {
	schema := series.Plain(1)
	schema.Inputs[0].Name, schema.Target.Name = "y", "y"
	schema.Target.AsInput, schema.Target.Horizon, schema.Target.HorizonRows = true, 1, true
	m, err := model.New(schema, model.Liquid(cell.LTC{}, wiring.Auto(8, 1)))
	if err != nil {
		panic(err)
	}
	s := &series.Series{}
	at := func(i int) float64 { return math.Sin(0.9*float64(i)) + 2*math.Round(float64(i)/float64(n)) }
	for i := range n {
		s.X, s.DT, s.Y = append(s.X, float32(at(i))), append(s.DT, 1), append(s.Y, at(i+1))
		s.Time, s.Row = append(s.Time, float64(i)), append(s.Row, i)
	}
	s.Y[n-1] = math.NaN()
	return m.Initial(3), s
}

// Each of what is compared is what it says: last value and frozen by hand, linear and adapting by what they must gain.
func TestFollow(t *testing.T) {
	m, s := shifted(800)
	e, err := follow(m, s, setting{rate: 3e-3})
	if err != nil {
		t.Fatal(err)
	}
	// The label of row i is known at row i+1; that of the last row but one with its prediction.
	var last, frozen float64
	stream := m.Stream()
	for i := range s.Len() - 1 {
		y, err := stream.Step(s.At(i), 1)
		if err != nil {
			t.Fatal(err)
		}
		last += math.Pow(float64(s.X[i])-s.Y[i], 2)
		frozen += math.Pow(float64(y[0])-s.Y[i], 2)
	}
	if e.n != s.Len()-1 || math.Abs(e.sum[2]-last) > 1e-6*last || math.Abs(e.sum[0]-frozen) > 1e-6*frozen {
		t.Errorf("%+v; last value %g, frozen %g", e, last, frozen)
	}
	if e.rmse(1) > 0.7*e.rmse(0) || e.rmse(3) > e.rmse(2) {
		t.Errorf("rmse frozen %g, adapting %g, last %g, linear %g", e.rmse(0), e.rmse(1), e.rmse(2), e.rmse(3))
	}
	best, err := choose(m, []series.Series{*s})
	if err != nil || best == settings[0] {
		t.Errorf("chosen %+v, %v", best, err)
	}
}

// Both sections run in short, and say what is absent where there are no data.
func TestStreamsOfData(t *testing.T) {
	for _, s := range []Section{glucose, drifting} {
		var absent *AbsentError
		if _, err := s.Run(context.Background(), Options{Data: t.TempDir()}); !errors.As(err, &absent) {
			t.Errorf("%s without data: %v", s.Name, err)
		}
	}
	data := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "vix-daily.csv")); err != nil {
		require.Missing(t, "the folder of data is absent: %v", err)
	}
	e, _, err := streams()[2].follow(context.Background(), Options{Data: data, Rows: 200}.filled(), 1)
	if err != nil || e.n < 150 || !(e.rmse(2) > 0 && e.rmse(2) < 10) {
		t.Errorf("VIX: %+v, %v", e, err)
	}
}
