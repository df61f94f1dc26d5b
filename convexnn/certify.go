package convexnn

import (
	"context"
	"fmt"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/metrics"
)

// CertifySettings steer [Certify]. The zero value works.
type CertifySettings struct {
	// Intercept compares with networks that have an unpenalised output intercept. It
	// is implied where the network has one.
	Intercept bool
	// Tolerance is the relative gap between the bound and the best network found at
	// which the search for a better bound ends; 0 means 1e-3.
	Tolerance float64
	// MaxRounds bounds the rounds of that search; 0 means 200, negative means that
	// the network's own residual has to do.
	MaxRounds int
	// MemoryLimit in bytes is the most that the search may take; 0 means no limit.
	// Over it Certify returns ErrMemory, or prices without the cells where only
	// these would take more.
	MemoryLimit uint64
	// Seed of local searches.
	Seed uint64
	// Progress, if set, is called after each round.
	Progress func(SolveProgress)
}

// A Certification is what is known of a network that came from anywhere.
type Certification struct {
	// Objective of the network, and its first part, 1/2 the sum of squares.
	Objective, TrainingLoss float64
	// Certificate is what is proved of the network, by the best dual vector found.
	Certificate Certificate
	// Estimate is what local search suggests, where this is more than is proved.
	Estimate *Certificate
	// OwnBound is the bound that the network's own residual proves.
	OwnBound float64
	// Better is the best network found on the way, nil if none is better, and
	// BetterObjective its objective.
	Better          *Network
	BetterObjective float64

	Rank             int
	PatternsPossible *big.Int
	Status           Status // Solved if the proved gap of the best network is within Tolerance
	Rounds           int
}

// Certify says how far a network is from the best one of any width on x (n x d),
// y (n) and beta. It prices the network's residual; then it generates neurons,
// beginning with those of the network, since the residuals on the way have better
// bounds, and their networks are there to compare with.
//
// Prices are exact where the cells are few; where they are many, the search goes by
// local search, and the best dual vector is priced by branch and bound under a limit
// in the end, so that what Certificate states is proved. If ctx ends, the result is
// what is known by then, with the status Stopped. The errors are those of
// [NewProgram] and [Network.Objective], and [ErrModel] for a gated network.
func Certify(ctx context.Context, x *mat.Dense, y []float64, net *Network, beta float64, settings CertifySettings) (*Certification, error) {
	t, best, err := settings.begin(x, y, net, beta)
	if err != nil {
		return nil, err
	}
	c := &Certification{Objective: best.objective, Rank: arrangements.Rank(x)}
	_, c.TrainingLoss, _ = net.Objective(x, y, beta)
	c.PatternsPossible = arrangements.MaxCells(arrangements.Lines(x), c.Rank)
	prover, err := proofLimits.settings(x, c.PatternsPossible)
	if err != nil {
		return nil, err
	}
	if err := settings.checkMemory(x, net, &prover); err != nil {
		return nil, err
	}
	prover.Floor, prover.Seed = beta, settings.Seed
	t.prover, t.seed = prover, settings.Seed
	if prover.Cells == nil {
		t.prover = roundLimits.tree(x)
	}

	own, err := t.own(ctx, best, prover)
	if err != nil {
		return nil, err
	}
	c.OwnBound, best.proved = own.LowerBound, own
	if t.maxRounds >= 0 && best.gap() > t.tolerance {
		if err := t.run(ctx, best); err != nil {
			return nil, err
		}
		if err := t.prove(ctx, best, prover); err != nil {
			return nil, err
		}
	}
	c.Certificate, c.Estimate, c.Rounds, c.BetterObjective = best.proved, best.estimate, best.rounds, c.Objective
	for _, k := range []*Certificate{&c.Certificate, c.Estimate} {
		if k != nil {
			k.RelativeGap = metrics.RelativeGap(c.Objective, k.LowerBound)
		}
	}
	if best.objective < c.Objective*(1-sameObjective) {
		if c.Better, err = best.network.Simplify(x, y, beta, t.intercept); err != nil {
			return nil, err
		}
		c.BetterObjective, _, err = c.Better.Objective(x, y, beta)
	}
	c.Status = Limited
	switch gap := metrics.RelativeGap(c.BetterObjective, c.Certificate.LowerBound); {
	case gap <= t.tolerance:
		c.Status = Solved
	case ctx.Err() != nil:
		c.Status = Stopped
	}
	return c, err
}

// own is what the residual of the bracket's network proves.
func (t *trainer) own(ctx context.Context, b *bracket, how PriceSettings) (Certificate, error) {
	v, err := t.residual(b.network)
	if err != nil {
		return Certificate{}, err
	}
	if t.intercept {
		v = centered(v)
	}
	return prove(ctx, t.loss, t.x, t.target, v, t.beta, b.objective, how)
}

// sameObjective is the relative difference up to which two objectives count as the
// same.
const sameObjective = 1e-9

// proofLimits allow for about half a minute.
var proofLimits = priceLimits{cells: 1e9, nodes: 5e7}

// begin validates the settings and prepares the search.
func (s CertifySettings) begin(x *mat.Dense, y []float64, net *Network, beta float64) (*trainer, *bracket, error) {
	if err := CheckData(x, y); err != nil {
		return nil, nil, err
	}
	if err := checkBeta(beta); err != nil {
		return nil, nil, err
	}
	if net == nil {
		return nil, nil, fmt.Errorf("%w: there is none", ErrNetwork)
	}
	if err := net.validate(); err != nil {
		return nil, nil, err
	}
	if net.Model != ReLU {
		return nil, nil, fmt.Errorf("%w: bounds are known for ReLU networks, and this one is %v", ErrModel, net.Model)
	}
	if !(s.Tolerance >= 0) {
		return nil, nil, fmt.Errorf("%w, got %v", ErrTolerance, s.Tolerance)
	}
	tolerance, rounds := s.Tolerance, s.MaxRounds
	if tolerance == 0 {
		tolerance = 1e-3
	}
	if rounds == 0 {
		rounds = 200
	}
	t := newTrainer(x, y, beta, s.Intercept || net.Intercept != 0, tolerance)
	t.maxRounds = rounds
	if s.Progress != nil {
		t.progress = func(b *bracket) { s.Progress(b.report()) }
	}
	best, err := t.from(net)
	return t, best, err
}

// checkMemory refuses a search that would take more than the limit.
func (s CertifySettings) checkMemory(x *mat.Dense, net *Network, how *PriceSettings) error {
	if s.MemoryLimit == 0 {
		return nil
	}
	n, d := x.Dims()
	need := EstimateMemory(n, d, programPatterns+len(net.Neurons), ReLU)
	if how.Cells != nil && need+how.Cells.Memory() > float64(s.MemoryLimit) {
		*how = proofLimits.tree(x)
	}
	if need > float64(s.MemoryLimit) {
		return fmt.Errorf("%w: a search around %d neurons on %d samples in %d dimensions needs about %s, the limit is %s; raise the limit",
			ErrMemory, len(net.Neurons), n, d, FormatBytes(need), FormatBytes(float64(s.MemoryLimit)))
	}
	return nil
}
