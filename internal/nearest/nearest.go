// Package nearest finds the known name that somebody meant.
package nearest

import "strings"

// Name is the known name that the fewest edits turn into name, letter case aside; empty where more than about a third of
// its letters would change. Of equally near names the first one wins.
func Name(name string, known []string) string {
	letters := len([]rune(name))
	best, found := min(letters, letters/3+2), ""
	for _, k := range known {
		if d := Edits(strings.ToLower(name), strings.ToLower(k)); d < best {
			best, found = d, k
		}
	}
	return found
}

// Edits is the number of letters to insert, delete, change or swap with their neighbour to turn a into b.
func Edits(a, b string) int {
	from, to := []rune(a), []rune(b)
	before, last, row := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		before, last, row = last, row, before
		row[0] = i + 1
		for j, s := range to {
			change := last[j]
			if r != s {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && r == to[j-1] && s == from[i-1] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(to)]
}
