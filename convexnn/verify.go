package convexnn

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// VerifySettings steer [Verify]. The zero value works.
type VerifySettings struct {
	// Loss of the objective; the zero value is Squared.
	Loss Loss
	// Intercept says that the bound is to hold for networks with an unpenalised
	// output intercept too.
	Intercept bool
	// Price says how to price; nil means the strongest way that takes about half a
	// minute at most. A Floor of 0 means beta.
	Price *PriceSettings
}

// Verify derives anew what a dual vector v (n) proves on x (n x d), y (n) and beta:
// it prices v and returns the certificate for a network with the given objective. For
// HardMargin beta is not looked at. Entries of v that the dual of the loss does not allow
// are set to zero first ([Loss.Feasible]).
// It shares no code with training but the pricing and the formula of the bound.
//
// If ctx ends, the certificate is what was proved by then. The errors are those of
// [FindPrice], [ErrBeta], [ErrLoss], [ErrLabels] and [ErrContradiction].
func Verify(ctx context.Context, x *mat.Dense, y, v []float64, beta, objective float64, settings VerifySettings) (Certificate, error) {
	if err := CheckData(x, y); err != nil {
		return Certificate{}, err
	}
	if err := settings.Loss.check(y); err != nil {
		return Certificate{}, err
	}
	if settings.Loss == HardMargin {
		beta = 1
	}
	if err := checkBeta(beta); err != nil {
		return Certificate{}, err
	}
	if len(v) != len(y) {
		return Certificate{}, fmt.Errorf("%w: the dual vector has %d entries, the data %d rows", ErrShape, len(v), len(y))
	}
	how := PriceSettings{}
	if settings.Price != nil {
		how = *settings.Price
	} else {
		var err error
		if how, err = proofLimits.settings(x, arrangements.CellBound(x)); err != nil {
			return Certificate{}, err
		}
	}
	if how.Floor == 0 {
		how.Floor = beta
	}
	if settings.Intercept {
		y, v = centered(y), centered(v)
	}
	v = settings.Loss.Feasible(y, v)
	c, err := prove(ctx, settings.Loss, x, y, v, beta, objective, how)
	if err == nil && objective < c.LowerBound*(1-sameObjective) {
		return c, fmt.Errorf("%w: no network has less than %.9g on these data, and the objective is said to be %.9g", ErrContradiction, c.LowerBound, objective)
	}
	return c, err
}

// prove returns the certificate of v for the targets y, both centred if there is an
// intercept, with nothing in it that is estimated.
func prove(ctx context.Context, loss Loss, x *mat.Dense, y, v []float64, beta, objective float64, how PriceSettings) (Certificate, error) {
	price, err := FindPrice(ctx, x, v, how)
	if failed(ctx, err) {
		return Certificate{}, err
	}
	return loss.Certificate(y, v, beta, objective, price.proved()), nil
}
