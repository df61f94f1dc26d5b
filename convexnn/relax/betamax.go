package relax

import (
	"context"
	"fmt"
)

// BetaMax returns the least beta at which the zero network is optimal, max |Y'(Xu)_+| over
// |u| <= 1, from prices over all cells. It does not depend on the problem's beta. The
// errors are those of [Problem.Trace], and [ErrRank] for several outputs beyond rank five,
// where prices are not computed.
func (p *Problem) BetaMax(ctx context.Context, s TraceSettings) (float64, error) {
	if p.trivial() {
		return 0, nil
	}
	if !p.priced() {
		return 0, fmt.Errorf("%w: %d outputs, and X has rank %d; up to rank %d beta_max is computed", ErrRank, p.y.Cols, p.x.Cols, mostPriced)
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
