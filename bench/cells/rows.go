package main

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// A kind of rows.
type kind struct {
	name string
	rows func(n, r int) *mat.Dense // n of rank r
	most func(r int) int           // how many there can be
}

var kinds = []kind{
	{"Gaussian", gaussian, func(int) int { return 1 << 22 }},
	{"{-1, 0, 1}", signs, signLines},
}

// gaussian returns n rows in general position.
func gaussian(n, r int) *mat.Dense {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(r)))
	x := mat.NewDense(n, r, nil)
	for i := range n {
		for k := range r {
			x.Set(i, k, rng.NormFloat64())
		}
	}
	return x
}

// signLines is the number of lines through the points of {-1, 0, 1}^r.
func signLines(r int) int { return (int(math.Pow(3, float64(r))) - 1) / 2 }

// signs returns n rows of {-1, 0, 1}^r on distinct lines, r <= n <= signLines(r): the
// unit vectors, and others in random order.
func signs(n, r int) *mat.Dense {
	x := mat.NewDense(n, r, nil)
	for k := range r {
		x.Set(k, k, 1)
	}
	at := r
	for _, code := range rand.New(rand.NewPCG(uint64(n), uint64(r))).Perm(2*signLines(r) + 1) {
		row, first, entries := make([]float64, r), 0.0, 0
		for k := range row {
			row[k] = float64(code%3 - 1)
			code /= 3
			if row[k] != 0 {
				entries++
				if first == 0 {
					first = row[k]
				}
			}
		}
		// Of two opposite points the one that begins with 1; unit vectors are there.
		if first < 0 || entries < 2 {
			continue
		}
		if at == n {
			break
		}
		x.SetRow(at, row)
		at++
	}
	return x
}

// sizes returns the numbers of rows of a rank from few to most.
func sizes(r, most int) []int {
	first, step := 2*r, 2.0
	switch {
	case r == 2:
		first = 1000
	case r == 3:
		first = 50
	case r > 4:
		step = math.Sqrt2
	}
	var list []int
	for v := float64(first); math.Round(v) < float64(most); v *= step {
		list = append(list, int(math.Round(v)))
	}
	return append(list, most)
}
