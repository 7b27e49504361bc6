package online

// Last is the time of the last row of a series; false where it has none, or was dropped.
func (l *Learner) Last(name string) (time float64, ok bool) {
	if t := l.tracks[name]; t != nil && t.rows > 0 {
		return t.time, true
	}
	return 0, false
}

// Setting is LearnerOptions.Setting.
func (l *Learner) Setting() string { return l.o.Setting }

// Waiting is how many predictions wait for their labels.
func (l *Learner) Waiting() int { return len(l.pending) }

// SetLog changes LearnerOptions.Log, as after Open, which tells again what was told before.
func (l *Learner) SetLog(log func(Event)) { l.o.Log = log }

// Lasts are the times of the last rows of all series.
func (l *Learner) Lasts() map[string]float64 {
	all := map[string]float64{}
	for name, t := range l.tracks {
		if t.rows > 0 {
			all[name] = t.time
		}
	}
	return all
}
