package main

import (
	"context"
	"encoding/binary"
	"os"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// positive are the classes to tell from the rest, where there are three and more.
var positive = map[string]string{"iris": "versicolor", "wine": "class_0", "digits": "3"}

// A problem is a data set ready for training.
type problem struct {
	name  string
	x     *mat.Dense // n x d, standardised, with a column of ones
	y     []float64
	betas []float64
}

// load returns all rows of a built-in data set and the betas to train with, by their
// ratios to beta_max and rounded, so that they do not depend on its last digits.
func load(ctx context.Context, name string, ratios []float64) (*problem, error) {
	table, err := datasets.Load(name, 0)
	if err != nil {
		return nil, err
	}
	rows := make([]int, table.Rows())
	for i := range rows {
		rows[i] = i
	}
	pre, _, err := datasets.Fit(table, rows, datasets.FitOptions{Positive: positive[name], Standardize: true, Bias: true})
	if err != nil {
		return nil, err
	}
	p := &problem{name: name}
	if p.x, err = pre.Transform(table); err != nil {
		return nil, err
	}
	if p.y, err = pre.Target(table); err != nil {
		return nil, err
	}
	most, err := convexnn.FindBetaMax(ctx, p.x, p.y, false)
	if err != nil {
		return nil, err
	}
	for _, ratio := range ratios {
		beta, err := strconv.ParseFloat(strconv.FormatFloat(ratio*most.Value, 'g', 3, 64), 64)
		if err != nil {
			return nil, err
		}
		p.betas = append(p.betas, beta)
	}
	return p, nil
}

// raw returns the bytes of values.
func raw(values []float64) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		panic(err) // a slice of float64 has a fixed size
	}
	return b
}

func writeRaw(path string, values []float64) error {
	return os.WriteFile(path, raw(values), 0o644)
}
