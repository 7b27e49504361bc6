package table

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestParseNumber(t *testing.T) {
	inf := math.Inf(1)
	for text, want := range map[string]float64{
		"0": 0, "7": 7, "+5": 5, "-3.25": -3.25, ".5": 0.5, "5.": 5, "1e-3": 1e-3, "2.5E+4": 25000, "007": 7,
		"0.1": 0.1, "123456789012345678": 123456789012345678, "9007199254740993": 9007199254740992,
		"0.00479298817650529": 0.00479298817650529, "4.9e-324": 5e-324, "1e-400": 0, "1.7976931348623157e308": math.MaxFloat64,
		"inf": inf, "-Inf": -inf, "+Infinity": inf, "INF": inf,
		"99999999999999999999999": 99999999999999999999999, "0.00000000000000000000000001": 1e-26,
	} {
		if got, ok := parseNumber([]byte(text)); !ok || got != want {
			t.Errorf("parseNumber(%q) = %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "+", "-", ".", "e5", "1e", "1e+", "1,5", "1_000", "0x10", "0x1p-2", "1 2", "1.2.3",
		"12abc", "--5", "nan", "NaN", "infinit", "1e400", "-1e400", "٣", "1f", "i", "+-inf", "++inf"} {
		if v, ok := parseNumber([]byte(text)); ok {
			t.Errorf("parseNumber(%q) = %v, want a refusal", text, v)
		}
	}
	if v, _ := parseNumber([]byte("-0.0")); !math.Signbit(v) {
		t.Error("-0.0 lost its sign")
	}
}

// The fast path must give the same bits as the correctly rounding parser of the standard library.
func TestParseNumberAgainstStrconv(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200000 {
		text := strconv.FormatUint(r.Uint64()>>r.IntN(64), 10)
		if cut := r.IntN(len(text) + 1); r.IntN(4) > 0 {
			text = text[:cut] + "." + text[cut:]
		}
		text = strings.Repeat("0", r.IntN(3)) + text
		if r.IntN(3) == 0 {
			text = "-" + text
		}
		if text == "." || text == "-." {
			continue
		}
		want, err := strconv.ParseFloat(text, 64)
		got, ok := parseNumber([]byte(text))
		if err != nil || !ok || math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("parseNumber(%q) = %v, %v, want %v", text, got, ok, want)
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, seed := range []string{"1.5", "-2e-7", "inf", "0x1", "1_0", "1e400"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parseNumber([]byte(text))
		want, err := strconv.ParseFloat(text, 64)
		refused := strings.ContainsAny(text, "_xXpP") || strings.EqualFold(strings.TrimLeft(text, "+-"), "nan")
		if ok != (err == nil && !refused) {
			t.Fatalf("parseNumber(%q) = %v, %v; strconv says %v, %v", text, got, ok, want, err)
		}
		if ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("parseNumber(%q) = %v, want %v", text, got, want)
		}
	})
}

func TestFloat16(t *testing.T) { // IEEE 754-2019, table 3.5 and the examples of binary16
	for bits, want := range map[uint16]float64{0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: 6.103515625e-05,
		0x0001: 5.960464477539063e-08, 0x3555: 0.333251953125, 0x7c00: math.Inf(1), 0xfc00: math.Inf(-1)} {
		if got := float16(bits); got != want {
			t.Errorf("float16(%#x) = %v, want %v", bits, got, want)
		}
	}
	if v := float16(0x7e01); v == v {
		t.Errorf("float16(0x7e01) = %v, want NaN", v)
	}
}

func TestInternerAgainstMap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var in interner
	want := map[string]int32{}
	for range 100000 {
		text := strconv.Itoa(r.IntN(30000)) + strings.Repeat("x", r.IntN(3)*r.IntN(40))
		code, known := want[text]
		if !known {
			code = int32(len(want))
			want[text] = code
		}
		if got := in.code([]byte(text)); got != code {
			t.Fatalf("code(%q) = %d, want %d", text, got, code)
		}
	}
	for text, code := range want { // blocks handed out early must not have moved
		if in.levels[code] != text {
			t.Fatalf("level %d is %q, want %q", code, in.levels[code], text)
		}
	}
}

func TestLineIndex(t *testing.T) {
	for _, lines := range [][]int{{1, 2, 3}, {2, 3, 5, 6, 6, 6, 7, 9}, {4, 4, 4, 5, 5}, {0, 0, 0}, {3, 3, 4, 4, 5, 5}, {7}} {
		var x lineIndex
		for row, line := range lines {
			x.add(row, line)
		}
		for row, want := range lines {
			if got := x.line(row); got != want {
				t.Errorf("%v: row %d is on line %d, want %d", lines, row, got, want)
			}
		}
	}
}
