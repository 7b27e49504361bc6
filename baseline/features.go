package baseline

import (
	"math"

	"github.com/elegans-nn/elegans/series"
)

// features prepares rows for the regressions as the head of a network does: numbers scaled, clipped and filled,
// categories one-hot, and with them what a network knows of gaps: the mask of every column that may be missing, the time
// since it was observed where the schema has it, and log(1 + dt). Rows of a window stand side by side, the current one
// first; before the start of a series they are zero.
type features struct {
	inputs []series.Input
	rows   int   // of a window
	row    int   // width of one row
	keep   []int // of a window's features, those that vary in the training part
}

func newFeatures(schema *series.Schema, rows int) *features {
	f := &features{inputs: schema.Inputs, rows: rows, row: 1}
	for _, in := range f.inputs {
		f.row += in.Width()
		if masked(in) && !in.Mask {
			f.row++
		}
	}
	return f
}

// masked inputs feed one more feature, whether they were observed: every one that may be missing.
func masked(in series.Input) bool { return in.Mask || in.Missing }

// width of a window before keep.
func (f *features) width() int { return f.row * f.rows }

// head is the features of every row of a series by itself, [row][feature].
func (f *features) head(s *series.Series) []float64 {
	out := make([]float64, 0, s.Len()*f.row)
	held := make([]float64, len(f.inputs))
	age := make([]float64, len(f.inputs))
	for k, in := range f.inputs {
		held[k] = in.Impute
	}
	for i, dt := range s.DT {
		for k, x := range s.At(i) {
			in := &f.inputs[k]
			v, observed := float64(x), 1.0
			age[k] += float64(dt)
			switch {
			case v == v:
				age[k] = 0
			case in.Hold:
				v, observed = held[k], 0
			default:
				v, observed = in.Impute, 0
			}
			held[k] = v
			out = appendInput(out, in, v)
			if masked(*in) {
				out = append(out, observed)
			}
			if in.Since {
				out = append(out, math.Log1p(age[k]))
			}
		}
		out = append(out, math.Log1p(float64(dt)))
	}
	return out
}

// appendInput codes one filled value.
func appendInput(out []float64, in *series.Input, v float64) []float64 {
	if in.Kind == series.Category {
		for level := range in.Levels {
			if int(v) == level {
				out = append(out, 1)
			} else {
				out = append(out, 0)
			}
		}
		return out
	}
	if len(in.Range) > 0 {
		v = min(max(v, in.Range[0]), in.Range[1])
	}
	v = (v - in.Mean) / in.SD
	if in.Clip > 0 {
		v = min(max(v, -in.Clip), in.Clip)
	}
	return append(out, v)
}

// window writes the features of row i of a series, all of them, to dst; head is that of the series.
func (f *features) window(dst, head []float64, i int) {
	for k := range f.rows {
		part := dst[k*f.row : (k+1)*f.row]
		if i < k {
			clear(part)
			continue
		}
		copy(part, head[(i-k)*f.row:])
	}
}

// samples is what a regression is fitted to.
type samples struct {
	x     []float64 // [row][feature]
	y     []float64 // labels
	width int
}

// at is the features of one row.
func (t *samples) at(i int) []float64 { return t.x[i*t.width : (i+1)*t.width] }

// samples gathers the scored rows, every stride-th of them where all would be more than limit numbers, and of each the
// features in keep; all of them where keep is nil.
func (f *features) samples(list []series.Series, limit int) *samples {
	width := f.width()
	if f.keep != nil {
		width = len(f.keep)
	}
	t := &samples{width: width}
	n := scored(list)
	stride := max(1, (n*width+limit-1)/limit)
	t.x, t.y = make([]float64, 0, (n/stride+1)*width), make([]float64, 0, n/stride+1)
	all := make([]float64, f.width())
	seen := 0
	for i := range list {
		head := f.head(&list[i])
		for j, y := range list[i].Y {
			if math.IsNaN(y) {
				continue
			}
			if seen++; (seen-1)%stride != 0 {
				continue
			}
			f.window(all, head, j)
			t.x, t.y = f.appendKept(t.x, all), append(t.y, y)
		}
	}
	return t
}

func (f *features) appendKept(out, all []float64) []float64 {
	if f.keep == nil {
		return append(out, all...)
	}
	for _, k := range f.keep {
		out = append(out, all[k])
	}
	return out
}

// training is the samples of the training part without the features that are constant there, which it drops from now on.
func (f *features) training(list []series.Series, limit int) *samples {
	t := f.samples(list, limit)
	f.keep = []int{}
	for k := range t.width {
		for i := range t.y {
			if t.x[i*t.width+k] != t.x[k] {
				f.keep = append(f.keep, k)
				break
			}
		}
	}
	packed := t.x[:0]
	for i := range t.y {
		packed = f.appendKept(packed, t.at(i))
	}
	t.x, t.width = packed, len(f.keep)
	return t
}

// each visits the rows of a series with their features, whose memory is used again.
func (f *features) each(s *series.Series, visit func(row int, x []float64)) {
	head, all := f.head(s), make([]float64, f.width())
	var x []float64
	for i := range s.Len() {
		f.window(all, head, i)
		x = f.appendKept(x[:0], all)
		visit(i, x)
	}
}
