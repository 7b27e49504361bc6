package train

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// long is a task whose windows are cut into segments where memory is little.
func long() Data {
	var list []series.Series
	for k := range 5 {
		list = append(list, leaky(150+7*k, uint64(k)))
	}
	return Data{Train: part(130, 15, list...), Valid: part(0, 0, leaky(60, 40))}
}

func TestMemoryChangesNothing(t *testing.T) {
	for _, layer := range []model.Layer{liquid, closed} {
		m, d := small(t, layer), long()
		o := Options{Epochs: 2, Batch: 4, Memory: 1}
		free := fitted(t, m, d, Options{Epochs: 2, Batch: 4}, Hooks{})
		var e *MemoryError
		if _, err := Fit(context.Background(), m, d, o, Hooks{}); !errors.As(err, &e) {
			t.Fatalf("one byte is enough: %v", err)
		}
		if err := CheckMemory(m, d, o); err == nil || err.Error() != e.Error() {
			t.Errorf("the check says %v, the run %v", err, e)
		}
		if text := e.Error(); !strings.Contains(text, fmt.Sprint("at least ", e.Need, ";")) || e.Windows != 4 || e.Rows != 130 {
			t.Errorf("%q, %+v", text, e)
		}
		if o.Memory = e.Need - 1; CheckMemory(m, d, o) == nil {
			t.Errorf("%d bytes are enough, of which %d are the least", o.Memory, e.Need)
		}
		for _, o.Memory = range []int{e.Need, e.Need * 3 / 2} {
			if err := CheckMemory(m, d, o); err != nil {
				t.Error(err)
			}
			if !same(free, fitted(t, m, d, o, Hooks{})) {
				t.Errorf("within %d bytes training ends differently", o.Memory)
			}
		}
	}
	if err := (Options{Memory: -1}).Check(); err == nil {
		t.Error("less than no memory is accepted")
	}
}
