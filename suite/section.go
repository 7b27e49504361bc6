package suite

import (
	"fmt"
	"slices"
	"strings"
)

// Section is a part of the page of results: a suite of tasks, and the models that are compared on each of them.
type Section struct {
	Number int
	// Name of the suite, as in flags and files.
	Name  string
	Title string
	// About says in a sentence or two what the section is.
	About string
	Tasks []*Task
	// Models by name. Simple baselines that suit a task stand beside them.
	Models []string
	Seeds  int
}

// The models of the published tables, and those beside them.
var (
	ltcPaper = []string{"ltc-fc32", "ctrnn32", "ctgru32", "node32", "lstm32", "gru32", "cfc-small", "lrc32", "linoss64"}
	xorPaper = []string{"cfc-small", "cfc-mm", "grud32", "odelstm32", "lstm32", "ltc-ncp19"}
	usual    = []string{"ltc-ncp19", "cfc-ncp19", "cfc-small", "cfc-mm", "lrc32", "linoss64", "gru32", "lstm32"}
	icu      = []string{"cfc-small", "grud32", "odernn32", "phasedlstm32", "ltc-ncp19", "linoss64", "gru32"}
)

// sections of the page of results; the last is the table of the peers.
var sections = []Section{
	{1, "ltc-paper", "LTC paper, Table 3", "Hasani et al. 2021. Where their split shares rows between parts, it stands beside one that does not; the leaky figures serve " +
		"for comparison only.", []*Task{&occupancyLeaky, &occupancyPaper, &ozoneLeaky, &ozoneChrono, &trafficLeaky, &trafficHour, &smnist, &cheetah}, ltcPaper, 5},
	{2, "xor", "Event-based bit-stream XOR", "Lechner and Hasani 2020, figures of Hasani et al. 2022. Fewer streams than theirs.", []*Task{&xor}, xorPaper, 5},
	{3, "physionet", "PhysioNet 2012, death in hospital", "The events as they came, with their true times.", []*Task{&physionetEvents}, icu, 5},
	{4, "series", "Whole series: vowels, activities, spoken digits", "", []*Task{&vowels, &motions, &digits}, usual, 5},
	{5, "lidar", "Lidar rover", "The protocol of the ncps documentation, in which nothing chooses the epoch, and whole traces.", []*Task{&lidarNcps, &lidar}, usual, 5},
	{6, "cmapss", "C-MAPSS FD001", "", []*Task{&cmapss}, usual, 5},
	{7, "peers", "Where the peers stand", "Nine tasks on exactly the splits on which other libraries were measured.", Peers(), usual, 5},
}

// Sections lists the parts of the page of results.
func Sections() []Section { return slices.Clone(sections) }

// SectionOf finds a section by its number.
func SectionOf(number int) (Section, error) {
	if number < 1 || number > len(sections) {
		return Section{}, fmt.Errorf("there is no section %d; sections: 1 to %d", number, len(sections))
	}
	return sections[number-1], nil
}

// Suites names all sections.
func Suites() (names []string) {
	for _, s := range sections {
		names = append(names, s.Name)
	}
	return names
}

// SuiteOf finds a section by its name.
func SuiteOf(name string) (Section, error) {
	for _, s := range sections {
		if s.Name == name {
			return s, nil
		}
	}
	return Section{}, fmt.Errorf("there is no suite %q; suites: %s", name, strings.Join(Suites(), ", "))
}

// Only is the section with some of its tasks, by name; with all where none is named. The error is that of Lookup, or says that a
// task is not in the section.
func (s Section) Only(names []string) (Section, error) {
	if len(names) == 0 {
		return s, nil
	}
	var some []*Task
	for _, name := range names {
		t, err := Lookup(name)
		if err != nil {
			return s, err
		}
		if !slices.Contains(s.Tasks, t) {
			return s, fmt.Errorf("task %s is not in suite %s; its tasks: %s", name, s.Name, strings.Join(s.names(), ", "))
		}
		if !slices.Contains(some, t) {
			some = append(some, t)
		}
	}
	s.Tasks = some
	return s, nil
}

func (s Section) names() (names []string) {
	for _, t := range s.Tasks {
		names = append(names, t.Name)
	}
	return names
}
