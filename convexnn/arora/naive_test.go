package arora_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/convexnn/convexnn/convexnn/arora"
)

// A sector is a cell of an arrangement in the plane, found by sorting angles: its pattern
// and the two unit vectors that bound it.
type sector struct {
	active []bool
	rays   [2][2]float64
}

func sectors(x *mat.Dense) []sector {
	n, _ := x.Dims()
	var angles []float64
	for i := range n {
		at := math.Atan2(x.At(i, 1), x.At(i, 0))
		for _, turn := range []float64{math.Pi / 2, 3 * math.Pi / 2} {
			angles = append(angles, math.Mod(at+turn+2*math.Pi, 2*math.Pi))
		}
	}
	slices.Sort(angles)
	angles = append(angles, angles[0]+2*math.Pi)
	var out []sector
	for k := range len(angles) - 1 {
		low, high := angles[k], angles[k+1]
		s := sector{active: make([]bool, n)}
		s.rays = [2][2]float64{{math.Cos(low), math.Sin(low)}, {math.Cos(high), math.Sin(high)}}
		mid := (low + high) / 2
		for i := range n {
			s.active[i] = x.At(i, 0)*math.Cos(mid)+x.At(i, 1)*math.Sin(mid) > 0
		}
		if slices.Contains(s.active, true) {
			out = append(out, s)
		}
	}
	return out
}

// project returns the point of the sector's cone nearest to u.
func (s sector) project(u [2]float64) [2]float64 {
	a, b := s.rays[0], s.rays[1]
	det := a[0]*b[1] - a[1]*b[0]
	if (u[0]*b[1]-u[1]*b[0])/det >= 0 && (a[0]*u[1]-a[1]*u[0])/det >= 0 {
		return u
	}
	var best [2]float64
	most := 0.0
	for _, r := range s.rays {
		if t := u[0]*r[0] + u[1]*r[1]; t > most {
			best, most = [2]float64{t * r[0], t * r[1]}, t
		}
	}
	return best
}

// naiveProgram is the value of the program of some signed sectors by accelerated
// projected gradients. The prox of beta |u| on a cone is the projection, shrunk.
func naiveProgram(x *mat.Dense, y []float64, list []sector, signs []float64, beta float64, intercept bool) float64 {
	n, _ := x.Dims()
	lipschitz := 0.0
	for i := range n {
		lipschitz += float64(len(list)) * (x.At(i, 0)*x.At(i, 0) + x.At(i, 1)*x.At(i, 1))
	}
	u, look := make([][2]float64, len(list)), make([][2]float64, len(list))
	residual := func(w [][2]float64) []float64 {
		r := slices.Clone(y)
		for j, s := range list {
			for i, on := range s.active {
				if on {
					r[i] -= signs[j] * (x.At(i, 0)*w[j][0] + x.At(i, 1)*w[j][1])
				}
			}
		}
		if intercept {
			mean := stat.Mean(r, nil)
			for i := range r {
				r[i] -= mean
			}
		}
		return r
	}
	momentum := 1.0
	for range 4000 {
		r := residual(look)
		next := make([][2]float64, len(list))
		for j, s := range list {
			step := look[j]
			for i, on := range s.active {
				if on {
					step[0] += signs[j] * r[i] * x.At(i, 0) / lipschitz
					step[1] += signs[j] * r[i] * x.At(i, 1) / lipschitz
				}
			}
			p := s.project(step)
			shrink := max(0, 1-beta/lipschitz/math.Hypot(p[0], p[1]))
			if p == [2]float64{} {
				shrink = 0
			}
			next[j] = [2]float64{shrink * p[0], shrink * p[1]}
		}
		t := (1 + math.Sqrt(1+4*momentum*momentum)) / 2
		for j := range look {
			for k := range 2 {
				look[j][k] = next[j][k] + (momentum-1)/t*(next[j][k]-u[j][k])
			}
		}
		u, momentum = next, t
	}
	value := 0.0
	for _, v := range residual(u) {
		value += v * v / 2
	}
	for _, v := range u {
		value += beta * math.Hypot(v[0], v[1])
	}
	return value
}

// naive solves the program of every set of m signed sectors.
func naive(x *mat.Dense, y []float64, m int, beta float64, intercept bool) float64 {
	cells := sectors(x)
	best := math.Inf(1)
	var choose func(from int, list []sector, signs []float64)
	choose = func(from int, list []sector, signs []float64) {
		if len(list) == m {
			best = min(best, naiveProgram(x, y, list, signs, beta, intercept))
			return
		}
		for c := from; c < 2*len(cells); c++ {
			choose(c+1, append(slices.Clone(list), cells[c/2]), append(slices.Clone(signs), float64(1-2*(c%2))))
		}
	}
	choose(0, nil, nil)
	return best
}

func TestAgainstNaiveSearch(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 1))
		x, y := gaussian(rng, 4+rng.IntN(2), 2)
		m, beta, intercept := 1+rng.IntN(2), 0.0, seed%3 == 2
		if seed%2 == 1 {
			beta = 0.4 * rng.Float64()
		}
		want := naive(x, y, m, beta, intercept)
		for _, method := range []arora.Method{arora.Branch, arora.List} {
			r := train(t, x, y, arora.Settings{Neurons: m, Beta: beta, Intercept: intercept, Method: method, Starts: -1})
			// The naive method stops within about 1e-5.
			if r.Objective > want+1e-6 || r.Objective < want-1e-4 || r.Certificate.LowerBound > want+1e-9 {
				t.Errorf("seed %d, m=%d, beta %g, %v: objective %.9g, bound %.9g, naive %.9g", seed, m, beta, method, r.Objective, r.Certificate.LowerBound, want)
			}
		}
	}
}
