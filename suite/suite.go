// Package suite holds the tasks on which models are compared with published results and with other libraries: for each one
// the data, the exact split, the windows, which steps are scored and by what, and the figures of others.
//
// A task is expressed in the terms of the other packages (a series.Schema, windows of series, metrics of package metric),
// so that a model trained on it is an ordinary model and its file an ordinary file. Data that the product does not hold are
// read from a folder; what is not there is a *MissingError, which a table can show.
//
// A task is run as a contest of package experiment, which trains, keeps trials and ranks; a Record is the file of all that was
// ever scored on a task, and the page of results is written from it.
//
// A new task is one file and one line in the registry.
package suite

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/internal/nearest"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// Task is one data set with one way to divide it and to score it.
type Task struct {
	// Name as in flags, files and JSON.
	Name  string
	Title string
	// Protocol says in words how the data are divided, cut and scaled.
	Protocol string
	// Source of the data.
	Source string
	// Files that are read from the folder; none for data that the product holds.
	Files []string
	// LastOnly says that only the last step of a window is scored; else every step is.
	LastOnly bool
	// Leaky says that parts share rows, so that the score is too good: it serves for comparison with a published one only.
	Leaky bool
	// Crossed says that the validation part is too small or too unlike the rest to rank models, or is none: the first candidate stands for all, which
	// cross-validation over training and validation part has put there.
	Crossed bool
	// Measures that are reported; the first decides.
	Measures []Measure
	// Goals that were set before anything was trained.
	Goals []Goal
	// Threshold names the metric for which the threshold between two classes is chosen on validation; empty: it is 0.5.
	Threshold string
	// Batch is the number of windows a step that the figures of others were made with.
	Batch int
	// Timed is the task that has the same data with their elapsed times, where in this one every elapsed time is 1.
	Timed *Task

	read func(Folder) (*Data, error)
}

// Data is a task's data, divided, with everything fitted on the training part.
type Data struct {
	Schema             series.Schema
	Train, Valid, Test dataset.Part
	// Options of training that belong to the task: its loss and weights.
	Options train.Options

	// scale gives the inputs with the scalers of other series to train on; nil where none are fitted, or where they stay as they
	// are with other series.
	scale func([]series.Series) []series.Input
	once  sync.Once
	hash  string
}

// registry: one line a task.
var registry = []*Task{
	&occupancyChrono, &cheetahClip, &ozoneChrono, &trafficHour, &vowels, &physionet, &cgm, &cmapss, &lidar,
	&occupancyPaper, &occupancyLeaky, &ozoneLeaky, &trafficLeaky, &ozonePaper, &trafficPaper, &cheetah, &smnist, &xor, &xorUntimed, &motions, &digits, &physionetEvents, &lidarNcps, &cmapssHistory,
}

// Tasks lists every task.
func Tasks() []*Task { return slices.Clone(registry) }

// Peers are the nine tasks on which other libraries were measured.
func Peers() []*Task { return slices.Clone(registry[:9]) }

// Lookup finds a task by name. The error lists what there is.
func Lookup(name string) (*Task, error) {
	var names []string
	for _, t := range registry {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	hint := ""
	if near := nearest.Name(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return nil, fmt.Errorf("unknown task %q%s (known: %s)", name, hint, strings.Join(names, ", "))
}

// Read reads the data. The error is a *MissingError where a file is not in the folder, a *table.DataError where it is not
// what it should be.
func (t *Task) Read(f Folder) (*Data, error) {
	for _, file := range t.Files {
		if err := f.has(file); err != nil {
			return nil, err
		}
	}
	d, err := t.read(f)
	if err != nil {
		return nil, err
	}
	if err := d.Schema.Check(); err != nil {
		return nil, fmt.Errorf("task %s: %w", t.Name, err)
	}
	return d, nil
}
