package dataset

import (
	"fmt"
	"strings"
	"testing"

	"github.com/elegans-nn/elegans/table"
)

func TestSourceRows(t *testing.T) {
	read := func(name, text string) *table.Table {
		tab, err := table.Read(strings.NewReader(text), name, table.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return tab
	}
	first := read("a.csv", "t,who,x\n30,u,1\n20,v,2\n10,u,3\n30,u,4\n25,v,5\n")
	second := read("b.csv", "t,who,x\n7,v,6\n7,v,7\n9,v,8\n")
	for _, c := range []struct {
		rule Duplicates
		want string
	}{
		{KeepAll, "[{0 1 30} {1 0 20} {0 0 10} {0 2 30} {1 1 25} {2 0 7} {2 1 7} {2 2 9}]"},
		{KeepFirst, "[{0 1 30} {1 0 20} {0 0 10} {0 -1 30} {1 1 25} {2 0 7} {2 -1 7} {2 1 9}]"},
		{KeepLast, "[{0 -1 30} {1 0 20} {0 0 10} {0 1 30} {1 1 25} {2 -1 7} {2 0 7} {2 1 9}]"},
	} {
		d, err := FromTables(Roles{Time: "t", Series: "who", Sort: true, Duplicates: c.rule}, first, second)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(d.SourceRows()); got != c.want {
			t.Errorf("%s: %s, want %s", c.rule, got, c.want)
		}
	}
}
