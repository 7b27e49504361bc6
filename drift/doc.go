// Package drift tells when the numbers of a stream no longer come from where they came from: errors of a model, its inputs,
// or statistics of its state. Four published detectors stand behind one type, in a table with their options:
//
//	m, err := drift.Parse("ADWIN delta 0.01")  // or drift.ADWIN{Delta: 0.01}
//	d, err := drift.New(m)
//	event, err := d.Update(x, time)            // one value of the stream
//	if event.Level == drift.Drift { … }        // event.Value > event.Threshold, event.Direction, event.Recent, …
//
// # Rules that all of them obey
//
// A detector takes one number after another, without any label or model. After a drift it forgets everything at the next
// value, so a drift is one event and its search begins anew. Memory is bounded by the options whatever the length of the
// stream (Bytes), and nothing is allocated but ADWIN's rows, one each time its window is twice as long as ever before. The
// same values give the same events, restored or not.
//
// A value that is NaN, infinite, or beyond MaxInput is refused with an *InputError, and nothing is changed: what a missing
// value means is for the caller to say, and leaving it out is the usual answer. MaxInput keeps every sum of squares finite,
// so that no detector can be blinded by one value.
//
// MarshalBinary and UnmarshalBinary carry a detector over to another process to the bit.
//
// # Detectors
//
// The equations stand with the options of each: ADWIN, KSWIN, PageHinkley, DDM. They are those of River 0.26.1 (Montiel et
// al., River: machine learning for streaming data in Python, JMLR 22, 2021), held against its traces: the same values are
// flagged, with the same statistics, also where River differs from the papers.
//
//	             takes    finds                         a value costs                false alarms
//	ADWIN        numbers  another mean                  O(1), O(log n) every clock   at most delta a test, for values in 0 to 1
//	KSWIN        numbers  another distribution          O(stat_size log stat_size)   at most alpha a value
//	PageHinkley  numbers  a mean that has moved         O(1)                         exp(-2 delta threshold/σ²) a value and side
//	DDM          0 or 1   more errors than at its best  O(1)                         no bound, see DDM
//
// Where nothing is known of the scale of the values, KSWIN, whose test sees their order only; for a rate or anything else between 0
// and 1, ADWIN. PageHinkley's options are in units of the values.
//
// TestStationary and TestDelay hold what is said of false alarms and delays. Of normal values with standard deviation 0.1 whose mean
// goes from 0.3 to 0.5 after 1000 (5000 for PageHinkley), ADWIN tells half of the shifts within 64 values, KSWIN within 20, and
// PageHinkley within 260, all with default options; of errors whose rate goes from 0.1 to 0.4, ADWIN within 96 and DDM within 80.
//
// A new detector is one file and one row of the registry.
package drift
