package evidence

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/online"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/suite"
	"github.com/elegans-nn/elegans/train"
)

var continual = Section{Number: 4, Name: "tasks", Title: "Tasks one after the other", run: runContinual, About: "" +
	"A network learns one task after the other from a stream of labels, by exact gradients and Adam, one update a label, and is told when a task ends; then all tasks are scored on their test parts. " +
	"It is one layer of LRU with GELU, 32 complex units for the digits and 16 for the unlike tasks: its state is diagonal, so that exact gradients carry one number a parameter. " + aboutSpoken + " " + aboutUnlike + "\n\n" +
	"*average* is the mean score of all tasks at the end, *backward* what later tasks did to earlier ones, *forward* what earlier tasks did to one before it was learned, against the network as it was drawn, " +
	"*forgetting* how far a task fell from its best (`online.NewTransfer` has the equations). *anchor* pulls to the weights as drawn, *elastic* is online elastic weight consolidation, *reservoir* keeps " +
	"200 old stretches of up to 64 rows with their state and learns one beside each label (`online.ProtectOptions`); *joint* gives the same labels of all tasks in random order, which no stream does, and is the bound. The rate " +
	"is that of the best joint run and each strength that of the best average, both on the validation parts with a seed that no figure is of."}

// course is a sequence of tasks for one network.
type course struct {
	title, caption string
	net            *model.Model
	loss           func(y []float32, labels []float64, dy []float32) float64
	lessons        []lesson
}

// lesson is one task of a course. Every series begins from the zero state, labelled as the network's target is.
type lesson struct {
	name   string
	train  []series.Series
	labels int                // that it gives: its series in random order, again from the beginning where they are too few
	parts  [2][]series.Series // validation and test
	score  func(m *model.Model, part []series.Series) (float64, error)
}

// Which part a lesson is scored on.
const (
	onValid = iota
	onTest
)

// protection is a way to keep what was learned, with the strengths that are chosen from.
type protection struct {
	name      string
	strengths []float64
	options   func(strength float64) *online.ProtectOptions
}

// joint is the name of the bound: all tasks at once.
const joint = "joint"

// reservoirSize is how many stretches are kept.
const reservoirSize = 200

var protections = []protection{
	{"none", []float64{0}, func(float64) *online.ProtectOptions { return nil }},
	{"anchor", []float64{1e-2, 1e-1}, func(k float64) *online.ProtectOptions { return &online.ProtectOptions{Anchor: k} }},
	{"elastic", []float64{10, 100, 1000}, func(k float64) *online.ProtectOptions { return &online.ProtectOptions{Elastic: k} }},
	{"reservoir", []float64{1}, func(k float64) *online.ProtectOptions {
		return &online.ProtectOptions{Reservoir: reservoirSize, Rehearse: k, Seed: 1}
	}},
	{joint, []float64{0}, func(float64) *online.ProtectOptions { return nil }},
}

// courseRates are the learning rates that are chosen from.
var courseRates = []float64{3e-3, 1e-2}

// choosing is the seed with which rates and strengths are chosen.
const choosing = 1 << 32

func runContinual(ctx context.Context, o Options) (*Result, error) {
	r := &Result{Made: fmt.Sprintf("%d seeds, kernels %s", o.Seeds, engine.KernelPath())}
	open := []func(Options) (*course, error){spokenCourse, unlikeCourse}
	for k, read := range open {
		c, err := read(o)
		var missing *suite.MissingError
		if errors.As(err, &missing) {
			return nil, &AbsentError{err.Error()}
		}
		if err != nil {
			return nil, err
		}
		progress := func(what string, done float64) { o.Progress(c.title+", "+what, (float64(k)+done)/float64(len(open))) }
		tables, err := c.tables(ctx, o.Seeds, progress)
		if err != nil {
			return nil, err
		}
		r.Tables = append(r.Tables, tables...)
	}
	return r, nil
}

// tables are those of a course: transfer, and the score of each task.
func (c *course) tables(ctx context.Context, seeds int, progress func(string, float64)) ([]Table, error) {
	progress("what is chosen", 0)
	rate, strengths, err := c.choose(ctx)
	if err != nil {
		return nil, err
	}
	all := Table{Title: c.title, Labels: []string{"protection"}, Columns: []string{"average", "backward", "forward", "forgetting"}}
	each := Table{Title: c.title + ": each task", Labels: []string{"protection", "scored"}}
	for _, l := range c.lessons {
		each.Columns = append(each.Columns, l.name)
	}
	chosen := []string{fmt.Sprintf("rate %g", rate)}
	for k, p := range protections {
		if len(p.strengths) > 1 {
			chosen = append(chosen, fmt.Sprintf("%s %g", p.name, strengths[k]))
		}
		var got [4][]float64
		learned, end := make([][]float64, len(c.lessons)), make([][]float64, len(c.lessons))
		for seed := range uint64(seeds) {
			progress(fmt.Sprintf("%s, seed %d", p.name, seed), (float64(k)+float64(seed)/float64(seeds))/float64(len(protections)))
			score, before, err := c.run(ctx, attempt{p, strengths[k], rate, seed, onTest})
			if err != nil {
				return nil, err
			}
			t, err := online.NewTransfer(score, before)
			if err != nil {
				return nil, err
			}
			for i, v := range []float64{t.Average, t.Backward, t.Forward, t.Forgetting} {
				got[i] = append(got[i], v)
			}
			for j := range c.lessons {
				learned[j], end[j] = append(learned[j], score[j][j]), append(end[j], score[len(score)-1][j])
			}
		}
		all.Rows = append(all.Rows, c.row(p, got))
		if p.name != joint {
			each.Rows = append(each.Rows, Row{Labels: []string{p.name, "when learned"}, Figures: figures(learned)})
		}
		each.Rows = append(each.Rows, Row{Labels: []string{p.name, "at the end"}, Figures: figures(end)})
	}
	all.Caption = c.caption + " Chosen: " + strings.Join(chosen, ", ") + "."
	return []Table{all, each}, nil
}

// row is that of a protection; the bound has no order in which transfer could be measured.
func (c *course) row(p protection, got [4][]float64) Row {
	list := figures(got[:])
	if p.name == joint {
		list = []*Figure{list[0], nil, nil, nil}
	}
	return Row{Labels: []string{p.name}, Figures: list}
}

func figures(values [][]float64) (list []*Figure) {
	for _, v := range values {
		list = append(list, over(v))
	}
	return list
}

// choose gives the rate, and the strength of each protection.
func (c *course) choose(ctx context.Context) (rate float64, strengths []float64, err error) {
	best := func(list []float64, of func(v float64) attempt) (chosen float64, err error) {
		most := math.Inf(-1)
		for _, v := range list {
			if len(list) == 1 {
				return v, nil
			}
			score, _, err := c.run(ctx, of(v))
			if err != nil {
				return 0, err
			}
			t, err := online.NewTransfer(score, nil)
			if err != nil {
				return 0, err
			}
			if t.Average > most {
				chosen, most = v, t.Average
			}
		}
		return chosen, nil
	}
	bound := protections[len(protections)-1]
	if rate, err = best(courseRates, func(v float64) attempt { return attempt{bound, 0, v, choosing, onValid} }); err != nil {
		return 0, nil, err
	}
	for _, p := range protections {
		k, err := best(p.strengths, func(v float64) attempt { return attempt{p, v, rate, choosing, onValid} })
		if err != nil {
			return 0, nil, err
		}
		strengths = append(strengths, k)
	}
	return rate, strengths, nil
}

// attempt is one way through a course.
type attempt struct {
	protection
	strength, rate float64
	seed           uint64
	part           int
}

// run gives score[i][j], that of task j after task i, and the scores of the network as it was drawn. All rows are the last one
// where the tasks come all at once.
func (c *course) run(ctx context.Context, a attempt) (score [][]float64, before []float64, err error) {
	s, err := c.student(a)
	if err != nil {
		return nil, nil, err
	}
	if before, err = c.scores(s.l.Model(), a.part); err != nil {
		return nil, nil, err
	}
	r := random(a.seed)
	for _, block := range c.blocks(a.name == joint, r) {
		for _, one := range block {
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			if err := s.study(one); err != nil {
				return nil, nil, err
			}
		}
		if err := s.l.Consolidate(); err != nil {
			return nil, nil, err
		}
		row, err := c.scores(s.l.Model(), a.part)
		if err != nil {
			return nil, nil, err
		}
		score = append(score, row)
	}
	for len(score) < len(c.lessons) {
		score = append(score, score[0])
	}
	return score, before, nil
}

// blocks are the series of each lesson in their order, or those of all in one.
func (c *course) blocks(together bool, r *rand.Rand) (list [][]*series.Series) {
	for i := range c.lessons {
		l := &c.lessons[i]
		var block []*series.Series
		for labels := 0; labels < l.labels; {
			for _, k := range r.Perm(len(l.train)) {
				if labels < l.labels {
					block = append(block, &l.train[k])
					labels += l.train[k].Scored()
				}
			}
		}
		list = append(list, block)
	}
	if !together {
		return list
	}
	var all []*series.Series
	for _, block := range list {
		all = append(all, block...)
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return [][]*series.Series{all}
}

func (c *course) scores(m *model.Model, part int) (list []float64, err error) {
	for _, l := range c.lessons {
		v, err := l.score(m, l.parts[part])
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// student is a network on its way.
type student struct {
	l    *online.Learner
	n    int     // series
	time float64 // in rows
}

// student starts one. Labels come at once or never, so that nothing waits, and of series that have ended nothing is kept.
func (c *course) student(a attempt) (*student, error) {
	m := c.net.Initial(a.seed)
	optimiser, err := train.NewOptimiser(m.Program(), train.Options{LearningRate: a.rate})
	if err != nil {
		return nil, err
	}
	l, err := online.NewLearner(m, online.LearnerOptions{Loss: c.loss, Optimiser: optimiser, Live: 0.5, Pending: 1, Series: 1, Replay: 64, Protect: a.options(a.strength)})
	return &student{l: l}, err
}

// study goes through a series and learns its labels at once.
func (s *student) study(one *series.Series) error {
	s.n++
	name := strconv.Itoa(s.n)
	for row := range one.Len() {
		s.time += float64(one.DT[row])
		p, err := s.l.Predict(name, s.time, one.At(row))
		if err != nil {
			return err
		}
		if label := one.Label(row); series.Labelled(label) {
			if _, err := s.l.Learn(p.ID, label...); err != nil {
				return err
			}
		}
	}
	return nil
}
