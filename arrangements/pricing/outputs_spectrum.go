package pricing

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// A spectrum computes the largest singular value of c x k matrices, as few rows
// or columns as the smaller side has. It is a workspace for one goroutine.
type spectrum struct {
	c, k, m int       // m is the smaller of c and k
	gram    []float64 // BB' or B'B, m x m
	vectors []float64 // its eigenvectors, by rows
	top     int
	out     []float64
}

func newSpectrum(c, k int) *spectrum {
	m := min(c, k)
	return &spectrum{c: c, k: k, m: m, gram: make([]float64, m*m), vectors: make([]float64, m*m), out: make([]float64, k)}
}

// norm returns the largest singular value of b, up to a few units roundoff, or
// any number between it and enough if there is one that is cheap.
func (s *spectrum) norm(b []float64, enough float64) float64 {
	frobenius := 0.0
	for _, e := range b {
		frobenius += e * e
	}
	if l := math.Sqrt(frobenius); l <= enough || l == 0 {
		return l
	}
	m := s.m
	square := 0.0
	for i := range m {
		for j := range i + 1 {
			e := 0.0
			if s.c <= s.k {
				x, y := b[i*s.k:(i+1)*s.k], b[j*s.k:(j+1)*s.k]
				for t, v := range x {
					e += v * y[t]
				}
			} else {
				for t := range s.c {
					e += b[t*s.k+i] * b[t*s.k+j]
				}
			}
			s.gram[i*m+j], s.gram[j*m+i] = e, e
			square += e * e
			if i != j {
				square += e * e
			}
		}
	}
	// The root of the sum of fourth powers of the singular values.
	if l := math.Sqrt(math.Sqrt(square)); l <= enough {
		return l
	}
	s.diagonalise()
	s.top = 0
	for i := range m {
		if s.gram[i*m+i] > s.gram[s.top*m+s.top] {
			s.top = i
		}
	}
	return math.Sqrt(max(0, s.gram[s.top*m+s.top]))
}

// direction returns the unit vector z with |Bz| = norm(b), which must not be zero
// and must have been computed last. The caller must not keep it.
func (s *spectrum) direction(b []float64) []float64 {
	v := s.vectors[s.top*s.m : (s.top+1)*s.m]
	if s.c > s.k {
		copy(s.out, v)
	} else {
		clear(s.out)
		for i, w := range v {
			floats.AddScaled(s.out, w, b[i*s.k:(i+1)*s.k])
		}
	}
	floats.Scale(1/norm(s.out), s.out)
	return s.out
}

// diagonalise turns gram into a diagonal matrix by the rotations of Jacobi, whose
// error is a few units roundoff of its norm (Golub and Van Loan, Matrix
// Computations, section 8.5), and accumulates them in vectors.
func (s *spectrum) diagonalise() {
	m, a, v := s.m, s.gram, s.vectors
	clear(v)
	for i := range m {
		v[i*m+i] = 1
	}
	for range 30 {
		off, all := 0.0, 0.0
		for i := range m {
			for j := range m {
				all += a[i*m+j] * a[i*m+j]
				if i != j {
					off += a[i*m+j] * a[i*m+j]
				}
			}
		}
		if off <= 1e-36*all {
			return
		}
		for p := range m {
			for q := p + 1; q < m; q++ {
				s.rotate(p, q)
			}
		}
	}
}

// rotate makes entry (p, q) of gram vanish.
func (s *spectrum) rotate(p, q int) {
	m, a := s.m, s.gram
	if a[p*m+q] == 0 {
		return
	}
	theta := (a[q*m+q] - a[p*m+p]) / (2 * a[p*m+q])
	t := 1 / (math.Abs(theta) + math.Hypot(1, theta))
	if theta < 0 {
		t = -t
	}
	c := 1 / math.Hypot(1, t)
	sn := t * c
	for i := range m {
		x, y := a[i*m+p], a[i*m+q]
		a[i*m+p], a[i*m+q] = c*x-sn*y, sn*x+c*y
	}
	for i := range m {
		x, y := a[p*m+i], a[q*m+i]
		a[p*m+i], a[q*m+i] = c*x-sn*y, sn*x+c*y
		x, y = s.vectors[p*m+i], s.vectors[q*m+i]
		s.vectors[p*m+i], s.vectors[q*m+i] = c*x-sn*y, sn*x+c*y
	}
	a[p*m+q], a[q*m+p] = 0, 0
}

// addOuter adds scale w y' to the matrix b.
func addOuter(b []float64, scale float64, w, y []float64) {
	k := len(y)
	for i, e := range w {
		row := b[i*k : (i+1)*k]
		e *= scale
		for j, f := range y {
			row[j] += e * f
		}
	}
}
