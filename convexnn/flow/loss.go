package flow

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// A Loss is a decreasing function l of the margins q_i = y_i f(x_i), summed over the
// samples.
type Loss int

const (
	// Exponential is l(q) = exp(-q).
	Exponential Loss = iota
	// Logistic is l(q) = log(1 + exp(-q)).
	Logistic
)

var lossNames = [...]string{"exponential", "logistic"}

// String returns "exponential" or "logistic".
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
	return 0, fmt.Errorf("%w %q: the losses are exponential and logistic", ErrLoss, s)
}

// pulls sets pull (n) to the shares -l'(q_i)/W of the samples in the gradient, with W
// their sum, and returns log W and the logarithm of the loss. Margins may be so large
// that neither W nor the loss is a float64.
func (l Loss) pulls(pull, q []float64) (logPull, logLoss float64) {
	for i, m := range q {
		pull[i] = -m
		if l == Logistic {
			pull[i] = -softplus(m)
		}
	}
	logPull = floats.LogSumExp(pull)
	for i, p := range pull {
		const nothing = -600 // below come numbers that processors are slow with
		if pull[i] = 0; p-logPull > nothing {
			pull[i] = math.Exp(p - logPull)
		}
	}
	if l == Exponential {
		return logPull, logPull
	}
	return logPull, l.log(q)
}

// log is the logarithm of the loss at margins q.
func (l Loss) log(q []float64) float64 {
	terms := make([]float64, len(q))
	for i, m := range q {
		terms[i] = -m
		if l == Logistic && m < 36 {
			// Beyond, log(1+x) is x to the last bit.
			terms[i] = math.Log(softplus(-m))
		}
	}
	return floats.LogSumExp(terms)
}

// softplus is log(1 + exp(z)).
func softplus(z float64) float64 { return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }
