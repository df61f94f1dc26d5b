package baseline

import (
	"context"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/internal/descent"
)

// A Status is how a training ended.
type Status string

const (
	// Done: all epochs or the time limit were used.
	Done Status = "done"
	// Stopped: the context ended before.
	Stopped Status = "stopped"
	// Diverged: in all runs the objective went over all bounds, or weights were no
	// longer finite. The rate was too large.
	Diverged Status = "diverged"
)

// A Point is a checkpoint.
type Point struct {
	Restart   int     // the run, from 0
	Epoch     int     // completed in this run
	Seconds   float64 // since the training began, without what Progress took
	Objective float64 // 1/2 sum of squares + Beta sum |u_j||alpha_j|
}

// A Result is what a training came to.
type Result struct {
	// Network is the best one seen at a checkpoint, with its weights as they were
	// trained, not balanced. The checkpoints are the start, the end, and some ends of
	// epochs between.
	Network *convexnn.Network
	// Objective of the network, 1/2 sum of squares + Beta sum |u_j||alpha_j|,
	// recomputed from its weights, and Loss, its first part. The objective is at most
	// that with Beta/2 (|U|^2 + |alpha|^2), whose gradient was followed.
	Objective, Loss float64
	Status          Status
	Best            Point // checkpoint of Network

	Epochs, Steps int     // of all runs
	Diverged      int     // runs that did
	Seconds       float64 // without what Progress took
	Trace         []Point // all checkpoints with a finite objective
}

// Train trains a two-layer ReLU network with one output on x (n x d) and y (n) by
// stochastic gradients, the way it is usually done. What it minimises is the mean
//
//	1/n (1/2 sum_i (f(x_i) - y_i)^2 + beta/2 sum_j (|u_j|^2 + alpha_j^2)),
//
// whose weight decay is part of the gradient. In PyTorch the same steps are those for the
// loss MSELoss/2 with weight_decay = beta/n and the same rate. At balanced neurons,
// |u_j| = |alpha_j|, the mean is 1/n of the objective that package convexnn minimises, and
// elsewhere it is not below.
//
// In each epoch the samples come in another order. Checkpoints lie at the ends of
// epochs, at first of every one, later whenever a tenth more were run.
//
// The same settings give the same bits for any number of threads, unless a clock or ctx
// ends the training. A run that diverges ends there, and keeps the best network that it
// had before.
//
// The errors are [ErrShape], [ErrNotFinite], [ErrOptimizer], [ErrSchedule], [ErrRate],
// [ErrWidth], [ErrBatch], [ErrBeta], [ErrLimit], [ErrStart] and [ErrMemory].
func Train(ctx context.Context, x *mat.Dense, y []float64, settings Settings) (*Result, error) {
	t, err := newTraining(x, y, settings)
	if err != nil {
		return nil, err
	}
	return t.run(ctx)
}

// A training is Train at work.
type training struct {
	Settings
	shape   shape
	x       *mat.Dense
	y       []float64
	batches *descent.Batches
	shuffle func(rng *rand.Rand, rows []int)

	result *Result
	begin  time.Time
	paused time.Duration // in Progress
	f      []float64     // predictions
	best   []float64     // weights of the best checkpoint
}

func newTraining(x *mat.Dense, y []float64, settings Settings) (*training, error) {
	s, err := settings.resolve(x, y)
	if err != nil {
		return nil, err
	}
	n, d := x.Dims()
	return &training{
		Settings: s, shape: shape{width: s.Width, d: d, intercept: s.Intercept}, x: x, y: y,
		batches: descent.NewBatches(x, y, 1, s.Beta, s.Width, s.Intercept),
		shuffle: func(rng *rand.Rand, rows []int) {
			rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		},
		result: new(Result), begin: time.Now(), f: make([]float64, n),
	}, nil
}

// seconds is the time that counts.
func (t *training) seconds() float64 { return (time.Since(t.begin) - t.paused).Seconds() }

func (t *training) run(ctx context.Context) (*Result, error) {
	r := t.result
	r.Status = Done
	runs := 0
	for k := range t.Restarts {
		q := t.newRun(k)
		status, err := q.train(ctx)
		if err != nil {
			return nil, err
		}
		runs++
		r.Epochs, r.Steps = r.Epochs+q.epochs, r.Steps+q.steps
		if status == Diverged {
			r.Diverged++
		}
		if status == Stopped {
			r.Status = Stopped
			break
		}
	}
	if r.Diverged == runs {
		r.Status = Diverged
	}
	r.Seconds = t.seconds()
	r.Network = t.shape.network(t.best)
	var err error
	r.Objective, r.Loss, err = r.Network.Objective(t.x, t.y, t.Beta)
	return r, err
}

// objective returns the objective of the weights and its first part.
func (t *training) objective(w []float64) (objective, loss float64) {
	t.batches.Predict(t.f, w)
	for i, f := range t.f {
		loss += (f - t.y[i]) * (f - t.y[i]) / 2
	}
	return loss + t.Beta*t.shape.penalty(w), loss
}
