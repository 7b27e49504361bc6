package main

import (
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/online"
)

// The table of a report lists what is rare wherever it happened, and drifts from the first on as far as there is room.
func TestListedEvents(t *testing.T) {
	var events []online.Event
	for i := range 100 {
		kind := online.Drifted
		if i == 3 || i >= 95 {
			kind = online.Promoted
		}
		events = append(events, online.Event{Kind: kind, ID: uint64(i)})
	}
	list := listed(events)
	var ids []uint64
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	if len(list) != eventRows || list[eventRows-1].ID != 99 || list[eventRows-6].ID != 34 || !slices.IsSorted(ids) {
		t.Errorf("listed are %v", ids)
	}
	if few := listed(events[:20]); len(few) != 20 {
		t.Errorf("of 20 events %d are listed", len(few))
	}
	for i := range events {
		events[i].Kind = online.Promoted
	}
	if list := listed(events); len(list) != eventRows || list[eventRows-1].ID != eventRows-1 {
		t.Errorf("of 100 promotions %d are listed", len(list))
	}
}
