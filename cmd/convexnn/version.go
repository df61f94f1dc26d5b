package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/convexnn/convexnn/internal/kernel"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of convexnn and of Go, and the kernels in use",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			loops, _ := kernel.Version()
			fmt.Fprintf(a.out, "convexnn %s %s %s/%s kernels/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, loops)
			return nil
		},
	}
}

// version returns the module version that the binary was built from, "devel" if
// it is not known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
