package suite

import (
	"math"
	"time"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

var trafficHour = Task{
	Name: "traffic", Title: "Traffic on the I-94, one hour ahead",
	Protocol: "first row of every distinct hour, 40,575 rows; the volume at row j from rows j-24 to j-1; divided by j: training 24 to 28401, validation " +
		"28402 to 32459, test 32460 to 40574; volume, weather, holiday and hours since the row before, and of the next row its calendar, holiday, hours until it and " +
		"the volume 168 h before it; z-scores of rows 0 to 28401; RMSE in vehicles an hour; standardised MSE: divided by the variance of rows 0 to 28401",
	Source: builtinSource("traffic"), LastOnly: true, Batch: 64,
	Measures: []Measure{of("rmse"), called(known("mse"), "mse_std", "standardised MSE", standardised), of("mae")}, Goals: []Goal{{"rmse", 220}},
	read: readTraffic,
}

// standardised are values in standard deviations of the training labels.
func standardised(d *Data, e *metric.Evaluator) *metric.Evaluator {
	scaled := func(v float64) float64 { return v / d.Schema.Target.SD }
	return e.Map(scaled, each(scaled))
}

const (
	day      = 24  // hours, and rows of a window
	longest  = 24  // hours that a gap counts at most
	week     = 168 // hours
	fitShare = 0.7
	allShare = 0.8 // with validation
)

// crossing is a row of the traffic data.
type crossing struct {
	at                        time.Time
	hours                     float64 // since the first row
	volume, temp, rain, snow  float64
	clouds, holiday, sinceRow float64
}

func readTraffic(Folder) (*Data, error) {
	b, err := dataset.Lookup("traffic")
	if err != nil {
		return nil, err
	}
	tables, err := b.Tables()
	if err != nil {
		return nil, err
	}
	rows, err := crossings(tables[0])
	if err != nil {
		return nil, err
	}
	n := len(rows)
	fit, chosen := int(fitShare*float64(n)), int(allShare*float64(n))
	d := &Data{Schema: trafficSchema(rows[:fit])}
	s := trafficSeries(rows)
	for _, part := range []struct {
		into     *dataset.Part
		from, to int // targets
	}{{&d.Train, day, fit}, {&d.Valid, fit, chosen}, {&d.Test, chosen, n}} {
		own := []series.Series{s.Span(part.from-day, part.to-1)}
		*part.into = dataset.Part{Series: own, Windows: dataset.LastOnly(own, dataset.FullWindows(own, day, 1))}
	}
	return d, nil
}

// crossings are the first rows of every distinct time, with faults mended: a temperature below 200 K is that of the row
// before, more than 60 mm of rain in an hour is 60, and a holiday is one all day.
func crossings(t *table.Table) (rows []crossing, err error) {
	cell := map[string]*table.Column{}
	for i := range t.Columns {
		cell[t.Columns[i].Name] = &t.Columns[i]
	}
	stamps, holiday := cell["date_time"], cell["holiday"]
	holidays, seen := map[string]bool{}, map[string]bool{}
	for row := range t.Rows {
		if !holiday.Missing(row) && holiday.Cell(row) != "None" {
			holidays[stamps.Cell(row)[:len("2006-01-02")]] = true
		}
	}
	for row := range t.Rows {
		stamp := stamps.Cell(row)
		if seen[stamp] {
			continue
		}
		seen[stamp] = true
		at, err := time.Parse("2006-01-02 15:04", stamp[:len("2006-01-02 15:04")])
		if err != nil {
			return nil, &table.DataError{Source: t.Source, Column: "date_time", Msg: err.Error()}
		}
		c := crossing{at: at, volume: cell["traffic_volume"].Num[row], temp: cell["temp"].Num[row],
			rain: math.Log1p(math.Min(cell["rain_1h"].Num[row], 60)), snow: math.Log1p(cell["snow_1h"].Num[row]), clouds: cell["clouds_all"].Num[row], sinceRow: 1}
		if holidays[stamp[:len("2006-01-02")]] {
			c.holiday = 1
		}
		if n := len(rows); n > 0 {
			c.hours = at.Sub(rows[0].at).Hours()
			c.sinceRow = math.Min(c.hours-rows[n-1].hours, longest)
			if c.temp < 200 {
				c.temp = rows[n-1].temp
			}
		}
		rows = append(rows, c)
	}
	return rows, nil
}

func trafficSchema(training []crossing) series.Schema {
	var volume, temp []float64
	for _, c := range training {
		volume, temp = append(volume, c.volume), append(temp, c.temp)
	}
	before := number("volume a week before the next row", volume)
	before.Missing, before.Mask = true, true
	v := number("volume", volume)
	return series.Schema{
		Inputs: []series.Input{v, number("temperature", temp), unit("log rain", 1), unit("log snow", 1), unit("clouds", 100), unit("holiday", 1),
			unit("hours since", longest), unit("next hour_sin", 1), unit("next hour_cos", 1), unit("next weekday_sin", 1), unit("next weekday_cos", 1),
			unit("next holiday", 1), unit("hours until", longest), before},
		Target: series.Target{Name: "volume", Task: series.Regress, Mean: v.Mean, SD: v.SD, Horizon: 1, HorizonRows: true, AsInput: true},
		Clock:  series.Clock{Kind: series.Calendar, Column: "date_time", Unit: 3600, FirstDT: 1},
	}
}

// trafficSeries are all rows with what is known at each, and the next row's volume as the label.
func trafficSeries(rows []crossing) (s series.Series) {
	at := map[float64]float64{}
	for _, c := range rows {
		at[c.hours] = c.volume
	}
	for i, c := range rows {
		next := rows[min(i+1, len(rows)-1)]
		hour := 2 * math.Pi * float64(next.at.Hour()) / 24
		weekday := 2 * math.Pi * (float64((next.at.Weekday()+6)%7) + float64(next.at.Hour())/24) / 7
		before, known := at[next.hours-week]
		if !known {
			before = nan
		}
		for _, v := range []float64{c.volume, c.temp, c.rain, c.snow, c.clouds, c.holiday, c.sinceRow, math.Sin(hour), math.Cos(hour),
			math.Sin(weekday), math.Cos(weekday), next.holiday, next.sinceRow, before} {
			s.X = append(s.X, float32(v))
		}
		s.DT, s.Row = append(s.DT, float32(c.sinceRow)), append(s.Row, i)
		s.Time = append(s.Time, float64(c.at.Unix()))
		y := nan
		if i+1 < len(rows) {
			y = next.volume
		}
		s.Y = append(s.Y, y)
	}
	return s
}
