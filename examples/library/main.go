// Command library shows the packages at work without the command: a table, its
// split, its scaling, a network, and what is known of it.
//
//	go run ./examples/library
package main

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

func main() {
	table, err := datasets.Load("diabetes", 1)
	if err != nil {
		log.Fatal(err)
	}
	train, test, err := datasets.Split(nil, table.Rows(), 0.2, 1)
	if err != nil {
		log.Fatal(err)
	}
	pre, notices, err := datasets.Fit(table, train, datasets.FitOptions{Standardize: true, Bias: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range notices {
		fmt.Println("note:", n)
	}
	x, err := pre.Transform(table)
	if err != nil {
		log.Fatal(err)
	}
	y, err := pre.Target(table)
	if err != nil {
		log.Fatal(err)
	}

	trainX, trainY := pick(x, y, train)
	result, err := convexnn.Train(context.Background(), trainX, trainY, convexnn.Options{BetaRatio: 0.1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("objective %.4f with %d neurons\n", result.Objective, len(result.Network.Neurons))
	fmt.Println(result.Certificate.Statement())

	testX, _ := pick(x, y, test[:3])
	scores, err := result.Network.Predict(testX)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("three predictions of %s: %.1f\n", pre.TargetName(), pre.Unscale(scores))
}

// pick returns the given rows of x and y.
func pick(x *mat.Dense, y []float64, rows []int) (*mat.Dense, []float64) {
	_, d := x.Dims()
	px, py := mat.NewDense(len(rows), d, nil), make([]float64, len(rows))
	for k, i := range rows {
		px.SetRow(k, x.RawRowView(i))
		py[k] = y[i]
	}
	return px, py
}
