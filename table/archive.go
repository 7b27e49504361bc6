package table

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxWrappers bounds archives inside archives.
const maxWrappers = 4

// unwrap opens gzip and zip wrappers until s is the data itself, and finds its format.
func unwrap(s *source, o Options) (*format, error) {
	member := o.Member
	for range maxWrappers {
		head, err := s.head(headSize)
		if err != nil {
			return nil, err
		}
		switch {
		case bytes.HasPrefix(head, []byte("\x1f\x8b")):
			s.gunzip()
		case bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")):
			f, err := s.unzip(&member, o)
			if f != nil || err != nil {
				return f, err
			}
		default:
			if member != "" {
				return nil, &DataError{Source: s.name, Msg: "is no zip archive, so it has no member " + quote(member) + "; name the file alone"}
			}
			if err := refuse(head, s.name); err != nil {
				return nil, err
			}
			if err := s.misnamed(); err != nil {
				return nil, err
			}
			return detect(trimBOM(head), s.name, o.Format)
		}
	}
	return nil, &DataError{Source: s.name, Msg: "more than 4 archives inside each other; unpack it first"}
}

// misnamed refuses content that is no archive where the name promises one that was not opened yet.
func (s *source) misnamed() error {
	ending := strings.ToLower(path.Ext(s.name))
	if ending != ".zip" && (ending != ".gz" || s.gzipped) {
		return nil
	}
	return &DataError{Source: s.name, Msg: "is named as an archive (" + ending + ") but its content is none; " + fixCopy + ", or take " + ending + " off its name"}
}

// nested replaces the way the source is opened.
func (s *source) nested(open func() (io.ReadCloser, error)) {
	s.open, s.at, s.size, s.packed, s.gzipped = open, nil, 0, true, false
}

func (s *source) gunzip() {
	outer := s.open
	s.nested(func() (io.ReadCloser, error) {
		r, err := outer()
		if err != nil {
			return nil, err
		}
		z, err := gzip.NewReader(r)
		if err != nil {
			r.Close()
			return nil, damage(s.name, err)
		}
		return &checked{Reader: z, inner: r, source: s.name}, nil
	})
	s.gzipped = true
}

// unzip makes the chosen member the source, or returns the format of archives that are data themselves.
func (s *source) unzip(member *string, o Options) (*format, error) {
	at, size, err := s.random()
	if err != nil {
		return nil, err
	}
	z, err := openZip(at, size, s.name)
	if err != nil {
		return nil, err
	}
	if *member == "" && isNPZ(z, s.name, o.Format) {
		return formatNamed("npz")
	}
	if *member == "" && isWorkbook(z) {
		return nil, &DataError{Source: s.name, Msg: "is an Excel workbook; export the sheet as CSV"}
	}
	f, err := chooseMember(z, s.name, *member)
	if err != nil {
		return nil, err
	}
	*member = ""
	s.name += "/" + f.Name
	name := s.name
	s.nested(func() (io.ReadCloser, error) {
		r, err := f.Open()
		if err != nil {
			return nil, damage(name, err)
		}
		return &checked{Reader: r, inner: r, source: name}, nil
	})
	return nil, nil
}

// openZip opens an archive. Its list of members stands at its end, so that is where a file that was cut off fails.
func openZip(at io.ReaderAt, size int64, name string) (*zip.Reader, error) {
	z, err := zip.NewReader(at, size)
	if errors.Is(err, zip.ErrFormat) {
		return nil, &DataError{Source: name, Msg: fmt.Sprintf("damaged: the archive ends at byte %d without the list of its members; %s", size, fixCopy)}
	}
	return z, damage(name, err)
}

// isNPZ recognises NumPy's archives: named .npz, or all arrays and not named .zip.
func isNPZ(z *zip.Reader, name, option string) bool {
	ext := strings.ToLower(path.Ext(name))
	if option == "npz" || ext == ".npz" {
		return true
	}
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, ".npy") {
			return false
		}
	}
	return len(z.File) > 0 && ext != ".zip" && option == ""
}

func isWorkbook(z *zip.Reader) bool {
	for _, f := range z.File {
		if f.Name == "xl/workbook.xml" {
			return true
		}
	}
	return false
}

// papers are the names of files that come with data but hold none.
var papers = []string{"readme", "license", "licence", "notice", "copying", "changelog", "citation"}

// chooseMember finds the member by its full name or a unique end of it; without a name, the only data file.
func chooseMember(z *zip.Reader, name, member string) (*zip.File, error) {
	var named, all []*zip.File
	for _, f := range z.File {
		switch {
		case member != "" && f.Name == member:
			return f, nil
		case member != "" && strings.HasSuffix(f.Name, "/"+member):
			named = append(named, f)
		}
		if isData(f.Name) {
			all = append(all, f)
		}
	}
	known := all[:0:0]
	for _, f := range all {
		if formatOf(f.Name) >= 0 {
			known = append(known, f)
		}
	}
	switch {
	case len(named) == 1:
		return named[0], nil
	case member != "":
		return nil, &MemberError{Source: name, Member: member, Members: memberNames(all)}
	case len(known) == 1:
		return known[0], nil
	case len(known) == 0 && len(all) == 1:
		return all[0], nil
	case len(all) == 0:
		return nil, &DataError{Source: name, Msg: "the archive holds no data file; pack one of the formats " + several(Formats())}
	case len(known) > 0:
		all = known
	}
	return nil, &MemberError{Source: name, Members: memberNames(all)}
}

// isData leaves out directories, hidden files, what macOS adds, and papers.
func isData(name string) bool {
	base := strings.ToLower(path.Base(name))
	if strings.HasSuffix(name, "/") || strings.HasPrefix(base, ".") || strings.HasPrefix(name, "__MACOSX/") {
		return false
	}
	for _, paper := range papers {
		if strings.HasPrefix(base, paper) {
			return false
		}
	}
	return true
}

func memberNames(files []*zip.File) []string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	return names
}

// checked turns what decompressors report into a DataError.
type checked struct {
	io.Reader
	inner  io.Closer
	source string
	count  int64 // bytes of content so far
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.count += int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = &DataError{Source: c.source, Msg: fmt.Sprintf("damaged: the compressed data end early, after %d bytes of content; %s", c.count, fixCopy)}
	}
	return n, damage(c.source, err)
}

func (c *checked) Close() error { return c.inner.Close() }

// damage names a broken archive; other errors pass.
func damage(source string, err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &DataError{Source: source, Msg: "damaged: the compressed data end early; " + fixCopy}
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, zip.ErrChecksum),
		errors.Is(err, zip.ErrFormat), errors.As(err, &corrupt):
		return &DataError{Source: source, Msg: "damaged: " + err.Error() + "; " + fixCopy}
	case errors.Is(err, zip.ErrAlgorithm):
		return &DataError{Source: source, Msg: "the archive uses a compression that is not supported; pack it with plain zip"}
	}
	return err
}
