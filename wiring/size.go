package wiring

// Units is the number of neurons of a specification that says it in one number, and 0 for any other: an NCP says it layer
// by layer, and a drawn Wiring is what it is.
func Units(s Spec) int {
	switch s := s.(type) {
	case AutoNCP:
		return s.Units
	case FullyConnected:
		return s.Units
	case Random:
		return s.Units
	}
	return 0
}

// WithUnits is the specification with another number of neurons, everything else as it is. It is s itself where Units is 0.
func WithUnits(s Spec, units int) Spec {
	switch s := s.(type) {
	case AutoNCP:
		s.Units = units
		return s
	case FullyConnected:
		s.Units = units
		return s
	case Random:
		s.Units = units
		return s
	}
	return s
}
