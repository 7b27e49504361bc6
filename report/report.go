package report

import "github.com/elegans-nn/elegans/series"

// Report is the content of one page. Every field may be left out.
type Report struct {
	// Title is the heading, such as "LTC on occupancy"; empty: "Training report".
	Title string
	// Subtitle is one line under the heading, such as the split and what the data are.
	Subtitle string
	// Task says in one sentence what is asked of the model.
	Task string
	// Version of the program that wrote the page; stands in the foot.
	Version string
	// Clock is the meaning of every time on the page: seconds since 1970-01-01 UTC (Calendar), seconds (Elapsed) or row
	// numbers (Index). Empty: Elapsed.
	Clock series.TimeKind
	// Gap is the time in seconds (rows for Index) beyond which a line is interrupted; 0: 10 × the median positive step
	// of the series drawn.
	Gap float64

	// Metrics in the order of their columns. The first is the one the headline and the verdicts are about.
	Metrics []Metric
	// Models in any order; the first Liquid one is the subject of the report.
	Models []Entry
	// Comparisons of the subject with others, where intervals of the difference are known.
	Comparisons []Comparison

	// Tables and Plots are the caller's own.
	Tables []Table
	Plots  []Plot

	Data        *Data
	Learning    *Learning
	Scores      *Scores
	Predictions *Predictions
	Wiring      *Wiring
	Activity    *Activity

	// Program is the listing of the model's step program.
	Program string
	// Settings are the options of the run in the order to be shown.
	Settings []Setting
	// Command is the exact command line that gives this result again, on the kernels that are named; may be empty.
	Command, Kernels string
	// Warnings that a reader must see before the figures.
	Warnings []string
}

// Entry is one model or baseline.
type Entry struct {
	Name string
	// Description says in a few words what the model does; may be empty.
	Description string
	// Liquid marks the models that are the subject, Baseline those they are measured against.
	Liquid, Baseline bool
	// Parameters is the number of trained values; Synapses that of existing synapses (0: not a network of synapses).
	Parameters, Synapses int
	// FLOPsPerStep counts the floating-point operations of one row; 0: not known.
	FLOPsPerStep float64
	// MicrosecondsPerStep is the measured time of one row; 0: not measured. Measured times differ from run to run, so a
	// report that must be reproducible leaves them out.
	MicrosecondsPerStep float64
	// Seeds are the runs; a model without randomness has one.
	Seeds []SeedResult
}

// SeedResult is one run of a model.
type SeedResult struct {
	Seed int64
	// BestEpoch is the epoch whose parameters were kept, from 1; 0: the model is not trained in epochs.
	BestEpoch int
	// Diverged says that training stopped at a number that is not finite.
	Diverged bool
	// Values by metric key, on the test part. A metric that is absent or NaN is left out of the mean.
	Values map[string]float64
}

// Comparison bounds the difference between the subject of the report and another entry.
type Comparison struct {
	// Against is the Name of the other entry.
	Against string
	// Mean is the difference (subject − other) in the unit of the first metric, Low and High the ends of its 95 % interval.
	Mean, Low, High float64
	// Method says how the interval was found, such as "paired over seeds".
	Method string
}

// Table is a table of the caller's own.
type Table struct {
	// Title stands above it, Note between the two; both may be empty.
	Title, Note string
	// Head names the columns. The first names the rows, the others hold figures.
	Head []string
	// Rows hold one text a column; a row that is shorter is filled up.
	Rows [][]string
}

// Plot is a chart of the caller's own.
type Plot struct {
	// Title stands above it, Note between the two; both may be empty.
	Title, Note string
	// X and Y name the axes.
	X, Y string
	// LogX spaces the x axis by factors; points at or below 0 have no place on it.
	LogX bool
	// LogY does so with the y axis, where all values are above 0.
	LogY  bool
	Lines []Line
}

// Line is one line of a Plot.
type Line struct {
	Name string
	// Points in any order; a line joins them by X. NaN in Y is no point.
	Points []Point
	// Dots draws points that no line joins, Dashed a dashed line, Hidden a line that is to be switched on first.
	Dots, Dashed, Hidden bool
}

// Setting is one option of the run.
type Setting struct{ Name, Value, Note string }

// Data is the audit of what went in.
type Data struct {
	// Source names where the data come from, in plain text without a web address; Licence how they may be used.
	Source, Licence string
	Parts           []Part
	Columns         []Column
	// Steps is the histogram of the time between rows.
	Steps []Bin
	// Gaps are the longest pauses, longest first.
	Gaps []Gap
	// GapCount is the number of all gaps; Duplicates counts rows with the time stamp of the row before, OutOfOrder rows
	// that had to be sorted, Unscored rows without a label.
	GapCount, Duplicates, OutOfOrder, Unscored int
	// Warnings about the data, such as one column that explains the label by itself.
	Warnings []string
}

// Part is one part of the split.
type Part struct {
	// Name is train, validation or test.
	Name string
	// Source is a file name or what the split was made by.
	Source string
	// Rows, the Series they belong to, and those with a label.
	Rows, Series, Scored int
	// From and To are the first and last time; both 0: not shown.
	From, To float64
}

// Column is one column of the table.
type Column struct {
	Name string
	// Role is input, target, time, series or ignored; Kind numeric, category, calendar and so on.
	Role, Kind string
	// Missing is the share of rows without a value, 0 to 1.
	Missing float64
	// Min, Max, Mean and SD of the observed training values. All zero or NaN: not numeric.
	Min, Max, Mean, SD float64
	// Levels is the number of categories or classes; 0: not counted.
	Levels int
	// Note is a short remark, such as "constant" or "41 outliers".
	Note string
}

// Bin counts the values in [Low, High); Low equals High for a bin of one value. Seconds, or rows for Index.
type Bin struct {
	Low, High float64
	Count     int
}

// Gap is a pause within a series.
type Gap struct {
	Series string
	// After is the time of the last row before it, Length its length.
	After, Length float64
}

// Learning holds the learning curves of the subject.
type Learning struct {
	// Metric is the key of Epoch.Metric; empty: no metric was followed.
	Metric string
	Runs   []Run
}

// Run is the course of one seed.
type Run struct {
	Seed   int64
	Epochs []Epoch
	// Best is the epoch whose parameters were kept; 0: none.
	Best int
}

// Epoch is one point of the learning curves; NaN: not measured.
type Epoch struct {
	// Number counts from 1.
	Number int
	// Train and Valid are mean losses, Metric the metric on the validation part.
	Train, Valid, Metric float64
}

// Scores are the details of one model's predictions on the test part.
type Scores struct {
	// Of names the run, such as "LTC, seed 2 (best on validation)".
	Of string
	// Classes name the rows and columns of Confusion: true class by predicted class.
	Classes   []string
	Confusion [][]int
	// Threshold on the probability of the second of two classes; 0: 0.5.
	Threshold float64
	// ROC has the false positive rate as X and the true positive rate as Y; PR recall and precision.
	ROC, PR []Curve
	// Reliability by bin of predicted probability.
	Reliability []Calibration
}

// Curve is a named line.
type Curve struct {
	Name   string
	Points []Point
}

// Point of a curve.
type Point struct{ X, Y float64 }

// Calibration compares what was predicted with what came, for the rows of one bin.
type Calibration struct {
	// Predicted is the mean probability, Observed the share of rows of the class; both 0 to 1.
	Predicted, Observed float64
	Count               int
}

// Predictions over time.
type Predictions struct {
	// Of names the run that predicted, Target the column, Unit its unit.
	Of, Target, Unit string
	// Classes of a classification; empty: a regression.
	Classes []string
	// Threshold on the probability of the second of two classes; 0: 0.5.
	Threshold float64
	// Levels of the quantiles in Trace.Bands, ascending; empty: none.
	Levels []float64
	Series []Trace
}

// Trace is the prediction of one series. All slices are as long as Time.
type Trace struct {
	Name string
	Time []float64
	// Truth and Value are class indices or numbers; NaN in Truth: not scored.
	Truth, Value []float64
	// Bands hold, for each class its probability, or for each level its quantile. May be empty.
	Bands [][]float64
}

// Wiring is the drawing of who is connected to whom.
type Wiring struct {
	// SVG is the drawing. Scripts, event handlers and references to other files are removed from it.
	SVG string
	// Counts of synapses per pair of layers.
	Counts []SynapseCount
	// Note is one line under the drawing.
	Note string
}

// SynapseCount counts the synapses from one layer to another.
type SynapseCount struct {
	From, To string
	// Synapses that exist and how many of them excite and inhibit; both 0: polarity is not known.
	Synapses, Excitatory, Inhibitory int
	// Possible is the number in a full connection; 0: not shown.
	Possible int
}

// Activity of the neurons along one real series.
type Activity struct {
	// Series is its name, Of the run whose neurons these are.
	Series, Of string
	Time       []float64
	Neurons    []Neuron
	// Inputs to be drawn above the neurons.
	Inputs []Input
}

// Neuron is the course of one neuron. Slices are as long as Activity.Time.
type Neuron struct {
	// Name such as "m0". Role is motor, command, inter or anything else; the page shows the neurons in that order.
	Name, Role string
	State      []float64
	// Tau is the effective time constant in seconds (rows for Index); empty: the cell has none.
	Tau []float64
}

// Input is the course of one input column in raw units.
type Input struct {
	Name   string
	Values []float64
}
