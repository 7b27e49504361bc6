package suite

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
)

// Figure is a result of others.
type Figure struct {
	// Model in their words.
	Model string `json:"model"`
	// Kind is Simple, Network or Liquid.
	Kind Kind `json:"kind"`
	// Parameters; 0 where it has none or its authors do not say.
	Parameters int `json:"parameters,omitempty"`
	// Seeds over which the mean is taken; 0 where its authors do not say.
	Seeds int `json:"seeds,omitempty"`
	// Source is Measured, or where the figure was published.
	Source string `json:"source"`
	// Values by the name of the measure: the mean and, where it depends on the seed, the sample standard deviation.
	Values map[string][]float64 `json:"values"`
}

// Measured is the source of figures that were measured on exactly the same splits: recurrent models of torch.nn 2.15 and
// ncps 1.0.1 and GRU-D from its paper, all in one JAX loop (Adam, gradient norm clipped at 1, cosine decay, the best epoch and
// the learning rate chosen on validation), LightGBM 4.7, scikit-learn 1.9 and MiniRocket of aeon 1.6. LightGBM on
// cmapss-history is that of scripts/peer_life_trees.py, lightgbm-refit that of scripts/peer_stays_trees.py.
const Measured = "measured"

// Kind of a model in a table.
type Kind string

const (
	Simple  Kind = "simple"  // no network
	Network Kind = "network" // every network that is not liquid
	Liquid  Kind = "liquid"  // LTC, CfC and their kin: see KindOf
)

//go:embed figures.json
var figures []byte

var allFigures = sync.OnceValue(func() (all map[string][]Figure) {
	if err := json.Unmarshal(figures, &all); err != nil {
		panic("suite: figures.json: " + err.Error())
	}
	return all
})

// Figures of others for the task, in the order of the file.
func (t *Task) Figures() []Figure { return slices.Clone(allFigures()[t.Name]) }
