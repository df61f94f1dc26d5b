package flow

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/qp"
)

const (
	// pulling is the share of a sample in the gradient, relative to the largest, below
	// which its multiplier is 0.
	pulling = 1e-8
	// slackness is the weight of complementary slackness beside the other conditions. It
	// chooses among multipliers that do not fulfil these any worse.
	slackness = 1e-2
	// carrying is the share of a neuron in |w|^2 below which it has no say in the
	// multipliers.
	carrying = 1e-8
	// multiplierWork bounds the work of the multipliers, in entries of the least squares
	// problem times its smaller side: a tenth of a second.
	multiplierWork = 3e8
)

// multiplier returns the lambda >= 0 (n) that fulfils the conditions of a KKT point of the
// max-margin problem,
//
//	u_j = alpha_j X'D_j (y o lambda),
//
// best for the neurons as they are, in the least squares sense, and the root mean square of
// what is missing, relative to |u_j|. Divided by alpha_j they speak of directions only, so
// that lambda is that of the network with smallest margin 1. Many lambda may do; once the
// samples are separated those are taken that are zero where margins are not the smallest, as
// far as that is possible: lambda_i (y_i f(x_i) - 1) is to vanish. Where a neuron slides along the
// line of sample i, any share (D_j)_ii in [0,1] will do, the same for all neurons that have
// a pattern in common. It reports false where no sample pulls at any neuron, or where the
// problem is too large.
func (r *run) multiplier() (lambda []float64, residual float64, ok bool) {
	n, d := r.x.Dims()
	rows, parts := r.pulling(), r.parties()
	system, free := r.conditions(rows, parts)
	if system == nil {
		return nil, 0, false
	}
	lambda = make([]float64, n)
	slack := system.RawRowView(len(parts) * d)
	missed := 0.0
	residual = nonNegative(system, free, func(q int, v float64) {
		lambda[rows[q]] += v
		missed += slack[q] * v
	})
	spread := -missed * missed
	for _, p := range parts {
		spread += p.spread
	}
	return lambda, math.Sqrt(max(0, residual*residual+spread)), floats.Max(lambda) > 0
}

// pulling lists the samples that pull.
func (r *run) pulling() (rows []int) {
	most := floats.Max(r.average.remembered())
	for i, l := range r.average.remembered() {
		if l >= pulling*most {
			rows = append(rows, i)
		}
	}
	return rows
}

// A party is the neurons with one sign, one pattern and the same slides. For one lambda they
// have one X'D nu.
type party struct {
	first  int       // one of them
	share  float64   // in |w|^2
	mean   []float64 // of their directions, by their shares
	spread float64   // the sum of the squared distances from it, times their shares
}

// parties lists those of the neurons that count.
func (r *run) parties() (parts []*party) {
	f, at := r.flow.field, r.flow.now
	of := make([]*party, len(at.logs))
	share := func(j int) float64 { return 2 * math.Exp(2*(at.logs[j]-r.flow.logRho)) }
	for j := range at.logs {
		if share(j) < carrying {
			continue
		}
		k := slices.IndexFunc(parts, func(p *party) bool {
			return f.signs[j] == f.signs[p.first] && slices.Equal(f.sides.side[j], f.sides.side[p.first])
		})
		if k < 0 {
			k, parts = len(parts), append(parts, &party{first: j, mean: make([]float64, len(at.dir(j)))})
		}
		of[j] = parts[k]
		of[j].share += share(j)
		floats.AddScaled(of[j].mean, share(j), at.dir(j))
	}
	for _, p := range parts {
		floats.Scale(1/p.share, p.mean)
	}
	for j, p := range of {
		if p != nil {
			p.spread += share(j) * square(floats.Distance(at.dir(j), p.mean, 2))
		}
	}
	return parts
}

// conditions returns the system [A B b] whose |A lambda + B mu + b| is the residual of the
// parties, with complementary slackness for its last row: a column of A for each sample, and one of B for each line that a party slides
// along and each sample on it, with mu_ij = d_ij lambda_i; free lists for each sample
// its columns in B. The system is nil where it is too large.
func (r *run) conditions(rows []int, parts []*party) (system *mat.Dense, free [][]int) {
	sides := r.flow.field.sides
	_, d := r.x.Dims()
	free = make([][]int, len(rows))
	width := len(rows)
	for _, p := range parts {
		for q, i := range rows {
			if sides.side[p.first][sides.line[i]] == 0 {
				free[q] = append(free[q], width)
				width++
			}
		}
	}
	width++ // b
	height := len(parts)*d + 1
	if float64(height)*float64(width)*float64(min(height, width)) > multiplierWork || len(parts) == 0 {
		return nil, nil
	}
	system = mat.NewDense(height, width, nil)
	next := make([]int, len(rows))
	for h, p := range parts {
		set := func(column int, scale float64, v []float64) {
			for k, w := range v {
				system.Set(h*d+k, column, scale*w)
			}
		}
		weight := math.Sqrt(p.share)
		set(width-1, -weight, p.mean)
		for q, i := range rows {
			column := q
			switch {
			case sides.bits[p.first].Has(i):
			case sides.side[p.first][sides.line[i]] == 0:
				column = free[q][next[q]]
				next[q]++
			default:
				continue
			}
			set(column, weight*r.flow.field.signs[p.first]*r.y[i], r.x.RawRowView(i))
		}
	}
	margins := r.flow.field.margins
	if least := floats.Min(margins); least > 0 {
		upper := math.Exp(2*r.flow.logRho) / (2 * least)
		for q, i := range rows {
			system.Set(height-1, q, slackness*(margins[i]/least-1)/upper)
		}
	}
	return system, free
}

// nonNegative minimises |A lambda + B mu + b| over lambda >= 0 and 0 <= mu <= lambda, where free
// lists for each column of A those of B that it bounds, and returns the minimum. The lambda
// and mu of one column of A are a cone, whose edges are lambda = 1 with some of the mu 1 and
// the others 0; those that help are found as they are needed.
func nonNegative(system *mat.Dense, free [][]int, add func(column int, v float64)) float64 {
	const (
		rounds = 100
		helps  = 1e-10 // cosine with the residual
	)
	r, c := system.Dims()
	if r > c {
		// Only inner products of the columns count.
		var factor mat.QR
		factor.Factorize(system)
		var upper mat.Dense
		factor.RTo(&upper)
		system = mat.DenseCopyOf(upper.Slice(0, c, 0, c))
		r = c
	}
	columns := mat.DenseCopyOf(system.T())
	b := columns.RawRowView(c - 1)
	edges := blas64.General{Cols: r, Stride: r}
	var owner []int
	for q := range free {
		edges.Data = append(edges.Data, columns.RawRowView(q)...)
		owner = append(owner, q)
	}
	rest, edge := slices.Clone(b), make([]float64, r)
	for round := 0; ; round++ {
		edges.Rows = len(owner)
		all := bitset.New(edges.Rows)
		for q := range owner {
			all.Add(q)
		}
		found := qp.NewConeProjector(edges).Project(rest, b, all, nil, 0)
		for q, list := range free {
			copy(edge, columns.RawRowView(q))
			for _, k := range list {
				if v := columns.RawRowView(k); floats.Dot(v, rest) < 0 {
					floats.Add(edge, v)
				}
			}
			if len(list) > 0 && floats.Dot(edge, rest) < -helps*floats.Norm(edge, 2)*floats.Norm(b, 2) {
				edges.Data = append(edges.Data, edge...)
				owner = append(owner, q)
			}
		}
		if len(owner) == edges.Rows || round == rounds {
			for k, q := range found.Active {
				add(owner[q], found.Lambda[k])
			}
			return found.Norm
		}
	}
}
