package linear_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/linear"
)

// For X = I the path is that of scalar thresholds, known by hand: lines of slope -1 at
// depth 2; at depth 3 no value between zero and beta^(3/4).
func TestPath(t *testing.T) {
	y := diag(2, 1)
	p, err := linear.NewPath(t.Context(), eye(2), y, 54, linear.Settings{Widths: []int{2}})
	if err != nil || p.Vanishing != 2 || len(p.Points) != 54 || p.Points[0].Beta != 0 {
		t.Fatal(p, err)
	}
	for _, q := range p.Points {
		for k, s := range []float64{2, 1} {
			if want := max(0, s-q.Beta); math.Abs(q.Singular[k]-want) > 1e-12 || !q.Exact {
				t.Errorf("beta %v: value %d is %v, want %v", q.Beta, k, q.Singular[k], want)
			}
		}
	}
	p, err = linear.NewPath(t.Context(), eye(2), y, 54, linear.Settings{Widths: []int{2, 2}})
	if err != nil || math.Abs(p.Vanishing-1) > 1e-12 { // 2 beta^(3/4) = 2
		t.Fatal(p.Vanishing, err)
	}
	jumps := 0
	for k, q := range p.Points {
		least := math.Pow(q.Beta, 0.75)
		for j, v := range q.Singular {
			if v > 0 && v < least*(1-1e-12) {
				t.Errorf("beta %v: value %v, the jump is to %v", q.Beta, v, least)
			}
			if k > 0 && v == 0 && p.Points[k-1].Singular[j] > 0 {
				jumps++
			}
		}
	}
	if jumps != 2 {
		t.Errorf("%d jumps", jumps)
	}
}

// Zero is optimal above the upper bound and not below the lower one.
func TestVanishing(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 41))
		x, y := gaussian(rng, 8, 3), gaussian(rng, 8, 2)
		depth := 2 + int(seed%4)
		low, high, err := linear.Vanishing(x, y, depth)
		if err != nil || !(low > 0 && low <= high) {
			t.Fatal(low, high, err)
		}
		above := train(t, x, y, linear.Settings{Widths: same(depth, 2), Beta: high * 1.0001})
		below := train(t, x, y, linear.Settings{Widths: same(depth, 2), Beta: low * 0.9999})
		if above.Rank != 0 || below.Rank == 0 || depth == 2 && low != high {
			t.Errorf("seed %d, depth %d, [%v, %v]: rank %d above, %d below", seed, depth, low, high, above.Rank, below.Rank)
		}
		if depth > 2 {
			p, err := linear.NewPath(t.Context(), x, y, 3, linear.Settings{Widths: same(depth, 2), Starts: -1})
			if err != nil || p.Vanishing < low || p.Vanishing > high || len(p.Points) != 3 {
				t.Errorf("vanishing at %v, bounds [%v, %v], %v", p.Vanishing, low, high, err)
			}
			for part, left := range map[float64]bool{0.99: true, 1.01: false} {
				r := train(t, x, y, linear.Settings{Widths: same(depth, 2), Beta: part * p.Vanishing, Starts: -1})
				if left != (r.Rank > 0) {
					t.Errorf("seed %d, depth %d: rank %d at %v of where weights vanish", seed, depth, r.Rank, part)
				}
			}
		}
	}
	// Orthogonal columns: one number, whatever rounding makes of the singular values.
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 43))
		var qr mat.QR
		qr.Factorize(gaussian(rng, 7, 3))
		var q mat.Dense
		qr.QTo(&q)
		x := mat.DenseCopyOf(q.Slice(0, 7, 0, 3))
		x.Scale(1.7, x)
		if low, high, err := linear.Vanishing(x, gaussian(rng, 7, 3), 4); err != nil || low != high {
			t.Errorf("orthogonal columns, seed %d: [%v, %v], %v", seed, low, high, err)
		}
	}
	if _, _, err := linear.Vanishing(eye(2), eye(2), 1); !errors.Is(err, linear.ErrWidths) {
		t.Error(err)
	}
	if _, err := linear.NewPath(t.Context(), eye(2), eye(2), 1, linear.Settings{Widths: []int{2}}); !errors.Is(err, linear.ErrWidths) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rng := rand.New(rand.NewPCG(1, 42))
	p, err := linear.NewPath(ctx, gaussian(rng, 8, 3), gaussian(rng, 8, 2), 9, linear.Settings{Widths: []int{2}})
	if err != nil || p.Status != convexnn.Stopped {
		t.Error(p, err)
	}
}
