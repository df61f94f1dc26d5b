package flow_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn/flow"
)

// On orthogonally separable data gradient flow finds the network of the largest margin, and
// its dual vector proves it.
func ExampleRun() {
	x := mat.NewDense(3, 2, []float64{
		2, 0,
		1, 1,
		-1, 0,
	})
	y := []float64{1, 1, -1}
	r, err := flow.Run(context.Background(), x, y, flow.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("largest margin: %.3f, by convex optimisation\n", r.Program.Objective)
	fmt.Printf("gradient flow:  %.3f, optimal within 0.1 %%: %v\n", r.Upper, r.Certificate.RelativeGap < 1e-3)

	// The directions to which neurons of either sign have turned.
	seen := map[string]bool{}
	for _, h := range r.Neurons {
		direction := fmt.Sprintf("%+.0f: (%.1f, %.1f)", math.Copysign(1, h.Output), h.Weights[0]/h.Norm, math.Abs(h.Weights[1])/h.Norm)
		if h.Share > 0.05 && !seen[direction] {
			seen[direction] = true
			fmt.Println(direction)
		}
	}
	// Unordered output:
	// largest margin: 1.707, by convex optimisation
	// gradient flow:  1.708, optimal within 0.1 %: true
	// +1: (0.7, 0.7)
	// -1: (-1.0, 0.0)
}
