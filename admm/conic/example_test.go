package conic_test

import (
	"context"
	"fmt"
	"log"

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
