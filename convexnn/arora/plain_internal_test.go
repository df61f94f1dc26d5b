package arora

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// The program over all cells can be long. It stops, and whatever it has is a network and a
// dual vector.
func TestInterruptOfOneProgram(t *testing.T) {
	const n = 150
	x, y := mat.NewDense(n, 2, nil), make([]float64, n)
	for i := range n {
		x.SetRow(i, []float64{float64(i), 1})
		y[i] = math.Sin(float64(i * i))
	}
	p, err := newProblem(t.Context(), x, y, Settings{Neurons: 1})
	if err != nil {
		t.Fatal(err)
	}
	q := newPlain(p)
	all := make([]int, p.signed())
	for c := range all {
		all[c] = c
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	blocks, v, err := q.solve(ended, all)
	if err != nil {
		t.Fatal(err)
	}
	_, last, err := q.solve(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	// Every sample has an angle of its own, so that the whole program fits all.
	if a, b := floats.Norm(v, 2), floats.Norm(last, 2); a < 1e-3 || b > 1e-9*floats.Norm(p.y, 2) {
		t.Errorf("the residual is %g after an interrupt, %g without", a, b)
	}
	net, err := p.network(blocks)
	if err != nil {
		t.Fatal(err)
	}
	f, _, err := net.Objective(x, y, 0)
	if want := p.units(floats.Dot(v, v) / 2); err != nil || math.Abs(f-want) > 1e-9*want {
		t.Errorf("the network has objective %v (%v), its residual says %v", f, err, want)
	}
}
