package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/outputs"
	"github.com/convexnn/convexnn/datasets"
)

const (
	modelFormat  = "convexnn-model"
	modelVersion = 2       // 1 for one output
	maxModel     = 1 << 30 // bytes of a model file
)

// A model is what a model file holds: a network and the way from data to its
// inputs. Of Preprocessing and Matrix one is set.
type model struct {
	Format        string                 `json:"format"`
	Version       int                    `json:"version"`
	Preprocessing *datasets.Preprocessor `json:"preprocessing"`
	Matrix        *matrixEncoding        `json:"matrix,omitempty"`
	Stored        json.RawMessage        `json:"network"` // of Network or Outputs, in a file
	Training      *trainingInfo          `json:"training,omitempty"`

	// Of the two networks one is set: that of one output, or of several.
	Network *convexnn.Network `json:"-"`
	Outputs *outputs.Network  `json:"-"`

	from string // the kind of file that it comes from, for errors; empty for a model
}

// origin is what errors call the file.
func (m *model) origin() string { return "the " + cmp.Or(m.from, "model") }

// trainingInfo says where a model comes from. Predictions do not need it.
type trainingInfo struct {
	Objective   number  `json:"objective"`
	Beta        number  `json:"beta"`
	Loss        string  `json:"loss,omitempty"` // unless it is squared
	Certificate string  `json:"certificate"`
	ProgramGap  *number `json:"program_gap"` // null unless the certificate is about a program
	Convexnn    string  `json:"convexnn"`

	Data *dataInfo `json:"data,omitempty"`
}

// dataInfo says what a model was trained on and how to repeat the split.
type dataInfo struct {
	Name         string  `json:"name"` // see dataName
	Rows         int     `json:"rows"` // without those left out
	TrainingRows int     `json:"training_rows"`
	TestFraction float64 `json:"test_fraction"`
	Seed         uint64  `json:"seed"` // of the split, and of a generated set
}

func newModel(p *prepared, result *convexnn.Result, seed uint64) *model {
	m := &model{
		Format: modelFormat, Version: 1, Network: result.Network,
		Training: &trainingInfo{
			Objective: number(result.Objective), Beta: number(result.Beta),
			Certificate: string(result.Certificate.Kind), Convexnn: version(),
			Data: p.info(seed),
		},
	}
	if result.Loss != convexnn.Squared {
		m.Training.Loss = result.Loss.String()
	}
	if c := result.Certificate; c.Kind == convexnn.CertifiedProgram {
		m.Training.ProgramGap = (*number)(&c.ProgramGap)
	}
	m.Preprocessing, m.Matrix = stored(p.encoding)
	return m
}

// info describes the split of the rows.
func (p *prepared) info(seed uint64) *dataInfo {
	return &dataInfo{
		Name: dataName(p.name), Rows: p.train.rows() + p.test.rows(), TrainingRows: p.train.rows(),
		TestFraction: p.fraction, Seed: seed,
	}
}

// stored returns an encoding as one of the two that files hold.
func stored(e encoding) (*datasets.Preprocessor, *matrixEncoding) {
	if p, ok := e.(*datasets.Preprocessor); ok {
		return p, nil
	}
	return nil, e.(*matrixEncoding)
}

func (m *model) encoding() encoding {
	if m.Preprocessing != nil {
		return m.Preprocessing
	}
	return m.Matrix
}

func (m *model) write(w io.Writer) (err error) {
	file := *m
	if m.Outputs != nil {
		file.Version = modelVersion
		file.Stored, err = json.Marshal(m.Outputs)
	} else {
		file.Stored, err = json.Marshal(m.Network)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(file)
}

// openModel reads the model file at path.
func openModel(path string) (*model, error) {
	data, err := readModel(path)
	if err == nil {
		var m *model
		if m, err = loadModel(data); err == nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("cannot read model %s: %w", path, cause(err))
}

func readModel(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a directory; name a file")
	case info.Size() > maxModel:
		return nil, fmt.Errorf("it has %s, and a model file has at most %s",
			convexnn.FormatBytes(float64(info.Size())), convexnn.FormatBytes(maxModel))
	}
	data, err := io.ReadAll(io.LimitReader(f, maxModel+1))
	if len(data) > maxModel {
		return nil, fmt.Errorf("it has more than %s", convexnn.FormatBytes(maxModel))
	}
	return data, err
}

// loadModel parses a model and checks that its parts fit each other.
func loadModel(data []byte) (*model, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("it is empty")
	}
	// The format comes first, so that another kind of file is called that.
	var head struct {
		Format  string `json:"format"`
		Version *int   `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, damaged("a model", err)
	}
	switch {
	case head.Format != modelFormat:
		return nil, fmt.Errorf("it is not a model: its format is %.40q, not %q", head.Format, modelFormat)
	case head.Version == nil || *head.Version < 1:
		return nil, errors.New("it is not a model: it has no valid version")
	case *head.Version > modelVersion:
		return nil, fmt.Errorf("it has version %d, and this program reads version %d; use a newer convexnn", *head.Version, modelVersion)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	m := new(model)
	if err := d.Decode(m); err != nil {
		return nil, damaged("a model", err)
	}
	if err := m.loadNetwork(); err != nil {
		return nil, damaged("a model", err)
	}
	return m, m.check()
}

// loadNetwork reads the stored network, which has several outputs if it counts them.
func (m *model) loadNetwork() error {
	text := bytes.TrimSpace(m.Stored)
	m.Stored = nil
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) == nil && members["outputs"] != nil {
		m.Outputs = new(outputs.Network)
		return json.Unmarshal(text, m.Outputs)
	}
	m.Network = new(convexnn.Network)
	return json.Unmarshal(text, m.Network)
}

// dim is the number of inputs of the network.
func (m *model) dim() int {
	if m.Outputs != nil {
		return m.Outputs.Dim
	}
	return m.Network.Dim
}

// single refuses a network of several outputs for a command that takes none.
func (m *model) single(path, command string) error {
	if m.Outputs == nil {
		return nil
	}
	return fmt.Errorf("%s has %d outputs, and %s takes networks with one; the report of train says what is proved of it", path, m.Outputs.Outputs, command)
}

// damaged words an error of the JSON decoder for a file that should be something.
func damaged(what string, err error) error {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
	)
	if errors.As(err, &kind) {
		// The decoder's own text names Go types.
		return fmt.Errorf("it is damaged or not %s: byte %d holds %s where something else belongs", what, kind.Offset, kind.Value)
	}
	if errors.As(err, &syntax) {
		return fmt.Errorf("it is damaged or not %s: byte %d: %w", what, syntax.Offset, err)
	}
	return fmt.Errorf("it is damaged or not %s: %w", what, err)
}

func (m *model) check() error {
	switch {
	case m.Network == nil && m.Outputs == nil:
		return errors.New("it has no network")
	case (m.Preprocessing == nil) == (m.Matrix == nil):
		return errors.New("it needs either preprocessing or a matrix")
	case m.Matrix != nil:
		if err := m.Matrix.check(); err != nil {
			return err
		}
	case m.Preprocessing.Cols() != m.dim():
		return fmt.Errorf("its preprocessing gives %d inputs, and its network takes %d", m.Preprocessing.Cols(), m.dim())
	}
	have := 1
	if m.Outputs != nil {
		have = m.Outputs.Outputs
	}
	if want := m.encoding().Outputs(); have != want {
		return fmt.Errorf("its network has %s, and its targets are %d", plural(have, "output"), want)
	}
	return nil
}

// outputs returns the outputs of a network that has several (n x c).
func (m *model) outputs(s sample) (*mat.Dense, error) {
	f, err := m.Outputs.Predict(s.x)
	if err != nil {
		return nil, err
	}
	n, _ := f.Dims()
	for i := range n {
		for _, v := range f.RawRowView(i) {
			if !number(v).defined() {
				return nil, fmt.Errorf("an output of the network on row %d is too large for a number", i+1)
			}
		}
	}
	return f, nil
}

// scores returns the outputs of the network.
func (m *model) scores(s sample) ([]float64, error) {
	scores, err := m.Network.Predict(s.x)
	if err != nil {
		return nil, err
	}
	for i, f := range scores {
		if !number(f).defined() {
			return nil, fmt.Errorf("the output of the network on row %d is too large for a number", i+1)
		}
	}
	return scores, nil
}
