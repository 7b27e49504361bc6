package suite

import (
	"archive/zip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/table"
)

var digits = Task{
	Name: "digits", Title: "Spoken digits",
	Protocol: "3,000 recordings of six speakers at 8 kHz; recordings 0 to 4 of every digit and speaker are test (300), 5 to 9 validation (300), the others " +
		"training (2,400); logarithms of 32 mel bands in frames of 32 ms every 16 ms, z-scores of all frames of the training part; one decision at the last frame",
	Source: "Z. Jackson et al.: Free Spoken Digit Dataset, CC BY-SA 4.0", Files: []string{"fsdd.zip"},
	LastOnly: true, Measures: []Measure{of("accuracy")}, Batch: 32,
	read: readDigits,
}

const (
	digitRate  = 8000 // samples a second
	digitFrame = 256  // samples
	digitHop   = 128
	digitBands = 32
)

func readDigits(f Folder) (*Data, error) {
	type recording struct {
		name   string
		series series.Series
		number int
	}
	var all []recording
	mel := newMel(digitRate, digitFrame, digitHop, digitBands)
	err := f.each("fsdd.zip", func(member *zip.File) error {
		name := strings.TrimSuffix(path.Base(member.Name), ".wav")
		parts := strings.Split(name, "_")
		if len(parts) != 3 || !strings.HasSuffix(member.Name, ".wav") {
			return nil
		}
		fail := func(msg string) error {
			return &table.DataError{Source: f.path("fsdd.zip") + "/" + member.Name, Msg: msg + "; get the file again"}
		}
		class, err1 := strconv.Atoi(parts[0])
		number, err2 := strconv.Atoi(parts[2])
		if err1 != nil || err2 != nil || class < 0 || class > 9 {
			return fail("is not named {digit}_{speaker}_{number}.wav")
		}
		text, err := content(member)
		if err != nil {
			return err
		}
		sound, err := readWAV(text, digitRate)
		if err != nil {
			return fail(err.Error())
		}
		s := mel.series(sound)
		s.Name = name
		s.Y = unlabelled(s.Len())
		s.Y[s.Len()-1] = float64(class)
		all = append(all, recording{name, s, number})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b recording) int { return strings.Compare(a.name, b.name) })
	var parts [3][]series.Series
	for _, r := range all {
		part := 0
		switch {
		case r.number < 5:
			part = 2
		case r.number < 10:
			part = 1
		}
		parts[part] = append(parts[part], r.series)
	}
	d := &Data{Train: whole(parts[0]), Valid: whole(parts[1]), Test: whole(parts[2]), scale: scaledInputs}
	d.Schema = series.Schema{Inputs: scaledInputs(parts[0]), Clock: counted(), Target: series.Target{Name: "digit", Task: series.Classify, LastStep: true}}
	for k := range 10 {
		d.Schema.Target.Classes = append(d.Schema.Target.Classes, strconv.Itoa(k))
	}
	return d, nil
}
