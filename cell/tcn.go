package cell

import (
	"fmt"

	. "github.com/elegans-nn/elegans/step"
	"github.com/elegans-nn/elegans/wiring"
)

// TCN is a temporal convolutional network: blocks of two causal convolutions over time, the dilation d of block l being
// Dilation · 2^l, with a rectifier after each and a skip connection around both,
//
//	conv(a)_t = b + Σ_j W_j a_{t-(Kernel-1-j) d},   j = 0 … Kernel-1, zero before the start
//	r = relu(conv_1(x)),   r = relu(conv_2(r)),   y = relu(r + skip(x))
//
// where skip is V x + v in the first block and x itself in the others. One step reads Kernel rows of a ring of
// 1 + (Kernel-1) d rows per convolution, so that a stream costs the same at every row. All blocks together see
// 1 + 2 (Kernel-1) Dilation (2^Layers - 1) rows and forget what is older. dt has no effect (feed it as an input). The
// output has Units components. Cost: 2 Kernel Units (inputs + Units) + 2 inputs Units FLOPs for the first block,
// 4 Kernel Units² for each other one, and about 6 Units for any.
//
// Weights start with He's bound sqrt(6 / inputs), where the paper draws normal numbers of deviation 0.01; weight
// normalisation and dropout are left out. Source: Bai, Kolter and Koltun, An empirical evaluation of generic convolutional
// and recurrent networks for sequence modeling, 2018, section 3.
type TCN struct {
	// Units is the number of channels, 1 to 65536.
	Units int `json:"units"`
	// Kernel is the number of rows that a convolution reads, 1 to 64; 3 if zero.
	Kernel int `json:"kernel" default:"3"`
	// Layers is the number of blocks, 1 to 12; 1 if zero.
	Layers int `json:"layers" default:"1"`
	// Dilation of the first block, 1 to 4096; 1 if zero. A ring of the last block may have 4096 rows.
	Dilation int `json:"dilation" default:"1"`
}

var tcn = Entry{
	Name: "TCN", Summary: "temporal convolutional network", Source: "Bai, Kolter and Koltun 2018", Cell: TCN{},
	Foreign: []string{"tcn_block"}, Reference: tcnReference,
	Variants: []Variant{
		{"dilation 2", TCN{Units: 3, Kernel: 2, Dilation: 2}, nil},
		{"two blocks, kernel 3", TCN{Units: 2, Layers: 2}, nil},
	},
	Presets: []Preset{{"tcn-32", "three blocks of 32 channels, 29 rows", TCN{Units: 32, Layers: 3}, nil}},
}

// Check implements Cell.
func (c TCN) Check() error {
	if err := checkUnits("TCN", c.Units); err != nil {
		return err
	}
	c = Resolve(c).(TCN)
	if c.Kernel < 1 || c.Kernel > 64 {
		return fmt.Errorf("TCN: kernel is %d; allowed: 1 to 64", c.Kernel)
	}
	if err := checkLayers("TCN", c.Layers, 12); err != nil {
		return err
	}
	if c.Dilation < 1 || c.Dilation > maxWindow {
		return fmt.Errorf("TCN: dilation is %d; allowed: 1 to %d", c.Dilation, maxWindow)
	}
	if rows := c.rows(c.Layers - 1); rows > maxWindow {
		return fmt.Errorf("TCN: a convolution of the last block remembers %d rows; allowed: up to %d; take a smaller kernel, fewer layers or less dilation", rows, maxWindow)
	}
	return nil
}

// rows is how many a ring of block l remembers.
func (c TCN) rows(l int) int { return 1 + (c.Kernel-1)*(c.Dilation<<l) }

// Build implements Cell.
func (c TCN) Build(b *Builder, x Vec, _ *wiring.Wiring) Vec {
	c = Resolve(c).(TCN)
	for l := range c.Layers {
		b.Scope(fmt.Sprintf("block%d", l), func() {
			skip := x
			if l == 0 {
				n := x.Len()
				skip = b.Linear("skip", c.Units, Xavier(n, c.Units), FanIn(n), Term{Name: "x", X: x})
			}
			r := Relu(c.conv(b, "conv1", l, x))
			r = Relu(c.conv(b, "conv2", l, r))
			x = Relu(Add(r, skip))
		})
	}
	return x
}

// conv is a convolution of block l: one matrix for each of the rows that it reads of its ring.
func (c TCN) conv(b *Builder, name string, l int, a Vec) Vec {
	n := a.Len()
	window := flat(b.Ring(name, c.rows(l), a))
	var taps []Term
	for j := range c.Kernel {
		from := j * (c.Dilation << l) * n
		taps = append(taps, Term{Name: fmt.Sprintf("w%d", j), X: Slice(window, from, from+n)})
	}
	return b.Linear(name, c.Units, he(c.Kernel*n), FanIn(c.Kernel*n), taps...)
}

// he is the uniform distribution with bound sqrt(6 / in), which keeps variances through rectifiers.
func he(in int) Init { return Xavier(in, 0) }

// Tensors implements Referenced. A convolution of the vectors is one tensor [out][in][Kernel]. They have one block, whose
// tensors have no prefix; those of further blocks have one, and no skip.
func (c TCN) Tensors(inputs int, _ *wiring.Wiring) (list []Tensor) {
	c = Resolve(c).(TCN)
	for l := range c.Layers {
		own, prefix := fmt.Sprintf("block%d.", l), ""
		if l > 0 {
			prefix = own
		}
		conv := func(name string, in int) {
			for j := range c.Kernel {
				t := Tensor{Param: fmt.Sprintf("%s%s.w%d", own, name, j), Name: prefix + name + "_w", Shape: []int{c.Units, in, c.Kernel}}
				for k := range c.Units * in {
					t.Index = append(t.Index, k*c.Kernel+j)
				}
				list = append(list, t)
			}
			list = append(list, Whole(own+name+".bias", prefix+name+"_b", c.Units))
		}
		conv("conv1", inputs)
		conv("conv2", c.Units)
		if l == 0 {
			list = append(list, Whole(own+"skip.x", "skip_w", c.Units, inputs), Whole(own+"skip.bias", "skip_b", c.Units))
		}
		inputs = c.Units
	}
	return list
}

func tcnReference(meta Meta) (Cell, error) {
	var k struct {
		Kernel   int `json:"kernel"`
		Dilation int `json:"dilation"`
	}
	units, err := meta.Read(&k)
	switch {
	case err != nil:
		return nil, err
	case k.Kernel < 1 || k.Dilation < 1: // which options would take for the default
		return nil, fmt.Errorf("kernel is %d and dilation %d; whole numbers from 1 up are needed", k.Kernel, k.Dilation)
	}
	return TCN{Units: units, Kernel: k.Kernel, Dilation: k.Dilation}, nil
}
