package relax

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
)

// lift returns the point of the program by moments that a network is, in a matrix for
// each sign if there are two, with the entries that must not be negative.
func (m *Program) lift(net *Network) []float64 {
	p := m.p
	lines := p.lines()
	split := len(m.Problem.Cones) == 3
	order := m.Problem.Cones[0].Size
	half := order * (order + 1) / 2
	x := make([]float64, len(m.Problem.C))
	scale := math.Sqrt(p.sizeX / p.sizeY)
	for _, v := range net.Neurons {
		u := make([]float64, p.x.Cols)
		p.turn(u, v.Weights)
		floats.Scale(scale, u)
		var l []float64
		for _, g := range v.Gains {
			l = append(l, scale*g)
		}
		first := 0
		if split && l[0] < 0 {
			first, l[0] = half, -l[0]
		}
		for _, line := range lines {
			l = append(l, math.Max(0, floats.Dot(line.unit, u)))
		}
		l = append(l, u...)
		one := mat.NewSymDense(order, nil)
		one.SymRankOne(one, 1, mat.NewVecDense(order, l))
		floats.Add(x[first:first+half], conic.Svec(nil, one))
	}
	// Equations with an entry define it.
	left := make([]float64, len(m.Problem.B))
	m.Problem.A.AddMul(left, 1, x)
	start := m.slackStart()
	m.Problem.A.All(func(i, j int, _ float64) {
		if j >= start {
			x[j] = left[i]
		}
	})
	return x
}

// Networks are feasible for the relaxations by moments, with the objective of training,
// and optimal ones are within the limits.
func TestMomentsHoldNetworks(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 74))
		n, d, c := 1+rng.IntN(6), 1+rng.IntN(3), 1+rng.IntN(2)
		x, y := mat.NewDense(n, d, nil), mat.NewDense(n, c, nil)
		for _, a := range []*mat.Dense{x, y} {
			size := math.Exp(2 * rng.NormFloat64())
			a.Apply(func(int, int, float64) float64 { return size * rng.NormFloat64() }, a)
		}
		if n > 2 {
			x.SetRow(0, mat.Row(nil, 1, x))
			row := mat.Row(nil, 1, x)
			floats.Scale(-3, row)
			x.SetRow(2, row)
		}
		if d > 1 && seed%3 == 0 {
			x.SetCol(1, mat.Col(nil, 0, x))
		}
		p, err := New(x, y, 0.1*mat.Norm(x, 2)*mat.Norm(y, 2))
		if err != nil {
			t.Fatal(err)
		}
		trace, err := p.Trace(t.Context(), TraceSettings{})
		if err != nil {
			t.Fatal(err)
		}
		best, err := trace.Recover(t.Context(), RecoverSettings{})
		if err != nil {
			t.Fatal(err)
		}
		other := &Network{Inputs: d, Outputs: c}
		for range 3 {
			v := Neuron{make([]float64, d), make([]float64, c)}
			for k := range v.Weights {
				v.Weights[k] = rng.NormFloat64()
			}
			for k := range v.Gains {
				v.Gains[k] = rng.NormFloat64()
			}
			floats.Scale(floats.Norm(v.Weights, 2)/floats.Norm(v.Gains, 2), v.Gains)
			if p.basis != nil {
				var in mat.VecDense
				in.MulVec(p.basis.T(), mat.NewVecDense(d, v.Weights))
				var out mat.VecDense
				out.MulVec(p.basis, &in)
				copy(v.Weights, out.RawVector().Data)
				floats.Scale(floats.Norm(v.Weights, 2)/floats.Norm(v.Gains, 2), v.Gains)
			}
			other.Neurons = append(other.Neurons, v)
		}
		for _, split := range []bool{false, true} {
			if split && c > 1 {
				continue
			}
			m, err := p.moments(split, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, net := range []*Network{best.Network, other} {
				checkLift(t, p, m, net, net == best.Network)
			}
		}
	}
}

func checkLift(t *testing.T, p *Problem, m *Program, net *Network, optimal bool) {
	t.Helper()
	z := m.lift(net)
	size := 1 + floats.Norm(z, math.Inf(1))
	value := m.constant + floats.Dot(m.Problem.C, z)
	qz := make([]float64, len(z))
	m.Problem.Q.AddMul(qz, 0.5, z)
	value = p.back(value + floats.Dot(qz, z))
	want, err := p.Objective(net)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(value-want) > 1e-9*(want+p.unit*size*size) {
		t.Errorf("objective %.12g, want %.12g", value, want)
	}
	left := make([]float64, len(m.Problem.B))
	m.Problem.A.AddMul(left, 1, z)
	for i, v := range left {
		if math.Abs(v) > 1e-12*size {
			t.Errorf("equation %d of %d is %g", i, len(left), v)
		}
	}
	at := 0
	for k, c := range m.Problem.Cones {
		part := z[at : at+c.Dim()]
		at += c.Dim()
		if c.Kind == conic.Semidefinite {
			if trace := mat.Trace(conic.Smat(part)); optimal && trace > m.Limits[k]*(1+1e-9) {
				t.Errorf("the trace is %g, the limit %g", trace, m.Limits[k])
			}
			continue
		}
		for _, v := range part {
			if v < -1e-12*size || optimal && v > m.Limits[k]*(1+1e-9) {
				t.Errorf("an entry is %g, the limit %g", v, m.Limits[k])
			}
		}
	}
}
