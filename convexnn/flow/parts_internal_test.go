package flow

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// Shares and losses are those of their definitions where these do not overflow, and finite
// where they do.
func TestPulls(t *testing.T) {
	for _, loss := range []Loss{Exponential, Logistic} {
		for _, q := range [][]float64{{0.3, -2, 5}, {0, 0, 0}, {30, 40, 35.9}, {-20, 3, 36.1}} {
			pull := make([]float64, 3)
			logPull, logLoss := loss.pulls(pull, q)
			sum, total := 0.0, 0.0
			plain := make([]float64, 3)
			for i, m := range q {
				plain[i] = math.Exp(-m)
				l := plain[i]
				if loss == Logistic {
					plain[i], l = 1/(1+math.Exp(m)), math.Log1p(math.Exp(-m))
				}
				sum, total = sum+plain[i], total+l
			}
			floats.Scale(1/sum, plain)
			if !floats.EqualApprox(pull, plain, 1e-14) || math.Abs(logPull-math.Log(sum)) > 1e-13 || math.Abs(logLoss-math.Log(total)) > 1e-13 {
				t.Errorf("%v at %v: shares %v, not %v; logarithms %v and %v, not %v and %v", loss, q, pull, plain, logPull, logLoss, math.Log(sum), math.Log(total))
			}
		}
		pull := make([]float64, 2)
		logPull, logLoss := loss.pulls(pull, []float64{1e6, 1e6 + math.Ln2})
		if math.Abs(pull[0]-2.0/3) > 1e-9 || math.Abs(logPull-(math.Log(1.5)-1e6)) > 1e-9 || math.Abs(logLoss-logPull) > 1e-9 {
			t.Errorf("%v: shares %v, logarithms %v and %v", loss, pull, logPull, logLoss)
		}
	}
}

// The formula is of order two, and its error estimate of order three, on the flow of three
// rays before any neuron meets a hyperplane.
func TestChebyshevOrder(t *testing.T) {
	x := mat.NewDense(3, 2, []float64{2, 0, 1, 1, -1, 0})
	r := start(t, x, []float64{1, 1, -1}, Options{Neurons: 2, Start: &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{
		{Weights: []float64{0.5, 1}, Output: math.Sqrt(1.25)}, {Weights: []float64{-1, -0.4}, Output: -math.Sqrt(1.16)},
	}}})
	g := r.flow
	integrate := func(steps, count int) (state, float64) {
		c := newChebyshev(2, 2)
		now, to, v, w := newState(2, 2), newState(2, 2), newState(2, 2), newState(2, 2)
		now.copy(g.now)
		err := 0.0
		for range steps {
			h := 0.4 / float64(steps)
			g.field.at(v, now)
			c.step(g.field, to, now, v, h, count)
			g.field.at(w, to)
			err = max(err, c.error(now, v, to, w, h))
			now.copy(to)
		}
		return now, err
	}
	exact, _ := integrate(4000, 2)
	for _, count := range []int{2, 3, 7, 20} {
		var off, estimate [2]float64
		for k, steps := range []int{40, 80} {
			s, err := integrate(steps, count)
			off[k], estimate[k] = floats.Distance(s.dirs, exact.dirs, 2)+floats.Distance(s.logs, exact.logs, 2), err
		}
		if ratio := off[0] / off[1]; ratio < 3.5 || ratio > 4.6 {
			t.Errorf("%d stages: half the step divides the error by %.2f, from %.2g", count, ratio, off[0])
		}
		if ratio := estimate[0] / estimate[1]; ratio < 7 || ratio > 9 {
			t.Errorf("%d stages: half the step divides the estimate by %.2f, from %.2g", count, ratio, estimate[0])
		}
	}
}

// A step with the stages that are asked for a rate does not grow at that rate.
func TestChebyshevStable(t *testing.T) {
	for count := 2; count <= maxStages; count++ {
		z := longest(count, 1)
		if count > 2 && stages(z, 1) > count {
			t.Errorf("%d stages: a step of %v takes %d", count, z, stages(z, 1))
		}
		// The polynomial of the formula, a + b T(w0 + w1 z).
		s := float64(count)
		w0 := 1 + 2/(13*s*s)
		first, second := derivatives(count, w0)
		w1 := first / second
		b := second / (first * first)
		a := 1 - b*math.Cosh(s*math.Acosh(w0))
		for k := range 1000 {
			arg := w0 - w1*z*float64(k)/1000
			value := math.Cos(s * math.Acos(max(-1, min(1, arg))))
			if arg > 1 {
				value = math.Cosh(s * math.Acosh(arg))
			}
			if math.Abs(a+b*value) > 1+1e-9 || arg < -1 {
				t.Fatalf("%d stages: at %v of %v the factor is %v", count, z*float64(k)/1000, z, a+b*value)
			}
		}
	}
}

// derivatives are T_s' and T_s” at w > 1.
func derivatives(s int, w float64) (first, second float64) {
	arg, n, root := math.Acosh(w), float64(s), w*w-1
	first = n * math.Sinh(n*arg) / math.Sqrt(root)
	second = (n*n*math.Cosh(n*arg) - w*first) / root
	return first, second
}

// Rows of one line, opposite ones too, are found whatever their lengths.
func TestLines(t *testing.T) {
	x := mat.NewDense(6, 3, []float64{
		1, 2, 3,
		-0.1, -0.2, -0.3,
		0, 1, 0,
		1e-120, 2e-120, 3e-120,
		0, -1e90, 0,
		1, 2, 3.000001,
	})
	l := newLines(x)
	if len(l.members) != 3 || l.line[0] != l.line[1] || l.line[0] != l.line[3] || l.line[2] != l.line[4] || l.line[5] == l.line[0] {
		t.Fatalf("lines %v", l.line)
	}
	if l.facing[0] != -l.facing[1] || l.facing[0] != l.facing[3] || l.facing[2] != -l.facing[4] {
		t.Errorf("facing %v", l.facing)
	}
	for i := range 6 {
		for k, v := range l.normal(l.line[i]) {
			if want := x.At(i, k); math.Abs(v*l.facing[i]*l.length[i]-want) > 1e-12*l.length[i] {
				t.Errorf("row %d: column %d is %v, not %v", i, k, v*l.facing[i]*l.length[i], want)
			}
		}
	}
}

// A neuron that is pulled to a hyperplane from both sides slides along it, with the share
// that balances the forces; it crosses where only one side pushes.
func TestSettle(t *testing.T) {
	x := mat.NewDense(2, 2, []float64{1, 0, -1, 1})
	for _, c := range []struct {
		pulls []float64 // l_i y_i
		past  float64   // how far it has come past the line
		side  int8
		share float64
	}{
		// The first row is negative and pulls the positive neuron to the left; the second,
		// positive, to the left too: it crosses.
		{[]float64{-0.5, 0.5}, -1e-7, -1, 0},
		// Both negative: the second pushes to the right, and the first back.
		{[]float64{-0.7, -0.3}, 1e-7, 0, 3.0 / 7},
		{[]float64{-0.7, -0.3}, -1e-7, 0, 3.0 / 7},
		// The second is stronger.
		{[]float64{-0.3, -0.7}, 1e-7, 1, 1},
		// The first is positive, and bends the loss the other way.
		{[]float64{0.5, -0.5}, 1e-7, 1, 0},
	} {
		s := newSides(x, 1)
		line := s.line[0]
		facing := s.facing[0]
		at := newState(1, 2)
		copy(at.dirs, []float64{c.past, 1})
		s.put(0, line, int8(-facing*math.Copysign(1, c.past)))
		s.put(0, s.line[1], int8(s.facing[1]))
		s.settle(0, []int{line}, at, 1, c.pulls, []float64{facing * c.past, facing * c.past})
		if got := s.side[0][line] * int8(facing); got != c.side {
			t.Errorf("pulls %v: side %d, not %d", c.pulls, got, c.side)
		}
		if slid := c.side == 0; slid != (len(s.slides[0]) == 1) || slid != (at.dirs[0] == 0) {
			t.Errorf("pulls %v: slides %v at %v", c.pulls, s.slides[0], at.dirs)
		}
		if c.side == 0 {
			got := s.shares(0, []int{line}, 1, c.pulls)[0]
			if facing < 0 {
				got = 1 - got
			}
			if math.Abs(got-c.share) > 1e-12 {
				t.Errorf("pulls %v: the share is %v, not %v", c.pulls, got, c.share)
			}
		}
	}
}

// The multipliers of an exact KKT point are found exactly, with a neuron on a hyperplane:
// u = (0, 1) is (x_2 + d x_1) lambda with x_1.u = 0 and a share d of its own.
func TestMultiplier(t *testing.T) {
	x := mat.NewDense(3, 2, []float64{1, 0, 0.5, 1, 0, -2})
	y := []float64{-1, 1, -1}
	r := start(t, x, y, Options{Start: &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{
		{Weights: []float64{0, 1}, Output: 1}, {Weights: []float64{0, -1}, Output: -1},
	}}})
	s := r.flow.field.sides
	k := s.line[0]
	s.put(0, k, 0)
	s.slide(0, []int{k})
	lambda, residual, ok := r.multiplier()
	if !ok || residual > 1e-12 || math.Abs(lambda[1]-1) > 1e-12 || math.Abs(lambda[2]-0.5) > 1e-12 {
		t.Errorf("multipliers %v with the residual %v", lambda, residual)
	}
	// A share of 5/7 of the first row is what it takes.
	cosine, length := r.align(0, []float64{-0.7, 1, -0.5})
	if math.Abs(cosine-1) > 1e-12 || math.Abs(length-1) > 1e-12 {
		t.Errorf("alignment %v, length %v", cosine, length)
	}
	// A first row that is too weak cannot.
	if cosine, _ = r.align(0, []float64{-0.3, 1, -0.5}); cosine > 0.99 {
		t.Errorf("alignment %v with half of what it takes", cosine)
	}
}

// The average with the power 1 is the integral of |w| l over that of |w|, d log|w| for time.
func TestAverage(t *testing.T) {
	a := newAverage([]float64{1, 0})
	const steps, growth = 1000, 2.0
	for k := range steps {
		l := (float64(k) + 0.5) / steps
		a.add([]float64{1 - l, l}, growth/steps)
	}
	// With g the growth from now back: what was there before keeps exp(-2), and the rest is
	// the integral of exp(-g) (1 - g/2) from 0 to 2.
	want := (1 - math.Exp(-growth)) - (1-(1+growth)*math.Exp(-growth))/growth
	if got := a.remembered()[1]; math.Abs(got-want) > 1e-3 {
		t.Errorf("average %v, not %v", got, want)
	}
	for k, p := range powers {
		if math.IsInf(p, 1) && a.windows[k][1] != 1-0.5/steps {
			t.Errorf("the present is %v", a.windows[k])
		}
		if math.Abs(floats.Sum(a.windows[k])-1) > 1e-12 {
			t.Errorf("shares %v", a.windows[k])
		}
	}
}

// An estimate goes when something refutes it, and when as much is proved.
func TestKeep(t *testing.T) {
	of := func(proved, guess float64) bound {
		return bound{proved: convexnn.Certificate{LowerBound: proved}, guess: convexnn.Certificate{LowerBound: guess}}
	}
	for _, c := range []struct {
		optimum, upper, proved, guess float64
		stays                         bool
	}{
		{0, 0, 1, 2, true},
		{0, 0, 2, 2, false},
		{0, 1.9, 1, 2, false},
		{1.9, 2.5, 1, 2, false},
		{2.1, 2.5, 1, 2, true},
	} {
		b := &bracket{optimum: c.optimum, upper: c.upper}
		b.keep(of(c.proved, c.guess))
		if (b.estimate != nil) != c.stays || b.proved.LowerBound != c.proved {
			t.Errorf("%+v: estimate %v, proved %v", c, b.estimate, b.proved.LowerBound)
		}
		b.keep(of(0.5, 0.6))
		if (b.estimate != nil) != c.stays || b.proved.LowerBound != c.proved {
			t.Errorf("%+v: a worse bound changes the estimate to %v, the bound to %v", c, b.estimate, b.proved.LowerBound)
		}
	}
}

// An estimate that more work refutes goes.
func TestFinishRefutes(t *testing.T) {
	x := mat.NewDense(3, 2, []float64{2, 0, 1, 1, -1, 0})
	r := start(t, x, []float64{1, 1, -1}, Options{})
	r.bracket.estimate = &convexnn.Certificate{Dual: []float64{0, 1, -1}, LowerBound: 100}
	result := new(Result)
	if err := r.bracket.finish(t.Context(), result, r.flow.now); err != nil {
		t.Fatal(err)
	}
	// The price of (0, 1, -1) is sqrt 2, at (1, 1)/sqrt 2.
	if low := result.Certificate.LowerBound; result.Estimate != nil || math.Abs(low-math.Sqrt2) > 1e-6 {
		t.Errorf("estimate %v, the bound %v", result.Estimate, low)
	}
}

func TestLogMean(t *testing.T) {
	for _, c := range [][2]float64{{1, 3}, {3, 1}, {2, 2 + 1e-5}, {5, 5}} {
		sum := 0.0
		const n = 20000
		for k := range n {
			sum += math.Exp(-(c[0] + (c[1]-c[0])*(float64(k)+0.5)/n)) / n
		}
		if got := logMean(c[0], c[1]); math.Abs(got+math.Log(sum)) > 1e-8 {
			t.Errorf("between %v: %v, not %v", c, got, -math.Log(sum))
		}
	}
	if got := logAdd(math.Inf(-1), 2); got != 2 {
		t.Errorf("log(0 + e^2) = %v", got)
	}
}
