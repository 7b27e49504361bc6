package model

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/series"
)

// crowd are models of one schema that differ in everything else: cells, wirings, stacks, pools, front ends, inputs.
func crowd(t testing.TB, s series.Schema) (list []*Model) {
	t.Helper()
	for k, a := range []Architecture{
		{Layers: []Layer{networks["LTC"]}},
		{Layers: []Layer{{Cell: cell.GRU{Units: 4}, Block: postMLP}}, TimeInput: true, Pool: Attention},
		{Layers: []Layer{networks["CfC"], networks["LSTM"]}, Encoder: 4},
	} {
		m := stacked(t, s, a)
		info := m.info
		info.Name, info.Seed, info.Data = "some", uint64(k)+3, "hash"
		list = append(list, moved(m, uint64(k)+20).WithInfo(info))
	}
	return list
}

func joint(t testing.TB, members ...*Model) *Model {
	t.Helper()
	m, err := Average(members...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// asked are all kinds of targets.
func asked() map[string]series.Target {
	return map[string]series.Target{
		"two classes":   {Name: "risk", Task: series.Classify, Classes: []string{"no", "yes"}},
		"three classes": {Name: "kind", Task: series.Classify, Classes: []string{"a", "b", "c"}},
		"a number":      {Name: "load", Task: series.Regress, Mean: 3.5, SD: 2.25},
		"two numbers":   {Name: "both", Task: series.Regress, SD: 1, Outputs: 2, Each: []series.Output{{Name: "u", Mean: 1, SD: 2}, {Name: "v", Mean: -3, SD: 0.5}}},
		"quantiles":     {Name: "load", Task: series.Regress, Mean: -1.5, SD: 0.75, Quantiles: []float64{0.1, 0.5, 0.9}},
		"a Gaussian":    {Name: "load", Task: series.Regress, Mean: 3.5, SD: 2.25, Gaussian: true},
	}
}

// mixed is the mean of what members predict, in double precision; of Gaussians it is the mixture's mean and deviation.
func mixed(rows [][]float64, gaussian bool) []float64 {
	y := make([]float64, len(rows[0]))
	for _, p := range rows {
		for i, v := range p {
			y[i] += v / float64(len(rows))
		}
	}
	if gaussian { // E[v²] - E[v]², of numbers that are small enough for that
		square := 0.0
		for _, p := range rows {
			square += (p[1]*p[1] + p[0]*p[0]) / float64(len(rows))
		}
		y[1] = math.Sqrt(square - y[0]*y[0])
	}
	return y
}

// TestAverageIsTheMean: every prediction is the mean of those that the members give, and what the loss sees decodes to it.
func TestAverageIsTheMean(t *testing.T) {
	for name, target := range asked() {
		s := rich()
		s.Target = target
		members := crowd(t, s)
		m := joint(t, members...)
		w := walk(s, 25, 6)
		var each [][][]float64
		for _, one := range members {
			each = append(each, widened(ran(t, one, &w, RunOptions{})))
		}
		out, ys := ran(t, m, &w, RunOptions{}), ran(t, m, &w, RunOptions{Output: "y"})
		for row := range out {
			var rows [][]float64
			for k := range each {
				rows = append(rows, each[k][row])
			}
			want := mixed(rows, target.Gaussian)
			near(t, fmt.Sprintf("%s, row %d", name, row), out[row], want)
			near(t, fmt.Sprintf("%s, y of row %d", name, row), ys[row], encoded(target, want))
		}
	}
}

// encoded is what decodes to a prediction.
func encoded(t series.Target, p []float64) []float64 {
	switch {
	case t.Task == series.Classify && len(t.Classes) == 2:
		return []float64{math.Log(p[1] / p[0])}
	case t.Task == series.Classify:
		return each(p, func(_ int, v float64) float64 { return math.Log(v) })
	case t.Gaussian:
		return []float64{(p[0] - t.Mean) / t.SD, math.Log(p[1] / t.SD)}
	case len(t.Each) > 0:
		return each(p, func(i int, v float64) float64 { return (v - t.Each[i].Mean) / t.Each[i].SD })
	}
	return each(p, func(_ int, v float64) float64 { return (v - t.Mean) / t.SD })
}

// TestAverageOfOneModel: a model averaged with itself is that model.
func TestAverageOfOneModel(t *testing.T) {
	s := rich()
	w := walk(s, 12, 3)
	for _, m := range crowd(t, s) {
		out := ran(t, joint(t, m, m, m), &w, RunOptions{})
		for row, y := range widened(ran(t, m, &w, RunOptions{})) {
			near(t, fmt.Sprint("row ", row), out[row], y)
		}
	}
}

// TestAverageOfTheSure: probabilities that single precision calls 0 and 1 leave no infinity, and small ones keep their digits.
func TestAverageOfTheSure(t *testing.T) {
	s := series.Plain(2)
	w := walk(s, 3, 3)
	for _, c := range []struct {
		classes int
		logit   float32
		want    float64
	}{{2, 40, 40}, {2, -40, -40}, {2, 500, 69.07755}, {2, -500, -69.07755}, {3, 500, 0}} {
		s.Target = series.Target{Name: "k", Task: series.Classify, Classes: []string{"a", "b", "c"}[:c.classes]}
		m, err := Architecture{Layers: []Layer{Recurrent(cell.GRU{Units: 2})}}.Model(s)
		if err != nil {
			t.Fatal(err)
		}
		theta := make([]float32, m.Parameters())
		theta[len(theta)-s.Target.Width()] = c.logit // the readout's first bias
		m = m.With(theta)
		for row, y := range ran(t, joint(t, m, m), &w, RunOptions{Output: "y"}) {
			if d := math.Abs(float64(y[0]) - c.want); !(d <= 1e-4) {
				t.Errorf("%d classes, logit %v, row %d: %v, want %v", c.classes, c.logit, row, y, c.want)
			}
		}
	}
}

// TestAverageIsOneModel: parameters and FLOPs are those of the members together; it streams, is cut in two and survives its
// file to the bit, and says of what it is made.
func TestAverageIsOneModel(t *testing.T) {
	for name, s := range map[string]series.Schema{"rich": rich(), "plain": series.Plain(3)} {
		members := crowd(t, s)
		m := joint(t, members...)
		parameters, flops, synapses := 0, 0.0, 0
		for _, one := range members {
			parameters, flops, synapses = parameters+one.Parameters(), flops+one.program.FLOPs(), synapses+one.Synapses()
		}
		if m.Parameters() != parameters || m.Synapses() != synapses {
			t.Errorf("%s: %d parameters and %d synapses, of members %d and %d", name, m.Parameters(), m.Synapses(), parameters, synapses)
		}
		// A plain schema has no operation before the layers nor behind the readout, and the mean of three takes three.
		if got := m.program.FLOPs(); name == "plain" && got != flops+3 {
			t.Errorf("%v FLOPs, of members %v", got, flops)
		}
		w := walk(s, 23, 9)
		again := causal(t, name, m, &w)
		if !bytes.Equal(written(t, again), written(t, m)) {
			t.Errorf("%s: the file of a loaded average is another one", name)
		}
		for k, info := range again.Members() {
			if info.Seed != uint64(k)+3 {
				t.Errorf("%s: member %d has seed %d", name, k, info.Seed)
			}
		}
		if i := again.Info(); i.Name != "some × 3" || i.Data != "hash" || len(again.Members()) != 3 {
			t.Errorf("%s: it was made of %+v", name, i)
		}
		if !strings.HasPrefix(manifestOf(t, m), `{"format":2,"members":[{"layers":[`) {
			t.Errorf("%s: the manifest is %s", name, manifestOf(t, m))
		}
		seen, err := m.Observe(&w, "layer0.tau")
		alone, failed := members[0].Observe(&w, "layer0.tau")
		if err != nil || failed != nil || fmt.Sprint(seen) != fmt.Sprint(alone) || seen.Probe == nil {
			t.Errorf("%s: the first member shows other states and probes than alone (%v, %v)", name, err, failed)
		}
	}
}

// TestAverageOfGaps: members that take missing values themselves stand beside members that do not, both with held values.
func TestAverageOfGaps(t *testing.T) {
	s := rich()
	for i := range s.Inputs {
		if s.Inputs[i].Missing {
			s.Inputs[i].Hold = true
		}
	}
	members := []*Model{made(t, s, Recurrent(cell.GRUD{Units: 4})), made(t, s, networks["CfC"]), made(t, s, Recurrent(cell.GRUD{Units: 3}))}
	m, w := joint(t, members...), walk(s, 30, 4)
	var alone [][][]float64
	for _, one := range members {
		alone = append(alone, widened(ran(t, one, &w, RunOptions{})))
	}
	for row, y := range ran(t, m, &w, RunOptions{}) {
		near(t, fmt.Sprint("row ", row), y, mixed([][]float64{alone[0][row], alone[1][row], alone[2][row]}, false))
	}
	if row := differs(stepped(t, m.Stream(), &w), ran(t, m, &w, RunOptions{})); row != -1 {
		t.Errorf("the stream differs in row %d", row)
	}
}

// TestAveragesThresholds: the mean of the members' thresholds, 0.5 where none is set.
func TestAveragesThresholds(t *testing.T) {
	m := made(t, rich(), networks["CfC"])
	at := func(threshold float64) *Model {
		c, err := m.WithThreshold(threshold)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for want, members := range map[float64][]*Model{0: {m, m}, 0.375: {m, at(0.25)}, 0.3125: {at(0.125), m, at(0.25), at(0.375)}} {
		if got := joint(t, members...).schema.Target.Threshold; got != want {
			t.Errorf("the threshold is %v, want %v", got, want)
		}
	}
}

func TestWrongAverages(t *testing.T) {
	s := rich()
	m := made(t, s, networks["CfC"])
	other := rich()
	other.Inputs[0].SD *= 2
	both := stacked(t, s, Architecture{Layers: []Layer{networks["CfC"], {Cell: cell.GRU{Units: 3}, Block: Block{Bidirectional: true}}}})
	for _, c := range []struct {
		members []*Model
		words   []string
	}{
		{nil, []string{"0 models", "2 to 64"}},
		{[]*Model{m}, []string{"1 models", "2 to 64"}},
		{slices.Repeat([]*Model{m}, 65), []string{"65 models"}},
		{[]*Model{m, m, made(t, other, networks["CfC"])}, []string{"model 2", "other scales", "same data and split"}},
		{[]*Model{m, both}, []string{"layer 1 of model 1 is bidirectional"}},
		{[]*Model{joint(t, m, m), m}, []string{"model 0 is an average", "members"}},
	} {
		_, err := Average(c.members...)
		oneLine(t, err, c.words...)
	}
	_, err := Architecture{Members: []Architecture{m.arch, m.arch}, Layers: m.arch.Layers}.Model(s)
	oneLine(t, err, "nothing but members")
	_, err = joint(t, m, m).Tensors()
	oneLine(t, err, "an average")
}

// TestAveragesInFiles: what a file says of members is checked as if it were one model.
func TestAveragesInFiles(t *testing.T) {
	s := series.Plain(3)
	m := made(t, s, Recurrent(cell.GRU{Units: 2}))
	data := written(t, joint(t, m, m.Initial(8)))
	for old, c := range map[string][3]string{
		"another size":   {`"units":2`, `"units":3`, "F32"},
		"a wrong size":   {`"units":2`, `"units":-2`, "model 0: layer 0"},
		"one member":     {`},{"layers"`, `}],"members":[{"layers"`, "2 to 64"},
		"a layer beside": {`"format":2,`, `"format":2,"readout":"linear",`, "nothing but members"},
		"an odd member":  {`"readout":"linear"`, `"readout":"nearest"`, "model 0"},
	} {
		wrong(t, old, remade(t, data, func(text string) string { return strings.Replace(text, c[0], c[1], 1) }, nil), c[2])
	}
}
