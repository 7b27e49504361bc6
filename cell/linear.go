package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// Linear is no network: the last Window rows of its input as they are, the oldest first and zero before the start,
//
//	y = [x_{t-Window+1} | … | x_t]
//
// so that a model of it alone is its linear readout, one affine map of a window: the baseline that any other cell has to
// beat. It has no parameters of its own and costs no FLOPs. An update: dt has no effect (feed it as an input).
type Linear struct {
	// Window is the number of rows that the readout sees, the present one included, 1 to 4096; 1 if zero.
	Window int `json:"window" default:"1"`
}

var linear = Entry{
	Name: "Linear", Summary: "linear readout of the last rows", Source: "least squares", Cell: Linear{},
	Variants: []Variant{{"1 row", Linear{}, nil}, {"4 rows", Linear{Window: 4}, nil}},
	Presets: []Preset{
		{"linear-row", "linear readout of the present row", Linear{}, nil},
		{"linear-rows16", "linear readout of the last 16 rows", Linear{Window: 16}, nil},
	},
}

// maxWindow bounds what a model file or a flag may ask a cell to remember.
const maxWindow = 4096

func checkWindow(cell string, rows, least int) error {
	if rows < least || rows > maxWindow {
		return fmt.Errorf("%s: window is %d rows; allowed: %d to %d", cell, rows, least, maxWindow)
	}
	return nil
}

// Check implements Cell.
func (c Linear) Check() error { return checkWindow("Linear", Resolve(c).(Linear).Window, 1) }

// Build implements Cell.
func (c Linear) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	return flat(b.Ring("x", Resolve(c).(Linear).Window, x))
}

// flat is a window as a plain vector, one row after the other.
func flat(window Vec) Vec { return Reshape(window, Vector(window.Len())) }
