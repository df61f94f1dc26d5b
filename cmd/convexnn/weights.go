package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// weightFlags name the parts of a network that are no model file.
type weightFlags struct {
	alpha, hiddenBias string
	outputBias        float64
}

func (f *weightFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.alpha, "alpha", "", "output weights in `FILE`, where MODEL is the matrix of hidden weights")
	fs.StringVar(&f.hiddenBias, "hidden-bias", "", "biases of the neurons in `FILE`")
	fs.Float64Var(&f.outputBias, "output-bias", 0, "bias `F` of the output")
}

// plainWeights are the weights of a network as other programs have them.
type plainWeights struct {
	name        string
	u           *mat.Dense // d x m, or m x d
	alpha, bias []float64  // bias is nil for none
	intercept   float64
}

// openNetwork reads MODEL: a model file, or plain weights.
func openNetwork(path string, f *weightFlags, flags *pflag.FlagSet) (*model, *plainWeights, error) {
	data, err := readModel(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read %s: %w", path, cause(err))
	}
	switch text := bytes.TrimSpace(data); {
	case len(text) == 0:
		return nil, nil, fmt.Errorf("cannot read %s: it is empty", path)
	case text[0] == '[':
		return nil, nil, fmt.Errorf(`cannot read %s: it is a JSON list; weights are {"U": [[...], ...], "alpha": [...]}`, path)
	case text[0] != '{':
		w, err := f.matrices(path)
		return nil, w, err
	}
	for _, name := range []string{"alpha", "hidden-bias", "output-bias"} {
		if flags.Changed(name) {
			return nil, nil, usagef("--%s belongs to a matrix of hidden weights, and %s is JSON that holds all of them", name, path)
		}
	}
	var head struct {
		Format *string `json:"format"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, nil, fmt.Errorf("cannot read %s: %w", path, badWeights(data, err))
	}
	if head.Format != nil {
		m, err := loadModel(data)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot read model %s: %w", path, cause(err))
		}
		return m, nil, nil
	}
	w, err := parseWeights(data)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read weights %s: %w", path, err)
	}
	w.name = path
	return nil, w, nil
}

// matrices reads weights from matrix files, the hidden ones from path.
func (f *weightFlags) matrices(path string) (*plainWeights, error) {
	if f.alpha == "" {
		return nil, usagef("%s is no JSON, and a matrix of hidden weights needs the output weights with --alpha FILE", path)
	}
	if !number(f.outputBias).defined() {
		return nil, usagef("--output-bias must be finite, got %v", f.outputBias)
	}
	w := &plainWeights{name: path, intercept: f.outputBias}
	var err error
	if w.u, err = datasets.ReadMatrix(path); err != nil {
		return nil, err
	}
	if w.alpha, err = readVector("--alpha", f.alpha); err != nil || f.hiddenBias == "" {
		return w, err
	}
	w.bias, err = readVector("--hidden-bias", f.hiddenBias)
	return w, err
}

// readVector reads a matrix of one row or one column.
func readVector(flag, path string) ([]float64, error) {
	m, err := datasets.ReadMatrix(path)
	if err != nil {
		return nil, err
	}
	r, c := m.Dims()
	if min(r, c) == 1 {
		return m.RawMatrix().Data, nil
	}
	if flag == "--alpha" {
		return nil, fmt.Errorf("%s is a %d x %d matrix: that is a network of several outputs, and bounds are for one", path, r, c)
	}
	return nil, fmt.Errorf("%s is a %d x %d matrix; %s takes one number per neuron", path, r, c, flag)
}

// parseWeights reads {"U": [[..]], "alpha": [..], "bias": [..], "intercept": b}.
func parseWeights(data []byte) (*plainWeights, error) {
	var in struct {
		U         json.RawMessage `json:"U"`
		Alpha     json.RawMessage `json:"alpha"`
		Bias      json.RawMessage `json:"bias"`
		Intercept json.RawMessage `json:"intercept"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, badWeights(data, err)
	}
	if err := exactNames(data, "U", "alpha", "bias", "intercept"); err != nil {
		return nil, err
	}
	if in.U == nil || in.Alpha == nil {
		return nil, errors.New(`it is neither a model nor weights, which are {"U": [[...], ...], "alpha": [...]}, and "bias" and "intercept" if there are any`)
	}
	w := new(plainWeights)
	u, err := parseNumbers("U", in.U)
	if err != nil {
		return nil, err
	}
	if u.flat {
		return nil, errors.New("the hidden weights U are a list; they should be a list of rows")
	}
	w.u = mat.NewDense(u.rows, u.cols, u.values)
	alpha, err := parseNumbers("alpha", in.Alpha)
	if err != nil {
		return nil, err
	}
	if min(alpha.rows, alpha.cols) > 1 {
		return nil, fmt.Errorf("alpha is %d x %d: that is a network of several outputs, and bounds are for one", alpha.rows, alpha.cols)
	}
	w.alpha = alpha.values
	if given(in.Bias) {
		bias, err := parseNumbers("bias", in.Bias)
		if err != nil {
			return nil, err
		}
		if w.bias = bias.values; min(bias.rows, bias.cols) > 1 {
			return nil, fmt.Errorf("bias is %d x %d; it should have one number per neuron", bias.rows, bias.cols)
		}
	}
	if !given(in.Intercept) {
		return w, nil
	}
	intercept, err := parseNumbers("intercept", in.Intercept)
	if err != nil {
		return nil, err
	}
	if len(intercept.values) > 1 {
		return nil, fmt.Errorf("intercept has %d numbers: that is a network of several outputs, and bounds are for one", len(intercept.values))
	}
	w.intercept = intercept.values[0]
	return w, nil
}

// exactNames refuses members that the decoder takes for one of the names though the
// case differs: a file with both would hide one of them.
func exactNames(data []byte, names ...string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return badWeights(data, err)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("it has a member %.40q; the names are %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

func given(data json.RawMessage) bool { return data != nil && string(data) != "null" }

// numbers are a number, a list or a matrix of JSON.
type numbers struct {
	rows, cols int
	values     []float64
	flat       bool
}

// parseNumbers reads them. Pointers tell null, which would pass for zero.
func parseNumbers(name string, data []byte) (numbers, error) {
	var nested [][]*float64
	out := numbers{}
	if one := new(float64); json.Unmarshal(data, &one) == nil && one != nil {
		return numbers{1, 1, []float64{*one}, true}, nil
	}
	var list []*float64
	if json.Unmarshal(data, &list) == nil {
		nested, out.flat = [][]*float64{list}, true
	} else if err := json.Unmarshal(data, &nested); err != nil {
		return out, fmt.Errorf("%s is no list of finite numbers", name)
	}
	out.rows = len(nested)
	for i, row := range nested {
		if i == 0 {
			out.cols = len(row)
		}
		if len(row) != out.cols {
			return out, fmt.Errorf("row %d of %s has %d numbers, and row 1 has %d", i+1, name, len(row), out.cols)
		}
		for j, v := range row {
			if v == nil {
				return out, fmt.Errorf("%s holds null at row %d, position %d", name, i+1, j+1)
			}
			out.values = append(out.values, *v)
		}
	}
	if len(out.values) == 0 {
		return out, fmt.Errorf("%s is empty", name)
	}
	return out, nil
}

// badWeights words an error of the JSON decoder, which knows no NaN.
func badWeights(data []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset > 0 && syntax.Offset <= int64(len(data)) && strings.ContainsRune("NI", rune(data[syntax.Offset-1])) {
		return fmt.Errorf("byte %d holds NaN or Infinity; weights must be finite", syntax.Offset)
	}
	return damaged("a model or weights", err)
}

// network returns the network on the columns of X, those without the ones that a
// hidden bias adds, and what the user should know of the reading.
func (w *plainWeights) network(columns int) (*convexnn.Network, string, error) {
	r, c := w.u.Dims()
	m := len(w.alpha)
	u, note := mat.Matrix(w.u), ""
	switch {
	case r == columns && c == m:
		if r == c && r > 1 {
			note = fmt.Sprintf("the hidden weights are square and read as d x m, one neuron a column; transpose them if %s has one neuron a row, as PyTorch does", w.name)
		}
	case r == m && c == columns:
		u = w.u.T()
	default:
		return nil, "", fmt.Errorf("the hidden weights of %s are %d x %d; with %s and %s in X they should be %d x %d or the transpose",
			w.name, r, c, plural(m, "output weight"), plural(columns, "column"), columns, m)
	}
	if w.bias != nil && len(w.bias) != m {
		return nil, "", fmt.Errorf("the hidden bias of %s has %s, and there are %s", w.name, plural(len(w.bias), "number"), plural(m, "neuron"))
	}
	net := &convexnn.Network{Dim: columns, Intercept: w.intercept}
	if w.bias != nil {
		net.Dim++
	}
	for j, alpha := range w.alpha {
		weights := mat.Col(nil, j, u)
		if w.bias != nil {
			weights = append(weights, w.bias[j])
		}
		net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: weights, Output: alpha})
	}
	return net, note, nil
}
