package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"

	"github.com/elegans-nn/elegans/series"
)

// SplitBy says what a split keeps whole.
type SplitBy string

const (
	ByTime  SplitBy = "time"  // each series is cut in time: first training, then validation, then test
	ByGroup SplitBy = "group" // a series lies in one part as a whole
	ByFile  SplitBy = "file"  // a file lies in one part as a whole
)

// SplitOptions says how a data set is divided. The zero value cuts each series in time at 70 and 85 %, or puts 15 % of the
// series each into validation and test where a series has a single label.
type SplitOptions struct {
	// By is ByTime, ByGroup or ByFile. Empty: ByFile where ValidFiles or TestFiles name any, ByGroup where a series has
	// one label, else ByTime.
	By SplitBy `json:"by,omitempty"`
	// Valid and Test are shares of the rows (ByTime) or of the series (ByGroup). 0: 0.15; negative: none.
	Valid float64 `json:"valid,omitempty"`
	Test  float64 `json:"test,omitempty"`
	// Global cuts all series at the same two moments, so that no training row is later than a test row. Without it each
	// series is cut at its own shares.
	Global bool `json:"global,omitempty"`
	// Context is how many rows before its own first one a later part is given of a series that was cut, without their
	// labels, so that a state or a window has its past: inputs only, no label is scored twice.
	Context int `json:"context,omitempty"`
	// ValidFiles and TestFiles name files as Dataset.Files does; all others are for training.
	ValidFiles []string `json:"valid_files,omitempty"`
	TestFiles  []string `json:"test_files,omitempty"`
	// Seed draws the series of ByGroup.
	Seed uint64 `json:"seed,omitempty"`
}

// Split is a data set divided, with everything fitted on its training part.
type Split struct {
	Schema series.Schema
	// Train, Valid and Test hold the series of each part; Valid and Test may be empty.
	Train, Valid, Test []series.Series
	// By is how the split was made, in words.
	By string
	// Warnings that a reader of the results must see, one line each.
	Warnings []string
}

// DefaultSplit is that of a built-in data set, else the zero SplitOptions.
func (d *Dataset) DefaultSplit() SplitOptions {
	if d.Builtin != nil {
		return d.Builtin.Split
	}
	return SplitOptions{}
}

// segment is a stretch of one track that lies in one part. Rows before scored are context: inputs without labels.
type segment struct{ track, from, scored, to int }

// Names of the parts, in order.
var partNames = [3]string{"train", "valid", "test"}

// Split divides the data set and fits the schema on the training part.
//
// Errors: *UsageError without a target or for options outside their range; *table.DataError where a part would hold no
// label, or the training part one class only.
func (d *Dataset) Split(o SplitOptions) (*Split, error) { return d.SplitFold(o, Fold{}) }

// SplitWith divides the data set for a schema that was fitted before, as when a trained model is tested on the test part
// of its data. Nothing is fitted.
func (d *Dataset) SplitWith(schema series.Schema, o SplitOptions) (*Split, error) {
	segments, by, err := d.cut(o)
	if err != nil {
		return nil, err
	}
	return d.fill(schema, segments, partNames, &Split{By: by})
}

// fill reads the series of every part, by their names in messages.
func (d *Dataset) fill(schema series.Schema, segments [3][]segment, names [3]string, s *Split) (*Split, error) {
	s.Schema = schema
	for i, into := range []*[]series.Series{&s.Train, &s.Valid, &s.Test} {
		list, applied, err := d.assemble(schema, segments[i])
		if err != nil {
			return nil, err
		}
		for _, w := range applied.Warnings {
			s.Warnings = append(s.Warnings, names[i]+" part: "+w)
		}
		scored := 0
		for k := range list {
			scored += list[k].Scored()
		}
		if len(list) > 0 && scored == 0 {
			return nil, d.parts[0].whole(d.Roles.Target, "the %s part (%s) holds no row with a label; choose other shares with --valid and --test, or fill in labels", names[i], s.By)
		}
		*into = list
	}
	return s, nil
}

// cut lists the segments of the three parts.
func (d *Dataset) cut(o SplitOptions) (segments [3][]segment, by string, err error) {
	usage := func(flag, format string, args ...any) error {
		return &UsageError{Flag: flag, Text: fmt.Sprintf(format, args...)}
	}
	valid, test := share(o.Valid), share(o.Test)
	if !(valid+test < 1) {
		return segments, "", usage("--split", "shares %g and %g of validation and test leave nothing to train on; their sum must be below 1", valid, test)
	}
	if o.Context < 0 {
		return segments, "", usage("--split", "context of %d rows; it must be at least 0", o.Context)
	}
	switch d.kindOf(o) {
	case ByFile:
		segments, by, err = d.cutFiles(o)
	case ByGroup:
		segments, by, err = d.cutGroups(o.Seed, valid, test)
	case ByTime:
		if d.Roles.LastStep {
			return segments, "", usage("--split", "series with one label each cannot be cut in time; use --split %s", ByGroup)
		}
		segments, by = d.cutTime(o, valid, test)
	default:
		return segments, "", usage("--split", "unknown kind %q; allowed: %s, %s, %s", o.By, ByTime, ByGroup, ByFile)
	}
	if err == nil && len(segments[0]) == 0 {
		err = usage("--split", "nothing is left to train on (%s)", by)
	}
	return segments, by, err
}

// kindOf is how the options divide.
func (d *Dataset) kindOf(o SplitOptions) SplitBy {
	switch {
	case o.By != "":
		return o.By
	case len(o.ValidFiles)+len(o.TestFiles) > 0:
		return ByFile
	case d.Roles.LastStep:
		return ByGroup
	}
	return ByTime
}

// share gives the default for 0 and none for a negative share.
func share(v float64) float64 {
	switch {
	case v == 0:
		return 0.15
	case v < 0:
		return 0
	}
	return v
}

func (d *Dataset) cutFiles(o SplitOptions) (segments [3][]segment, by string, err error) {
	place := map[string]int{}
	for i, names := range [][]string{nil, o.ValidFiles, o.TestFiles} {
		for _, name := range names {
			if !slices.Contains(d.Files(), name) {
				return segments, "", &UsageError{Flag: "--split", Text: fmt.Sprintf("no file %q; files: %s", name, strings.Join(d.Files(), ", "))}
			}
			if place[name] != 0 {
				return segments, "", &UsageError{Flag: "--split", Text: fmt.Sprintf("file %q is named for two parts", name)}
			}
			place[name] = i
		}
	}
	for i, t := range d.tracks {
		part := place[d.parts[t.part].name]
		segments[part] = append(segments[part], segment{track: i, to: len(t.rows)})
	}
	return segments, "by file", nil
}

// cutTime cuts at floor(share × rows), per series or at the moments that cut all rows so.
func (d *Dataset) cutTime(o SplitOptions, valid, test float64) (segments [3][]segment, by string) {
	ends := func(n int) [3]int {
		// The small term keeps 0.8 × 5 from becoming 3 by rounding.
		at := func(s float64) int { return min(n, int(math.Floor(s*float64(n)+1e-9))) }
		return [3]int{at(1 - valid - test), at(1 - test), n}
	}
	by = fmt.Sprintf("in time within each series: %.4g / %.4g / %.4g", 1-valid-test, valid, test)
	var moments [2]float64
	if o.Global {
		var all []float64
		for _, t := range d.tracks {
			all = append(all, t.time...)
		}
		slices.Sort(all)
		borders := ends(len(all))
		for i, end := range borders[:2] {
			moments[i] = math.Inf(1)
			if end < len(all) {
				moments[i] = all[end]
			}
		}
		by = fmt.Sprintf("in time at one moment for all series: %.4g / %.4g / %.4g", 1-valid-test, valid, test)
	}
	for i, t := range d.tracks {
		bounds := ends(len(t.rows))
		if o.Global {
			for k, moment := range moments {
				bounds[k] = sort.SearchFloat64s(t.time, moment)
			}
		}
		from := 0
		for part, to := range bounds {
			if to > from {
				segments[part] = append(segments[part], segment{track: i, from: max(0, from-o.Context), scored: from, to: to})
			}
			from = to
		}
	}
	return segments, by
}

// cutGroups draws whole series. Where a series has one class they are drawn evenly from each class.
func (d *Dataset) cutGroups(seed uint64, valid, test float64) (segments [3][]segment, by string, err error) {
	n := len(d.tracks)
	wanted := [3]float64{1 - valid - test, valid, test}
	needed := 0
	for _, w := range wanted {
		if w > 0 {
			needed++
		}
	}
	if n < needed {
		return segments, "", &UsageError{Flag: "--split", Text: fmt.Sprintf("%d series cannot fill %d parts; name the column that tells series apart with --series, or use --split %s", n, needed, ByTime)}
	}
	order := rand.New(rand.NewPCG(seed, 0x656c6567616e73)).Perm(n)
	if d.Roles.LastStep && d.Roles.Task == series.Classify {
		class := make([]float64, n)
		for i := range d.tracks {
			class[i] = d.lastLabel(&d.tracks[i])
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case class[a] < class[b]:
				return -1
			case class[a] > class[b]:
				return 1
			}
			return 0
		})
	}
	part := deal(wanted, n)
	place := make([]int, n)
	for k, track := range order {
		place[track] = part[k]
	}
	for i, t := range d.tracks {
		segments[place[i]] = append(segments[place[i]], segment{track: i, to: len(t.rows)})
	}
	return segments, fmt.Sprintf("by series: %d / %d / %d", len(segments[0]), len(segments[1]), len(segments[2])), nil
}

// deal hands n items, in order, to the part that lags its share most, so that every stretch of the order is divided as
// the whole is; each part with a share gets at least one.
func deal(wanted [3]float64, n int) []int {
	part := make([]int, n)
	var got [3]int
	for k := range part {
		best := 0
		for i := range wanted {
			lag := func(i int) float64 { return wanted[i]*float64(k+1) - float64(got[i]) }
			if lag(i) > lag(best)+1e-12 {
				best = i
			}
		}
		part[k] = best
		got[best]++
	}
	for i := range wanted {
		if wanted[i] <= 0 || got[i] > 0 {
			continue
		}
		for k := n - 1; k >= 0; k-- {
			if got[part[k]] > 1 {
				got[part[k]]--
				part[k] = i
				got[i]++
				break
			}
		}
	}
	return part
}
