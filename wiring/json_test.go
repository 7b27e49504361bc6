package wiring

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestJSONRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 300 {
		w := build(t, randomSpec(r), 1+r.IntN(9))
		text, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		var got Wiring
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", w, err)
		}
		if got.Hash() != w.Hash() || got.String() != w.String() {
			t.Fatalf("%s is read back as %s", w, &got)
		}
		again, err := json.Marshal(&got)
		if err != nil || string(again) != string(text) {
			t.Fatalf("%s is written otherwise the second time, %v", w, err)
		}
	}
}

const legal = `{"origin":"Matrix(3, 1)","inputs":2,"units":3,"outputs":1,"layers":[[2],[1],[0]],` +
	`"sensory":[[0,2,1],[1,2,-1]],"inner":[[1,0,1],[1,1,-1],[2,1,1]]}`

// TestJSONForm pins the format, which model files hold.
func TestJSONForm(t *testing.T) {
	w, err := FromMatrix([][]int8{{0, 0, 0}, {1, -1, 0}, {0, 1, 0}}, [][]int8{{0, 0, 1}, {0, 0, -1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(w); err != nil || string(text) != legal {
		t.Errorf("%s, %v\nexpected\n%s", text, err, legal)
	}
	var shuffled Wiring
	text := strings.Replace(legal, `[[1,0,1],[1,1,-1],[2,1,1]]`, `[[2,1,1],[1,1,-1],[1,0,1]]`, 1)
	if err := json.Unmarshal([]byte(text), &shuffled); err != nil || shuffled.Hash() != w.Hash() {
		t.Errorf("another order of synapses gives another wiring, %v", err)
	}
}

func TestJSONErrors(t *testing.T) {
	for _, c := range []struct {
		old, new string
		parts    []string
	}{
		{legal, `null`, []string{"inputs, units or outputs is missing"}},
		{legal, `{}`, []string{"inputs, units or outputs is missing"}},
		{legal, `[1]`, []string{"not the JSON of a wiring"}},
		{`"inputs":2,`, ``, []string{"is missing"}},
		{`"inputs":2`, `"inputs":null`, []string{"is missing"}},
		{`"inputs":2`, `"inputs":2.5`, []string{"not the JSON of a wiring"}},
		{`"inputs":2`, `"inputs":0`, []string{"number of inputs is 0"}},
		{`"inputs":2`, `"inputs":99999999`, []string{"number of inputs is 99999999", "1 to 5592405 with 3 units"}},
		{`"units":3`, `"units":2000000000`, []string{"number of units is 2000000000", "1 to 4096"}},
		{`"units":3`, `"units":-1`, []string{"number of units is -1"}},
		{`"units":3`, `"units":4`, []string{"unit 3 is in none of the 3 layers"}},
		{`"outputs":1`, `"outputs":4`, []string{"number of outputs is 4", "1 to 3"}},
		{`"outputs":1`, `"outputs":2`, []string{"last of 3 layers"}},
		{`[[2],[1],[0]]`, `[[2],[1],[null]]`, []string{"layer 2 has null", "0 to 2"}},
		{`[[2],[1],[0]]`, `[[2],[1]]`, []string{"unit 0 is in none"}},
		{`[[2],[1],[0]]`, `null`, []string{"unit 0 is in none of the 0 layers"}},
		{`[[2],[1],[0]]`, `[[7],[1],[0]]`, []string{"layer 0 has unit 7", "0 to 2"}},
		{`[0,2,1]`, `[2,2,1]`, []string{"sensory synapse 0 comes from 2", "0 to 1"}},
		{`[0,2,1]`, `[-1,2,1]`, []string{"sensory synapse 0 comes from -1"}},
		{`[1,2,-1]`, `[1,3,-1]`, []string{"sensory synapse 1 leads to unit 3", "0 to 2"}},
		{`[1,2,-1]`, `[0,2,-1]`, []string{"sensory synapse from 0 to 2 is there twice"}},
		{`[1,0,1]`, `[1,0,0]`, []string{"inner synapse 0 has polarity 0", "-1 and 1"}},
		{`[1,0,1]`, `[1,0,257]`, []string{"inner synapse 0 has polarity 257"}},
		{`[1,0,1]`, `[1,0]`, []string{"inner synapse 0 is not three numbers"}},
		{`[1,0,1]`, `[1,0,1,1]`, []string{"inner synapse 0 is not three numbers"}},
		{`[1,0,1]`, `[1,null,1]`, []string{"inner synapse 0 is not three numbers"}},
		{`[1,0,1]`, `null`, []string{"inner synapse 0 is not three numbers"}},
		{`[1,0,1]`, `[1,0,"\n"]`, []string{"not the JSON of a wiring"}},
		{`[2,1,1]`, `[1,1,1]`, []string{"inner synapse from 1 to 1 is there twice"}},
		{`"origin":"Matrix(3, 1)",`, ``, []string{`origin "" is not a description`}},
		{`Matrix(3, 1)`, `a\nb`, []string{`origin "a\nb"`, "printable"}},
		{`Matrix(3, 1)`, strings.Repeat("x", 201), []string{"1 to 200 bytes"}},
		{`"origin"`, `"orígin"`, []string{"not the JSON of a wiring", "unknown field"}},
	} {
		text := strings.Replace(legal, c.old, c.new, 1)
		if text == legal {
			t.Fatalf("nothing to replace: %s", c.old)
		}
		before := build(t, Full(2), 1)
		w := *before
		checkLine(t, w.UnmarshalJSON([]byte(text)), c.parts...)
		if w.Hash() != before.Hash() {
			t.Errorf("%s: changed by a failed reading", c.new)
		}
	}
	for _, text := range []string{"", legal[:40], legal + "x", legal + "{}"} {
		checkLine(t, new(Wiring).UnmarshalJSON([]byte(text)), "not the JSON of a wiring")
	}
}

// FuzzUnmarshalJSON looks for texts that panic, or that are read as something that is not read back or cannot be used.
func FuzzUnmarshalJSON(f *testing.F) {
	f.Add([]byte(legal))
	for _, s := range specs {
		w, err := s.Build(3)
		if err != nil {
			f.Fatal(err)
		}
		text, err := json.Marshal(w)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var w Wiring
		if err := w.UnmarshalJSON(text); err != nil {
			checkLine(t, err)
			return
		}
		again, err := json.Marshal(&w)
		if err != nil {
			t.Fatal(err)
		}
		var got Wiring
		if err := json.Unmarshal(again, &got); err != nil || got.Hash() != w.Hash() {
			t.Fatalf("%s is written as %s: %v", text, again, err)
		}
		if w.Inputs()*w.Units() < 1<<12 {
			recount(t, &w)
			checkList(t, w.Inner(), w.Matrix())
			checkList(t, w.Sensory(), w.SensoryMatrix())
		}
	})
}
