package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/convexnn/convexnn/convexnn"
)

// globalLimit ends a training of the mode global where no --time-limit is given. The
// last digits of its bracket take the most time, and are worth the least.
const globalLimit = time.Minute

// samplingFlags choose patterns, and so mean the mode sampled.
var samplingFlags = []string{"patterns", "sampler", "gates"}

// settleMode settles the mode as far as the flags tell, and refuses flags of another
// one.
func (f *trainFlags) settleMode(flags *pflag.FlagSet) error {
	chosen := "" // what is said of sampling
	for _, name := range samplingFlags {
		if chosen == "" && flags.Changed(name) {
			chosen = "--" + name
		}
	}
	gated := f.network != convexnn.ReLU
	if gated && chosen == "" {
		chosen = "--model gated"
	}
	switch {
	case f.mode == convexnn.Auto && chosen != "" && flags.Changed("max-cells"):
		return usagef("--max-cells is for --mode auto and enumerate, and %s means --mode sampled", chosen)
	case f.mode == convexnn.Auto && chosen != "":
		f.mode = convexnn.Sampled
	case (f.mode == convexnn.Sampled || f.mode == convexnn.Global) && flags.Changed("max-cells"):
		return usagef("--max-cells is for --mode auto and enumerate")
	case f.mode == convexnn.Sampled || chosen == "":
	case gated:
		return usagef("--mode %v is for --model relu: its proofs are about ReLU networks", f.mode)
	default:
		return usagef("%s is about chosen patterns, and --mode %v takes all there are", chosen, f.mode)
	}
	return nil
}
