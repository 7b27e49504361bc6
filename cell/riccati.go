package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// RiccatiSSM is a diagonal state space that is quadratic in its state and solved exactly: over dt, with the input held,
//
//	dh/dt = eps (alpha + beta h + gamma h²)
//	s     = sigmoid(sensory_sigma (x - sensory_mu))
//	raw_k = W_k s + b_k                                          k in alpha, beta, gamma, eps
//	eps   = sigmoid(raw_eps),   gamma = raw_gamma,   r = Floor + softplus(raw_beta)
//	alpha = (r D + |gamma| D²) tanh(raw_alpha),   beta = -(r + 2 |gamma| D)         D is Bound
//	rho   = sqrt(beta²/4 - alpha gamma),   th = tanh(eps rho dt) / rho
//	h'    = (h + th (beta/2 h + alpha)) / (1 - th (gamma h + beta/2))
//
// The coefficients keep the state within [-Bound, Bound] for ever and let two states approach each other at least as fast as
// exp(-eps r dt). rho is computed as sqrt(r²/4 + (|gamma| - gamma tanh(raw_alpha)) (r D + |gamma| D²)), which has no
// difference of large numbers and is at least Floor/2.
//
// The state h [units] is a flow: dt = 0 keeps it to the bit, any dt >= 0 is stable, and two steps with one input are the step
// of their sum. All coefficients follow from the input and are computed for many times at once; the recurrence is
// element-wise. The output is h. Cost: 8·units·inputs + 30·units FLOPs and 5·units functions.
//
// First values: matrices uniform within 1/sqrt(inputs), their offsets 0, sensory_mu and sensory_sigma uniform within
// 1/sqrt(units). The paper gives none, nor Bound and Floor. Source: Farsang, Hasani, Rus and Grosu, arXiv 2609.35441, eq. 8, 10
// and 13 to 27.
type RiccatiSSM struct {
	// Units is the width of the state, 1 to 65536.
	Units int `json:"units"`
	// Bound D of the state, 1e-3 to 1e3; 1 if zero.
	Bound float64 `json:"bound" default:"1"`
	// Floor of the contraction r, per model time unit, 1e-6 to 1e3; 0.1 if zero.
	Floor float64 `json:"floor" default:"0.1"`
}

var riccati = Entry{
	Name: "RiccatiSSM", Summary: "diagonal state space with an exactly solved quadratic flow", Source: "Farsang, Hasani, Rus and Grosu, arXiv 2609.35441",
	Cell: RiccatiSSM{}, Flow: true, Foreign: []string{"riccati_ssm"}, Reference: riccatiReference,
	Variants: []Variant{
		{"5 units", RiccatiSSM{Units: 5}, nil},
		{"bound 2.5, floor 0.02", RiccatiSSM{Units: 4, Bound: 2.5, Floor: 0.02}, nil},
	},
	Presets: []Preset{{"riccati-64", "diagonal Riccati state space, 64 units", RiccatiSSM{Units: 64}, nil}},
}

// Check implements Cell.
func (c RiccatiSSM) Check() error {
	if err := checkUnits("RiccatiSSM", c.Units); err != nil {
		return err
	}
	if D := c.Bound; D != 0 && !(D >= 1e-3 && D <= 1e3) {
		return fmt.Errorf("RiccatiSSM: bound is %g; allowed: 0.001 to 1000 (0 means 1)", D)
	}
	if r := c.Floor; r != 0 && !(r >= 1e-6 && r <= 1e3) {
		return fmt.Errorf("RiccatiSSM: floor is %g; allowed: 1e-6 to 1000 (0 means 0.1)", r)
	}
	return nil
}

// Build implements Cell.
func (c RiccatiSSM) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(RiccatiSSM)
	n, D := c.Units, c.Bound
	h := b.State("h", Vector(n))
	s := sensory(b, x, FanIn(n))
	raw := func(k string) Vec { return b.Linear(k, n, FanIn(x.Len()), Values{0}, Term{Name: "s", X: s}) }
	eps, gamma, bend := Sigmoid(raw("eps")), raw("gamma"), Tanh(raw("alpha"))
	r, size := Plus(Softplus(raw("beta")), c.Floor), Abs(gamma)
	most := Add(Scale(D, r), Scale(D*D, size)) // the largest alpha
	alpha, half := Mul(most, bend), Neg(Add(Scale(0.5, r), Scale(D, size)))
	rho := Sqrt(Add(Scale(0.25, Mul(r, r)), Mul(Sub(size, Mul(gamma, bend)), most)))
	th := Div(Tanh(Mul(eps, rho, b.DT())), rho)

	b.Probe("eps", eps)
	b.Probe("rate", Mul(eps, r))
	next := Div(Add(h, Mul(th, Add(Mul(half, h), alpha))), OneMinus(Mul(th, Add(Mul(gamma, h), half))))
	b.Next("h", next)
	return next
}

// Tensors implements Referenced.
func (c RiccatiSSM) Tensors(inputs int, _ *wiring.Wiring) []Tensor {
	list := []Tensor{Whole("sensory_mu", "sensory_mu", inputs), Whole("sensory_sigma", "sensory_sigma", inputs)}
	for _, k := range []string{"alpha", "beta", "gamma", "eps"} {
		list = append(list, Whole(k+".s", "w_"+k, c.Units, inputs), Whole(k+".bias", "b_"+k, c.Units))
	}
	return list
}

func riccatiReference(meta Meta) (Cell, error) {
	var given struct {
		Bound float64 `json:"bound"`
		Floor float64 `json:"s_min"`
	}
	units, err := meta.Read(&given)
	if err == nil && (given.Bound == 0 || given.Floor == 0) { // which options would take for the defaults
		err = fmt.Errorf("constants: bound is %g and s_min %g; numbers greater than 0 are needed", given.Bound, given.Floor)
	}
	return RiccatiSSM{Units: units, Bound: given.Bound, Floor: given.Floor}, err
}
