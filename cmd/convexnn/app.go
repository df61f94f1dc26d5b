package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/convexnn/convexnn/internal/kernel"
)

// The exit statuses.
const (
	exitDone = iota
	exitFailed
	exitUsage
	exitStopped
)

// A usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// An app is one run of the command.
type app struct {
	out, err *stream
	stopped  bool // a usable result was written, but not that of the full work
}

// run runs the command with the arguments after its name and returns its exit
// status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{out: &stream{w: stdout}, err: &stream{w: stderr}}
	err := a.execute(ctx, args)
	if err == nil && a.out.err != nil {
		err = fmt.Errorf("cannot write to standard output: %w", cause(a.out.err))
	}
	if err != nil {
		fmt.Fprintf(a.err, "convexnn: %s\n", oneLine(err))
	}
	switch usage := (usageError{}); {
	case errors.As(err, &usage):
		return exitUsage
	case err != nil:
		return exitFailed
	case a.stopped:
		return exitStopped
	}
	return exitDone
}

func (a *app) execute(ctx context.Context, args []string) error {
	root := a.rootCommand()
	if args == nil {
		args = []string{} // nil would mean those of the process
	}
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.InitDefaultHelpCmd() // or Find would not know it
	if _, _, err := root.Find(args); err != nil {
		return unknownCommand(root, args)
	}
	return root.ExecuteContext(ctx)
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "convexnn",
		Short: "Train two-layer ReLU networks from tables by convex optimisation",
		Long: `Convexnn trains two-layer ReLU networks from tables by convex optimisation and
says what is proved of their optimality. It brackets networks that come from
elsewhere, and checks proofs again.

Exit status: 0 done (a note says so where --tol was not reached), 1 failed, 2 wrong
usage, 3 stopped early with a usable result.`,
		Example: `  convexnn train breast-cancer --out model.json
  convexnn predict model.json patients.csv`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if _, err := kernel.Version(); err != nil {
				return usageError{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprint(a.err, cmd.UsageString())
			return usagef("no command given")
		},
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		a.trainCommand(), a.exactCommand(), a.relaxCommand(), a.linearCommand(), a.flowCommand(), a.pathCommand(), a.compareCommand(), a.predictCommand(), a.evaluateCommand(),
		a.certifyCommand(), a.verifyCommand(), a.patternsCommand(), a.datasetsCommand(), a.versionCommand(),
	)
	return root
}

// unknownCommand is the error for a first word that is no command.
func unknownCommand(root *cobra.Command, args []string) error {
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			continue
		}
		if near := root.SuggestionsFor(arg); len(near) > 0 {
			return usagef("unknown command %q; did you mean %s?", arg, strings.Join(near, " or "))
		}
		return usagef("unknown command %q; see convexnn --help", arg)
	}
	return usagef("no command given; see convexnn --help")
}

// noArguments refuses positional arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// interruptible returns a context that ends with the first interrupt. The second
// one ends the process.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// A stream is an output that a closed pipe ends without an error: what follows
// is dropped. Any other error is kept.
type stream struct {
	w      io.Writer
	err    error
	closed bool
}

func (s *stream) Write(p []byte) (int, error) {
	if s.closed || s.err != nil {
		return len(p), nil
	}
	if _, err := s.w.Write(p); errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		s.closed = true
	} else if err != nil {
		s.err = err
	}
	return len(p), nil
}

// oneLine returns the text of err without line breaks.
func oneLine(err error) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", " ")), " ")
}
