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

// TestEveryOperationHasRulesOfLanguages: what can stand in a step can be printed in C and in Go.
func TestEveryOperationHasRulesOfLanguages(t *testing.T) {
	names := map[*syntax]map[string]bool{syntaxOfC: {}, syntaxOfGo: {}}
	for _, h := range helpers {
		names[syntaxOfC][h.name] = true
	}
	for _, h := range goHelpers {
		names[syntaxOfGo][h.name] = true
	}
	n := 0
	for op := range step.Op(step.Ops) {
		if row := op.Row(); row.Leaf || row.Adjoint || op == step.OpResult {
			continue
		}
		n++
		for s, known := range names {
			rule, ok := s.rules[op]
			switch {
			case op.Elementwise() != ok || ok == (structured[op] != nil):
				t.Errorf("%v has no rule, or the wrong one: element-wise operations are expressions, others code", op)
			case rule.helper != "" && !known[rule.helper]:
				t.Errorf("%v calls a helper %s, which is none", op, rule.helper)
			}
		}
	}
	for s := range names {
		if n != len(s.rules)+len(structured) {
			t.Errorf("%d operations, %d rules", n, len(s.rules)+len(structured))
		}
	}
}
