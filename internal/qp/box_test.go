package qp_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/qp"
)

// bruteBox tries every face of the box: each variable at 0, at 1 or free.
func bruteBox(b blas64.General, a []float64) float64 {
	faces := 1
	for range b.Rows {
		faces *= 3
	}
	best := math.Inf(1)
	for face := range faces {
		r := append([]float64(nil), a...)
		var q [][]float64
		var free []int
		for j, f := 0, face; j < b.Rows; j, f = j+1, f/3 {
			switch f % 3 {
			case 1:
				floats.AddScaled(r, -1, row(b, j))
			case 2:
				free = append(free, j)
			}
		}
		// A face with dependent free rows has its minimum on a smaller face too.
		gram := make([]float64, 0, len(free))
		c := make([][]float64, 0, len(free))
		independent := true
		for _, j := range free {
			v := append([]float64(nil), row(b, j)...)
			col := make([]float64, len(free))
			for i, w := range q {
				col[i] = floats.Dot(v, w)
				floats.AddScaled(v, -col[i], w)
			}
			l := floats.Norm(v, 2)
			if l < 1e-9 {
				independent = false
				break
			}
			floats.Scale(1/l, v)
			q, c, gram = append(q, v), append(c, col), append(gram, l)
		}
		if !independent {
			continue
		}
		t := make([]float64, len(free))
		for i := len(free) - 1; i >= 0; i-- {
			t[i] = floats.Dot(q[i], r)
			for k := i + 1; k < len(free); k++ {
				t[i] -= c[k][i] * t[k]
			}
			t[i] /= gram[i]
		}
		inside := true
		for i, j := range free {
			inside = inside && t[i] >= -1e-12 && t[i] <= 1+1e-12
			floats.AddScaled(r, -t[i], row(b, j))
		}
		if inside {
			best = min(best, floats.Norm(r, 2))
		}
	}
	return best
}

// checkBox verifies feasibility, the residual and the optimality conditions.
func checkBox(t *testing.T, b blas64.General, a, r, x []float64, res qp.BoxResult, tol float64) {
	t.Helper()
	sum := append([]float64(nil), a...)
	size := floats.Norm(a, 2)
	free := 0
	for j := range b.Rows {
		if x[j] < 0 || x[j] > 1 {
			t.Fatalf("t[%d] = %g", j, x[j])
		}
		floats.AddScaled(sum, -x[j], row(b, j))
		size += x[j] * floats.Norm(row(b, j), 2)
		if x[j] > 0 && x[j] < 1 {
			free++
		}
	}
	if !floats.EqualApprox(sum, r, tol*size) || math.Abs(floats.Norm(r, 2)-res.Norm) > tol*size {
		t.Fatalf("residual %v, want %v", r, sum)
	}
	for j := range b.Rows {
		slope := floats.Dot(row(b, j), r) / max(floats.Norm(row(b, j), 2), 1e-300)
		if x[j] > 0 && slope < -tol*size || x[j] < 1 && slope > tol*size {
			t.Fatalf("t[%d] = %g has slope %g", j, x[j], slope)
		}
	}
	if free > b.Cols {
		t.Fatalf("%d variables inside their bounds in dimension %d", free, b.Cols)
	}
	if !res.Converged {
		t.Fatal("not converged")
	}
}

func TestBoxBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	contained := 0
	for trial := range 500 {
		m, d := rng.IntN(7), 1+rng.IntN(4)
		b := gaussian(rng, m, d)
		if trial%2 == 1 {
			b = ternary(rng, m, d)
		}
		a, r, x := vector(rng, d), make([]float64, d), make([]float64, m)
		for j := range x {
			x[j] = 3*rng.Float64() - 1
		}
		res := qp.NewBoxProjector(b).Project(r, x, a)
		checkBox(t, b, a, r, x, res, 1e-11)
		want := bruteBox(b, a)
		if math.Abs(res.Norm-want) > 1e-9 {
			t.Fatalf("trial %d: distance %.12g, brute force %.12g", trial, res.Norm, want)
		}
		if want < 1e-12 {
			contained++
		}
	}
	if contained < 10 {
		t.Errorf("only %d points were inside their zonotope", contained)
	}
}

func TestBoxKKT(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	for trial := range 60 {
		m, d := 300, 31
		b := gaussian(rng, m, d)
		switch trial % 3 {
		case 1:
			d = 4
			b = ternary(rng, m, d)
		case 2:
			for j := range m {
				floats.Scale(math.Pow(10, 4*rng.Float64()-2), row(b, j))
			}
		}
		a, r := vector(rng, d), make([]float64, d)
		floats.Scale(math.Pow(10, 4*rng.Float64()), a)
		for j := range m { // near half of the zonotope, inside or outside of it
			floats.AddScaled(a, float64(rng.IntN(2)), row(b, j))
		}
		p := qp.NewBoxProjector(b)
		x := make([]float64, m)
		res := p.Project(r, x, a)
		checkBox(t, b, a, r, x, res, 1e-10)
		for _, sweeps := range []int{1, 100} {
			c := p.Clone()
			c.Sweeps = sweeps
			y, s := make([]float64, m), make([]float64, d)
			for j := range y {
				y[j] = rng.Float64()
			}
			other := c.Project(s, y, a)
			checkBox(t, b, a, s, y, other, 1e-10)
			if !floats.EqualApprox(r, s, 1e-9*floats.Norm(a, 2)) {
				t.Fatalf("trial %d: residuals differ after %d sweeps", trial, sweeps)
			}
		}
		if again := p.Project(r, x, a); again.Iterations > 2 || math.Abs(again.Norm-res.Norm) > 1e-10*floats.Norm(a, 2) {
			t.Fatalf("trial %d: restarting at the solution took %d iterations, norm %g then %g",
				trial, again.Iterations, res.Norm, again.Norm)
		}
	}
}

func TestBoxScale(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	b := gaussian(rng, 40, 6)
	a := vector(rng, 6)
	floats.Scale(30, a)
	r, x := make([]float64, 6), make([]float64, 40)
	want := qp.NewBoxProjector(b).Project(r, x, a).Norm
	for _, s := range []float64{1e-150, 1e150} {
		c := gaussian(rng, 40, 6)
		floats.ScaleTo(c.Data, s, b.Data)
		h := make([]float64, 6)
		floats.ScaleTo(h, s, a)
		clear(x)
		if got := qp.NewBoxProjector(c).Project(h, x, h).Norm; math.Abs(got/s-want) > 1e-12*want {
			t.Errorf("scale %g: %g, want %g", s, got/s, want)
		}
	}
}

// A distance that is enough may end a call early, with a point of the zonotope that
// is as near; one that cannot be had changes nothing.
func TestBoxEnough(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 2))
	early, saved := 0, 0
	for trial := range 60 {
		m, d := 80, 12
		b := gaussian(rng, m, d)
		a := vector(rng, d)
		floats.Scale(20, a)
		start := make([]float64, m)
		for j := range start {
			start[j] = float64(rng.IntN(2))
			floats.AddScaled(a, start[j], row(b, j))
		}
		project := func(enough float64) (qp.BoxResult, []float64, []float64) {
			p := qp.NewBoxProjector(b)
			p.Enough = enough
			p = p.Clone()
			r, x := make([]float64, d), append([]float64(nil), start...)
			return p.Project(r, x, a), r, x
		}
		want, r, x := project(0)
		checkBox(t, b, a, r, x, want, 1e-10)
		if got, s, y := project(want.Norm * (1 - 1e-6)); got != want || !floats.Equal(r, s) || !floats.Equal(x, y) {
			t.Fatalf("trial %d: %+v, with a distance out of reach %+v", trial, want, got)
		}
		enough := want.Norm * (1 + math.Pow(10, -5*rng.Float64()))
		got, s, y := project(enough)
		if got.Norm > enough || got.Norm < want.Norm*(1-1e-12) {
			t.Fatalf("trial %d: distance %g, enough %g, got %g", trial, want.Norm, enough, got.Norm)
		}
		sum := append([]float64(nil), a...)
		for j, c := range y {
			if c < 0 || c > 1 {
				t.Fatalf("t[%d] = %g", j, c)
			}
			floats.AddScaled(sum, -c, row(b, j))
		}
		if !floats.EqualApprox(sum, s, 1e-11*floats.Norm(a, 2)) || math.Abs(floats.Norm(s, 2)-got.Norm) > 1e-12*got.Norm {
			t.Fatalf("trial %d: residual %v, want %v", trial, s, sum)
		}
		if !got.Converged {
			early++
		}
		saved += want.Iterations - got.Iterations
	}
	if early < 30 || saved < 10 {
		t.Errorf("%d of 60 ended early, %d iterations saved", early, saved)
	}
}

func TestBoxAllocations(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	b := gaussian(rng, 100, 10)
	a, r, x := vector(rng, 10), make([]float64, 10), make([]float64, 100)
	p := qp.NewBoxProjector(b)
	if n := testing.AllocsPerRun(20, func() { clear(x); p.Project(r, x, a) }); n > 0 {
		t.Errorf("%g allocations per call", n)
	}
}

func BenchmarkBox(b *testing.B) {
	rng := rand.New(rand.NewPCG(6, 2))
	m, d := 280, 31
	rows := gaussian(rng, m, d)
	a, r, x := vector(rng, d), make([]float64, d), make([]float64, m)
	for j := range m {
		floats.AddScaled(a, float64(rng.IntN(2)), row(rows, j))
	}
	floats.Scale(3, a)
	p := qp.NewBoxProjector(rows)
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			clear(x)
			p.Project(r, x, a)
		}
	})
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			p.Project(r, x, a)
		}
	})
}
