package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"time"
)

// Serve runs one case in this process: for every line of r, a duration such as 250ms, it measures for about that long and
// writes one line to w, the Result of all rounds so far as JSON without its shares. It ends with r.
func Serve(name string, threads int, r io.Reader, w io.Writer) error {
	return serve(name, setting{threads: threads}, r, w)
}

func serve(name string, s setting, r io.Reader, w io.Writer) error {
	c, err := lookup(name)
	if err != nil {
		return err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(s.threads))
	var m *meter
	lines, out := bufio.NewScanner(r), json.NewEncoder(w)
	for lines.Scan() {
		slice, err := time.ParseDuration(lines.Text())
		if err != nil {
			return fmt.Errorf("bench: a round of %q; a duration is needed", lines.Text())
		}
		if m == nil {
			m = &meter{w: c.open(s)}
		}
		m.round(slice)
		if err := out.Encode(m.result(name)); err != nil {
			return err
		}
	}
	return lines.Err()
}
