package pricing_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements/pricing"
)

// The price of the exclusive-or target on the corners of the unit square, with a
// bias column: above a regularisation of 1/sqrt(2) the best network is zero.
func ExampleLocal() {
	x := mat.NewDense(4, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		1, 1, 1,
	})
	y := []float64{-1, 1, 1, -1}
	minus := []float64{1, -1, -1, 1}
	for _, v := range [][]float64{y, minus} {
		r, err := pricing.Local(context.Background(), x, v, pricing.LocalSettings{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.6f %v\n", r.Value, pricing.Value(x, v, r.Direction) == r.Value)
	}
	// Output:
	// 0.707107 true
	// 0.577350 true
}

// Branch and bound proves what local search finds. With a floor it only proves that
// nothing is above that, which takes less work.
func ExampleBranchAndBound() {
	x := mat.NewDense(4, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		1, 1, 1,
	})
	v := []float64{-1, 1, 1, -1}
	r, err := pricing.BranchAndBound(context.Background(), x, v, pricing.TreeSettings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.6f <= theta <= %.6f, exact: %v\n", r.Value, r.Upper, r.Exact)
	r, err = pricing.BranchAndBound(context.Background(), x, v, pricing.TreeSettings{Floor: 0.8})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("theta <= %.6f, closed: %v\n", r.Upper, r.Closed)
	// Output:
	// 0.707107 <= theta <= 0.707107, exact: true
	// theta <= 0.800000, closed: true
}
