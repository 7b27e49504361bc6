package suite

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

var vowels = Task{
	Name: "vowels", Title: "Japanese vowels, which of nine speakers",
	Protocol: "official split; of the training file utterances 4, 9, 14, … (counted from 0) are validation, the other 216 training; 12 " +
		"coefficients, 7 to 29 steps, z-scores of all steps of the 216; one decision at the last step",
	Source: "M. Kudo, J. Toyama, M. Shimbo 1999, in the UEA archive", Files: []string{"uea.zip"},
	LastOnly: true, Crossed: true, Measures: []Measure{of("accuracy")}, Goals: []Goal{{"accuracy", 0.985}}, Batch: 16,
	read: func(f Folder) (*Data, error) {
		return readUEA(f, "JapaneseVowels", func(i int) bool { return i%5 == 4 })
	},
}

// readUEA reads a classification of whole series: the file NAME_TRAIN.ts, of which valid chooses series for validation, and
// NAME_TEST.ts.
func readUEA(f Folder, name string, valid func(i int) bool) (*Data, error) {
	read := func(part string) ([]series.Series, []string, error) {
		t, err := f.table("uea.zip", fmt.Sprintf("%s/%s_%s.ts", name, name, part), table.Options{})
		if err != nil {
			return nil, nil, err
		}
		return labelledSeries(t)
	}
	first, labels, err := read("TRAIN")
	if err != nil {
		return nil, err
	}
	test, testLabels, err := read("TEST")
	if err != nil {
		return nil, err
	}
	classes := slices.Compact(slices.Sorted(slices.Values(labels)))
	classify(first, labels, classes)
	classify(test, testLabels, classes)
	var fit, choose []series.Series
	for i, s := range first {
		if valid(i) {
			choose = append(choose, s)
		} else {
			fit = append(fit, s)
		}
	}
	d := &Data{Train: whole(fit), Valid: whole(choose), Test: whole(test), scale: scaledInputs}
	d.Schema = series.Schema{Inputs: scaledInputs(fit), Clock: counted(),
		Target: series.Target{Name: "class", Task: series.Classify, Classes: classes, LastStep: true}}
	return d, nil
}

// labelledSeries are the series of a long table in its order, without labels, and the label of each.
func labelledSeries(t *table.Table) (list []series.Series, labels []string, err error) {
	which, _ := t.Column(t.Groups[0])
	label, ok := t.Column(t.Label)
	if !ok {
		return nil, nil, &table.DataError{Source: t.Source, Msg: "has no class label; get the file again"}
	}
	var inputs []*table.Column
	for k := range t.Columns {
		if c := &t.Columns[k]; c.Name != t.Groups[0] && c.Name != t.Time && c.Name != t.Label {
			inputs = append(inputs, c)
		}
	}
	for row := range t.Rows {
		if row == 0 || which.Num[row] != which.Num[row-1] {
			list = append(list, series.Series{Name: strconv.Itoa(len(list))})
			labels = append(labels, label.Cell(row))
		}
		s := &list[len(list)-1]
		for _, c := range inputs {
			s.X = append(s.X, float32(c.Num[row]))
		}
		s.DT = append(s.DT, 1)
	}
	return list, labels, nil
}

// classify gives the last row of every series its class; one that is not among the classes is not scored.
func classify(list []series.Series, labels, classes []string) {
	for i := range list {
		list[i].Y = unlabelled(list[i].Len())
		if k := slices.Index(classes, labels[i]); k >= 0 {
			list[i].Y[list[i].Len()-1] = float64(k)
		}
	}
}

// scaledInputs are inputs x0, x1, … with the moments of all rows of the series.
func scaledInputs(list []series.Series) (inputs []series.Input) {
	for k := range list[0].Inputs() {
		var values []float64
		for i := range list {
			for row := range list[i].Len() {
				values = append(values, float64(list[i].At(row)[k]))
			}
		}
		inputs = append(inputs, number(fmt.Sprintf("x%d", k), values))
	}
	return inputs
}
