package conic_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/convexnn/convexnn/admm/conic"
)

// The least distance in the plane from the point (3, 4) to the line x = y: a second-order
// cone (t, x - 3, y - 4), written with free x and y.
func ExampleSolve() {
	a := conic.NewBuilder(3, 5) // coordinates x, y, t, z1, z2
	a.Add(0, 0, 1)              // x - y = 0
	a.Add(0, 1, -1)
	a.Add(1, 0, 1) // x - z1 = 3
	a.Add(1, 3, -1)
	a.Add(2, 1, 1) // y - z2 = 4
	a.Add(2, 4, -1)
	problem := &conic.Problem{
		C: []float64{0, 0, 1, 0, 0}, A: a.Matrix(), B: []float64{0, 3, 4},
		Cones: []conic.Cone{{Kind: conic.Free, Size: 2}, {Kind: conic.SecondOrder, Size: 3}},
	}
	r, err := conic.Solve(context.Background(), problem, conic.Settings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v: distance %.4f at (%.4f, %.4f)\n", r.Status, r.Objective, r.X[0], r.X[1])
	// Output:
	// solved: distance 0.7071 at (3.5000, 3.5000)
}

// pentagon is the relaxation of max-cut by Goemans and Williamson, for a cycle of five
// nodes: minimise -<L, X>/4 for the Laplacian L, with X_ii = 1.
func pentagon() *conic.Problem {
	const n = 5
	p := &conic.Problem{Cones: []conic.Cone{{Kind: conic.Semidefinite, Size: n}}}
	p.C = make([]float64, p.Cones[0].Dim())
	a := conic.NewBuilder(n, len(p.C))
	for i := range n {
		p.C[conic.SvecIndex(n, i, i)] = -0.5
		// Both entries (i, i+1) and (i+1, i) are 1/4: one coordinate, times the root of two.
		p.C[conic.SvecIndex(n, i, (i+1)%n)] = 0.25 * 1.4142135623730951
		a.Add(i, conic.SvecIndex(n, i, i), 1)
		p.B = append(p.B, 1)
	}
	p.A = a.Matrix()
	return p
}

// A program states its size before it is solved.
func ExampleProblem() {
	fmt.Println(pentagon())
	// Output:
	// 15 coordinates in 1 semidefinite cone of order 5; 5 equations, 5 non-zeros
}

// A rigorous bound: the trace of every feasible X is 5, and at any y the shift of the
// slack is paid for by it. So no cut of the pentagon has more than 4.53 edges, and
// none more than four.
func ExampleBound() {
	p := pentagon()
	r, err := conic.Solve(context.Background(), p, conic.Settings{})
	if err != nil {
		log.Fatal(err)
	}
	bound, err := conic.Bound(p, r.Y, r.X, []float64{5})
	if err != nil {
		log.Fatal(err)
	}
	rough, err := conic.Bound(p, []float64{-0.9, -0.9, -0.9, -0.9, -0.8}, nil, []float64{5})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("objective %.5f, not below %.5f for certain\n", r.Objective, bound)
	fmt.Printf("at another y not below %.5f\n", rough)
	// Output:
	// objective -4.52254, not below -4.52254 for certain
	// at another y not below -4.64171
}

// The file of a problem, for other solvers.
func ExampleProblem_WriteSDPA() {
	a := conic.NewBuilder(1, 3)
	a.Add(0, conic.SvecIndex(2, 0, 0), 1)
	a.Add(0, conic.SvecIndex(2, 1, 1), 1)
	p := &conic.Problem{C: []float64{2, 0, 3}, A: a.Matrix(), B: []float64{1}, Cones: []conic.Cone{{Kind: conic.Semidefinite, Size: 2}}}
	if err := p.WriteSDPA(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// * 3 coordinates in 1 semidefinite cone of order 2; 1 equation, 2 non-zeros
	// * minimise <C, x>, Ax = b: the dual of the format, F0 = -C; optima have the other sign
	// 1
	// 1
	// 2
	// 1
	// 0 1 1 1 -2
	// 0 1 2 2 -3
	// 1 1 1 1 1
	// 1 1 2 2 1
}
