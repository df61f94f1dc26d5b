package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// An instance is data with activation patterns and a strength of the weight decay.
type instance struct {
	name  string
	x     *mat.Dense // n x d
	y     []float64
	cells []arrangements.Cell
	beta  float64
}

// A recipe says how to make an instance.
type recipe struct {
	name     string
	patterns int // of Gaussian gates; 0 for stored ones
	beta     float64
	load     func(*instance) error // sets x and y, and the cells if they are stored
}

// gateSeed is that of all sampled gates.
const gateSeed = 1

func recipes() []recipe {
	return []recipe{
		{name: "reference-0.1", beta: 0.1, load: reference},
		{name: "reference-1", beta: 1, load: reference},
		{name: "breast-cancer-100", patterns: 100, beta: 1, load: builtin("breast-cancer")},
		{name: "breast-cancer-500", patterns: 500, beta: 1, load: builtin("breast-cancer")},
		{name: "diabetes-500", patterns: 500, beta: 10, load: builtin("diabetes")},
		// This beta is about 0.01 of beta_max.
		{name: "planted-500", patterns: 500, beta: 11, load: planted},
	}
}

// choose returns the recipes with the names given, or whose names begin so; all for no
// name.
func choose(names []string) ([]recipe, error) {
	all := recipes()
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(r recipe) bool { return strings.HasPrefix(r.name, name) }) {
			return nil, fmt.Errorf("there is no instance %q", name)
		}
	}
	return slices.DeleteFunc(all, func(r recipe) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(r.name, name) })
	}), nil
}

// make returns the instance.
func (r recipe) make(ctx context.Context) (*instance, error) {
	in := &instance{name: r.name, beta: r.beta}
	if err := r.load(in); err != nil {
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	if r.patterns == 0 {
		return in, nil
	}
	var err error
	in.cells, _, err = arrangements.Sample(ctx, in.x, r.patterns, arrangements.SampleSettings{Sampler: arrangements.Gaussian, Seed: gateSeed})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	if len(in.cells) != r.patterns {
		return nil, fmt.Errorf("%s: %d patterns were found, not %d", r.name, len(in.cells), r.patterns)
	}
	return in, nil
}

// program returns the convex program of the instance.
func (in *instance) program(model convexnn.Model) (*convexnn.Program, error) {
	return convexnn.NewProgram(convexnn.Spec{X: in.x, Y: in.y, Cells: in.cells, Beta: in.beta, Model: model})
}

// builtin loads all rows of a built-in table: features standardised, a column of ones
// appended, labels -1 and +1, the target of a regression standardised.
func builtin(name string) func(*instance) error {
	return func(in *instance) error {
		table, err := datasets.Load(name, 0)
		if err != nil {
			return err
		}
		rows := make([]int, table.Rows())
		for i := range rows {
			rows[i] = i
		}
		pre, _, err := datasets.Fit(table, rows, datasets.FitOptions{Standardize: true, Bias: true})
		if err != nil {
			return err
		}
		if in.x, err = pre.Transform(table); err != nil {
			return err
		}
		in.y, err = pre.Target(table)
		return err
	}
}

// planted draws X (2000 x 20), Gaussian but for a column of ones, and y from a network
// of ten neurons with noise.
func planted(in *instance) error {
	const n, d, neurons, noise = 2000, 20, 10, 0.1
	rng := rand.New(rand.NewPCG(20260301, 0))
	in.x = mat.NewDense(n, d, nil)
	for i := range n {
		for k := range d - 1 {
			in.x.Set(i, k, rng.NormFloat64())
		}
		in.x.Set(i, d-1, 1)
	}
	in.y = make([]float64, n)
	for j := range neurons {
		u := make([]float64, d)
		for k := range u {
			u[k] = rng.NormFloat64()
		}
		output := 1 / float64(neurons)
		if j%2 == 1 {
			output = -output
		}
		var z mat.VecDense
		z.MulVec(in.x, mat.NewVecDense(d, u))
		for i := range n {
			in.y[i] += output * max(0, z.AtVec(i))
		}
	}
	for i := range n {
		in.y[i] += noise * rng.NormFloat64()
	}
	return nil
}

const referenceName = "sub_n100_d10_m40"

// reference loads the instance that the tests of convexnn have an outside solver's
// optimum of.
func reference(in *instance) error {
	dir, err := testdata()
	if err != nil {
		return err
	}
	read := func(part string) *mat.Dense {
		m, e := readCSV(filepath.Join(dir, referenceName+"_"+part+".csv"))
		err = errors.Join(err, e)
		return m
	}
	x, y, gates := read("X"), read("y"), read("G")
	if err != nil {
		return err
	}
	in.x, in.y = x, mat.Col(nil, 0, y)
	in.cells, err = arrangements.FromGates(x, gates)
	return err
}

// testdata returns the folder of the test data of convexnn: it is looked for from the
// working directory up.
func testdata() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		found := filepath.Join(dir, "convexnn", "testdata")
		if _, err := os.Stat(filepath.Join(found, "values.json")); err == nil {
			return found, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("there is no convexnn/testdata here or above: run this inside the repository")
		}
		dir = up
	}
}

// readCSV reads a matrix without header.
func readCSV(path string) (*mat.Dense, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	m := mat.NewDense(len(records), len(records[0]), nil)
	for i, record := range records {
		for k, text := range record {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", path, i+1, err)
			}
			m.Set(i, k, v)
		}
	}
	return m, nil
}
