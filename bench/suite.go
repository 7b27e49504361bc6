package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// Suite runs cases, each in a process of its own, all of them in turns.
type Suite struct {
	Cases []Case
	// Threads is the number of processors that each case may use; 1 if zero.
	Threads int
	// Rounds is how many turns each case has at most; 5 if zero. One whose operation takes longer than its share of the
	// time has fewer, but at least one.
	Rounds int
	// Budget is about how long all takes; as long as gives each case half a second a round if zero.
	Budget time.Duration
	// Limit is how long one round of a case may take before it counts as failed; two minutes if zero.
	Limit time.Duration
	// Command makes the process that calls Serve with the name of a case.
	Command func(name string, threads int) *exec.Cmd
	// Progress, if not nil, is told of every round of a case before it begins.
	Progress func(round int, name string, done float64)
}

// longestSlice bounds a round of a case whose budget allows more: longer ones say nothing new.
const longestSlice = 500 * time.Millisecond

// starting is what the start of a process and its first operations may take on top of a case's share.
const starting = 250 * time.Millisecond

// Run runs the suite. A case that fails is in the report, and the others go on. The error is that of ctx.
func (s Suite) Run(ctx context.Context) (*Report, error) {
	s.Threads, s.Rounds = max(1, s.Threads), filled(s.Rounds, 5)
	s.Limit = filled(s.Limit, 2*time.Minute)
	begun := time.Now()
	children := s.children()
	defer func() {
		for _, c := range children {
			c.end()
		}
	}()
	slice := longestSlice
	if s.Budget > 0 {
		slice = min(slice, s.Budget/time.Duration(s.Rounds*len(children)))
	}
	for round := range s.Rounds {
		for i, c := range children {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if c.err != nil || c.spent > time.Duration(round+1)*slice+starting {
				continue // failed, or ahead of its share of the time
			}
			if s.Progress != nil {
				s.Progress(round+1, c.name, float64(round)+float64(i)/float64(len(children)))
			}
			c.round(ctx, s, slice)
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return s.report(children, time.Since(begun)), nil
}

func filled[T int | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// children are the processes, not yet started: those of the suite, and those that the roofline is measured with.
func (s Suite) children() (list []*child) {
	there := map[string]bool{}
	for _, name := range []string{peakCase, memoryCase, cacheCase} {
		list = append(list, &child{name: name})
		there[name] = true
	}
	for _, c := range s.Cases {
		if !there[c.Name] {
			list = append(list, &child{name: c.Name})
		}
	}
	return list
}

func (s Suite) report(children []*child, passed time.Duration) *Report {
	r := &Report{Threads: s.Threads, Rounds: s.Rounds, Seconds: passed.Seconds(), Cases: []Result{}, Failed: []Failure{}}
	results, failures := map[string]Result{}, map[string]error{}
	for _, c := range children {
		if c.err == nil {
			results[c.name] = c.last
		} else {
			failures[c.name] = c.err
		}
	}
	for _, c := range s.Cases {
		if err := failures[c.Name]; err != nil {
			r.Failed = append(r.Failed, Failure{c.Name, err.Error()})
		} else {
			r.Cases = append(r.Cases, results[c.Name])
		}
	}
	r.roof(results)
	r.Trends = trends(s.Cases, results)
	return r
}

// child is the process of a case.
type child struct {
	name   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	notes  bytes.Buffer // standard error
	spent  time.Duration
	last   Result
	err    error
	closed bool
}

func (c *child) start(s Suite) error {
	c.cmd = s.Command(c.name, s.Threads)
	c.cmd.Stderr = &c.notes
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	c.in, c.out = in, bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		c.cmd = nil
		return err
	}
	return nil
}

// round lets the process measure once; a first one starts it.
func (c *child) round(ctx context.Context, s Suite, slice time.Duration) {
	begun := time.Now()
	defer func() { c.spent += time.Since(begun) }()
	if c.cmd == nil {
		if c.err = c.start(s); c.err != nil {
			return
		}
	}
	limited, stop := context.WithTimeout(ctx, s.Limit)
	defer stop()
	cancelled := context.AfterFunc(limited, func() { _ = c.cmd.Process.Kill() })
	line, err := c.ask(slice)
	switch stopped := !cancelled(); {
	case stopped:
		c.end()
		c.err = fmt.Errorf("a round took longer than %v", s.Limit)
	case err != nil:
		c.end()
		c.err = errors.New(c.reason(err))
	default:
		if err := json.Unmarshal(line, &c.last); err != nil {
			_ = c.cmd.Process.Kill()
			c.end()
			c.err = fmt.Errorf("its result cannot be read: %w", err)
		}
	}
}

func (c *child) ask(slice time.Duration) ([]byte, error) {
	if _, err := fmt.Fprintln(c.in, slice); err != nil {
		return nil, err
	}
	return c.out.ReadBytes('\n')
}

// end waits for the process.
func (c *child) end() {
	if c.cmd == nil || c.closed {
		return
	}
	c.closed = true
	_ = c.in.Close()
	stuck := time.AfterFunc(5*time.Second, func() { _ = c.cmd.Process.Kill() })
	defer stuck.Stop()
	_ = c.cmd.Wait()
}

// reason is the first line that the process wrote before it ended, or how it ended.
func (c *child) reason(err error) string {
	for line := range strings.Lines(c.notes.String()) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	if c.cmd != nil && c.cmd.ProcessState != nil {
		return "the process ended: " + c.cmd.ProcessState.String()
	}
	return err.Error()
}
