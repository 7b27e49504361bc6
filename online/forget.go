package online

import (
	"fmt"
	"math"
	"slices"
)

// ProtectOptions keep what was learned earlier from being overwritten by what is learned now. What they add to the gradient
// of a label:
//
//	Anchor     Anchor (θ - θ₀)      θ₀ the weights of the released model
//	Elastic    Elastic F (θ - θ*)   F, θ* of the last Consolidate
//	Reservoir  Rehearse g           g the gradient of one old label, taken anew
//
// Elastic is online elastic weight consolidation (Schwarz et al., ICML 2018): at each Consolidate θ* becomes θ and
// F ← Decay F + the mean of the squared gradients of labels since the last one, the diagonal of the empirical Fisher
// information (Kirkpatrick et al., PNAS 2017). The reservoir holds segments of the stream with the state before them and
// their label, each that ever came with the same probability (Vitter, 1985); LearnerOptions.Replay rows each.
//
// The penalties are linear in θ: where the learning rate of plain SGD times Anchor, or Elastic times the largest F, is beyond
// 2, they overshoot.
type ProtectOptions struct {
	Anchor  float64
	Elastic float64
	// Decay of F at each Consolidate, 0 to 1; 1 if 0, so that nothing is forgotten.
	Decay float64
	// Reservoir is the number of segments; none if 0.
	Reservoir int
	// Rehearse is the weight of an old label beside a new one; 1 if 0.
	Rehearse float64
	// OnDrift consolidates at each drift of the error, before what comes after it is learned.
	OnDrift bool
	// Seed of the reservoir and of what is taken from it.
	Seed uint64
}

// protection is what ProtectOptions need.
type protection struct {
	o        ProtectOptions
	released []float32
	star     []float32 // θ*; nil before the first Consolidate
	fisher   []float32
	square   []float32 // sum of the squared gradients since the last one
	n        uint64
	seen     uint64 // rows that could have been kept
	kept     []*sample
	random   uint64
	slopes   []float32
}

// sample is a segment with its labels.
type sample struct {
	segment
	labels []float64
}

func newProtection(o ProtectOptions, theta []float32) (*protection, error) {
	if o.Decay == 0 {
		o.Decay = 1
	}
	if o.Rehearse == 0 {
		o.Rehearse = 1
	}
	for _, d := range []struct {
		name string
		v    float64
	}{{"Anchor", o.Anchor}, {"Elastic", o.Elastic}, {"Decay", o.Decay}, {"Reservoir", float64(o.Reservoir)}, {"Rehearse", o.Rehearse}} {
		if !(d.v >= 0) || math.IsInf(d.v, 0) || d.name == "Decay" && d.v > 1 {
			return nil, fmt.Errorf("online: %s is %g; it must be a finite number from 0 up, and Decay at most 1", d.name, d.v)
		}
	}
	p := &protection{o: o, released: cloned(theta), random: o.Seed}
	if o.Elastic > 0 {
		p.fisher, p.square = make([]float32, len(theta)), make([]float32, len(theta))
	}
	return p, nil
}

// replays says that segments are needed. All methods may be called on nil, which protects nothing.
func (p *protection) replays() bool { return p != nil && p.o.Reservoir > 0 }

// draw is SplitMix64 (Steele, Lea and Flood, 2014), a number below n.
func (p *protection) draw(n uint64) uint64 {
	p.random += 0x9e3779b97f4a7c15
	z := p.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return (z ^ z>>31) % n // n is small: the bias is below n/2⁶⁴
}

// choose decides at a row whether its segment is to be kept when its label comes, as reservoir sampling does.
func (p *protection) choose(t *track) *sample {
	if !p.replays() {
		return nil
	}
	p.seen++
	if p.seen > uint64(p.o.Reservoir) && p.draw(p.seen) >= uint64(p.o.Reservoir) {
		return nil
	}
	if s := t.recent.segment(); s != nil {
		return &sample{segment: *s}
	}
	return nil
}

// keep puts a sample into the reservoir, for a random one where it is full.
func (p *protection) keep(s *sample, labels []float64) {
	if s == nil {
		return
	}
	s.labels = slices.Clone(labels)
	if len(p.kept) < p.o.Reservoir {
		p.kept = append(p.kept, s)
		return
	}
	p.kept[p.draw(uint64(len(p.kept)))] = s
}

// add adds to the gradient of a label by the shared weights what protects. Old labels are learned by the shared model.
func (p *protection) add(l *Learner, grad []float32, of *pending, labels []float64) {
	if p == nil {
		return
	}
	for i := range p.square {
		p.square[i] += grad[i] * grad[i]
	}
	p.n++
	if p.replays() && len(p.kept) > 0 {
		s := p.kept[p.draw(uint64(len(p.kept)))]
		l.again(&s.segment, l.adapt.start())
		p.slopes = append(p.slopes[:0], l.dy...)
		clear(p.slopes)
		l.o.Loss(l.replay.Y(), s.labels, p.slopes)
		for i, g := range l.adapt.shared(l.replay.Gradient(p.slopes)) {
			grad[i] += float32(p.o.Rehearse) * g
		}
	}
	p.keep(of.sample, labels)
	if k := float32(p.o.Anchor); k > 0 {
		for i, v := range p.released {
			grad[i] += k * (l.theta[i] - v)
		}
	}
	if k := float32(p.o.Elastic); k > 0 && p.star != nil {
		for i, v := range p.star {
			grad[i] += k * p.fisher[i] * (l.theta[i] - v)
		}
	}
}

// consolidate takes the weights of now for what is to be kept.
func (p *protection) consolidate(theta []float32) {
	if p == nil || p.o.Elastic == 0 {
		return
	}
	for i := range p.fisher {
		p.fisher[i] = float32(p.o.Decay)*p.fisher[i] + p.square[i]/float32(max(1, p.n))
	}
	clear(p.square)
	p.n = 0
	p.star = append(p.star[:0], theta...)
}

// Consolidate says that what was learned until now is to be kept, as at the end of a task: see ProtectOptions.Elastic.
func (l *Learner) Consolidate() error {
	if l.failed != nil {
		return l.failed
	}
	l.protect.consolidate(l.theta)
	if l.keep != nil {
		if err := l.keep.consolidated(); err != nil {
			return l.fail(err)
		}
	}
	return nil
}
