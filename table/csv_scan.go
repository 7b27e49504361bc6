package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxRecord bounds one row of a text file in bytes, so that a quote that is never closed does not swallow the memory.
const maxRecord = 16 << 20

// csvScanner reads the rows of RFC 4180 text: fields may be quoted, a quoted field may hold delimiters, doubled quotes
// and line ends. It is lenient where that is safe: a quote inside an unquoted field is a letter, spaces around fields
// and quotes are dropped, lines end with LF or CRLF, blank lines are skipped.
type csvScanner struct {
	lineReader
	delim  byte
	runs   bool // the delimiter is a space and runs of it count once
	start  int  // number of the line on which the current row begins
	fields [][]byte
	text   []byte // the line being split
	plain  []byte // the unquoted content of all fields of the row
	ends   []int  // where each field ends in plain
}

func newCSVScanner(r io.Reader, source string, delim byte) *csvScanner {
	return &csvScanner{lineReader: newLineReader(r, source, maxRecord), delim: delim, runs: delim == ' '}
}

// next reads a row into fields, which are valid until the next call. It returns io.EOF after the last one.
func (s *csvScanner) next() error {
	for {
		line, err := s.readLine()
		if err != nil {
			return err
		}
		if len(bytes.Trim(line, " ")) == 0 {
			continue
		}
		s.start = s.line
		if bytes.IndexByte(line, '"') < 0 {
			s.splitPlain(line)
			return nil
		}
		return s.splitQuoted(line)
	}
}

func (s *csvScanner) splitPlain(line []byte) {
	s.fields = s.fields[:0]
	if s.runs {
		s.fields = append(s.fields, bytes.Fields(line)...)
		return
	}
	for {
		end := bytes.IndexByte(line, s.delim)
		if end < 0 {
			s.fields = append(s.fields, trimBlank(line))
			return
		}
		s.fields = append(s.fields, trimBlank(line[:end]))
		line = line[end+1:]
	}
}

// trimBlank is bytes.TrimSpace for the short cells of which most have no space.
func trimBlank(cell []byte) []byte {
	if len(cell) == 0 || cell[0] > ' ' && cell[len(cell)-1] > ' ' && cell[len(cell)-1] < 0x80 {
		return cell
	}
	return bytes.TrimSpace(cell)
}

// splitQuoted splits a row with quotes somewhere, which may go on over the following lines.
func (s *csvScanner) splitQuoted(line []byte) (err error) {
	s.text = append(s.text[:0], line...)
	s.plain, s.ends = s.plain[:0], s.ends[:0]
	for at, more := 0, true; more; {
		for at < len(s.text) && s.text[at] == ' ' {
			at++
		}
		if s.runs && at == len(s.text) {
			break
		}
		if at < len(s.text) && s.text[at] == '"' {
			at, err = s.quoted(at + 1)
			if err != nil {
				return err
			}
		} else {
			at = s.unquoted(at)
		}
		s.ends = append(s.ends, len(s.plain))
		more = at < len(s.text)
		at++
	}
	s.fields = s.fields[:0]
	from := 0
	for _, end := range s.ends {
		s.fields = append(s.fields, s.plain[from:end:end])
		from = end
	}
	return nil
}

// unquoted copies the field that begins at position at and returns the position of its end.
func (s *csvScanner) unquoted(at int) int {
	end := bytes.IndexByte(s.text[at:], s.delim)
	if end < 0 {
		end = len(s.text) - at
	}
	s.plain = append(s.plain, trimBlank(s.text[at:at+end])...)
	return at + end
}

// quoted copies the field whose opening quote is just before position at and returns the position of its end.
func (s *csvScanner) quoted(at int) (int, error) {
	opened := s.line
	for {
		end := bytes.IndexByte(s.text[at:], '"')
		if end < 0 {
			s.plain = append(append(s.plain, s.text[at:]...), '\n')
			if err := s.continued(opened); err != nil {
				return 0, err
			}
			at = 0
			continue
		}
		s.plain = append(s.plain, s.text[at:at+end]...)
		at += end + 1
		if at >= len(s.text) || s.text[at] != '"' {
			break
		}
		s.plain = append(s.plain, '"')
		at++
	}
	for at < len(s.text) && s.text[at] == ' ' && !s.runs {
		at++
	}
	if at < len(s.text) && s.text[at] != s.delim {
		return 0, s.fail(s.line, fmt.Sprintf("%q after a closing quote, where the delimiter %q is expected; write a quote inside a "+
			"quoted field twice", s.text[at], s.delim))
	}
	return at, nil
}

// continued reads the next line of a quoted field.
func (s *csvScanner) continued(opened int) error {
	line, err := s.readLine()
	if errors.Is(err, io.EOF) || err == nil && len(s.plain)+len(line) > maxRecord {
		return s.fail(opened, "the quote opened in this line is never closed; close it, or write a quote that is a letter twice inside quotes")
	}
	if err == nil {
		s.text = append(s.text[:0], line...)
	}
	return err
}
