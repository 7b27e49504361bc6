package export

import (
	"testing"

	"github.com/elegans-nn/elegans/step"
)

// TestEveryOperationHasAnONNXRule: and none has two.
func TestEveryOperationHasAnONNXRule(t *testing.T) {
	n := 0
	for op := range step.Op(step.Ops) {
		if row := op.Row(); row.Leaf || row.Adjoint || op == step.OpResult {
			continue
		}
		n++
		if rule, ok := onnxRules[op]; !ok || op.Elementwise() != (rule.each != nil) || (rule.each == nil) == (rule.code == nil) {
			t.Errorf("%v has no rule for ONNX, or the wrong one: element-wise operations have each, others code", op)
		}
	}
	if n != len(onnxRules) {
		t.Errorf("%d operations, %d rules", n, len(onnxRules))
	}
}

// TestEveryOperationHasAGoRule: what can stand in a step can be printed.
func TestEveryOperationHasAGoRule(t *testing.T) {
	helpers := map[string]bool{}
	for _, h := range goHelpers {
		helpers[h.name] = true
	}
	n := 0
	for op := range step.Op(step.Ops) {
		if row := op.Row(); row.Leaf || row.Adjoint || op == step.OpResult {
			continue
		}
		n++
		rule, ok := goRules[op]
		switch {
		case !ok:
			t.Errorf("%v has no rule for Go", op)
		case op.Elementwise() != (rule.code == nil):
			t.Errorf("%v: element-wise operations are expressions, others code", op)
		case rule.helper != "" && !helpers[rule.helper]:
			t.Errorf("%v calls a helper %s, which is none", op, rule.helper)
		}
	}
	if n != len(goRules) {
		t.Errorf("%d operations, %d rules", n, len(goRules))
	}
}
