package convexnn

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/internal/metrics"
)

// A Loss is what training minimises beside the penalty, for targets y (n) and
// predictions f. With Hinge and HardMargin the sign of a target is the label, and its
// size the margin asked for, which is one for labels +1 and -1.
//
// Each has a dual over networks of all widths, in v with theta(v) <= beta and
// theta(-v) <= beta; see [Loss.Certificate].
type Loss int

const (
	// Squared is 1/2 sum_i (f_i - y_i)^2.
	Squared Loss = iota
	// Hinge is sum_i max(0, |y_i| - sign(y_i) f_i).
	Hinge
	// HardMargin has no loss and no beta. It asks for sign(y_i) f_i >= |y_i| of all
	// samples and minimises sum_j |u_j||alpha_j|: the network of the largest margin,
	// where there is one ([Separable]). It is the limit of Hinge for small beta, and
	// reached at a positive one.
	HardMargin
)

var lossNames = [...]string{"squared", "hinge", "hard-margin"}

// String returns "squared", "hinge" or "hard-margin".
func (l Loss) String() string {
	if l < 0 || int(l) >= len(lossNames) {
		return fmt.Sprintf("loss %d", int(l))
	}
	return lossNames[l]
}

// ParseLoss is the inverse of [Loss.String]. The error is [ErrLoss].
func ParseLoss(s string) (Loss, error) {
	if l := slices.Index(lossNames[:], s); l >= 0 {
		return Loss(l), nil
	}
	return 0, fmt.Errorf("%w %q: the losses are squared, hinge and hard-margin", ErrLoss, s)
}

// check refuses losses that do not exist, and targets that are no labels.
func (l Loss) check(y []float64) error {
	if l < Squared || l > HardMargin {
		return fmt.Errorf("%w %d", ErrLoss, int(l))
	}
	if l == Squared {
		return nil
	}
	if i := slices.Index(y, 0); i >= 0 {
		return fmt.Errorf("%w: that of row %d is 0, and the loss %v takes +1 and -1", ErrLabels, i+1, l)
	}
	if floats.Min(y) > 0 || floats.Max(y) < 0 {
		return fmt.Errorf("%w: all %d rows have the same one, and the loss %v is about two classes", ErrLabels, len(y), l)
	}
	return nil
}

// Value returns the loss of predictions f (n) for the targets y (n). For HardMargin it
// is 0, or +Inf where a margin is less than what was asked for.
func (l Loss) Value(y, f []float64) float64 {
	switch l {
	case Hinge:
		sum := 0.0
		for i, t := range y {
			sum += max(0, math.Abs(t)-math.Copysign(1, t)*f[i])
		}
		return sum
	case HardMargin:
		if Margin(y, f) < 1 {
			return math.Inf(1)
		}
		return 0
	}
	distance := floats.Distance(f, y, 2)
	return distance * distance / 2
}

// Margin returns the least sign(y_i) f_i / |y_i|, which for labels +1 and -1 is the
// margin of the predictions f. It is positive if they separate the samples.
func Margin(y, f []float64) float64 {
	least := math.Inf(1)
	for i, t := range y {
		least = min(least, f[i]/t)
	}
	return least
}

// Objective returns the training objective of a network on x (n x d) and y (n), and its
// first part, the loss. For HardMargin it is the penalty that the network has when
// scaled to margins of just the sizes asked for, +Inf if it does not separate the
// samples. The error is [ErrShape].
func (l Loss) Objective(net *Network, x mat.Matrix, y []float64, beta float64) (objective, loss float64, err error) {
	f, err := net.Predict(x)
	if err != nil {
		return 0, 0, err
	}
	if len(y) != len(f) {
		return 0, 0, fmt.Errorf("%w: X has %d rows, y has %d values", ErrShape, len(f), len(y))
	}
	if l == HardMargin {
		if m := Margin(y, f); m > 0 {
			return net.Penalty() / m, 0, nil
		}
		return math.Inf(1), 0, nil
	}
	loss = l.Value(y, f)
	return loss + beta*net.Penalty(), loss, nil
}

// Certificate returns the certificate that a vector v (n) and its price give a network
// with the given objective on targets y (n). The dual of training over networks of all
// widths is
//
//	maximise    -sum_i l_i*(-v_i)
//	subject to  theta(v) <= beta,  theta(-v) <= beta
//
// (Pilanci and Ergen, 2020, equation 6), with the conjugate l* of the loss. That is
//
//	1/2 |y|^2 - 1/2 |v - y|^2                            for Squared,
//	sum_i |y_i| q_i, v_i = sign(y_i) q_i, 0 <= q_i <= 1  for Hinge,
//	the same without the bound q_i <= 1, and beta = 1    for HardMargin.
//
// v is scaled to satisfy the constraints and to give the best bound. For Squared any v
// will do, and y - f for a good network is a good one; for a network with an unpenalised
// intercept, y and v are to be centred, as a free constant adds the constraint
// sum v_i = 0. For the other two a v with an entry of the wrong sign proves nothing, see
// [Loss.Feasible].
//
// The bound is proved as far as the price is; what the rounding of its own sums can
// amount to is taken off.
func (l Loss) Certificate(y, v []float64, beta, objective float64, price Price) Certificate {
	if l == HardMargin {
		beta = 1
	}
	upper := price.Upper
	if price.Kind == CertifiedEstimate {
		upper = price.Value
	}
	scale, bound := l.bound(y, v, beta, upper)
	price.Value *= scale
	if !math.IsInf(price.Upper, 1) {
		price.Upper *= scale
	}
	price.Found = [2][]pricing.Direction{}
	return Certificate{
		Loss: l, Kind: price.Kind, Price: price,
		LowerBound: bound, RelativeGap: metrics.RelativeGap(objective, bound),
		Dual: floats.ScaleTo(make([]float64, len(v)), scale, v),
	}
}

// DualObjective returns the bound that v (n), scaled to satisfy the dual constraints, has
// for the targets y (n): y'v - |v|^2/2 for Squared, and y'v for the other two.
func (l Loss) DualObjective(y, v []float64) float64 {
	if l == Squared {
		return floats.Dot(y, v) - floats.Dot(v, v)/2
	}
	return floats.Dot(y, v)
}

// Feasible returns a copy of v (n) with entries whose sign is not that of y set to zero,
// as the duals of Hinge and HardMargin ask; for Squared it is v as it is.
func (l Loss) Feasible(y, v []float64) []float64 {
	out := slices.Clone(v)
	if l == Squared {
		return out
	}
	for i, t := range y {
		if !(out[i]*t > 0) {
			out[i] = 0
		}
	}
	return out
}

// bound returns the scale s >= 0 at which s v gives the best bound, and that bound.
func (l Loss) bound(y, v []float64, beta, price float64) (scale, value float64) {
	if l == Squared {
		return scaledDual(y, v, beta, price)
	}
	inner, most := 0.0, 0.0
	for i, t := range y {
		if v[i]*t < 0 {
			return 0, 0
		}
		inner += t * v[i]
		most = max(most, math.Abs(v[i]))
	}
	switch {
	case !(inner > 0) || math.IsInf(inner, 0) || math.IsNaN(price):
		return 0, 0
	case l == Hinge:
		scale = 1 / most
		if price > 0 {
			scale = min(scale, beta/price)
		}
	case price > 0:
		scale = beta / price
	default:
		return 0, 0 // nothing separates the samples, and the bound is infinite
	}
	// Nothing cancels, and each term and each sum loses half a unit at most.
	const unit = 0x1p-52
	value = scale * inner * (1 - float64(len(y)+8)*unit)
	if math.IsInf(scale, 0) || math.IsInf(value, 0) {
		return 0, 0 // out of range
	}
	return scale, max(0, value)
}

// origin is the dual vector that belongs to the network without neurons: minus the
// gradient of the loss at 0.
func (l Loss) origin(y []float64) []float64 {
	v := slices.Clone(y)
	if l == Squared {
		return v
	}
	for i, t := range y {
		v[i] = math.Copysign(1, t)
	}
	return v
}
