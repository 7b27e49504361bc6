package evidence

import (
	"context"
	"fmt"
	"strings"

	"github.com/elegans-nn/elegans/bench"
	"github.com/elegans-nn/elegans/engine"
)

var cost = Section{Number: 5, Name: "cost", Title: "Cost", run: runCost, About: "" +
	"One update: step, reverse, derivatives carried on, optimiser, and what follows from the new parameters, of LTC with 8 inputs on one core, timed by " +
	"`elegans bench --all --only online`, each case in a process of its own. Bytes are all that a stream holds. The exact rule carries parameters × columns numbers and " +
	"takes parameters × columns × components for a product: with n units all connected, of about 4 n² parameters, n³ numbers and n⁴ operations; what a wiring has no path for " +
	"is left out."}

func runCost(ctx context.Context, o Options) (*Result, error) {
	if o.Bench == nil {
		return nil, &AbsentError{"no program to time in"}
	}
	cases, err := bench.Select([]string{"online/"}, true)
	if err != nil {
		return nil, err
	}
	s := bench.Suite{Cases: cases, Command: o.Bench, Progress: func(round int, name string, done float64) { o.Progress(name, done/5) }}
	report, err := s.Run(ctx)
	if err != nil {
		return nil, err
	}
	if len(report.Failed) > 0 {
		return nil, fmt.Errorf("%s: %s", report.Failed[0].Name, report.Failed[0].Error)
	}
	columns := []string{"updates a second, median", "best", "bytes"}
	rules := Table{Title: "Rules on networks of 19 neurons", Labels: []string{"case"}, Columns: columns}
	growth := Table{Title: "Growth of the exact rule", Labels: []string{"case"}, Columns: columns}
	for k, r := range report.Cases {
		row := Row{Labels: []string{strings.TrimPrefix(r.Name, "online/")}, Figures: []*Figure{{Mean: r.ItemsPerSecond}, {Mean: 1e9 * float64(r.Items) / r.NsPerOp}, {Mean: r.BytesPerStream}}}
		if cases[k].Growth != nil {
			growth.Rows = append(growth.Rows, row)
		} else {
			rules.Rows = append(rules.Rows, row)
		}
	}
	var fits []string
	for _, t := range report.Trends {
		fits = append(fits, fmt.Sprintf("from %.0f to %.0f %s time grows with the power %.2f", t.From, t.To, t.Axis, t.Exponent))
	}
	growth.Caption = strings.Join(fits, "; ") + "."
	return &Result{Made: fmt.Sprintf("one core, peak %.0f GFLOP/s, kernels %s", report.Roofline.PeakGFLOPS, engine.KernelPath()), Tables: []Table{rules, growth}}, nil
}
