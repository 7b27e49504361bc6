package online

import (
	"fmt"
	"math"
)

// GuardOptions say when a learning copy takes over from the one that serves. Both predict every row; with each label the
// difference of their losses d = loss(serving) - loss(learning) is evidence for the one or for the other.
//
// Differences are taken in blocks of Block labels, since neighbours are not independent. The mean of a block, divided by
// Reach times the root mean square of all blocks before it and cut to ±1, is u. Under the hypothesis that the learning copy is
// not better, E[u | past] ≤ 0, each product of 1 + b u over a run of blocks has a mean of at most 1, whatever the
// distribution. The evidence is the mean over the bets b in 1/8, 1/4, 1/2 of
//
//	E ← max(E, 1) (1 + b u)
//
// and a decision is made where it is beyond 1/Alpha: then at least 1/Alpha blocks pass, in the mean, until a learning copy that
// is not better is promoted (an e-detector, Shin, Ramdas and Rinaldo, 2024; the bets are Waudby-Smith and Ramdas, 2023). The
// same with -u sets a learning copy back that is worse. Where the hypothesis holds over time but not at each block, as when
// the two take turns in being better, the bound does not hold, and longer blocks help.
type GuardOptions struct {
	// Alpha bounds the rate of false decisions, a block; 0.01 if 0. In (0, 1).
	Alpha float64
	// Block is the number of labels in one block; 16 if 0.
	Block int
	// Reach is in root mean squares; 2 if 0.
	Reach float64
}

// bets on a block; all below 1, so that no evidence becomes 0.
var bets = [...]float64{1. / 8, 1. / 4, 1. / 2}

// guard gathers the evidence.
type guard struct {
	o              GuardOptions
	better, worse  [len(bets)]float64
	sum            float64 // of the differences of the block
	n              int
	square         float64 // sum of the squares of the means of blocks
	blocks         int
	serving, learn float64 // sums of losses since the last decision
	labels         int
}

func newGuard(o GuardOptions) (*guard, error) {
	for _, d := range []struct {
		v     *float64
		else_ float64
	}{{&o.Alpha, 0.01}, {&o.Reach, 2}} {
		if *d.v == 0 {
			*d.v = d.else_
		}
	}
	if o.Block == 0 {
		o.Block = 16
	}
	switch {
	case !(o.Alpha > 0 && o.Alpha < 1):
		return nil, fmt.Errorf("online: Alpha of the guard is %g; allowed: above 0 and below 1", o.Alpha)
	case o.Block < 1:
		return nil, fmt.Errorf("online: Block of the guard is %d; allowed: at least 1", o.Block)
	case !(o.Reach > 0) || math.IsInf(o.Reach, 0):
		return nil, fmt.Errorf("online: Reach of the guard is %g; it must be above 0", o.Reach)
	}
	g := &guard{o: o}
	g.restart()
	return g, nil
}

// restart forgets the evidence, not the scale of the differences.
func (g *guard) restart() {
	for i := range bets {
		g.better[i], g.worse[i] = 1, 1
	}
	g.sum, g.n, g.serving, g.learn, g.labels = 0, 0, 0, 0, 0
}

// observe takes the losses of one label and says whether that decides: 1 that the learning copy is better, -1 that it is
// worse, 0 that nothing is. Losses that are not finite count as nothing.
func (g *guard) observe(serving, learning float64) (verdict int) {
	d := serving - learning
	if math.IsNaN(d) || math.IsInf(d, 0) {
		return 0
	}
	g.sum += d
	g.serving, g.learn = g.serving+serving, g.learn+learning
	g.labels++
	if g.n++; g.n < g.o.Block {
		return 0
	}
	mean := g.sum / float64(g.n)
	scale := math.Sqrt(g.square / math.Max(1, float64(g.blocks)))
	g.sum, g.n = 0, 0
	g.square += mean * mean
	g.blocks++
	if scale == 0 {
		return 0 // nothing is known of the size of differences yet
	}
	u := math.Max(-1, math.Min(1, mean/(g.o.Reach*scale)))
	for i, b := range bets {
		g.better[i] = math.Max(g.better[i], 1) * (1 + b*u)
		g.worse[i] = math.Max(g.worse[i], 1) * (1 - b*u)
	}
	switch {
	case evidence(g.better) > 1/g.o.Alpha:
		return 1
	case evidence(g.worse) > 1/g.o.Alpha:
		return -1
	}
	return 0
}

func evidence(e [len(bets)]float64) (mean float64) {
	for _, v := range e {
		mean += v / float64(len(e))
	}
	return mean
}

// judge hands the losses of a label to the guard, where both are of the copies of today, and does what it says, or what was
// said before.
func (l *Learner) judge(p *pending, serving, learning float64, u *updated, said *int) {
	g, verdict := l.guard, 0
	if p.pair == l.pair {
		verdict = g.observe(serving, learning)
	}
	if said != nil {
		verdict = *said
	}
	if verdict == 0 {
		return
	}
	e := Event{Series: p.track.name, Time: p.track.time, ID: p.id, Threshold: 1 / g.o.Alpha, Before: g.serving / float64(max(1, g.labels)), After: g.learn / float64(max(1, g.labels))}
	if verdict > 0 {
		e.Kind, e.Value = Promoted, evidence(g.better)
		l.promote()
		u.promoted = true
	} else {
		e.Kind, e.Value = RolledBack, evidence(g.worse)
		l.setBack()
		u.back = true
	}
	l.event(e)
	g.restart()
}

// promote lets the serving copy become what the learning copy is, states included.
func (l *Learner) promote() {
	l.counts.Promoted++
	l.pair++
	l.serve()
}

// serve lets the serving copy have the weights and states of the learning copy.
func (l *Learner) serve() {
	copy(l.serving, l.theta)
	for _, t := range l.tracks {
		copy(t.own[1], t.own[0])
		t.serve = l.server(t)
		t.serve.SetState(t.learn.AppendHidden(nil))
	}
}

// setBack lets the learning copy begin again as what the serving copy is.
func (l *Learner) setBack() {
	copy(l.theta, l.serving)
	l.moved = false
	l.version++
	l.o.Optimiser.Reset()
	l.counts.Rollbacks++
	l.epoch++
	l.pair++
	for _, t := range l.tracks {
		copy(t.own[0], t.own[1])
		t.learn.SetState(t.serve.AppendState(nil))
		t.cleared, t.last = l.id, nil
	}
}
