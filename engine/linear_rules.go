package engine

import "github.com/elegans-nn/elegans/step"

// linearRules has a row for every operation that a reverse applies to cotangents: the form of node i from those of its
// operands.
var linearRules = [step.Ops]func(z *lineariser, i int) form{
	step.OpAdd:       (*lineariser).addition,
	step.OpSub:       (*lineariser).subtraction,
	step.OpMul:       (*lineariser).product,
	step.OpDiv:       (*lineariser).quotient,
	step.OpSelect:    (*lineariser).choice,
	step.OpSum:       (*lineariser).total,
	step.OpBroadcast: (*lineariser).copies,
	step.OpSlice:     (*lineariser).copies,
	step.OpPad:       (*lineariser).copies,
	step.OpScatter:   (*lineariser).scattered,
	step.OpConcat:    (*lineariser).joined,
	step.OpLinearT:   (*lineariser).transposed,
	step.OpOuter:     (*lineariser).outer,
	step.OpSynapsesT: (*lineariser).synapses,
	step.OpResult:    (*lineariser).result,
	step.OpAccum:     func(z *lineariser, i int) form { return z.get(z.p.Nodes[i].In[1]) },
}

// operand is the form of operand k of node i as an element-wise operation reads it: one component stands for all.
func (z *lineariser) operand(i, k int) form {
	j := z.p.Nodes[i].In[k]
	f := z.get(j)
	if n := z.len(i); z.len(j) == 1 && n > 1 {
		return z.remap(f, make([]int, n))
	}
	return f
}

func (z *lineariser) addition(i int) form { return z.sum(z.operand(i, 0), z.operand(i, 1)) }

func (z *lineariser) subtraction(i int) form {
	return z.sum(z.operand(i, 0), z.scale(z.operand(i, 1), z.number(-1)))
}

func (z *lineariser) product(i int) form {
	in := z.p.Nodes[i].In
	switch {
	case !z.wide[in[1]]:
		return z.scale(z.operand(i, 0), z.to[in[1]])
	case !z.wide[in[0]]:
		return z.scale(z.operand(i, 1), z.to[in[0]])
	}
	panic(refusal("engine: the reverse of the step multiplies cotangents"))
}

func (z *lineariser) quotient(i int) form {
	by := z.p.Nodes[i].In[1]
	if z.wide[by] {
		panic(refusal("engine: the reverse of the step divides by cotangents"))
	}
	return z.each(z.operand(i, 0), func(coef int) int { return z.apply(step.OpDiv, coef, z.to[by]) })
}

// choice keeps the coefficients of one branch and makes those of the other zero.
func (z *lineariser) choice(i int) form {
	condition := z.p.Nodes[i].In[0]
	if z.wide[condition] {
		panic(refusal("engine: the reverse of the step decides by cotangents"))
	}
	zero := z.number(0)
	yes := z.each(z.operand(i, 1), func(coef int) int { return z.apply(step.OpSelect, z.to[condition], coef, zero) })
	no := z.each(z.operand(i, 2), func(coef int) int { return z.apply(step.OpSelect, z.to[condition], zero, coef) })
	return z.sum(yes, no)
}

// copies are the operations whose components are components of their operand, or zero.
func (z *lineariser) copies(i int) form {
	n := &z.p.Nodes[i]
	a, index := z.p.Nodes[n.In[0]].Shape, make([]int, n.Shape.Len())
	for k := range index {
		switch n.Op {
		case step.OpSlice:
			index[k] = k + n.Index[0]
		case step.OpPad:
			if index[k] = k - n.Index[0]; index[k] >= a.Len() {
				index[k] = -1
			}
		default:
			o, c := k/n.Shape.Inner, k%n.Shape.Inner
			index[k] = min(o, a.Outer-1)*a.Inner + min(c, a.Inner-1)
		}
	}
	return z.remap(z.get(n.In[0]), index)
}

// joined is its operands one after the other.
func (z *lineariser) joined(i int) form {
	var all form
	at := 0
	for _, j := range z.p.Nodes[i].In {
		index := make([]int, z.len(i))
		for k := range index {
			index[k] = -1
			if k >= at && k < at+z.len(j) {
				index[k] = k - at
			}
		}
		all = z.sum(all, z.remap(z.get(j), index))
		at += z.len(j)
	}
	return all
}

// gathered is a form whose component to(k) has the sum of those components k of f.
func (z *lineariser) gathered(f form, n, count int, to func(k int) int) form {
	rows := make([]row, n)
	for k := range count {
		rows[to(k)] = append(rows[to(k)], z.entries(f, k)...)
	}
	t := term{coef: unit, base: len(z.rows)}
	z.rows = append(z.rows, rows...)
	return form{t}
}

func (z *lineariser) total(i int) form {
	n := &z.p.Nodes[i]
	a := z.p.Nodes[n.In[0]].Shape
	return z.gathered(z.get(n.In[0]), z.len(i), a.Len(), func(k int) int {
		if step.Axis(n.Index[0]) == step.Outer {
			return k % a.Inner
		}
		return k / a.Inner
	})
}

func (z *lineariser) scattered(i int) form {
	n := &z.p.Nodes[i]
	return z.gathered(z.get(n.In[0]), z.len(i), len(n.Index), func(k int) int { return n.Index[k] })
}

func (z *lineariser) transposed(i int) form {
	if z.alone {
		return nil
	}
	n := &z.p.Nodes[i]
	in, rows := n.Shape.Inner, make([]row, z.len(i))
	for t := 0; t < len(n.In); t += 2 {
		w, dy := n.In[t], n.In[t+1]
		if z.wide[w] {
			panic(refusal("engine: the reverse of the step has a matrix of cotangents"))
		}
		f, out := form{z.settle(z.get(dy), z.len(dy))}, z.p.Nodes[dy].Shape.Inner
		n.Edges[t/2].Each(in, out, func(k, from, to int) {
			for o := range n.Shape.Outer {
				for _, e := range z.entries(f, o*out+to) {
					rows[o*in+from] = append(rows[o*in+from], entry{coef: z.to[w], at: k, row: e.row})
				}
			}
		})
	}
	t := term{coef: unit, base: len(z.rows)}
	z.rows = append(z.rows, rows...)
	return form{t}
}

// outer is the gradient of the weights of a linear map: each is a component of the map's operand times a row.
func (z *lineariser) outer(i int) form {
	n := &z.p.Nodes[i]
	dy, x := n.In[0], n.In[1]
	if z.wide[x] {
		panic(refusal("engine: the reverse of the step has an operand of cotangents"))
	}
	a, b := z.p.Nodes[dy].Shape, z.p.Nodes[x].Shape
	f := form{z.settle(z.get(dy), a.Len())}
	from, to := make([]int, n.Shape.Len()), make([]int, n.Shape.Len())
	n.Edges[0].Each(b.Inner, a.Inner, func(k, source, target int) { from[k], to[k] = source, target })
	var sum form
	for o := range b.Outer {
		at, index := make([]int, len(from)), make([]int, len(to))
		for k := range at {
			at[k], index[k] = o*b.Inner+from[k], o*a.Inner+to[k]
		}
		t := z.remap(f, index)[0]
		t.coef, t.at = z.to[x], at
		if b.Len() == 1 {
			t.at = nil
		}
		sum = append(sum, t)
	}
	return sum
}

// synapses: with z the gate of an edge, u = v - m and da = dG + E dI of its target,
//
//	dw = z da,   ds = w z (1-z) u da,   dm = -w s z (1-z) da,   dE = w z dI,   dv[from] += w s z (1-z) da
func (z *lineariser) synapses(i int) form {
	n := &z.p.Nodes[i]
	for _, j := range n.In[:5] {
		if z.wide[j] {
			panic(refusal("engine: the reverse of the step has synapses of cotangents"))
		}
	}
	count := len(n.Edges[0].List)
	from, to := make([]int, count), make([]int, count)
	for k, e := range n.Edges[0].List {
		from[k], to[k] = e.From, e.To
	}
	w, s, m, E := z.to[n.In[1]], z.to[n.In[2]], z.to[n.In[3]], z.to[n.In[4]]
	u := z.apply(step.OpSub, z.pick(z.to[n.In[0]], from), m)
	gate := z.apply(step.OpSigmoid, z.apply(step.OpMul, s, u))
	wz := z.apply(step.OpMul, w, gate)
	q := z.apply(step.OpMul, wz, z.apply(step.OpSub, z.number(1), gate))
	slope := z.apply(step.OpMul, q, s)

	dI := z.remap(z.get(n.In[6]), to)
	da := z.sum(z.remap(z.get(n.In[5]), to), z.scale(dI, E))
	if len(da) > 1 {
		da = form{z.settle(da, count)}
	}
	ds := z.scale(da, slope)
	if z.alone {
		z.results[i] = make([]form, 5)
		return nil
	}
	dv := z.gathered(ds, z.len(i), count, func(k int) int { return from[k] })
	z.results[i] = []form{dv, z.scale(da, gate), z.scale(da, z.apply(step.OpMul, q, u)), z.scale(ds, z.number(-1)), z.scale(dI, wz)}
	return dv
}

func (z *lineariser) result(i int) form {
	n := &z.p.Nodes[i]
	return z.results[n.In[0]][n.Index[0]]
}
