package pricing_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/arrangements/pricing"
)

// Without patterns the rest is the same.
func TestLocalNoPatterns(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 6))
	x := gaussian(rng, 60, 6)
	v := gaussian(rng, 1, 60).RawRowView(0)
	with := local(t, x, v, pricing.LocalSettings{})
	without := local(t, x, v, pricing.LocalSettings{NoPatterns: true})
	if len(with.Found) != len(without.Found) || len(with.Found) < 2 {
		t.Fatalf("%d directions and %d", len(with.Found), len(without.Found))
	}
	for k, f := range with.Found {
		g := without.Found[k]
		if f.Pattern.Len() != 60 || g.Pattern.Len() != 0 || f.Value != g.Value || !slices.Equal(f.Vector, g.Vector) {
			t.Errorf("direction %d: %+v and %+v", k, f, g)
		}
	}
}

// A floor loses few of the directions above it, and none of their values, also for
// data of another scale.
func TestLocalFloor(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 6))
	above, lost := 0, 0
	for trial := range 8 {
		x := gaussian(rng, 150, 10)
		v := residual(t, rng, x)
		floats.Scale([]float64{1e-30, 1e30}[trial%2], v)
		s := pricing.LocalSettings{Polish: -1, Keep: 100, NoPatterns: true}
		all := local(t, x, v, s)
		s.Floor = 0.9 * all.Value
		with := local(t, x, v, s)
		for _, f := range all.Found {
			if f.Value < s.Floor {
				break
			}
			above++
			if !slices.ContainsFunc(with.Found, func(g pricing.Direction) bool {
				return g.Value == f.Value && slices.Equal(g.Vector, f.Vector)
			}) {
				lost++
			}
		}
		s.Floor = 1e3 * all.Value
		if r := local(t, x, v, s); r.Value >= all.Value {
			t.Errorf("value %g with a floor out of reach, %g without", r.Value, all.Value)
		}
	}
	if above < 30 || lost*6 > above {
		t.Errorf("lost %d directions of %d", lost, above)
	}
	t.Logf("lost %d of %d", lost, above)
	for _, floor := range []float64{-1, math.NaN(), math.Inf(1)} {
		x := gaussian(rng, 5, 3)
		if _, err := pricing.Local(context.Background(), x, []float64{1, -1, 1, 2, 3}, pricing.LocalSettings{Floor: floor}); !errors.Is(err, pricing.ErrSetting) {
			t.Errorf("floor %g: %v", floor, err)
		}
	}
}
