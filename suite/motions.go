package suite

var motions = Task{
	Name: "motions", Title: "BasicMotions, four activities",
	Protocol: "official split, 40 and 40 recordings; of the training file recordings 4, 9, 14, … (counted from 0) are validation (8), the other 32 " +
		"training; 6 channels, 100 steps, z-scores of all steps of the 32; one decision at the last step",
	Source: "J. Clements, BasicMotions, in the UEA archive", Files: []string{"uea.zip"},
	LastOnly: true, Measures: []Measure{of("accuracy")}, Batch: 8,
	read: func(f Folder) (*Data, error) {
		return readUEA(f, "BasicMotions", func(i int) bool { return i%5 == 4 })
	},
}
