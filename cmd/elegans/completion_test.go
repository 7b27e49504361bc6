package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/metric"
	"github.com/elegans-nn/elegans/series"
	"github.com/elegans-nn/elegans/train"
)

// offered are the words that a shell offers for the last argument, and the directive that says what else it may be.
func offered(t *testing.T, line string, word string) (words []string, directive string) {
	t.Helper()
	args := append([]string{cobra.ShellCompRequestCmd}, append(strings.Fields(line), word)...)
	var out bytes.Buffer
	if code := run(context.Background(), args, strings.NewReader(""), &out, &bytes.Buffer{}); code != exitOK {
		t.Fatalf("%v: exit code %d", args, code)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, l := range lines[:len(lines)-1] {
		name, _, _ := strings.Cut(l, "\t")
		words = append(words, name)
	}
	return words, lines[len(lines)-1]
}

// TestCompletions: what is registered is offered where it can stand, and nowhere else.
func TestCompletions(t *testing.T) {
	const files, dirs, nothing, goesOn = ":0", ":16", ":4", ":6"
	var presets []string
	for _, p := range cell.Presets() {
		presets = append(presets, p.Name)
	}
	data := strings.Join(builtinNames(), " ")
	for _, c := range []struct{ line, word, want, directive string }{
		{"train", "", data, files}, {"train x.csv", "", "", nothing}, {"train", "oc", "occupancy", files},
		{"train --model", "", strings.Join(presets, " "), nothing},
		{"train --loss", "", strings.Join(losses(series.Classify, series.Regress), " "), nothing},
		{"train --optimiser", "", strings.Join(train.Optimisers(), " "), nothing},
		{"train --schedule", "", strings.Join(train.Schedules(), " "), nothing},
		{"train --task", "", "classify regress", nothing}, {"train --layout", "", "wide long", nothing},
		{"train --wiring", "", "auto: ncp: full: random:", goesOn}, {"train occupancy --protocol", "", "paper", nothing},
		{"train --target", "", "", nothing}, {"train --epochs", "", "", nothing}, {"train --out", "", "", files},
		{"wiring", "f", "full:", goesOn}, {"wiring", "cfc-ncp19", "cfc-ncp19-masked cfc-ncp19", goesOn}, {"wiring", "gru", "", goesOn},
		{"eval", "", "", files}, {"eval m.elegans", "", data, files}, {"predict", "", "", files}, {"predict m", "", data, files},
		{"inspect", "", "", files}, {"import ncps", "", "", files}, {"import ncps --mode", "", "default no_gate pure", nothing},
		{"data convert occupancy", "", "", files}, {"data convert --format", "", strings.Join(writable(), " "), nothing},
		{"data split --out-dir", "", "", dirs}, {"export c", "", "", files}, {"export c --out", "", "", dirs}, {"export go", "", "", files}, {"export go --out", "", "", dirs},
		{"export wasm --out", "", "", files}, {"export wasm --page", "", "", dirs}, {"export onnx --sequence", "", "", files}, {"doctor --golden", "", "", files}, {"man --dir", "", "", dirs},
		{"completion", "", "bash zsh fish powershell", nothing}, {"help data", "a", "audit", nothing},
	} {
		words, directive := offered(t, c.line, c.word)
		if got := strings.Join(words, " "); got != c.want || directive != c.directive {
			t.Errorf("%s %q: %q, %s; want %q, %s", c.line, c.word, got, directive, c.want, c.directive)
		}
	}
	words, _ := offered(t, "eval --metric", "")
	for _, m := range words {
		if _, err := metric.ByName(m); err != nil {
			t.Errorf("metric %s is offered: %v", m, err)
		}
	}
	if len(words) < 10 {
		t.Errorf("only %d metrics are offered", len(words))
	}
}

// TestEveryNameIsCompleted: a new flag or argument that is called as none before is entered among the completers, or says
// here that it is free.
func TestEveryNameIsCompleted(t *testing.T) {
	each(testRoot(), func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(f)
			_, byName := completers[name]
			_, byFlag := completers["--"+f.Name]
			_, listed := f.Value.(interface{ values() []string })
			if name == "NAME" && !byName && !byFlag && !listed && f.Name != "case" {
				t.Errorf("%s --%s takes a name and completes none", cmd.CommandPath(), f.Name)
			}
		})
		for _, word := range strings.Fields(cmd.Use)[1:] {
			if strings.HasPrefix(word, "--") {
				break
			}
			if _, ok := completers[strings.TrimSuffix(word, "...")]; !ok {
				t.Errorf("%s: argument %s is not completed", cmd.CommandPath(), word)
			}
		}
	})
}

// TestCompletedFlags: descriptions come without the marks that help takes away, and help keeps them.
func TestCompletedFlags(t *testing.T) {
	args := []string{cobra.ShellCompRequestCmd, "train", "--mo"}
	var out bytes.Buffer
	run(context.Background(), args, strings.NewReader(""), &out, &bytes.Buffer{})
	if text := out.String(); strings.Contains(text, "`") || !strings.Contains(text, "--model\tNAME of the model") {
		t.Errorf("flags are offered as %q", text)
	}
}
