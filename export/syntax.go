package export

import (
	"strconv"
	"strings"

	"github.com/elegans-nn/elegans/step"
)

// syntax is how a language writes what stands between numbers, as formats. What is printed is the same in all: the walk of
// writer.go.
type syntax struct {
	prefix string // of the names of functions and tables
	end    string // of a statement
	count  string // after a whole number that counts something
	float  string // the type of numbers
	zero   string // as a sum begins
	// let declares a name of a type that stands for a value, and variable one that changes; cursor a position in a list of edges.
	let, variable, cursor string
	// loop begins a loop by its variable and the number of turns, edges one of a cursor up to the end of a row's edges, test a block
	// by two numbers, the first of which is larger in it.
	loop, edges, test string
	product           string
	state             string // by its number, and a component
	// table is an array by its type, name, length and values; unsigned the type of whole numbers of some bits; entry one of those
	// by bits, table and index, and constant one of a table of numbers.
	table, unsigned, entry, constant string
	// copy copies numbers that stand side by side; nothing where a loop does that.
	copy   string
	number func(v float32) string
	rules  map[step.Op]rule
}

// rule prints an element-wise operation: an expression of its operands, %[1]s, %[2]s, …, which calls the helper named, or a call
// of the helper. All others are in structured.
type rule struct{ format, helper string }

// call is the rule of an operation that is a helper.
func call(name string) rule { return rule{helper: name} }

var syntaxOfC = &syntax{
	prefix: "@", end: ";", count: "U", float: "float", zero: "0.0f",
	let: "const %[1]s %[2]s = %[3]s", variable: "%[1]s %[2]s = %[3]s", cursor: "unsigned %s = 0",
	loop:  "for (unsigned %[1]s = 0; %[1]s < %[2]dU; %[1]s++) {",
	edges: "for (const unsigned end = %[1]s; %[2]s < end; %[2]s++) {",
	test:  "if (%s > %s) {", product: "%s * %s", state: "s->h%d[%s]",
	table: "static const %[1]s %[2]s[%[3]d] @ROM = {%[4]s};\n", unsigned: "uint%d_t",
	entry: "@RD%d(&%s[%s])", constant: "@RD(&%s[%s])",
	copy: "@copy(&%s, &%s, %s)", number: number, rules: cRules,
}

// In Go a product stands in a conversion, so that it is rounded on every machine.
var syntaxOfGo = &syntax{
	float: "float32", zero: "float32(0)",
	let: "%[2]s := %[3]s", variable: "%[2]s := %[3]s", cursor: "%s := 0",
	loop:  "for %[1]s := 0; %[1]s < %[2]d; %[1]s++ {",
	edges: "for end := %[1]s; %[2]s < end; %[2]s++ {",
	test:  "if %s > %s {", product: "float32(%s * %s)", state: "s.H%d[%s]",
	table: "var %[2]s = [%[3]d]%[1]s{%[4]s\n}\n\n", unsigned: "uint%d",
	entry: "int(%[2]s[%[3]s])", constant: "%s[%s]",
	number: goNumber, rules: goRules,
}

// number is a constant that reads back to the same bits.
func number(v float32) string {
	text := strconv.FormatFloat(float64(v), 'g', -1, 32)
	if v-v != 0 {
		panic(refused("a weight, or what follows from weights, is %s", text))
	}
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	if v < 0 || text[0] == '-' {
		return "(" + text + "f)"
	}
	return text + "f"
}

// goNumber is a constant that reads back to the same bits, but for the sign of zero, which Go's constants do not have.
func goNumber(v float32) string {
	if v-v != 0 {
		panic(refused("a weight, or what follows from weights, is %g", v))
	}
	return strconv.FormatFloat(float64(v+0), 'g', -1, 32) // -0 + 0 is 0
}
