package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elegans-nn/elegans/bench"
)

const (
	benchRounds = 5
	// benchBudget is for all rounds together; starting the processes and operations that take longer than their share
	// come on top.
	benchBudget = 2 * time.Minute
	// benchAllBudget is that with the cases of growth.
	benchAllBudget = 4 * time.Minute
)

// benchFlags are what `elegans bench` can be asked for.
type benchFlags struct {
	only    []string
	threads int
	rounds  int
	all     bool
	asJSON  bool
	inner   string // the case that this process is for, one of many
}

// benchmarked is the document of `elegans bench --json`.
type benchmarked struct {
	Machine machine `json:"machine"`
	*bench.Report
}

func newBench(c *console) *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Time training, streams and kernels on this machine",
		Long: `Time training, streams and kernels on this machine: train is a whole training step (transposition of the batch,
forward, squared loss, backward, Adam), forward a pass without it, stream one step of one stream, streams one step of
many, online one step of a stream that learns from it at once, exactly (rtrl) or by other rules, kernel an inner loop.
Each case runs in a process of its own, and all take turns over several rounds.

BEST is the best repetition, MEDIAN and P99.9 are of operations timed one by one, the clock included, and SPREAD is the
slowest round over the fastest: above 1.2 the machine was busy, and differences below that mean nothing. OF PEAK and OF
MEMORY are shares of what this machine does at most, measured in the same rounds: multiply-adds on registers, and copying
within the cache (less than 256 kB) or beyond it. All cases take about two and a half minutes.`,
		Example: "  elegans bench\n  elegans bench --only train/cfc-dense,kernel\n  elegans bench --threads 2 --only B64T128 --json > bench.json",
		Args:    takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.threads < 1 {
				return usage("--threads is %d; it must be at least 1", f.threads)
			}
			if f.rounds < 1 {
				return usage("--rounds is %d; it must be at least 1", f.rounds)
			}
			if f.inner != "" {
				return bench.Serve(f.inner, f.threads, c.in, flushing{c})
			}
			return c.bench(cmd.Context(), f)
		},
	}
	cmd.Flags().StringSliceVar(&f.only, "only", nil, "`TEXTS` by comma: cases with one of them in their name")
	cmd.Flags().IntVar(&f.threads, "threads", 1, "`N` processors that each case may use")
	cmd.Flags().IntVar(&f.rounds, "rounds", benchRounds, "`N` turns that each case has at most")
	cmd.Flags().BoolVar(&f.all, "all", false, "time growth with length, batch and synapses too; takes minutes more")
	cmd.Flags().StringVar(&f.inner, "case", "", "`NAME` of the case that this process runs, round by round")
	_ = cmd.Flags().MarkHidden("case")
	addJSON(cmd, &f.asJSON)
	return cmd
}

// flushing writes each result at once.
type flushing struct{ c *console }

func (w flushing) Write(data []byte) (int, error) {
	if n, err := w.c.out.Write(data); err != nil {
		return n, err
	}
	return len(data), w.c.flush()
}

func (c *console) bench(ctx context.Context, f benchFlags) error {
	cases, err := bench.Select(f.only, f.all)
	var unknown *bench.UnknownError
	if errors.As(err, &unknown) && unknown.Hidden {
		return fmt.Errorf("%w; add --all", err)
	}
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program to start it once per case: %w", err)
	}
	p := c.progress("rounds", float64(f.rounds))
	s := bench.Suite{Cases: cases, Threads: f.threads, Rounds: f.rounds, Budget: benchBudget,
		Command: func(name string, threads int) *exec.Cmd {
			cmd := exec.Command(program, "bench", "--case", name, "--threads", strconv.Itoa(threads))
			cmd.Args[0] = os.Args[0]
			return cmd
		},
		Progress: func(_ int, name string, done float64) { p.at(done, name) },
	}
	if f.all {
		s.Budget = benchAllBudget
	}
	r, err := s.Run(ctx)
	p.end()
	if err != nil {
		return err
	}
	document := benchmarked{describeMachine(), r}
	if f.asJSON {
		err = c.json(document)
	} else {
		err = c.printBench(document)
	}
	if err == nil && len(r.Failed) > 0 {
		var names []string
		for _, failed := range r.Failed {
			names = append(names, failed.Name)
		}
		err = &failure{fmt.Sprintf("%d of %d cases failed: %s; the others are above, and elegans bench --only NAME runs one again",
			len(names), len(cases), strings.Join(names, ", "))}
	}
	return err
}

func (c *console) printBench(d benchmarked) error {
	m, roof := d.Machine, d.Roofline
	c.print("elegans %s, %s, %s/%s, %s, %s of %d, kernels: %s\n", m.Version, m.Go, m.OS, m.Arch, orUnknown(m.CPU), plural(d.Threads, "thread"), m.Cores, m.Kernel)
	c.print("peak of one core %.1f GFLOP/s (%s), memory %.1f GB/s, cache %.1f GB/s\n\n", roof.PeakGFLOPS, peakText(roof.PeakKernel), roof.MemoryGBs, roof.CacheGBs)
	rows := [][]string{{"CASE", "BEST", "MEDIAN", "P99.9", "SPREAD", "GFLOP/S", "OF PEAK", "OF MEMORY", "ALLOCS", "RSS MB", "PER SECOND"}}
	for _, r := range d.Cases {
		rate := strconv.FormatFloat(r.ItemsPerSecond, 'g', 3, 64)
		if r.BytesPerStream > 0 {
			rate += fmt.Sprintf(", %.0f bytes a stream", r.BytesPerStream)
		}
		rows = append(rows, []string{r.Name, duration(r.NsPerOp), duration(r.MedianNs), duration(r.P999Ns), fmt.Sprintf("%.2f", r.Spread),
			fmt.Sprintf("%.2f", r.GFLOPS), percent(r.PeakShare), percent(r.BandwidthShare), strconv.FormatUint(r.AllocsPerOp, 10),
			fmt.Sprintf("%.0f", r.PeakRSSMB), rate})
	}
	for _, failed := range d.Failed {
		rows = append(rows, []string{failed.Name, "failed: " + failed.Error})
	}
	if err := c.table(rows); err != nil {
		return err
	}
	for _, t := range d.Trends {
		c.print("growth with %s from %.0f to %.0f: time ~ %s^%.2f\n", t.Axis, t.From, t.To, t.Axis, t.Exponent)
	}
	c.print("\n%s in %.0f s\n", plural(len(d.Cases), "case"), d.Seconds)
	return nil
}

func peakText(kernel string) string {
	if kernel == "go" {
		return "plain Go: this machine has no vector kernels, so the share says little"
	}
	return kernel
}

func orUnknown(name string) string {
	if name == "" {
		return "unknown processor"
	}
	return name
}

// duration writes nanoseconds with three digits in a unit that suits.
func duration(ns float64) string {
	units := []struct {
		name string
		ns   float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}}
	for _, u := range units {
		if ns >= u.ns {
			return strconv.FormatFloat(ns/u.ns, 'g', 3, 64) + " " + u.name
		}
	}
	return strconv.FormatFloat(ns, 'f', 0, 64) + " ns"
}

func percent(share float64) string {
	if share < 0.1 {
		return fmt.Sprintf("%.1f %%", 100*share)
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}
