package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/train"
	"github.com/elegans-nn/elegans/wiring"
)

// From a file to a stream: a liquid network of 19 neurons learns when a room is occupied.
func Example() {
	rooms, err := dataset.Open("testdata/rooms.csv", dataset.Roles{Target: "occupied", Time: "date", Series: "room"})
	if err != nil {
		log.Fatal(err)
	}
	split, err := rooms.Split(dataset.SplitOptions{}) // in time: 70 % to train, 15 % to choose by, 15 % to test
	if err != nil {
		log.Fatal(err)
	}
	net, err := model.New(split.Schema, model.Liquid(cell.LTC{}, wiring.Auto(19, 2)))
	if err != nil {
		log.Fatal(err)
	}
	result, err := train.Fit(context.Background(), net, train.DataOf(split, 16), train.Options{Batch: 4}, train.Hooks{})
	if err != nil {
		log.Fatal(err)
	}
	stream := result.Model.Stream() // row by row, without allocation; it carries the state
	right, test := 0, split.Test[0]
	for row, dt := range test.DT {
		p, err := stream.Step(test.At(row), dt) // inputs in raw units, NaN where not observed
		if err != nil {
			log.Fatal(err)
		}
		if (p[1] > 0.5) == (test.Y[row] == 1) {
			right++
		}
	}
	fmt.Printf("room %s: 9 in 10 rows right: %t\n", test.Name, 10*right >= 9*test.Len())
	// Output: room a: 9 in 10 rows right: true
}
