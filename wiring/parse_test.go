package wiring

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Spec{
		"auto:19,1":                            AutoNCP{Units: 19, Outputs: 1},
		"auto:19,1,sparsity=0.4,seed=7":        AutoNCP{Units: 19, Outputs: 1, Sparsity: 0.4, Seed: 7},
		" AUTO : 19 , 1 , seed=0":              AutoNCP{Units: 19, Outputs: 1, Seed: SeedZero},
		"full:32":                              FullyConnected{Units: 32},
		"full:32,4,noself,seed=4294967295":     FullyConnected{Units: 32, Outputs: 4, NoSelf: true, Seed: 4294967295},
		"random:32,4,sparsity=0.5":             Random{Units: 32, Outputs: 4, Sparsity: 0.5},
		"random:32,sparsity=0":                 Random{Units: 32},
		"ncp:12,6,1,sensory=6,inter=4,motor=5": NCP{12, 6, 1, 6, 4, 0, 5, 0},
		"ncp:12,6,1,motor=5,seed=3,recurrent=7,inter=4,sensory=6": NCP{12, 6, 1, 6, 4, 7, 5, 3},
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%q: %#v, %v, expected %#v", text, got, err, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, parts := range map[string][]string{
		"":                          {`wiring "": unknown kind`, "auto:UNITS", "ncp:INTER", "full:UNITS", "random:UNITS"},
		"dense:4":                   {`wiring "dense:4": unknown kind`, "full:UNITS"},
		"auto":                      {`units is "", not a whole number`, "write auto:UNITS,OUTPUTS"},
		"auto:19":                   {"the number of outputs is missing", "write auto:UNITS,OUTPUTS"},
		"auto:19,":                  {`outputs is "", not a whole number`},
		"auto:x,1":                  {`units is "x"`, "auto:UNITS"},
		"auto:1.5,1":                {`units is "1.5"`},
		"auto:19,1,2":               {`"2" is one number or option too many`},
		"auto:19,1,noself":          {`"noself" is one number or option too many`},
		"auto:19,1,size=3":          {`unknown option "size"`, "auto:UNITS"},
		"auto:19,1,seed=1,seed=2":   {"seed is given twice"},
		"auto:seed=1,19,1":          {`"19" stands after an option`},
		"auto:19,1,sparsity=a":      {`sparsity is "a", not a number`},
		"auto:19,1,sparsity":        {`sparsity is "", not a number`},
		"auto:19,1,sparsity=0":      {`sparsity is "0", not a number above 0`},
		"auto:19,1,sparsity=nan":    {"sparsity is NaN", "0.1 to 1"},
		"auto:19,1,seed=-1":         {`seed is "-1"`, "0 to 4294967295"},
		"auto:19,1,seed=4294967296": {`seed is "4294967296"`, "0 to 4294967295"},
		"auto:19,18":                {"outputs is 18", "1 to 16"},
		"full:0":                    {"units is 0", "1 to 4096"},
		"full:8,noself=1":           {`noself is "1", not a switch without a value`},
		"full:99999999999999999999": {"units is", "not a whole number"},
		"random:8,sparsity=1":       {"sparsity is 1", "below 1"},
		"ncp:12,6":                  {"the number of motor neurons is missing", "ncp:INTER,COMMAND,MOTOR"},
		"ncp:12,6,1":                {"sensory fan-out is 0", "1 to 12"},
		"a\nb:3":                    {`"a\nb:3": unknown kind`},
		strings.Repeat("é", 5000):   {"unknown kind", "…"},
	} {
		spec, err := Parse(text)
		checkParseLine(t, err, parts)
		if spec != nil {
			t.Errorf("%q: a specification beside the error", text)
		}
	}
}

// checkParseLine allows the list of all forms to be longer than other errors.
func checkParseLine(t *testing.T, err error, parts []string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, expected one with %q", parts)
		return
	}
	text := err.Error()
	if strings.ContainsAny(text, "\n\r") || len(text) > 900 || !strings.HasPrefix(text, "wiring") {
		t.Errorf("not one line with its place: %q", text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not hold %q", text, part)
		}
	}
}

// randomSpec is a legal specification of any kind, options set or not.
func randomSpec(r *rand.Rand) Spec {
	maybe := func(n int) int { return r.IntN(2) * n }
	seed := []Seed{0, SeedZero, NewSeed(r.Uint32())}[r.IntN(3)]
	units := 4 + r.IntN(60)
	switch r.IntN(4) {
	case 0:
		return AutoNCP{units, 1 + r.IntN(units-3), float64(maybe(1)) * (0.1 + 0.9*r.Float64()), seed}
	case 1:
		return FullyConnected{units, maybe(units), r.IntN(2) == 0, seed}
	case 2:
		return Random{units, maybe(1 + r.IntN(units)), float64(maybe(1)) * r.Float64(), seed}
	}
	s := randomNCP(r)
	s.Recurrent, s.Seed = maybe(s.Recurrent), seed
	return s
}

// TestStringParses checks that every specification's text is read back as the same specification.
func TestStringParses(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 20000 {
		s := randomSpec(r)
		if got, err := Parse(s.String()); err != nil || got != s {
			t.Fatalf("%s: read back as %#v, %v, expected %#v", s, got, err, s)
		}
	}
}

// FuzzParse looks for texts that panic, give more than one line, or are not read back from their own String.
func FuzzParse(f *testing.F) {
	for _, s := range specs {
		f.Add(s.String())
	}
	f.Add("full:8,noself=\n")
	f.Add("random:8,sparsity=1e-320")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			checkParseLine(t, err, nil)
			return
		}
		if got, err := Parse(s.String()); err != nil || got != s {
			t.Fatalf("%q is %#v, whose text %s is %#v, %v", text, s, s, got, err)
		}
	})
}
