package arrangements

import (
	"context"
	"errors"
	"math/big"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
)

// errNotGeneric says that the mixed coordinates are special to the rows: others
// must be drawn.
var errNotGeneric = errors.New("arrangements: the mixed coordinates are not generic")

// A mixture holds the rows of a reduction in generic coordinates: u = Q w for a
// random Q near a rotation, z_i = Q'y_i. Fixing the last coordinates of w at zero
// gives generic subspaces, and on the first q coordinates the arrangement is that
// of the rows cut to length q.
type mixture struct {
	lines, rank int
	q           []float64 // rank x rank
	z           []float64 // lines x rank, largest entry of a row in [1/2, 1]
	length      []float64 // of the rows of z
	exact       *decider
	binomial    [][]int // binomial[k][i] = C(i, k+1), k below rank-2
	// signs[k] are the signs of the determinants of k lines in the first k
	// coordinates, 0 if they are dependent, at the lines' place in the
	// colexicographic order; k is below rank-1.
	signs [][]int8
}

// mix changes the rows to the coordinates q.
func mix(red *reduction, q []float64) *mixture {
	m, r := len(red.rows), red.rank
	mx := &mixture{lines: m, rank: r, q: q, z: make([]float64, m*r), length: make([]float64, m)}
	mx.exact = newDecider(red.rows, r)
	// All entries of q are multiples of 2^-60.
	whole := make([]*big.Int, r*r)
	for k, v := range mx.q {
		f := new(big.Float).SetFloat64(v)
		whole[k], _ = f.SetMantExp(f, 60).Int(nil)
	}
	var term big.Int
	for i, row := range red.rows {
		z := make([]*big.Int, r)
		for k := range z {
			z[k] = new(big.Int)
			for l, v := range row {
				z[k].Add(z[k], term.Mul(v, whole[l*r+k]))
			}
		}
		mx.exact.mixed = append(mx.exact.mixed, z)
		roundRow(mx.z[i*r:(i+1)*r], z)
		mx.length[i] = norm(mx.z[i*r : (i+1)*r])
	}
	return mx
}

// rotation returns an r x r matrix that is a random rotation up to rounding of
// its entries to multiples of 2^-60.
func rotation(r int, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 0x5eed))
	q := make([]float64, r*r)
	for k := range r {
		row := q[k*r : (k+1)*r]
		gaussianGate(rng, row)
		for range 2 {
			for j := range k {
				other := q[j*r : (j+1)*r]
				floats.AddScaled(row, -floats.Dot(row, other), other)
			}
			floats.Scale(1/norm(row), row)
		}
	}
	for k, v := range q {
		// Truncation of the few entries below 2^-7 to 60 places.
		q[k] = float64(int64(v*(1<<60))) / (1 << 60)
	}
	return q
}

// tabulate fills binomial and signs.
func (mx *mixture) tabulate(ctx context.Context, run func(tasks int, task func(i int) error) error) error {
	mx.binomial = make([][]int, max(mx.rank-2, 0))
	for k := range mx.binomial {
		mx.binomial[k] = make([]int, mx.lines+1)
		for i := range mx.lines {
			// C(i+1, k+1) = C(i, k+1) + C(i, k)
			below := 1
			if k > 0 {
				below = mx.binomial[k-1][i]
			}
			mx.binomial[k][i+1] = mx.binomial[k][i] + below
		}
	}
	mx.signs = make([][]int8, max(mx.rank-1, 1))
	mx.signs[0] = []int8{1}
	for k := 1; k < mx.rank-1; k++ {
		mx.signs[k] = make([]int8, mx.binomial[k-1][mx.lines])
		err := run(mx.lines, func(i int) error {
			t := newEliminator(mx)
			t.reset(k, nil, false)
			return t.determinants(ctx, 0, i, 0, mx.signs[k])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// determinants stores the signs of all sets of independent lines that continue
// the basis of the node at depth with line i, where place is the part of the
// basis in the colexicographic order.
func (t *eliminator) determinants(ctx context.Context, depth, i, place int, signs []int8) error {
	nd := &t.nodes[depth]
	p := nd.find(int32(i))
	if p < 0 || len(nd.idx)-p < t.q-depth {
		return nil
	}
	place += t.mx.binomial[depth][i]
	if depth == t.q-1 {
		v := nd.y[p]
		sign := 1
		switch {
		case v > nd.err[p]:
		case v < -nd.err[p]:
			sign = -1
		default:
			// Rows that are dependent have left, and those that are blurred were computed
			// anew: this is a row whose first coordinate alone is next to nothing.
			return errNotGeneric
		}
		signs[place] = int8(sign * nd.sign)
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	fresh, err := t.eliminate(depth, p)
	if err != nil || !fresh {
		return err
	}
	for j := i + 1; j < len(t.f); j++ {
		if err := t.determinants(ctx, depth+1, j, place, signs); err != nil {
			return err
		}
	}
	return nil
}
