package table

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// JSON lines: one object a row, one after the other, or all in one array. Values are numbers, strings, booleans (Text
// "true" and "false") and null; a string is read like a cell of a CSV file, so "3.2" counts as a number and "NA" as
// missing. NaN, Infinity and -Infinity are read as Python's json module writes them. A key may be missing in any row;
// columns stand in the order in which their keys first appear. Integers beyond 2^53 are rounded to float64.

func sniffJSON(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) > 0 && head[0] == '[' {
		head = bytes.TrimLeft(head[1:], " \t\r\n")
		return len(head) == 0 || head[0] == '{' || head[0] == ']' && len(bytes.TrimSpace(head)) == 1
	}
	if len(head) == 0 || head[0] != '{' {
		return false
	}
	head = bytes.TrimLeft(head[1:], " \t\r\n")
	return len(head) == 0 || head[0] == '"' || head[0] == '}'
}

func readJSON(s *source, c *collector) error {
	in, err := s.open()
	if err != nil {
		return err
	}
	defer in.Close()
	p := &jsonParser{in: bufio.NewReaderSize(in, 1<<16), c: c, line: 1, seen: map[string]int{}}
	if mark, _ := p.in.Peek(3); string(mark) == "\xef\xbb\xbf" {
		p.in.Discard(3)
	}
	return p.rows()
}

// jsonParser reads flat objects. It parses by itself because encoding/json neither keeps the order of keys nor knows
// lines, and allocates for every value.
type jsonParser struct {
	in    *bufio.Reader
	c     *collector
	line  int
	key   string
	raw   []byte         // a token as spelled
	token []byte         // its value
	seen  map[string]int // the last row, from 1, that has the key
}

// rows reads objects up to the end, in an array or not.
func (p *jsonParser) rows() error {
	b, err := p.skipSpace()
	array := err == nil && b == '['
	if array {
		if b, err = p.skipSpace(); err != nil {
			return p.eof(err)
		}
		if b == ']' {
			return p.end()
		}
	}
	for ; ; b, err = p.skipSpace() {
		switch {
		case errors.Is(err, io.EOF) && !array:
			return nil
		case err != nil:
			return p.eof(err)
		case b != '{':
			return p.fail(fmt.Sprintf("%q where a JSON object is expected; write each row as one object {…}", b))
		}
		if err := p.object(); err != nil {
			return err
		}
		if !array {
			continue
		}
		if done, err := p.separator(); done || err != nil {
			return err
		}
	}
}

// separator reads what follows an object in an array; done after the closing bracket.
func (p *jsonParser) separator() (done bool, err error) {
	b, err := p.skipSpace()
	switch {
	case err != nil:
		return false, p.eof(err)
	case b == ']':
		return true, p.end()
	case b != ',':
		return false, p.fail(fmt.Sprintf("%q between the objects of an array; write a comma there", b))
	}
	return false, nil
}

// end checks that nothing follows the array.
func (p *jsonParser) end() error {
	b, err := p.skipSpace()
	if err == nil {
		return p.fail(fmt.Sprintf("%q after the end of the array; remove what follows it", b))
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// object reads one row; its opening brace has been read.
func (p *jsonParser) object() error {
	row := p.c.row(p.line)
	b, err := p.skipSpace()
	if err != nil || b == '}' {
		return p.eof(err)
	}
	for {
		if b != '"' {
			return p.fail(fmt.Sprintf("%q where a key is expected; write it in quotes", b))
		}
		if err := p.member(row); err != nil {
			return err
		}
		if b, err = p.skipSpace(); err != nil {
			return p.eof(err)
		}
		if b == '}' {
			return nil
		}
		if b != ',' {
			return p.fail(fmt.Sprintf("%q after the value of %s; write a comma or a closing brace there", b, quote(p.key)))
		}
		if b, err = p.skipSpace(); err != nil {
			return p.eof(err)
		}
	}
}

// member reads a key and its value; the opening quote of the key has been read.
func (p *jsonParser) member(row int) error {
	if err := p.text(); err != nil {
		return err
	}
	p.key = string(p.token)
	if p.seen[p.key] == row+1 {
		return p.fail("the key " + quote(p.key) + " appears twice in one object; rename or remove one")
	}
	p.seen[p.key] = row + 1
	b, err := p.skipSpace()
	if err != nil {
		return p.eof(err)
	}
	if b != ':' {
		return p.fail(fmt.Sprintf("%q after the key %s; write a colon there", b, quote(p.key)))
	}
	if b, err = p.skipSpace(); err != nil {
		return p.eof(err)
	}
	column := p.c.column(p.key)
	switch {
	case b == '"':
		if err := p.text(); err != nil {
			return err
		}
	case b == '{' || b == '[':
		if column != nil {
			return &DataError{Source: p.c.source, Line: p.line, Column: p.key,
				Msg: "nested values are not supported; write one number, text, boolean or null a key, or select other columns"}
		}
		return p.skipNested()
	default:
		if err := p.word(b); err != nil {
			return err
		}
	}
	if column != nil {
		column.addCell(row, p.token)
	}
	return nil
}

// text reads the rest of a string, whose opening quote has been read, into token.
func (p *jsonParser) text() error {
	p.raw = append(p.raw[:0], '"')
	escapes := false
	for b := byte(0); b != '"'; {
		var err error
		if b, err = p.in.ReadByte(); err != nil {
			return p.eof(err)
		}
		p.raw = append(p.raw, b)
		switch {
		case b < ' ':
			return p.fail("a line end or control character inside a string; write it as \\n or \\u0000")
		case len(p.raw) > maxRecord:
			return p.fail("a string is longer than 16 MiB; close its quote, or shorten it")
		case b == '\\':
			escapes = true
			if b, err = p.in.ReadByte(); err != nil {
				return p.eof(err)
			}
			p.raw = append(p.raw, b)
			b = 0 // an escaped quote does not end the string
		}
	}
	p.token = p.raw[1 : len(p.raw)-1]
	if !escapes {
		p.token = validText(p.token)
		return nil
	}
	var plain string
	if err := json.Unmarshal(validText(p.raw), &plain); err != nil {
		return p.fail("a string with a bad escape: " + quote(string(p.token)) + "; write a backslash twice")
	}
	p.token = []byte(plain)
	return nil
}

// pythonWords are numbers that Python writes although JSON has none.
var pythonWords = map[string]bool{"NaN": true, "Infinity": true, "-Infinity": true}

// word reads a number, boolean or null that begins with b into token.
func (p *jsonParser) word(b byte) error {
	p.raw = append(p.raw[:0], b)
	for {
		b, err := p.in.ReadByte()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if bytes.IndexByte([]byte(" \t\r\n,]}:\""), b) >= 0 || len(p.raw) > 400 {
			if err := p.in.UnreadByte(); err != nil {
				return err
			}
			break
		}
		p.raw = append(p.raw, b)
	}
	p.token = p.raw
	if !json.Valid(p.token) && !pythonWords[string(p.token)] {
		return &DataError{Source: p.c.source, Line: p.line, Column: p.key, Value: string(validText(p.token)),
			Msg: "is no JSON value; write texts in quotes"}
	}
	return nil
}

// skipNested passes over an object or array that nobody asked for; its opening bracket has been read.
func (p *jsonParser) skipNested() error {
	for depth := 1; depth > 0; {
		b, err := p.skipSpace()
		if err != nil {
			return p.eof(err)
		}
		switch b {
		case '"':
			if err := p.text(); err != nil {
				return err
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
	}
	p.token = nil
	return nil
}

// skipSpace returns the next byte that is no space, counting lines.
func (p *jsonParser) skipSpace() (byte, error) {
	for {
		b, err := p.in.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case b == '\n':
			p.line++
		case b != ' ' && b != '\t' && b != '\r':
			return b, nil
		}
	}
}

// eof turns the end of the file inside an object into an error with a place.
func (p *jsonParser) eof(err error) error {
	if errors.Is(err, io.EOF) {
		return p.fail("the file ends inside an object or array; close it, or " + fixCopy)
	}
	return err
}

func (p *jsonParser) fail(msg string) error { return p.c.fail(p.line, msg) }
