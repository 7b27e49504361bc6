package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/train"
)

// team are the trials of one run of a network: one, or those of all members of an average. With seed s the members of an
// average of n have the seeds n·s to n·s + n - 1, so that no two runs share one.
type team struct {
	row  int // among the networks
	run  int // number of the seed
	seed uint64
	jobs []*job
}

// teams divide the trials of the configurations that were chosen, in the order in which jobs lists them.
func (c *Contest) teams(trials []*job) (list []team) {
	for s := range c.spec.Seeds {
		row := 0
		for _, e := range c.rows {
			if e.simple != nil {
				continue
			}
			list = append(list, team{row, s, c.spec.Seed + uint64(s), trials[:e.average]})
			trials, row = trials[e.average:], row+1
		}
	}
	return list
}

// key of a run: that of its trial, or one of all.
func (t team) key() string {
	if len(t.jobs) == 1 {
		return t.jobs[0].key
	}
	h := sha256.New()
	for _, j := range t.jobs {
		io.WriteString(h, j.key)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// one scores a run. An average one of whose members diverged has diverged: to leave that one out would be to choose.
func (c *Contest) one(t team, constant Entry) (Run, error) {
	r := Run{Seed: t.seed, Key: t.key()}
	for _, j := range t.jobs {
		r.Seconds += j.found.Seconds
		if j.found.Diverged != "" && r.Diverged == "" {
			r.Diverged = j.found.Diverged
		}
	}
	if r.Diverged != "" {
		r.lost(constant)
		return r, nil
	}
	results := make([]*train.Result, len(t.jobs))
	for k, j := range t.jobs {
		var err error
		if results[k], err = c.result(j); err != nil {
			return r, err
		}
	}
	if len(results) == 1 {
		return r, c.score(&r, results[0])
	}
	return r, c.averaged(&r, t, results)
}

// averaged scores the mean prediction of several. Its validation loss is the mean of theirs.
func (c *Contest) averaged(r *Run, t team, results []*train.Result) (err error) {
	var members, chosen []*model.Model
	for k, result := range results {
		members = append(members, result.Model)
		if result.Chosen != nil {
			chosen = append(chosen, result.Chosen)
		}
		r.ValidLoss += t.jobs[k].found.valid() / float64(len(results))
	}
	r.Members = results
	if err := r.join(members, chosen); err != nil {
		return fmt.Errorf("%s: %w", t.jobs[0].name, err)
	}
	return c.evaluate(r)
}

// scored is the network of a row as it is scored: an average has its members side by side.
func (e *entrant) scored() (*model.Model, error) {
	n := e.settings[e.chosen]
	if e.average > 1 {
		members := make([]model.Architecture, e.average)
		for k := range members {
			members[k] = n.arch
		}
		n.arch = model.Architecture{Members: members}
	}
	return n.arch.Model(n.schema)
}
