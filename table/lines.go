package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// lineReader reads lines of bounded length and counts them. A byte order mark before the first is dropped.
type lineReader struct {
	in     *bufio.Reader
	source string
	limit  int // bytes of a line
	line   int // number of the line last read
	long   []byte
}

func newLineReader(r io.Reader, source string, limit int) lineReader {
	in := bufio.NewReaderSize(r, 1<<16)
	if mark, _ := in.Peek(3); string(mark) == "\xef\xbb\xbf" {
		in.Discard(3)
	}
	return lineReader{in: in, source: source, limit: limit}
}

// readLine returns the next line without its end, LF or CRLF. It is valid until the next call; io.EOF follows the last.
func (l *lineReader) readLine() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = l.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) && len(l.long) <= l.limit {
			l.long = append(l.long, line...)
			line, err = l.in.ReadSlice('\n')
		}
		l.long = append(l.long, line...)
		line = l.long
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull):
		return nil, err
	case len(line) == 0:
		return nil, io.EOF
	}
	l.line++
	if len(line) > l.limit {
		return nil, l.fail(l.line, fmt.Sprintf("the line is longer than %d MiB; end every row with a line end, or name another file if this is no text", l.limit>>20))
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), nil
}

func (l *lineReader) fail(line int, msg string) error {
	return &DataError{Source: l.source, Line: line, Msg: msg}
}
