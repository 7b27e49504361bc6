package suite

import (
	"fmt"
	"slices"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/train"
)

// Section is a part of the page of results: tasks, and the models that are trained on each.
type Section struct {
	Number int
	Title  string
	// About says in a sentence or two what the section is.
	About  string
	Tasks  []*Task
	Models []Contender
	Seeds  int
}

// Contender is a named model in a section.
type Contender struct {
	// Preset is its name.
	Preset string
	Kind   Kind
	// TimeInput feeds log(1 + dt): for models without elapsed time in their equations.
	TimeInput bool
	// Rates that are tried on validation.
	Rates []float64
}

// Rates of the two kinds of cells: those of conductances learn slower at the same rate.
var (
	slow = []float64{0.005, 0.02}
	fast = []float64{0.002, 0.008}
)

// The models of the published tables, and those beside them.
var (
	ltcPaper = []Contender{
		{"ltc-fc32", Liquid, false, slow}, {"ctrnn32", Recurrent, false, fast}, {"ctgru32", Recurrent, false, fast}, {"node32", Recurrent, false, fast},
		{"lstm32", Recurrent, true, fast}, {"gru32", Recurrent, true, fast}, {"cfc-small", Liquid, false, fast}, {"lrc32", Liquid, false, slow},
		{"linoss64", Liquid, false, fast},
	}
	xorPaper = []Contender{
		{"cfc-small", Liquid, false, fast}, {"cfc-mm", Liquid, false, fast}, {"grud32", Recurrent, false, fast}, {"odelstm32", Recurrent, false, fast},
		{"lstm32", Recurrent, true, fast}, {"ltc-ncp19", Liquid, false, slow},
	}
	usual = []Contender{
		{"ltc-ncp19", Liquid, false, slow}, {"cfc-ncp19", Liquid, false, fast}, {"cfc-small", Liquid, false, fast}, {"cfc-mm", Liquid, false, fast},
		{"lrc32", Liquid, false, slow}, {"linoss64", Liquid, false, fast}, {"gru32", Recurrent, true, fast}, {"lstm32", Recurrent, true, fast},
	}
	icu = []Contender{
		{"cfc-small", Liquid, false, fast}, {"grud32", Recurrent, false, fast}, {"odernn32", Recurrent, false, fast}, {"phasedlstm32", Recurrent, false, fast},
		{"ltc-ncp19", Liquid, false, slow}, {"linoss64", Liquid, false, fast}, {"gru32", Recurrent, true, fast},
	}
)

// Sections of the page of results; the last is the table of the peers.
var sections = []Section{
	{1, "LTC paper, Table 3", "Hasani et al. 2021. Where their split shares rows between parts, it stands beside one that does not; the leaky figures serve " +
		"for comparison only.", []*Task{&occupancyLeaky, &occupancyPaper, &ozoneLeaky, &ozoneChrono, &trafficLeaky, &trafficHour, &smnist, &cheetah}, ltcPaper, 5},
	{2, "Event-based bit-stream XOR", "Lechner and Hasani 2020, figures of Hasani et al. 2022. Fewer streams than theirs.", []*Task{&xor}, xorPaper, 5},
	{3, "PhysioNet 2012, death in hospital", "The events as they came, with their true times.", []*Task{&physionetEvents}, icu, 5},
	{4, "Whole series: vowels, activities, spoken digits", "", []*Task{&vowels, &motions, &digits}, usual, 5},
	{5, "Lidar rover", "The protocol of the ncps documentation, in which nothing chooses the epoch, and whole traces.", []*Task{&lidarNcps, &lidar}, usual, 5},
	{6, "C-MAPSS FD001", "", []*Task{&cmapss}, usual, 5},
	{7, "Where the peers stand", "Nine tasks on exactly the splits on which other libraries were measured.", Peers(), usual, 5},
}

// Sections lists the parts of the page of results.
func Sections() []Section { return slices.Clone(sections) }

// epochs are the passes over the training part that a task gets: what two cores can do for all tasks in three hours.
var epochs = map[string]int{
	"occupancy": 12, "occupancy-paper": 12, "occupancy-leaky": 12, "ozone": 20, "ozone-leaky": 40, "traffic": 10, "traffic-leaky": 12, "cheetah": 50,
	"cheetah-clip": 50, "smnist": 4, "xor": 30, "physionet": 6, "physionet-events": 5, "vowels": 80, "motions": 80, "digits": 25, "lidar": 15,
	"lidar-ncps": 15, "cmapss": 10, "cgm": 7,
}

// Search is the way a contender is trained on a task. The error is a *cell.UnknownError where there is no such model.
func (c Contender) Search(t *Task, d *Data, seeds int) (Search, error) {
	o := train.Options{Epochs: epochs[t.Name], Batch: t.Batch, Patience: -1}
	candidate, err := Preset(c.Preset, d.Schema.Target, c.TimeInput, o)
	if err != nil {
		return Search{}, err
	}
	s := Search{Candidate: candidate, Rates: c.Rates, Seeds: seeds}
	if len(d.Valid.Windows) == 0 {
		s.Rates = c.Rates[:1] // nothing may choose
	}
	return s, nil
}

// Found is what the book holds of a contender on a task: the trials of the rate that validation chooses with seed 0, by
// seed, and how many rates were tried. It needs no data.
func (b *Book) Found(t *Task, c Contender, seeds int) (trials []*Trial, tried int, err error) {
	all, err := b.Trials(t.Name)
	of := func(keep func(*Trial) bool) (list []*Trial) {
		for _, r := range all {
			if r.Model == c.Preset && r.Options.Epochs == epochs[t.Name] && r.Options.Batch == t.Batch && keep(r) {
				list = append(list, r)
			}
		}
		return list
	}
	var first []*Trial
	for _, rate := range c.Rates {
		first = append(first, of(func(r *Trial) bool { return r.Seed == 0 && r.Options.LearningRate == rate })...)
	}
	if err != nil || len(first) == 0 {
		return nil, 0, err
	}
	rate := first[lowest(first)].Options.LearningRate
	return of(func(r *Trial) bool { return r.Seed < uint64(seeds) && r.Options.LearningRate == rate }), len(first), nil
}

// Outcome is what the book holds of a section's models on a task.
func (b *Book) Outcome(t *Task, s Section) (Outcome, error) {
	o := Outcome{Task: t}
	for _, c := range s.Models {
		if _, err := cell.LookupPreset(c.Preset); err != nil {
			o.Unknown = append(o.Unknown, c.Preset)
			continue
		}
		trials, tried, err := b.Found(t, c, s.Seeds)
		if err != nil {
			return o, err
		}
		if len(trials) > 0 {
			o.Rows = append(o.Rows, t.RowOf(c, trials, tried))
		}
	}
	all, err := b.Trials(t.Name)
	o.Scored = len(all)
	return o, err
}

// SectionOf finds a section by its number.
func SectionOf(number int) (Section, error) {
	if number < 1 || number > len(sections) {
		return Section{}, fmt.Errorf("there is no section %d; sections: 1 to %d", number, len(sections))
	}
	return sections[number-1], nil
}
