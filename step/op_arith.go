package step

func init() {
	table[OpAdd] = Row{Name: "add", Arity: 2, Format: "%s + %s", Cost: 1,
		F:       func(x []float64) float64 { return x[0] + x[1] },
		Reverse: func(v Adj) []Vec { return []Vec{v.DY[0], v.DY[0]} }}
	table[OpSub] = Row{Name: "sub", Arity: 2, Format: "%s - %s", Cost: 1,
		F:       func(x []float64) float64 { return x[0] - x[1] },
		Reverse: func(v Adj) []Vec { return []Vec{v.DY[0], Neg(v.DY[0])} }}
	table[OpMul] = Row{Name: "mul", Arity: 2, Format: "%s * %s", Cost: 1,
		F:       func(x []float64) float64 { return x[0] * x[1] },
		Reverse: func(v Adj) []Vec { return []Vec{Mul(v.DY[0], v.In[1]), Mul(v.DY[0], v.In[0])} }}
	table[OpDiv] = Row{Name: "div", Arity: 2, Format: "%s / %s", Cost: 4,
		F: func(x []float64) float64 { return x[0] / x[1] },
		Reverse: func(v Adj) []Vec {
			da := Div(v.DY[0], v.In[1])
			return []Vec{da, Neg(Mul(da, v.Y))}
		}}
	// Where both operands are equal the first one gets the cotangent.
	table[OpMin] = Row{Name: "min", Arity: 2, Cost: 1,
		F: func(x []float64) float64 { return min(x[0], x[1]) },
		Reverse: func(v Adj) []Vec {
			second := Step(Sub(v.In[0], v.In[1]))
			return []Vec{Select(second, zero(v.Y), v.DY[0]), Select(second, v.DY[0], zero(v.Y))}
		}}
	table[OpMax] = Row{Name: "max", Arity: 2, Cost: 1,
		F: func(x []float64) float64 { return max(x[0], x[1]) },
		Reverse: func(v Adj) []Vec {
			second := Step(Sub(v.In[1], v.In[0]))
			return []Vec{Select(second, zero(v.Y), v.DY[0]), Select(second, v.DY[0], zero(v.Y))}
		}}
	// Select reads one branch only, so that a NaN in the other one stays where it is (NaN·0 would not).
	table[OpSelect] = Row{Name: "select", Arity: 3, Cost: 1, Format: "%s ? %s : %s",
		F: func(x []float64) float64 {
			if x[0] != 0 {
				return x[1]
			}
			return x[2]
		},
		Reverse: func(v Adj) []Vec {
			z := zero(v.Y)
			return []Vec{{}, Select(v.In[0], v.DY[0], z), Select(v.In[0], z, v.DY[0])}
		}}
	table[OpRelax] = Row{Name: "relax", Arity: 5, Cost: 11, F: relax, Reverse: relaxReverse}
}

// relax takes v, h, c, G, I. At h = 0 the quotient vanishes and v is exact; the true value is a convex combination of v
// and I/G, so it stays within their hull for every h.
func relax(x []float64) float64 {
	v, h, c, G, I := x[0], x[1], x[2], x[3], x[4]
	return v + h*((I-G*v)/(c+h*G))
}

// relaxReverse uses h (I - G v) / (c + h G) = y - v for the cotangent of c, so that neither the current nor a second
// quotient is needed on the way back; that of h, which few ask for, takes the quotient, for h may be 0.
func relaxReverse(a Adj) []Vec {
	v, h, c, G, I := a.In[0], a.In[1], a.In[2], a.In[3], a.In[4]
	D := Add(c, Mul(h, G))
	q := Div(a.DY[0], D)
	qc, qh := Mul(q, c), Mul(q, h)
	dh := Mul(qc, Div(Sub(I, Mul(G, v)), D))
	return []Vec{qc, dh, Mul(q, Sub(v, a.Y)), Neg(Mul(qh, a.Y)), qh}
}

// elementwise brings the operands to one shape and applies the operation. A constant of one component meets any shape
// as it is; anything else is spread explicitly.
func elementwise(op Op, in ...Vec) Vec {
	s := Shape{1, 1}
	for _, v := range in {
		s.Outer, s.Inner = max(s.Outer, v.Shape().Outer), max(s.Inner, v.Shape().Inner)
	}
	for i, v := range in {
		if v.Shape() != s && !(v.node().Op == OpConst && v.Len() == 1) {
			in[i] = Broadcast(v, s)
		}
	}
	return in[0].b.apply(Node{Op: op}, in...)[0]
}

// number is a constant beside another value.
func number(v Vec, k float64) Vec { return v.b.Const(k) }

func zero(v Vec) Vec { return number(v, 0) }

// Add is a + c + …
func Add(a Vec, more ...Vec) Vec {
	for _, c := range more {
		a = elementwise(OpAdd, a, c)
	}
	return a
}

// Mul is a · c · …, component by component.
func Mul(a Vec, more ...Vec) Vec {
	for _, c := range more {
		a = elementwise(OpMul, a, c)
	}
	return a
}

// Sub is a - c.
func Sub(a, c Vec) Vec { return elementwise(OpSub, a, c) }

// Div is a / c.
func Div(a, c Vec) Vec { return elementwise(OpDiv, a, c) }

// Min is the smaller of a and c.
func Min(a, c Vec) Vec { return elementwise(OpMin, a, c) }

// Max is the larger of a and c.
func Max(a, c Vec) Vec { return elementwise(OpMax, a, c) }

// Select is a where the condition is not 0, else c.
func Select(condition, a, c Vec) Vec { return elementwise(OpSelect, condition, a, c) }

// Relax is the semi-implicit step of a leaky neuron in increment form,
//
//	v' = v + h (I - G v) / (c + h G)
//
// for potential v, step h >= 0, capacitance c > 0, conductance G >= 0 and current I. It is exactly v at h = 0.
func Relax(v, h, c, G, I Vec) Vec { return elementwise(OpRelax, v, h, c, G, I) }

// Neg is -a.
func Neg(a Vec) Vec { return Scale(-1, a) }

// Scale is k a.
func Scale(k float64, a Vec) Vec { return elementwise(OpMul, a, number(a, k)) }

// Plus is a + k.
func Plus(a Vec, k float64) Vec { return elementwise(OpAdd, a, number(a, k)) }

// OneMinus is 1 - a.
func OneMinus(a Vec) Vec { return elementwise(OpSub, number(a, 1), a) }
