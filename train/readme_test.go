package train_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadme: the program in the README is the example that runs as a test, word by word.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(readme), "<!-- example -->\n")
	if len(parts) != 3 {
		t.Fatalf("the README has %d marks of the example, want 2", len(parts)-1)
	}
	code := strings.TrimSuffix(strings.TrimPrefix(parts[1], "```go\n"), "```\n")
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(code) < 500 || !strings.Contains(string(source), "func Example() {\n"+code+"}\n") {
		t.Errorf("the program in the README is not the body of Example:\n%s", code)
	}
}
