package main

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/elegans-nn/elegans/cell"
	"github.com/elegans-nn/elegans/dataset"
	"github.com/elegans-nn/elegans/suite"
	"github.com/elegans-nn/elegans/wiring"
)

// shells are those that the library writes completion for.
var shells = []struct {
	name  string
	write func(root *cobra.Command, w io.Writer) error
}{
	{"bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", func(root *cobra.Command, w io.Writer) error { return root.GenZshCompletion(w) }},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", func(root *cobra.Command, w io.Writer) error { return root.GenPowerShellCompletionWithDesc(w) }},
}

func shellNames() (names []string) {
	for _, s := range shells {
		names = append(names, s.name)
	}
	return names
}

func newCompletion(c *console) *cobra.Command {
	names := shellNames()
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `Print the script with which a shell completes commands, flags, models and built-in data sets.

SHELL is bash, zsh, fish or powershell.`,
		Example: "  source <(elegans completion bash)\n  elegans completion fish > ~/.config/fish/completions/elegans.fish",
		Args:    takes("SHELL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			i := slices.Index(names, args[0])
			if i < 0 {
				return usage("unknown shell %q%s; allowed: %s", args[0], suggestion(args[0], "", names), strings.Join(names, ", "))
			}
			return shells[i].write(cmd.Root(), c.out)
		},
	}
}

// What stands for an argument or the value of a flag, by its name in the usage, is completed by what is registered under
// it. More is a file, or the beginning of a word that goes on.
var completers = map[string]struct {
	known func(args []string) []string
	more  cobra.ShellCompDirective
}{
	"DATA":       {named(builtinNames), cobra.ShellCompDirectiveDefault},
	"IN":         {named(builtinNames), cobra.ShellCompDirectiveDefault},
	"OUT":        {named(nil), cobra.ShellCompDirectiveDefault},
	"MODEL":      {named(nil), cobra.ShellCompDirectiveDefault},
	"FILE":       {named(nil), cobra.ShellCompDirectiveDefault},
	"CKPT":       {named(nil), cobra.ShellCompDirectiveDefault},
	"DIR":        {named(nil), cobra.ShellCompDirectiveFilterDirs},
	"--golden":   {named(nil), cobra.ShellCompDirectiveDefault}, // a directory or a file
	"SHELL":      {named(shellNames), cobra.ShellCompDirectiveNoFileComp},
	"FORMAT":     {named(writable), cobra.ShellCompDirectiveNoFileComp},
	"SPEC":       {named(wiringForms, wiredModels), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace},
	"--wiring":   {named(wiringForms), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace},
	"--model":    {named(models), cobra.ShellCompDirectiveNoFileComp},
	"--models":   {named(compareNames), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace},
	"--tasks":    {named(taskNames), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace},
	"--metric":   {named(func() []string { return metricNames(nil) }), cobra.ShellCompDirectiveNoFileComp},
	"--protocol": {protocols, cobra.ShellCompDirectiveNoFileComp},
}

func taskNames() (names []string) {
	for _, t := range suite.Tasks() {
		names = append(names, t.Name)
	}
	return names
}

// named are names that do not depend on the arguments so far.
func named(lists ...func() []string) func([]string) []string {
	return func([]string) (all []string) {
		for _, list := range lists {
			if list != nil {
				all = append(all, list()...)
			}
		}
		return all
	}
}

// completion tells what a word can be: names under which something is registered, else a file, else nothing.
func completion(keys ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		for _, key := range keys {
			if c, ok := completers[key]; ok {
				return starting(c.known(args), word), c.more
			}
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// starting are the words that begin as what was typed.
func starting(words []string, typed string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return !strings.HasPrefix(w, typed) })
}

// complete completes the arguments and flags of a command and of those below, from what they say of themselves: the words
// in capitals of its use, the values of a flag that lists them, and the name that stands for the value of another.
func complete(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		complete(below)
	}
	var places []string
	many := false // the last one may be repeated
	for _, word := range strings.Fields(cmd.Use)[1:] {
		if strings.HasPrefix(word, "--") {
			break // its own value follows
		}
		word, many = strings.CutSuffix(word, "...")
		places = append(places, word)
	}
	if len(places) > 0 && cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) >= len(places) && !many {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completion(places[min(len(args), len(places)-1)])(cmd, args, word)
		}
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.NoOptDefVal != "" {
			return // a switch takes no value
		}
		name, _ := pflag.UnquoteUsage(f)
		complete := completion("--"+f.Name, name)
		if v, ok := f.Value.(interface{ values() []string }); ok {
			complete = func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
				return starting(v.values(), word), cobra.ShellCompDirectiveNoFileComp
			}
		}
		// It fails where the flag is not there or was completed already, and neither can be.
		_ = cmd.RegisterFlagCompletionFunc(f.Name, complete)
	})
}

// plain takes the marks of names from the usage of all flags: help shows them without, the library's completion does not.
func plain(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		plain(below)
	}
	for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
		flags.VisitAll(func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) })
	}
}

// completes tells whether a shell asks for completions.
func completes(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

func models() (words []string) {
	for _, p := range cell.Presets() {
		words = append(words, cobra.CompletionWithDesc(p.Name, p.Summary))
	}
	return words
}

// wiredModels are the models that have a wiring.
func wiredModels() (words []string) {
	for _, p := range cell.Presets() {
		if p.Wiring != nil {
			words = append(words, cobra.CompletionWithDesc(p.Name, p.Summary))
		}
	}
	return words
}

// wiringForms are the beginnings of specifications.
func wiringForms() (words []string) {
	for _, f := range wiring.Forms() {
		words = append(words, cobra.CompletionWithDesc(f.Name+":", f.Usage))
	}
	return words
}

// protocols are those of the built-in data set that is named, or of all.
func protocols(args []string) (words []string) {
	for _, b := range dataset.Builtins() {
		if len(args) > 0 && args[0] != b.Name {
			continue
		}
		for _, p := range b.Protocols {
			words = append(words, cobra.CompletionWithDesc(p.Name, b.Name+": "+p.Description))
		}
	}
	return words
}
