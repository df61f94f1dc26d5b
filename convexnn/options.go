package convexnn

import (
	"fmt"
	"math"
	"math/big"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// A Mode is how [Train] chooses the activation patterns.
type Mode int

const (
	// Auto is Enumerate where the data have few cells and Global elsewhere. It is
	// Sampled where the options ask for the gated model, gates, or a number of
	// patterns.
	Auto Mode = iota
	// Sampled draws patterns, or takes those of given gates, and solves the program
	// on them. The certificate speaks of these patterns.
	Sampled
	// Enumerate trains over all networks like Global, and prices all patterns in the
	// end, which makes the certificate exact. It is for data of low rank or few
	// samples.
	Enumerate
	// Global trains over all networks: it generates the neurons that violate the
	// dual constraint until a search finds none. Where prices can be proved, by
	// branch and bound, so is the bound; elsewhere it is an estimate.
	Global
)

// modeNames are the names of the modes in their order.
var modeNames = [...]string{"auto", "sampled", "enumerate", "global"}

// String returns "auto", "sampled", "enumerate" or "global".
func (m Mode) String() string {
	if m < 0 || int(m) >= len(modeNames) {
		return fmt.Sprintf("mode %d", int(m))
	}
	return modeNames[m]
}

// ParseMode is the inverse of [Mode.String]. The error is [ErrMode].
func ParseMode(s string) (Mode, error) {
	if m := slices.Index(modeNames[:], s); m >= 0 {
		return Mode(m), nil
	}
	return 0, fmt.Errorf("%w %q: the modes are auto, sampled, enumerate and global", ErrMode, s)
}

// Options steer [Train]. The zero value works.
type Options struct {
	// Mode is Auto, Sampled, Enumerate or Global.
	Mode Mode
	// Model is ReLU or Gated.
	Model Model
	// Loss is Squared, or one of the two of a classifier, Hinge and HardMargin, which
	// train over all networks: not with Sampled, nor with an intercept. HardMargin
	// takes neither Beta nor BetaRatio.
	Loss Loss
	// Beta is the regularisation strength; 0 means BetaRatio times beta_max.
	Beta float64
	// BetaRatio is beta/beta_max where Beta is 0; 0 means 0.01.
	BetaRatio float64
	// Patterns is the number of distinct activation patterns to sample; 0 means
	// 500. Fewer are used where the data have fewer. Only Sampled draws any.
	Patterns int
	// MaxCells is the largest number of cells that Enumerate takes on; 0 means
	// 100 million. Where the data may have more, Train returns ErrTooManyCells
	// before it begins.
	MaxCells int64
	// Sampler draws the gates; the zero value is arrangements.Mixed.
	Sampler arrangements.Sampler
	// Gates, if set, are used instead of sampled ones: one a column (d rows) or
	// one a row (d columns); square means one a column.
	Gates *mat.Dense
	// Intercept adds an unpenalised output intercept.
	Intercept bool
	// Start, if set, is a ReLU network to begin with, where Mode is not Sampled: a good
	// one saves rounds. It is copied, and trained on, and changes nothing but the way.
	Start *Network
	// Seed of the sampler, and of local searches.
	Seed uint64
	// Tolerance on the relative gap of the statement that the mode makes: that of
	// the program for Sampled, for which 0 means 1e-4, and that over all networks
	// otherwise, for which 0 means 1e-6 with Enumerate and 1e-3 with Global.
	Tolerance float64
	// MemoryLimit in bytes is the most that the program may take; 0 means no
	// limit. Over it Train returns ErrMemory before allocating anything.
	MemoryLimit uint64
	// Progress, if set, is called now and then.
	Progress func(Progress)

	betaMax *BetaMax // where it is known already
}

func (o *Options) check() error {
	if o.Beta != 0 {
		if err := checkBeta(o.Beta); err != nil {
			return err
		}
	}
	if o.BetaRatio < 0 || math.IsNaN(o.BetaRatio) || math.IsInf(o.BetaRatio, 0) {
		return fmt.Errorf("%w: the ratio to beta_max is %v", ErrBeta, o.BetaRatio)
	}
	if o.Patterns < 0 {
		return fmt.Errorf("%w: %d asked for", ErrNoPatterns, o.Patterns)
	}
	if o.Mode < Auto || o.Mode > Global {
		return fmt.Errorf("%w %d", ErrMode, int(o.Mode))
	}
	if err := o.Model.check(); err != nil {
		return err
	}
	if err := o.checkLoss(); err != nil {
		return err
	}
	if o.Mode == Auto && (o.Model == Gated || o.Gates != nil || o.Patterns > 0) {
		o.Mode = Sampled
	}
	if o.Mode != Sampled && (o.Model != ReLU || o.Gates != nil) {
		return fmt.Errorf("%w: %v is about ReLU networks with any pattern, and takes neither gates nor the gated model", ErrMode, o.Mode)
	}
	if o.Start != nil {
		if err := o.Start.validate(); err != nil {
			return err
		}
		if o.Start.Model != ReLU {
			return fmt.Errorf("%w: training over all networks begins with ReLU networks, and this one is %v", ErrModel, o.Start.Model)
		}
	}
	if o.MaxCells == 0 {
		o.MaxCells = defaultMaxCells
	}
	if o.Patterns == 0 {
		o.Patterns = defaultPatterns
	}
	if o.BetaRatio == 0 {
		o.BetaRatio = defaultBetaRatio
	}
	if !(o.Tolerance >= 0) {
		return fmt.Errorf("%w, got %v", ErrTolerance, o.Tolerance)
	}
	return nil
}

// checkLoss refuses what the losses of classifiers do not go with.
func (o *Options) checkLoss() error {
	switch {
	case o.Loss == Squared:
	case o.Mode == Sampled || o.Model == Gated || o.Gates != nil || o.Patterns > 0:
		return fmt.Errorf("%w: %v trains ReLU networks over all patterns, and takes no sampled or given ones", ErrLoss, o.Loss)
	case o.Intercept:
		return fmt.Errorf("%w: %v takes no output intercept; append a column of ones to X, a hidden bias", ErrLoss, o.Loss)
	case o.Loss == HardMargin && (o.Beta != 0 || o.BetaRatio != 0):
		return fmt.Errorf("%w: %v has no beta", ErrLoss, o.Loss)
	}
	return nil
}

// choose settles what depends on the data: the mode, by a bound on the number of cells,
// and the tolerance.
func (o *Options) choose(x *mat.Dense, possible *big.Int) {
	if o.Mode == Auto {
		o.Mode = Global
		if roundLimits.admits(x, possible) && possible.Cmp(big.NewInt(o.MaxCells)) <= 0 {
			o.Mode = Enumerate
		}
	}
	if o.Tolerance == 0 {
		o.Tolerance = [...]float64{Sampled: defaultTolerance, Enumerate: defaultEnumerateTolerance, Global: defaultGlobalTolerance}[o.Mode]
	}
}

// prover is the strongest way to price for the mode.
func (o *Options) prover(x *mat.Dense, possible *big.Int) (PriceSettings, error) {
	switch o.Mode {
	case Enumerate:
		a, err := o.arrangement(x)
		return PriceSettings{Cells: a}, err
	case Global:
		return roundLimits.settings(x, possible)
	}
	return PriceSettings{}, nil
}

// beta returns the strength to use. Where beta_max is 0 the target is zero, any
// strength gives the zero network, and the ratio itself will do.
func (o *Options) beta(most BetaMax) float64 {
	switch {
	case o.Beta > 0:
		return o.Beta
	case most.Value > 0:
		return o.BetaRatio * most.Value
	}
	return o.BetaRatio
}

func (o *Options) report(p Progress) {
	if o.Progress != nil {
		p.Tolerance = o.Tolerance
		o.Progress(p)
	}
}

// checkMemory refuses a program that would take more than the limit.
func (o *Options) checkMemory(x *mat.Dense, possible *big.Int) error {
	n, d := x.Dims()
	patterns := o.Patterns
	if o.Mode != Sampled {
		patterns = programPatterns
	}
	if possible.IsInt64() {
		patterns = int(min(int64(patterns), possible.Int64()))
	}
	if o.Gates != nil {
		r, c := o.Gates.Dims()
		patterns = max(r, c)
	}
	need := EstimateMemory(n, d, patterns, o.Model)
	if o.MemoryLimit > 0 && need > float64(o.MemoryLimit) {
		return fmt.Errorf("%w: %d patterns on %d samples in %d dimensions need about %s, the limit is %s; use fewer patterns or raise the limit",
			ErrMemory, patterns, n, d, FormatBytes(need), FormatBytes(float64(o.MemoryLimit)))
	}
	return nil
}
