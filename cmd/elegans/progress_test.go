package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

// watch is a progress on a clock that the test turns; width 0 is a pipe.
func watch(total float64, width int) (*progress, *bytes.Buffer, func(time.Duration)) {
	var out bytes.Buffer
	c := newConsole(strings.NewReader(""), &bytes.Buffer{}, &out)
	p := c.progress("epochs", total)
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	p.now = func() time.Time { return at }
	if width > 0 {
		p.width = func() int { return width }
	}
	return p, &out, func(d time.Duration) { at = at.Add(d) }
}

func TestProgressInAPipe(t *testing.T) {
	p, out, pass := watch(40, 0)
	p.at(0, "")
	pass(4 * time.Second)
	p.at(3, "loss 0.5")
	if out.Len() > 0 {
		t.Errorf("a line after 4 s: %q", out)
	}
	pass(2 * time.Second)
	p.at(6.25, "") // 6.25 epochs in 6 s, 33.75 to go; the loss is the last one
	p.at(7, "loss 0.2")
	p.c.note("seed %d: %.3f", 1, 0.5)
	p.end()
	want := " 16 %  6.2 of 40 epochs  1.04/s  ETA 0:32  loss 0.5\nseed 1: 0.500\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestProgressOnATerminal(t *testing.T) {
	p, out, pass := watch(40, 60)
	p.at(10, "") // resumed: what was done before says nothing of the rate
	pass(50 * time.Millisecond)
	p.at(11, "too soon")
	pass(4 * time.Second)
	p.at(20, strings.Repeat("x", 100))
	p.c.note("seed 1 done")
	p.end()
	lines := strings.Split(out.String(), "\r")
	want := []string{
		"", "█████░░░░░░░░░░░░░░░  25 %  10 of 40 epochs\x1b[K",
		"██████████░░░░░░░░░░  50 %  20 of 40 epochs  2.47/s  ETA 0:0\x1b[K", "\x1b[Kseed 1 done\n",
	}
	if len(lines) != len(want) {
		t.Fatalf("got %q", lines)
	}
	for i := range want {
		if i == 2 { // cut to 59 characters
			want[i] = string([]rune(strings.TrimSuffix(want[i], "\x1b[K"))[:59]) + "\x1b[K"
		}
		if lines[i] != want[i] {
			t.Errorf("line %d is %q, want %q", i, lines[i], want[i])
		}
	}
}

func TestProgressQuiet(t *testing.T) {
	p, out, pass := watch(4, 60)
	p.c.quiet = true
	for i := range 4 {
		p.at(float64(i), "loss")
		p.c.note("line")
		pass(10 * time.Second)
	}
	p.end()
	if out.Len() > 0 {
		t.Errorf("with --quiet: %q", out)
	}
}

// TestProgressFromManyGoroutines is for the race detector.
func TestProgressFromManyGoroutines(t *testing.T) {
	p, out, _ := watch(100, 60)
	p.now = time.Now
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 20 {
				p.at(float64(k), "loss")
				p.c.note("trial %d", i)
			}
		})
	}
	wg.Wait()
	p.end()
	if n := strings.Count(out.String(), "trial "); n != 160 {
		t.Errorf("%d lines came through, want 160", n)
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0:00", 59600 * time.Millisecond: "1:00", 754 * time.Second: "12:34", 3725 * time.Second: "1:02:05"} {
		if got := clock(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
