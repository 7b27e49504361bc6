package table

// HeaderMode says whether the first row of a CSV or TSV file names the columns.
type HeaderMode uint8

const (
	// HeaderDetect takes the first row as names when none of its cells is a number, a date or a missing marker.
	HeaderDetect HeaderMode = iota
	// HeaderPresent takes the first row as names.
	HeaderPresent
	// HeaderAbsent takes the first row as data; columns are named c0, c1, …
	HeaderAbsent
)

// All in Options.Spell stands for every column.
const All = "*"

// Options say how to read a file. The zero value detects everything and reads all columns.
type Options struct {
	// Columns to read, in this order; nil reads all. An unknown name is an *UnknownColumnError.
	Columns []string
	// Optional lists names in Columns, Text and Number that the source need not have.
	Optional []string
	// Text names columns that are Text whatever their cells look like (identifiers such as 007).
	Text []string
	// Number names columns that are Number even if fewer than half of their cells are numbers. A column named in both
	// lists is Text.
	Number []string
	// Missing lists markers of a missing cell besides the built-in ones (see the package comment), such as "-999" or
	// "unknown". They are compared with the whole cell; a marker that is a number also stands for every equal number of a
	// Number column, in binary formats too.
	Missing []string
	// Spell names columns of numbers whose cells are kept as the source spells them too (Column.Spelling), so that they can be
	// written again without a change; All stands for every column. Formats with types have no spelling.
	Spell []string
	// Delimiter of a CSV file; 0 detects comma, semicolon, tab, bar or runs of spaces. A space means runs of spaces.
	Delimiter rune
	// Header of a CSV file.
	Header HeaderMode
	// Format is one of Formats(); "" detects it from the content and the name.
	Format string
	// Member is the file to read inside a zip archive: its full name, or the end of it where that is unique. "" is right
	// for archives with one data file.
	Member string
}
