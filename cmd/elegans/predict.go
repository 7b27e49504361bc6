package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

// predictFlags are the options of predict.
type predictFlags struct {
	roles    dataset.Roles
	format   string
	out      string
	stateIn  string
	stateOut string
}

func newPredict(c *console) *cobra.Command {
	f := &predictFlags{}
	cmd := &cobra.Command{
		Use:   "predict MODEL DATA",
		Short: "Predict with a trained model, row by row",
		Long: `Predict with a trained model: one row for each row of the data, in their order, with series (where the data hold several),
time as the data spell it, prediction, and the probability p_CLASS of each class, the quantiles q_LEVEL, or the standard
deviation sd, whatever the model predicts. Rows that cannot be predicted, such as duplicates that were dropped, have empty
cells. Where a series has one label the rows before its last say what the model thinks so far.

The state is carried along each series. --state-out keeps the state of every series, and --state-in goes on from there: two
halves of a file give the rows of the whole, byte for byte, with the true time between them. A column of labels is not
needed and has no influence. DATA is a file, a built-in name, or - for standard input.`,
		Example: "  elegans predict occupancy.elegans today.csv > predicted.csv\n  elegans predict rooms.elegans monday.csv --state-out rooms.state --out monday.parquet\n" +
			"  elegans predict rooms.elegans tuesday.csv --state-in rooms.state --state-out rooms.state --format jsonl",
		Args: takes("MODEL", "DATA"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, c, args[0], args[1]) },
	}
	cmd.Flags().StringVar(&f.out, "out", "-", "`FILE` to write; - is standard output")
	cmd.Flags().Var(oneOf[string]{&f.format, writable()}, "format", "`FORMAT`: "+strings.Join(writable(), ", ")+"; by the ending of --out, or csv, if not given")
	cmd.Flags().StringVar(&f.stateIn, "state-in", "", "`FILE` of the state to go on from; the zero state if not given")
	cmd.Flags().StringVar(&f.stateOut, "state-out", "", "`FILE` to keep the state in")
	addReading(cmd, &f.roles, "horizon-tolerance") // labels are not read
	return cmd
}

func (f *predictFlags) run(cmd *cobra.Command, c *console, path, name string) error {
	if f.format == "" && f.out == "-" {
		f.format = "csv"
	}
	format, err := formatFor(f.format, f.out)
	if err != nil {
		return err
	}
	for _, file := range []string{f.out, f.stateOut} {
		if file == "" {
			continue
		}
		if err := checkWritable(file, name); err != nil {
			return err
		}
	}
	if f.out == f.stateOut {
		return usage("--out and --state-out are both %s; name two files", f.out)
	}
	x, err := c.openFor(cmd, path, name, openOptions{roles: &f.roles, unlabelled: true})
	if err != nil {
		return err
	}
	if err := x.m.Causal(); err != nil && (f.stateIn != "" || f.stateOut != "") {
		return usage("--state-in and --state-out: there is no state to go on from: %v", err)
	}
	p, err := f.predict(c, x, name)
	if err != nil {
		return err
	}
	for _, w := range p.warnings {
		c.warn("%s", w)
	}
	t := p.table()
	if err := c.save(cmd.Context(), f.out, func(w io.Writer) error { return table.Write(w, t, format) }); err != nil {
		return err
	}
	// Only when the rows are out: a state that is ahead of them could replace the one that they are made from again.
	if f.stateOut != "" {
		if err := c.save(cmd.Context(), f.stateOut, p.after.write); err != nil {
			return err
		}
	}
	c.note("%s of %d series, %d without a prediction", plural(t.Rows, "row"), len(p.list), p.missing)
	return nil
}

// predictions of a model along the series of a source.
type predictions struct {
	m        *model.Model
	d        *dataset.Dataset
	list     []series.Series
	y        [][]float32 // of each series, row after row; NaN where there is none
	width    int
	missing  int       // rows of the source without a prediction
	shift    []float64 // added to the time of each series, where rows are counted
	after    *streamStates
	warnings []string
}

// predict runs the model along all series, from the states of --state-in.
func (f *predictFlags) predict(c *console, x *forModel, name string) (*predictions, error) {
	list, applied, err := x.d.Apply(x.schema)
	if err != nil {
		return nil, err
	}
	p := &predictions{m: x.m, d: x.d, list: list, y: make([][]float32, len(list)), shift: make([]float64, len(list)), warnings: applied.Warnings}
	p.width = x.m.Program().Nodes[x.m.Program().Outputs[x.m.Program().Output("prediction")].Node].Shape.Len()
	if x.m.Causal() != nil {
		return p, p.whole()
	}
	p.after = &streamStates{Model: fingerprint(x.m), Series: map[string]streamState{}}
	before := p.after
	if f.stateIn != "" {
		if before, err = c.readStates(f.stateIn, x.m); err != nil {
			return nil, err
		}
		for series, state := range before.Series {
			p.after.Series[series] = state // series that are silent today go on tomorrow
		}
	}
	after := make([]streamState, len(list))
	failed := make([]error, len(list))
	p.concurrently(func(i int, s *model.Stream) {
		var from *streamState
		if state, ok := before.Series[list[i].Name]; ok && f.stateIn != "" {
			from = &state
		}
		after[i], failed[i] = p.along(i, s, from)
	})
	for i, err := range failed {
		if err != nil {
			return nil, inputError(err, p.d)
		}
		p.after.Series[list[i].Name] = after[i]
	}
	return p, nil
}

// whole predicts series that have to be there from the first row to the last.
func (p *predictions) whole() error {
	err := p.m.Run(p.list, model.RunOptions{Workers: runtime.GOMAXPROCS(0)}, func(i, _ int, y []float32) {
		p.y[i] = append(p.y[i], y...)
	})
	return inputError(err, p.d)
}

// concurrently calls run for every series, with a stream that it may use.
func (p *predictions) concurrently(run func(i int, s *model.Stream)) {
	queue := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(p.list)) {
		workers.Go(func() {
			s := p.m.Stream()
			for i := range queue {
				run(i, s)
			}
		})
	}
	for i := range p.list {
		queue <- i
	}
	close(queue)
	workers.Wait()
}

// along predicts one series from the zero state or from another one, and gives the state at its end.
func (p *predictions) along(i int, stream *model.Stream, from *streamState) (streamState, error) {
	s := &p.list[i]
	stream.Reset()
	skip := 0
	if from != nil {
		var err error
		if skip, err = p.join(i, stream, from); err != nil {
			return streamState{}, err
		}
	}
	p.y[i] = make([]float32, 0, s.Len()*p.width)
	for row := range s.Len() {
		if row < skip {
			p.y[i] = append(p.y[i], slices.Repeat([]float32{float32(math.NaN())}, p.width)...)
			continue
		}
		y, err := stream.Step(s.At(row), s.DT[row])
		var input *model.InputError
		if errors.As(err, &input) {
			input.Series, input.Row = s.Name, s.Row[row]
			return streamState{}, input
		}
		var stuck *model.StepError
		if errors.As(err, &stuck) {
			stuck.Series, stuck.Row = s.Name, s.Row[row]
			return streamState{}, stuck
		}
		p.y[i] = append(p.y[i], y...)
	}
	return streamState{Time: s.Time[s.Len()-1] + p.shift[i], State: stream.Snapshot()}, nil
}

// join goes on from a state: the first row of the series follows the last one of the state after the time that passed.
// skip is how many rows bear the time of that last one, where only the first of such rows counts.
func (p *predictions) join(i int, stream *model.Stream, from *streamState) (skip int, err error) {
	s, clock := &p.list[i], p.m.Schema().Clock
	if err := stream.Restore(from.State); err != nil {
		return 0, &dataError{fmt.Sprintf("--state-in: the state of series %q: %v", s.Name, err)}
	}
	if clock.Kind == series.Index {
		p.shift[i] = from.Time + 1
	}
	passed := s.Time[0] + p.shift[i] - from.Time
	if passed < 0 {
		of := ""
		if s.Name != "" {
			of = fmt.Sprintf(" of series %q", s.Name)
		}
		return 0, &table.DataError{Source: p.d.Name, Column: clock.Column, Value: dataset.FormatTime(clock, s.Time[0]),
			Msg: fmt.Sprintf("time goes backwards: the first row%s lies before %s, the last row of --state-in; give the data that follow it, or the state that precedes them", of, dataset.FormatTime(clock, from.Time))}
	}
	if passed == 0 && p.d.Roles.Duplicates == dataset.KeepFirst {
		return 1, nil // later rows of this time were dropped already
	}
	dt := passed / clock.Unit
	if dt > math.MaxFloat32 {
		return 0, &table.DataError{Source: p.d.Name, Column: clock.Column, Msg: fmt.Sprintf("the first row lies %g time units after the last row of --state-in, more than a number can hold", dt)}
	}
	s.DT[0] = float32(dt)
	return 0, nil
}

// table is the predictions in the order of the source.
func (p *predictions) table() *table.Table {
	rows := p.d.SourceRows()
	t := &table.Table{Source: p.d.Name, Rows: len(rows)}
	if len(p.list) > 1 || len(p.list) > 0 && p.list[0].Name != "" {
		t.Columns = append(t.Columns, texts("series", rows, func(r dataset.SourceRow) string { return p.list[r.Series].Name }))
	}
	at := func(r dataset.SourceRow) float64 { return r.Time + p.shift[r.Series] }
	if own, ok := p.d.TimeColumn(); ok {
		own.Name = "time"
		t.Columns = append(t.Columns, own)
	} else {
		t.Columns = append(t.Columns, values("time", rows, at))
	}
	t.Columns = append(t.Columns, p.columns(rows)...)
	return t
}

// row is the prediction for a row of the source; nil where there is none.
func (p *predictions) row(r dataset.SourceRow) []float32 {
	if r.At < 0 {
		return nil
	}
	y := p.y[r.Series][r.At*p.width:][:p.width]
	if y[0] != y[0] {
		return nil
	}
	return y
}

// columns are the prediction and what goes with it.
func (p *predictions) columns(rows []dataset.SourceRow) (list []table.Column) {
	target := p.m.Schema().Target
	for _, r := range rows {
		if r.Series < 0 || p.row(r) == nil {
			p.missing++
		}
	}
	number := func(name string, of func(y []float32) float64) {
		list = append(list, values(name, rows, func(r dataset.SourceRow) float64 {
			if y := p.row(r); y != nil {
				return of(y)
			}
			return math.NaN()
		}))
	}
	part := func(k int) func(y []float32) float64 { return func(y []float32) float64 { return decimal(y[k]) } }
	switch {
	case target.Task == series.Classify:
		list = append(list, texts("prediction", rows, func(r dataset.SourceRow) string {
			if y := p.row(r); y != nil {
				return target.Classes[metric.Predicted(wide(y), target.Threshold)]
			}
			return ""
		}))
		for k, class := range target.Classes {
			number("p_"+class, part(k))
		}
	case len(target.Quantiles) > 0:
		number("prediction", func(y []float32) float64 { return decimal(float32(metric.Median(target.Quantiles, wide(y)))) })
		for k, q := range target.Quantiles {
			number("q_"+strconv.FormatFloat(q, 'g', -1, 64), part(k))
		}
	default:
		number("prediction", part(0))
		if target.Gaussian {
			number("sd", part(1))
		}
		for k := 1; k < target.Outputs; k++ {
			number(fmt.Sprintf("prediction_%d", k+1), part(k))
		}
	}
	return list
}

func wide(y []float32) []float64 {
	list := make([]float64, len(y))
	for k, v := range y {
		list[k] = float64(v)
	}
	return list
}

// decimal is the number that the shortest decimal of v stands for, so that files show no digits that a float32 has not.
func decimal(v float32) float64 {
	d, _ := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	return d
}

// values is a column of numbers.
func values(name string, rows []dataset.SourceRow, of func(r dataset.SourceRow) float64) table.Column {
	c := table.Column{Name: name, Num: make([]float64, len(rows))}
	for i, r := range rows {
		c.Num[i] = math.NaN()
		if r.Series >= 0 {
			c.Num[i] = of(r)
		}
	}
	return c
}

// texts is a column of texts; an empty one is a missing cell.
func texts(name string, rows []dataset.SourceRow, of func(r dataset.SourceRow) string) table.Column {
	c := table.Column{Name: name, Kind: table.Text, Codes: make([]int32, len(rows))}
	index := map[string]int32{}
	for i, r := range rows {
		text := ""
		if r.Series >= 0 {
			text = of(r)
		}
		code, ok := index[text]
		switch {
		case text == "":
			code = -1
		case !ok:
			code = int32(len(c.Levels))
			index[text] = code
			c.Levels = append(c.Levels, text)
		}
		c.Codes[i] = code
	}
	return c
}
