package pricing

import (
	"cmp"
	"math"
	"slices"
)

// plane searches a flat of dimension two: the rays in which lines are orthogonal
// to u, and the arcs between neighbours of these.
//
// The rays of half a turn are sorted by angle. Passing one flips the side of its
// line, which changes B by one product; the matrix of the opposite arc is what B
// lacks of the sum over both.
func (f *flats) plane(rows *lines) face {
	out := f.newFace()
	type ray struct {
		line  int
		x, y  float64
		angle float64 // in [0, pi]
		enter bool    // whether its line turns active there
	}
	var rays []ray
	b, whole := make([]float64, 2*f.c), rows.whole()
	for j := range rows.first {
		y := rows.row(j)
		if y[0] == 0 && y[1] == 0 {
			continue
		}
		// A turn by a right angle ahead of y, where y goes out of sight.
		r := ray{line: j, x: -y[1], y: y[0]}
		if r.y < 0 || r.y == 0 && r.x < 0 {
			r.x, r.y, r.enter = -r.x, -r.y, true
		}
		r.angle = math.Atan2(r.y, r.x)
		rays = append(rays, r)
		if r.enter {
			addOuter(b, -1, rows.weight(rows.minus, j), y)
		} else {
			addOuter(b, 1, rows.weight(rows.plus, j), y)
		}
	}
	slices.SortStableFunc(rays, func(p, q ray) int { return cmp.Compare(p.angle, q.angle) })
	opposite := make([]float64, 2*f.c)
	for k, r := range rays {
		turn := -1.0
		if r.enter {
			turn = 1
		}
		addOuter(b, turn, rows.weight(rows.both, r.line), rows.row(r.line))
		end := [2]float64{-rays[0].x, -rays[0].y}
		if k+1 < len(rays) {
			end = [2]float64{rays[k+1].x, rays[k+1].y}
		}
		for i, e := range whole {
			opposite[i] = e - b[i]
		}
		for sign, m := range [][]float64{b, opposite} {
			s := float64(1 - 2*sign)
			value := lengthOf(m, r.x, r.y)
			if value > f.mark {
				out.take(value, []float64{s * r.x, s * r.y}, value)
			}
			top, zx, zy := leading(m)
			if top <= f.mark {
				continue
			}
			before, after := r.x*zy-r.y*zx, zx*end[1]-zy*end[0]
			switch {
			case before >= -flatTolerance && after >= -flatTolerance:
				out.take(top, []float64{s * zx, s * zy}, top)
			case before <= flatTolerance && after <= flatTolerance:
				out.take(top, []float64{-s * zx, -s * zy}, top)
			}
		}
	}
	return out
}

func lengthOf(m []float64, x, y float64) float64 {
	sum := 0.0
	for i := 0; i < len(m); i += 2 {
		e := m[i]*x + m[i+1]*y
		sum += e * e
	}
	return math.Sqrt(sum)
}

// leading returns the norm of a c x 2 matrix and the unit vector that attains it.
func leading(m []float64) (top, x, y float64) {
	var a, b, c float64
	for i := 0; i < len(m); i += 2 {
		a += m[i] * m[i]
		b += m[i] * m[i+1]
		c += m[i+1] * m[i+1]
	}
	// Half the difference of the eigenvalues, along (cos 2t, sin 2t).
	half := (a - c) / 2
	r := math.Sqrt(half*half + b*b)
	if r == 0 {
		return math.Sqrt(a), 1, 0
	}
	// Of the two formulas for t the one without cancellation.
	if half > 0 {
		x, y = r+half, b
	} else {
		x, y = b, r-half
	}
	l := math.Sqrt(x*x + y*y)
	return math.Sqrt((a+c)/2 + r), x / l, y / l
}
