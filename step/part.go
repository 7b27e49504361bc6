package step

// A row whose elapsed time is longer than some cell can step is taken in several steps, its parts, with the input held. What
// flows with time goes on in each of them; what belongs to the row, such as an update by its input, happens once:
//
//	a state of a cell that flows   DT is the time of the part, Next holds for the part
//	everything else                DT is the time of the row, Next holds after its last part only
//
// Until then such a state is what it was before the row, so that what follows from it is the same in every part. A program
// whose rows are never divided has nothing of this: a row is a step.

// Width and layout of the leaf OpPart: the times of the row before the part and after it, and whose turn it is.
const (
	// PartBefore is the time of the row before the part, 0 in the first one.
	PartBefore = iota
	// PartAfter is the time of the row after the part, 0 in the last one.
	PartAfter
	// PartTurn is the number of the turn, from 1 on; in a row of one part 0: all take it at once.
	PartTurn
	// PartWidth is the width of the leaf, which is zero for a row of one part.
	PartWidth
)

// Divide declares, before anything else, that rows may be taken in parts, in so many turns: in turn k only what InParts has
// written for that turn goes on, so that in a stack each layer that needs parts sees the layer below as it is after the row.
func (b *Builder) Divide(turns int) { b.turns = turns }

// InParts runs build, which takes a row part by part in the given turn, from 1 on. In it DT, Begin and Arrive are those of the
// part. Where rows are not divided it is build alone.
func (b *Builder) InParts(turn int, build func()) {
	b.turn = turn
	build()
	b.turn = 0
}

// part is the leaf.
func (b *Builder) part(from int) Vec {
	if b.p.Part < 0 {
		b.p.Part = b.add(Node{Op: OpPart, Shape: Vector(PartWidth), Index: []int{0}}).id
	}
	return Slice(Vec{b, b.p.Part}, from, from+1)
}

// DT is the elapsed time since the previous step, of width 1, in the model's time unit, at least 0. Where rows are divided it
// is that of the part within InParts, and that of the whole row outside.
func (b *Builder) DT() Vec {
	if b.p.Time < 0 {
		b.p.Time = b.add(Node{Op: OpTime, Shape: Vector(1), Index: []int{0}}).id
	}
	dt := Vec{b, b.p.Time}
	switch {
	case b.turns == 0:
		return dt
	case b.turn == 0:
		return Add(Add(b.part(PartBefore), dt), b.part(PartAfter))
	case b.turns == 1:
		return dt
	}
	return Select(b.away(b.turn), b.Const(0), dt)
}

// away is not 0 where it is the turn of others than k.
func (b *Builder) away(k int) Vec {
	turn := b.part(PartTurn)
	return Mul(turn, Plus(turn, -float64(k)))
}

// Begin is a in the first part of a row, and c in all others: what takes the input before the state flows.
func (b *Builder) Begin(a, c Vec) Vec { return b.at(PartBefore, a, c) }

// Arrive is a in the last part of a row, and c in all others: what takes the input after the state has flowed.
func (b *Builder) Arrive(a, c Vec) Vec { return b.at(PartAfter, a, c) }

func (b *Builder) at(end int, a, c Vec) Vec {
	switch {
	case b.turns == 0 || b.turn == 0:
		return a
	case b.turns == 1:
		return Select(b.part(end), c, a)
	}
	away := b.away(b.turn)
	return Select(Add(b.part(end), Mul(away, away)), c, a)
}

// Hold is v as it is in the first part of a row, in all parts. It takes a state of the given name where rows are divided.
func (b *Builder) Hold(name string, v Vec) Vec {
	if b.turns == 0 || b.turn == 0 {
		return v
	}
	held := b.Begin(v, b.State(name, v.Shape()))
	b.p.States[len(b.p.States)-1].Held = true
	b.Next(name, held)
	return held
}

// commit is the next value of a state that changes once a row.
func (b *Builder) commit(old, next Vec) Vec {
	switch {
	case b.turns == 0 || b.turn > 0:
		return next
	case b.turns == 1:
		return Select(b.part(PartAfter), old, next)
	}
	away := b.away(b.turns)
	return Select(Add(b.part(PartAfter), Mul(away, away)), old, next)
}
