package relax

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/lasso"
	"github.com/convexnn/convexnn/internal/parallel"
)

// A Recovery is a network read off a solution, and what is proved of it.
type Recovery struct {
	Network   *Network
	Objective float64
	// Lower is the best proved lower bound: that of the relaxation, and those that prices
	// of residuals over all cells prove.
	Lower float64
	// Priced says that Lower comes from prices, or could not be improved by them.
	Priced bool
	Rounds int
}

// Gap returns (Objective - Lower)/Objective, 0 where both are zero.
func (r *Recovery) Gap() float64 {
	if !(r.Objective > r.Lower) {
		return 0
	}
	return (r.Objective - r.Lower) / r.Objective
}

// RecoverSettings steer [Trace.Recover]. The zero value works.
type RecoverSettings struct {
	Tolerance float64 // of the gap; 0 means 1e-8
	MaxRounds int     // of pricing; 0 means 60
}

// Recover returns a network from the solution. The U_i are taken apart into uu' with u in
// the cell: in the plane exactly, in coordinates along the two edges of the cell, where
// U = [a b; b e] is doubly non-negative and the sum of the squares of (sqrt a, b/sqrt a)
// and (0, sqrt(e - b^2/a)). In more dimensions the eigenvectors of U_i, projected onto the
// cell, are candidates. Their gains are then those of the group lasso over the candidates,
// which does no worse than ridge regression on the parts of an exact decomposition, whose
// objective is the value of the program. In the end the residual is priced over all cells,
// which proves the network optimal or finds neurons that improve it, and so on.
//
// A singular value decomposition of the weights of a cell would be no network: its
// vectors leave the cell.
func (t *Trace) Recover(ctx context.Context, s RecoverSettings) (*Recovery, error) {
	if s.Tolerance <= 0 {
		s.Tolerance = 1e-8
	}
	if s.MaxRounds <= 0 {
		s.MaxRounds = 60
	}
	p := t.p
	out := &Recovery{Network: p.network(nil, nil), Lower: t.Lower}
	if len(t.cones) > 0 {
		t.generate(ctx, s, out)
	}
	out.Priced = out.Priced || p.trivial()
	var err error
	out.Objective, err = p.Objective(out.Network)
	return out, err
}

// generate is column generation from the candidates.
func (t *Trace) generate(ctx context.Context, s RecoverSettings, out *Recovery) {
	p := t.p
	m := lasso.New(lasso.NewSquared(p.y.Data, p.y.Cols), p.beta)
	var directions [][]float64
	add := func(u []float64) {
		u = slices.Clone(u)
		floats.Scale(1/floats.Norm(u, 2), u)
		same := func(o []float64) bool { return floats.Distance(u, o, 2) < 1e-9 }
		if f := p.feature(u); floats.Norm(f, 2) > 1e-12 && !slices.ContainsFunc(directions, same) {
			directions = append(directions, u)
			m.Add(f)
		}
	}
	for i := range t.cones {
		for _, u := range t.atoms(i) {
			add(u)
		}
	}
	best := math.Inf(1)
	for round := 0; ; round++ {
		m.Solve(ctx, min(1e-10, s.Tolerance/10))
		if objective := m.Objective(); objective < best {
			best = objective
			gains := make([][]float64, len(directions))
			for k := range gains {
				gains[k] = slices.Clone(m.Gain(k))
			}
			out.Network, out.Rounds = p.network(directions, gains), round
		}
		// Columns that are idle make room.
		keep := directions[:0:0]
		m.Keep(func(k int) bool {
			used := floats.Norm(m.Gain(k), 2) > 0
			if used {
				keep = append(keep, directions[k])
			}
			return used
		})
		directions = keep
		if !p.priced(t.cones) || round == s.MaxRounds || ctx.Err() != nil {
			return
		}
		v := zeros(p.y.Rows, p.y.Cols)
		copy(v.Data, m.Residual())
		atoms, price := t.prices(v)
		yv, vv := floats.Dot(p.y.Data, v.Data), floats.Dot(v.Data, v.Data)
		scale := max(0, yv/vv)
		if price > 0 {
			const rounding = 1e-10 // of eigenvectors that are just inside of a cell, or just not
			scale = min(scale, p.beta/(price*(1+rounding)))
		}
		if vv > 0 {
			out.Lower = max(out.Lower, p.back(scale*yv-scale*scale*vv/2))
		}
		out.Priced = true
		if p.back(best)-out.Lower <= s.Tolerance*p.back(best) || price <= p.beta*(1+1e-13) {
			return
		}
		for _, u := range atoms {
			add(u)
		}
	}
}

// prices prices V over all cells, and returns the atoms whose prices are too high, the
// worst of each cell, and the price.
func (t *Trace) prices(v blas64.General) (atoms [][]float64, price float64) {
	type result struct {
		atoms [][]float64
		value float64
	}
	all := make([]result, len(t.cones))
	parallel.Chunks(len(t.cones), 16, func(_, lo, hi int) {
		for k := lo; k < hi; k++ {
			all[k].atoms, all[k].value = t.p.price(&t.cones[k], v)
		}
	})
	for _, r := range all {
		price = max(price, r.value)
	}
	for _, r := range all {
		// Of the others only those not far from the worst.
		if r.value > t.p.beta*(1+1e-13) && r.value-t.p.beta > 0.01*(price-t.p.beta) {
			atoms = append(atoms, r.atoms...)
		}
	}
	return atoms, price
}

// atoms returns candidates for neurons from cell i.
func (t *Trace) atoms(i int) [][]float64 {
	v, k := t.blocks[i], &t.cones[i]
	var out [][]float64
	add := func(u []float64) {
		if floats.Norm(u, 2) > 0 {
			out = append(out, u)
		}
	}
	switch {
	case v.r == 1:
		add(slices.Clone(k.center))
	case v.r == 2 && len(k.facets) == 2 && !t.Gated:
		// Coordinates along the edges: entries are those of a doubly non-negative matrix.
		a, b, e := v.u[0], v.u[1]/math.Sqrt2, v.u[2]
		add(k.global([]float64{math.Sqrt(a), b / math.Sqrt(a)}))
		add(k.global([]float64{0, math.Sqrt(max(0, e-b*b/a))}))
	default:
		var eigen mat.EigenSym
		moment := t.moment(i)
		if mat.Trace(moment) < 1e-9 || !eigen.Factorize(moment, true) {
			break
		}
		var vectors mat.Dense
		eigen.VectorsTo(&vectors)
		q := newProjector(k.facets)
		for j := range v.r {
			for _, sign := range []float64{1, -1} {
				u := mat.Col(nil, j, &vectors)
				floats.Scale(sign, u)
				q.project(u, u)
				if floats.Norm(u, 2) > 1e-3 {
					add(u)
				}
			}
		}
	}
	return out
}
