package pricing_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
)

// The price of the exclusive-or target and of its negative, from all 14 cells of
// the corners of the unit square.
func ExampleByCells() {
	x := mat.NewDense(4, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		1, 1, 1,
	})
	y := []float64{-1, 1, 1, -1}
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		log.Fatal(err)
	}
	plus, minus, cells, err := pricing.ByCells(context.Background(), x, a, y, pricing.CellSettings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cells, "cells")
	for _, r := range []pricing.Result{plus, minus} {
		fmt.Printf("%.6f, proved: %v\n", r.Value, r.Exact)
	}
	// Output:
	// 14 cells
	// 0.707107, proved: true
	// 0.577350, proved: true
}

// With two outputs, one for each class of the exclusive-or.
func ExampleOutputsByCells() {
	x := mat.NewDense(4, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		1, 1, 1,
	})
	y := mat.NewDense(4, 2, []float64{
		1, 0,
		0, 1,
		0, 1,
		1, 0,
	})
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		log.Fatal(err)
	}
	r, err := pricing.OutputsByCells(context.Background(), x, a, y, pricing.CellSettings{})
	if err != nil {
		log.Fatal(err)
	}
	// The samples of each class add up to (1, 1, 2), and all are active along that:
	// the price is sqrt(2) |(1, 1, 2)|.
	fmt.Printf("%.4f, proved: %v\n", r.Value, r.Exact)
	// Output:
	// 3.4641, proved: true
}
