package admm_test

import (
	"context"
	"fmt"
	"log"

	"github.com/convexnn/convexnn/admm"
)

// A group lasso: two blocks of two weights, an identity as F. Each block of y is
// shrunk by beta, and the second is not worth its price.
func ExampleSolve() {
	identity := dense{n: 4, m: 2, d: 2, f: []float64{
		1, 0, 0, 0,
		0, 1, 0, 0,
		0, 0, 1, 0,
		0, 0, 0, 1,
	}}
	problem := admm.Problem{Operator: identity, Y: []float64{3, 4, 0.3, 0.4}, Beta: 1}
	result, err := admm.Solve(context.Background(), problem, nil, admm.Settings{Tolerance: 1e-9})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v: %.3f\n", result.Status, result.Weights)
	// Output:
	// converged: [2.400 3.200 0.000 0.000]
}
