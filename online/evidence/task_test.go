package evidence

import (
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/metric"
)

// take copies the first events of a task.
func take(t task, seed uint64, n int) (list []event) {
	next := t.stream(seed)
	for range n {
		e := next()
		e.x = slices.Clone(e.x)
		list = append(list, e)
	}
	return list
}

func byName(t *testing.T, name string) task {
	t.Helper()
	k := slices.IndexFunc(tasks, func(q task) bool { return q.name == name })
	if k < 0 {
		t.Fatalf("no task %s", name)
	}
	return tasks[k]
}

// Every task gives the same stream for a seed and another for another, and of numbers it says the mean and the deviation.
func TestTasks(t *testing.T) {
	for _, q := range tasks {
		a, b, c := take(q, 1, 300), take(q, 1, 300), take(q, 2, 300)
		same := func(x, y []event) bool {
			return slices.EqualFunc(x, y, func(u, v event) bool {
				return slices.Equal(u.x, v.x) && math.Float64bits(u.label) == math.Float64bits(v.label) && u.begin == v.begin
			})
		}
		if !same(a, b) || same(a, c) {
			t.Errorf("%s: equal for one seed %v, for two %v", q.name, same(a, b), same(a, c))
		}
		if !a[0].begin {
			t.Errorf("%s does not begin", q.name)
		}
		var labels []float64
		for _, e := range take(q, 3, 40000) {
			if len(e.x) != q.inputs {
				t.Fatalf("%s: %d inputs, want %d", q.name, len(e.x), q.inputs)
			}
			if e.label == e.label {
				labels = append(labels, e.label)
			}
		}
		if q.classes != nil {
			for _, v := range labels {
				if v != math.Trunc(v) || v < 0 || int(v) >= len(q.classes) {
					t.Fatalf("%s: label %v of %v", q.name, v, q.classes)
				}
			}
			continue
		}
		if m, sd := metric.Mean(labels), metric.SD(labels); math.Abs(m-q.mean) > 0.08*q.sd || math.Abs(sd-q.sd) > 0.08*q.sd {
			t.Errorf("%s: mean %.4f and deviation %.4f, said are %.4f and %.4f", q.name, m, sd, q.mean, q.sd)
		}
	}
}

// The map of Hénon in its form of second order.
func TestHenon(t *testing.T) {
	list := take(byName(t, "henon"), 4, 200)
	for k := 2; k < len(list); k++ {
		x, before := list[k-1].label, list[k-2].label
		if want := 1 - 1.4*x*x + 0.3*before; math.Abs(list[k].label-want) > 1e-12 {
			t.Fatalf("row %d: %v, by its equation %v", k, list[k].label, want)
		}
		if d := float64(list[k].x[0])*henonSD + henonMean - x; math.Abs(d) > 1e-6 {
			t.Fatalf("row %d reads %v, the label before was %v", k, list[k].x, x)
		}
	}
}

// The steps are those of a method of order 4: half the step, a sixteenth of the error.
func TestLorenzStep(t *testing.T) {
	run := func(h float64) (s [3]float64) {
		s = [3]float64{1, 2, 20}
		for range int(math.Round(0.2 / h)) {
			s = lorenzStep(s, h)
		}
		return s
	}
	exact := run(0.2 / 4096)
	a, b := math.Abs(run(0.02)[0]-exact[0]), math.Abs(run(0.01)[0]-exact[0])
	if !(a/b > 12 && a/b < 21) || a > 1e-2 {
		t.Errorf("errors %g and %g in steps of 0.02 and 0.01", a, b)
	}
	slope := lorenzSlope([3]float64{1, 3, 5})
	if want := [3]float64{20, 20, 3 - 40.0/3}; math.Abs(slope[0]-want[0])+math.Abs(slope[1]-want[1])+math.Abs(slope[2]-want[2]) > 1e-12 {
		t.Errorf("slopes %v, by hand %v", slope, want)
	}
}

// While the delayed value is constant the equation is linear and has a solution by hand.
func TestMackeyGlass(t *testing.T) {
	m := &mackey{x: 0.5}
	for i := range m.past {
		m.past[i] = 0.8
	}
	for range 160 {
		m.step()
	}
	rest := 2 * 0.8 / (1 + math.Pow(0.8, 10))
	if want := rest + (0.5-rest)*math.Exp(-1.6); math.Abs(m.x-want) > 1e-7 {
		t.Errorf("x is %v after 16, want %v", m.x, want)
	}
	for range 10 {
		m.step()
	}
	if m.past[m.at] != 0.5 {
		t.Errorf("after 17 the delayed value is %v, want that of the beginning", m.past[m.at])
	}
}

// What is asked of sequences is what was in them.
func TestSequences(t *testing.T) {
	var bits []float64
	sum, marks, a, b := 0.0, 0, 0, 0
	for k, e := range take(byName(t, "copy"), 5, 280) {
		switch {
		case e.x[1] == 1:
			bits = append(bits, float64(e.x[0]+1)/2)
		case e.x[2] == 1:
			if e.label != bits[0] {
				t.Fatalf("copy, row %d: %v is asked, %v was there", k, e.label, bits[0])
			}
			bits = bits[1:]
		case len(bits) != copyBits:
			t.Fatalf("copy, row %d: %d bits are open", k, len(bits))
		}
	}
	for k, e := range take(byName(t, "adding"), 5, 400) {
		if e.begin {
			sum, marks = 0, 0
		}
		sum, marks = sum+float64(e.x[0]*e.x[1]), marks+int(e.x[1])
		if e.label == e.label && (math.Abs(e.label-sum) > 1e-6 || marks != 2) {
			t.Fatalf("adding, row %d: %v is asked of %d marks, their sum is %v", k, e.label, marks, sum)
		}
	}
	for k, e := range take(byName(t, "anbn"), 5, 400) {
		switch {
		case e.x[2] == 1:
			a, b = 0, 0
		case e.x[0] == 1:
			a++
		default:
			b++
			if want := map[bool]float64{true: 2, false: 1}[a == b]; e.label != want {
				t.Fatalf("anbn, row %d: after %d a and %d b comes %v", k, a, b, e.label)
			}
		}
	}
}
