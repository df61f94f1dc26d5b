package convexnn_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// XOR with a hidden bias, the column of ones. Local search from random weights
// often fails on it; the convex program has no bad local minima.
func ExampleTrain() {
	x := mat.NewDense(4, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		1, 1, 1,
	})
	y := []float64{-1, 1, 1, -1}
	result, err := convexnn.Train(context.Background(), x, y, convexnn.Options{Beta: 0.1, Tolerance: 1e-6})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("objective %.6f with %d neurons\n", result.Objective, len(result.Network.Neurons))
	fmt.Println(result.Certificate.Statement())
	scores, err := result.Network.Predict(x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("scores %.2f\n", scores)
	// Output:
	// objective 0.579253 with 4 neurons
	// Globally optimal within 0.001 %: no two-layer ReLU network of any width has an objective below 0.579252.
	// scores [-0.83 0.86 0.86 -0.83]
}

// How far is a network from the best one? Two neurons that compute XOR do not do it
// at the least weight decay: 1/2 + 0.1 (sqrt(2) + 3 sqrt(3)) = 1.161037 against four at
// 0.579253.
func ExampleCertify() {
	x := mat.NewDense(4, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		1, 1, 1,
	})
	y := []float64{-1, 1, 1, -1}
	network := &convexnn.Network{Dim: 3, Neurons: []convexnn.Neuron{
		{Weights: []float64{1, 1, 0}, Output: 1},
		{Weights: []float64{1, 1, -1}, Output: -3},
	}}
	c, err := convexnn.Certify(context.Background(), x, y, network, 0.1, convexnn.CertifySettings{Tolerance: 1e-6})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("objective %.6f\n", c.Objective)
	fmt.Println(c.Certificate.Statement())
	fmt.Printf("a network with %d neurons has %.6f\n", len(c.Better.Neurons), c.BetterObjective)
	// Output:
	// objective 1.161037
	// No two-layer ReLU network of any width has an objective below 0.579252 (gap 51 %).
	// a network with 4 neurons has 0.579253
}

// Building a program from given gates, solving it, and reading its bracket.
func ExampleProgram() {
	x := mat.NewDense(5, 2, []float64{-2, 1, -1, 1, 0, 1, 1, 1, 2, 1})
	y := []float64{2, 1, 0, 1, 2} // |x|
	gates := mat.NewDense(2, 3, []float64{
		1, -1, 0, // gate (1, 0): active right of zero
		0, 0, 1, // gate (-1, 0): left of zero; gate (0, 1): everywhere
	})
	cells, err := arrangements.FromGates(x, gates)
	if err != nil {
		log.Fatal(err)
	}
	program, err := convexnn.NewProgram(convexnn.Spec{X: x, Y: y, Cells: cells, Beta: 0.1})
	if err != nil {
		log.Fatal(err)
	}
	solution, err := program.Solve(context.Background(), convexnn.SolveSettings{Tolerance: 1e-8})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("the optimum over %d patterns is %.6f\n", program.Patterns(), solution.Objective)
	fmt.Println("proved:", solution.Objective-solution.LowerBound < 1e-8)
	// Output:
	// the optimum over 3 patterns is 0.196437
	// proved: true
}

// A network whose neurons depend on each other loses some of them, never its
// objective.
func ExampleNetwork_Simplify() {
	x := mat.NewDense(2, 1, []float64{1, 2})
	y := []float64{1, 2}
	network := &convexnn.Network{Dim: 1, Neurons: []convexnn.Neuron{
		{Weights: []float64{0.5}, Output: 0.5},
		{Weights: []float64{0.25}, Output: 0.25},
		{Weights: []float64{2}, Output: 0.25},
	}}
	slim, err := network.Simplify(x, y, 0.01, false)
	if err != nil {
		log.Fatal(err)
	}
	before, _, _ := network.Objective(x, y, 0.01)
	after, _, _ := slim.Objective(x, y, 0.01)
	fmt.Printf("%d neurons at %.6f, then %d at %.6f\n",
		len(network.Neurons), before, len(slim.Neurons), after)
	// Output:
	// 3 neurons at 0.096016, then 1 at 0.009990
}
