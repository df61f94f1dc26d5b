package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/outputs"
	"github.com/convexnn/convexnn/datasets"
)

// A claim is what a report of train or certify says, as far as it can be checked.
type claim struct {
	Format           string                   `json:"format"`
	Mode             string                   `json:"mode"` // empty in a report of certify
	LossName         string                   `json:"loss"`
	Certificate      convexnn.CertificateKind `json:"certificate"`
	Statement        *string                  `json:"statement"`
	N                int                      `json:"n"`
	D                int                      `json:"d"`
	Rank             *int                     `json:"rank"`
	PatternsPossible *big.Int                 `json:"patterns_possible"`
	Neurons          *int                     `json:"neurons"`
	Outputs          int                      `json:"outputs"`
	Beta             *float64                 `json:"beta"`
	Objective        *float64                 `json:"objective"`
	TrainingLoss     *float64                 `json:"training_loss"`
	LowerBound       *float64                 `json:"lower_bound"`
	RelativeGap      *float64                 `json:"relative_gap"`
	OwnBound         *float64                 `json:"own_bound"`
	EstimatedBound   *float64                 `json:"estimated_lower_bound"`
	EstimatedGap     *float64                 `json:"estimated_gap"`
	BetterObjective  *float64                 `json:"better_objective"`
	Price            *priceClaim              `json:"price"`
	Dual             []*float64               `json:"dual"` // a null would pass for zero
	Intercept        *bool                    `json:"intercept"`
	Preprocessing    *datasets.Preprocessor   `json:"preprocessing"`
	Matrix           *matrixEncoding          `json:"matrix"`
	Split            *dataInfo                `json:"split"`
	Seed             uint64                   `json:"seed"`
	Version          string                   `json:"version"`

	loss convexnn.Loss // set by check
}

// priceClaim is a price as a report has it.
type priceClaim struct {
	Value  *float64                 `json:"value"`
	Upper  *float64                 `json:"upper"`
	Kind   convexnn.CertificateKind `json:"kind"`
	Method convexnn.PriceMethod     `json:"method"`
	Cells  int64                    `json:"cells"`
	Nodes  int                      `json:"nodes"`
}

// openClaim reads the report at path.
func openClaim(path string) (*claim, error) {
	data, err := readModel(path)
	if err == nil {
		var c *claim
		if c, err = loadClaim(data); err == nil {
			return c, nil
		}
	}
	return nil, fmt.Errorf("cannot read report %s: %w", path, cause(err))
}

// loadClaim parses a report and checks that its parts fit each other.
func loadClaim(data []byte) (*claim, error) {
	c := new(claim)
	if err := json.Unmarshal(data, c); err != nil {
		return nil, damaged("a report", err)
	}
	return c, c.check()
}

func (c *claim) check() error {
	if c.Format != reportFormat {
		return fmt.Errorf("it is not a report of train or certify: its format is %.40q, not %q", c.Format, reportFormat)
	}
	var err error
	if c.loss, err = convexnn.ParseLoss(cmp.Or(c.LossName, convexnn.Squared.String())); err != nil {
		return fmt.Errorf("its loss is %.40q, and this program knows squared, hinge and hard-margin", c.LossName)
	}
	if c.loss == convexnn.HardMargin && c.Objective == nil {
		return errors.New("its training was stopped before a network separated the rows, and it claims no objective")
	}
	for _, m := range []struct {
		name    string
		missing bool
	}{
		{"beta", c.Beta == nil},
		{"objective", c.Objective == nil},
		{"training_loss", c.TrainingLoss == nil},
		{"dual", c.Dual == nil},
		{"intercept", c.Intercept == nil},
		{"split", c.Split == nil},
		{"preprocessing or matrix", c.Preprocessing == nil && c.Matrix == nil},
		{"lower_bound", c.global() && c.LowerBound == nil},
		{"relative_gap", c.global() && c.RelativeGap == nil},
	} {
		if m.missing {
			return fmt.Errorf("it lacks %s", m.name)
		}
	}
	switch c.Certificate {
	case convexnn.CertifiedExact, convexnn.CertifiedBounded, convexnn.CertifiedEstimate, convexnn.CertifiedProgram:
	default:
		return fmt.Errorf("its certificate is %.40q, and this program knows exact, bounded, estimated and program", string(c.Certificate))
	}
	s := c.Split
	switch {
	case c.loss != convexnn.Squared && (c.outputs() > 1 || *c.Intercept):
		return fmt.Errorf("its loss is %v, which is for one output without intercept", c.loss)
	case c.Preprocessing != nil && c.Matrix != nil:
		return errors.New("it has both preprocessing and a matrix")
	case c.Preprocessing != nil && c.Preprocessing.Cols() != c.D:
		return fmt.Errorf("its preprocessing gives %d inputs, and its d is %d", c.Preprocessing.Cols(), c.D)
	case s.TrainingRows != c.N || s.TrainingRows < 1 || s.TrainingRows > s.Rows:
		return fmt.Errorf("its n is %d, and its split has %d training rows of %d", c.N, s.TrainingRows, s.Rows)
	case c.encoding().Outputs() != c.outputs():
		return fmt.Errorf("its networks have %s, and its targets are %d", plural(c.outputs(), "output"), c.encoding().Outputs())
	case c.outputs() > 1 && len(c.Dual) != c.N*c.Outputs && len(c.Dual) != 0:
		return fmt.Errorf("its dual vector has %s for %s and %d outputs", plural(len(c.Dual), "number"), plural(c.N, "row"), c.Outputs)
	case c.outputs() == 1 && len(c.Dual) != c.N && len(c.Dual) != 0:
		return fmt.Errorf("its dual vector has %s for %s", plural(len(c.Dual), "number"), plural(c.N, "row"))
	case c.loss == convexnn.HardMargin && *c.Beta != 1:
		return fmt.Errorf("its loss is hard-margin, whose beta is 1, and its beta is %v", *c.Beta)
	case !positive(*c.Beta):
		return fmt.Errorf("its beta is %v", *c.Beta)
	}
	for i, v := range c.Dual {
		if v == nil {
			return fmt.Errorf("its dual vector holds null at position %d", i+1)
		}
	}
	if c.Matrix != nil {
		return c.Matrix.check()
	}
	return nil
}

// outputs is the number of outputs of the networks; reports of one may not say so.
func (c *claim) outputs() int { return max(1, c.Outputs) }

// encoding is the way from data to inputs and targets.
func (c *claim) encoding() encoding {
	if c.Preprocessing != nil {
		return c.Preprocessing
	}
	return c.Matrix
}

// global reports whether the report claims something about all networks.
func (c *claim) global() bool {
	return c.Certificate == convexnn.CertifiedExact || c.Certificate == convexnn.CertifiedBounded
}

// dual returns the vector, zeros if the report has none.
func (c *claim) dual() []float64 {
	out := make([]float64, c.N*c.outputs())
	for i, v := range c.Dual {
		out[i] = *v
	}
	return out
}

// rows reads the rows that the report speaks of, and says where their scaling comes
// from.
func (c *claim) rows(f *sourceFlags, d dataArguments) (sample, scaling, error) {
	s, none := sample{}, scaling{}
	// A model without weights reads data as the training did.
	m := &model{
		from: "report", Preprocessing: c.Preprocessing, Matrix: c.Matrix,
		Training: &trainingInfo{Data: c.Split},
	}
	if c.outputs() > 1 {
		m.Outputs = &outputs.Network{Dim: c.D, Outputs: c.Outputs}
	} else {
		m.Network = &convexnn.Network{Dim: c.D}
	}
	if c.Split.Name != dataName(d.data) {
		d.notice(fmt.Sprintf("the report speaks of %s, and the data are %s", c.Split.Name, dataName(d.data)))
	}
	s, err := m.read(f, d, true)
	if err != nil {
		return s, none, err
	}
	if s.rows() != c.Split.Rows {
		return s, none, fmt.Errorf("%s has %s, and the report speaks of %d of %s; give that data, with the same --missing",
			d.data, plural(s.rows(), "row"), c.Split.Rows, c.Split.Name)
	}
	train, _, err := c.Split.split(d, s)
	if err != nil {
		return s, none, err
	}
	return s.pick(train), c.rescale(s, train), nil
}
