package journal_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/elegans-nn/elegans/journal"
)

// A counter whose additions are in a journal: its value after any record can be rebuilt.
func Example() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	j, err := journal.Open(filepath.Join(dir, "counter"), journal.Options{Policy: journal.EveryInterval})
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	for _, n := range []byte{3, 4, 100} {
		if _, err := j.Append(1, time.Now(), []byte{n}); err != nil {
			log.Fatal(err)
		}
	}
	if _, err := j.Rollback(1, time.Now(), 2, []byte("100 was a mistake")); err != nil {
		log.Fatal(err)
	}
	for at := range j.Last() + 1 {
		value := 0
		err := j.Replay(at, func(r journal.Record) error {
			value += int(r.Payload[0])
			return nil
		})
		fmt.Println(at, value, err)
	}
	// Output:
	// 0 0 <nil>
	// 1 3 <nil>
	// 2 7 <nil>
	// 3 107 <nil>
	// 4 7 <nil>
}
