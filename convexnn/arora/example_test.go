package arora_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn/arora"
)

// The exclusive or of two inputs and a bias takes three neurons.
func ExampleTrain() {
	x := mat.NewDense(4, 3, []float64{
		-1, -1, 1,
		-1, 1, 1,
		1, -1, 1,
		1, 1, 1,
	})
	y := []float64{-1, 1, 1, -1}
	for m := 1; m <= 3; m++ {
		r, err := arora.Train(context.Background(), x, y, arora.Settings{Neurons: m})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d: %.4f\n", m, r.Objective)
	}
	// Output:
	// 1: 1.5000
	// 2: 0.5000
	// 3: 0.0000
}

func ExampleNewCost() {
	x := mat.NewDense(5, 2, []float64{-2, 1, -1, 1, 0, 1, 1, 1, 2, 1})
	c, err := arora.NewCost(x, 2)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.0f cells, %.0f networks to choose from\n", c.Cells, c.Tuples)
	// Output: 10 cells, 211 networks to choose from
}
