package replace

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// One holder at a time, also where many ask again and again.
func TestHold(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("locks of this system were never tried")
	}
	path := filepath.Join(t.TempDir(), "a.lock")
	release, held, err := Hold(path)
	if err != nil || !held {
		t.Fatalf("held %v, %v", held, err)
	}
	if _, twice, err := Hold(path); twice || err != nil {
		t.Errorf("held twice (%v)", err)
	}
	release()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is left (%v)", err)
	}
	var inside, most, times atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				release, held, err := Hold(path)
				if err != nil {
					t.Error(err)
					return
				}
				if !held {
					continue
				}
				most.Store(max(most.Load(), inside.Add(1)))
				times.Add(1)
				inside.Add(-1)
				release()
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 || times.Load() == 0 {
		t.Errorf("%d held it at once, %d times in all", most.Load(), times.Load())
	}
	if _, _, err := Hold(filepath.Join(t.TempDir(), "no", "a.lock")); err == nil {
		t.Error("a path without a directory is held")
	}
}
