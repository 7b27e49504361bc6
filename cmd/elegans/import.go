package main

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/nlpodyssey/safetensors"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/elegans-nn/elegans/model"
	"github.com/elegans-nn/elegans/series"
)

func newImport(c *console) *cobra.Command {
	return group("import", "Import models of other libraries",
		"Import the weights of a model that another library trained, as a model file of elegans.",
		"  elegans import ncps weights.safetensors --unfolds 6 --epsilon 1e-8 --constraints implicit --out model.elegans",
		newImportNCPS(c))
}

// imported is what `elegans import` says of the model that it wrote.
type imported struct {
	File       string        `json:"file"`
	Cell       string        `json:"cell"`
	Inputs     int           `json:"inputs"`
	Outputs    int           `json:"outputs"`
	Parameters int           `json:"parameters"`
	Synapses   int           `json:"synapses"`
	Schema     series.Schema `json:"schema"`
}

func newImportNCPS(c *console) *cobra.Command {
	var said model.NCPS
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ncps FILE",
		Short: "Import weights of the ncps library",
		Long: `Import the state dict of an LTC, CfC or wired CfC of the ncps library, with mixed memory and projection where the file
has them. FILE is a safetensors file of 32 or 64 bit floats, as safetensors.torch.save_file writes it.

Wirings are recovered from the masks in the file. What the file does not say is asked for by the name of a flag: for an LTC
how it was solved, for a CfC its mode and activation. A wrong answer gives a model that computes something else, so nothing
is guessed.

Columns of data files are named in the order of the model's inputs; without names they are x0, x1, … and the prediction is
that of y. Without --time rows are counted, and every time span is 1. With it the time span of a row is the time since the
row before, in units of --time-unit, and 1 for the first row of a series.`,
		Example: "  elegans import ncps ltc.safetensors --unfolds 6 --epsilon 1e-8 --constraints implicit --out ltc.elegans\n" +
			"  elegans import ncps cfc.safetensors --mode default --activation lecun_tanh --out cfc.elegans\n" +
			"  elegans import ncps cfc.safetensors --mode default --inputs temp,co2 --target load --time date --time-kind calendar --time-unit 60 --series room",
		Args: takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkImport(cmd, said); err != nil {
				return err
			}
			m, err := c.importNCPS(args[0], said)
			if err != nil {
				return err
			}
			name := strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0]))
			m = m.WithInfo(model.Info{Name: name, Version: version})
			path := cmp.Or(out, name+".elegans")
			if err := c.save(cmd.Context(), path, m.Write); err != nil {
				return err
			}
			a := m.Architecture()
			r := imported{path, cellName(a.Layers[0].Cell), len(m.Schema().Inputs), m.Schema().Target.Width(), m.Parameters(), m.Synapses(), m.Schema()}
			switch {
			case asJSON:
				return c.json(r)
			case path != "-":
				c.print("%s: %s, %s, %s, %d parameters, %s\n", r.File, r.Cell, plural(r.Inputs, "input"), plural(r.Outputs, "output"),
					r.Parameters, plural(r.Synapses, "synapse"))
				c.note("%s", readAs(r.Schema))
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&said.Unfolds, "unfolds", 0, "`N` solver sub-steps of an LTC; the library's default is 6")
	flags.Float64Var(&said.Epsilon, "epsilon", 0, "`NUMBER` added to the conductance of an LTC; the library's default is 1e-8")
	flags.Var(oneOf[string]{&said.Constraints, []string{"implicit", "explicit"}}, "constraints", "`WAY` that weights of an LTC are kept positive: implicit (default of LTC) or explicit (of LTCCell)")
	flags.Var(oneOf[string]{&said.Mode, []string{"default", "no_gate", "pure"}}, "mode", "`MODE` of a CfC: default, no_gate or pure")
	flags.Var(oneOf[string]{&said.Activation, []string{"lecun_tanh", "tanh", "relu", "silu", "gelu"}}, "activation", "`NAME` of the activation of a CfC's backbone: lecun_tanh, tanh, relu, silu or gelu")
	flags.IntVar(&said.Outputs, "outputs", 0, "`N` outputs of an LTC without output mapping")
	addColumns(flags, &said.Data)
	flags.StringVar(&out, "out", "", "`FILE` for the model; the name of the weights with .elegans if not given")
	addJSON(cmd, &asJSON)
	return cmd
}

// addColumns adds the flags that name columns of data files, with the names that train has for them.
func addColumns(flags *pflag.FlagSet, d *model.Columns) {
	flags.StringSliceVar(&d.Inputs, "inputs", nil, "`COLUMNS` of the inputs in the model's order, by comma; x0, x1, … if not given")
	flags.StringVar(&d.Target, "target", "", "`COLUMN` that is predicted; y if not given")
	flags.StringVar(&d.Time, "time", "", "`COLUMN` of times; rows are counted if not given")
	flags.Var(oneOf[series.TimeKind]{&d.TimeKind, []series.TimeKind{series.Calendar, series.Elapsed}}, "time-kind", "`KIND` of times: calendar for dates and epochs, elapsed for seconds since a start")
	flags.Float64Var(&d.TimeUnit, "time-unit", 0, "`SECONDS` that were a time span of 1 in training")
	flags.StringVar(&d.Series, "series", "", "`COLUMN` that tells apart the series of one file")
}

// checkImport refuses flags that have no say.
func checkImport(cmd *cobra.Command, said model.NCPS) error {
	for _, name := range []string{"time-kind", "time-unit"} {
		if cmd.Flags().Changed(name) && said.Data.Time == "" {
			return usage("--%s: is about the column of times; name it with --time", name)
		}
	}
	if unit := said.Data.TimeUnit; cmd.Flags().Changed("time-unit") && !(unit > 0 && unit < math.MaxFloat32) {
		return usage("--time-unit %g: must be above 0", unit)
	}
	return nil
}

// readAs says which columns of data the model will read.
func readAs(s series.Schema) string {
	names := make([]string, len(s.Inputs))
	for i, in := range s.Inputs {
		names[i] = in.Name
	}
	text := "it reads the columns " + strings.Join(names, ", ")
	if s.Clock.Column == "" {
		text += " and counts rows (--inputs and --time name others)"
	} else {
		text += fmt.Sprintf(" and the times of %s, %g s a unit", s.Clock.Column, s.Clock.Unit)
	}
	if s.SeriesColumn != "" {
		text += "; " + s.SeriesColumn + " tells series apart"
	}
	return text
}

// importNCPS reads the weights. What the file does not say is asked of the command line; anything else is a fault of the
// file.
func (c *console) importNCPS(path string, said model.NCPS) (*model.Model, error) {
	if said.Unfolds < 0 || said.Outputs < 0 || !(said.Epsilon >= 0 && said.Epsilon <= 1) {
		return nil, usage("--unfolds %d, --outputs %d, --epsilon %g: all must be above 0, and --epsilon at most 1", said.Unfolds, said.Outputs, said.Epsilon)
	}
	dict, err := c.readStateDict(path)
	if err != nil {
		return nil, err
	}
	m, err := model.ImportNCPS(dict, said)
	if err == nil {
		err = said.Contradicts(dict)
	}
	if err == nil {
		return m, nil
	}
	var unsaid *model.UnsaidError
	var wrong *model.ContradictionError
	if errors.As(err, &unsaid) || errors.As(err, &wrong) {
		return nil, usage("%s: %v", path, err)
	}
	return nil, &dataError{fmt.Sprintf("%s: %v", path, err)}
}

// readStateDict reads a safetensors file of floats. The library is guarded against hostile headers.
func (c *console) readStateDict(path string) (dict model.StateDict, err error) {
	data, err := c.readAll(path)
	if err != nil {
		return nil, err
	}
	foreign := &dataError{fmt.Sprintf("%s: not a safetensors file, or cut off; save the weights with safetensors.torch.save_file(model.state_dict(), …)", path)}
	if len(data) < 8 || binary.LittleEndian.Uint64(data) > uint64(len(data)-8) {
		return nil, foreign
	}
	defer func() {
		if recover() != nil {
			dict, err = nil, foreign
		}
	}()
	file, err := safetensors.Deserialize(data)
	if err != nil {
		return nil, foreign
	}
	dict = model.StateDict{}
	for _, name := range file.Names() {
		view, _ := file.Tensor(name)
		values, err := floats(view.DType(), view.Data())
		if err != nil {
			return nil, &dataError{fmt.Sprintf("%s: tensor %s %v", path, name, err)}
		}
		a := model.Array{Data: values}
		for _, n := range view.Shape() {
			a.Shape = append(a.Shape, int(n))
		}
		dict[name] = a
	}
	return dict, nil
}

func floats(kind safetensors.DType, data []byte) (values []float64, err error) {
	switch kind {
	case safetensors.F32:
		for i := 0; i+4 <= len(data); i += 4 {
			values = append(values, float64(math.Float32frombits(binary.LittleEndian.Uint32(data[i:]))))
		}
	case safetensors.F64:
		for i := 0; i+8 <= len(data); i += 8 {
			values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(data[i:])))
		}
	default:
		return nil, fmt.Errorf("is of type %v; allowed: F32, F64 (convert the model with .float() before saving)", kind)
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("holds %v at position %d; all weights must be finite", v, i)
		}
	}
	return values, nil
}

// readAll reads a file, or standard input for "-".
func (c *console) readAll(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(c.in)
	}
	return os.ReadFile(path)
}
