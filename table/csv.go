package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

func readCSV(s *source, c *collector) error {
	delim, err := delimiterOf(c.opts.Delimiter)
	if err != nil {
		return err
	}
	return readDelimited(s, c, delim)
}

func readTSV(s *source, c *collector) error {
	if c.opts.Delimiter != 0 {
		return readCSV(s, c)
	}
	return readDelimited(s, c, '\t')
}

// delimiterOf checks the caller's delimiter; 0 stays 0.
func delimiterOf(r rune) (byte, error) {
	if r < 0 || r >= 0x80 || r == '"' || r == '\n' || r == '\r' {
		return 0, fmt.Errorf("delimiter %q: one ASCII character is needed, neither a quote nor a line end", r)
	}
	return byte(r), nil
}

// readDelimited reads rows of delimited text; delim 0 is to be detected.
func readDelimited(s *source, c *collector, delim byte) error {
	head, whole, err := s.firstLines()
	if err != nil {
		return err
	}
	lay, err := detectLayout(text{head, s.name, whole}, delim, c.opts.Header)
	if err != nil {
		return err
	}
	in, err := s.open()
	if err != nil {
		return err
	}
	defer in.Close()
	scan := newCSVScanner(in, s.name, lay.delim)
	for range lay.skip {
		if err := scan.next(); err != nil {
			return err
		}
	}
	c.expect = s.rowsLike(head)
	cols := lay.columns(c)
	if err := c.check(); err != nil {
		return err
	}
	return readRows(scan, c, lay, cols)
}

// rowsLike estimates how many rows the source has by the lines of its head, a little too many; 0 where the size is not known.
func (s *source) rowsLike(head []byte) int {
	lines := bytes.Count(head, []byte("\n"))
	if s.at == nil || lines < 2 || int64(len(head)) >= s.size {
		return lines + 1
	}
	return int(float64(s.size)/float64(len(head))*float64(lines)*1.05) + 1
}

// firstLines reads the beginning of a text, at least a few lines of it. whole says that it is all there is.
func (s *source) firstLines() (head []byte, whole bool, err error) {
	for size := headSize; ; size *= 8 {
		head, err = s.head(size)
		whole = len(head) < size
		if err != nil || whole || size > maxRecord || bytes.Count(head, []byte("\n")) >= 8 {
			return head, whole, err
		}
	}
}

func readRows(scan *csvScanner, c *collector, lay layout, cols []*builder) error {
	for {
		err := scan.next()
		if errors.Is(err, io.EOF) {
			return lay.finish(c, scan.start)
		}
		if err != nil {
			return err
		}
		fields := scan.fields
		if lay.trailing && len(fields) == lay.width+1 && len(fields[lay.width]) == 0 {
			fields = fields[:lay.width]
		}
		if len(fields) != lay.width {
			return c.fail(scan.start, lay.ragged(len(fields)))
		}
		row := c.row(scan.start)
		for i, b := range cols {
			if b != nil {
				b.addCell(row, fields[i])
			}
		}
	}
}

// layout is how a delimited file is laid out.
type layout struct {
	delim    byte
	skip     int      // rows before the data: a header, a "sep=" line
	header   []string // nil without one
	width    int      // fields in a row of data
	rowNames bool     // rows begin with a field that the header does not name
	trailing bool     // rows end with a delimiter, the header does not
}

// columns declares the columns and returns the builder of each field, nil where it is not selected.
func (l layout) columns(c *collector) []*builder {
	cols := make([]*builder, l.width)
	for i := range cols {
		name, at := "", i
		if l.rowNames {
			at--
		}
		if l.header != nil && at >= 0 {
			name = l.header[at]
		}
		unnamed := name == ""
		switch {
		case unnamed && i == 0 && l.header != nil:
			name = "row"
		case unnamed:
			name = "c" + strconv.Itoa(i)
		}
		if !unnamed {
			cols[i] = c.declare(name)
			continue
		}
		name = c.unique(name)
		c.drop[name] = l.header != nil
		cols[i] = c.column(name)
	}
	return cols
}

func (l layout) ragged(found int) string {
	what := "as in the rows before"
	if l.header != nil {
		what = "by the header"
	}
	return fmt.Sprintf("%d fields found, %d expected %s; add or remove a delimiter, and put a text that holds one in quotes",
		found, l.width, what)
}

// finish refuses a file of nothing but a header, which ends in the given line.
func (l layout) finish(c *collector, line int) error {
	if c.rows == 0 && l.header != nil {
		return c.fail(line, "only a header, no rows; "+fixRows)
	}
	return nil
}
