package model

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/wiring"
)

// drawn is a tensor of generic positive numbers.
func drawn(r *rand.Rand, shape ...int) Array {
	n := 1
	for _, d := range shape {
		n *= d
	}
	a := Array{Shape: shape}
	for range n {
		a.Data = append(a.Data, 0.1+0.8*r.Float64())
	}
	return a
}

// ltcDict is the state dict of an LTC with 3 inputs, 5 units, 2 of them motor, an output mapping and a projection to 4.
func ltcDict() StateDict {
	r := rand.New(rand.NewPCG(4, 5))
	d := StateDict{"fc.weight": drawn(r, 4, 2), "fc.bias": drawn(r, 4)}
	for name, shape := range map[string][]int{"gleak": {5}, "vleak": {5}, "cm": {5}, "w": {5, 5}, "sigma": {5, 5}, "mu": {5, 5},
		"sensory_w": {3, 5}, "sensory_sigma": {3, 5}, "sensory_mu": {3, 5},
		"input_w": {3}, "input_b": {3}, "output_w": {2}, "output_b": {2}} {
		d["rnn_cell."+name] = drawn(r, shape...)
	}
	for prefix, rows := range map[string]int{"": 5, "sensory_": 3} {
		mask, erev := Array{Shape: []int{rows, 5}}, Array{Shape: []int{rows, 5}}
		for k := range rows * 5 {
			v := float64([]int{1, 0, -1, 1}[(k*k+k/3)%4])
			mask.Data, erev.Data = append(mask.Data, math.Abs(v)), append(erev.Data, v)
		}
		d["rnn_cell."+prefix+"sparsity_mask"], d["rnn_cell."+prefix+"erev"] = mask, erev
	}
	return d
}

// cfcDict is that of a CfC with 3 inputs, 4 units and two backbone layers of 6, with dropout between them.
func cfcDict() StateDict {
	r := rand.New(rand.NewPCG(6, 7))
	d := StateDict{"rnn_cell.backbone.0.weight": drawn(r, 6, 7), "rnn_cell.backbone.0.bias": drawn(r, 6),
		"rnn_cell.backbone.3.weight": drawn(r, 6, 6), "rnn_cell.backbone.3.bias": drawn(r, 6)}
	for _, name := range []string{"ff1", "ff2", "time_a", "time_b"} {
		d["rnn_cell."+name+".weight"], d["rnn_cell."+name+".bias"] = drawn(r, 4, 6), drawn(r, 4)
	}
	return d
}

// wiredDict is that of a wired CfC with 2 inputs and layers of 3, 2 and 1 neurons, with mixed memory.
func wiredDict() StateDict {
	r := rand.New(rand.NewPCG(8, 9))
	d := StateDict{"lstm.input_map.weight": drawn(r, 24, 2), "lstm.input_map.bias": drawn(r, 24), "lstm.recurrent_map.weight": drawn(r, 24, 6)}
	in := 2
	for l, n := range []int{3, 2, 1} {
		prefix := fmt.Sprintf("rnn_cell.layer_%d.", l)
		mask := Array{Shape: []int{n, in + n}}
		for k := range n * (in + n) {
			v := 1.0
			if k%(in+n) < in && (k+l)%3 == 0 {
				v = 0
			}
			mask.Data = append(mask.Data, v)
		}
		d[prefix+"sparsity_mask"] = mask
		for _, name := range []string{"ff1", "ff2", "time_a", "time_b"} {
			d[prefix+name+".weight"], d[prefix+name+".bias"] = drawn(r, n, in+n), drawn(r, n)
		}
		in = n
	}
	return d
}

var ltcSaid = NCPS{Unfolds: 3, Epsilon: 1e-8, Constraints: "explicit"}

// What the library computes of an LTC's state dict, written in a few lines of its own arithmetic.
func TestImportedLTCByHand(t *testing.T) {
	d := ltcDict()
	m, err := ImportNCPS(d, ltcSaid)
	if err != nil {
		t.Fatal(err)
	}
	x, dt := []float32{0.3, -0.7, 1.1}, 0.8
	got, err := m.Stream().Step(x, float32(dt))
	if err != nil {
		t.Fatal(err)
	}
	p := func(name string) []float64 { return d["rnn_cell."+name].Data }
	conduct := func(prefix string, from []float64, to int) (g, i float64) {
		for j, v := range from {
			k := j*5 + to
			a := p(prefix + "w")[k] * p(prefix + "sparsity_mask")[k] / (1 + math.Exp(-p(prefix + "sigma")[k]*(v-p(prefix + "mu")[k])))
			g, i = g+a, i+a*p(prefix + "erev")[k]
		}
		return g, i
	}
	u, v := make([]float64, 3), make([]float64, 5)
	for j := range u {
		u[j] = float64(x[j])*p("input_w")[j] + p("input_b")[j]
	}
	for range 3 {
		next := make([]float64, 5)
		for i := range next {
			g0, i0 := conduct("sensory_", u, i)
			g1, i1 := conduct("", v, i)
			c := p("cm")[i] / (dt / 3)
			next[i] = (c*v[i] + p("gleak")[i]*p("vleak")[i] + i0 + i1) / (c + p("gleak")[i] + g0 + g1 + 1e-8)
		}
		v = next
	}
	for k := range 4 {
		want := d["fc.bias"].Data[k]
		for o := range 2 {
			want += d["fc.weight"].Data[2*k+o] * (v[o]*p("output_w")[o] + p("output_b")[o])
		}
		if math.Abs(float64(got[k])-want) > 1e-5 {
			t.Errorf("output %d is %v, want %v", k, got[k], want)
		}
	}
}

func TestImportAsksForWhatIsMissing(t *testing.T) {
	without := ltcDict()
	delete(without, "rnn_cell.output_w")
	delete(without, "rnn_cell.output_b")
	for _, c := range []struct {
		dict  StateDict
		words []string
	}{
		{without, []string{"does not say", "--unfolds", "--epsilon", "--constraints", "--outputs"}},
		{cfcDict(), []string{"--mode", "--activation"}},
		{wiredDict(), []string{"--mode"}},
	} {
		_, err := ImportNCPS(c.dict, NCPS{})
		oneLine(t, err, c.words...)
	}
	_, err := ImportNCPS(ltcDict(), NCPS{})
	if err == nil || strings.Contains(err.Error(), "--outputs") || strings.Contains(err.Error(), "--mode") {
		t.Errorf("the error %v asks for what the file says, or for what an LTC does not have", err)
	}
	_, err = ImportNCPS(cfcDict(), NCPS{Mode: "slow", Activation: "tanh"})
	oneLine(t, err, `"slow"`, "no_gate")
	_, err = ImportNCPS(cfcDict(), NCPS{Mode: "default", Activation: "step"})
	oneLine(t, err, `"step"`, "lecun_tanh")
}

func TestImportOfForeignDicts(t *testing.T) {
	for _, d := range []StateDict{nil, {}, {"lstm.weight_ih_l0": Array{Shape: []int{1}, Data: []float64{1}}},
		{"a": {}, "b": {}, "c": {}, "d": {}, "e": {}, "f": {}, "g": {}}} {
		_, err := ImportNCPS(d, ltcSaid)
		oneLine(t, err, "not a state dict of ncps", "rnn_cell.gleak")
	}
}

// The dict belongs to the caller, and an import gives the same model twice.
func TestImportLeavesTheDict(t *testing.T) {
	for name, c := range imports() {
		before := maps.Clone(c.dict)
		a, err := ImportNCPS(c.dict, c.said)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(c.dict))) {
			t.Errorf("%s: the import changed the dict", name)
		}
		b, err := ImportNCPS(c.dict, c.said)
		if err != nil || !slices.Equal(a.theta, b.theta) {
			t.Errorf("%s: a second import gives another model (%v)", name, err)
		}
	}
}

func TestImportRecoversTheWiring(t *testing.T) {
	m, err := ImportNCPS(wiredDict(), NCPS{Mode: "default"})
	if err != nil {
		t.Fatal(err)
	}
	w := m.Wirings()[0]
	if got, want := fmt.Sprint(w.Layers()), "[[3 4 5] [1 2] [0]]"; got != want {
		t.Errorf("the layers are %s, want %s: the last has the lowest ids", got, want)
	}
	// By hand from the masks: columns before the layer's own, 0 where (k + layer) % 3 == 0.
	sensory, inner := w.Synapses()
	if sensory != 4 || inner != 4+1 {
		t.Errorf("%d sensory and %d inner synapses, want 4 and 5", sensory, inner)
	}
	if w.Role(0) != wiring.Motor || w.Role(1) != wiring.Command || w.Role(3) != wiring.Inter {
		t.Error("the roles are not those of the layers")
	}
}

type imported struct {
	dict StateDict
	said NCPS
}

func imports() map[string]imported {
	return map[string]imported{"LTC": {ltcDict(), ltcSaid}, "CfC": {cfcDict(), NCPS{Mode: "no_gate", Activation: "silu"}}, "wired CfC": {wiredDict(), NCPS{Mode: "default"}}}
}

// Every tensor that a model is made of matters: without it, with another size, or with a value that is not finite, the
// import fails in one line.
func TestImportOfDamagedTensors(t *testing.T) {
	for name, c := range imports() {
		for tensor, a := range c.dict {
			for what, b := range map[string]Array{
				"missing":    {},
				"shorter":    {Shape: a.Shape, Data: a.Data[:len(a.Data)-1]},
				"longer":     {Shape: a.Shape, Data: append(slices.Clone(a.Data), 0.5)},
				"flat":       {Shape: []int{len(a.Data)}, Data: a.Data},
				"transposed": {Shape: reversed(a.Shape), Data: a.Data},
				"negative":   {Shape: []int{-1, -len(a.Data)}, Data: a.Data},
				"NaN":        {Shape: a.Shape, Data: append([]float64{math.NaN()}, a.Data[1:]...)},
				"huge":       {Shape: a.Shape, Data: append([]float64{1e300}, a.Data[1:]...)},
			} {
				d := maps.Clone(c.dict)
				d[tensor] = b
				m, err := ImportNCPS(d, c.said)
				if err != nil {
					oneLine(t, err)
				}
				mask := strings.HasSuffix(tensor, "mask") || strings.HasSuffix(tensor, "erev")
				if m != nil && (what == "missing" || what == "shorter" || what == "longer") && !mask && !optional(tensor) {
					t.Errorf("%s: %s %s is accepted", name, tensor, what)
				}
				if m != nil && slices.ContainsFunc(m.theta, func(v float32) bool { return v != v || math.IsInf(float64(v), 0) }) {
					t.Errorf("%s: %s with %s gives a parameter that is not finite", name, tensor, what)
				}
			}
		}
	}
}

// optional tensors say by their presence what the cell is; without one the file is another cell's.
func optional(tensor string) bool {
	for _, s := range []string{"input_w", "input_b", "output_w", "output_b", "fc.weight", "backbone.3.weight"} {
		if strings.HasSuffix(tensor, s) {
			return true
		}
	}
	return false
}

func reversed(shape []int) []int {
	s := slices.Clone(shape)
	slices.Reverse(s)
	return s
}

func TestTensorsNeedOneReferencedLayer(t *testing.T) {
	s := rich()
	for _, m := range []*Model{made(t, s, networks["CfC"], networks["CfC"]), made(t, s, networks["WiredCfC"])} {
		_, err := m.Tensors()
		oneLine(t, err, "single layer")
	}
	m, err := Reference(Recurrent(cell.GRU{Units: 3}), 2, 4, true)
	if err != nil {
		t.Fatal(err)
	}
	list, err := m.Tensors()
	if err != nil {
		t.Fatal(err)
	}
	values := 0
	for _, q := range list {
		values += len(q.Index)
	}
	if values != m.Parameters() {
		t.Errorf("the tensors hold %d values, the model %d parameters", values, m.Parameters())
	}
}

// FuzzImport spoils the shape and length of one tensor. Nothing may panic, hang or take more memory than the dict allows.
func FuzzImport(f *testing.F) {
	names := map[string][]string{}
	for name, c := range imports() {
		names[name] = slices.Sorted(maps.Keys(c.dict))
	}
	cells := slices.Sorted(maps.Keys(names))
	for cell := range cells {
		for k := range names[cells[cell]] {
			f.Add(uint8(cell), uint8(k), 3, 5, 15, int8(2))
			f.Add(uint8(cell), uint8(k), -4, 1<<30, 7, int8(3))
		}
	}
	f.Fuzz(func(t *testing.T, cell, tensor uint8, rows, columns, length int, dims int8) {
		c := imports()[cells[int(cell)%len(cells)]]
		list := names[cells[int(cell)%len(cells)]]
		a := Array{Data: make([]float64, uint(length)%5000)}
		for k := range a.Data {
			a.Data[k] = float64(k%3) - 0.5
		}
		a.Shape = []int{rows, columns, 2, 0, -1}[:uint8(dims)%6]
		c.dict[list[int(tensor)%len(list)]] = a
		m, err := ImportNCPS(c.dict, c.said)
		if err != nil {
			return
		}
		if _, err := m.Stream().Step(make([]float32, len(m.schema.Inputs)), 1); err != nil {
			t.Fatal(err)
		}
	})
}
