// Command certify shows what can be said of a network that comes from elsewhere: a
// bracket of the optimum around it, and a proof that can be checked again.
//
//	go run ./examples/certify
package main

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

func main() {
	// The exclusive or, with a column of ones for the biases of the neurons.
	x := mat.NewDense(4, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		1, 1, 1,
	})
	y := []float64{-1, 1, 1, -1}
	const beta = 0.1

	// A network that somebody found by hand: -1 + 2 (a+b)_+ - 4 (a+b-1)_+.
	network := &convexnn.Network{Dim: 3, Neurons: []convexnn.Neuron{
		{Weights: []float64{0, 0, 1}, Output: -1},
		{Weights: []float64{1, 1, 0}, Output: 2},
		{Weights: []float64{1, 1, -1}, Output: -4},
	}}
	ctx := context.Background()
	c, err := convexnn.Certify(ctx, x, y, network, beta, convexnn.CertifySettings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("objective %.5f, of which %.5f are the loss\n", c.Objective, c.TrainingLoss)
	fmt.Println(c.Certificate.Statement())
	fmt.Printf("a better network has %.5f\n", c.BetterObjective)

	// The proof is one vector. Whoever has the data can check it.
	again, err := convexnn.Verify(ctx, x, y, c.Certificate.Dual, beta, c.Objective, convexnn.VerifySettings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("checked again: %s\n", again.Statement())
}
