package relax

import (
	"context"
	"fmt"
)

// BetaMax returns the least beta at which the zero network is optimal, max |Y'(Xu)_+| over
// |u| <= 1, from prices over all cells. It does not depend on the problem's beta. The
// errors are those of [Problem.Trace], and [ErrTooLarge] for several outputs where the
// faces of the cells are too many to price.
func (p *Problem) BetaMax(ctx context.Context, s TraceSettings) (float64, error) {
	if p.trivial() {
		return 0, nil
	}
	if err := p.admit(s); err != nil {
		return 0, err
	}
	cones, err := p.cones(ctx, false)
	if err != nil {
		return 0, err
	}
	if !p.priced(cones) {
		return 0, fmt.Errorf("%w: beta_max of %d outputs would take %.2g faces, and %.0g are the limit", ErrTooLarge, p.y.Cols, p.facesOf(cones), mostFaces)
	}
	t := Trace{p: p, cones: cones}
	_, price := t.prices(p.y)
	return price * p.sizeX * p.sizeY, nil
}
