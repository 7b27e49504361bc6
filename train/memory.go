package train

import (
	"errors"
	"fmt"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/model"
)

// MemoryError says that Options.Memory is too little for a single step.
type MemoryError struct {
	Memory, Need int // bytes
	// Windows of up to so many Rows are a batch.
	Windows, Rows int
}

// Error is one line with the fix, which names the options as `elegans train` does.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("--memory: %d bytes are too little; a batch of %d windows of up to %d rows takes at least %d; allow them, "+
		"or make --batch or --window smaller", e.Memory, e.Windows, e.Rows, e.Need)
}

// CheckMemory finds out before hours of work whether Fit would return a *MemoryError. Without a bound it looks at nothing;
// with one it returns whatever Fit would before its first step.
func CheckMemory(m *model.Model, data Data, o Options) error {
	if o.Memory == 0 {
		return nil
	}
	if err := o.Check(); err != nil {
		return err
	}
	windows := len(data.Train.Windows)
	if o.Refit {
		data.Train = dataset.Join(data.Train, data.Valid)
	}
	_, err := newFit(m, data, o.For(m.Schema().Target, windows), Hooks{})
	return err
}

// boundable says why the memory of a model's training cannot be bounded, where it cannot.
func boundable(m *model.Model, passes int, o Options) error {
	switch {
	case o.Memory == 0:
	case m.Adaptive():
		return errors.New("--memory: the steps of an adaptive solver, and so the memory they take, follow from the parameters; leave it out, or give the cell a method with fixed steps")
	case passes > 1:
		return errors.New("--memory: a model that looks at series from both ends keeps all of their rows; leave it out, or make --batch or --window smaller")
	}
	return nil
}

// checkMemory finds a batch that takes more than is allowed: a full one, or the last.
func (f *fit) checkMemory() error {
	if f.o.Memory == 0 {
		return nil
	}
	rows, all := 0, len(f.lanes)
	for i := range f.lanes {
		rows = max(rows, f.lanes[i].Rows(f.m.Program()))
	}
	for _, n := range []int{min(f.o.Batch, all), all % f.o.Batch} {
		if need := f.batch.Need(n, rows); need > f.o.Memory {
			return &MemoryError{Memory: f.o.Memory, Need: need, Windows: n, Rows: rows}
		}
	}
	return nil
}
