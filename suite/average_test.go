package suite

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/train"
)

// TestAverages: a trial of an average is the average of single trials of seeds that no other trial has, counts what all of
// them count, and has a key of its own.
func TestAverages(t *testing.T) {
	d, err := short.Read("")
	if err != nil {
		t.Fatal(err)
	}
	one, err := Preset("cfc-small", d.Schema.Target, false, train.Options{LearningRate: 0.01, Epochs: 2, Batch: short.Batch})
	if err != nil {
		t.Fatal(err)
	}
	three := one
	three.Average = 3
	run := func(c Candidate, seed uint64) *Trial {
		r, err := short.Run(context.Background(), d, c, seed, train.Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	got := run(three, 2)
	var members []*model.Model
	parameters, epochs, loss := 0, 0, 0.0
	for seed := uint64(6); seed < 9; seed++ {
		r := run(one, seed)
		members = append(members, r.Fitted)
		parameters, epochs, loss = parameters+r.Parameters, epochs+r.Epochs, loss+float64(r.ValidLoss)/3
	}
	want, err := model.Average(members...)
	if err != nil {
		t.Fatal(err)
	}
	valid, err := Predict(want, d.Valid, 1)
	if err != nil {
		t.Fatal(err)
	}
	if want, err = want.WithThreshold(thresholdFor(valid, short.Threshold)); err != nil {
		t.Fatal(err)
	}
	test, err := short.Measure(want, d, true, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Fitted.Params(), want.Params()) || fmt.Sprint(got.Test) != fmt.Sprint(test) {
		t.Errorf("the average scores %v, that of its members %v", got.Test, test)
	}
	if got.Parameters != parameters || got.FLOPs != want.Program().FLOPs() || got.Epochs != epochs || float64(got.ValidLoss) != loss || got.Average != 3 || got.Options.Seed != 6 {
		t.Errorf("%+v; its members have %d parameters, %d epochs, loss %v", got, parameters, epochs, loss)
	}
	b := &Book{Version: "1"}
	keys := map[string]bool{}
	front := one
	for _, c := range []Candidate{one, three} {
		keys[keyOf(t, b, d, c)] = true
	}
	for _, stride := range []int{4, 5} { // as many windows of the same width either way
		front.Architecture.Front = model.Front{Conv: []model.Conv{{Channels: 2, Kernel: 1, Stride: stride}}}
		keys[keyOf(t, b, d, front)] = true
	}
	if len(keys) != 4 {
		t.Errorf("four candidates have %d keys", len(keys))
	}
}

func keyOf(t *testing.T, b *Book, d *Data, c Candidate) string {
	t.Helper()
	key, err := b.key(&short, d, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
