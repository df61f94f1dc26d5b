package generation_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/convexnn/convexnn/internal/generation"
)

var errOracle = errors.New("no more")

// A faulty oracle returns an error in some round.
type faulty struct {
	*exact
	left int
}

func (o *faulty) Price(ctx context.Context, q generation.Query) ([][]float64, error) {
	if o.left--; o.left < 0 {
		return nil, errOracle
	}
	return o.exact.Price(ctx, q)
}

func TestOracleFails(t *testing.T) {
	p, optimum, start := hard(t, false)
	for left := range 6 {
		r, err := generation.Run(context.Background(), p.Problem, &faulty{single(p), left}, generation.Settings{Start: start, Tolerance: tight})
		if !errors.Is(err, errOracle) || r == nil || r.Converged {
			t.Fatalf("after %d searches: %+v, %v", left, r, err)
		}
		valid(t, p, r)
		if r.Objective < optimum*(1-1e-8) || r.Objective > objective(p, start, nil) {
			t.Errorf("after %d searches: objective %g", left, r.Objective)
		}
	}
}

// A liar finds what it likes and proves nothing.
type liar struct {
	find func(q generation.Query) [][]float64
}

func (o liar) Price(_ context.Context, q generation.Query) ([][]float64, error) {
	return o.find(q), nil
}

func (o liar) Best(generation.Effort) ([]float64, float64) { return nil, 0 }

func TestLiarsEnd(t *testing.T) {
	for _, intercept := range []bool{false, true} {
		p, optimum, start := hard(t, intercept)
		rng := rand.New(rand.NewPCG(33, 3))
		peaks := func(q generation.Query) (found [][]float64) {
			for _, f := range inPlane(p.X, q.Dual) {
				found = append(found, f.u)
			}
			return found
		}
		near := func(q generation.Query, angle float64) (found [][]float64) {
			for _, h := range q.Active {
				found = append(found, direction(math.Atan2(h.Direction[1], h.Direction[0])+angle*rng.NormFloat64()))
			}
			return found
		}
		for _, c := range []struct {
			name  string
			good  bool // whether the optimum is found
			start []generation.Neuron
			find  func(q generation.Query) [][]float64
		}{
			{"nothing", false, nil, func(generation.Query) [][]float64 { return nil }},
			{"nothing beside a start", false, start, func(generation.Query) [][]float64 { return nil }},
			{"what is no better", false, start, func(q generation.Query) (found [][]float64) {
				for _, h := range q.Active {
					found = append(found, h.Direction)
				}
				return found
			}},
			{"directions without length", false, start, func(generation.Query) [][]float64 { return [][]float64{{0, 0}, {0, 0}} }},
			{"no proof", true, nil, peaks},
			{"hardly any difference", false, start, func(q generation.Query) [][]float64 { return near(q, 1e-7) }},
			{"directions that hardly differ", true, nil, func(q generation.Query) [][]float64 {
				return slices.Concat(peaks(q), near(q, 1e-5))
			}},
		} {
			for _, limit := range []int{0, 3} {
				rounds := 0
				r, err := generation.Run(context.Background(), p.Problem, liar{c.find}, generation.Settings{
					Start: c.start, Tolerance: tight, MaxRounds: limit,
					Progress: func(*generation.Result) {
						if rounds++; rounds > 2000 {
							t.Fatalf("%s: no end", c.name)
						}
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				valid(t, p, r)
				if r.Converged || r.Objective < optimum*(1-1e-8) || c.good && limit == 0 && r.Objective > optimum*(1+tight) {
					t.Errorf("%s: %d rounds, objective %.9g, optimum %.9g", c.name, r.Rounds, r.Objective, optimum)
				}
				if limit == 0 && (r.Rounds < 3 || r.Rounds > 500) {
					t.Errorf("%s: %d rounds", c.name, r.Rounds)
				}
			}
		}
	}
}

// Cheap searches may overlook everything, and then claim that there is nothing: only
// the final one counts.
func TestEffort(t *testing.T) {
	p, optimum, start := hard(t, false)
	for name, c := range map[string]struct {
		least generation.Effort // that finds anything
		start []generation.Neuron
	}{
		"quick search is blind":    {generation.Careful, nil},
		"only the last one sees":   {generation.Final, nil},
		"blind beside a start":     {generation.Final, start},
		"careful beside the start": {generation.Careful, start},
	} {
		o := single(p)
		o.weak = func(q generation.Query) []peak {
			if q.Effort < c.least {
				return nil
			}
			return inPlane(p.X, q.Dual)
		}
		r := trained(t, p, o, generation.Settings{Start: c.start})
		isOptimal(t, name, r, optimum)
		if o.queries[0].Effort != generation.Quick || o.queries[len(o.queries)-1].Effort != generation.Final {
			t.Errorf("%s: efforts from %d to %d", name, o.queries[0].Effort, o.queries[len(o.queries)-1].Effort)
		}
		// What the final search finds, cheaper ones follow up.
		for k, q := range o.queries[1:] {
			before := o.queries[k]
			if before.Effort == generation.Final && o.found[k] > 0 && q.Round > before.Round && q.Effort > generation.Careful {
				t.Errorf("%s: final searches in rounds %d and %d", name, before.Round, q.Round)
			}
		}
	}
	// What cheap searches can do is left to them.
	o := single(p)
	trained(t, p, o, generation.Settings{})
	final := 0
	for k, q := range o.queries {
		if q.Effort == generation.Final {
			final++
		}
		if q.Round < 1 || k > 0 && q.Round < o.queries[k-1].Round || !(q.Objective >= optimum*(1-1e-8)) {
			t.Errorf("query %d: round %d, objective %g", k, q.Round, q.Objective)
		}
	}
	if final > len(o.queries)/2 {
		t.Errorf("%d of %d searches are final ones", final, len(o.queries))
	}
}

// First-order steps move neurons to where no search has been.
func TestDescends(t *testing.T) {
	nothing := liar{func(generation.Query) [][]float64 { return nil }}
	for _, intercept := range []bool{false, true} {
		p, optimum, start := hard(t, intercept)
		fixed, err := generation.Run(context.Background(), p.Problem, nothing, generation.Settings{Start: start, Tolerance: tight, MaxRounds: 3})
		if err != nil {
			t.Fatal(err)
		}
		moved, err := generation.Run(context.Background(), p.Problem, nothing, generation.Settings{Start: start, Tolerance: tight})
		if err != nil {
			t.Fatal(err)
		}
		valid(t, p, moved)
		if fixed.Objective < 1.3*optimum || moved.Objective > 1.1*optimum {
			t.Errorf("objective %g, after steps %g, optimum %g", fixed.Objective, moved.Objective, optimum)
		}
	}
}
