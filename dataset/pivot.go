package dataset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/table"
)

// pivot replaces a long table of events (series, time, parameter, value) by a wide one: a row for each series and time in
// order of first appearance, a column for each parameter in order of its name, NaN where a parameter was not observed.
// Other columns keep the value of the first event of their row. Of two values of one parameter at one time the later
// one in the file stays, as a correction would.
func (p *part) pivot(d *Dataset) error {
	roles, err := p.longRoles(d.Roles)
	if err != nil {
		return err
	}
	d.Roles.Time = roles.Time
	rows, firsts, err := p.events(roles)
	if err != nil {
		return err
	}
	wide := &table.Table{Source: p.table.Source, Format: p.table.Format, Rows: len(firsts)}
	for i := range p.table.Columns {
		c := &p.table.Columns[i]
		if c.Name != roles.Parameter && c.Name != roles.Value {
			wide.Columns = append(wide.Columns, pick(c, firsts))
		}
	}
	parameters, replaced, err := p.spread(roles, rows, len(firsts))
	if err != nil {
		return err
	}
	for _, c := range parameters {
		if _, ok := wide.Column(c.Name); ok {
			return p.whole(roles.Parameter, "parameter %q has the name of another column; rename one", c.Name)
		}
	}
	wide.Columns = append(wide.Columns, parameters...)
	d.note("%s: %d events of %d parameters make %d rows", p.name, p.table.Rows, len(parameters), wide.Rows)
	if replaced > 0 {
		d.note("%s: %d events repeat a parameter at the same time; the later in the file counts", p.name, replaced)
	}
	long := p.table
	p.lines = func(row int) int {
		if row < 0 || row >= len(firsts) {
			return 0
		}
		return long.Line(firsts[row])
	}
	p.table, p.columns = wide, wide.Names()
	return nil
}

// longRoles finds the columns of parameter, value and time, by their usual names where the user names none.
func (p *part) longRoles(r Roles) (Roles, error) {
	for _, want := range []struct {
		name  *string
		flag  string
		what  string
		usual []string
	}{{&r.Parameter, "--parameter", "parameters", []string{"parameter"}}, {&r.Value, "--value", "values", []string{"value"}}, {&r.Time, "--time", "times", clockNames}} {
		for _, name := range p.columns {
			if *want.name == "" && slices.Contains(want.usual, strings.ToLower(name)) {
				*want.name = name
			}
		}
		if *want.name == "" || *want.name == NoTime {
			return r, &UsageError{Flag: want.flag, Text: fmt.Sprintf("a long table needs a column of %s; name one of its columns: %s", want.what, strings.Join(p.columns, ", "))}
		}
	}
	for _, name := range []string{r.Parameter, r.Value, r.Time, r.Series} {
		if name != "" && !slices.Contains(p.columns, name) {
			return r, unknownColumn(p.source(), name, p.columns)
		}
	}
	return r, nil
}

// events gives every event its row in the wide table, -1 for an event without a parameter, and every row its first event.
func (p *part) events(r Roles) (rows, firsts []int, err error) {
	at, _ := p.table.Column(r.Time)
	parameter, _ := p.table.Column(r.Parameter)
	index := map[[2]string]int{}
	rows = make([]int, p.table.Rows)
	for event := range rows {
		rows[event] = -1
		if parameter.Missing(event) {
			continue // a blank parameter says nothing, whatever its value
		}
		key := [2]string{p.key(r.Series, event), at.Cell(event)}
		row, ok := index[key]
		if !ok {
			row = len(firsts)
			index[key] = row
			firsts = append(firsts, event)
		}
		rows[event] = row
	}
	if len(firsts) == 0 {
		return nil, nil, p.whole(r.Parameter, "no event names a parameter")
	}
	return rows, firsts, nil
}

// spread makes the column of each parameter, and counts the values that a later one replaced.
func (p *part) spread(r Roles, rows []int, n int) (columns []table.Column, replaced int, err error) {
	parameter, _ := p.table.Column(r.Parameter)
	value, _ := p.table.Column(r.Value)
	if len(value.Bad) > 0 {
		return nil, 0, p.cell(value.Bad[0].Row, value.Name, value.Bad[0].Text, "is text in a column of numbers %s; correct it or leave the cell empty", suchCells(value.BadCount))
	}
	if value.Kind == table.Text {
		return nil, 0, p.whole(value.Name, "holds texts; the values of a long table must be numbers")
	}
	index := map[string]int{}
	var names []string
	for event := range rows {
		name := parameter.Cell(event)
		if _, ok := index[name]; rows[event] >= 0 && !ok {
			index[name] = len(names)
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		index[name] = i
		c := table.Column{Name: name, Kind: table.Number, Num: make([]float64, n)}
		for row := range c.Num {
			c.Num[row] = nan
		}
		columns = append(columns, c)
	}
	for event, row := range rows {
		if row < 0 || value.Missing(event) {
			continue
		}
		cell := &columns[index[parameter.Cell(event)]].Num[row]
		if *cell == *cell {
			replaced++
		}
		*cell = value.Num[event]
	}
	return columns, replaced, nil
}

// pick is the column at the given rows.
func pick(c *table.Column, rows []int) table.Column {
	picked := table.Column{Name: c.Name, Kind: c.Kind, Levels: c.Levels}
	if c.Spelling != nil {
		s := pick(c.Spelling, rows)
		picked.Spelling = &s
	}
	at := map[int]int{}
	for to, from := range rows {
		at[from] = to
		if c.Kind == table.Text {
			picked.Codes = append(picked.Codes, c.Codes[from])
		} else {
			picked.Num = append(picked.Num, c.Num[from])
		}
	}
	move := func(cells []table.BadCell) (moved []table.BadCell) {
		for _, b := range cells {
			if to, ok := at[b.Row]; ok {
				moved = append(moved, table.BadCell{Row: to, Text: b.Text})
			}
		}
		return moved
	}
	picked.Bad, picked.NaN = move(c.Bad), move(c.NaN)
	picked.BadCount, picked.NaNCount = len(picked.Bad), len(picked.NaN)
	return picked
}
