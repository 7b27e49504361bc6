package table

import (
	"hash/maphash"
	"strings"
	"unicode/utf8"
)

// interner numbers distinct texts in order of first appearance. A column of distinct time stamps is the common bad case,
// so the texts share large blocks and the hash table holds only their numbers: about 30 bytes a level beside its
// letters, where a Go map of strings takes over 100.
type interner struct {
	levels []string
	slots  []int32 // open addressing: level+1, 0 is free; the length is a power of two
	seed   maphash.Seed
	block  strings.Builder
}

const internBlock = 1 << 16

// code is the number of the text, which is stored when it is new.
func (in *interner) code(text []byte) int32 {
	if len(in.levels)*2 >= len(in.slots) {
		in.grow()
	}
	slot := in.find(text)
	if in.slots[slot] == 0 {
		in.levels = append(in.levels, in.keep(text))
		in.slots[slot] = int32(len(in.levels))
	}
	return in.slots[slot] - 1
}

func (in *interner) find(text []byte) uint64 {
	mask := uint64(len(in.slots) - 1)
	slot := maphash.Bytes(in.seed, text) & mask
	for in.slots[slot] != 0 && in.levels[in.slots[slot]-1] != string(text) {
		slot = (slot + 1) & mask
	}
	return slot
}

func (in *interner) grow() {
	if in.slots == nil {
		in.seed = maphash.MakeSeed()
	}
	in.slots = make([]int32, max(16, 2*len(in.slots)))
	mask := uint64(len(in.slots) - 1)
	for i, level := range in.levels {
		slot := maphash.String(in.seed, level) & mask
		for in.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		in.slots[slot] = int32(i + 1)
	}
}

// keep copies the text into the current block; what was handed out before keeps pointing into its own block.
func (in *interner) keep(text []byte) string {
	if in.block.Cap()-in.block.Len() < len(text) {
		in.block = strings.Builder{}
		in.block.Grow(max(min(internBlock, 64<<min(len(in.levels)/8, 10)), len(text)))
	}
	from := in.block.Len()
	in.block.Write(text)
	return in.block.String()[from:]
}

// validText reads bytes that are not UTF-8 as Latin-1, the usual encoding of files that are not.
func validText(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	var out []byte
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			r = rune(text[0])
		}
		out = utf8.AppendRune(out, r)
		text = text[n:]
	}
	return out
}
