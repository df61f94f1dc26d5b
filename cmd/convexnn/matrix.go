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

	// Of several outputs:
	Outputs() int
	TargetNames() []string
	Classes() []string // nil where there are not more than two
	UnscaleOutputs(f *mat.Dense) *mat.Dense
}

// A matrixEncoding takes matrices as they are, but for a bias column and the
// names of two classes.
type matrixEncoding struct {
	OnesColumn bool          `json:"bias"`
	Kind       datasets.Task `json:"task"`
	Negative   string        `json:"negative,omitempty"`
	Positive   string        `json:"positive,omitempty"`
	Rest       bool          `json:"rest,omitempty"` // Negative stands for all other values

	Columns int      `json:"outputs,omitempty"` // targets of a regression, where there are several
	Names   []string `json:"labels,omitempty"`  // more than two classes, sorted
}

// newMatrixEncoding chooses the classes of the targets (n x c), if there are any. several
// says whether a network may have several outputs.
func newMatrixEncoding(name string, targets *mat.Dense, task datasets.Task, positive string, bias, several bool) (*matrixEncoding, error) {
	e := &matrixEncoding{OnesColumn: bias, Kind: datasets.TaskRegression}
	if positive != "" && task == datasets.TaskRegression {
		return nil, usagef("--positive %s names a class, and the task is regression", positive)
	}
	_, c := targets.Dims()
	if c > 1 && (task == datasets.TaskClassification || positive != "") {
		return nil, usagef("--y has %d columns, which are targets of a regression; classes take one column", c)
	}
	if c > 1 {
		e.Columns = c
	}
	if task != datasets.TaskClassification && positive == "" {
		return e, nil
	}
	y := mat.Col(nil, 0, targets)
	e.Kind = datasets.TaskClassification
	values := slices.Compact(slices.Sorted(slices.Values(y)))
	switch {
	case len(values) < 2:
		return nil, fmt.Errorf("the targets of %s are all %s; classification needs two classes", name, label(values[0]))
	case len(values) > 10 && positive == "":
		return nil, fmt.Errorf("the targets of %s are %d distinct numbers: use --task regression", name, len(values))
	case len(values) > 2 && positive == "" && several:
		for _, v := range values {
			e.Names = append(e.Names, label(v))
		}
		return e, nil
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
func (e *matrixEncoding) Outputs() int             { return max(1, e.Columns, len(e.Names)) }
func (e *matrixEncoding) Classes() []string        { return slices.Clone(e.Names) }

func (e *matrixEncoding) TargetNames() []string {
	return targetNames(mat.NewDense(1, max(1, e.Columns), nil))
}

func (e *matrixEncoding) UnscaleOutputs(f *mat.Dense) *mat.Dense { return mat.DenseCopyOf(f) }

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

// encode returns the rows of x and of the targets y (n x c) as numbers.
func (e *matrixEncoding) encode(name string, x, y *mat.Dense) (s sample, err error) {
	s.x = e.transform(x)
	_, c := y.Dims()
	switch {
	case c != max(1, e.Columns):
		return s, fmt.Errorf("the rows of %s have %s, and the model %d", name, plural(c, "target"), max(1, e.Columns))
	case e.Columns > 1:
		s.targets = y
	case e.Names != nil:
		n, _ := y.Dims()
		s.targets, s.strata = mat.NewDense(n, len(e.Names), nil), make([]int, n)
		for i := range n {
			k := slices.Index(e.Names, label(y.At(i, 0)))
			if k < 0 {
				return s, fmt.Errorf("target %d of %s is %s, and the classes are %s", i+1, name, label(y.At(i, 0)), strings.Join(e.Names, ", "))
			}
			s.targets.Set(i, k, 1)
			s.strata[i] = k
		}
	default:
		if s.y, err = e.target(name, mat.Col(nil, 0, y)); err == nil {
			s.strata = e.strata(s.y)
		}
	}
	return s, err
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
	switch distinct := len(slices.Compact(slices.Sorted(slices.Values(e.Names)))); {
	case e.Columns < 0 || e.Columns == 1 || e.Columns > 1 && e.Kind != datasets.TaskRegression:
		return errors.New("the matrix has no valid number of targets")
	case e.Names == nil:
	case e.Kind != datasets.TaskClassification || distinct < 3 || distinct != len(e.Names) || e.Negative+e.Positive != "" || e.Rest || slices.Contains(e.Names, ""):
		return errors.New("the matrix has no valid list of labels")
	default:
		return nil
	}
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
