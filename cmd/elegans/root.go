package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

// commands are listed here, one line each, in the order in which a newcomer needs them.
var commands = []func(*console) *cobra.Command{
	newTrain,
	newCompare,
	newAverage,
	newEval,
	newPredict,
	newAdapt,
	newJournal,
	newData,
	newModels,
	newWiring,
	newInspect,
	newImport,
	newExport,
	newResults,
	newBench,
	newDoctor,
	newVersion,
	newCompletion,
	newMan,
}

// overview is what elegans alone prints before the list of commands. Its first two lines are how to start.
const overview = `elegans train occupancy                    train a liquid network on built-in sensor data, compare it, write a report
elegans train FILE.csv --target COLUMN     the same on your own data

elegans trains liquid neural networks (LTC, CfC, NCP) on irregular time series: gaps, jitter and missing values are part
of the data. Each run is compared with baselines that could embarrass it, over several seeds, on data that nothing was
fitted to.

Results go to standard output, progress and notes to standard error. Exit codes: 0 ok, 1 failed, 2 usage, 4 file or
built-in name not found, 5 bad data or model file, 130 interrupted.`

// execute runs the command that the arguments name.
func execute(ctx context.Context, c *console, args []string) error {
	root := newRoot(c)
	root.SetArgs(args)
	if completes(args) {
		plain(root)
	}
	_, err := root.ExecuteContextC(ctx)
	if err == nil {
		return nil
	}
	// The library's error for an unknown command has no type, so the command is looked up again.
	if _, _, missing := root.Find(args); missing != nil {
		return unknownCommand(root, firstWord(args))
	}
	return err
}

func newRoot(c *console) *cobra.Command {
	root := &cobra.Command{
		Use:           "elegans",
		Short:         "liquid neural networks for irregular time series",
		Long:          overview,
		Example:       "  elegans data list\n  elegans models",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("elegans {{.Version}}\n")
	root.CompletionOptions.DisableDefaultCmd = true
	root.DisableAutoGenTag = true
	root.PersistentFlags().BoolVarP(&c.quiet, "quiet", "q", false, "no progress, notes and warnings; errors stay")
	for _, make := range commands {
		root.AddCommand(make(c))
	}
	root.SetHelpCommand(newHelp(root))
	inOrder(root)
	complete(root)
	return root
}

// inOrder lists the flags of all commands in the order in which they were added: the most used first.
func inOrder(cmd *cobra.Command) {
	cmd.Flags().SortFlags = false
	for _, below := range cmd.Commands() {
		inOrder(below)
	}
}

// newHelp makes a wrong topic an error, as a wrong command is.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Print the help of a command",
		Long:    "Print the help of a command, as COMMAND --help does.",
		Example: "  elegans help data audit",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(cmd, strings.Join(args, " "))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, word string) (words []string, _ cobra.ShellCompDirective) {
			if cmd, rest, err := root.Find(args); err == nil && len(rest) == 0 {
				for _, below := range cmd.Commands() {
					if below.IsAvailableCommand() {
						words = append(words, cobra.CompletionWithDesc(below.Name(), below.Short))
					}
				}
			}
			return starting(words, word), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// group makes a command that only has commands below it.
func group(use, short, long, example string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Example: example}
	var names []string
	for _, b := range below {
		cmd.AddCommand(b)
		names = append(names, b.Name())
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return usage("%s needs one of its commands: %s (%s --help explains them)", cmd.CommandPath(), strings.Join(names, ", "), cmd.CommandPath())
	}
	return cmd
}

// firstWord is the first argument that is no flag.
func firstWord(args []string) string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			return a
		}
	}
	return ""
}
