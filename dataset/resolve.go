package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

const (
	// MaxLevels is the largest number of different texts with which a column becomes an input unasked: beyond it lie
	// names, remarks and keys, and one-hot coding would drown the other inputs.
	MaxLevels = 64
	// maxClasses bounds the classes of a target; a text target with more is a key or a remark.
	maxClasses = 1000
	// fewValues is how many different whole numbers a target may hold to be taken for classes.
	fewValues = 10
)

// decideColumns checks that every named column exists, and has one role.
func (d *Dataset) decideColumns() error {
	r := &d.Roles
	if r.NeedTarget && r.Target == "" {
		return d.noTarget()
	}
	named := [][]string{{r.Target, r.Series, r.Time}, r.Inputs, r.Drop, r.Category, r.Numeric}
	for _, p := range d.parts {
		for _, name := range slices.Concat(named...) {
			if name != "" && name != NoTime && !slices.Contains(p.columns, name) {
				return unknownColumn(p.source(), name, p.columns)
			}
		}
	}
	conflict := func(flag, format string, args ...any) error {
		return &UsageError{Flag: flag, Text: fmt.Sprintf(format, args...)}
	}
	switch {
	case r.Target != "" && r.Target == r.Time:
		return conflict("--target", "column %q is already the time; name another with --time, or --time %s", r.Target, NoTime)
	case r.Target != "" && r.Target == r.Series:
		return conflict("--target", "column %q is already the series", r.Target)
	case r.Series != "" && r.Series == r.Time:
		return conflict("--series", "column %q is already the time", r.Series)
	case r.Target != "" && slices.Contains(r.Inputs, r.Target) && !r.TargetAsInput:
		return conflict("--inputs", "column %q is the target and would be its own input; add --target-as-input and a --horizon", r.Target)
	}
	for _, name := range r.Category {
		if slices.Contains(r.Numeric, name) {
			return conflict("--category", "column %q is named by --numeric too", name)
		}
	}
	for _, p := range d.parts {
		if text := p.twins(r); text != "" {
			return conflict("--target", "%s", text)
		}
	}
	return nil
}

// twins says that the target's name stands over several columns, and how to tell which is meant: the wrong one would be
// predicted, with the other, perhaps the label itself, among its inputs. It is empty where the user keeps the others out.
func (p *part) twins(r *Roles) string {
	var first string
	var others []string
	for _, twin := range p.renamed {
		if twin.Name == r.Target && len(r.Inputs) == 0 && !slices.Contains(r.Drop, twin.As) {
			first = cmp.Or(first, twin.String())
			others = append(others, twin.As)
		}
	}
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: which is meant? --drop %s keeps the first, --target %s --drop %s takes another; or rename them",
		first, strings.Join(others, ","), others[0], r.Target)
}

// decideInputs lists the input columns with their kinds.
func (d *Dataset) decideInputs() error {
	names := slices.Clone(d.Roles.Inputs)
	asked := len(names) > 0
	if !asked {
		names = d.usable()
	}
	if d.Roles.TargetAsInput && !slices.Contains(names, d.Roles.Target) {
		names = append(names, d.Roles.Target)
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return &UsageError{Flag: "--inputs", Text: fmt.Sprintf("column %q is named twice", name)}
		}
		in, err := d.describe(name)
		if err != nil {
			return err
		}
		d.inputs = append(d.inputs, in)
	}
	if len(d.inputs) == 0 && len(d.Roles.Calendar) == 0 {
		return &UsageError{Flag: "--inputs", Text: fmt.Sprintf("no column is left to be an input; columns: %s", strings.Join(d.parts[0].columns, ", "))}
	}
	d.Roles.Inputs, d.Roles.Category, d.Roles.Numeric = nil, nil, nil
	for _, in := range d.inputs {
		d.Roles.Inputs = append(d.Roles.Inputs, in.name)
		if in.kind == series.Category {
			d.Roles.Category = append(d.Roles.Category, in.name)
		} else {
			d.Roles.Numeric = append(d.Roles.Numeric, in.name)
		}
	}
	return nil
}

// usable lists the columns that become inputs unasked, and notes why others do not.
func (d *Dataset) usable() (names []string) {
	r := &d.Roles
	for _, name := range d.parts[0].columns {
		if name == r.Target || name == r.Time || name == r.Series || slices.Contains(r.Drop, name) {
			continue
		}
		levels, seen, everywhere := 0, false, true
		for _, p := range d.parts {
			c, ok := p.table.Column(name)
			if !ok {
				everywhere = false
				break
			}
			if !slices.Contains(r.Numeric, name) {
				levels = max(levels, len(c.Levels))
			}
			seen = seen || p.observed(c)
		}
		switch asked := slices.Contains(r.Category, name); {
		case !everywhere:
			d.note("column %q is no input: not every file has it", name)
		case !seen:
			d.note("column %q is no input: it holds no value", name)
		case levels > MaxLevels && !asked:
			d.note("column %q is no input: it holds %d different texts (--category %s makes it one)", name, levels, name)
		default:
			names = append(names, name)
		}
	}
	return names
}

// observed says that the column holds anything. A text among numbers was observed too: leaving out a column of nothing
// but such texts would hide from the user what readInputs then says of the first.
func (p *part) observed(c *table.Column) bool {
	if c.BadCount > 0 {
		return true
	}
	for row := range p.table.Rows {
		if !c.Missing(row) {
			return true
		}
	}
	return false
}

// describe decides the kind of an input over all tables: what the user says, else a category where any table that holds
// a value holds texts.
func (d *Dataset) describe(name string) (input, error) {
	in := input{name: name, kind: series.Numeric}
	if slices.Contains(d.Roles.Category, name) {
		in.kind = series.Category
	}
	open := !slices.Contains(d.Roles.Category, name) && !slices.Contains(d.Roles.Numeric, name)
	for _, p := range d.parts {
		c, ok := p.table.Column(name)
		if !ok {
			return in, unknownColumn(p.source(), name, p.columns)
		}
		if open && c.Kind == table.Text && len(c.Levels) > 0 {
			in.kind = series.Category
		}
	}
	return in, nil
}

// readInputs reads the input columns of every table for their kinds, and refuses what is not finite.
func (d *Dataset) readInputs() (err error) {
	for _, p := range d.parts {
		p.inputs = make([]values, len(d.inputs))
		for i := range d.inputs {
			in := &d.inputs[i]
			c, _ := p.table.Column(in.name)
			if in.kind == series.Category {
				p.inputs[i], err = p.category(c)
			} else {
				p.inputs[i], err = p.numeric(c, d.advice("leave the cell empty if it was not observed", "read the column as text with --category, or leave it out with --drop"))
			}
			if err != nil {
				return err
			}
			for row := range p.table.Rows {
				in.missing = in.missing || p.inputs[i].missing(row)
			}
		}
	}
	return nil
}

// category reads a column as texts. The numbers of a number column become their shortest spelling.
func (p *part) category(c *table.Column) (values, error) {
	if c.Kind == table.Text {
		return values{codes: c.Codes, levels: c.Levels}, nil
	}
	if c.BadCount > len(c.Bad) {
		return values{}, p.whole(c.Name, "%d cells are text in a column read as numbers; read the file with the column as text", c.BadCount)
	}
	bad := map[int]string{}
	for _, b := range c.Bad {
		bad[b.Row] = b.Text
	}
	v := values{codes: make([]int32, p.table.Rows)}
	index := map[string]int32{}
	for row := range v.codes {
		text, isBad := bad[row]
		if !isBad {
			text = c.Cell(row)
		}
		if text == "" {
			v.codes[row] = -1
			continue
		}
		code, ok := index[text]
		if !ok {
			code = int32(len(v.levels))
			index[text] = code
			v.levels = append(v.levels, text)
		}
		v.codes[row] = code
	}
	return v, nil
}

// numeric reads a column as numbers that fit the float32 of the model. fix ends the error about a text.
func (p *part) numeric(c *table.Column, fix string) (values, error) {
	if len(c.Bad) > 0 {
		return values{}, p.cell(c.Bad[0].Row, c.Name, c.Bad[0].Text, "is text in a column of numbers %s; %s", suchCells(c.BadCount), fix)
	}
	num := c.Num
	if c.Kind == table.Text {
		parsed := make([]float64, len(c.Levels))
		for i, text := range c.Levels {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				row := slices.Index(c.Codes, int32(i))
				return values{}, p.cell(row, c.Name, text, "is text in a column of numbers; %s", fix)
			}
			parsed[i] = v
		}
		num = make([]float64, len(c.Codes))
		for row, code := range c.Codes {
			num[row] = nan
			if code >= 0 {
				num[row] = parsed[code]
			}
		}
	}
	for row, v := range num {
		if math.Abs(v) > math.MaxFloat32 {
			return values{}, p.cell(row, c.Name, strconv.FormatFloat(v, 'g', -1, 64), "is not a finite number of at most ±3.4e38; leave the cell empty if it was not observed")
		}
	}
	return values{num: num}, nil
}

// readLabels reads the target column: as classes or as values.
func (d *Dataset) readLabels() error {
	if d.Roles.Target == "" {
		return nil
	}
	columns := make([]*table.Column, len(d.parts))
	for i, p := range d.parts {
		c, ok := p.table.Column(d.Roles.Target)
		if !ok {
			return unknownColumn(p.source(), d.Roles.Target, p.columns)
		}
		if err := p.checkLabels(c); err != nil {
			return err
		}
		columns[i] = c
	}
	if d.Roles.Task == "" {
		d.Roles.Task = inferTask(columns)
		d.note("the target %q is taken for a %s (--task says otherwise)", d.Roles.Target, map[series.Task]string{
			series.Classify: "class", series.Regress: "number"}[d.Roles.Task])
	}
	if d.Roles.Task == series.Classify {
		return d.readClasses(columns)
	}
	for i, p := range d.parts {
		v, err := p.numeric(columns[i], d.advice("leave the cell empty if the label is not known", fmt.Sprintf("or read the labels as classes with --task classify --category %s", columns[i].Name)))
		if err != nil {
			return err
		}
		p.label.num = v.num
	}
	return nil
}

// checkLabels refuses labels that are spelled as no number: an empty cell or NA says that a label is not known, but NaN
// and Inf come from a computation that failed, and would be left out silently.
func (p *part) checkLabels(c *table.Column) error {
	const fix = "is no label; leave the cell empty or write NA if the label is not known"
	if len(c.NaN) > 0 {
		return p.cell(c.NaN[0].Row, c.Name, c.NaN[0].Text, fix+" %s", suchCells(c.NaNCount))
	}
	for row, v := range c.Num {
		if math.IsInf(v, 0) {
			return p.cell(row, c.Name, c.Cell(row), fix)
		}
	}
	for i, text := range c.Levels {
		if v, err := strconv.ParseFloat(text, 64); err == nil && (math.IsInf(v, 0) || v != v) {
			return p.cell(slices.Index(c.Codes, int32(i)), c.Name, text, fix)
		}
	}
	return nil
}

// inferTask follows the rule documented at Roles.Task.
func inferTask(columns []*table.Column) series.Task {
	distinct, labelled := map[float64]bool{}, 0
	for _, c := range columns {
		if c.Kind == table.Text && len(c.Levels) > 0 {
			return series.Classify
		}
		for _, v := range c.Num {
			if v != v {
				continue
			}
			labelled++
			if v != math.Trunc(v) {
				return series.Regress
			}
			if len(distinct) <= fewValues {
				distinct[v] = true
			}
		}
	}
	if len(distinct) <= fewValues && 2*len(distinct) <= labelled {
		return series.Classify
	}
	return series.Regress
}

// readClasses gives every class of the opened data its place in Dataset.names: numbers by size, else texts by letters.
func (d *Dataset) readClasses(columns []*table.Column) error {
	read := make([]values, len(d.parts))
	seen := map[string]bool{}
	for i, p := range d.parts {
		if c := columns[i]; len(c.Bad) > 0 {
			return p.cell(c.Bad[0].Row, c.Name, c.Bad[0].Text,
				"is text among labels that are numbers %s; %s", suchCells(c.BadCount),
				d.advice("correct it, leave the cell empty if the label is not known", "or read all labels as text with --category "+c.Name))
		}
		v, err := p.category(columns[i])
		if err != nil {
			return err
		}
		read[i] = v
		for _, level := range v.levels {
			seen[level] = true
		}
	}
	for name := range seen {
		d.names = append(d.names, name)
	}
	sortClasses(d.names)
	if len(d.names) > maxClasses {
		return &UsageError{Flag: "--target", Text: fmt.Sprintf("column %q holds %d different values, too many for classes (at most %d); choose another, or --task %s",
			d.Roles.Target, len(d.names), maxClasses, series.Regress)}
	}
	for i, p := range d.parts {
		place := make([]int32, len(read[i].levels))
		for code, level := range read[i].levels {
			place[code] = int32(slices.Index(d.names, level))
		}
		p.label.class = make([]int32, len(read[i].codes))
		for row, code := range read[i].codes {
			p.label.class[row] = -1
			if code >= 0 {
				p.label.class[row] = place[code]
			}
		}
	}
	return nil
}

// sortClasses orders by size where all names are numbers, else by letters.
func sortClasses(names []string) {
	slices.Sort(names)
	size := map[string]float64{}
	for _, name := range names {
		v, err := strconv.ParseFloat(name, 64)
		if err != nil {
			return
		}
		size[name] = v
	}
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case size[a] < size[b]:
			return -1
		case size[a] > size[b]:
			return 1
		}
		return 0
	})
}
