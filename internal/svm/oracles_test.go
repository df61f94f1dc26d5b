package svm_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
)

// simplex returns the optimum by gonum's simplex method on xi - t + B(p - r) = m.
func (p *problem) simplex() (float64, error) {
	n, k := len(p.y), len(p.columns)
	cost, m := make([]float64, 2*(n+k)), make([]float64, n)
	a := mat.NewDense(n, 2*(n+k), nil)
	for i, y := range p.y {
		m[i], cost[i] = math.Abs(y), 1
		a.Set(i, i, 1)
		a.Set(i, n+i, -1)
		for j, column := range p.columns {
			b := math.Copysign(1, y) * column[i]
			a.Set(i, 2*n+j, b)
			a.Set(i, 2*n+k+j, -b)
		}
	}
	for j := range 2 * k {
		cost[2*n+j] = p.beta
	}
	// The basis of xi alone is feasible.
	basis := make([]int, n)
	for i := range basis {
		basis[i] = i
	}
	optimum, _, err := lp.Simplex(cost, a, m, 1e-12, basis)
	return optimum, err
}

func TestAgainstSimplex(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	const trials = 60
	solved := 0
	for trial := range trials {
		n, size := 1+rng.IntN(12), 1+rng.IntN(12)
		p := &problem{y: gaussian(rng, n)}
		for range size {
			p.columns = append(p.columns, gaussian(rng, n))
		}
		p.beta = p.most() * []float64{0.5, 0.1, 0.01}[trial%3]
		want, err := p.simplex()
		if err != nil {
			continue
		}
		solved++
		if got := p.solved(t, p.master(), 1e-10); math.Abs(got-want) > 1e-9*want {
			t.Errorf("trial %d: objective %.12g, simplex %.12g", trial, got, want)
		}
	}
	if solved < trials*2/3 {
		t.Errorf("the simplex method solved %d of %d programs", solved, trials)
	}
}

// bench/oracles/svm_traces.py solved these with HiGHS.
func TestAgainstHiGHS(t *testing.T) {
	raw, err := os.ReadFile("testdata/highs.json")
	if err != nil {
		t.Fatal(err)
	}
	var traces []struct {
		Kind               string
		Columns            [][]float64
		Y                  []float64
		Beta, Primal, Dual float64
	}
	if err := json.Unmarshal(raw, &traces); err != nil {
		t.Fatal(err)
	}
	if len(traces) < 20 {
		t.Fatalf("%d traces", len(traces))
	}
	for j, trace := range traces {
		t.Run(fmt.Sprint(j, trace.Kind), func(t *testing.T) {
			p := &problem{y: trace.Y, beta: trace.Beta, columns: trace.Columns}
			for _, tolerance := range []float64{1e-3, 1e-10} {
				m := p.master()
				got := p.solved(t, m, tolerance)
				if got < trace.Dual*(1-1e-12) || got > trace.Primal*(1+tolerance*1.001) {
					t.Errorf("objective %.15g, HiGHS [%.15g, %.15g]", got, trace.Dual, trace.Primal)
				}
				if bound := p.bound(t, m); bound > trace.Primal*(1+1e-12) {
					t.Errorf("bound %.15g, HiGHS has %.15g", bound, trace.Primal)
				}
			}
		})
	}
}
