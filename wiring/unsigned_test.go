package wiring

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestUnsigned: where nobody knows the polarities no count, no drawing and no file claims one.
func TestUnsigned(t *testing.T) {
	w, err := FromMatrix([][]int8{{0, 0, 0}, {1, -1, 0}, {0, 1, 0}}, [][]int8{{0, 0, 1}, {0, 0, -1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	u := w.Unsigned()
	if !w.Signed() || u.Signed() {
		t.Errorf("signed: %v before and %v after Unsigned", w.Signed(), u.Signed())
	}
	if w.Sensory()[1].Polarity != -1 {
		t.Error("Unsigned changed the wiring it was called on")
	}
	want := []Count{{From: Sensory, To: Inter, Unknown: 2}, {From: Inter, To: Command, Unknown: 1},
		{From: Command, To: Command, Unknown: 1}, {From: Command, To: Motor, Unknown: 1}}
	if got := u.Counts(); !reflect.DeepEqual(got, want) {
		t.Errorf("counts %+v\nwant   %+v", got, want)
	}
	text, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	var read Wiring
	if err := json.Unmarshal(text, &read); err != nil || read.Signed() || read.Hash() != u.Hash() {
		t.Errorf("read back from %s: signed %v, %v", text, read.Signed(), err)
	}
	var svg strings.Builder
	if err := u.SVG(&svg, DrawOptions{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(svg.String(), "synapses 5, polarity not known") {
		t.Error("the legend of the drawing does not say that the polarity is not known")
	}
	for _, word := range []string{"excitatory", excitatoryColour} {
		if strings.Contains(svg.String(), word) {
			t.Errorf("the drawing holds %s", word)
		}
	}
}
