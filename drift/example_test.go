package drift_test

import (
	"fmt"
	"math"

	"github.com/elegans-nn/elegans/drift"
)

// The absolute error of a model, one value a minute, doubles after 500 values.
func Example() {
	m, err := drift.Parse("ADWIN delta 0.01")
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := drift.New(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	for minute := range 1000 {
		x := 0.2 + 0.1*math.Sin(float64(minute))
		if minute >= 500 {
			x *= 2
		}
		event, err := d.Update(x, float64(minute))
		if err != nil {
			fmt.Println(err) // a value that is no number; the detector is as it was
			continue
		}
		if event.Level == drift.Drift {
			fmt.Println(event)
		}
	}
	// Output:
	// ADWIN: drift up at value 544, time 543: mean 0.2 before, 0.3869 over the latest 48; statistic 0.1869 > 0.1748
}

func ExampleOptions() {
	for _, e := range drift.Registry() {
		fmt.Printf("%s: %s\n", e.Name, e.Summary)
		for _, o := range drift.Options(e.Method) {
			fmt.Printf("  %s %s (%s)\n", o.Name, o.Default, o.Allowed)
		}
	}
	// Output:
	// ADWIN: two parts of an adaptive window with different means
	//   delta 0.002 (above 0 and below 1)
	//   clock 32 (1 to 1e9, a whole number)
	//   max_buckets 5 (1 to 1000, a whole number)
	//   min_window_length 5 (1 to 1e9, a whole number)
	//   grace_period 10 (1 to 1e9, a whole number)
	// KSWIN: latest values against older ones by a Kolmogorov-Smirnov test
	//   alpha 0.005 (above 0 and below 1)
	//   window_size 100 (2 to 100000, a whole number)
	//   stat_size 30 (1 to 10000, a whole number)
	//   seed 0 (0 to 18446744073709551615, a whole number)
	// PageHinkley: cumulative distance from the running mean
	//   min_instances 30 (1 to 1e9, a whole number)
	//   delta 0.005 (above 0 and up to 1e100)
	//   threshold 50 (above 0 and up to 1e100)
	//   alpha 0.9999 (above 0 and up to 1)
	//   mode both (both, up, down)
	// DDM: rate of errors against its minimum
	//   warm_start 30 (1 to 1e9, a whole number)
	//   warning_threshold 2 (above 0 and up to 1000)
	//   drift_threshold 3 (above 0 and up to 1000)
}

func ExampleDetector_MarshalBinary() {
	d, _ := drift.New(drift.DDM{})
	for i := range 100 {
		d.Update(float64(i%4/3), float64(i)) // one error in four
	}
	data, err := d.MarshalBinary()
	if err != nil {
		fmt.Println(err)
		return
	}
	var restored drift.Detector
	if err := restored.UnmarshalBinary(data); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(restored.Name(), restored.Count(), drift.Format(restored.Method()))
	// Output:
	// DDM 100 DDM warm_start 30 warning_threshold 2 drift_threshold 3
}
