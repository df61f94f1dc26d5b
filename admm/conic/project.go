package conic

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/parallel"
)

// A projector maps points to the nearest ones of a product of cones. It keeps what
// speeds up the next projection of a similar point.
type projector struct {
	cones   []Cone
	start   []int       // of the coordinates of each cone, and their number
	spectra []*spectrum // of the semidefinite cones, nil for others
	work    float64     // floating-point operations of one projection, about
}

func newProjector(cones []Cone) *projector {
	p := &projector{cones: cones, start: make([]int, 1, len(cones)+1), spectra: make([]*spectrum, len(cones))}
	for k, c := range cones {
		p.start = append(p.start, p.start[k]+c.Dim())
		if c.Kind == Semidefinite && c.Size > 1 {
			p.spectra[k] = newSpectrum(c.Size)
			p.work += 10 * math.Pow(float64(c.Size), 3)
		}
	}
	return p
}

// project sets dst to the projection of v, up to errors of the given length. It reports
// false if v is not finite.
func (p *projector) project(dst, v []float64, accuracy float64) bool {
	ok := make([]bool, len(p.cones))
	parallel.Work(p.work, len(p.cones), 1, func(_, k, _ int) {
		lo, hi := p.start[k], p.start[k+1]
		ok[k] = p.projectOne(k, dst[lo:hi], v[lo:hi], accuracy)
	})
	for _, o := range ok {
		if !o {
			return false
		}
	}
	return true
}

func (p *projector) projectOne(k int, dst, v []float64, accuracy float64) bool {
	if !finite(floats.Sum(v)) {
		return false
	}
	switch p.cones[k].Kind {
	case Free:
		copy(dst, v)
	case Zero:
		clear(dst)
	case NonNegative:
		nonNegative(dst, v)
	case SecondOrder:
		secondOrder(dst, v)
	case Semidefinite:
		if p.spectra[k] == nil {
			nonNegative(dst, v)
			return true
		}
		return p.spectra[k].project(dst, v, accuracy)
	}
	return true
}

func nonNegative(dst, v []float64) {
	for i, x := range v {
		dst[i] = max(x, 0)
	}
}

// secondOrder projects (t, z): what is in the cone stays, what is in its polar goes to
// the origin, and the rest to the ray through (|z|, z).
func secondOrder(dst, v []float64) {
	if len(v) == 0 {
		return
	}
	t, norm := v[0], floats.Norm(v[1:], 2)
	switch {
	case norm <= t:
		copy(dst, v)
	case norm <= -t:
		clear(dst)
	default:
		dst[0] = (t + norm) / 2
		for i, z := range v[1:] {
			dst[1+i] = dst[0] / norm * z
		}
	}
}
