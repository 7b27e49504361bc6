package bench

// longCases show how time grows over two decades of one size, with everything else fixed; and one long series, always.
var longCases = []Case{
	{Name: "long/diag-T16384", open: bounded("linoss-imex64", 16384, 4096)},
	{Name: "long/time/T32", Growth: &Growth{"time", 32}, open: training("ltc-ncp19", 16, 32)},
	{Name: "long/time/T100", Growth: &Growth{"time", 100}, open: training("ltc-ncp19", 16, 100)},
	{Name: "long/time/T320", Growth: &Growth{"time", 320}, open: training("ltc-ncp19", 16, 320)},
	{Name: "long/time/T1000", Growth: &Growth{"time", 1000}, open: training("ltc-ncp19", 16, 1000)},
	{Name: "long/time/T3200", Growth: &Growth{"time", 3200}, open: training("ltc-ncp19", 16, 3200)},
	{Name: "long/batch/B16", Growth: &Growth{"batch", 16}, open: training("ltc-ncp19", 16, 16)},
	{Name: "long/batch/B64", Growth: &Growth{"batch", 64}, open: training("ltc-ncp19", 64, 16)},
	{Name: "long/batch/B320", Growth: &Growth{"batch", 320}, open: training("ltc-ncp19", 320, 16)},
	{Name: "long/batch/B1600", Growth: &Growth{"batch", 1600}, open: training("ltc-ncp19", 1600, 16)},
	// n units all connected to each other and to the inputs have n² + 8n synapses.
	{Name: "long/synapses/S105", Growth: &Growth{"synapses", 105}, open: trainingFull(7)},
	{Name: "long/synapses/S384", Growth: &Growth{"synapses", 384}, open: trainingFull(16)},
	{Name: "long/synapses/S1280", Growth: &Growth{"synapses", 1280}, open: trainingFull(32)},
	{Name: "long/synapses/S4608", Growth: &Growth{"synapses", 4608}, open: trainingFull(64)},
	{Name: "long/synapses/S11648", Growth: &Growth{"synapses", 11648}, open: trainingFull(104)},
	// Within 512 KiB, where a single segment takes from 0.7 to 63 MB.
	{Name: "long/ltc-ncp19-T640", Growth: &Growth{"time within memory", 640}, open: bounded("ltc-ncp19", 640, 512)},
	{Name: "long/ltc-ncp19-T4096", Growth: &Growth{"time within memory", 4096}, open: bounded("ltc-ncp19", 4096, 512)},
	{Name: "long/ltc-ncp19-T16384", Growth: &Growth{"time within memory", 16384}, open: bounded("ltc-ncp19", 16384, 512)},
	{Name: "long/ltc-ncp19-T65536", Growth: &Growth{"time within memory", 65536}, open: bounded("ltc-ncp19", 65536, 512)},
	// A recurrence that is element-wise, LinOSS-IMEX with 64 units, within 4 MiB, where a single segment takes from 4.3 to 420 MB.
	{Name: "long/diag-T2560", Growth: &Growth{"time of a diagonal cell", 2560}, open: bounded("linoss-imex64", 2560, 4096)},
	{Name: "long/diag-T25600", Growth: &Growth{"time of a diagonal cell", 25600}, open: bounded("linoss-imex64", 25600, 4096)},
	{Name: "long/diag-T256000", Growth: &Growth{"time of a diagonal cell", 256000}, open: bounded("linoss-imex64", 256000, 4096)},
}

// bounded is training on one series within so many KiB.
func bounded(name string, times, kib int) func(setting) work {
	return func(s setting) work {
		s.memory = kib << 10
		return networks[name].training(s, 1, times)
	}
}

func trainingFull(units int) func(setting) work {
	return func(s setting) work { return full(units).training(s, 16, 16) }
}
