package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// Data is what a model is fitted to and chosen by.
type Data struct {
	// Train windows start from the zero state, with their rows' true dt.
	Train dataset.Part
	// Valid decides which epoch is kept. Without any the last one is, as with Options.Last.
	Valid dataset.Part
	// ResetState starts validation windows from the zero state too; without it the state is carried along each series.
	ResetState bool
}

// DataOf is the usual way to train on a split: windows of the given number of rows, each beginning half a window after the
// one before (0: whole series), and validation along whole series.
func DataOf(s *dataset.Split, window int) Data {
	train, valid, _, _ := dataset.Protocol{Window: window, TrainStride: (window + 1) / 2}.Cut(s)
	return Data{Train: train, Valid: valid}
}

// Epoch is what is known after a pass over the training windows.
type Epoch struct {
	Number int     `json:"epoch"` // from 1
	Train  float64 `json:"train_loss"`
	Valid  float64 `json:"valid_loss"` // NaN without validation
	Rate   float64 `json:"learning_rate"`
	Norm   float64 `json:"gradient_norm"` // mean before clipping
	Best   bool    `json:"best"`
}

// Result is a finished training.
type Result struct {
	// Model with the parameters of the best epoch, or those of the second training with Options.Refit.
	Model *model.Model
	// Chosen is the model of the best epoch where Model is that of a second training, which has seen the validation part; else nil.
	Chosen *model.Model
	// Best is the number of the epoch that was kept.
	Best   int
	Epochs []Epoch
	// Stopped says why training ended: "epochs", "patience".
	Stopped string
}

// DivergedError says that training met a value that is not finite, and where.
type DivergedError struct {
	Epoch, Step int
	Where       string
	// LearningRate and Clip are those of the run, with defaults filled in: what to go below. Clip is 0 where there was none.
	LearningRate, Clip float64
}

// Error is one line with the fix, which names the options as `elegans train` does.
func (e *DivergedError) Error() string {
	bound := "--clip-gradient 1 (gradients were not clipped)"
	if e.Clip > 0 {
		bound = fmt.Sprintf("--clip-gradient below %g", e.Clip)
	}
	return fmt.Sprintf("training diverged in epoch %d, step %d: %s; try --learning-rate below %g, or %s",
		e.Epoch, e.Step, e.Where, e.LearningRate, bound)
}

// ErrInterrupted is returned when the context ends; the state passed to Hooks.Save resumes the run to the bit.
var ErrInterrupted = errors.New("training interrupted")

// Hooks let a caller watch and keep a run. All may be nil. They are called from the goroutine of Fit.
type Hooks struct {
	// Epoch is called after each epoch, but for those of a second training.
	Epoch func(Epoch)
	// Step is called after each optimiser step with the share of the epoch that is done. A second training counts its epochs on.
	Step func(epoch int, done float64)
	// Save is called after each epoch and when the run is interrupted, with a state that Resume takes. The state goes on
	// changing when Save returns: encode it there. An error of Save ends the run.
	Save func(*State) error
	// Resume continues a run from a state that Save was given, with the same model, data and options. It is not changed.
	Resume *State
}

// State is all of a run that later steps depend on.
type State struct {
	Epoch, Step  int // passes finished, steps of the present one
	Theta, Best  []float32
	BestEpoch    int
	BestLoss     float64
	Slots        [][]float32
	Optimised    int // steps of the optimiser
	Loss, Weight float64
	Norm         float64
	Epochs       []Epoch
	Done         string // why the run ended; empty while it has not
	Second       *State // the second training of Options.Refit; nil before it
}

// clone shares nothing with s.
func (s *State) clone() *State {
	c := *s
	c.Theta, c.Best, c.Epochs, c.Slots = slices.Clone(s.Theta), slices.Clone(s.Best), slices.Clone(s.Epochs), nil
	for _, slot := range s.Slots {
		c.Slots = append(c.Slots, slices.Clone(slot))
	}
	if s.Second != nil {
		c.Second = s.Second.clone()
	}
	return &c
}

// fits tells whether the state can be one of a model with so many parameters and an optimiser with so many slots.
func (s *State) fits(parameters, slots int) bool {
	ok := len(s.Theta) == parameters && len(s.Best) == parameters && len(s.Slots) == slots
	for _, slot := range s.Slots {
		ok = ok && len(slot) == parameters
	}
	return ok
}

// Fit trains a model, starting from its parameters. The same model, data and options give the same bits, whatever the
// number of workers. An adaptive model splits the rows of a batch with the parameters of that optimiser step, and learns by the
// gradient of these steps; where no step is short enough it has diverged.
//
// Errors: *DivergedError; *MemoryError; ErrInterrupted when ctx ends; *model.InputError for a row that the model cannot
// take; the error of Hooks.Save; else what is wrong with options, labels or Resume, in one line.
func Fit(ctx context.Context, m *model.Model, data Data, o Options, hooks Hooks) (*Result, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	f, err := newFit(m, data, o.For(m.Schema().Target, len(data.Train.Windows)), hooks)
	if err != nil {
		return nil, err
	}
	if err := f.run(ctx); err != nil {
		return nil, err
	}
	r := &Result{Model: f.m.With(f.s.Best), Best: f.s.BestEpoch, Epochs: f.s.Epochs, Stopped: f.s.Done}
	if f.o.Refit {
		return f.refit(ctx, r)
	}
	return r, nil
}

// run trains until the run has ended.
func (f *fit) run(ctx context.Context) error {
	for f.s.Done == "" {
		if err := f.epoch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// fit is a run in progress.
type fit struct {
	m     *model.Model
	data  Data
	o     Options
	until int // the number of the last epoch
	hooks Hooks
	loss  RowLoss
	opt   *optimiser
	batch *engine.Passes
	lanes []engine.Lane // of every training window; empty ones where parts are split for every step
	parts []series.Series
	split *model.Splitter
	names []dataset.Window
	masks map[string]model.Mask
	s     *State
}

func newFit(m *model.Model, data Data, o Options, hooks Hooks) (*fit, error) {
	if n := len(m.Members()); n > 0 {
		return nil, fmt.Errorf("train: the model is an average of %d, whose members are trained one by one, for together they would learn to be alike; train other members and average those", n)
	}
	target := m.Schema().Target
	if err := checkLabels(target, data.Train.Series, data.Valid.Series); err != nil {
		return nil, err
	}
	if o.Balance && len(o.ClassWeights) == 0 {
		o.ClassWeights = Balanced(target, Spans(data.Train))
	}
	loss, err := NewRowLoss(target, o)
	if err != nil {
		return nil, err
	}
	opt, err := newOptimiser(m.Program(), o)
	if err != nil {
		return nil, err
	}
	f := &fit{m: m, data: data, o: o, until: o.Epochs, hooks: hooks, loss: loss, opt: opt, masks: map[string]model.Mask{}}
	if err := f.windows(); err != nil {
		return nil, err
	}
	passes, masks := m.Training()
	for _, k := range masks {
		f.masks[k.Input] = k
	}
	if err := boundable(m, len(passes), o); err != nil {
		return nil, err
	}
	f.split = m.Splitter(o.Workers)
	f.batch = engine.NewPasses(passes, engine.BatchOptions{Workers: o.Workers, Memory: o.Memory})
	if err := f.checkMemory(); err != nil {
		return nil, err
	}
	f.s = &State{Theta: m.Params(), Best: m.Params(), BestLoss: math.Inf(1), Slots: opt.Slots}
	if hooks.Resume != nil {
		if f.s = hooks.Resume.clone(); !f.s.fits(m.Parameters(), len(opt.Slots)) {
			return nil, errors.New("train: the checkpoint belongs to another model or optimiser")
		}
	}
	opt.Slots, opt.Steps = f.s.Slots, f.s.Optimised
	return f, nil
}

// windows takes the training windows that have something to be scored.
func (f *fit) windows() (err error) {
	for i, w := range f.data.Train.Windows {
		part := f.data.Train.Span(i)
		if part.Scored() == 0 {
			continue
		}
		lane := engine.Lane{}
		if f.m.Adaptive() {
			err = f.m.Check(&part)
			f.parts = append(f.parts, part)
		} else {
			lane, err = f.m.Lane(&part)
		}
		if err != nil {
			return err
		}
		f.lanes, f.names = append(f.lanes, lane), append(f.names, w)
	}
	if len(f.lanes) == 0 {
		return errors.New("train: no training window has a labelled row")
	}
	return nil
}

// checkLabels finds the first label that no loss can take.
func checkLabels(t series.Target, parts ...[]series.Series) error {
	for _, list := range parts {
		for i := range list {
			n, rows := len(list[i].Y), list[i].Len()
			if n != rows && n != rows*t.Labels() {
				return fmt.Errorf("train: series %q has %d labels for %d rows; target %q has %d a row, or the first alone", list[i].Name, n, rows, t.Name, t.Labels())
			}
			for at, y := range list[i].Y {
				row := at / max(1, list[i].Outputs())
				switch classes := float64(len(t.Classes)); {
				case math.IsInf(y, 0):
					return fmt.Errorf("train: series %q, row %d: the label is %v; it must be finite, or NaN for none", list[i].Name, row, y)
				case t.Task == series.Classify && y == y && !(y >= 0 && y < classes && y == math.Trunc(y)):
					return fmt.Errorf("train: series %q, row %d: the label is %v; a class is an index from 0 to %g", list[i].Name, row, y, classes-1)
				}
			}
		}
	}
	return nil
}

// steps is the number of optimiser steps of an epoch.
func (f *fit) steps() int { return (len(f.lanes) + f.o.Batch - 1) / f.o.Batch }

// order of the windows in an epoch: a permutation keyed by seed and epoch; of a part of them, as often as it takes, while a
// curriculum holds others back.
func (f *fit) order() []int {
	r := rand.New(rand.NewPCG(f.o.Seed, uint64(f.s.Epoch)+1))
	shortest := f.curriculum()
	if len(shortest) == 0 {
		return r.Perm(len(f.lanes))
	}
	var order []int
	for len(order) < len(f.lanes) {
		for _, k := range r.Perm(len(shortest)) {
			order = append(order, shortest[k])
		}
	}
	return order[:len(f.lanes)]
}

// epoch makes one pass, or the rest of one.
func (f *fit) epoch(ctx context.Context) error {
	s, steps, order := f.s, f.steps(), f.order()
	for ; s.Step < steps; s.Step++ {
		if ctx.Err() != nil {
			return f.interrupted()
		}
		chosen := order[s.Step*f.o.Batch : min((s.Step+1)*f.o.Batch, len(order))]
		if err := f.step(chosen); err != nil {
			return err
		}
		if f.hooks.Step != nil {
			f.hooks.Step(s.Epoch+1, float64(s.Step+1)/float64(steps))
		}
	}
	valid, err := f.validate()
	if err != nil {
		return err
	}
	f.close(valid)
	return f.save()
}

func (f *fit) save() error {
	f.s.Optimised = f.opt.Steps
	if f.hooks.Save == nil {
		return nil
	}
	return f.hooks.Save(f.s)
}

func (f *fit) interrupted() error {
	if err := f.save(); err != nil {
		return errors.Join(ErrInterrupted, err)
	}
	return ErrInterrupted
}

// close ends an epoch: keeps the parameters if they are the best so far, and decides whether to go on.
func (f *fit) close(valid float64) {
	s := f.s
	at := s.Epoch * f.steps()
	e := Epoch{Number: s.Epoch + 1, Train: s.Loss / s.Weight, Valid: valid, Norm: s.Norm / float64(f.steps()),
		Rate: f.o.learningRate(at, f.o.Epochs*f.steps())}
	score := valid
	if math.IsNaN(valid) {
		score = math.Inf(-1) // nothing to choose by: the latest is kept
	}
	if score < s.BestLoss || math.IsNaN(valid) || f.o.Last {
		e.Best = true
		s.BestLoss, s.BestEpoch, s.Best = score, e.Number, slices.Clone(s.Theta)
	}
	s.Epochs = append(s.Epochs, e)
	s.Epoch, s.Step, s.Loss, s.Weight, s.Norm = s.Epoch+1, 0, 0, 0, 0
	switch {
	case s.Epoch >= f.until:
		s.Done = "epochs"
	case f.o.Patience > 0 && !f.o.Last && s.Epoch-max(s.BestEpoch, f.o.lessons()) >= f.o.Patience:
		s.Done = "patience"
	}
	if f.hooks.Epoch != nil {
		f.hooks.Epoch(e)
	}
}

// step takes one optimiser step on the chosen windows; the loss is the mean over their scored rows.
func (f *fit) step(chosen []int) error {
	lanes, err := f.batchOf(chosen)
	if err != nil {
		return err
	}
	rows := 0
	for i, k := range chosen {
		lanes[i].Draw = f.draw(k)
		rows += scored(&lanes[i])
	}
	scale := 1 / float32(rows)
	sum, grad := f.batch.Gradient(f.s.Theta, lanes, func(lane, t int, y, dy []float32) float64 {
		labels := labelsAt(&lanes[lane], t)
		if !series.Labelled(labels) {
			return 0
		}
		v := f.loss(y, labels, dy)
		for i := range dy {
			dy[i] *= scale
		}
		return v
	})
	if norm := clip(grad, f.o.Clip); math.IsNaN(sum) || math.IsInf(sum, 0) || math.IsNaN(norm) || math.IsInf(norm, 0) {
		return f.diverged(f.where(chosen, grad))
	} else {
		f.s.Norm += norm
	}
	f.s.Loss += sum
	f.s.Weight += float64(rows)
	total := f.o.Epochs * f.steps()
	f.opt.step(f.o.learningRate(f.s.Epoch*f.steps()+f.s.Step, total), f.s.Theta, grad)
	return nil
}

// batchOf are the lanes of the chosen windows. An adaptive model splits them anew for every optimiser step, with the present
// parameters: the steps are part of no state that a resumed run would need.
func (f *fit) batchOf(chosen []int) ([]engine.Lane, error) {
	if !f.m.Adaptive() {
		lanes := make([]engine.Lane, len(chosen))
		for i, k := range chosen {
			lanes[i] = f.lanes[k]
		}
		return lanes, nil
	}
	list := make([]series.Series, len(chosen))
	for i, k := range chosen {
		list[i] = f.parts[k]
	}
	lanes, err := f.split.Lanes(f.s.Theta, list)
	return lanes, f.stuck("", err)
}

// stuck turns the error of an adaptive solver into that of a run that diverged: its parameters have made it so stiff, or are
// no numbers.
func (f *fit) stuck(where string, err error) error {
	var stuck *model.StepError
	if errors.As(err, &stuck) {
		return f.diverged(where + stuck.Error())
	}
	return err
}

// scored counts the steps with a label.
func scored(l *engine.Lane) (n int) {
	for t := range l.DT {
		if series.Labelled(labelsAt(l, t)) {
			n++
		}
	}
	return n
}

// labelsAt are the labels of step t.
func labelsAt(l *engine.Lane, t int) []float64 {
	n := len(l.Label) / len(l.DT)
	return l.Label[t*n : (t+1)*n]
}

func (f *fit) diverged(where string) *DivergedError {
	return &DivergedError{Epoch: f.s.Epoch + 1, Step: min(f.s.Step+1, f.steps()), Where: where,
		LearningRate: f.o.LearningRate, Clip: max(0, f.o.Clip)}
}

func finite[F float32 | float64](v F) bool {
	return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0)
}

// where finds the first value that is not finite: an output of a row, else a gradient.
func (f *fit) where(chosen []int, grad []float32) string {
	for _, k := range chosen {
		w := f.names[k]
		s := &f.data.Train.Series[w.Series]
		if text := f.output([]series.Series{s.Span(w.From, w.To)}, []dataset.Window{w}); text != "" {
			return text
		}
	}
	if text := f.unbounded("gradient of ", grad); text != "" {
		return text
	}
	return "the loss is not finite"
}

// output names the first row whose output is not finite; empty where there is none. The series are spans of the windows.
func (f *fit) output(list []series.Series, spans []dataset.Window) (text string) {
	// The rows have been through the model before, so there is no error to expect.
	_ = f.m.With(f.s.Theta).Run(list, model.RunOptions{Output: "y"}, func(i, row int, y []float32) {
		for _, v := range y {
			if text != "" || finite(v) {
				continue
			}
			name := list[i].Name
			if name == "" {
				name = fmt.Sprint(spans[i].Series)
			}
			text = fmt.Sprintf("the output is %v at row %d of series %s", v, spans[i].From+row, name)
		}
	})
	return text
}

// unbounded names the first parameter with a value that is not finite; empty where there is none.
func (f *fit) unbounded(what string, values []float32) string {
	for _, q := range f.m.Program().Params {
		for _, v := range values[q.Offset:][:q.Shape.Len()] {
			if !finite(v) {
				return fmt.Sprintf("the %s%s is %v", what, q.Name, v)
			}
		}
	}
	return ""
}

// validate is the mean loss over the scored rows of the validation part; NaN without one.
func (f *fit) validate() (float64, error) {
	if text := f.unbounded("value of ", f.s.Theta); text != "" {
		return 0, f.diverged(text)
	}
	part := f.data.Valid
	if len(part.Windows) == 0 {
		return math.NaN(), nil
	}
	loss, err := MeanLoss(f.m.With(f.s.Theta), part, f.data.ResetState, f.o)
	if err != nil {
		return 0, f.stuck("on the validation part ", err)
	}
	if finite(loss) {
		return loss, nil
	}
	list, spans := Spans(part), part.Windows
	if !f.data.ResetState {
		list, spans = part.Series, nil
		for i := range list {
			spans = append(spans, dataset.Window{Series: i})
		}
	}
	if text := f.output(list, spans); text != "" {
		return 0, f.diverged("on the validation part " + text)
	}
	return 0, f.diverged(fmt.Sprintf("the validation loss is %v", loss))
}

// MeanLoss is the mean loss of a model over the scored rows of a part, along whole series or, with reset, over windows
// from the zero state; NaN where no row is scored. The error is a *model.InputError, or that
// of NewLoss.
func MeanLoss(m *model.Model, part dataset.Part, reset bool, o Options) (float64, error) {
	o = o.Filled()
	loss, err := NewRowLoss(m.Schema().Target, o)
	if err != nil {
		return 0, err
	}
	list := part.Series
	if reset {
		list = Spans(part)
	}
	sum, rows := make([]float64, len(list)), 0
	dy := make([][]float32, len(list))
	for i := range list {
		dy[i] = make([]float32, m.Schema().Target.Width())
		rows += list[i].Scored()
	}
	err = m.Run(list, model.RunOptions{Workers: o.Workers, Output: "y"}, func(i, row int, y []float32) {
		if labels := list[i].Label(row); series.Labelled(labels) {
			sum[i] += loss(y, labels, dy[i])
		}
	})
	total := 0.0
	for _, v := range sum {
		total += v
	}
	return total / float64(rows), err
}

// Spans are the windows of a part as series of their own.
func Spans(part dataset.Part) []series.Series {
	list := make([]series.Series, len(part.Windows))
	for i := range part.Windows {
		list[i] = part.Span(i)
	}
	return list
}
