package model_test

import (
	"fmt"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/wiring"
)

// Three sensors share a model; two of them report, at different intervals.
func ExampleStreams_StepMany() {
	m, err := model.New(series.Plain(2), model.Liquid(cell.LTC{}, wiring.Auto(12, 1)))
	if err != nil {
		fmt.Println(err)
		return
	}
	sensors, alone := m.Streams(3), m.Stream()
	y, err := sensors.StepMany([]int{2, 0}, []float32{0.5, -1, 0.1, 0.7}, []float32{1, 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	want, _ := alone.Step([]float32{0.5, -1}, 1)
	fmt.Println(len(y), "predictions; sensor 2 as if alone:", y[0] == want[0])
	_, err = sensors.StepMany([]int{1}, []float32{0.2, 0.3}, []float32{-1})
	fmt.Println(err)
	// Output:
	// 2 predictions; sensor 2 as if alone: true
	// series 1, dt is -1: the elapsed time must be finite and at least 0; sort the rows by time
}
