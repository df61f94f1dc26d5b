package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/datasets"
)

// An encoding says how the rows of a model's data become inputs and targets, and
// its scores predictions.
type encoding interface {
	Task() datasets.Task
	TargetName() string
	TargetScale() float64
	Labels() (negative, positive string)
	Label(score float64) string
	Unscale(scores []float64) []float64
	Bias() bool
}

// A matrixEncoding takes matrices as they are, but for a bias column and the
// names of two classes.
type matrixEncoding struct {
	OnesColumn bool          `json:"bias"`
	Kind       datasets.Task `json:"task"`
	Negative   string        `json:"negative,omitempty"`
	Positive   string        `json:"positive,omitempty"`
	Rest       bool          `json:"rest,omitempty"` // Negative stands for all other values
}

// newMatrixEncoding chooses the classes of the targets y, if there are any.
func newMatrixEncoding(name string, y []float64, task datasets.Task, positive string, bias bool) (*matrixEncoding, error) {
	e := &matrixEncoding{OnesColumn: bias, Kind: datasets.TaskRegression}
	if positive != "" && task == datasets.TaskRegression {
		return nil, usagef("--positive %s names a class, and the task is regression", positive)
	}
	if task != datasets.TaskClassification && positive == "" {
		return e, nil
	}
	e.Kind = datasets.TaskClassification
	values := slices.Compact(slices.Sorted(slices.Values(y)))
	switch {
	case len(values) < 2:
		return nil, fmt.Errorf("the targets of %s are all %s; classification needs two classes", name, label(values[0]))
	case len(values) > 10 && positive == "":
		return nil, fmt.Errorf("the targets of %s are %d distinct numbers: use --task regression", name, len(values))
	case len(values) > 2 && positive == "":
		return nil, fmt.Errorf("the targets of %s have %d values; choose the class to tell from the rest with --positive", name, len(values))
	}
	at := 1
	if positive != "" {
		v, err := strconv.ParseFloat(positive, 64)
		if at = slices.Index(values, v); err != nil || at < 0 {
			return nil, fmt.Errorf("no target of %s is %s, which --positive names", name, positive)
		}
	}
	e.Positive = label(values[at])
	if e.Rest = len(values) > 2; e.Rest {
		e.Negative = "not " + e.Positive
	} else {
		e.Negative = label(values[1-at])
	}
	return e, nil
}

// label is the name of the class of a number.
func label(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func (e *matrixEncoding) Task() datasets.Task      { return e.Kind }
func (e *matrixEncoding) TargetName() string       { return "y" }
func (e *matrixEncoding) TargetScale() float64     { return 1 }
func (e *matrixEncoding) Labels() (string, string) { return e.Negative, e.Positive }
func (e *matrixEncoding) Bias() bool               { return e.OnesColumn }

func (e *matrixEncoding) Label(score float64) string {
	if score > 0 {
		return e.Positive
	}
	return e.Negative
}

func (e *matrixEncoding) Unscale(scores []float64) []float64 { return slices.Clone(scores) }

// transform appends the bias column if there is one.
func (e *matrixEncoding) transform(x *mat.Dense) *mat.Dense {
	if !e.OnesColumn {
		return x
	}
	n, d := x.Dims()
	out := mat.NewDense(n, d+1, nil)
	out.Slice(0, n, 0, d).(*mat.Dense).Copy(x)
	for i := range n {
		out.Set(i, d, 1)
	}
	return out
}

// target returns y, or -1 and +1 for classes.
func (e *matrixEncoding) target(name string, y []float64) ([]float64, error) {
	out := slices.Clone(y)
	if e.Kind == datasets.TaskRegression {
		return out, nil
	}
	for i, v := range y {
		switch l := label(v); {
		case l == e.Positive:
			out[i] = 1
		case e.Rest || l == e.Negative:
			out[i] = -1
		default:
			return nil, fmt.Errorf("target %d of %s is %s, and the classes are %s and %s", i+1, name, l, e.Negative, e.Positive)
		}
	}
	return out, nil
}

// strata returns the classes of encoded targets for a stratified split, nil for a
// regression.
func (e *matrixEncoding) strata(y []float64) []int {
	if e.Kind == datasets.TaskRegression {
		return nil
	}
	out := make([]int, len(y))
	for i, v := range y {
		out[i] = int(v)
	}
	return out
}

// check validates an encoding that was read from a file.
func (e *matrixEncoding) check() error {
	switch e.Kind {
	case datasets.TaskRegression:
		if e.Negative == "" && e.Positive == "" && !e.Rest {
			return nil
		}
		return errors.New("the matrix of a regression has class labels")
	case datasets.TaskClassification:
		rest := "not " + e.Positive
		if e.Positive != "" && e.Negative != "" && e.Positive != e.Negative && e.Rest == (e.Negative == rest) && !strings.ContainsAny(e.Positive+e.Negative, "\r\n") {
			return nil
		}
		return errors.New("the matrix of a classification needs two labels")
	}
	return errors.New("the matrix has no task")
}
