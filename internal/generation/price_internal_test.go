package generation

import (
	"context"
	"math"
	"reflect"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/lasso"
)

// A scripted oracle gives the same directions and bounds each time.
type scripted struct {
	found   [][]float64
	dual    []float64
	bounds  [Final + 1]float64
	queries []Query
}

func (o *scripted) Price(_ context.Context, q Query) ([][]float64, error) {
	o.queries = append(o.queries, q)
	return o.found, nil
}

func (o *scripted) Best(least Effort) ([]float64, float64) {
	if o.bounds[least] == 0 {
		return nil, 0
	}
	return o.dual, o.bounds[least]
}

// Of orthonormal samples the newest dual point is (2, 0.5), and the steady one (-2, 5),
// with (0, 2.75) between them.
func TestPrice(t *testing.T) {
	newest, steady, between := []float64{2, 0.5}, []float64{-2, 5}, []float64{0, 2.75}
	some, close := [Final + 1]float64{0.1, 0.1, 0}, [Final + 1]float64{2, 2, 0}
	for name, c := range map[string]struct {
		found  []float64
		effort Effort
		bounds [Final + 1]float64
		added  int
		want   [][]float64 // dual points priced
	}{
		"violated at the newest point":       {[]float64{1, 0}, Quick, some, 1, [][]float64{between}},
		"violated between":                   {[]float64{0, 1}, Quick, some, 1, [][]float64{between}},
		"violated nowhere":                   {[]float64{-1, 0}, Quick, some, 0, [][]float64{between, newest}},
		"without a bound":                    {[]float64{1, 0}, Quick, [Final + 1]float64{}, 1, [][]float64{newest}},
		"without a bound of that effort":     {[]float64{0, 1}, Careful, [Final + 1]float64{0.1}, 0, [][]float64{newest}},
		"the final word on a bound":          {[]float64{0, 1}, Final, close, 1, [][]float64{steady}},
		"the final word on a bound, nothing": {[]float64{-1, 0}, Final, close, 0, [][]float64{steady, newest}},
		"a bound that would not do":          {[]float64{0, 1}, Final, some, 1, [][]float64{between}},
	} {
		o := &scripted{found: [][]float64{c.found}, dual: steady, bounds: c.bounds}
		// A start that is active nowhere has a gain until the master is solved.
		start := []Neuron{{Direction: []float64{-0.6, -0.8}, Gain: []float64{0.1}}}
		p := Problem{X: mat.NewDense(2, 2, []float64{1, 0, 0, 1}), Loss: lasso.NewSquared([]float64{2, 0.5}, 1), Beta: 1}
		r := newRun(p, o, Settings{Start: start, Tolerance: 0.2})
		r.effort, r.best.Rounds = c.effort, 7
		added, err := r.price(context.Background())
		if err != nil || added != c.added || len(r.pool.directions) != 1+added {
			t.Errorf("%s: %d added, %v", name, added, err)
		}
		var want []Query
		for _, v := range c.want {
			want = append(want, Query{Dual: v, Active: start, Effort: c.effort, Round: 7, Objective: r.best.Objective})
		}
		if !reflect.DeepEqual(o.queries, want) {
			t.Errorf("%s: asked %+v, want %+v", name, o.queries, want)
		}
	}
}

func TestAdapt(t *testing.T) {
	far, quick, careful := [Final + 1]float64{1, 1, 1}, [Final + 1]float64{1.9, 1, 1}, [Final + 1]float64{1.9, 1.9, 1}
	for name, c := range map[string]struct {
		effort   Effort
		accuracy float64
		bounds   [Final + 1]float64
		added    int
		stalled  bool
		again    bool
		want     Effort
		finer    bool
	}{
		"something to add":               {Quick, 1e-3, far, 1, false, true, Quick, false},
		"nothing to add":                 {Quick, 1e-3, far, 0, false, true, Careful, false},
		"nothing for careful search":     {Careful, 1e-3, far, 0, false, true, Final, false},
		"quick search has done its work": {Quick, 1e-3, quick, 1, false, true, Careful, false},
		"but careful search has not":     {Careful, 1e-3, quick, 1, false, true, Careful, false},
		"time for the final word":        {Careful, 1e-3, careful, 1, false, true, Final, false},
		"the final search adds":          {Final, 1e-3, careful, 1, false, true, Careful, false},
		"no progress":                    {Quick, 1e-3, far, 1, true, true, Quick, true},
		"nothing for the final search":   {Final, 1e-3, far, 0, true, true, Final, true},
		"nothing left to try":            {Final, finestMaster, far, 0, true, false, Final, false},
		"as fine as can be":              {Quick, finestMaster, far, 1, true, true, Quick, false},
	} {
		p := Problem{X: mat.NewDense(1, 1, []float64{1}), Loss: lasso.NewSquared([]float64{2}, 1), Beta: 10}
		r := newRun(p, &scripted{dual: []float64{1}, bounds: c.bounds}, Settings{Tolerance: 0.1}) // objective 2
		r.effort, r.accuracy = c.effort, c.accuracy
		if again := r.adapt(c.added, c.stalled); again != c.again || r.effort != c.want || r.accuracy < c.accuracy != c.finer {
			t.Errorf("%s: %v, effort %d, accuracy %g", name, again, r.effort, r.accuracy)
		}
	}
}

// A rising oracle proves more in each round for some time. Its directions violate the
// constraint between the newest point and the steady one only, so that the network
// stays what it is.
type rising struct {
	scripted
	last int
}

func (o *rising) Price(_ context.Context, q Query) ([][]float64, error) {
	if q.Round <= o.last {
		bound := float64(q.Round) / 100
		o.bounds = [Final + 1]float64{bound, bound, 0}
	}
	s, c := math.Sincos(0.01 * float64(q.Round))
	return [][]float64{{c, s}}, nil
}

// Progress of the bound alone is progress. Without any, directions alone are not enough.
func TestPatience(t *testing.T) {
	p := Problem{X: mat.NewDense(1, 2, []float64{1, 0}), Loss: lasso.NewSquared([]float64{2}, 1), Beta: 10}
	const last = 3 * patience / 2
	r, err := Run(context.Background(), p, &rising{scripted{dual: []float64{30}}, last}, Settings{})
	if err != nil || r.Objective != 2 || r.Rounds != last+patience {
		t.Errorf("%d rounds, %v", r.Rounds, err)
	}
	// Those that come while there is progress leave after some time.
	if r.Columns > idleRounds+patience {
		t.Errorf("%d columns", r.Columns)
	}
}
