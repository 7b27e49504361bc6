package experiment

import (
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/model"
)

// One decision for a series, by a stack that pools: networks beside it have the same pool. One that reads series from both
// ends is compared and shown like any other, with a word on what the others do not see.
func TestStackedSubjects(t *testing.T) {
	for _, both := range []bool{false, true} {
		s := spec("one label")
		block := model.Block{Residual: true, Norm: model.LayerNorm, Dropout: 0.1, Bidirectional: both}
		s.Architecture = model.Architecture{Layers: []model.Layer{{Cell: cell.CfC{Units: 4}, Block: block}, {Cell: cell.CfC{Units: 4}, Block: block}}, Pool: model.Mean}
		out := executed(t, s, Hooks{})
		for _, e := range out.networks() {
			if got := e.Runs[0].Model.Architecture().Pool; got != model.Mean {
				t.Errorf("%s has pool %s", e.Name, got)
			}
		}
		if warned := strings.Contains(strings.Join(out.Warnings, "\n"), "from both ends"); warned != both {
			t.Errorf("bidirectional %v, and the warnings are %q", both, out.Warnings)
		}
		r := paged(t, out, PageOptions{})
		if len(r.Activity.Neurons) != 4 || len(r.Models[0].Seeds) != 2 {
			t.Errorf("the page shows %d neurons and %d seeds", len(r.Activity.Neurons), len(r.Models[0].Seeds))
		}
		if us := out.Subject.Microseconds(s.Split.Test); us > 0 == both {
			t.Errorf("bidirectional %v takes %v µs a row", both, us)
		}
	}
}
