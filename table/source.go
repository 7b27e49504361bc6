package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/elegans-nn/elegans/internal/nearest"
)

// source is input that can be read from the start again and again.
type source struct {
	name string // as errors show it: path, or path/member
	open func() (io.ReadCloser, error)
	// at gives random access and the size; nil where the input must be spooled first.
	at      io.ReaderAt
	size    int64
	cleanup []func()
	packed  bool // the content comes out of an archive
	gzipped bool // and that archive is gzip: .gz in the name has been answered for
}

// Open reads the file at path, "-" being standard input. Path may go on inside a zip archive: "rooms.zip/lab/a.csv".
//
// Errors: a missing file or member is fs.ErrNotExist; *MemberError when an archive holds several data files and none was
// chosen; *UnknownColumnError and *UnknownFormatError for names in o that do not exist; *DataError for content that
// cannot be read; anything else is an error of the operating system.
func Open(path string, o Options) (*Table, error) {
	if path == "-" {
		return Read(os.Stdin, "stdin", o)
	}
	file, member, err := locate(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if member != "" {
		o.Member = member
	}
	return Read(file, strings.TrimSuffix(strings.TrimSuffix(path, member), "/"), o)
}

// locate opens the longest leading part of path that is a file; the rest is the member.
func locate(path string) (file *os.File, member string, err error) {
	for whole := path; ; {
		info, err := os.Stat(whole)
		if err == nil && info.IsDir() {
			if whole != path {
				return nil, "", notFound(path)
			}
			return nil, "", &DataError{Source: path, Msg: "is a directory; name one data file in it"}
		}
		if err == nil {
			file, err = os.Open(whole)
			return file, strings.TrimPrefix(filepath.ToSlash(path[len(whole):]), "/"), err
		}
		if errors.Is(err, fs.ErrPermission) {
			return nil, "", err
		}
		parent := strings.TrimRight(whole[:max(strings.LastIndexAny(whole, "/"+string(filepath.Separator)), 0)], "/")
		if parent == "" || parent == whole {
			return nil, "", notFound(path)
		}
		whole = parent
	}
}

// notFound is fs.ErrNotExist with the nearest name in the same directory.
func notFound(path string) error {
	dir, base := filepath.Split(path)
	var names []string
	entries, _ := os.ReadDir(filepath.Clean(dir)) // no directory, no suggestion
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if near := nearest.Name(base, names); near != "" {
		return fmt.Errorf("%s: %w; did you mean %s?", path, fs.ErrNotExist, quote(near))
	}
	return fmt.Errorf("%s: %w", path, fs.ErrNotExist)
}

// Read reads a table from r. The name stands in errors and, by its ending, for the format where content does not tell.
// Input is read from its current position; a reader that cannot seek is copied first (see the package comment). Errors
// are those of Open.
func Read(r io.Reader, name string, o Options) (*Table, error) {
	if o.Format != "" {
		if _, err := formatNamed(o.Format); err != nil {
			return nil, err
		}
	}
	s, err := newSource(r, name)
	if err != nil {
		return nil, err
	}
	defer s.close()
	f, err := unwrap(s, o)
	if err != nil {
		return nil, err
	}
	t, respell, err := collect(f, s, o)
	if err != nil {
		return nil, s.blame(err)
	}
	if len(respell) == 0 {
		return t, nil
	}
	again := o
	again.Columns, again.Text, again.Number, again.Spell = respell, respell, nil, nil
	text, _, err := collect(f, s, again)
	if err != nil {
		return nil, err
	}
	for i := range text.Columns {
		c, _ := t.Column(text.Columns[i].Name)
		*c = text.Columns[i]
	}
	return t, nil
}

// blame says that the archive is damaged where that is why its content cannot be read: the checksum stands at the end.
func (s *source) blame(err error) error {
	var data *DataError
	if !s.packed || !errors.As(err, &data) {
		return err
	}
	in, failure := s.open()
	if failure != nil {
		return err
	}
	defer in.Close()
	if _, failure = io.Copy(io.Discard, in); errors.As(failure, &data) {
		return failure
	}
	return err
}

func collect(f *format, s *source, o Options) (*Table, []string, error) {
	c := newCollector(s.name, o)
	c.format = f.name
	if err := f.read(s, c); err != nil {
		return nil, nil, err
	}
	t, err := c.finish()
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, name := range c.respell() {
		if _, ok := t.Column(name); ok {
			names = append(names, name)
		}
	}
	return t, names, nil
}

// sized is what files and readers of bytes and strings offer.
type sized interface {
	io.ReaderAt
	io.Seeker
}

func newSource(r io.Reader, name string) (*source, error) {
	s := &source{name: name}
	if seeker, ok := r.(sized); ok {
		from, err := seeker.Seek(0, io.SeekCurrent)
		if err == nil {
			end, err := seeker.Seek(0, io.SeekEnd)
			if err != nil {
				return nil, err
			}
			s.direct(io.NewSectionReader(seeker, from, end-from))
			return s, nil
		}
	}
	if err := s.spool(r); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// direct makes random access the source.
func (s *source) direct(section *io.SectionReader) {
	s.at, s.size = section, section.Size()
	s.open = func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(section, 0, section.Size())), nil
	}
}

// spoolLimit is how much of a stream is kept in memory before a temporary file takes over.
const spoolLimit = 32 << 20

// spool copies the stream so that it can be read at random.
func (s *source) spool(r io.Reader) error {
	var head bytes.Buffer
	n, err := io.CopyN(&head, r, spoolLimit)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if n < spoolLimit {
		s.direct(io.NewSectionReader(bytes.NewReader(head.Bytes()), 0, n))
		return nil
	}
	file, err := os.CreateTemp("", "elegans-*.spool")
	if err != nil {
		return err
	}
	// Where an open file may lose its name it does so at once, and an end of the process at any moment leaves nothing.
	nameless := os.Remove(file.Name()) == nil
	s.cleanup = append(s.cleanup, func() {
		file.Close()
		if !nameless {
			os.Remove(file.Name())
		}
	})
	size, err := io.Copy(file, io.MultiReader(&head, r))
	if err != nil {
		return err
	}
	s.direct(io.NewSectionReader(file, 0, size))
	return nil
}

// random gives random access, spooling what has none.
func (s *source) random() (io.ReaderAt, int64, error) {
	if s.at == nil {
		r, err := s.open()
		if err != nil {
			return nil, 0, err
		}
		defer r.Close()
		if err := s.spool(r); err != nil {
			return nil, 0, err
		}
	}
	return s.at, s.size, nil
}

// headSize is how much of the content is looked at to recognise formats, delimiters and headers.
const headSize = 1 << 18

// head reads the first headSize bytes, fewer where the content ends.
func (s *source) head(size int) ([]byte, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head, err := io.ReadAll(io.LimitReader(r, int64(size)))
	return head, err
}

func (s *source) close() {
	for _, f := range s.cleanup {
		f()
	}
}
