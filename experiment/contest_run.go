package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

const (
	keepEvery = 5 * time.Second        // the state of a trial that goes on
	lookAgain = 200 * time.Millisecond // whether another process has finished a trial
)

// ContestHooks let a caller watch a contest. All may be nil. Calls are serialised.
type ContestHooks struct {
	// Progress is told of every optimiser step and epoch of every trial.
	Progress func(Progress)
	// Warn is told, once, that trials cannot be kept; the contest goes on.
	Warn func(error)
}

// contentHash identifies what is trained on and chosen by, to the bit.
func contentHash(d train.Data) string {
	h := sha256.New()
	for _, p := range []dataset.Part{d.Train, d.Valid} {
		write(h, int64(len(p.Series)), int64(len(p.Windows)))
		for _, s := range p.Series {
			write(h, int64(s.Len()), s.X, s.DT, s.Y)
		}
		for _, w := range p.Windows {
			fmt.Fprintln(h, w)
		}
	}
	fmt.Fprintln(h, d.ResetState)
	return hex.EncodeToString(h.Sum(nil))
}

func write(h hash.Hash, values ...any) {
	for _, v := range values {
		_ = binary.Write(h, binary.LittleEndian, v) // a hash takes all that has a size
	}
}

// job is one trial: a network with one seed.
type job struct {
	c     *Contest
	index int
	title string
	name  string
	net   network
	seed  uint64
	key   string
	found *record
	asked bool // another process was training it
}

// job makes a trial. Its key covers the program with its initial values, the schema, the data, the options and the seed,
// the version and the kernels: whatever the outcome depends on, and nothing else, so that two names of one model share it.
func (c *Contest) job(e *entrant, setting int, seed uint64) (*job, error) {
	t := &job{c: c, title: fmt.Sprintf("%s seed %d", e.name, seed), name: e.name, net: e.settings[setting], seed: seed}
	if len(e.settings) > 1 {
		t.title = fmt.Sprintf("%s configuration %d seed %d", e.name, setting+1, seed)
	}
	m, err := t.net.arch.Model(t.net.schema)
	if err != nil {
		return nil, err
	}
	info := c.spec.Info
	m = m.WithInfo(model.Info{Version: info.Version, Kernels: engine.KernelPath(), Data: info.Data}).Initial(seed)
	h := sha256.New()
	if err := m.Write(h); err != nil {
		return nil, err
	}
	text, err := json.Marshal(t.net.options) // the seed is in the model
	if err != nil {
		return nil, err
	}
	io.WriteString(h, string(text)+c.content)
	t.key = hex.EncodeToString(h.Sum(nil))
	return t, nil
}

// configured is a configuration with a seed.
type configured struct {
	setting int
	seed    uint64
}

// jobs are some trials of every network.
func (c *Contest) jobs(of func(e *entrant) []configured) (list []*job, err error) {
	for _, e := range c.rows {
		if e.simple != nil {
			continue
		}
		for _, k := range of(e) {
			t, err := c.job(e, k.setting, k.seed)
			if err != nil {
				return nil, err
			}
			t.index = len(list)
			list = append(list, t)
		}
	}
	return list, nil
}

// tries are a trial of every configuration of a network. Of an average its first member decides for all.
func (c *Contest) tries(e *entrant) (list []configured) {
	for k := range e.settings {
		list = append(list, configured{k, c.spec.Seed * uint64(e.average)})
	}
	return list
}

// final are the trials of the configuration that was chosen, with one of the seeds.
func (c *Contest) final(e *entrant, seed int) (list []configured) {
	first := (c.spec.Seed + uint64(seed)) * uint64(e.average)
	for k := range e.average {
		list = append(list, configured{e.chosen, first + uint64(k)})
	}
	return list
}

// finals are all of them, seed by seed.
func (c *Contest) finals() (list []*job, err error) {
	for s := range c.spec.Seeds {
		some, err := c.jobs(func(e *entrant) []configured { return c.final(e, s) })
		if err != nil {
			return nil, err
		}
		for _, t := range some {
			t.index += len(list)
		}
		list = append(list, some...)
	}
	return list, nil
}

// Run trains and scores everything that is not kept yet. When ctx ends the error is train.ErrInterrupted; what was trained
// until then is kept, and an equal contest goes on from there.
func (c *Contest) Run(ctx context.Context, hooks ContestHooks) (*Leaderboard, error) {
	p := c.pool(hooks, c.trials())
	if c.searches() {
		tried, err := c.jobs(c.tries)
		if err == nil {
			err = p.run(ctx, tried)
		}
		if err != nil {
			return nil, err
		}
		c.choose(tried)
	}
	trials, err := c.finals()
	if err == nil {
		err = p.run(ctx, trials)
	}
	if err != nil {
		return nil, err
	}
	return c.leaderboard(ctx, trials)
}

// pool is for a number of trials, of this contest and of others like it.
func (c *Contest) pool(hooks ContestHooks, trials int) *pool {
	p := &pool{workers: c.spec.Workers}
	if hooks.Warn != nil {
		var once sync.Once
		p.failed = func(err error) { once.Do(func() { hooks.Warn(err) }) }
	}
	p.gauge = gauge{show: hooks.Progress, epochs: float64(c.run.spec.Options.Epochs), done: make([]float64, trials)}
	return p
}

// networks counts the rows that are trained.
func (c *Contest) networks() (n int) {
	for _, e := range c.rows {
		if e.simple == nil {
			n++
		}
	}
	return n
}

// searches tells whether any network has several configurations to choose from.
func (c *Contest) searches() bool {
	return slices.ContainsFunc(c.rows, func(e *entrant) bool { return len(e.settings) > 1 })
}

// trials counts what is trained at most; where configurations are tried, one of the final trials of each is among them.
func (c *Contest) trials() (n int) {
	for _, e := range c.rows {
		if e.simple != nil {
			continue
		}
		if n += c.spec.Seeds * e.average; c.searches() {
			n += len(e.settings)
		}
	}
	return n
}

// choose takes the best of the configurations of every network.
func (c *Contest) choose(tried []*job) {
	for _, e := range c.rows {
		if e.simple == nil {
			found := make([]*record, len(e.settings))
			for k := range found {
				found[k] = tried[k].found
			}
			e.tried, tried = tried[:len(found):len(found)], tried[len(found):]
			e.chosen = lowest(found)
		}
	}
}

// pool runs trials, some at once.
type pool struct {
	gauge
	workers int
	failed  func(error)

	queue  sync.Mutex
	waits  []*job
	at     int // place of the first trial in gauge.done
	errors []error
}

// run runs trials until all are finished.
func (p *pool) run(ctx context.Context, list []*job) error {
	defer func() { p.at += len(list) }()
	p.waits, p.errors = append([]*job(nil), list...), make([]error, len(list))
	inner, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	for range p.workers {
		wg.Go(func() {
			for t := p.next(); t != nil; t = p.next() {
				busy, err := p.trial(inner, t)
				if err != nil {
					p.errors[t.index] = err
					stop()
				}
				if busy {
					p.later(inner, t)
				}
			}
		})
	}
	wg.Wait()
	return first(p.errors)
}

func (p *pool) next() *job {
	p.queue.Lock()
	defer p.queue.Unlock()
	if len(p.waits) == 0 {
		return nil
	}
	t := p.waits[0]
	p.waits = p.waits[1:]
	return t
}

// later puts a trial that another process is training to the end, and waits if it has been there before.
func (p *pool) later(ctx context.Context, t *job) {
	if t.asked {
		select {
		case <-ctx.Done():
		case <-time.After(lookAgain):
		}
	}
	t.asked = true
	p.queue.Lock()
	defer p.queue.Unlock()
	p.waits = append(p.waits, t)
}

// trial finds a trial among those kept, or trains it. busy says that another process does.
func (p *pool) trial(ctx context.Context, t *job) (busy bool, err error) {
	s := t.c.store
	found, ok := s.load(t.key)
	if !ok {
		if ctx.Err() != nil {
			return false, train.ErrInterrupted
		}
		release, held, failed := s.hold(t.key)
		if failed != nil {
			p.unkept(failed)
			release, held = func() {}, true
		}
		if !held {
			return true, nil
		}
		defer release()
		if found, ok = s.load(t.key); !ok { // it may have been finished meanwhile
			found, err = p.train(ctx, t)
		}
	}
	if err != nil {
		return false, err
	}
	t.found = found
	p.progress(Progress{Trial: t.title, Finished: true}, p.at+t.index, math.Inf(1))
	return false, nil
}

func (p *pool) unkept(err error) {
	if p.failed != nil && err != nil {
		p.failed(err)
	}
}

// train trains a network and keeps what came of it.
func (p *pool) train(ctx context.Context, t *job) (*record, error) {
	s := t.c.store
	begun, kept := time.Now(), time.Now()
	before, resumed := s.loadPart(t.key)
	seconds := func() float64 { return before.Seconds + time.Since(begun).Seconds() }
	hooks := train.Hooks{
		Epoch: func(e train.Epoch) {
			p.progress(Progress{Trial: t.title, Epoch: &e}, p.at+t.index, p.share(t, float64(e.Number)))
		},
		Step: func(epoch int, done float64) {
			p.progress(Progress{Trial: t.title}, p.at+t.index, p.share(t, float64(epoch-1)+done))
		},
		Save: func(state *train.State) error {
			if ctx.Err() != nil || time.Since(kept) > keepEvery {
				p.unkept(s.savePart(t.key, part{*state, seconds()}))
				kept = time.Now()
			}
			return nil
		},
	}
	if resumed {
		hooks.Resume = &before.State
	}
	result, diverged, err := t.c.fit(ctx, t.name, t.net, t.seed, hooks)
	if err != nil {
		return nil, err
	}
	r := &record{Diverged: diverged, Seconds: seconds()}
	if diverged == "" {
		r.Theta, r.Best, r.Epochs, r.Stopped = result.Model.Params(), result.Best, result.Epochs, result.Stopped
		if result.Chosen != nil {
			r.Chosen = result.Chosen.Params()
		}
		r.Microseconds = microseconds(result.Model, t.c.sample())
	}
	p.unkept(s.save(t.key, r))
	return r, nil
}

// share are the epochs that a trial has done, where it has as many as the contest gives to all.
func (p *pool) share(t *job, epochs float64) float64 {
	return epochs / most(t.net.options) * p.epochs
}

// sample is what a row is timed on.
func (c *Contest) sample() []series.Series {
	for _, list := range [][]series.Series{c.out.Valid.Series, c.out.Train.Series} {
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// result is what the training of a record gave.
func (c *Contest) result(t *job) (*train.Result, error) {
	m, err := c.initial(t.name, t.net, t.seed)
	if err != nil {
		return nil, err
	}
	if len(t.found.Theta) != m.Parameters() {
		return nil, errors.New("a trial that was kept belongs to another model; remove the directory of trials")
	}
	r := &train.Result{Model: m.With(t.found.Theta), Best: t.found.Best, Epochs: t.found.Epochs, Stopped: t.found.Stopped}
	if t.found.Chosen != nil {
		r.Chosen = m.With(t.found.Chosen)
	}
	return r, nil
}
