package outputs_test

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn/outputs"
)

// Three samples of one class and one of another, whitened.
func Example() {
	x := mat.NewDense(4, 4, []float64{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1})
	y := mat.NewDense(4, 2, []float64{1, 0, 1, 0, 1, 0, 0, 1})
	r, err := outputs.Train(context.Background(), x, y, outputs.Options{Beta: 0.5})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.6f\n%s\n", r.Objective, r.Certificate.Statement())
	// Output:
	// 1.116025
	// Globally optimal within 0.001 %: no two-layer ReLU network of any width has an objective below 1.11602.
}
