package flow

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// A plain network in plain coordinates.
type plain struct {
	u     [][]float64
	alpha []float64
}

// descend takes gradient steps of length dt on the loss as it is written down.
func (p plain) descend(loss Loss, x *mat.Dense, y []float64, dt float64, steps int) {
	n, d := x.Dims()
	for range steps {
		pull := make([]float64, n)
		for i := range n {
			f := 0.0
			for j, u := range p.u {
				f += p.alpha[j] * max(0, floats.Dot(u, x.RawRowView(i)))
			}
			pull[i] = y[i] * math.Exp(-y[i]*f)
			if loss == Logistic {
				pull[i] = y[i] / (1 + math.Exp(y[i]*f))
			}
		}
		for j, u := range p.u {
			slope, force := 0.0, make([]float64, d)
			for i := range n {
				if z := floats.Dot(u, x.RawRowView(i)); z > 0 {
					slope += pull[i] * z
					floats.AddScaled(force, pull[i]*p.alpha[j], x.RawRowView(i))
				}
			}
			floats.AddScaled(u, dt, force)
			p.alpha[j] += dt * slope
		}
	}
}

// The flow in polar coordinates and normalised time, with its steps, its slides and its
// clocks, is that of gradient descent with tiny steps in plain coordinates. Repeated and
// opposite rows are among the data.
func TestAgainstGradientDescent(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 0))
	random := mat.NewDense(7, 2, nil)
	for i := range 7 {
		for k := range 2 {
			random.Set(i, k, rng.NormFloat64())
		}
	}
	for _, c := range []struct {
		name string
		x    *mat.Dense
		y    []float64
		end  float64
	}{
		{"rays", mat.NewDense(3, 2, []float64{2, 0, 1, 1, -1, 0}), []float64{1, 1, -1}, 7},
		{"random", random, []float64{1, -1, 1, -1, -1, 1, 1}, 30},
		{"repeated", mat.NewDense(5, 2, []float64{1, 2, 2, 4, -1, -2, -1, 1, 0.5, -1}), []float64{1, 1, 1, -1, -1}, 8},
		{"opposite", mat.NewDense(5, 2, []float64{1, 2, -0.5, -1, -1, 1, 2, -2, 1, 0.2}), []float64{1, -1, 1, 1, -1}, 8},
	} {
		for _, loss := range []Loss{Exponential, Logistic} {
			r := start(t, c.x, c.y, Options{Loss: loss, Neurons: 6, Init: 0.05, Seed: 2, Accuracy: 1e-7})
			net := r.flow.now.network(r.flow.field.signs, 0)
			p := plain{alpha: make([]float64, 6)}
			for j, h := range net.Neurons {
				p.u, p.alpha[j] = append(p.u, h.Weights), h.Output
			}
			before := 0.0
			for k := range 5 {
				r.to(t, c.end*float64(k+1)/5)
				now := math.Exp(r.flow.logTime)
				const dt = 2e-5
				steps := math.Ceil((now - before) / dt)
				p.descend(loss, c.x, c.y, (now-before)/steps, int(steps))
				before = now
				for j, h := range r.flow.now.network(r.flow.field.signs, 0).Neurons {
					size := math.Abs(p.alpha[j])
					if off := floats.Distance(h.Weights, p.u[j], 2) / size; off > 2e-3 {
						t.Errorf("%s, %v: at time %.3g neuron %d is off by %.2g", c.name, loss, now, j, off)
					}
					if off := math.Abs(h.Output-p.alpha[j]) / size; off > 2e-3 {
						t.Errorf("%s, %v: at time %.3g output %d is off by %.2g", c.name, loss, now, j, off)
					}
				}
			}
			if rho := r.flow.logRho; rho < 0 {
				t.Errorf("%s, %v: rho has only come to exp(%.2f)", c.name, loss, rho)
			}
		}
	}
}
