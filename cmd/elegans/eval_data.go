package main

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/experiment"
	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

// forModel is data opened for a trained model.
type forModel struct {
	m        *model.Model
	schema   series.Schema // by which the data are read
	d        *dataset.Dataset
	trained  *trainFlags           // of the run that made the model
	protocol dataset.Protocol      // that the model was trained by, where the data are the built-in set that has it
	same     bool                  // the data are those the model was trained on, to the bit
	divided  *dataset.SplitOptions // in place of how they were divided for training
}

// as is the model on its data, divided and cut as another one's are.
func (x *forModel) as(other *forModel) *forModel {
	y, split := *x, other.split()
	y.trained, y.protocol, y.same, y.divided = other.trained, other.protocol, other.same, &split
	return &y
}

// fittedTo counts the rows of a part that the model was fitted to or chosen by, as far as its file tells.
func (x *forModel) fittedTo(p experiment.Part) (n int, err error) {
	if !x.same {
		return 0, nil
	}
	parts, _, _, err := x.parts()
	if err != nil {
		return 0, err
	}
	type place struct {
		series string
		row    int
	}
	seen := map[place]bool{}
	for _, own := range []experiment.Part{parts.Train, parts.Valid} {
		for _, s := range own.Series {
			for _, row := range s.Row {
				seen[place{s.Name, row}] = true
			}
		}
	}
	for _, s := range p.Series {
		for i, row := range s.Row {
			if series.Labelled(s.Label(i)) && seen[place{s.Name, row}] {
				n++
			}
		}
	}
	return n, nil
}

// openOptions say how data are read for a model.
type openOptions struct {
	roles      *dataset.Roles // tied to the flags of the command
	unlabelled bool           // labels are not read unless they are an input too
	target     string         // column of the labels; that of the schema if empty
	model      *model.Model   // where it is loaded already
	value      int            // of a model of several values, the number from 1 of the one whose labels are read; 0 for its target as it is
}

// openFor loads a model and opens data in the roles of its schema. What the schema does not fix, such as --duplicates or
// --layout, is read as the training data were, unless a flag of cmd says otherwise.
func (c *console) openFor(cmd *cobra.Command, path, name string, o openOptions) (*forModel, error) {
	if path == "-" && name == "-" {
		return nil, usage("MODEL and DATA are both -; standard input holds one of them, name a file for the other")
	}
	m := o.model
	var err error
	if m == nil {
		if m, err = c.loadModel(path); err != nil {
			return nil, err
		}
	}
	roles := o.roles
	x := &forModel{m: m, schema: m.Schema(), trained: recall(m.Info().Settings)}
	if t := &x.schema.Target; o.value > 0 && t.Labels() > 1 {
		*t = t.Of(o.value - 1)
		t.AsInput = slices.ContainsFunc(x.schema.Inputs, func(in series.Input) bool { return in.Name == t.Name })
	}
	if o.unlabelled && !x.schema.Target.AsInput {
		x.schema.Target.Name = "" // whatever the column holds
	}
	x.schema.Target.Name = cmp.Or(o.target, x.schema.Target.Name)
	for _, f := range roleFlags {
		if was, ok := m.Info().Settings[f.name]; ok && f.reading && cmd.Flags().Lookup(f.name) != nil && !cmd.Flags().Changed(f.name) {
			if err := cmd.Flags().Set(f.name, was); err != nil {
				return nil, &model.FileError{Path: path, Problem: "its setting " + f.name + " is " + was + ", which this build does not know; update elegans"}
			}
		}
	}
	if b, err := dataset.Lookup(name); err == nil && m.Info().Protocol != "" {
		if x.protocol, err = b.Protocol(m.Info().Protocol); err == nil && x.protocol.Roles != nil {
			roles.Duplicates = cmp.Or(roles.Duplicates, x.protocol.Roles.Duplicates, dataset.KeepAll)
		}
	}
	if x.d, err = dataset.OpenFor(x.schema, name, *roles); err != nil {
		return nil, err
	}
	x.same = m.Info().Data != "" && x.d.Hash() == m.Info().Data
	return x, nil
}

// recall gives the flags of train that a model file lists. Flags that this build does not know are left out.
func recall(settings map[string]string) *trainFlags {
	f := &trainFlags{}
	cmd := &cobra.Command{}
	f.register(cmd)
	for _, name := range sortedKeys(settings) {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.Flags().Set(name, settings[name]) // one that cannot be set has no say
		}
	}
	return f
}

// Parts of data that eval takes.
const (
	partTrain = "train"
	partValid = "valid"
	partTest  = "test"
	partAll   = "all"
)

var partNames = []string{partTrain, partValid, partTest, partAll}

// usualPart is the test part of data that the model may have been fitted to, and all of other data.
func (x *forModel) usualPart() string {
	if x.same || x.d.Builtin != nil {
		return partTest
	}
	return partAll
}

// part gives the series of a part, cut as they were when the model was trained.
func (x *forModel) part(name string) (experiment.Part, []string, error) {
	if name == partAll {
		list, applied, err := x.d.Apply(x.schema)
		if err != nil {
			return experiment.Part{}, nil, err
		}
		whole := experiment.Cut(&dataset.Split{Schema: x.schema, Test: list}, dataset.Protocol{Window: x.protocol.Window,
			TestStride: x.protocol.TestStride, ResetState: x.protocol.ResetState, FullWindows: x.protocol.FullWindows})
		warnings := applied.Warnings
		if x.same {
			warnings = append(warnings, "the model was fitted to a part of these data, so the scores are too good; --part test scores the rest")
		}
		return whole.Test, warnings, nil
	}
	parts, by, warnings, err := x.parts()
	if err != nil {
		return experiment.Part{}, nil, err
	}
	part := map[string]experiment.Part{partTrain: parts.Train, partValid: parts.Valid, partTest: parts.Test}[name]
	if len(part.Series) == 0 {
		return part, nil, usage("--part %s: the %s part is empty (%s); allowed here: %s", name, name, by, strings.Join(x.filled(parts), ", "))
	}
	return part, warnings, nil
}

// parts cuts the data as they were cut when the model was trained; by says how, in words.
func (x *forModel) parts() (parts experiment.Parts, by string, warnings []string, err error) {
	s, err := x.d.SplitWith(x.schema, x.split())
	if err != nil {
		return parts, "", nil, err
	}
	protocol := x.protocol
	if protocol.Name != "" {
		protocol = x.trained.windows(protocol, x.d.Roles.LastStep)
	}
	parts = experiment.Cut(s, protocol)
	return parts, s.By, slices.Concat(x.d.Warnings, x.d.Notes, parts.Warnings), nil
}

// filled names the parts that hold rows.
func (x *forModel) filled(parts experiment.Parts) (names []string) {
	for i, p := range []experiment.Part{parts.Train, parts.Valid, parts.Test} {
		if len(p.Series) > 0 {
			names = append(names, partNames[i])
		}
	}
	return append(names, partAll)
}

// split is how the data were divided for training; the default of other data.
func (x *forModel) split() dataset.SplitOptions {
	if x.divided != nil {
		return *x.divided
	}
	if x.protocol.Split != nil {
		return *x.protocol.Split
	}
	for _, f := range splitFlags {
		if _, given := x.m.Info().Settings[f.name]; given && (x.same || x.d.Builtin == nil) {
			return x.trained.split
		}
	}
	return x.d.DefaultSplit()
}

// inputError turns a value that a model cannot take, or a row that its solver cannot, into an error of the data, with its place
// in the file.
func inputError(err error, d *dataset.Dataset) error {
	var input *model.InputError
	if errors.As(err, &input) {
		return d.RowError(input.Series, input.Row, input.Problem())
	}
	var stuck *model.StepError
	if errors.As(err, &stuck) {
		return d.RowError(stuck.Series, stuck.Row, stuck.Problem())
	}
	return err
}
