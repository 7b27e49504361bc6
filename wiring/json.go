package wiring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode"
	"unicode/utf8"
)

// maxOrigin bounds the description of a wiring, in bytes.
const maxOrigin = 200

// document is a wiring in JSON. Numbers are pointers so that a missing one or a null is told from 0.
type document struct {
	Origin   string   `json:"origin"`
	Inputs   *int     `json:"inputs"`
	Units    *int     `json:"units"`
	Outputs  *int     `json:"outputs"`
	Unsigned bool     `json:"unsigned,omitempty"`
	Layers   [][]*int `json:"layers"`
	Sensory  []edge   `json:"sensory"`
	Inner    []edge   `json:"inner"`
}

// edge is a synapse in JSON: [from, to, polarity].
type edge []*int

// MarshalJSON writes the whole graph, so that reading it needs no seed and no draw:
//
//	{"origin": "FullyConnected(2) seed 1111", "inputs": 1, "units": 2, "outputs": 2, "layers": [[0,1]],
//	 "sensory": [[0,0,-1],[0,1,1]], "inner": [[0,0,1],[1,0,1],[0,1,1],[1,1,-1]]}
//
// A synapse is [from, to, polarity], and "unsigned": true says that the polarities are not known; origin says how the wiring
// was made and has no effect.
func (w *Wiring) MarshalJSON() ([]byte, error) {
	layers := make([][]*int, len(w.layers))
	for i, layer := range w.layers {
		for _, unit := range layer {
			layers[i] = append(layers[i], &unit)
		}
	}
	return json.Marshal(document{w.origin, &w.inputs, &w.units, &w.outputs, w.unsigned, layers, edges(w.sensory), edges(w.inner)})
}

func edges(synapses []Synapse) []edge {
	list := make([]edge, 0, len(synapses))
	for _, s := range synapses {
		polarity := int(s.Polarity)
		list = append(list, edge{&s.From, &s.To, &polarity})
	}
	return list
}

// UnmarshalJSON reads what MarshalJSON writes, synapses in any order. It checks everything: sizes, ids, polarities, that no
// synapse is there twice and that the layers are a partition; the error names the entry at fault. Use it on a new Wiring
// only, as a Wiring in use never changes. After an error the Wiring is as it was.
func (w *Wiring) UnmarshalJSON(data []byte) error {
	var d document
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return fmt.Errorf("wiring: not the JSON of a wiring: %w", oneLine(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("wiring: not the JSON of a wiring: something follows it")
	}
	read, err := d.wiring()
	if err != nil {
		return err
	}
	*w = *read
	return nil
}

// oneLine keeps an error of the decoder, which may quote the text, on one line.
func oneLine(err error) error {
	return errors.New(string(bytes.Join(bytes.Fields([]byte(err.Error())), []byte(" "))))
}

// wiring checks the document and completes it.
func (d *document) wiring() (*Wiring, error) {
	if d.Inputs == nil || d.Units == nil || d.Outputs == nil {
		return nil, errors.New("wiring: inputs, units or outputs is missing: all three numbers are needed")
	}
	w := &Wiring{origin: d.Origin, inputs: *d.Inputs, units: *d.Units, outputs: *d.Outputs}
	if err := checkOrigin(d.Origin); err != nil {
		return nil, err
	}
	if err := w.checkSizes(); err != nil {
		return nil, err
	}
	for i, ids := range d.Layers {
		layer := make([]int, len(ids))
		for k, id := range ids {
			if id == nil {
				return nil, fmt.Errorf("wiring: layer %d has null for a unit, allowed are 0 to %d", i, w.units-1)
			}
			layer[k] = *id
		}
		w.layers = append(w.layers, layer)
	}
	if err := w.checkLayers(); err != nil {
		return nil, err
	}
	var err error
	if w.sensory, err = readSynapses("sensory", d.Sensory, w.inputs, w.units); err != nil {
		return nil, err
	}
	if w.inner, err = readSynapses("inner", d.Inner, w.units, w.units); err != nil {
		return nil, err
	}
	w.assignRoles()
	if d.Unsigned {
		w = w.Unsigned()
	}
	return w, nil
}

// checkOrigin keeps String one readable line, whatever a file holds.
func checkOrigin(text string) error {
	bad := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	if text == "" || len(text) > maxOrigin || bytes.ContainsFunc([]byte(text), bad) {
		return fmt.Errorf("wiring: origin %s is not a description: allowed are 1 to %d bytes of printable text", clip(text), maxOrigin)
	}
	return nil
}

// readSynapses checks a list of edges and sorts it.
func readSynapses(name string, list []edge, sources, units int) ([]Synapse, error) {
	synapses := make([]Synapse, 0, len(list))
	for i, e := range list {
		if len(e) != 3 || slices.Contains(e, nil) {
			return nil, fmt.Errorf("wiring: %s synapse %d is not three numbers: it must be [from, to, polarity]", name, i)
		}
		from, to, polarity := *e[0], *e[1], *e[2]
		switch {
		case from < 0 || from >= sources:
			return nil, fmt.Errorf("wiring: %s synapse %d comes from %d, allowed are 0 to %d", name, i, from, sources-1)
		case to < 0 || to >= units:
			return nil, fmt.Errorf("wiring: %s synapse %d leads to unit %d, allowed are 0 to %d", name, i, to, units-1)
		case polarity != -1 && polarity != 1:
			return nil, fmt.Errorf("wiring: %s synapse %d has polarity %d, allowed are -1 and 1", name, i, polarity)
		}
		synapses = append(synapses, Synapse{from, to, int8(polarity)})
	}
	slices.SortFunc(synapses, byTarget)
	for i := 1; i < len(synapses); i++ {
		if s := synapses[i]; byTarget(synapses[i-1], s) == 0 {
			return nil, fmt.Errorf("wiring: the %s synapse from %d to %d is there twice: keep one", name, s.From, s.To)
		}
	}
	return synapses, nil
}
