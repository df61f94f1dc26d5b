package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
)

// threeSamples are orthogonally separable: at the optimum nu is (0, 1/sqrt 2, -1), and
// the extreme points are (1, 1)/sqrt 2 and, for negative neurons, (-1, 0).
var threeSamples = []FlowSample{{2, 0, true}, {1, 1, true}, {-1, 0, false}}

// sixSamples are two clusters of each class, around the origin.
var sixSamples = []FlowSample{{1.4, 0.5, true}, {0.7, 1.3, true}, {-1.2, 0.9, false}, {-1.3, -0.7, true}, {-0.5, -1.2, true}, {0.9, -1.0, false}}

// A moment is a state of the simulation below.
type moment struct {
	sharpness float64 // the squared norm of the weights
	margin    float64 // least of y f / sharpness
	weights   [][2]float64
	ratios    []float64 // |alpha| / |u|
	lambda    []float64 // of the loss, adding up to 1, averaged over the steps before
}

func signOf(positive bool) float64 { return float64(2*signIndex(positive) - 1) }

// simulated is gradient flow of the exponential loss on 12 neurons in crude steps from
// small balanced weights, every second one with a negative output weight. It keeps some
// moments, and what it has computed once.
func simulated(samples []FlowSample, seed uint64) (out []moment) {
	key := fmt.Sprint(samples, seed)
	if known, ok := simulations.Load(key); ok {
		return known.([]moment)
	}
	const neurons, step, window, every, most, sharpest = 12, 1e-3, 0.01, 20, 45000, 400
	r := rand.New(rand.NewPCG(seed, 7))
	var u [neurons][2]float64
	var a [neurons]float64
	for j := range u {
		angle, size := 2*math.Pi*r.Float64(), 1e-3*(0.5+r.Float64())
		u[j] = [2]float64{size * math.Cos(angle), size * math.Sin(angle)}
		a[j] = size * signOf(j%2 == 0)
	}
	l, smooth := make([]float64, len(samples)), make([]float64, len(samples))
	for s := range most {
		margin, total, norm := math.Inf(1), 0.0, 0.0
		for i, q := range samples {
			f := 0.0
			for j := range u {
				f += a[j] * max(0, q.X*u[j][0]+q.Y*u[j][1])
			}
			l[i] = signOf(q.Positive) * f
			margin = min(margin, l[i])
		}
		for i := range l {
			l[i] = math.Exp(margin - l[i])
			total += l[i]
		}
		for i := range l {
			l[i] /= total
			smooth[i] += (l[i] - smooth[i]) * max(window, 1/float64(s+1))
		}
		for j := range u {
			norm += u[j][0]*u[j][0] + u[j][1]*u[j][1] + a[j]*a[j]
		}
		if s%every == 0 {
			m := moment{sharpness: norm, margin: margin / norm, lambda: slices.Clone(smooth)}
			for j := range u {
				m.weights, m.ratios = append(m.weights, u[j]), append(m.ratios, math.Abs(a[j])/math.Hypot(u[j][0], u[j][1]))
			}
			out = append(out, m)
		}
		if norm > sharpest {
			break
		}
		for j := range u {
			x, y, gx, gy := u[j][0], u[j][1], 0.0, 0.0
			for i, q := range samples {
				if q.X*x+q.Y*y > 0 {
					gx, gy = gx+l[i]*signOf(q.Positive)*q.X, gy+l[i]*signOf(q.Positive)*q.Y
				}
			}
			u[j] = [2]float64{x + step*a[j]*gx, y + step*a[j]*gy}
			a[j] += step * (x*gx + y*gy)
		}
	}
	simulations.Store(key, out)
	return out
}

var simulations sync.Map

// scaled is nu = y o lambda with its largest price 1; nil if that is not known.
func (m moment) scaled(samples []FlowSample) []float64 {
	nu := make([]float64, len(samples))
	for i, q := range samples {
		nu[i] = m.lambda[i] * signOf(q.Positive)
	}
	most := largestPrice(samples, nu)
	for i := range nu {
		nu[i] /= most
	}
	return nu
}

// frames picks moments, evenly in time, and later ones more often.
func frames(samples []FlowSample, moments []moment, count int) (out []FlowFrame) {
	for k := range count {
		at := float64(k) / float64(max(1, count-1))
		m := moments[int(float64(len(moments)-1)*(0.004+0.996*math.Pow(at, 1.4)))]
		q := FlowFrame{Title: "rho² = " + plainExponent(fmt.Sprintf("%.1e", m.sharpness)), Note: "not separated yet", Nu: m.scaled(samples)}
		if m.margin > 0 {
			q.Note = fmt.Sprintf("separated, upper bound %.4g", 0.5/m.margin)
			value := sums(q.Nu)
			q.Level = (value.X + value.Y) * 2 * m.margin
		}
		for j, u := range m.weights {
			size := math.Hypot(u[0], u[1])
			n := FlowNeuron{X: u[0] / size, Y: u[1] / size, Share: 2 * size * size / m.sharpness, Positive: j%2 == 0, Dead: true}
			for _, s := range samples {
				n.Dead = n.Dead && s.X*u[0]+s.Y*u[1] <= 0
			}
			q.Neurons = append(q.Neurons, n)
		}
		out = append(out, q)
	}
	return out
}

func exampleFlow(samples []FlowSample, count int) Flow {
	return Flow{
		Title:    "Neurons slide into the extreme points of the dual",
		Subtitle: fmt.Sprintf("%d samples, 12 neurons, exponential loss, gradient flow from a small balanced start", len(samples)),
		Samples:  samples, Frames: frames(samples, simulated(samples, 1), count),
	}
}

// largestPrice is the largest price of a neuron of any sign.
func largestPrice(samples []FlowSample, nu []float64) (most float64) {
	cells := newFan(samples)
	for _, positive := range []bool{true, false} {
		for _, p := range cells.peaks(nu, positive) {
			most = max(most, p.height)
		}
	}
	return most
}

// sums are those of lambda over the samples of each class.
func sums(nu []float64) (out XY) {
	for _, v := range nu {
		out.X, out.Y = out.X+max(0, v), out.Y+max(0, -v)
	}
	return out
}

// exampleBrackets has the bounds of some runs from small starts.
func exampleBrackets(samples []FlowSample, runs int, optimum float64) Brackets {
	f := Brackets{
		Title: "The bracket closes as the margin grows", Subtitle: fmt.Sprintf("%d samples, 12 neurons, %d starts", len(samples), runs),
		Axis: "rho², the squared norm of the weights", YLabel: "sum of |u||alpha|", Before: "not separated: no upper bound",
		Optimum: optimum, OptimumName: fmt.Sprintf("p_MM = %.6g", optimum),
	}
	below := []CoursePanel{{Heading: "|alpha| / |u| of each neuron", Level: 1}, {Heading: "share of the squared norm", Level: math.NaN()}}
	for k := range runs {
		var run []BracketPoint
		best := math.NaN()
		moments := simulated(samples, uint64(k+1))
		courses := make([]Course, 12)
		shares := make([]Course, 12)
		for i := 0; i < len(moments); i += len(moments) / 80 {
			m := moments[i]
			s := sums(m.scaled(samples))
			if lower := s.X + s.Y; !(lower <= best) {
				best = lower
			}
			q := BracketPoint{At: m.sharpness, Upper: math.NaN(), Proved: best, Estimated: math.NaN()}
			if m.margin > 0 {
				q.Upper = 0.5 / m.margin
			}
			if k%2 == 1 {
				q.Proved, q.Estimated = math.NaN(), best
			}
			run = append(run, q)
			for j, a := range m.ratios {
				courses[j].Positive, shares[j].Positive = j%2 == 0, j%2 == 0
				courses[j].Points = append(courses[j].Points, XY{m.sharpness, a})
				size := math.Hypot(m.weights[j][0], m.weights[j][1])
				shares[j].Points = append(shares[j].Points, XY{m.sharpness, 2 * size * size / m.sharpness})
			}
		}
		f.Runs = append(f.Runs, run)
		if k == 0 {
			below[0].Courses, below[1].Courses = courses, shares
		}
	}
	f.Below = below
	return f
}

// feasibleSums are sums of dual feasible points, at the border of the set in so many
// directions: linear programs with constraints at the peaks of the prices of their
// solutions, until none is far above 1; then they are scaled.
func feasibleSums(samples []FlowSample, directions int) (out []XY) {
	n := len(samples)
	cells := newFan(samples)
	sign := func(i int) float64 { return signOf(samples[i].Positive) }
	var rows [][]float64
	add := func(angle, side float64) {
		sin, cos := math.Sincos(angle)
		row := make([]float64, n)
		for i, q := range samples {
			row[i] = side * sign(i) * max(0, q.X*cos+q.Y*sin)
		}
		rows = append(rows, row)
	}
	for _, q := range samples {
		add(math.Atan2(q.Y, q.X), signOf(q.Positive))
	}
	for k := range directions {
		dx, dy := math.Cos(math.Pi/2*float64(k)/float64(directions-1)), math.Sin(math.Pi/2*float64(k)/float64(directions-1))
		for {
			a, one, c, basic := mat.NewDense(len(rows), n+len(rows), nil), make([]float64, len(rows)), make([]float64, n+len(rows)), make([]int, len(rows))
			for r, row := range rows {
				for i, v := range row {
					a.Set(r, i, v)
				}
				a.Set(r, n+r, 1)
				one[r], basic[r] = 1, n+r
			}
			for i, q := range samples {
				c[i] = -dy
				if q.Positive {
					c[i] = -dx
				}
			}
			_, lambda, err := lp.Simplex(c, a, one, 1e-10, basic)
			if err != nil {
				panic(err)
			}
			nu := make([]float64, n)
			for i := range nu {
				nu[i] = sign(i) * lambda[i]
			}
			before := len(rows)
			for _, positive := range []bool{true, false} {
				for _, p := range cells.peaks(nu, positive) {
					if p.height > 1+1e-4 {
						add(p.angle, signOf(positive))
					}
				}
			}
			if len(rows) == before {
				most := largestPrice(samples, nu)
				for i := range nu {
					nu[i] /= most
				}
				out = append(out, sums(nu))
				break
			}
		}
	}
	return out
}

// exampleShadow has the path of a run.
func exampleShadow(samples []FlowSample) DualShadow {
	f := DualShadow{
		Title: "The dual, seen in two sums", Subtitle: fmt.Sprintf("%d samples; the dual points of gradient flow, scaled to be feasible", len(samples)),
		Outer: feasibleSums(samples, 5), Optimum: XY{math.NaN(), math.NaN()},
	}
	for _, q := range f.Outer {
		if sum := q.X + q.Y; sum > f.PMM {
			f.PMM, f.Optimum = sum, q
		}
	}
	f.PMMName = plainExponent(fmt.Sprintf("sum p_MM = %.6g", f.PMM))
	f.Outer = append(f.Outer, XY{0, f.Outer[len(f.Outer)-1].Y}, XY{}, XY{f.Outer[0].X, 0})
	moments := simulated(samples, 1)
	for i := 0; i < len(moments); i += len(moments) / 60 {
		f.Path = append(f.Path, sums(moments[i].scaled(samples)))
	}
	return f
}
