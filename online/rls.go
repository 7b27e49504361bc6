package online

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// RLSOptions of NewRLS. The zero value forgets nothing.
type RLSOptions struct {
	// Forget is the factor λ by which what was learned weighs less with every label, in (0, 1]; 1 if zero, which forgets nothing.
	// About 1/(1-λ) labels count.
	Forget float64
	// Ridge is δ, the weight of the start, above 0; 1e-3 if zero.
	Ridge float64
}

// Filled are the options with their defaults.
func (o RLSOptions) Filled() RLSOptions {
	if o.Forget == 0 {
		o.Forget = 1
	}
	if o.Ridge == 0 {
		o.Ridge = 1e-3
	}
	return o
}

// RLS is recursive least squares of a linear map y = W z with regularised start W₀: after T labels W is, in exact arithmetic, the
// minimum of
//
//	Σ_t λ^(T-t) ‖y_t - W z_t‖² + λ^T δ ‖W - W₀‖²
//
// at λ = 1 ridge regression on all labels. A label costs O(n²) for n features and takes no gradient; with
// P = (Σ_t λ^(T-t) z_t z_tᵀ + λ^T δ I)⁻¹,
//
//	k = P z / (λ + zᵀ P z),   W += (y - W z) kᵀ,   P = (P - k zᵀ P) / λ
//
// P is kept as U D Uᵀ, U upper triangular with ones on its diagonal and D positive, and updated in these factors (Bierman,
// Factorization methods for discrete sequential estimation, Academic Press 1977, chapter V), so that it stays positive definite
// whatever is rounded, where the update above loses that. Directions that no feature excites for long are forgotten until D would
// pass 1e6/δ, and no further: their gain stays bounded. All numbers are double precision.
//
// RLS belongs to one goroutine and allocates nothing after NewRLS.
type RLS struct {
	o    RLSOptions
	n    int
	w    [][]float64 // of each output
	u    []float64   // [row][column], the part above the diagonal
	d    []float64
	f, v []float64 // Uᵀz and D f
	k    []float64
	most float64
}

// NewRLS starts with W = 0, or with the rows of start where it is given, one an output. The error is the first option outside its
// range.
func NewRLS(features, outputs int, start [][]float64, o RLSOptions) (*RLS, error) {
	o = o.Filled()
	switch {
	case features < 1 || outputs < 1:
		return nil, fmt.Errorf("online: least squares of %d features and %d outputs; there must be at least one of each", features, outputs)
	case !(o.Forget > 0 && o.Forget <= 1):
		return nil, fmt.Errorf("online: the forgetting factor is %g; it must be above 0 and at most 1", o.Forget)
	case !(o.Ridge > 0 && o.Ridge-o.Ridge == 0):
		return nil, fmt.Errorf("online: the ridge is %g; it must be above 0", o.Ridge)
	case start != nil && len(start) != outputs:
		return nil, fmt.Errorf("online: %d rows to start with for %d outputs", len(start), outputs)
	}
	r := &RLS{o: o, n: features, u: make([]float64, features*features), d: make([]float64, features), f: make([]float64, features),
		v: make([]float64, features), k: make([]float64, features), most: 1e6 / o.Ridge}
	for i := range r.d {
		r.d[i] = 1 / o.Ridge
	}
	for k := range outputs {
		row := make([]float64, features)
		if start != nil {
			if len(start[k]) != features {
				return nil, fmt.Errorf("online: %d numbers to start with for %d features", len(start[k]), features)
			}
			copy(row, start[k])
		}
		r.w = append(r.w, row)
	}
	return r, nil
}

// Weights are the rows of W, one an output; the RLS's own memory.
func (r *RLS) Weights() [][]float64 { return r.w }

// state are all numbers that change from label to label.
func (r *RLS) state() [][]float64 { return append(slices.Clone(r.w), r.u, r.d) }

// Predict writes W z. It panics where z or y has the wrong length.
func (r *RLS) Predict(z, y []float64) {
	if len(z) != r.n || len(y) != len(r.w) {
		panic("online: least squares of another number of features or outputs")
	}
	for k, row := range r.w {
		y[k] = dot(row, z)
	}
}

// errFeature is what Learn says where nothing can be learned.
var errFeature = errors.New("online: a feature or label of least squares is not finite, or so large that the fit would not be, so nothing was learned")

// Learn takes one label for each output. On an error nothing has changed. It panics where z or y has the wrong length.
func (r *RLS) Learn(z, y []float64) error {
	if len(z) != r.n || len(y) != len(r.w) {
		panic("online: least squares of another number of features or outputs")
	}
	total := r.o.Forget // λ + zᵀ P z
	for j := range r.n {
		r.f[j] = z[j]
		for i := range j {
			r.f[j] += r.u[i*r.n+j] * z[i]
		}
		r.v[j] = r.d[j] * r.f[j]
		total += r.v[j] * r.f[j]
	}
	ok := total - total // NaN where anything is not finite
	for k, row := range r.w {
		e := y[k] - dot(row, z)
		ok += (e - e) + 0*e*total
	}
	if ok != 0 {
		return errFeature
	}
	r.factors()
	for k, row := range r.w {
		e := (y[k] - dot(row, z)) / total
		for i, g := range r.k {
			row[i] += e * g
		}
	}
	return nil
}

// factors updates U and D by f and v, column by column, and leaves P z of before in k.
func (r *RLS) factors() {
	before := r.o.Forget
	for j := range r.n {
		after := before + r.v[j]*r.f[j]
		r.d[j] *= before / after
		if forgotten := r.d[j] / r.o.Forget; forgotten <= r.most {
			r.d[j] = forgotten
		}
		p := -r.f[j] / before
		r.k[j] = r.v[j]
		for i := range j {
			u := r.u[i*r.n+j]
			r.u[i*r.n+j] = u + r.k[i]*p
			r.k[i] += u * r.v[j]
		}
		before = after
	}
}

// Bytes is the memory of the fit.
func (r *RLS) Bytes() int { return 8 * (len(r.u) + 4*r.n + len(r.w)*r.n) }

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum = math.FMA(x, b[i], sum)
	}
	return sum
}
