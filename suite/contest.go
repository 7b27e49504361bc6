package suite

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/train"
)

// epochs are the passes over the training part that a task gets: what two cores can do for all tasks in three hours.
var epochs = map[string]int{
	"occupancy": 12, "occupancy-paper": 12, "occupancy-leaky": 12, "ozone": 20, "ozone-leaky": 40, "ozone-paper": 40, "traffic": 10, "traffic-leaky": 8, "traffic-paper": 8, "cheetah": 50,
	"cheetah-clip": 50, "smnist": 8, "xor": 20, "xor-no-dt": 20, "physionet": 6, "physionet-events": 5, "vowels": 80, "motions": 80, "digits": 25, "lidar": 15,
	"lidar-ncps": 15, "cmapss": 10, "cmapss-history": 10, "cgm": 7,
}

// Contest is the comparison of models on the task's data, as package experiment runs it. What options leave open is the
// task's: epochs, windows a step, loss, weights and curriculum; training does not stop early.
func (t *Task) Contest(d *Data, models []experiment.Contestant, o train.Options) experiment.ContestSpec {
	o.Epochs, o.Batch, o.Patience = cmp.Or(o.Epochs, epochs[t.Name]), cmp.Or(o.Batch, t.Batch), cmp.Or(o.Patience, -1)
	o.Curriculum = cmp.Or(o.Curriculum, d.Options.Curriculum)
	if o.Loss == "" {
		o.Loss = d.Options.Loss
	}
	if len(o.ClassWeights) == 0 && !o.Balance {
		o.ClassWeights = d.Options.ClassWeights
	}
	if len(o.OutputWeights) == 0 {
		o.OutputWeights = d.Options.OutputWeights
	}
	spec := experiment.ContestSpec{Schema: d.Schema, Parts: experiment.Windowed(d.Schema, d.Train, d.Valid, d.Test), Models: models, Options: o,
		Threshold: cmp.Or(t.Threshold, experiment.NoThreshold), Info: model.Info{Data: d.Hash(), Protocol: t.Name}}
	for _, m := range t.Measures {
		spec.Measures = append(spec.Measures, m.on(d))
	}
	return spec
}

// simple are the baselines that suit the data and see no labels.
func simple(d *Data) (list []baseline.Baseline) {
	for _, b := range baseline.For(d.Schema) {
		if !b.SeesLabels {
			list = append(list, b)
		}
	}
	return list
}

// Hash identifies the data: their schema with its scalers, and inputs, elapsed times, labels and windows of all parts.
func (d *Data) Hash() string {
	d.once.Do(func() {
		h := sha256.New()
		if err := json.NewEncoder(h).Encode(d.Schema); err != nil {
			panic("suite: a schema that passed its check is not JSON: " + err.Error())
		}
		var word [8]byte
		number := func(v uint64) {
			binary.LittleEndian.PutUint64(word[:], v)
			h.Write(word[:])
		}
		for _, part := range []dataset.Part{d.Train, d.Valid, d.Test} {
			for i := range part.Series {
				s := &part.Series[i]
				number(uint64(s.Len()))
				for _, list := range [][]float32{s.X, s.DT} {
					for _, v := range list {
						number(uint64(math.Float32bits(v)))
					}
				}
				for _, y := range s.Y {
					number(math.Float64bits(y))
				}
			}
			for _, w := range part.Windows {
				for _, v := range []int{w.Series, w.From, w.To, w.Lead} {
					number(uint64(v))
				}
			}
		}
		d.hash = hex.EncodeToString(h.Sum(nil))[:16]
	})
	return d.hash
}
