package engine

// LinearRules lets tests plant a fault in the rules by which a reverse becomes rows.
var LinearRules = &linearRules

// Columns is the number of columns of S that belong to the state.
func (r *RealTime) Columns() int { return r.first }

// Products is the number of products of a lane that carry S on.
func (r *RealTime) Products() int { return r.products }
