package main

import (
	"context"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	"github.com/convexnn/convexnn/arrangements"
)

// samplerFlags say which activation patterns to draw.
type samplerFlags struct {
	patterns int
	name     string
	sampler  arrangements.Sampler // set by check
}

func (f *samplerFlags) register(fs *pflag.FlagSet) {
	fs.IntVar(&f.patterns, "patterns", 500, "number `N` of distinct activation patterns to sample")
	fs.StringVar(&f.name, "sampler", "mixed", "distribution of the patterns: `mixed|gaussian|pairs`")
}

func (f *samplerFlags) check() (err error) {
	if f.patterns < 1 {
		return usagef("--patterns must be at least 1, got %d", f.patterns)
	}
	if f.sampler, err = arrangements.ParseSampler(f.name); err != nil {
		return usagef("--sampler %q is none of mixed, gaussian, pairs", f.name)
	}
	return nil
}

// limitFlags bound what a run may take.
type limitFlags struct {
	time    time.Duration
	memory  size
	threads int
}

func (f *limitFlags) register(fs *pflag.FlagSet) {
	fs.DurationVar(&f.time, "time-limit", 0, "stop after the time `D`, such as 90s or 10m, with the best so far (default none)")
	fs.Var(&f.memory, "memory-limit", "refuse work that needs more memory than `SIZE`, such as 4GB (default half of the machine's)")
	fs.IntVar(&f.threads, "threads", 0, "use at most `N` processors (default all)")
}

func (f *limitFlags) check(flags *pflag.FlagSet) error {
	if flags.Changed("time-limit") && f.time <= 0 {
		return usagef("--time-limit must be positive, got %v", f.time)
	}
	if flags.Changed("threads") && f.threads < 1 {
		return usagef("--threads must be at least 1, got %d", f.threads)
	}
	return nil
}

// context returns a context that ends with an interrupt or the time limit.
func (f *limitFlags) context(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := interruptible(parent)
	if f.time == 0 {
		return ctx, stop
	}
	ctx, cancel := context.WithTimeout(ctx, f.time)
	return ctx, func() { cancel(); stop() }
}

// useThreads sets the number of processors and returns the function that resets
// it.
func (f *limitFlags) useThreads() (reset func()) {
	if f.threads == 0 {
		return func() {}
	}
	before := runtime.GOMAXPROCS(f.threads)
	return func() { runtime.GOMAXPROCS(before) }
}
