package linear_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn/linear"
)

// Three layers with a bottleneck of one keep the largest singular value.
func ExampleTrain() {
	x := mat.NewDense(2, 2, []float64{1, 0, 0, 1})
	y := mat.NewDense(2, 2, []float64{2, 0, 0, 1})
	r, err := linear.Train(context.Background(), x, y, linear.Settings{Widths: []int{5, 1}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", r.Objective)
	fmt.Println(r.Statement())
	// Output:
	// 0.5000
	// Globally optimal: no linear network of any depth with a bottleneck of 1 has an objective below 0.5.
}

// At depth 2 singular values shrink to zero without a jump, at depth 3 they jump.
func ExampleShrink() {
	for _, s := range []float64{1.9, 2.1, 4} {
		fmt.Printf("%.1f: %.3f %.3f\n", s, linear.Shrink(s, 1, 2), linear.Shrink(s, 1, 3))
	}
	// Output:
	// 1.9: 0.900 0.000
	// 2.1: 1.100 1.144
	// 4.0: 3.000 3.330
}
