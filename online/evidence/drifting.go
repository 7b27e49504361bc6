package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/table"
)

var drifting = Section{Number: 3, Name: "drift", Title: "Drift that is real", run: runDrifting, About: "" +
	"Oil temperature of two transformers one hour ahead (ETTh1, ETTh2; Zhou et al., AAAI 2021), the close of the VIX one trading day ahead (CBOE), and the seven series with a known " +
	"cause of the Numenta Anomaly Benchmark one row ahead (Lavin and Ahmad 2015). `ltc-ncp19` is trained on the first 20 % of a series, the next 5 % choose how it adapts as in section 2, and the " +
	"last 75 % are the stream; *chosen* is the setting that most seeds chose, with their number. RMSE in the units of the series, of each row before its label is learned."}

// stream is where a series of section 3 stands.
type stream struct {
	name, file, member string
	roles              dataset.Roles
}

// nab are the series with a known cause.
var nab = []string{"ambient_temperature_system_failure", "cpu_utilization_asg_misconfiguration", "ec2_request_latency_system_failure",
	"machine_temperature_system_failure", "nyc_taxi", "rogue_agent_key_hold",
	"rogue_agent_key_updown"}

func streams() (list []stream) {
	next := dataset.Horizon{Rows: 1}
	for _, name := range []string{"ETTh1", "ETTh2"} {
		list = append(list, stream{name, "ett.zip", name + ".csv", dataset.Roles{Target: "OT", Time: "date", TargetAsInput: true, Horizon: next}})
	}
	list = append(list, stream{"VIX", "vix-daily.csv", "", dataset.Roles{Target: "CLOSE", Time: "DATE", TargetAsInput: true, Horizon: next}})
	for _, name := range nab {
		list = append(list, stream{"NAB " + strings.ReplaceAll(name, "_", " "), "nab.zip", name + ".csv",
			dataset.Roles{Target: "value", Time: "timestamp", TargetAsInput: true, Horizon: next, Sort: true}})
	}
	return list
}

func runDrifting(ctx context.Context, o Options) (*Result, error) {
	t := Table{Title: "Frozen and adapting", Labels: []string{"series", "chosen"}, Columns: append(slices.Clone(compared), "adapting / frozen")}
	var ratios []float64
	list := streams()
	for i, s := range list {
		by, chosen := map[string][5][]float64{}, map[string]int{}
		for seed := range o.Seeds {
			o.Progress(s.name, (float64(i)+float64(seed)/float64(o.Seeds))/float64(len(list)))
			e, how, err := s.follow(ctx, o, uint64(seed))
			if errors.Is(err, fs.ErrNotExist) {
				return nil, &AbsentError{"the folder of data has no " + s.file}
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			record(by, "", e)
			chosen[how.String()]++
		}
		row := Row{Labels: []string{s.name, most(chosen)}}
		for k := range 5 {
			row.Figures = append(row.Figures, over(by[""][k]))
		}
		ratios = append(ratios, metric.Mean(by[""][4]))
		t.Rows = append(t.Rows, row)
	}
	f := over(ratios)
	f.Seeds = o.Seeds
	t.Rows = append(t.Rows, Row{Labels: []string{"mean over series", ""}, Figures: []*Figure{nil, nil, nil, nil, f}})
	return &Result{Made: fmt.Sprintf("%d seeds, kernels %s", o.Seeds, engine.KernelPath()), Tables: []Table{t}}, nil
}

// most is what was chosen most often, and how often.
func most(chosen map[string]int) (text string) {
	count := 0
	for _, name := range sorted(chosen) {
		if chosen[name] > count {
			count, text = chosen[name], fmt.Sprintf("%s (%d)", name, chosen[name])
		}
	}
	return text
}

// follow trains and adapts on one series, by the setting that its validation part chooses.
func (s stream) follow(ctx context.Context, o Options, seed uint64) (e errorSums, how setting, err error) {
	t, err := table.Open(filepath.Join(o.Data, s.file), table.Options{Member: s.member})
	if err != nil {
		return e, how, err
	}
	d, err := dataset.FromTable(t, s.roles)
	if err != nil {
		return e, how, err
	}
	split, err := d.Split(dataset.SplitOptions{By: dataset.ByTime, Valid: 0.05, Test: 0.75})
	if err != nil {
		return e, how, err
	}
	m, err := trained(ctx, o, split, seed)
	if err != nil {
		return e, how, err
	}
	how, err = choose(m, split.Valid)
	if err != nil {
		return e, how, err
	}
	for i := range split.Test {
		one := split.Test[i]
		if o.Rows > 0 {
			one = one.Span(0, min(o.Rows, one.Len()))
		}
		got, err := follow(m, &one, how)
		if err != nil {
			return e, how, err
		}
		e.add(got)
	}
	return e, how, nil
}
