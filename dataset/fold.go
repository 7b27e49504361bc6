package dataset

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Fold is one of several ways to divide what is not the test part, for cross-validation: a part of it is scored, and the rest is
// trained on. The test part is in neither.
//
// What is kept whole is a unit: a series, a file, or all series of one Group. With Of folds, fold Number scores every Of-th unit
// in the order of the data, from unit Number on; where every unit has one class, in their order within each class, so that each
// fold has its part of every class. What is divided in time has no units: each series is cut in as many stretches as there are
// folds, of which fold Number scores one.
//
// The zero Fold is no fold: the training, validation and test part as they are.
type Fold struct {
	// Number of the fold, from 0 to Of-1, and Of how many there are, at least 2; 0: none.
	Number, Of int
	// Share of the units on the training side that are kept, above 0 to 1; 0: all. Which ones Seed draws, from each class as many
	// as its part of all, and a smaller share is a part of every larger one. Of what is divided in time it is the share of the
	// rows or windows of each stretch, those nearest to what is scored.
	Share float64
	Seed  uint64
}

// check refuses numbers outside their range.
func (f Fold) check() error {
	switch {
	case f.Of != 0 && f.Of < 2 || f.Number < 0 || f.Number >= max(1, f.Of):
		return &UsageError{Flag: "--folds", Text: fmt.Sprintf("fold %d of %d; there must be at least 2, counted from 0", f.Number, f.Of)}
	case !(f.Share >= 0 && f.Share <= 1):
		return &UsageError{Flag: "--shares", Text: fmt.Sprintf("%g is no share of what is trained on; allowed: above 0 to 1", f.Share)}
	}
	return nil
}

// enough refuses more folds than there are units.
func (f Fold) enough(units int, what, otherwise string) error {
	if f.Of <= units {
		return nil
	}
	there, fix := fmt.Sprintf("are %d %s", units, what), fmt.Sprintf("give at most %d", units)
	if units == 1 {
		there, fix = "is a single one of the "+what, "leave folds out"
	}
	if otherwise != "" {
		fix += ", " + otherwise
	}
	return &UsageError{Flag: "--folds", Text: fmt.Sprintf("there %s outside the test part, too few for %d folds; %s", there, f.Of, fix)}
}

// partial tells whether a share leaves something out.
func (f Fold) partial() bool { return f.Share > 0 && f.Share < 1 }

// scores tells of units, by their classes, which the fold scores.
func (f Fold) scores(class []int) []bool {
	order := make([]int, len(class))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(class[a], class[b]) })
	chosen := make([]bool, len(class))
	for i, unit := range order {
		chosen[unit] = i%f.Of == f.Number
	}
	return chosen
}

// draws tells of units, by their classes, which the share keeps: the first of a drawn order in which every class is spread
// evenly, so that each beginning of it has all classes in their proportion.
func (f Fold) draws(class []int) []bool {
	count, seen := map[int]int{}, map[int]int{}
	for _, k := range class {
		count[k]++
	}
	order := rand.New(rand.NewPCG(f.Seed, 0x7368617265)).Perm(len(class))
	place := make([]float64, len(class))
	for _, unit := range order {
		k := class[unit]
		place[unit] = (float64(seen[k]) + 0.5) / float64(count[k])
		seen[k]++
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(place[a], place[b]) })
	kept := make([]bool, len(class))
	for _, unit := range order[:f.some(len(class))] {
		kept[unit] = true
	}
	return kept
}

// some is the share of n, at least 1 of any.
func (f Fold) some(n int) int {
	if !f.partial() {
		return n
	}
	return min(n, max(1, int(math.Ceil(f.Share*float64(n)-1e-9))))
}

// stretch is the one of n items in order that the fold scores.
func (f Fold) stretch(n int) (from, to int) { return f.Number * n / f.Of, (f.Number + 1) * n / f.Of }
