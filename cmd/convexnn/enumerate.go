package main

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"runtime"
	"strconv"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// cellFlags bound an enumeration of activation patterns.
type cellFlags struct{ most whole }

const enumerateUpTo = "refuse to enumerate data that may have more than `N` activation patterns"

func (f *cellFlags) register(fs *pflag.FlagSet, usage string) {
	f.most = 100_000_000
	fs.Var(&f.most, "max-cells", usage)
}

// A whole is a positive whole number as a flag, which may be written as 1e9.
type whole int64

// Set implements pflag.Value.
func (w *whole) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if v, short := strconv.ParseFloat(text, 64); err != nil && short == nil && v == math.Trunc(v) && math.Abs(v) < 1<<62 {
		n, err = int64(v), nil
	}
	if err != nil || n < 1 {
		return fmt.Errorf("%q is not a positive whole number; write it like 1000000 or 1e6", text)
	}
	*w = whole(n)
	return nil
}

// String implements pflag.Value.
func (w *whole) String() string { return strconv.FormatInt(int64(*w), 10) }

// Type implements pflag.Value.
func (w *whole) Type() string { return "N" }

// admits reports whether all cells may be visited.
func (f *cellFlags) admits(a *arrangements.Arrangement) bool { return f.allows(a.MaxCells()) }

// allows reports whether so many cells may be visited.
func (f *cellFlags) allows(cells *big.Int) bool {
	return cells.IsInt64() && cells.Int64() <= int64(f.most)
}

// mend adds to an error of a training over all networks that is too large what the user
// can do.
func mend(err error) error {
	switch {
	case errors.Is(err, convexnn.ErrTooManyCells):
		return fmt.Errorf("%w: --mode sampled, --skip COL, or --max-cells N to insist", err)
	case errors.Is(err, arrangements.ErrTooMany):
		return fmt.Errorf("%w; use --mode sampled", err)
	case errors.Is(err, convexnn.ErrMemory):
		return fmt.Errorf("%w: --mode sampled or --memory-limit SIZE", err)
	}
	return err
}

// costText says what one pass over all cells takes.
func costText(a *arrangements.Arrangement) string {
	took := a.Cost() / float64(runtime.GOMAXPROCS(0))
	text := fmt.Sprintf("about %s and %s", convexnn.FormatBytes(a.Memory()), roughly(took))
	if took >= 1 {
		text += ", up to ten times that for rounded data"
	}
	return text
}

// passText is costText for the rows of x.
func passText(x *mat.Dense) (string, error) {
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		return "", err
	}
	return costText(a), nil
}

// roughly writes an estimated number of seconds.
func roughly(s float64) string {
	const minute, hour, day, year = 60, 3600, 86400, 365.25 * 86400
	switch {
	case s < 0.1:
		return "less than 0.1 s"
	case s < 2*minute:
		return fmt.Sprintf("%.1g s", s)
	case s < 2*hour:
		return fmt.Sprintf("%.0f min", s/minute)
	case s < 2*day:
		return fmt.Sprintf("%.0f h", s/hour)
	case s < 2*year:
		return fmt.Sprintf("%.0f days", s/day)
	case s < 1e6*year:
		return fmt.Sprintf("%.0f years", s/year)
	case math.IsInf(s, 1):
		return "more years than can be written"
	}
	return fmt.Sprintf("%.1g years", s/year)
}
