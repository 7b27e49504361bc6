package model

import (
	"errors"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/series"
)

func TestImportNamesColumns(t *testing.T) {
	said := NCPS{Mode: "default", Data: Columns{Inputs: []string{"temp", "co2"}, Target: "load", Series: "room",
		Time: "date", TimeKind: series.Calendar, TimeUnit: 60}}
	m, err := ImportNCPS(wiredDict(), said)
	if err != nil {
		t.Fatal(err)
	}
	s := m.Schema()
	want := series.Clock{Column: "date", Kind: series.Calendar, Unit: 60, FirstDT: 1}
	if s.Inputs[0].Name != "temp" || s.Inputs[1].Name != "co2" || s.Target.Name != "load" || s.SeriesColumn != "room" ||
		s.Clock.Column != want.Column || s.Clock.Kind != want.Kind || s.Clock.Unit != want.Unit || s.Clock.FirstDT != want.FirstDT {
		t.Errorf("%+v", s)
	}
	if m, err = ImportNCPS(wiredDict(), NCPS{Mode: "default"}); err != nil || m.Schema().Clock.Kind != series.Index || m.Schema().Inputs[1].Name != "x1" {
		t.Errorf("without names: %+v, %v", m.Schema(), err)
	}
}

func TestImportRefusesColumns(t *testing.T) {
	for _, c := range []struct {
		data  Columns
		words []string
	}{
		{Columns{Inputs: []string{"a"}}, []string{"has 2 inputs, not 1", "--inputs"}},
		{Columns{Inputs: []string{"a", "a"}}, []string{`"a" is named as input and as input`}},
		{Columns{Inputs: []string{"a", "y"}}, []string{`"y" is named as target and as input`}},
		{Columns{Inputs: []string{"a", "b"}, Series: "b"}, []string{`"b" is named as series and as input`}},
		{Columns{Series: "t", Time: "t", TimeKind: series.Elapsed, TimeUnit: 1}, []string{`"t" is named as series and as time`}},
		{Columns{Target: "x0"}, []string{`"x0" is named as target and as input`}},
	} {
		_, err := ImportNCPS(wiredDict(), NCPS{Mode: "default", Data: c.data})
		oneLine(t, err, c.words...)
		var wrong *ContradictionError
		if !errors.As(err, &wrong) {
			t.Errorf("%v is a %T", err, err)
		}
	}
	_, err := ImportNCPS(wiredDict(), NCPS{Mode: "default", Data: Columns{Time: "t"}})
	oneLine(t, err, "does not say", "--time-kind", "--time-unit")
}

func TestContradicts(t *testing.T) {
	pure := wiredDict()
	for l := range 3 {
		pure["rnn_cell.layer_"+string(rune('0'+l))+".w_tau"] = Array{Shape: []int{1}, Data: []float64{1}}
	}
	for _, c := range []struct {
		dict StateDict
		said NCPS
		want string // empty: nothing
	}{
		{ltcDict(), ltcSaid, ""},
		{ltcDict(), NCPS{Mode: "default"}, "--mode: the file holds an LTC"},
		{ltcDict(), NCPS{Outputs: 2}, "--outputs: the file holds an LTC"},
		{cfcDict(), NCPS{Mode: "no_gate", Activation: "silu"}, ""},
		{cfcDict(), NCPS{Mode: "no_gate", Unfolds: 6}, "--unfolds: the file holds a CfC"},
		{cfcDict(), NCPS{Epsilon: 1e-8}, "--epsilon: "},
		{wiredDict(), NCPS{Constraints: "explicit"}, "--constraints: the file holds a wired CfC"},
		{wiredDict(), NCPS{Mode: "default", Activation: "relu"}, "--activation: the file holds a wired CfC"},
		{pure, NCPS{Mode: "default"}, "--mode: the file holds a wired CfC, and its tensors are those of mode pure"},
		{pure, NCPS{Mode: "pure"}, ""},
	} {
		err := c.said.Contradicts(c.dict)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.said, err, c.want)
		}
	}
}
