package suite

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
)

// packed writes an archive of made-up members.
func packed(t *testing.T, folder, file string, members map[string]string) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range sortedKeys(members) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(members[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, file), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What is not there is named, with the fix.
func TestMissingData(t *testing.T) {
	folder := t.TempDir()
	for _, task := range Tasks() {
		_, err := task.Read(Folder(folder))
		var missing *MissingError
		if len(task.Files) == 0 {
			continue
		}
		if !errors.As(err, &missing) || missing.File != task.Files[0] || !strings.Contains(err.Error(), "--data") {
			t.Errorf("%s: %v", task.Name, err)
		}
	}
	if err := Folder("").has("cgm.zip"); err == nil || strings.Contains(err.Error(), "not in") {
		t.Errorf("without a folder: %v", err)
	}
	packed(t, folder, "cheetah.zip", map[string]string{"a.npy": "x"})
	if _, err := cheetah.Read(Folder(folder)); err == nil || !strings.Contains(err.Error(), "1 data files where the protocol speaks of 31") {
		t.Errorf("an archive of one file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "lidar.zip"), []byte("no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := lidar.Read(Folder(folder)); err == nil || !strings.Contains(err.Error(), "lidar.zip") {
		t.Errorf("no archive: %v", err)
	}
}

func TestStays(t *testing.T) {
	folder := t.TempDir()
	packed(t, folder, "physionet2012.zip", map[string]string{
		"Outcomes-a.txt": "RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death\n12,6,1,5,-1,0\n15,9,8,7,2,1\n",
		"Outcomes-c.txt": "RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death\n12,6,1,5,-1,1\n",
		"set-a/15.txt":   "Time,Parameter,Value\n00:00,RecordID,15\n00:00,Age,54\n00:00,Gender,0\n00:00,Height,-1\n00:00,ICUType,4\n00:00,Weight,-1\n00:07,HR,73\n00:59,HR,77\n01:00,Weight,80.5\n47:30,HR,60\n48:00,HR,61\n30:00,Weight,82\n12:00,,5\n02:00,pH,-1\n",
		"set-a/12.txt":   "Time,Parameter,Value\n00:00,RecordID,12\n00:00,Gender,-1\n03:10,pH,7.4\n",
		"set-c/99.txt":   "broken",
	})
	stays, err := readStays(Folder(folder))
	if err != nil || len(stays) != 2 || stays[0].id != 12 || stays[0].death || !stays[1].death {
		t.Fatalf("stays %v, %v", stays, err)
	}
	names := variables(stays)
	if !slices.Equal(names, []string{"HR", "Weight", "pH"}) {
		t.Fatalf("variables %q", names)
	}
	s := hoursOf(stays[1], names)
	at := func(hour, input int) float64 { return float64(s.At(hour)[input]) }
	if s.Len() != 48 || at(0, 0) != 77 || at(1, 0) == at(1, 0) || at(47, 0) != 61 || at(1, 1) != 80.5 || at(30, 1) != 82 || at(2, 2) == at(2, 2) {
		t.Errorf("hours: %v %v %v %v", s.At(0), s.At(1), s.At(30), s.At(47))
	}
	if at(9, 3) != 54 || at(9, 4) != 0 || at(9, 5) == at(9, 5) || at(9, 6) != 80.5 || at(9, 7) != 4 {
		t.Errorf("statics: %v", s.At(9)[3:])
	}
	if s.Scored() != 1 || s.Y[47] != 1 {
		t.Errorf("labels %v", s.Y)
	}
	m := momentsOf(stays[1], names) // minutes 0, 7, 59, 60, 1800, 2850 and 2880
	if m.Len() != 7 || m.At(2)[0] != 77 || m.At(1)[0] != 73 || m.At(3)[0] == m.At(3)[0] || m.At(4)[1] != 82 || m.DT[0] != 1 || m.DT[4] != 29 || m.Y[6] != 1 {
		t.Errorf("moments: dt %v, rows %v %v", m.DT, m.At(1), m.At(4))
	}
	if q := hoursOf(stays[0], names); q.At(0)[4] == q.At(0)[4] || q.At(0)[7] != 0 {
		t.Errorf("unknown statics: %v", q.At(0)[3:])
	}
	if _, err := readStay([]byte("Time,Parameter,Value\n0a:10,HR,5\n")); err == nil {
		t.Error("a time that is none was read")
	}
}

// What one input of PhysioNet is scaled by: its values within the percentiles, whose interpolation is numpy's.
func TestMeasured(t *testing.T) {
	var values []float64
	for i := range 1001 {
		values = append(values, float64(1000-i))
	}
	values[0] = 1e6
	in := measured("HR", values)
	if math.Abs(in.Range[0]-1) > 1e-9 || math.Abs(in.Range[1]-999) > 1e-9 || !in.Hold || !in.Mask || !in.Since || !in.Missing {
		t.Errorf("%+v", in)
	}
	if want := (1 + 999 + 999.0*500) / 1001; math.Abs(in.Mean-want) > 1e-9 || in.Impute != in.Mean {
		t.Errorf("mean %v, want %v", in.Mean, want)
	}
}

func TestStretches(t *testing.T) {
	var list []reading
	for i := range 40 {
		list = append(list, reading{float64(i * 300), float64(100 + i*i)})
	}
	// 12 rows ahead is the hour: the windows that end at rows 23 to 27 have both targets.
	got := stretches("a", list)
	if len(got) != 5 {
		t.Fatalf("%d windows, want 5", len(got))
	}
	w := got[1]
	if w.Len() != 24 || w.At(0)[1] != 0 || w.At(0)[2] != 1 || w.At(1)[0] != 104 || w.At(2)[1] != 5 || w.At(2)[2] != 1 {
		t.Errorf("rows %v %v %v", w.At(0), w.At(1), w.At(2))
	}
	if y := w.Label(23); y[0] != 30*30-24*24 || y[1] != 36*36-24*24 || w.Scored() != 1 {
		t.Errorf("labels %v", y)
	}
	list[10].at += 400 // 700 s before it, then -100 s
	if got := stretches("a", list); len(got) != 0 {
		t.Errorf("%d windows across rows that go backwards", len(got))
	}
}

func TestClosest(t *testing.T) {
	list := []reading{{0, 1}, {300, 2}, {500, 3}}
	for at, want := range map[float64]int{-150: 0, -151: -1, 150: 0, 151: 1, 400: 1, 401: 2, 650: 2, 651: -1} {
		if got := closest(list, at); got != want {
			t.Errorf("nearest to %v is %d, want %d", at, got, want)
		}
	}
}

// The example of the definition: bits 1 1 0 1 1 1 give a 1 at once, a 0 after two more, a 1 after one, and two that are left.
func TestEvents(t *testing.T) {
	s := events([]int{1, 1, 0, 1, 1, 1})
	if !slices.Equal(s.X, []float32{1, 0, 1, 1}) || !slices.Equal(s.DT, []float32{1, 2, 1, 2}) {
		t.Errorf("events %v after %v", s.X, s.DT)
	}
	if s.Scored() != 1 || s.Y[3] != 1 {
		t.Errorf("labels %v; five ones are odd", s.Y)
	}
	if s := events([]int{0, 1}); s.Len() != 2 || s.Y[1] != 1 {
		t.Errorf("nothing is left, and yet %+v", s)
	}
	a, b := XOR(50, 20, 10, 3), XOR(60, 20, 10, 3)
	if !slices.Equal(a.Test.Series[9].X, b.Test.Series[9].X) || slices.Equal(a.Train.Series[0].DT, a.Test.Series[0].DT) && slices.Equal(a.Train.Series[1].DT, a.Test.Series[1].DT) {
		t.Error("parts are not drawn by themselves")
	}
}

// What networks see of elapsed times is a number and waves, and nothing where every elapsed time is 1.
func TestXORInputs(t *testing.T) {
	d := encoded(XOR(50, 20, 10, 3))
	var names []string
	for _, in := range d.Schema.Inputs {
		names = append(names, in.Name)
	}
	if want := append([]string{"bit", "elapsed"}, withWaves[1:]...); !slices.Equal(names, want) {
		t.Fatalf("inputs %v, want %v", names, want)
	}
	for _, list := range d.all() {
		for i := range list {
			for row, dt := range list[i].DT {
				x := list[i].At(row)
				if x[0] != 0 && x[0] != 1 || x[1] != dt || math.Abs(float64(x[4])-math.Sin(float64(dt)/2)) > 1e-6 || math.Abs(float64(x[9])-math.Cos(float64(dt)/8)) > 1e-6 {
					t.Fatalf("a row after %g: %v", dt, x)
				}
			}
		}
	}
	timed, even := readTask(t, &xor), readTask(t, &xorUntimed)
	for i, list := range even.all() {
		for k, s := range list {
			for row := range s.DT {
				if x, same := s.At(row), even.Train.Series[0].At(0); s.DT[row] != 1 || !slices.Equal(x[1:], same[1:]) || x[0] != timed.all()[i][k].At(row)[0] {
					t.Fatalf("part %d, stream %d, row %d: %v after %g", i, k, row, x, s.DT[row])
				}
			}
		}
	}
}

func TestIDX(t *testing.T) {
	file := []byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 51, 102, 255, 0, 1, 2}
	values, sizes, err := readIDX(bytes.NewReader(file))
	if err != nil || !slices.Equal(sizes, []int{2, 1, 3}) || values[2] != 255 {
		t.Fatalf("%v %v %v", values, sizes, err)
	}
	list := byRows(values, sizes, []byte{7, 4})
	if s := list[0]; s.Len() != 1 || s.X[0] != 0.2 || s.Y[0] != 7 || list[1].Y[0] != 4 {
		t.Errorf("%+v", list)
	}
	for name, bad := range map[string][]byte{"short": file[:20], "type": {0, 0, 13, 1, 0, 0, 0, 1, 0}, "header": file[:9],
		"huge": {0, 0, 8, 1, 255, 255, 255, 255}} {
		if _, _, err := readIDX(bytes.NewReader(bad)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// wave is a WAVE file of a made-up chunk, the format and samples.
func wave(rate int, samples []int16) []byte {
	var b bytes.Buffer
	b.WriteString("RIFF\x00\x00\x00\x00WAVELIST\x03\x00\x00\x00abc\x00fmt \x10\x00\x00\x00")
	for _, v := range []any{uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16)} {
		binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("data")
	binary.Write(&b, binary.LittleEndian, uint32(2*len(samples)))
	binary.Write(&b, binary.LittleEndian, samples)
	return b.Bytes()
}

// A tone has its power in the band whose centre is nearest, and silence the floor in all.
func TestMel(t *testing.T) {
	const hz = 1000
	var tone []int16
	for i := range 1000 {
		tone = append(tone, int16(16000*math.Sin(2*math.Pi*hz*float64(i)/8000)))
	}
	sound, err := readWAV(wave(8000, tone), 8000)
	if err != nil || len(sound) != 1000 || math.Abs(sound[1]-float64(tone[1])/32768) > 1e-12 {
		t.Fatalf("%d samples, %v", len(sound), err)
	}
	m := newMel(8000, 256, 128, 32)
	s := m.series(sound)
	if s.Len() != 7 || s.Inputs() != 32 { // frames from 0, 128, …, 768; the last one reaches 24 samples beyond the end
		t.Fatalf("%d frames of %d bands", s.Len(), s.Inputs())
	}
	want := int(math.Round(math.Log10(1+hz/700.)/math.Log10(1+4000/700.)*33)) - 1
	row := s.At(2)
	loudest := 0
	for k, v := range row {
		if v > row[loudest] {
			loudest = k
		}
	}
	if loudest != want || row[loudest]-row[(want+12)%32] < 8 {
		t.Errorf("band %d is loudest, want %d: %v", loudest, want, row)
	}
	if quiet := m.series(make([]float64, 10)); quiet.Len() != 1 || quiet.X[5] != float32(math.Log(floor)) {
		t.Errorf("silence: %v", quiet.X)
	}
	for name, bad := range map[string][]byte{"rate": wave(16000, tone), "text": []byte("RIFF"), "no data": wave(8000, nil)[:30]} {
		if _, err := readWAV(bad, 8000); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestPHMScore(t *testing.T) {
	r := &metric.Regression{Y: []float64{10, 20, 30}, Pred: []float64{10, 7, 50}}
	if got, want := phmScore(r), math.E-1+math.E*math.E-1; math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
}

// Predictions below 0 count as 0, and the truth is capped or not.
func TestLifeLeft(t *testing.T) {
	e := metric.NewEvaluator(series.Target{Task: series.Regress, SD: 125})
	e.Add([]float64{nan, 140}, [][]float64{nil, {100}}, nil)
	e.Add([]float64{3}, [][]float64{{-8}}, nil)
	got := cmapss.measured(&Data{}, e)
	for name, want := range map[string]float64{"rmse_capped": math.Sqrt((25*25 + 9) / 2.0), "rmse": math.Sqrt((40*40 + 9) / 2.0), "score": math.Expm1(40/13.0) + math.Expm1(3/13.0)} {
		if v, ok := got.Get(name); !ok || math.Abs(v-want) > 1e-12*want {
			t.Errorf("%s is %v, want %v", name, v, want)
		}
	}
	if e.Regression().Y[0] != 140 || e.Regression().Pred[1] != -8 {
		t.Error("a view changed what it views")
	}
}

func TestNextRow(t *testing.T) {
	s := nextRow("a", [][]float64{{1, 2}, {3, 4}, {5, 6}})
	if s.Scored() != 2 || fmt.Sprint(s.Label(1)) != "[5 6]" || s.At(2)[1] != 6 {
		t.Errorf("%+v", s)
	}
}

func TestDrive(t *testing.T) {
	row := make([]float64, 545)
	row[3], row[4], row[543], row[544] = 5, 12, 0, 0.25
	s, m := drive("a", [][]float64{row}, false), drive("a", [][]float64{row}, true)
	if s.X[0] != 0.5 || s.X[1] != 1 || s.X[540] != 1 || s.Y[0] != 0.25 || m.X[540] != 0.5 || m.Y[0] != -0.25 || m.Name != "a mirrored" {
		t.Errorf("%v %v", s.X[:3], m.X[538:])
	}
}
