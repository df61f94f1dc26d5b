package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// A claim is what a report of train or certify says, as far as it can be checked.
type claim struct {
	Format        string                   `json:"format"`
	Certificate   convexnn.CertificateKind `json:"certificate"`
	N             int                      `json:"n"`
	D             int                      `json:"d"`
	Beta          *float64                 `json:"beta"`
	Objective     *float64                 `json:"objective"`
	TrainingLoss  *float64                 `json:"training_loss"`
	LowerBound    *float64                 `json:"lower_bound"`
	RelativeGap   *float64                 `json:"relative_gap"`
	Price         *priceClaim              `json:"price"`
	Dual          []*float64               `json:"dual"` // a null would pass for zero
	Intercept     *bool                    `json:"intercept"`
	Preprocessing *datasets.Preprocessor   `json:"preprocessing"`
	Matrix        *matrixEncoding          `json:"matrix"`
	Split         *dataInfo                `json:"split"`
	Seed          uint64                   `json:"seed"`
}

// priceClaim is what verify takes from a price.
type priceClaim struct {
	Value  *float64             `json:"value"`
	Method convexnn.PriceMethod `json:"method"`
	Nodes  int                  `json:"nodes"`
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
	case c.Preprocessing != nil && c.Matrix != nil:
		return errors.New("it has both preprocessing and a matrix")
	case c.Preprocessing != nil && c.Preprocessing.Cols() != c.D:
		return fmt.Errorf("its preprocessing gives %d inputs, and its d is %d", c.Preprocessing.Cols(), c.D)
	case s.TrainingRows != c.N || s.TrainingRows < 1 || s.TrainingRows > s.Rows:
		return fmt.Errorf("its n is %d, and its split has %d training rows of %d", c.N, s.TrainingRows, s.Rows)
	case len(c.Dual) != c.N && len(c.Dual) != 0:
		return fmt.Errorf("its dual vector has %s for %s", plural(len(c.Dual), "number"), plural(c.N, "row"))
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

// global reports whether the report claims something about all networks.
func (c *claim) global() bool {
	return c.Certificate == convexnn.CertifiedExact || c.Certificate == convexnn.CertifiedBounded
}

// dual returns the vector, zeros if the report has none.
func (c *claim) dual() []float64 {
	out := make([]float64, c.N)
	for i, v := range c.Dual {
		out[i] = *v
	}
	return out
}

// rows reads the rows that the report speaks of.
func (c *claim) rows(f *sourceFlags, d dataArguments) (sample, error) {
	// A model without weights reads data as the training did.
	m := &model{Preprocessing: c.Preprocessing, Matrix: c.Matrix, Network: &convexnn.Network{Dim: c.D}, Training: &trainingInfo{Data: c.Split}}
	if c.Split.Name != dataName(d.data) {
		d.notice(fmt.Sprintf("the report speaks of %s, and the data are %s", c.Split.Name, dataName(d.data)))
	}
	s, err := m.read(f, d, true)
	if err != nil {
		return s, err
	}
	if s.rows() != c.Split.Rows {
		return s, fmt.Errorf("%s has %s, and the report speaks of %d of %s; give that data, with the same --missing",
			d.data, plural(s.rows(), "row"), c.Split.Rows, c.Split.Name)
	}
	train, _, err := c.Split.split(d, s)
	if err != nil {
		return s, err
	}
	return s.pick(train), nil
}

// prove prices the dual vector anew: in the way and with the effort that the report
// names, where these are admitted, else as [convexnn.Verify] chooses.
func (c *claim) prove(ctx context.Context, s sample, cells cellFlags, limit uint64) (convexnn.Certificate, error) {
	how, err := c.effort(s, cells, limit)
	if err != nil {
		return convexnn.Certificate{}, err
	}
	return convexnn.Verify(ctx, s.x, s.y, c.dual(), *c.Beta, *c.Objective, convexnn.VerifySettings{Intercept: *c.Intercept, Price: how})
}

// mostNodes is the largest tree that a report may ask for.
const mostNodes = 1_000_000

// effort returns how the report priced its vector, nil if that is to be chosen.
func (c *claim) effort(s sample, cells cellFlags, limit uint64) (*convexnn.PriceSettings, error) {
	p := c.Price
	switch {
	case p == nil || len(c.Dual) == 0:
		return nil, nil
	case p.Method == convexnn.ByTree && p.Value != nil && p.Nodes > 0:
		// The tree grows as it did for the report if it may pass over what it might
		// then; twice the nodes allow for rounding.
		floor := min(max(*p.Value, 0), *c.Beta)
		return &convexnn.PriceSettings{Floor: floor, MaxNodes: min(p.Nodes, mostNodes/2) * 2, Seed: c.Seed}, nil
	case p.Method == convexnn.ByCells:
		a, err := arrangements.NewArrangement(s.x)
		if err != nil || !cells.admits(a) || (limit > 0 && a.Memory() > float64(limit)) {
			return nil, err
		}
		return &convexnn.PriceSettings{Floor: *c.Beta, Cells: a}, nil
	}
	return nil, nil
}

// centered returns v with its mean taken off.
func centered(v []float64) []float64 {
	out := append([]float64(nil), v...)
	floats.AddConst(-stat.Mean(v, nil), out)
	return out
}

// sameDigits is the relative difference up to which numbers of two computations
// count as the same.
const sameDigits = 1e-7

func same(a, b float64) bool { return math.Abs(a-b) <= sameDigits*max(math.Abs(a), math.Abs(b)) }

// contradiction says in what the numbers of the report contradict each other.
func (c *claim) contradiction() string {
	objective, loss := *c.Objective, *c.TrainingLoss
	if !(objective >= 0 && loss >= 0 && loss <= objective*(1+sameDigits)) {
		return fmt.Sprintf("the report contradicts itself: an objective of %.9g with a loss of %.9g", objective, loss)
	}
	if !c.global() {
		return ""
	}
	bound, gap := *c.LowerBound, *c.RelativeGap
	switch {
	case bound > objective*(1+sameDigits):
		return fmt.Sprintf("the report contradicts itself: a lower bound of %.9g above its objective of %.9g", bound, objective)
	case math.Abs(gap*objective-max(objective-bound, 0)) > sameDigits*objective:
		return fmt.Sprintf("the report contradicts itself: from %.9g to %.9g the gap is not %.3g", bound, objective, gap)
	}
	return ""
}

// foreign says why the dual vector cannot belong to the data and the bound. A
// report is honest about at least its own numbers, so that a bound which merely
// happens to hold shows that the data are others.
func (c *claim) foreign(s sample, proved convexnn.Certificate) string {
	if !c.global() || len(c.Dual) == 0 {
		return ""
	}
	y, v := s.y, c.dual()
	if *c.Intercept {
		y, v = centered(y), centered(v)
	}
	if value := floats.Dot(y, v) - floats.Dot(v, v)/2; math.Abs(value-*c.LowerBound) > sameDigits*floats.Dot(v, v) {
		return fmt.Sprintf("with these data the dual vector of the report has the value %.9g, not %.9g; are they the data of the report?", value, *c.LowerBound)
	}
	if c.Price != nil && c.Price.Value != nil && *c.Price.Value > proved.Price.Upper*(1+sameDigits) && *c.Price.Value > *c.Beta*(1+sameDigits) {
		return fmt.Sprintf("with these data the price of the dual vector is at most %.9g, not %.9g; are they the data of the report?", proved.Price.Upper, *c.Price.Value)
	}
	return ""
}
