package engine_test

import (
	"math"
	"slices"
	"testing"

	"github.com/elegans-nn/elegans/engine"
	"github.com/elegans-nn/elegans/step"
)

// pendulum is a program small enough to follow by hand: h' = tanh(w h + x) · dt, y = h'².
func pendulum() *step.Program {
	b := step.New()
	x, h := b.Input("x", 1), b.State("h", step.Vector(2))
	w := b.Param("w", step.Vector(2), step.Between(-1, 1))
	b.Param("idle", step.Vector(1), step.Values{3})
	next := step.Mul(step.Tanh(step.Add(step.Mul(w, h), x)), b.DT())
	b.Next("h", next)
	b.Output("y", step.Mul(next, next))
	return b.Build()
}

// byHand runs the pendulum of one component for the given inputs and times and gives y and the final state.
func byHand(w, h float64, x, dt []float64) (y []float64, final float64) {
	for t := range x {
		h = math.Tanh(w*h+x[t]) * dt[t]
		y = append(y, h*h)
	}
	return y, h
}

func alike(a, b float64) bool { return math.Abs(a-b) <= 1e-14*(1+math.Abs(b)) }

// TestOracleByHand: three lanes over four times against a loop, component and lane in their places.
func TestOracleByHand(t *testing.T) {
	const lanes, steps = 3, 4
	p := pendulum()
	theta := []float64{0.7, -1.3, 3}
	o := engine.NewOracle(p, lanes, theta)
	tape := engine.Tape{Oracle: o}
	x := func(time, lane int) float64 { return 0.3*float64(time) - 0.41*float64(lane) + 0.1 }
	dt := func(time, lane int) float64 { return 0.5 + 0.2*float64(lane) + 0.05*float64(time) }
	h0 := []float64{0.1, -0.2, 0.3, 0.4, 0.55, -0.6}
	copy(o.Value(p.States[0].Node), h0)
	var got [][]float64
	tape.Forward(steps, func(time int) {
		for l := range lanes {
			o.Value(p.Inputs[0].Node)[l], o.Value(p.Time)[l] = x(time, l), dt(time, l)
		}
	}, func(int) { got = append(got, slices.Clone(o.Value(p.Outputs[0].Node))) })
	for c := range 2 {
		for l := range lanes {
			var xs, dts []float64
			for time := range steps {
				xs, dts = append(xs, x(time, l)), append(dts, dt(time, l))
			}
			y, final := byHand(theta[c], h0[c*lanes+l], xs, dts)
			for time := range steps {
				if v := got[time][c*lanes+l]; !alike(v, y[time]) {
					t.Errorf("y[%d] of lane %d at time %d is %v, want %v", c, l, time, v, y[time])
				}
			}
			if v := o.Value(p.States[0].Node)[c*lanes+l]; !alike(v, final) {
				t.Errorf("state %d of lane %d ends as %v, want %v", c, l, v, final)
			}
		}
	}
}

// TestOracleJacobian: unit cotangents in the lanes give the rows of the Jacobian, and gradients stay apart by lane.
func TestOracleJacobian(t *testing.T) {
	p := pendulum().Reverse(step.WRT{Inputs: true, Time: true})
	theta := []float64{0.7, -1.3, 3}
	const x, dt, lanes = 0.25, 0.8, 2
	h := [2]float64{0.4, -0.9}
	o := engine.NewOracle(p, lanes, theta)
	for l := range lanes {
		o.Value(p.Inputs[0].Node)[l], o.Value(p.Time)[l] = x, dt
		for c := range h {
			o.Value(p.States[0].Node)[c*lanes+l] = h[c]
		}
	}
	o.Step()
	a := p.Adjoint
	for l := range lanes {
		o.Value(a.DNext[0])[l*lanes+l] = 1
	}
	o.Back()
	o.Finish()
	for l := range lanes {
		z := math.Tanh(theta[l]*h[l] + x)
		slope := (1 - z*z) * dt
		for c := range h {
			dh, dw := 0.0, 0.0
			if c == l {
				dh, dw = slope*theta[l], slope*h[l]
			}
			if got := o.Value(a.DState[0])[c*lanes+l]; !alike(got, dh) {
				t.Errorf("dh'[%d]/dh[%d] is %v, want %v", l, c, got, dh)
			}
			if got := o.Grad(0)[c*lanes+l]; !alike(got, dw) {
				t.Errorf("dh'[%d]/dw[%d] is %v, want %v", l, c, got, dw)
			}
		}
		if got := o.Value(a.DInput[0])[l]; !alike(got, slope) {
			t.Errorf("dh'[%d]/dx is %v, want %v", l, got, slope)
		}
		if got := o.Value(a.DTime)[l]; !alike(got, z) {
			t.Errorf("dh'[%d]/d dt is %v, want %v", l, got, z)
		}
	}
	if o.Grad(1) != nil {
		t.Error("the parameter without effect has a gradient")
	}
	gathers(t, o)
}

// gathers: gradients add up until they are cleared.
func gathers(t *testing.T, o *engine.Oracle) {
	once := slices.Clone(o.Grad(0))
	o.Back()
	o.Finish()
	for i, v := range o.Grad(0) {
		if v != 2*once[i] {
			t.Errorf("a second reverse gives %v after %v, not twice as much", v, once[i])
		}
	}
	o.Clear()
	o.Finish()
	for _, v := range o.Grad(0) {
		if v != 0 {
			t.Errorf("cleared gradients are %v", o.Grad(0))
		}
	}
}

// TestOracleSharesParameters: theta is read anew at every step, so that an optimiser's update is seen.
func TestOracleSharesParameters(t *testing.T) {
	p := pendulum()
	theta := []float64{0.7, -1.3, 3}
	o := engine.NewOracle(p, 1, theta)
	copy(o.Value(p.States[0].Node), []float64{0.5, 0.5})
	o.Value(p.Inputs[0].Node)[0], o.Value(p.Time)[0] = 0.1, 1
	for _, w := range []float64{0.7, -0.2} {
		theta[0] = w
		o.Step()
		if got, want := o.Value(p.States[0].Next)[0], math.Tanh(0.5*w+0.1); !alike(got, want) {
			t.Errorf("with w = %v the next state is %v, want %v", w, got, want)
		}
	}
}

// TestOracleUnreadResult: a result of an operation that nobody reads has its place all the same.
func TestOracleUnreadResult(t *testing.T) {
	e := &step.Edges{In: 2, Out: 2, List: []step.Edge{{From: 0, To: 1}, {From: 1, To: 1}}}
	b := step.New()
	v := b.State("v", step.Vector(2))
	param := func(name string, values ...float64) step.Vec {
		return b.Param(name, step.Vector(2), step.Values(values))
	}
	G, _ := step.Synapses(v, param("w", 1, 2), b.Const(3, 4), param("m", 0.5, 0.25), b.Const(1, -1), e)
	b.Next("v", G)
	p := b.Build().Reverse(step.WRT{})
	o := engine.NewOracle(p, 1, p.Initial(1))
	copy(o.Value(p.States[0].Node), []float64{0.3, 0.6})
	o.Step()
	logistic := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	if got, want := o.Value(p.States[0].Next)[1], logistic(3*(0.3-0.5))+2*logistic(4*(0.6-0.25)); !alike(got, want) {
		t.Errorf("conductance is %v, want %v", got, want)
	}
	o.Value(p.Adjoint.DNext[0])[1] = 1
	o.Back()
	o.Finish()
	if got, want := o.Grad(0)[0], logistic(3*(0.3-0.5)); !alike(got, want) {
		t.Errorf("the gradient of w is %v, want %v", got, want)
	}
}

// TestTapeGoesBackOverTime: the cotangent of the first state is the product of all slopes.
func TestTapeGoesBackOverTime(t *testing.T) {
	p := pendulum().Reverse(step.WRT{})
	theta := []float64{0.7, -1.3, 3}
	o := engine.NewOracle(p, 1, theta)
	tape := engine.Tape{Oracle: o}
	x, dt := []float64{0.3, -0.2, 0.5}, []float64{0.9, 1.4, 0.6}
	feed := func(time int) { o.Value(p.Inputs[0].Node)[0], o.Value(p.Time)[0] = x[time], dt[time] }
	h := []float64{0.2, -0.7}
	copy(o.Value(p.States[0].Node), h)
	tape.Forward(3, feed, nil)
	copy(o.Value(p.Adjoint.DNext[0]), []float64{1, 0})
	tape.Backward(feed, func(int) { clear(o.Value(p.Adjoint.DOutput[0])) }, nil)
	want, v := 1.0, h[0]
	for time := range 3 {
		z := math.Tanh(theta[0]*v + x[time])
		want *= (1 - z*z) * dt[time] * theta[0]
		v = z * dt[time]
	}
	if d := o.Value(p.Adjoint.DState[0]); !alike(d[0], want) || d[1] != 0 {
		t.Errorf("cotangent of the first state is %v, want [%v, 0]", d, want)
	}
}
