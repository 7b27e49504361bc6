package experiment

import (
	"math"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
)

func TestMismatchNamesTheInnermostSetting(t *testing.T) {
	long := `"` + strings.Repeat("x", 80) + `"`
	for _, c := range []struct{ name, then, now, want string }{
		{"seeds", "2", "3", "made with seeds 2, this run has 3;"},
		{"model", "ltc", "cfc", "made with model ltc, this run has cfc;"},
		{"data", "1f", "2e", "made with other data;"},
		{"options", `{"a":1,"b":{"c":[2],"d":4}}`, `{"a":1,"b":{"c":[2],"d":5}}`, "made with options.b.d 4, this run has 5;"},
		{"schema", `{"x":{"y":1}}`, `{"x":{}}`, "made with schema.x.y 1, this run has none;"},
		{"schema", `{"x":` + long + `}`, `{"x":"s"}`, `made with schema.x another value, this run has "s";`},
	} {
		if got := mismatch(c.name, c.then, c.now).Error(); !strings.Contains(got, c.want) || !strings.Contains(got, "--resume") {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

// line is a series of a target that is to be predicted a row ahead.
func line(name string, y ...float64) series.Series {
	s := series.Series{Name: name, Y: append(append([]float64(nil), y[1:]...), math.NaN())}
	for i, v := range y {
		s.X = append(s.X, float32(v))
		s.DT, s.Time, s.Row = append(s.DT, 1), append(s.Time, float64(i)), append(s.Row, i)
	}
	return s
}

func ahead() series.Schema {
	schema := series.Plain(1)
	schema.Inputs[0].Name = "y"
	schema.Target.Horizon, schema.Target.HorizonRows, schema.Target.AsInput = 1, true, true
	return schema
}

// Skill needs no baseline to be fitted: the last known values are those of the part itself.
func TestPartKnowsLastValues(t *testing.T) {
	p := NewPart(ahead(), []series.Series{line("a", 1, 4, 2, 7), line("b", 3, 3.5)})
	if rows, scored := p.Rows(); rows != 6 || scored != 4 {
		t.Errorf("%d rows, %d scored", rows, scored)
	}
	want := [][]float64{{1, 4, 2, 7}, {3, 3.5}}
	for i := range want {
		for k := range want[i] {
			if p.last[i][k] != want[i][k] {
				t.Errorf("last known values %v, want %v", p.last, want)
			}
		}
	}
	e := metric.NewEvaluator(ahead().Target)
	for i, s := range p.Series {
		rows := make([][]float64, s.Len())
		for k := range rows {
			rows[k] = []float64{float64(s.X[k]) + 1}
		}
		e.Add(s.Y, rows, p.last[i])
	}
	// Errors 2, 3, 4, 0.5 of the prediction and 3, 2, 5, 0.5 of the last value.
	skill, _ := e.Scores().Get("skill")
	rmse := math.Sqrt((4 + 9 + 16 + 0.25) / 4)
	last := math.Sqrt((9 + 4 + 25 + 0.25) / 4)
	if by := []float64{1 - rmse/last, 1 - rmse*rmse/(last*last)}; math.Abs(skill-by[0]) > 1e-12 && math.Abs(skill-by[1]) > 1e-12 {
		t.Errorf("skill %v, want one of %v", skill, by)
	}
}

func TestCutRunsAlongWindowsOnlyWhereTheStateIsReset(t *testing.T) {
	split := &dataset.Split{Schema: ahead(), Train: []series.Series{line("a", 1, 2, 4, 8, 16, 32, 64, 128)},
		Valid: []series.Series{line("b", 1, 2, 3, 4)}, Test: []series.Series{line("c", 5, 4, 3, 2, 1, 0)}}
	for _, c := range []struct {
		name               string
		p                  dataset.Protocol
		train, valid, test int // series that models run along
	}{
		{"carried", dataset.Protocol{Window: 4, TrainStride: 2}, 1, 1, 1},
		{"reset", dataset.Protocol{Window: 4, TrainStride: 2, TestStride: 2, ResetState: true}, 3, 1, 2},
		{"drawn", dataset.Protocol{Window: 2, TrainStride: 1, DrawValid: 0.3, Seed: 1}, 5, 2, 1},
	} {
		parts := Cut(split, c.p)
		if len(parts.Train.Series) != c.train || len(parts.Valid.Series) != c.valid || len(parts.Test.Series) != c.test {
			t.Errorf("%s: %d, %d, %d series; want %d, %d, %d", c.name, len(parts.Train.Series), len(parts.Valid.Series), len(parts.Test.Series), c.train, c.valid, c.test)
		}
		if len(parts.Test.Whole) != 1 || parts.Test.Whole[0].Len() != 6 || parts.Data.ResetState != (c.name != "carried") {
			t.Errorf("%s: reset %v, whole %+v", c.name, parts.Data.ResetState, parts.Test.Whole)
		}
	}
}
