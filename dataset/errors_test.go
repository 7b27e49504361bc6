package dataset

import "testing"

// TestRowError: a row of a series is named as it stands in the file, whatever part of the series it was read into.
func TestRowError(t *testing.T) {
	d := open(t, "at,room,x,y\n2026-01-02 00:00,a,1,1\n2026-01-02 00:00,b,1,2\n2026-01-02 00:01,a,1,3\n2026-01-02 00:02,b,1,4\n", Roles{Time: "at", Series: "room", Target: "y"})
	for _, c := range []struct {
		series string
		row    int
		want   string
	}{
		{"b", 3, `rooms.csv line 5: series "b", time 2026-01-02T00:02:00Z: is odd`},
		{"a", 2, `rooms.csv line 4: series "a", time 2026-01-02T00:01:00Z: is odd`},
		{"a", 3, `rooms.csv: is odd`}, // a row of another series
	} {
		got := d.RowError(c.series, c.row, "is odd").Error()
		if got != c.want {
			t.Errorf("row %d of %s: %q, want %q", c.row, c.series, got, c.want)
		}
	}
	plain := open(t, "x,y\n1,1\n2,2\n", Roles{Target: "y", Time: "none"})
	if got, want := plain.RowError("", 1, "is odd").Error(), "rooms.csv line 3: is odd"; got != want {
		t.Errorf("without time and series: %q, want %q", got, want)
	}
}
