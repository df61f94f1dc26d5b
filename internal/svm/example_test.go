package svm_test

import (
	"context"
	"fmt"

	"github.com/convexnn/convexnn/internal/svm"
)

// Four samples on a line and the neurons (x)_+ and (-x)_+. Each neuron sees two of
// different classes and gives the further one its margin.
func ExampleMaster() {
	m := svm.New([]float64{-1, 1, -1, 1}, 0.25) // at -2, -1, 1/2 and 1
	right := m.Add([]float64{0, 0, 0.5, 1})
	left := m.Add([]float64{2, 1, 0, 0})

	r := m.Solve(context.Background(), 1e-9)
	fmt.Printf("gains %.3f and %.3f\n", m.Gain(right)[0], m.Gain(left)[0])
	fmt.Printf("objective %.3f, bound %.3f\n", m.Objective(), r.Bound)

	v := m.Residual()
	fmt.Printf("prices %.3f and %.3f\n", m.Price(right, v), m.Price(left, v))
	// Output:
	// gains 1.000 and -0.500
	// objective 3.375, bound 3.375
	// prices 0.250 and 0.250
}
