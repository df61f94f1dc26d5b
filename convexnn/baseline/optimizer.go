package baseline

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// An Optimizer is a rule by which gradients move the weights. The steps are those of
// PyTorch's torch.optim.SGD and torch.optim.Adam with their defaults; g is the gradient
// of the mean objective on a batch, weight decay included, and r the rate.
type Optimizer int

const (
	// Adam (Kingma and Ba, 2015, algorithm 1): in step t
	//
	//	m <- 0.9 m + 0.1 g,  v <- 0.999 v + 0.001 g^2,
	//	w <- w - r/(1-0.9^t) m / (sqrt(v)/sqrt(1-0.999^t) + 1e-8).
	Adam Optimizer = iota
	// SGD is plain stochastic gradient descent (Robbins and Monro, 1951):
	//
	//	w <- w - r g.
	SGD
	// Momentum is that with a heavy ball (Polyak, 1964), without dampening:
	//
	//	b <- 0.9 b + g,  w <- w - r b.
	Momentum
	// Nesterov looks one step ahead (Nesterov, 1983; in the form of Sutskever,
	// Martens, Dahl and Hinton, 2013):
	//
	//	b <- 0.9 b + g,  w <- w - r (g + 0.9 b).
	Nesterov
)

// optimizers are the names and default rates of the optimisers in their order.
var optimizers = [...]struct {
	name string
	rate float64
}{{"adam", 1e-3}, {"sgd", 0.1}, {"momentum", 0.01}, {"nesterov", 0.01}}

// Optimizers lists all optimisers, the simplest first.
func Optimizers() []Optimizer { return []Optimizer{SGD, Momentum, Nesterov, Adam} }

// String returns "adam", "sgd", "momentum" or "nesterov".
func (o Optimizer) String() string {
	if o.check() != nil {
		return fmt.Sprintf("optimizer %d", int(o))
	}
	return optimizers[o].name
}

// ParseOptimizer is the inverse of [Optimizer.String]. The error is [ErrOptimizer].
func ParseOptimizer(s string) (Optimizer, error) {
	for k, o := range optimizers {
		if o.name == s {
			return Optimizer(k), nil
		}
	}
	return 0, fmt.Errorf("%w %q: there are sgd, momentum, nesterov and adam", ErrOptimizer, s)
}

// DefaultRate is the rate that [Settings] without one get: 0.1 for SGD, 0.01 for
// Momentum and Nesterov, 0.001 for Adam.
func (o Optimizer) DefaultRate() float64 {
	if o.check() != nil {
		return math.NaN()
	}
	return optimizers[o].rate
}

func (o Optimizer) check() error {
	if o < 0 || int(o) >= len(optimizers) {
		return fmt.Errorf("%w %d", ErrOptimizer, int(o))
	}
	return nil
}

// The constants of PyTorch's optimisers.
const (
	momentum = 0.9
	beta1    = 0.9
	beta2    = 0.999
	epsilon  = 1e-8
)

// A stepper moves weights by gradients. Its memory begins with the first step.
type stepper interface {
	// step moves w by the gradient g, which it may overwrite.
	step(w, g []float64, rate float64)
}

func (o Optimizer) stepper() stepper {
	switch o {
	case SGD:
		return plain{}
	case Momentum, Nesterov:
		return &heavy{ahead: o == Nesterov}
	}
	return new(adam)
}

type plain struct{}

func (plain) step(w, g []float64, rate float64) { floats.AddScaled(w, -rate, g) }

type heavy struct {
	ahead  bool
	buffer []float64
}

func (h *heavy) step(w, g []float64, rate float64) {
	if h.buffer == nil {
		h.buffer = slices.Clone(g)
	} else {
		for k, v := range g {
			h.buffer[k] = momentum*h.buffer[k] + v
		}
	}
	if !h.ahead {
		floats.AddScaled(w, -rate, h.buffer)
		return
	}
	floats.AddScaled(g, momentum, h.buffer)
	floats.AddScaled(w, -rate, g)
}

type adam struct {
	mean, square []float64
	steps        int
}

func (a *adam) step(w, g []float64, rate float64) {
	if a.mean == nil {
		a.mean, a.square = make([]float64, len(g)), make([]float64, len(g))
	}
	a.steps++
	size := rate / (1 - math.Pow(beta1, float64(a.steps)))
	root := math.Sqrt(1 - math.Pow(beta2, float64(a.steps)))
	for k, v := range g {
		a.mean[k] += (1 - beta1) * (v - a.mean[k])
		a.square[k] = beta2*a.square[k] + (1-beta2)*v*v
		w[k] -= size * a.mean[k] / (math.Sqrt(a.square[k])/root + epsilon)
	}
}

// A Schedule is how the rate changes during a run.
type Schedule int

const (
	// Cosine lets the rate r fall along half a wave to zero (Loshchilov and Hutter,
	// 2017, equation 5, without restarts): r (1 + cos(pi s))/2, where s is the share
	// of the run that is over, and is taken anew in each step. Of the shares of Epochs
	// and of TimeLimit the larger counts, so that a run depends on the clock where time
	// runs out before the epochs do, and nowhere else.
	Cosine Schedule = iota
	// Constant keeps the rate.
	Constant
)

// schedules are the names of the schedules in their order.
var schedules = [...]string{"cosine", "constant"}

// String returns "cosine" or "constant".
func (s Schedule) String() string {
	if s.check() != nil {
		return fmt.Sprintf("schedule %d", int(s))
	}
	return schedules[s]
}

// ParseSchedule is the inverse of [Schedule.String]. The error is [ErrSchedule].
func ParseSchedule(s string) (Schedule, error) {
	if k := slices.Index(schedules[:], s); k >= 0 {
		return Schedule(k), nil
	}
	return 0, fmt.Errorf("%w %q: there are cosine and constant", ErrSchedule, s)
}

func (s Schedule) check() error {
	if s < 0 || int(s) >= len(schedules) {
		return fmt.Errorf("%w %d", ErrSchedule, int(s))
	}
	return nil
}

// rate is what is left of a rate when a share of the run is over.
func (s Schedule) rate(rate, share float64) float64 {
	if s == Constant {
		return rate
	}
	return rate * (1 + math.Cos(math.Pi*min(share, 1))) / 2
}
