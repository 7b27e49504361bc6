package suite

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"

	"github.com/elegans-nn/elegans/baseline"
	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/train"
)

// epochs are the passes over the training part that a task gets: what two cores can do for all tasks in three hours.
var epochs = map[string]int{
	"occupancy": 12, "occupancy-paper": 12, "occupancy-leaky": 12, "ozone": 20, "ozone-leaky": 40, "traffic": 10, "traffic-leaky": 12, "cheetah": 50,
	"cheetah-clip": 50, "smnist": 4, "xor": 30, "physionet": 6, "physionet-events": 5, "vowels": 80, "motions": 80, "digits": 25, "lidar": 15,
	"lidar-ncps": 15, "cmapss": 10, "cgm": 7,
}

// Contest is the comparison of models on the task's data, as package experiment runs it. What options leave open is the
// task's: epochs, windows a step, loss and weights; training does not stop early.
func (t *Task) Contest(d *Data, models []experiment.Contestant, o train.Options) experiment.ContestSpec {
	o.Epochs, o.Batch, o.Patience = cmp.Or(o.Epochs, epochs[t.Name]), cmp.Or(o.Batch, t.Batch), cmp.Or(o.Patience, -1)
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

// Contestant is a named model for the data, with the rates of learning that are tried for it. The error is a *cell.UnknownError.
func (d *Data) Contestant(name string) (experiment.Contestant, error) {
	p, err := cell.LookupPreset(name)
	if err != nil {
		return experiment.Contestant{}, err
	}
	layer := model.Layer{Cell: p.Cell}
	if p.Wiring != nil {
		layer.Wiring = p.Wiring(d.Schema.Target.Width())
	}
	return experiment.Contestant{Name: name, Summary: p.Summary, Architecture: model.Architecture{Layers: []model.Layer{layer}}, Rates: Rates(p.Cell)}, nil
}

// Baselines are the simple models that suit the data. One that reads labels of earlier rows does not: a window holds none.
func (d *Data) Baselines() (list []experiment.Contestant) {
	for _, b := range baseline.For(d.Schema) {
		if !b.SeesLabels {
			list = append(list, experiment.Contestant{Name: b.Name, Summary: b.About})
		}
	}
	return list
}

// Rates of learning that are tried for a cell: conductances learn slower than gates at the same rate.
func Rates(c cell.Cell) []float64 {
	switch entry(c) {
	case "LTC", "LRC":
		return []float64{0.005, 0.02}
	}
	return []float64{0.002, 0.008}
}

// KindOf says what stands in a table about an architecture.
func KindOf(a model.Architecture) Kind {
	if len(a.Layers) == 0 {
		return Simple
	}
	switch entry(a.Layers[0].Cell) {
	case "LTC", "CfC", "WiredCfC", "NcpsCfC", "LRC", "LrcSSM", "LinOSS", "DLinOSS", "LiquidS4", "RiccatiSSM":
		return Liquid
	}
	return Recurrent
}

// entry is the registered name of a cell, or of the one that it wraps.
func entry(c cell.Cell) string {
	if w, ok := c.(cell.Wrapper); ok {
		return entry(w.Inner())
	}
	e, err := cell.EntryOf(c)
	if err != nil {
		return ""
	}
	return e.Name
}

// Hash identifies the data: inputs, elapsed times, labels and windows of all parts.
func (d *Data) Hash() string {
	d.once.Do(func() {
		h := sha256.New()
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
