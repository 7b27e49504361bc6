package train

import "github.com/elegans-nn/elegans/step"

// NewUpdate makes an optimiser for a training loop of one's own: the result takes one step, with the options' optimiser,
// learning rate (without a schedule), clipping, weight decay and groups, and keeps every parameter within its bounds. It
// may change grad. The optimiser remembers its steps, so that each run needs one of its own. Options of Fit's loop (epochs,
// batch, schedule, patience) are not looked at.
//
// The error is the first option outside its range.
func NewUpdate(p *step.Program, o Options) (func(theta, grad []float32), error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	o = o.Filled()
	a, err := newOptimiser(p, o)
	if err != nil {
		return nil, err
	}
	return func(theta, grad []float32) {
		if o.Clip > 0 {
			clip(grad, o.Clip)
		}
		a.step(o.LearningRate, theta, grad)
	}, nil
}
