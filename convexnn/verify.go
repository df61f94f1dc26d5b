package convexnn

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// VerifySettings steer [Verify]. The zero value works.
type VerifySettings struct {
	// Intercept says that the bound is to hold for networks with an unpenalised
	// output intercept too.
	Intercept bool
	// Price says how to price; nil means the strongest way that takes about half a
	// minute at most. A Floor of 0 means beta.
	Price *PriceSettings
}

// Verify derives anew what a dual vector v (n) proves on x (n x d), y (n) and beta:
// it prices v and returns the certificate for a network with the given objective.
// It shares no code with training but the pricing and the formula of the bound.
//
// If ctx ends, the certificate is what was proved by then. The errors are those of
// [FindPrice], and [ErrBeta].
func Verify(ctx context.Context, x *mat.Dense, y, v []float64, beta, objective float64, settings VerifySettings) (Certificate, error) {
	if err := checkData(x, y); err != nil {
		return Certificate{}, err
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
	return prove(ctx, x, y, v, beta, objective, how)
}

// prove returns the certificate of v for the targets y, both centred if there is an
// intercept, with nothing in it that is estimated.
func prove(ctx context.Context, x *mat.Dense, y, v []float64, beta, objective float64, how PriceSettings) (Certificate, error) {
	price, err := FindPrice(ctx, x, v, how)
	if err != nil && ctx.Err() == nil {
		return Certificate{}, err
	}
	if price.Kind == CertifiedEstimate {
		price.Kind = CertifiedBounded // by its Upper, infinite as it is
	}
	return NewCertificate(y, v, beta, objective, price), nil
}
