package dataset

import (
	"errors"
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

// Apply reads new data for a trained model: all series of a file, a built-in data set or standard input ("-"), by the
// schema alone. Of the roles only those count that a schema does not fix: Sort, Duplicates, TimeFormat,
// HorizonTolerance, Layout, Parameter and Value.
//
// Columns are matched by name; others are ignored and listed in Applied. The label column may be absent: then no row is
// scored. A category that the training part did not hold is level 0, "other", and counted; a class that it did not hold
// is not scored, and counted.
//
// Errors: *NotFoundError; *UsageError; *table.DataError where the data do not fit the schema: a column that is missing
// (with the nearest name), a text in a column of numbers, a missing value where the training data had none, labels of
// which the model knows none.
func Apply(schema series.Schema, name string, r Roles) ([]series.Series, Applied, error) {
	d, err := OpenFor(schema, name, r)
	if err != nil {
		return nil, Applied{}, err
	}
	return d.Apply(schema)
}

// ApplyTable is Apply for a table in memory.
func ApplyTable(schema series.Schema, t *table.Table, r Roles) ([]series.Series, Applied, error) {
	d, err := tablesFor(schema, r, t)
	if err != nil {
		return nil, Applied{}, err
	}
	return d.Apply(schema)
}

// Apply reads all series of a data set that was opened for the schema with OpenFor.
func (d *Dataset) Apply(schema series.Schema) ([]series.Series, Applied, error) {
	var all []segment
	for i, t := range d.tracks {
		all = append(all, segment{track: i, to: len(t.rows)})
	}
	list, applied, err := d.assemble(schema, all)
	if err != nil {
		return nil, applied, err
	}
	for _, u := range applied.Unseen {
		if u.Label && applied.Labelled == 0 {
			return nil, applied, d.parts[0].whole(u.Column, "holds labels such as %s, none of which the model knows (%s); choose data with the labels it was trained on, or drop the column to predict without",
				quoteAll(u.Values[:1]), quoteAll(schema.Target.Classes))
		}
	}
	used := append(schemaColumns(schema), schema.Target.Name, schema.Clock.Column, schema.SeriesColumn)
	for _, p := range d.parts {
		for _, name := range p.columns {
			if !slices.Contains(used, name) && !slices.Contains(applied.Ignored, name) {
				applied.Ignored = append(applied.Ignored, name)
			}
		}
	}
	applied.Warnings = slices.Concat(d.Warnings, d.Notes, applied.Warnings)
	return list, applied, nil
}

// OpenFor opens data in the roles that a schema gives its columns; see Apply. It is for those who need the data set
// itself, such as an evaluation on the test part of a split (Dataset.SplitWith).
func OpenFor(schema series.Schema, name string, r Roles) (*Dataset, error) {
	if b, err := Lookup(name); err == nil {
		tables, notes, err := b.repaired()
		if err != nil {
			return nil, err
		}
		d, err := tablesFor(schema, r.Merge(Roles{Sort: b.Roles.Sort, Duplicates: b.Roles.Duplicates,
			HorizonTolerance: b.Roles.HorizonTolerance}), tables...)
		if err != nil {
			return nil, err
		}
		return d.named(b, notes), nil
	}
	t, err := readFor(schema, name, r)
	if err != nil {
		return nil, err
	}
	return tablesFor(schema, r, t)
}

// readFor reads the columns of the schema and no others, categories as text. The label and the series column may be absent.
func readFor(schema series.Schema, name string, r Roles) (*table.Table, error) {
	var o table.Options
	for _, in := range schema.Inputs[:len(schemaColumns(schema))] {
		o.Columns = append(o.Columns, in.Name)
		switch {
		case in.Name == schema.Target.Name: // read as the target, so that both spell the classes alike
		case in.Kind == series.Category:
			o.Text = append(o.Text, in.Name)
		default:
			o.Number = append(o.Number, in.Name)
		}
	}
	if schema.SeriesColumn != "" {
		o.Text = append(o.Text, schema.SeriesColumn)
	}
	o.Optional = []string{schema.SeriesColumn}
	if !schema.Target.AsInput {
		o.Optional = append(o.Optional, schema.Target.Name)
	}
	for _, name := range []string{schema.Clock.Column, schema.SeriesColumn, schema.Target.Name} {
		if name != "" && !slices.Contains(o.Columns, name) {
			o.Columns = append(o.Columns, name)
		}
	}
	if r.Layout == Long {
		o = table.Options{} // parameters are no columns yet
	}
	if schema.Clock.Column != "" {
		o.Spell = []string{schema.Clock.Column} // see TimeColumn
	}
	if schema.Clock.Column == "" && name != "-" {
		// A model that counts rows is given all columns to look for times and series that are not meant to be left out. One of
		// them that cannot be read is no fault of the data.
		whole := o
		whole.Columns = nil
		if t, err := table.Open(name, whole); err == nil {
			return t, nil
		}
	}
	t, err := table.Open(name, o)
	if err != nil {
		return nil, openError(name, mismatch(err))
	}
	return t, nil
}

// mismatch turns a column that the user did not name but the model reads into an error of the data.
func mismatch(err error) error {
	var unknown *table.UnknownColumnError
	if !errors.As(err, &unknown) {
		return err
	}
	near := "rename one of the columns " + quoteAll(unknown.Known[:min(len(unknown.Known), 12)]) + ", or give data with the columns that it was trained on"
	if unknown.Suggest != "" {
		near = fmt.Sprintf("rename %q if that is it", unknown.Suggest)
	}
	return &table.DataError{Source: unknown.Source, Column: unknown.Name, Msg: "the model reads this column and the data do not have it; " + near}
}

// tablesFor gives the columns of tables the roles of a schema.
func tablesFor(schema series.Schema, r Roles, tables ...*table.Table) (*Dataset, error) {
	roles := Roles{
		Time: schema.Clock.Column, Inputs: schemaColumns(schema), Task: schema.Target.Task,
		Horizon: Horizon{Seconds: schema.Target.Horizon}, TargetAsInput: schema.Target.AsInput, LastStep: schema.Target.LastStep,
		Calendar: schema.Clock.Calendar, TimeUnit: schema.Clock.Unit, Zone: schema.Clock.Zone,
		Sort: r.Sort, Duplicates: r.Duplicates, TimeFormat: r.TimeFormat, HorizonTolerance: r.HorizonTolerance,
		Layout: r.Layout, Parameter: r.Parameter, Value: r.Value,
	}
	if schema.Target.HorizonRows {
		roles.Horizon = Horizon{Rows: int(schema.Target.Horizon)}
	}
	if roles.Time == "" {
		roles.Time = NoTime
	}
	for _, in := range schema.Inputs[:len(roles.Inputs)] {
		if in.Kind == series.Category {
			roles.Category = append(roles.Category, in.Name)
		} else {
			roles.Numeric = append(roles.Numeric, in.Name)
		}
	}
	var note string
	if has(tables, schema.Target.Name, roles) {
		roles.Target = schema.Target.Name
	} else if roles.TargetAsInput {
		return nil, mismatch(unknownColumn(tables[0].Source, schema.Target.Name, tables[0].Names()))
	}
	if has(tables, schema.SeriesColumn, roles) {
		roles.Series = schema.SeriesColumn
	} else if schema.SeriesColumn != "" {
		note = fmt.Sprintf("the data lack the series column %q: all rows are read as one series", schema.SeriesColumn)
	}
	d, err := fromTables(&Dataset{Roles: roles, fixed: true}, tables)
	if err != nil {
		return nil, mismatch(err)
	}
	if note != "" {
		d.note("%s", note)
	}
	if d.kind != schema.Clock.Kind {
		return nil, d.parts[0].whole(roles.Time, "holds %s time, the model was trained on %s time; write the time as in the training data", d.kind, schema.Clock.Kind)
	}
	return d, nil
}

// has says whether every table has the column; a parameter of a long table is one.
func has(tables []*table.Table, name string, r Roles) bool {
	if name == "" {
		return false
	}
	for _, t := range tables {
		if _, ok := t.Column(name); ok {
			continue
		}
		if r.Layout != Long {
			return false
		}
		p := &part{table: t, columns: t.Names()}
		long, err := p.longRoles(r)
		if err != nil {
			return false
		}
		c, _ := t.Column(long.Parameter)
		if !slices.Contains(c.Levels, name) {
			return false
		}
	}
	return true
}

// schemaColumns names the inputs that are columns of the data, not cycles of the calendar.
func schemaColumns(schema series.Schema) (names []string) {
	for _, in := range schema.Inputs[:len(schema.Inputs)-2*len(schema.Clock.Calendar)] {
		names = append(names, in.Name)
	}
	return names
}
