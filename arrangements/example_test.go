package arrangements_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// The corners of the unit square, with a bias column: a neuron can tell any
// subset of them from the rest, except the two diagonals.
func Example() {
	x := mat.NewDense(4, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		1, 1, 1,
	})
	fmt.Println("at most", arrangements.CellBound(x), "cells")
	cells, stats, err := arrangements.Sample(context.Background(), x, 100, arrangements.SampleSettings{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("found", len(cells), "with an active sample, complete:", stats.Complete)
	for _, c := range cells {
		if s := c.Pattern.String(); s == "+--+" || s == "-++-" {
			fmt.Println("a diagonal:", s)
		}
	}
	// Output:
	// at most 14 cells
	// found 13 with an active sample, complete: true
}

func ExamplePatternOf() {
	x := mat.NewDense(3, 2, []float64{1, 0, 0, 1, -1, -1})
	p := arrangements.PatternOf(x, []float64{2, -1})
	fmt.Println(p, p.Count())
	// Output:
	// +-- 1
}

func ExampleMaxCells() {
	// Three points on a line and a bias: six half-planes of weights.
	fmt.Println(arrangements.MaxCells(3, 2))
	// A table of 569 samples of rank 31 has far too many cells to list.
	fmt.Println(len(arrangements.MaxCells(569, 31).String()), "digits")
	// Output:
	// 6
	// 51 digits
}

func ExampleArrangement() {
	// Three points on a line, with a bias.
	x := mat.NewDense(3, 2, []float64{-1, 1, 0, 1, 2, 1})
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("at most", a.MaxCells())
	var patterns []string
	for c, err := range a.Cells(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		patterns = append(patterns, c.Pattern.String())
	}
	slices.Sort(patterns)
	fmt.Println(patterns)
	// Output:
	// at most 6
	// [+++ ++- +-- -++ --+ ---]
}
