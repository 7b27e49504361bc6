package dataset_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/table"
)

// The built-in data with their own roles and split.
func Example() {
	d, err := dataset.Open("occupancy", dataset.Roles{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := d.Split(d.Builtin.Split)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Train[0].Len(), s.Valid[0].Len(), s.Test[0].Len(), "rows of", s.Schema.Names())
	fmt.Println(d.Audit(s).Rules[0].Form)
	// Output:
	// 8143 2665 9752 rows of [Temperature Humidity Light CO2 HumidityRatio]
	// 1 where Light > 365.125
}

// A file of one's own: what is not said is inferred, and Notes says how.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "rooms")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "rooms.csv")
	text := "date,room,temp,occupied\n" +
		"2021-03-01 10:00,a,20.5,0\n2021-03-01 10:10,a,,1\n2021-03-01 10:20,a,21,1\n2021-03-01 10:50,a,22,0\n2021-03-01 11:00,a,22,1\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	d, err := dataset.Open(path, dataset.Roles{Target: "occupied", Series: "room"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, note := range d.Notes {
		fmt.Println(note)
	}
	s, err := d.Split(dataset.SplitOptions{Valid: -1, Test: 0.2})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Train[0].DT, "of", s.Schema.Clock.Unit, "s")
	// Output:
	// time is read from column "date" (--time NAME chooses another, --time none counts rows)
	// the target "occupied" is taken for a class (--task says otherwise)
	// [1 1 1 3] of 600 s
}

// New data are read by the schema of the model alone.
func ExampleApplyTable() {
	read := func(text string) *table.Table {
		t, err := table.Read(strings.NewReader(text), "rooms.csv", table.Options{})
		if err != nil {
			fmt.Println(err)
		}
		return t
	}
	d, err := dataset.FromTable(read("door,temp,busy\nopen,20,0\nshut,22,1\nopen,21,0\nshut,20,1\n"), dataset.Roles{Target: "busy"})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := d.Split(dataset.SplitOptions{Valid: -1, Test: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	list, applied, err := dataset.ApplyTable(s.Schema, read("temp,door\n19,ajar\n20,shut\n"), dataset.Roles{})
	fmt.Println(list[0].X, applied.Warnings, err)
	_, _, err = dataset.ApplyTable(s.Schema, read("temp,dor\n19,ajar\n"), dataset.Roles{})
	fmt.Println(err)
	// Output:
	// [0 19 2 20] [column "door": 1 rows hold values that the training part did not ("ajar"); they count as level "other"] <nil>
	// rooms.csv column "door": the model reads this column and the data do not have it; rename "dor" if that is it
}

func ExampleWindows() {
	d, err := dataset.Open("ozone", dataset.Roles{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := d.Split(d.Builtin.Split)
	if err != nil {
		fmt.Println(err)
		return
	}
	w := dataset.Windows(s.Train, 500, 400)
	fmt.Println(w)
	// Output:
	// [{0 0 500 0} {0 400 900 0} {0 800 1300 0} {0 1200 1700 0} {0 1600 1773 0}]
}

func ExampleParseHorizon() {
	for _, text := range []string{"0", "30m", "3rows", "2d", "30"} {
		h, err := dataset.ParseHorizon(text)
		fmt.Println(h, err)
	}
	// Output:
	// 0 <nil>
	// 30m0s <nil>
	// 3rows <nil>
	// 2d <nil>
	// 0 --horizon: "30" is no time from 0 up; write 0, a time such as 30m, 2h or 1d, or rows such as 3rows
}
