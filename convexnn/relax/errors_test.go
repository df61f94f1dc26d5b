package relax_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/relax"
)

func TestErrors(t *testing.T) {
	x, y := xor()
	inf := mat.DenseCopyOf(y)
	inf.Set(2, 0, math.Inf(1))
	for _, test := range []struct {
		name string
		x, y *mat.Dense
		beta float64
		want error
		text string
	}{
		{"no data", nil, y, 1, convexnn.ErrShape, "no rows"},
		{"rows", x, mat.NewDense(3, 1, nil), 1, convexnn.ErrShape, "X has 4 rows, Y has 3"},
		{"infinite", x, inf, 1, convexnn.ErrNotFinite, "Y at row 3, column 1"},
		{"beta", x, y, 0, convexnn.ErrBeta, "0"},
		{"beta not a number", x, y, math.NaN(), convexnn.ErrBeta, "NaN"},
		{"tiny beta", x, y, 1e-12, convexnn.ErrBeta, "larger beta"},
	} {
		if _, err := relax.New(test.x, test.y, test.beta); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	p := problem(t, x, mat.NewDense(4, 2, []float64{1, 0, 0, 1, 0, 1, 1, 0}), 0.1)
	if _, err := p.SignSplit(0); !errors.Is(err, relax.ErrOutputs) {
		t.Errorf("sign split of two outputs: %v", err)
	}
	if _, err := p.Moments(1000); !errors.Is(err, convexnn.ErrMemory) {
		t.Errorf("1000 bytes: %v", err)
	}
	if _, err := p.Trace(t.Context(), relax.TraceSettings{MemoryLimit: 1000}); !errors.Is(err, convexnn.ErrMemory) {
		t.Errorf("1000 bytes: %v", err)
	}
	if _, err := p.Trace(t.Context(), relax.TraceSettings{MaxCells: 10}); !errors.Is(err, relax.ErrTooLarge) {
		t.Errorf("10 cells: %v", err)
	}
	l, err := p.Ladder(t.Context(), relax.Settings{MaxEquations: 5})
	if err != nil || l.Moments != nil || !errors.Is(l.Refused[relax.Pattern], relax.ErrTooLarge) {
		t.Errorf("5 equations: %v, %v", err, l.Refused)
	}
	if _, err := l.Network.Scalar(); !errors.Is(err, relax.ErrOutputs) {
		t.Errorf("two outputs as one: %v", err)
	}
	if _, err := p.Objective(&relax.Network{Inputs: 3, Outputs: 1}); !errors.Is(err, convexnn.ErrShape) {
		t.Errorf("one output for two: %v", err)
	}
}

// The size is refused before work on data that would take for ever.
func TestLarge(t *testing.T) {
	x, y := random(1, 2000, 20, 2)
	p := problem(t, x, y, 1)
	if _, err := p.Ladder(t.Context(), relax.Settings{}); !errors.Is(err, relax.ErrTooLarge) {
		t.Errorf("2000 rows: %v", err)
	}
	if _, err := p.Moments(1 << 30); !errors.Is(err, convexnn.ErrMemory) {
		t.Errorf("2000 rows: %v", err)
	}
}

// A context that ends leaves a valid bracket.
func TestStopped(t *testing.T) {
	x, y := random(2, 6, 2, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l, err := problem(t, x, y, 0.1).Ladder(ctx, relax.Settings{})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err == nil && (l.Status != convexnn.Stopped || l.Lower > l.Objective) {
		t.Errorf("%v: proved %v of %v", l.Status, l.Lower, l.Objective)
	}
}
