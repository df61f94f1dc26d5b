package convexnn_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// The path of XOR with a hidden bias: at beta_max, 0.707, the best network has no
// neurons; then those of the samples (0, 1) and (1, 0) appear, and at 0.577 the other
// two.
func ExamplePath() {
	x := mat.NewDense(4, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		1, 1, 1,
	})
	y := []float64{-1, 1, 1, -1}
	path, err := convexnn.Path(context.Background(), x, y, convexnn.PathOptions{Betas: []float64{0.8, 0.6, 0.3, 0.1}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("beta_max %.6f\n", path.BetaMax.Value)
	for _, r := range path.Points {
		fmt.Printf("beta %.1f: objective %.6f, %d neurons, %s\n", r.Beta, r.Objective, len(r.Network.Neurons), r.Certificate.Kind)
	}
	// Output:
	// beta_max 0.707107
	// beta 0.8: objective 2.000000, 0 neurons, exact
	// beta 0.6: objective 1.977056, 2 neurons, exact
	// beta 0.3: objective 1.437759, 4 neurons, exact
	// beta 0.1: objective 0.579253, 4 neurons, exact
}
