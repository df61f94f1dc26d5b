package generation

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/descent"
	"github.com/convexnn/convexnn/internal/lasso"
)

func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

func unit(v []float64) []float64 {
	floats.Scale(1/floats.Norm(v, 2), v)
	return v
}

const samples, inputs, outputs = 8, 3, 2

func newTestPool(rng *rand.Rand, beta float64, intercept bool) *pool {
	x := mat.NewDense(samples, inputs, normals(rng, samples*inputs))
	return newPool(Problem{X: x, Loss: lasso.NewSquared(normals(rng, samples*outputs), outputs), Beta: beta, Intercept: intercept})
}

// fit is the F of a pool by its definition.
func (o *pool) fit() []float64 {
	f := make([]float64, samples*outputs)
	neurons, intercept := o.network()
	for i := range samples {
		row := f[i*outputs : (i+1)*outputs]
		copy(row, intercept)
		for _, h := range neurons {
			floats.AddScaled(row, max(0, floats.Dot(o.X.RawRowView(i), h.Direction)), h.Gain)
		}
	}
	return f
}

// objective is that of a pool by its definition.
func (o *pool) objective() float64 {
	sum := o.Loss.Value(o.fit())
	neurons, _ := o.network()
	for _, h := range neurons {
		sum += o.Beta * floats.Norm(h.Gain, 2)
	}
	return sum
}

func TestWarm(t *testing.T) {
	rng := rand.New(rand.NewPCG(34, 1))
	for _, intercept := range []bool{false, true} {
		o := newTestPool(rng, 0.1, intercept)
		var start []Neuron
		for range 4 {
			start = append(start, Neuron{unit(normals(rng, inputs)), normals(rng, outputs)})
		}
		start[2].Gain = make([]float64, outputs)
		o.warm(start[:1])
		o.warm(start[1:])
		if got, _ := o.network(); len(got) != 3 || !slices.Equal(got[1].Gain, start[1].Gain) || !slices.Equal(got[2].Direction, start[3].Direction) {
			t.Errorf("network %+v, want %+v", got, start)
		}
		if got, want := o.master.Objective(), o.objective(); math.Abs(got-want) > 1e-12*want {
			t.Errorf("objective %g, want %g", got, want)
		}
		// Networks are copies.
		neurons, constant := o.network()
		for k := range o.master.Len() {
			o.master.SetGain(k, []float64{9, 9})
		}
		if !slices.Equal(neurons[0].Gain, start[0].Gain) || slices.Contains(constant, 9) || (constant == nil) == intercept {
			t.Errorf("network %+v with intercept %v changed", neurons, constant)
		}
	}
}

func TestAdd(t *testing.T) {
	rng := rand.New(rand.NewPCG(34, 2))
	for range 20 {
		o := newTestPool(rng, 1, false)
		strong, weak := normals(rng, samples*outputs), make([]float64, samples*outputs)
		u, other := unit(normals(rng, inputs)), unit(normals(rng, inputs))
		price := func(u, v []float64) float64 {
			var sum [outputs]float64
			for i := range samples {
				for l := range outputs {
					sum[l] += max(0, floats.Dot(o.X.RawRowView(i), u)) * v[i*outputs+l]
				}
			}
			return math.Hypot(sum[0], sum[1])
		}
		least := min(price(u, strong), price(other, strong))
		if least < 0.1 {
			continue
		}
		floats.Scale(1.001/least, strong)
		floats.ScaleTo(weak, 0.99/max(price(u, strong), price(other, strong)), strong)
		near := unit([]float64{u[0] + 1e-8, u[1], u[2]})
		for _, step := range []struct {
			found  [][]float64
			points [][]float64
			want   int
		}{
			{nil, [][]float64{strong}, 0},
			{[][]float64{u, other}, [][]float64{weak}, 0},
			{[][]float64{u, u, near}, [][]float64{weak, strong}, 1},
			{[][]float64{near, other}, [][]float64{strong}, 1},
			{[][]float64{u, other}, [][]float64{strong}, 0},
		} {
			if got := o.add(step.found, step.points...); got != step.want {
				t.Errorf("%d added, want %d", got, step.want)
			}
		}
		// Each direction came with its feature.
		if len(o.directions) != 2 || o.master.Len() != 2 {
			t.Fatalf("%d directions, %d columns", len(o.directions), o.master.Len())
		}
		for k, u := range o.directions {
			if got, want := o.master.Price(k, strong), price(u, strong); math.Abs(got-want) > 1e-12*want {
				t.Errorf("column %d has price %g, want %g", k, got, want)
			}
		}
	}
}

func TestRetire(t *testing.T) {
	rng := rand.New(rand.NewPCG(34, 3))
	for _, intercept := range []bool{false, true} {
		o := newTestPool(rng, 0.1, intercept)
		push := func(gain ...float64) { o.warm([]Neuron{{unit(normals(rng, inputs)), gain}}) }
		for k := range 6 {
			push(0, float64(k%3%2)) // 1 and 4 have gains
		}
		kept := [][]float64{o.directions[1], o.directions[3], o.directions[4]}
		objective := o.objective()
		for round := 1; round <= idleRounds; round++ {
			if round == 7 {
				push(0, 0)
				kept = append(kept, o.directions[6])
			}
			// One is idle for all but a few rounds.
			o.master.SetGain(o.free+3, []float64{float64(round / 5 % 2), 0})
			before := len(o.directions)
			if o.retire(); round < idleRounds && len(o.directions) != before {
				t.Fatalf("round %d: %d of %d directions", round, len(o.directions), before)
			}
		}
		if !slices.EqualFunc(o.directions, kept, slices.Equal) || o.master.Len() != o.free+4 {
			t.Fatalf("%d directions, %d columns", len(o.directions), o.master.Len())
		}
		// Gains and ages go with their directions.
		if got := o.master.Objective(); math.Abs(got-objective) > 1e-12*objective || math.Abs(o.objective()-objective) > 1e-12*objective {
			t.Errorf("objective %g, want %g", got, objective)
		}
		// Ages 1, as the last gain was in round 9, and 4.
		if want := []int{0, 1, 0, 4}; !slices.Equal(o.idle, want) {
			t.Errorf("idle for %v rounds, want %v", o.idle, want)
		}
	}
}

func TestWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(34, 4))
	for _, intercept := range []bool{false, true} {
		o := newTestPool(rng, 0.1, intercept)
		neurons := []Neuron{{unit(normals(rng, inputs)), []float64{3, -4}}, {unit(normals(rng, inputs)), []float64{0, 1e-8}}}
		var constant []float64
		if intercept {
			constant = []float64{7, 8}
		}
		w := o.weights(neurons, constant)
		const size = 2 * (inputs + outputs)
		if len(w) != size+len(constant) || !slices.Equal(w[size:], constant) {
			t.Fatalf("weights %v", w)
		}
		// Balanced: half the squares are the penalty.
		if penalty := floats.Dot(w[:size], w[:size]) / 2; math.Abs(penalty-5-1e-8) > 1e-14 {
			t.Errorf("penalty %g, want 5", penalty)
		}
		got, back := o.neurons(slices.Clone(w), 2)
		for k, h := range got {
			if floats.Distance(h.Direction, neurons[k].Direction, 2) > 1e-14 || floats.Distance(h.Gain, neurons[k].Gain, 2) > 1e-14 {
				t.Errorf("neuron %+v, want %+v", h, neurons[k])
			}
		}
		if !slices.Equal(back, constant) {
			t.Errorf("intercept %v, want %v", back, constant)
		}
		clear(w[:inputs])
		if got, _ := o.neurons(w, 2); len(got) != 1 || floats.Distance(got[0].Gain, neurons[1].Gain, 2) > 1e-14 {
			t.Errorf("%+v, want the second neuron alone", got)
		}
	}
}

func TestDescend(t *testing.T) {
	rng := rand.New(rand.NewPCG(34, 5))
	for _, intercept := range []bool{false, true} {
		o := newTestPool(rng, 0.05, intercept)
		o.descend(context.Background())
		if len(o.directions) > 0 {
			t.Errorf("%d directions from nothing", len(o.directions))
		}
		for range 5 {
			o.warm([]Neuron{{unit(normals(rng, inputs)), make([]float64, outputs)}})
		}
		before := o.solve(context.Background(), 1e-9)
		neurons, intercepts := o.network()
		active := len(neurons)
		_, want := descent.New(o.X, o.Loss, o.Beta, active, intercept).Minimise(context.Background(), o.weights(neurons, intercepts), descendSteps)
		o.descend(context.Background())
		after := o.objective()
		if got := o.master.Objective(); active < 2 || after > before-1e-3 || math.Abs(got-after) > 1e-12*after {
			t.Errorf("%d neurons, objective %g, master says %g, %g before", active, after, got, before)
		}
		// Neurons that are not balanced cost less than their squares.
		if after > want*(1+1e-12) || after < 0.99*want {
			t.Errorf("objective %g, want %g", after, want)
		}
		if len(o.directions) != 5+active {
			t.Errorf("%d directions, want %d", len(o.directions), 5+active)
		}
		// Nothing moves once ctx has ended.
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		fit := o.fit()
		if o.descend(ctx); floats.Distance(fit, o.fit(), 2) > 1e-12 {
			t.Error("moved although ctx had ended")
		}
	}
}
