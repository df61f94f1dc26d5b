package report

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// A grid is a table of the values of a function at the corners of equal cells of a frame.
type grid struct {
	frame  vg.Rectangle
	cells  int       // along each side
	values []float64 // (cells+1)², the lowest row first
}

// newGrid takes the values at places of the unit square.
func newGrid(frame vg.Rectangle, cells int, f func(x, y float64) float64) grid {
	const most = 1e150 // differences must not overflow
	g := grid{frame: frame, cells: cells}
	for j := 0; j <= cells; j++ {
		for i := 0; i <= cells; i++ {
			v := f(float64(i)/float64(cells), float64(j)/float64(cells))
			if math.IsNaN(v) {
				v = 0
			}
			g.values = append(g.values, max(-most, min(most, v)))
		}
	}
	return g
}

// The table is padded by a ring of corners on the border whose values are lower than all,
// so that every outline closes. Corners are numbered with the ring, from 0 to side()-1.
func (g grid) side() int { return g.cells + 3 }

func (g grid) value(i, j int) float64 {
	if i == 0 || j == 0 || i == g.side()-1 || j == g.side()-1 {
		return math.Inf(-1)
	}
	return g.values[(j-1)*(g.cells+1)+i-1]
}

func (g grid) corner(i, j int) vg.Point {
	at := func(k int, low, high vg.Length) vg.Length {
		switch {
		case k <= 1:
			return low
		case k >= g.cells+1:
			return high
		}
		return low + (high-low)*vg.Length(k-1)/vg.Length(g.cells)
	}
	return vg.Point{X: at(i, g.frame.Min.X, g.frame.Max.X), Y: at(j, g.frame.Min.Y, g.frame.Max.Y)}
}

// above lists the outlines of where the values are above a level, closed lines with that
// to their left: marching squares, where a saddle is decided by the mean of its corners.
// gonum draws contours as open lines and does not fill.
func (g grid) above(level float64) [][]vg.Point {
	n := g.side()
	// An edge is the one to the right of a corner, or with an odd number that above it.
	// Each is crossed at most once, and next leads from crossing to crossing.
	next := make([]int, 2*n*n)
	for k := range next {
		next[k] = -1
	}
	for j := range n - 1 {
		for i := range n - 1 {
			// The corners and the edges between them, counterclockwise.
			v := [4]float64{g.value(i, j), g.value(i+1, j), g.value(i+1, j+1), g.value(i, j+1)}
			edges := [4]int{2 * (j*n + i), 2*(j*n+i+1) + 1, 2 * ((j+1)*n + i), 2*(j*n+i) + 1}
			joined := (v[0]+v[1]+v[2]+v[3])/4 > level
			for k := range 4 {
				if !(v[k] > level) || v[(k+1)%4] > level {
					continue
				}
				// Here the way along the border of the cell leaves what is above. It is
				// entered again at the next crossing; at a saddle whose corners are not
				// joined, at the one before.
				step := 1
				if saddle := v[(k+2)%4] > level && !(v[(k+3)%4] > level); saddle && !joined {
					step = 3
				}
				to := (k + step) % 4
				for v[to] > level == (v[(to+1)%4] > level) {
					to = (to + step) % 4
				}
				next[edges[k]] = edges[to]
			}
		}
	}
	var out [][]vg.Point
	for start := range next {
		if next[start] < 0 {
			continue
		}
		var loop []vg.Point
		for at := start; next[at] >= 0; {
			loop = append(loop, g.crossing(at, level))
			at, next[at] = next[at], -1
		}
		out = append(out, append(loop, loop[0]))
	}
	return out
}

// crossing is where the level is on an edge.
func (g grid) crossing(edge int, level float64) vg.Point {
	corner := edge / 2
	i, j := corner%g.side(), corner/g.side()
	k, l := i+1, j
	if edge%2 == 1 {
		k, l = i, j+1
	}
	a, b := g.corner(i, j), g.corner(k, l)
	va, vb := g.value(i, j), g.value(k, l)
	if math.IsInf(va, -1) || math.IsInf(vb, -1) {
		return b // where a is, too
	}
	return a.Add(b.Sub(a).Scale(vg.Length((level - va) / (vb - va))))
}

// inner cuts outlines into the lines that are not on the border of the frame.
func (g grid) inner(outlines [][]vg.Point) [][]vg.Point {
	onBorder := func(p, q vg.Point) bool {
		f := g.frame
		return p.X == q.X && (p.X == f.Min.X || p.X == f.Max.X) || p.Y == q.Y && (p.Y == f.Min.Y || p.Y == f.Max.Y)
	}
	var out [][]vg.Point
	for _, loop := range outlines {
		var run []vg.Point
		for k := 1; k < len(loop); k++ {
			if onBorder(loop[k-1], loop[k]) {
				if len(run) > 0 {
					out = append(out, run)
				}
				run = nil
				continue
			}
			if len(run) == 0 {
				run = append(run, loop[k-1])
			}
			run = append(run, loop[k])
		}
		if len(run) > 0 {
			out = append(out, run)
		}
	}
	return out
}
