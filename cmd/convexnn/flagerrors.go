package main

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError words an error of the flag parser for people: that of a value says
// what the flag takes, and not which function of Go refused it.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return usagef("%w; see %s --help", err, cmd.CommandPath())
	}
	name, value := invalid.GetFlag().Name, invalid.GetValue()
	switch invalid.GetFlag().Value.Type() {
	case "uint64":
		return usagef("--%s %q is not a whole number from 0 to 2^64-1", name, value)
	case "int":
		return usagef("--%s %q is not a whole number", name, value)
	case "intSlice":
		return usagef("--%s %q is not a list of whole numbers, such as 8,2", name, value)
	case "float64":
		return usagef("--%s %q is not a number", name, value)
	case "bool":
		return usagef("--%s %q is neither true nor false", name, value)
	case "duration":
		if v, err := strconv.ParseFloat(value, 64); err == nil && positive(v) {
			return usagef("--%s %s has no unit; write %[2]ss for seconds, or a time such as 10m", name, value)
		}
		return usagef("--%s %q is not a time; write it like 90s or 10m", name, value)
	case "SIZE", "N":
		return usagef("--%s %w", name, errors.Unwrap(invalid))
	}
	return usagef("%w", errors.Unwrap(invalid)) // those of package datasets name the flag
}
