package main

// goal is what a case is meant to reach: a ratio to a peer, or a time.
type goal struct {
	ratio  float64 // peer's best over our best
	of     string  // the peer that the ratio is to: "fair", "library" or a library's name
	median float64 // ns, not above
	p999   float64
}

// row is a case of the tables.
type row struct {
	name string
	// as is the case of the peers, where it is not ours.
	as string
	// masked says that libraries compute this wiring as dense matrices with masks: the ratio to them is sparsity times
	// engineering. Elsewhere they do the same work as we do.
	masked bool
	goals  []goal
}

// rows are the cases in the order of the document.
var rows = []row{
	{name: "train/cfc-dense/B64T128", goals: []goal{{ratio: 1.8, of: "fair"}}},
	{name: "train/ltc-ncp19/B64T128", masked: true, goals: []goal{{ratio: 4, of: "fair"}, {ratio: 100, of: "ncps-eager"}}},
	{name: "train/ltc-ncp32/B64T128", masked: true, goals: []goal{{ratio: 4, of: "fair"}, {ratio: 40, of: "torch-fused"}}},
	{name: "train/ltc-fc32/B64T128", goals: []goal{{ratio: 5, of: "library"}}},
	{name: "train/cfc-ncp19/B64T128", masked: true, goals: []goal{{ratio: 3, of: "library"}}},
	{name: "train/cfc-ncp19-masked/B64T128", as: "train/cfc-ncp19/B64T128", masked: true, goals: []goal{{ratio: 6, of: "library"}}},
	{name: "train/lstm64/B64T128", goals: []goal{{ratio: 2, of: "library"}}},
	{name: "train/gru64/B64T128", goals: []goal{{ratio: 3, of: "library"}}},
	{name: "train/cfc-dense/B32T32"},
	{name: "train/ltc-ncp19/B32T32", masked: true},
	{name: "train/ltc-ncp32/B32T32", masked: true},
	{name: "train/ltc-fc32/B32T32"},
	{name: "train/cfc-ncp19/B32T32", masked: true},
	{name: "train/cfc-ncp19-masked/B32T32", as: "train/cfc-ncp19/B32T32", masked: true},
	{name: "train/lstm64/B32T32"},
	{name: "train/gru64/B32T32"},
	{name: "forward/cfc-dense/B64T128"},
	{name: "forward/ltc-ncp19/B64T128", masked: true},
	{name: "forward/ltc-ncp32/B64T128", masked: true},
	{name: "forward/ltc-fc32/B64T128"},
	{name: "forward/cfc-ncp19/B64T128", masked: true},
	{name: "forward/cfc-ncp19-masked/B64T128", as: "forward/cfc-ncp19/B64T128", masked: true},
	{name: "forward/lstm64/B64T128"},
	{name: "forward/gru64/B64T128"},
	{name: "stream/ltc-ncp19", masked: true, goals: []goal{{median: 700, p999: 3000}}},
	{name: "stream/cfc-ncp19", masked: true, goals: []goal{{median: 500}}},
	{name: "stream/cfc-ncp19-masked", as: "stream/cfc-ncp19", masked: true, goals: []goal{{median: 400}}},
	{name: "stream/cfc-dense64", goals: []goal{{median: 2600}}},
	{name: "stream/lstm64", goals: []goal{{median: 2000}}},
	{name: "online/rtrl-ltc-ncp19", goals: []goal{{ratio: 3, of: "fair"}, {median: 20000}}},
	{name: "kernel/fma-peak"},
	{name: "kernel/fma-peak-512"},
	{name: "kernel/mm-64x136x128"},
	{name: "kernel/mm-256x128x64"},
	{name: "kernel/mm-64x72x128"},
	{name: "kernel/mm-64x128x256"},
	{name: "kernel/tanh"},
	{name: "kernel/sigmoid"},
	{name: "kernel/exp"},
}

// fair are the peers that compute only what is asked for: dense cells in their best form, edge lists, plain C.
var fair = []string{"JAX, best form", "JAX on edge lists", "plain C"}

// twoCores are the cases that two cores must speed up, and by how much: those that take more than 3 ms.
const (
	twoCoresGoal = 1.7
	twoCoresFrom = 3e6 // ns
)

// plainGoal is how many times as long plain Go may take, at most, as the assembly for AVX2.
const plainGoal = 12

// memoryGoal is the share of PyTorch's resident memory that ours may take at most.
const memoryGoal = 1.0 / 8
