package report

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/plot/vg"
)

// area is that of closed lines, holes taken off: what is to the left counts.
func area(loops [][]vg.Point) float64 {
	sum := 0.0
	for _, loop := range loops {
		for k := 1; k < len(loop); k++ {
			a, b := loop[k-1], loop[k]
			sum += float64(a.X*b.Y-b.X*a.Y) / 2
		}
	}
	return sum
}

// The outlines are closed, and hold the area that is known.
func TestOutlines(t *testing.T) {
	frame := vg.Rectangle{Min: vg.Point{X: 10, Y: 20}, Max: vg.Point{X: 110, Y: 120}}
	for name, test := range map[string]struct {
		f    func(x, y float64) float64
		want float64 // share of the frame
	}{
		"nothing":      {func(_, _ float64) float64 { return -1 }, 0},
		"at the level": {func(_, _ float64) float64 { return 0 }, 0},
		"all":          {func(_, _ float64) float64 { return 1 }, 1},
		"not numbers":  {func(_, _ float64) float64 { return math.NaN() }, 0},
		"half plane":   {func(x, y float64) float64 { return x + y - 1 }, 0.5},
		"disc":         {func(x, y float64) float64 { return 0.3 - math.Hypot(x-0.5, y-0.5) }, math.Pi * 0.09},
		"hole":         {func(x, y float64) float64 { return math.Hypot(x-0.5, y-0.5) - 0.3 }, 1 - math.Pi*0.09},
		"cut disc":     {func(x, y float64) float64 { return 0.3 - math.Hypot(x, y-0.5) }, math.Pi * 0.045},
		"saddle":       {func(x, y float64) float64 { return (x - 0.505) * (y - 0.505) }, 0.505*0.505 + 0.495*0.495},
		"huge": {func(x, _ float64) float64 {
			return math.Copysign(math.MaxFloat64, x-0.495)
		}, 0.505},
	} {
		loops := newGrid(frame, 100, test.f).above(0)
		if got := area(loops) / 1e4; math.Abs(got-test.want) > 1e-3 {
			t.Errorf("%s: the area is %.4f, want %.4f", name, got, test.want)
		}
		for _, loop := range loops {
			if loop[0] != loop[len(loop)-1] {
				t.Errorf("%s: an outline is open", name)
			}
		}
	}
}

// Random signs have saddles everywhere: the areas above and below make up the frame.
func TestOutlinesOfNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	frame := vg.Rectangle{Max: vg.Point{X: 1, Y: 1}}
	for range 50 {
		g := newGrid(frame, 9, func(_, _ float64) float64 { return r.NormFloat64() })
		minus := g
		minus.values = nil
		for _, v := range g.values {
			minus.values = append(minus.values, -v)
		}
		if sum := area(g.above(0)) + area(minus.above(0)); math.Abs(sum-1) > 1e-9 {
			t.Fatalf("above and below have the area %g, want 1", sum)
		}
	}
}

// Opposite corners above the level are joined if the middle is above it, too.
func TestSaddles(t *testing.T) {
	frame := vg.Rectangle{Max: vg.Point{X: 1, Y: 1}}
	for high, want := range map[float64]int{3: 1, 1.0 / 3: 2} {
		g := grid{frame: frame, cells: 1, values: []float64{high, -1, -1, high}}
		loops := g.above(0)
		// Triangles are cut off, two of what is below or two of what is above.
		size := map[int]float64{1: 1 - 0.25*0.25, 2: 0.25 * 0.25}[want]
		if len(loops) != want || math.Abs(area(loops)-size) > 1e-12 {
			t.Errorf("with %g at two corners there are %d outlines with the area %g, want %d with %g", high, len(loops), area(loops), want, size)
		}
	}
}

// The boundary of a half plane is one line from side to side, without the border.
func TestInnerLines(t *testing.T) {
	g := newGrid(vg.Rectangle{Max: vg.Point{X: 10, Y: 10}}, 20, func(x, y float64) float64 { return x - 0.33 })
	lines := g.inner(g.above(0))
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	line := simplified(lines[0], 0.01)
	if len(line) != 2 || math.Abs(float64(line[0].X)-3.3) > 1e-9 || math.Abs(float64(line[0].Y-line[1].Y)) != 10 {
		t.Errorf("the line is %v", line)
	}
	if all := newGrid(g.frame, 5, func(_, _ float64) float64 { return 1 }); len(all.inner(all.above(0))) != 0 {
		t.Error("the border of the frame is a boundary")
	}
}

// No point of a line is farther from the simplified one than the tolerance.
func TestSimplified(t *testing.T) {
	var line []vg.Point
	for k := range 500 {
		x := float64(k) / 10
		line = append(line, vg.Point{X: vg.Length(x), Y: vg.Length(10 * math.Sin(x/5))})
	}
	short := simplified(line, 0.05)
	if len(short) > 60 || short[0] != line[0] || short[len(short)-1] != line[499] {
		t.Errorf("%d points are left", len(short))
	}
	for _, p := range line {
		nearest := vg.Length(math.Inf(1))
		for k := 1; k < len(short); k++ {
			nearest = min(nearest, offLine(p, short[k-1], short[k]))
		}
		if nearest > 0.05 {
			t.Fatalf("%v is %g from the line", p, nearest)
		}
	}
}

// The line of a neuron goes through what it should, from edge to edge.
func TestAcross(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	c := panel{x: axis{low: -3, high: 5}, y: axis{low: 10, high: 11}, frame: vg.Rectangle{Min: vg.Point{X: 7, Y: 9}, Max: vg.Point{X: 107, Y: 59}}}
	crossed := 0
	for range 1000 {
		l := RegionLine{A: r.NormFloat64(), B: 9 * r.NormFloat64(), C: 90 * r.NormFloat64()}
		signs := map[bool]bool{}
		for _, x := range []float64{-3, 5} {
			for _, y := range []float64{10, 11} {
				signs[l.A*x+l.B*y+l.C > 0] = true
			}
		}
		from, to, ok := c.across(l)
		if len(signs) == 2 && !ok {
			t.Errorf("the line %v crosses the frame, and is not drawn", l)
		}
		if !ok {
			continue
		}
		crossed++
		for _, p := range []vg.Point{from, to} {
			x, y := -3+8*float64(p.X-7)/100, 10+float64(p.Y-9)/50
			if off := l.A*x + l.B*y + l.C; math.Abs(off) > 1e-9*math.Abs(l.C)+1e-9 {
				t.Errorf("the line %v is drawn through (%g, %g)", l, x, y)
			}
		}
	}
	if crossed < 20 {
		t.Errorf("only %d lines crossed", crossed)
	}
}

// A scale has round edges in order, covers its range, and all bands differ.
func TestScale(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 2000 {
		low := math.Pow(10, 8*r.Float64()-4) * r.NormFloat64()
		high := low + math.Pow(10, 8*r.Float64()-4)
		s := newScale(low, high)
		n := len(s.edges)
		if n%2 != 1 || n > 2*bandsPerSide-1 {
			t.Fatalf("from %g to %g: %d edges", low, high, n)
		}
		if high-low > 1e-6*math.Abs(low) && (low < s.edges[0]-1.001*s.step || high > s.edges[n-1]+1.001*s.step) {
			t.Errorf("from %g to %g: edges %v", low, high, s.edges)
		}
		seen := map[any]bool{}
		for k := range n + 1 {
			seen[s.band(k)] = true
		}
		if len(seen) != n+1 {
			t.Errorf("from %g to %g: %d colours for %d bands", low, high, len(seen), n+1)
		}
		for k := 1; k < n; k++ {
			if s.edges[k] <= s.edges[k-1] {
				t.Fatalf("edges %v", s.edges)
			}
		}
	}
	if s := newScale(-0.9, 1.1); s.edges[len(s.edges)/2] != 0 {
		t.Errorf("the middle of %v is not zero", s.edges)
	}
}
