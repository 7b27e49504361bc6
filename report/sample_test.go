package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/elegans-nn/elegans/series"
)

// room is a made-up week of a room, one row a minute with a pause of five hours: what a full report is tried on.
type room struct {
	time, light, co2, occupied, probability, predicted []float64
}

const (
	roomRows  = 9752
	roomStart = 1423665600 // 2015-02-11 14:40 UTC
)

func newRoom(rows int) room {
	random := rand.New(rand.NewPCG(7, 11))
	r := room{}
	at, co2, memory := float64(roomStart), 450.0, 0.0
	for i := range rows {
		at += 59 + float64(random.IntN(3))
		if i == rows*6/10 {
			at += 5 * 3600
		}
		hour, day := math.Mod(at/3600, 24), int(at/86400)%7
		in := 0.0
		if hour > 8.2 && hour < 17.8 && day < 5 && !(hour > 12.1 && hour < 12.9) {
			in = 1
		}
		light := 420*in + 180*math.Max(0, math.Sin((hour-6)/12*math.Pi)) + 12*random.NormFloat64()
		co2 += 0.01*(450+650*in-co2) + 3*random.NormFloat64()
		memory += 0.08 * (in - memory)
		p := 1 / (1 + math.Exp(-14*(memory-0.5)-0.7*random.NormFloat64()))
		r.time, r.light, r.co2 = append(r.time, at), append(r.light, math.Max(light, 0)), append(r.co2, co2)
		r.occupied, r.probability = append(r.occupied, in), append(r.probability, p)
		r.predicted = append(r.predicted, math.Round(p))
	}
	return r
}

// sample is a report with everything on it.
func sample() *Report { return sampleOf(roomRows) }

// brief is the same over half a day.
func brief() *Report { return sampleOf(720) }

func sampleOf(rows int) *Report {
	r := newRoom(rows)
	short := rows / 4
	return &Report{
		Title: "LTC on occupancy", Subtitle: "Room occupancy from five sensors; trained on datatraining, validated on datatest, tested on datatest2",
		Task: "Classify occupied (no or yes) at every row.", Version: "0.1.0", Clock: series.Calendar,
		Metrics: []Metric{Named("accuracy"), Named("balanced_accuracy"), Named("f1"), Named("auroc"), Named("brier")},
		Models:  sampleModels(),
		Tables:  []Table{{Title: "Robustness", Note: "1 is unharmed.", Head: []string{"model", "noise", "drift"}, Rows: [][]string{{"LTC", "0.93", "0.97"}, {"GRU 12", "0.9"}}}},
		Plots: []Plot{
			{Title: "noise", X: "standard deviations", Y: "accuracy [%]", Lines: []Line{{Name: "LTC", Points: []Point{{0, 99}, {1, 96}, {2, 82}}}, {Name: "rule", Dashed: true, Points: []Point{{2, 77}, {0, 99}}}}},
			{Title: "cost", X: "FLOPs a step", Y: "accuracy [%]", LogX: true, Lines: []Line{{Name: "LTC", Dots: true, Points: []Point{{2000, 99}, {2000, 98.5}}}, {Name: "GRU 12", Dots: true, Hidden: true, Points: []Point{{900, 97}}}}}},
		Comparisons: []Comparison{{Against: "GRU 12", Mean: 0.032, Low: 0.021, High: 0.043, Method: "paired over seeds"}},
		Data:        sampleData(), Learning: sampleLearning(), Scores: sampleScores(r),
		Predictions: &Predictions{Of: "seed 2 (best on validation)", Target: "occupied", Classes: []string{"no", "yes"}, Threshold: 0.43,
			Series: []Trace{
				{Name: "datatest2", Time: r.time, Truth: r.occupied, Value: r.predicted, Bands: [][]float64{complement(r.probability), r.probability}},
				{Name: "datatest", Time: r.time[:short], Truth: r.occupied[:short], Value: r.predicted[:short], Bands: [][]float64{complement(r.probability)[:short], r.probability[:short]}},
			}},
		Wiring: sampleWiring(), Activity: sampleActivity(r),
		Program:  "x  = input [5]\nv  = state [19]\na  = synapses(x, v)\nv' = relax(v, a, dt/6)\ny  = linear(v'[18:19])\n",
		Settings: []Setting{{"model", "ltc", "NCP, 19 neurons"}, {"epochs", "30", "at most"}, {"learning rate", "0.01", "cosine to 5 %"}, {"batch", "32", ""}, {"first seed", "1", ""}},
		Command:  "elegans train occupancy --model ltc --seed 1 --seeds 3", Kernels: "avx2",
		Warnings: []string{"The column Light alone explains the label (99.3 % with one threshold): a network is hardly needed here."},
	}
}

func complement(p []float64) (out []float64) {
	for _, v := range p {
		out = append(out, 1-v)
	}
	return out
}

// seedsOf makes n runs around the given means of the metrics.
func seedsOf(best int, means []float64, sd float64, n int) (runs []SeedResult) {
	keys := []string{"accuracy", "balanced_accuracy", "f1", "auroc", "brier"}
	shift := []float64{-0.9, 1.1, -0.2}
	for i := range n {
		run := SeedResult{Seed: int64(i + 1), Values: map[string]float64{}}
		if best > 0 {
			run.BestEpoch = best + 2*i
		}
		for k, key := range keys {
			sign := 1.0
			if key == "brier" {
				sign = -0.5
			}
			run.Values[key] = means[k] + sign*sd*shift[i]
		}
		runs = append(runs, run)
	}
	return runs
}

func sampleModels() []Entry {
	return []Entry{
		{Name: "majority", Description: "always the commonest class", Baseline: true, Seeds: seedsOf(0, []float64{0.7899, 0.5, 0, 0.5, 0.2101}, 0, 1)},
		{Name: "light rule", Description: "one threshold on Light", Baseline: true, Parameters: 1, Seeds: seedsOf(0, []float64{0.9931, 0.9953, 0.9836, 0.9951, 0.0069}, 0, 1)},
		{Name: "logistic regression", Description: "on the row alone", Baseline: true, Parameters: 6, FLOPsPerStep: 14, Seeds: seedsOf(0, []float64{0.9802, 0.9761, 0.9529, 0.9959, 0.0171}, 0, 1)},
		{Name: "GRU 12", Description: "matched parameters", Baseline: true, Parameters: 685, FLOPsPerStep: 1412, Seeds: seedsOf(7, []float64{0.958, 0.9431, 0.9021, 0.9842, 0.0361}, 0.012, 3)},
		{Name: "LSTM 10", Description: "matched parameters", Baseline: true, Parameters: 691, FLOPsPerStep: 1430, Seeds: seedsOf(5, []float64{0.9891, 0.9843, 0.9742, 0.9948, 0.0104}, 0.0021, 3)},
		{Name: "LTC NCP-19", Description: "19 neurons, 6 solver sub-steps", Liquid: true, Parameters: 654, Synapses: 145, FLOPsPerStep: 15120, Seeds: seedsOf(9, []float64{0.9902, 0.9868, 0.9766, 0.9961, 0.0091}, 0.0019, 3)},
	}
}

func sampleData() *Data {
	return &Data{
		Source: "UCI Machine Learning Repository, data set 357 (Candanedo and Feldheim)", Licence: "CC BY 4.0",
		Parts: []Part{
			{"train", "datatraining.txt", 8143, 1, 8143, 1423065060, 1423560780},
			{"validation", "datatest.txt", 2665, 1, 2665, 1422886740, 1423046580},
			{"test", "datatest2.txt", roomRows, 1, 9740, roomStart, 1424252340},
		},
		Columns: []Column{
			{Name: "date", Role: "time", Kind: "calendar"},
			{Name: "Temperature", Role: "input", Kind: "numeric", Min: 19, Max: 23.18, Mean: 20.619, SD: 1.0169},
			{Name: "Light", Role: "input", Kind: "numeric", Max: 1546.33, Mean: 119.519, SD: 194.76, Note: "explains the label by itself"},
			{Name: "CO2", Role: "input", Kind: "numeric", Min: 412.75, Max: 2028.5, Mean: 606.546, SD: 314.32, Missing: 0.0123},
			{Name: "HumidityRatio", Role: "input", Kind: "numeric", Min: 0.002674, Max: 0.006476, Mean: 0.0038625, SD: 0.00085228},
			{Name: "occupied", Role: "target", Kind: "category", Levels: 2},
		},
		Steps:    []Bin{{59, 59, 3201}, {60, 60, 11840}, {61, 61, 5516}, {62, 600, 1}, {600, 86400, 1}},
		Gaps:     []Gap{{"datatest2", roomStart + 360000, 18060}},
		GapCount: 1, Duplicates: 0, OutOfOrder: 2, Unscored: 12,
		Warnings: []string{"Humidity and HumidityRatio say nearly the same (correlation 0.96)."},
	}
}

func sampleLearning() *Learning {
	l := &Learning{Metric: "accuracy"}
	for seed := range 3 {
		run := Run{Seed: int64(seed + 1), Best: 9 + 2*seed}
		for e := 1; e <= 24-3*seed; e++ {
			x := float64(e)
			over := 0.0004 * math.Pow(math.Max(0, x-float64(run.Best)), 1.6)
			run.Epochs = append(run.Epochs, Epoch{e, 0.5*math.Exp(-x/3) + 0.02 - 0.0004*x, 0.45*math.Exp(-x/3.5) + 0.04 + over + 0.002*math.Sin(x*float64(seed+1)),
				0.98 - 0.2*math.Exp(-x/2.5) + 0.001*math.Sin(2*x+float64(seed)) - over})
		}
		l.Runs = append(l.Runs, run)
	}
	return l
}

func sampleScores(r room) *Scores {
	s := &Scores{Of: "LTC NCP-19, seed 2 (best on validation)", Classes: []string{"no", "yes"}, Threshold: 0.43, Confusion: [][]int{{7622, 71}, {24, 2023}}}
	for k, name := range []string{"LTC NCP-19", "GRU 12", "logistic regression"} {
		roc, pr := Curve{Name: name}, Curve{Name: name}
		power := 0.03 + 0.04*float64(k)
		for i := range 2001 {
			x := float64(i) / 2000
			roc.Points = append(roc.Points, Point{x, math.Pow(x, power)})
			pr.Points = append(pr.Points, Point{x, 1 - 0.78*math.Pow(x, 1/power)})
		}
		s.ROC, s.PR = append(s.ROC, roc), append(s.PR, pr)
	}
	for i := range 10 {
		x := 0.05 + 0.1*float64(i)
		s.Reliability = append(s.Reliability, Calibration{x, math.Min(1, math.Max(0, x+0.09*math.Sin(7*x))), 40 + int(4000*math.Pow(math.Abs(x-0.5)*2, 6))})
	}
	return s
}

func sampleWiring() *Wiring {
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 300" role="img"><title>wiring</title><style>.n { fill: var(--c0); } .s { fill: none; stroke: var(--c6); stroke-opacity: 0.4; } text { font-size: 12px; fill: var(--dim); }</style>`)
	layers := []struct {
		name string
		n    int
	}{{"sensory", 5}, {"inter", 10}, {"command", 8}, {"motor", 1}}
	for l := range layers {
		for i := range layers[l].n {
			x, y := 60+190*l, 300*(i+1)/(layers[l].n+1)
			if l+1 < len(layers) {
				for k := range layers[l+1].n {
					if (i*7+k*3)%4 == 0 || layers[l+1].n == 1 {
						fmt.Fprintf(&b, `<path class="s" d="M%d %d L%d %d"/>`, x, y, x+190, 300*(k+1)/(layers[l+1].n+1))
					}
				}
			}
			fmt.Fprintf(&b, `<circle class="n" cx="%d" cy="%d" r="7"/>`, x, y)
		}
		fmt.Fprintf(&b, `<text x="%d" y="12" text-anchor="middle">%s</text>`, 60+190*l, layers[l].name)
	}
	b.WriteString(`</svg>`)
	return &Wiring{SVG: b.String(), Note: "AutoNCP(19, 1): sensory, inter, command and motor neurons from left to right.", Counts: []SynapseCount{
		{"sensory", "inter", 30, 18, 12, 50}, {"inter", "command", 40, 26, 14, 80}, {"command", "command", 24, 11, 13, 64}, {"command", "motor", 5, 3, 2, 8}}}
}

func sampleActivity(r room) *Activity {
	a := &Activity{Series: "datatest2", Of: "seed 2", Time: r.time, Inputs: []Input{{"Light", r.light}, {"CO2", r.co2}}}
	roles := []struct {
		role, letter string
		n            int
	}{{"inter", "i", 10}, {"command", "c", 8}, {"motor", "m", 1}}
	k := 0
	for _, role := range roles {
		for i := range role.n {
			n := Neuron{Name: fmt.Sprintf("%s%d", role.letter, i), Role: role.role}
			v, tau0 := 0.0, 60*math.Exp(0.35*float64(k%11))
			for row := range r.time {
				drive := math.Sin(float64(k))*r.light[row]/500 + math.Cos(float64(2*k))*(r.co2[row]-450)/600
				tau := tau0 / (1 + 0.8*math.Abs(drive))
				v += (math.Tanh(drive) - v) * (1 - math.Exp(-60/tau))
				n.State, n.Tau = append(n.State, v), append(n.Tau, tau)
			}
			a.Neurons = append(a.Neurons, n)
			k++
		}
	}
	return a
}
