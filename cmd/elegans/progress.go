package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	redrawEvery = 100 * time.Millisecond // on a terminal
	lineEvery   = 5 * time.Second        // in a pipe
	settled     = time.Second            // below it a rate says nothing
)

// progress shows how far long work is: on a terminal one line that redraws itself, with rate, remaining time and live
// values; in a pipe a plain line every few seconds; nothing with --quiet. Its methods may be called from many goroutines.
type progress struct {
	c     *console
	unit  string  // of total, such as "epochs"
	total float64 // amount of work
	width func() int
	now   func() time.Time

	mu           sync.Mutex
	begun, shown time.Time
	from, done   float64 // where a resumed run began, and where it is
	values       string  // what was last to see
	drawn        bool    // a line without an end stands on the terminal
}

// progress begins to show work of a total amount, in a unit such as "epochs".
func (c *console) progress(unit string, total float64) *progress {
	p := &progress{c: c, unit: unit, total: total, width: terminalWidth(c.err), now: time.Now}
	c.live.Store(p)
	return p
}

// terminalWidth gives the number of columns of a terminal; nil where w is none.
func terminalWidth(w any) func() int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return func() int {
		columns, _, err := term.GetSize(int(f.Fd()))
		if err != nil || columns < 20 {
			return 80
		}
		return columns
	}
}

// at says how much is done and what there is to see, such as a loss; "" leaves what was last to see.
func (p *progress) at(done float64, values string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.begun.IsZero() {
		p.begun, p.shown, p.from = now, now, done
		if p.width != nil {
			p.shown = now.Add(-redrawEvery)
		}
	}
	p.done = done
	if values != "" {
		p.values = values
	}
	every := lineEvery
	if p.width != nil {
		every = redrawEvery
	}
	if p.c.quiet || now.Sub(p.shown) < every {
		return
	}
	p.shown = now
	text := p.text(now)
	if p.width == nil {
		fmt.Fprintln(p.c.err, text)
		return
	}
	if most := p.width() - 1; len([]rune(text)) > most {
		text = string([]rune(text)[:most])
	}
	fmt.Fprint(p.c.err, "\r"+text+"\x1b[K") // back to the margin, and erase what is left of the line before
	p.drawn = true
}

// end takes the live line away. Notes of the console may be written before and after.
func (p *progress) end() {
	p.c.live.CompareAndSwap(p, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

func (p *progress) erase() {
	if p.drawn {
		fmt.Fprint(p.c.err, "\r\x1b[K")
		p.drawn = false
	}
}

// text is the line at a moment: share, amount, rate, time left, values.
func (p *progress) text(now time.Time) string {
	share := 1.0
	if p.total > 0 {
		share = min(1, p.done/p.total)
	}
	parts := []string{fmt.Sprintf("%3.0f %%", 100*share), fmt.Sprintf("%.*f of %.0f %s", p.digits(), p.done, p.total, p.unit)}
	if passed := now.Sub(p.begun); passed >= settled && p.done > p.from {
		rate := (p.done - p.from) / passed.Seconds()
		left := time.Duration((p.total - p.done) / rate * float64(time.Second))
		parts = append(parts, fmt.Sprintf("%.3g/s", rate), "ETA "+clock(max(0, left)))
	}
	if p.values != "" {
		parts = append(parts, p.values)
	}
	if p.width != nil {
		parts[0] = bar(share) + " " + parts[0]
	}
	return strings.Join(parts, "  ")
}

// digits is how many decimals the amount done needs to be seen moving.
func (p *progress) digits() int {
	if p.total < 100 && p.done != float64(int(p.done)) {
		return 1
	}
	return 0
}

// bar is a bar of 20 characters.
func bar(share float64) string {
	const length = 20
	full := int(share*length + 0.5)
	return strings.Repeat("█", full) + strings.Repeat("░", length-full)
}

// clock writes a time as m:ss or h:mm:ss.
func clock(d time.Duration) string {
	s := int(d.Seconds() + 0.5)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
