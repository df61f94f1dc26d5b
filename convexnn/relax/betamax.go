package relax

import (
	"context"
	"fmt"
)

// BetaMax returns the least beta at which the zero network is optimal, max |Y'(Xu)_+| over
// |u| <= 1, from prices over all cells. It does not depend on the problem's beta. The
// errors are those of [Problem.Trace], and [ErrTooLarge] for several outputs beyond rank
// four, where prices are not computed.
func (p *Problem) BetaMax(ctx context.Context, s TraceSettings) (float64, error) {
	if p.trivial() {
		return 0, nil
	}
	if !p.priced() {
		return 0, fmt.Errorf("%w: beta_max of %d outputs is computed up to rank %d, and X has rank %d", ErrTooLarge, p.y.Cols, mostPriced, p.x.Cols)
	}
	if err := p.admit(s); err != nil {
		return 0, err
	}
	cones, err := p.cones(ctx, false)
	if err != nil {
		return 0, err
	}
	t := Trace{p: p, cones: cones}
	_, price := t.prices(p.y)
	return price * p.sizeX * p.sizeY, nil
}
