package baseline

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"
)

// A run is one of the restarts of a training.
type run struct {
	*training
	index   int
	rng     *rand.Rand
	stepper stepper
	w, g    []float64
	rows    []int   // in the order of this epoch; nil where a batch is all of them
	from    float64 // when it began
	limit   float64 // seconds that it may take; 0 for none

	epochs, steps int
	ceiling       float64 // objective at which it has diverged
}

// newRun begins run k with a fair share of the time that is left.
func (t *training) newRun(k int) *run {
	q := &run{
		training: t, index: k, rng: rand.New(rand.NewPCG(t.Seed, uint64(k))), stepper: t.Optimizer.stepper(),
		g: make([]float64, t.shape.len()), from: t.seconds(),
	}
	if t.Start != nil {
		q.w = t.shape.from(t.Start)
	} else {
		q.w = t.shape.he(q.rng)
	}
	if n := len(t.y); t.Batch < n {
		q.rows = make([]int, n)
		for i := range q.rows {
			q.rows[i] = i
		}
	}
	if t.TimeLimit > 0 {
		left := max(t.TimeLimit.Seconds()-q.from, 0)
		q.limit = max(left/float64(t.Restarts-k), math.SmallestNonzeroFloat64)
	}
	return q
}

// train goes on until an end. The error is ErrNotFinite for data at whose scale not even
// the start has an objective.
func (q *run) train(ctx context.Context) (Status, error) {
	start, ok := q.checkpoint(math.Inf(1))
	if !ok {
		return "", fmt.Errorf("%w: the objective at the start is over the range of float64; scale X and y, or begin with smaller weights", ErrNotFinite)
	}
	q.ceiling = exploded * max(start, floats.Dot(q.y, q.y)/2)
	next := 1
	for {
		end, over := q.epoch(ctx)
		if over && end == Diverged {
			return Diverged, nil
		}
		if over || q.epochs == next {
			if _, ok := q.checkpoint(q.ceiling); !ok {
				return Diverged, nil
			}
			next = q.epochs + max(1, q.epochs/10)
		}
		if over {
			return end, nil
		}
	}
}

// epoch passes over the samples once, unless it says how the run is over.
func (q *run) epoch(ctx context.Context) (Status, bool) {
	n := len(q.y)
	if q.rows != nil {
		q.shuffle(q.rng, q.rows)
	}
	for lo := 0; lo < n; lo += q.Batch {
		hi := min(lo+q.Batch, n)
		share := q.share(n)
		switch {
		case ctx.Err() != nil:
			return Stopped, true
		case share >= 1:
			return Done, true
		}
		var rows []int
		if q.rows != nil {
			rows = q.rows[lo:hi]
		}
		// Not above, so that NaN is.
		if value := q.batches.Mean(q.g, q.w, rows); !(value*float64(hi-lo) <= q.ceiling) {
			return Diverged, true
		}
		q.stepper.step(q.w, q.g, q.Schedule.rate(q.Rate, share))
		q.steps++
	}
	q.epochs++
	return Done, q.epochs == q.Epochs
}

// share is the part of the run that is over, by steps, or by time where that is ahead by
// a whole step or more: a limit that is far away changes no bit.
func (q *run) share(n int) float64 {
	share, step := 0.0, 0.0
	if q.Epochs > 0 {
		step = 1 / (float64(q.Epochs) * float64((n+q.Batch-1)/q.Batch))
		share = float64(q.steps) * step
	}
	if q.limit > 0 {
		if time := (q.seconds() - q.from) / q.limit; time > share+step {
			return time
		}
	}
	return share
}

// checkpoint notes where the run is, and reports whether the objective is below a
// ceiling.
func (q *run) checkpoint(ceiling float64) (float64, bool) {
	objective, loss := q.objective(q.w)
	if !(objective <= ceiling) || math.IsInf(objective, 1) {
		return objective, false
	}
	r := q.result
	p := Point{Restart: q.index, Epoch: q.epochs, Seconds: q.seconds(), Objective: objective}
	if q.best == nil || objective < r.Best.Objective {
		q.best, r.Best = slices.Clone(q.w), p
	}
	r.Trace = append(r.Trace, p)
	if q.Progress != nil {
		paused := time.Now()
		q.Progress(State{Point: p, Loss: loss, Steps: q.steps, Network: q.shape.network(q.w)})
		q.paused += time.Since(paused)
	}
	return objective, true
}
