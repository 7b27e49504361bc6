package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/elegans-nn/elegans/model"
)

// A state file is, in this order: a line with a format number, the SHA-256 of the rest in hexadecimal, and JSON.
const (
	stateMagic  = "elegans states "
	stateFormat = "1"
)

// streamStates are the states of all series after a file, so that the next one goes on where it ended.
type streamStates struct {
	// Model is a fingerprint of the program and its parameters: a state means nothing to others.
	Model  string                 `json:"model"`
	Series map[string]streamState `json:"series"`
}

// streamState is that of one series.
type streamState struct {
	Time  float64 `json:"time"`  // of its last row, as in series.Series
	State []byte  `json:"state"` // see model.Stream.Snapshot
}

// fingerprint identifies what a state depends on. A threshold or the account of the making does not matter.
func fingerprint(m *model.Model) string {
	h := sha256.New()
	io.WriteString(h, m.Program().String())
	fmt.Fprintf(h, "%g %g", m.Schema().Clock.Unit, m.Schema().Clock.FirstDT)
	for _, w := range m.Wirings() {
		text, _ := json.Marshal(w) // a wiring of a model can be written
		h.Write(text)
	}
	for _, v := range m.Params() {
		fmt.Fprintf(h, " %x", v)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// write writes the file. Equal states give equal bytes: JSON sorts the keys of a map.
func (s *streamStates) write(w io.Writer) error {
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	_, err = fmt.Fprintf(w, "%s%s\n%s\n%s", stateMagic, stateFormat, hex.EncodeToString(sum[:]), body)
	return err
}

// readStates reads a state file and checks that it is of the model.
func (c *console) readStates(path string, m *model.Model) (*streamStates, error) {
	var data []byte
	var err error
	if path == "-" {
		data, err = io.ReadAll(c.in)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	bad := func(text string) error { return &dataError{fmt.Sprintf("state file %s: %s", path, text)} }
	head, rest, _ := bytes.Cut(data, []byte("\n"))
	format, ok := strings.CutPrefix(string(head), stateMagic)
	switch {
	case !ok:
		return nil, bad("was not written by elegans predict --state-out; leave out --state-in to start from the zero state")
	case format != stateFormat:
		return nil, bad(fmt.Sprintf("has format %.20q, this build reads %s; update elegans", format, stateFormat))
	}
	written, body, _ := bytes.Cut(rest, []byte("\n"))
	sum := sha256.Sum256(body)
	var s streamStates
	if string(written) != hex.EncodeToString(sum[:]) || json.Unmarshal(body, &s) != nil {
		return nil, bad("is damaged or cut off; restore it, or leave out --state-in to start from the zero state")
	}
	if s.Model != fingerprint(m) {
		return nil, bad("belongs to another model; predict with that one, or leave out --state-in to start from the zero state")
	}
	if s.Series == nil {
		s.Series = map[string]streamState{}
	}
	return &s, nil
}
