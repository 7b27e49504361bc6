package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/elegans-nn/elegans/internal/nearest"
)

// takes demands one argument for each name.
func takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usage("%s is missing; write: %s", names[len(args)], cmd.UseLine())
		case len(args) > len(names) && len(names) == 0:
			return usage("%s takes no argument, not %q; write: %s", cmd.CommandPath(), args[0], cmd.UseLine())
		case len(args) > len(names):
			return usage("%q is one argument too many; write: %s", args[len(names)], cmd.UseLine())
		}
		return nil
	}
}

// unknownCommand suggests the nearest name.
func unknownCommand(cmd *cobra.Command, word string) error {
	var known []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			known = append(known, sub.Name())
		}
	}
	return usage("unknown command %q of %s%s (%s --help lists them)", word, cmd.CommandPath(), suggestion(word, "", known), cmd.CommandPath())
}

// flagError rewrites the errors of the flag parser: what is wrong, and the fix.
func flagError(cmd *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	if word := firstWord(cmd.Flags().Args()); word != "" && cmd.HasSubCommands() {
		return unknownCommand(cmd, word) // its flags are unknown because it is
	}
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	var needed *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		dashes := "--"
		if unknown.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		return usage("unknown flag %s%s%s (%s --help lists them)", dashes, name, suggestion(name, "--", flagNames(cmd)), cmd.CommandPath())
	case errors.As(err, &value):
		return usage("--%s %q: %s", value.GetFlag().Name, value.GetValue(), wrongValue(value))
	case errors.As(err, &needed):
		kind, _ := pflag.UnquoteUsage(needed.GetFlag())
		return usage("--%s needs a value; write --%s %s", needed.GetFlag().Name, needed.GetFlag().Name, strings.ToUpper(kind))
	}
	return usage("%v (%s --help)", err, cmd.CommandPath())
}

// wrongValue says what a flag takes. Flags of this program's own types say so themselves.
func wrongValue(e *pflag.InvalidValueError) string {
	if errors.Is(e, strconv.ErrRange) {
		return "the number is out of range"
	}
	switch kind := e.GetFlag().Value.Type(); {
	case strings.HasPrefix(kind, "int"):
		return "is no whole number"
	case strings.HasPrefix(kind, "uint"):
		return "is no whole number from 0 up"
	case strings.HasPrefix(kind, "float"):
		return "is no number"
	case kind == "bool":
		return "is neither true nor false"
	}
	return errors.Unwrap(e).Error()
}

func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// suggestion is "; did you mean X?" for the nearest of the known names; empty where none is near.
func suggestion(name, prefix string, known []string) string {
	if found := nearest.Name(name, known); found != "" {
		return fmt.Sprintf("; did you mean %s%s?", prefix, found)
	}
	return ""
}

// oneOf is a flag whose values are listed.
type oneOf[T ~string] struct {
	value   *T
	allowed []T
}

func (f oneOf[T]) String() string {
	if f.value == nil {
		return ""
	}
	return string(*f.value)
}

func (f oneOf[T]) Type() string { return "NAME" }

func (f oneOf[T]) values() (names []string) {
	for _, a := range f.allowed {
		names = append(names, string(a))
	}
	return names
}

func (f oneOf[T]) Set(text string) error {
	for _, a := range f.allowed {
		if string(a) == text {
			*f.value = a
			return nil
		}
	}
	return fmt.Errorf("is unknown; allowed: %s", strings.Join(f.values(), ", "))
}
