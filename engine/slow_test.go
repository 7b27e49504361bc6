package engine

import (
	"testing"

	"github.com/elegans-nn/elegans/engine/internal/kernel"
	"github.com/elegans-nn/elegans/step"
)

// An operation in a chain that has no kernel of its own runs in assembly, whatever its operands are and however many lanes
// there are; plain Go is left what repeats an operand for an operation that takes full ones only.
func TestEveryOperationRunsInAssembly(t *testing.T) {
	if !kernel.Accelerated {
		return
	}
	counted := 0
	for op := range step.Op(step.Ops) {
		if !op.Elementwise() {
			continue
		}
		n := op.Row().Arity
		kinds := 1
		for range n {
			kinds *= 4
		}
		for code := range kinds {
			c := &chain{rows: 3, ops: []chainOp{{op: op}}, out: []int{0}}
			for k := range n {
				c.in = append(c.in, chainIn{node: k, kind: "fulk"[code>>(2*k)&3]})
				c.ops[0].args = append(c.ops[0].args, -1-k)
			}
			if !possible(c.in) {
				continue
			}
			for _, lanes := range []int{1, 5, 8, 32} {
				as := assembler{chain: c, lanes: lanes, stored: map[int]int{0: n}, last: c.lastUse(), filled: map[int]int{}}
				as.op(0)
				if !inAssembly(op, as.code[len(as.code)-1], lanes) {
					t.Errorf("%s in %d lanes runs in plain Go", c.text(), lanes)
				}
				counted++
			}
		}
	}
	if counted < 2000 {
		t.Errorf("%d cases only", counted)
	}
}

// inAssembly tells whether what an instruction calls is no plain Go.
func inAssembly(op step.Op, in instr, lanes int) bool {
	kinds := make([]byte, len(in.args))
	for k, a := range in.args {
		switch {
		case in.byRow && (a.kind == 'u' || a.kind == 'k'):
			kinds[k] = 'k'
		case in.byRow || a.kind == 't':
			kinds[k] = 'f'
		default:
			kinds[k] = a.kind
		}
	}
	if in.byRow {
		lanes = 1
	}
	return kernel.Has(kernel.Alone(op, kinds), lanes)
}

// possible tells whether operands belong to one operation on lanes: one has as many rows, and one differs among lanes.
func possible(in []chainIn) bool {
	rows, differ := false, false
	for _, c := range in {
		rows = rows || c.kind == 'f' || c.kind == 'u'
		differ = differ || c.kind == 'f' || c.kind == 'l'
	}
	return rows && differ
}
