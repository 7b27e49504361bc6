package table

import (
	"math"
	"strconv"
	"strings"
)

// absent markers are missing in every column.
var absent = map[string]bool{
	"": true, "?": true, "NA": true, "N/A": true, "n/a": true, "#N/A": true, "<NA>": true,
	"NaN": true, "nan": true, "NAN": true, "-nan": true, "-NaN": true, "null": true, "NULL": true, "Null": true,
}

// vague markers are missing among numbers only: in a column of words "None" or "-" is as good a word as any (the traffic
// data have a holiday named None on every ordinary day).
var vague = map[string]bool{"None": true, "none": true, "NONE": true, "na": true, "-": true, "--": true, ".": true}

// infinities are the spellings of Inf, lower case, without sign.
var infinities = map[string]bool{"inf": true, "infinity": true}

// spellsNaN tells a literal not-a-number from the other markers of a missing cell.
func spellsNaN(cell string) bool {
	return strings.EqualFold(strings.TrimLeft(cell, "+-"), "nan")
}

// pow10 holds the powers of ten that are exact in float64.
var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
	1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseNumber reads a whole cell as a decimal number, correctly rounded. It refuses what strconv.ParseFloat accepts
// beyond that: hexadecimal digits, underscores, "nan", and values too large for float64.
func parseNumber(cell []byte) (v float64, ok bool) {
	mantissa, exponent, exact, ok := scanDecimal(cell)
	if !ok {
		return parseInf(cell)
	}
	if !exact {
		v, err := strconv.ParseFloat(string(cell), 64)
		return v, err == nil
	}
	v = float64(mantissa)
	if exponent < 0 {
		v /= pow10[-exponent] // one rounding of two exact numbers
	} else {
		v *= pow10[exponent]
	}
	if cell[0] == '-' {
		v = -v
	}
	return v, true
}

// scanDecimal checks the grammar [+-] digits [. digits] [(e|E) [+-] digits]. exact says that mantissa and 10^|exponent|
// are exact in float64, so that one operation gives the rounded value.
func scanDecimal(cell []byte) (mantissa uint64, exponent int, exact, ok bool) {
	i := 0
	if len(cell) > 0 && (cell[0] == '+' || cell[0] == '-') {
		i++
	}
	digits, significant, point := 0, 0, -1
	for ; i < len(cell); i++ {
		c := cell[i]
		if c == '.' && point < 0 {
			point = digits
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		digits++
		if significant > 0 || c != '0' {
			significant++
		}
		mantissa = mantissa*10 + uint64(c-'0') // wraps where significant > 19: not exact then
	}
	if digits == 0 {
		return 0, 0, false, false
	}
	if point >= 0 {
		exponent = point - digits
	}
	exact = significant <= 19 && mantissa < 1<<53 && exponent >= -22
	if i == len(cell) {
		return mantissa, exponent, exact, true
	}
	return mantissa, exponent, false, isExponent(cell[i:])
}

func isExponent(part []byte) bool {
	if part[0] != 'e' && part[0] != 'E' {
		return false
	}
	part = part[1:]
	if len(part) > 0 && (part[0] == '+' || part[0] == '-') {
		part = part[1:]
	}
	for _, c := range part {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(part) > 0
}

func parseInf(cell []byte) (float64, bool) {
	if len(cell) < 3 || len(cell) > len("+infinity") {
		return 0, false
	}
	word, sign := strings.ToLower(string(cell)), 1
	switch word[0] {
	case '-':
		sign = -1
		word = word[1:]
	case '+':
		word = word[1:]
	}
	if !infinities[word] {
		return 0, false
	}
	return math.Inf(sign), true
}

// formatNumber is the shortest text that reads back as v; "" for NaN.
func formatNumber(v float64) string {
	switch {
	case v != v:
		return ""
	case math.IsInf(v, 1):
		return "Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// float16 widens an IEEE 754 half-precision number.
func float16(bits uint16) float64 {
	sign, exponent, fraction := 1.0, int(bits>>10&31), float64(bits&1023)
	if bits&0x8000 != 0 {
		sign = -1
	}
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		return math.Inf(int(sign))
	case exponent == 0:
		return sign * math.Ldexp(fraction, -24)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}
