package conform

import (
	"errors"
	"fmt"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
)

// Online: a network of the cell learns from its stream within the memory that is foretold, or is refused with the reason: where
// a state is a window of earlier values, where the solver takes steps back, and, looking at series from both ends, always.
func Online(s Subject) error {
	if s.Model == nil {
		return nil
	}
	told, refused := online.Bytes(s.Model, online.Options{})
	l, err := online.New(s.Model, online.Options{})
	if (err == nil) != (refused == nil) || err != nil && err.Error() != refused.Error() {
		return fmt.Errorf("learning in real time is refused with %v, its memory foretold with %v", err, refused)
	}
	var history *online.HistoryError
	switch window := s.window(); {
	case cell.Adaptive(s.Variant.Cell):
		if err == nil {
			return errors.New("real-time learning takes an adaptive solver, whose steps may be taken back")
		}
	case errors.As(err, &history) != window || window != (err != nil):
		return fmt.Errorf("a state is a window of earlier values: %v; real-time learning says: %v", window, err)
	case !window && l.Bytes() != told:
		return fmt.Errorf("real-time learning takes %d bytes, %d are foretold", l.Bytes(), told)
	}
	return s.bothEnds()
}

// window tells whether a state is a window of earlier values.
func (s Subject) window() bool {
	for _, width := range engine.Rings(s.Program) {
		if width > 0 {
			return true
		}
	}
	return false
}

// bothEnds checks that the cell is refused where it reads series from both ends.
func (s Subject) bothEnds() error {
	layer := model.Layer{Cell: s.Variant.Cell, Wiring: s.Variant.Wiring, Block: model.Block{Bidirectional: true}}
	m, err := model.New(s.Model.Schema(), layer)
	if err != nil {
		return nil // not for this cell
	}
	var offline *model.OfflineError
	if _, err := online.New(m, online.Options{}); !errors.As(err, &offline) {
		return fmt.Errorf("real-time learning of a layer that reads series from both ends says: %v", err)
	}
	return nil
}
