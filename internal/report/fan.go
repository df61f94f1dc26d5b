package report

import (
	"cmp"
	"math"
	"slices"
)

// A fan is the plane of the weights of neurons, cut into cells by the lines orthogonal to
// samples. All of it is drawing: nothing here is a bound.
type fan struct {
	samples []FlowSample
	rays    []float64 // the angles of the edges of cells, increasing, from 0 to 2 pi
}

// A peak is a direction where a price is locally largest.
type peak struct{ angle, height float64 }

// sameAngle is the difference between angles that are one, in radians.
const sameAngle = 1e-7

func newFan(samples []FlowSample) fan {
	f := fan{samples: samples}
	for _, q := range samples {
		if !q.drawn() {
			continue
		}
		for _, turn := range []float64{math.Pi / 2, -math.Pi / 2} {
			f.rays = append(f.rays, around(math.Atan2(q.Y, q.X)+turn))
		}
	}
	slices.Sort(f.rays)
	f.rays = slices.CompactFunc(f.rays, func(a, b float64) bool { return math.Abs(b-a) < sameAngle })
	return f
}

// drawn says whether a sample has a place other than the origin, where it cuts nothing.
func (q FlowSample) drawn() bool {
	return finite(q.X) && finite(q.Y) && (q.X != 0 || q.Y != 0)
}

// around is an angle from 0 to 2 pi.
func around(angle float64) float64 {
	angle = math.Mod(angle, 2*math.Pi)
	if angle < 0 {
		angle += 2 * math.Pi
	}
	return angle
}

// turnBetween is the turn from one angle to another, the short way.
func turnBetween(from, to float64) float64 {
	return math.Remainder(to-from, 2*math.Pi)
}

// active calls f with the multiplier and the place of each sample on the side of an angle.
func (f fan) active(nu []float64, angle float64, do func(nu, x, y float64)) {
	sin, cos := math.Sincos(angle)
	for i, q := range f.samples[:min(len(f.samples), len(nu))] {
		if q.drawn() && q.X*cos+q.Y*sin > 0 && finite(nu[i]) {
			do(nu[i], q.X, q.Y)
		}
	}
}

// sum is the sum of nu_i x_i over the samples on the side of an angle, which is X'D nu in
// its cell; times -1 for negative neurons.
func (f fan) sum(nu []float64, positive bool, angle float64) (x, y float64) {
	f.active(nu, angle, func(nu, qx, qy float64) { x, y = x+nu*qx, y+nu*qy })
	if !positive {
		x, y = -x, -y
	}
	return x, y
}

// price is nu'(Xu)_+ at the unit vector u of an angle, or -nu'(Xu)_+ for negative
// neurons; zero where it is less, or where the numbers are too large.
func (f fan) price(nu []float64, positive bool, angle float64) float64 {
	sin, cos := math.Sincos(angle)
	x, y := f.sum(nu, positive, angle)
	if v := x*cos + y*sin; v > 0 {
		return v
	}
	return 0
}

// grid is the angles at which curves are taken: the edges of cells, where they have kinks,
// and so many between. Of more edges than most it has none, but then the highest peaks of a
// vector.
func (f fan) grid(steps, most int, nu []float64) []float64 {
	var out []float64
	if len(f.rays) <= most {
		out = append(out, f.rays...)
	} else {
		for _, positive := range []bool{true, false} {
			peaks := f.peaks(nu, positive)
			slices.SortStableFunc(peaks, func(a, b peak) int { return cmp.Compare(b.height, a.height) })
			for _, q := range peaks[:min(len(peaks), most/2)] {
				out = append(out, q.angle)
			}
		}
	}
	for k := range steps {
		out = append(out, 2*math.Pi*float64(k)/float64(steps))
	}
	slices.Sort(out)
	return slices.CompactFunc(out, func(a, b float64) bool { return math.Abs(b-a) < sameAngle })
}

// peaks lists where the price is locally largest: at X'D nu, if it is in the cell of D, or
// at an edge, where D has a part of a sample.
func (f fan) peaks(nu []float64, positive bool) (out []peak) {
	add := func(p peak) {
		same := func(q peak) bool { return math.Abs(turnBetween(q.angle, p.angle)) < 10*sameAngle }
		if p.height > 0 && finite(p.height) && !slices.ContainsFunc(out, same) {
			out = append(out, p)
		}
	}
	middle := func(k int) float64 { // of the cell after an edge
		n := len(f.rays)
		from := f.rays[(k+n)%n]
		return from + around(f.rays[(k+1+n)%n]-from)/2
	}
	for k, at := range f.rays {
		x, y := f.sum(nu, positive, middle(k))
		half := middle(k) - at
		if angle := math.Atan2(y, x); math.Abs(turnBetween(middle(k), angle)) <= half+sameAngle {
			add(peak{around(angle), math.Hypot(x, y)})
		}
		// Along the circle the price rises before the edge and falls behind it.
		sin, cos := math.Sincos(at)
		bx, by := f.sum(nu, positive, middle(k-1))
		if before, behind := by*cos-bx*sin, y*cos-x*sin; before > 0 && behind < 0 {
			add(peak{at, x*cos + y*sin})
		}
	}
	slices.SortFunc(out, func(a, b peak) int { return cmp.Compare(a.angle, b.angle) })
	return out
}
