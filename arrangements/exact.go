package arrangements

import (
	"math/big"
	"math/bits"
	"sync"
)

// mersenne61 is the prime 2^61 - 1.
const mersenne61 = 1<<61 - 1

// mulMod returns a b mod p for a, b < p < 2^63.
func mulMod(a, b, p uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if p == mersenne61 {
		// 2^61 = 1: add the two halves.
		s := lo&mersenne61 + (lo>>61 | hi<<3)
		if s >= mersenne61 {
			s -= mersenne61
		}
		return s
	}
	return bits.Rem64(hi, lo, p)
}

var primes struct {
	sync.Mutex
	list []uint64
}

// somePrimes returns the first count primes of a fixed sequence; each is above
// 2^60.
func somePrimes(count int) []uint64 {
	primes.Lock()
	defer primes.Unlock()
	if len(primes.list) == 0 {
		primes.list = []uint64{mersenne61}
	}
	for p := primes.list[len(primes.list)-1]; len(primes.list) < count; {
		// ProbablyPrime is a proof below 2^64.
		if p -= 2; new(big.Int).SetUint64(p).ProbablyPrime(0) {
			primes.list = append(primes.list, p)
		}
	}
	return primes.list[:count:count]
}

// primesFor returns primes the product of which exceeds every k x k minor of
// the rows: by Hadamard, a minor is at most the product of the lengths.
func primesFor(rows [][]*big.Int, k int) []uint64 {
	longest := 0
	for _, row := range rows {
		// The length of a row is below 2^(bits + half the bits of its dimension).
		b := 0
		for _, v := range row {
			b = max(b, v.BitLen())
		}
		longest = max(longest, b+(bits.Len(uint(len(row)))+1)/2)
	}
	return somePrimes(k*longest/60 + 1)
}

// residues returns the rows modulo p.
func residues(rows [][]*big.Int, p uint64) [][]uint64 {
	out := make([][]uint64, len(rows))
	modulus, rest := new(big.Int).SetUint64(p), new(big.Int)
	for i, row := range rows {
		out[i] = make([]uint64, len(row))
		for k, v := range row {
			out[i][k] = rest.Mod(v, modulus).Uint64()
		}
	}
	return out
}

// modularRank returns the rank of the rows modulo p, and overwrites them. It is
// a lower bound of their rank.
func modularRank(rows [][]uint64, p uint64) int {
	rank := 0
	for len(rows) > 0 {
		row := rows[0]
		rows = rows[1:]
		col := 0
		for col < len(row) && row[col] == 0 {
			col++
		}
		if col == len(row) {
			continue
		}
		rank++
		pivot := row[col]
		for _, other := range rows {
			f := other[col]
			if f == 0 {
				continue
			}
			f = p - f
			for k, v := range row {
				s := mulMod(other[k], pivot, p) + mulMod(v, f, p)
				if s >= p {
					s -= p
				}
				other[k] = s
			}
		}
		if rank == len(row) {
			break
		}
	}
	return rank
}

// exactRankAtMost reports whether the rank of the integer rows is at most r: all
// minors of r+1 rows vanish modulo primes whose product exceeds them.
func exactRankAtMost(rows [][]*big.Int, r int) bool {
	for _, p := range primesFor(rows, r+1) {
		if modularRank(residues(rows, p), p) > r {
			return false
		}
	}
	return true
}

// A decider proves signs and dependences of the rows of a reduction.
type decider struct {
	residues [][]uint64 // for each prime, lines x rank
	primes   []uint64
	rank     int
	mixed    [][]*big.Int // the rows in generic coordinates
}

func newDecider(rows [][]*big.Int, rank int) *decider {
	d := &decider{rank: rank, primes: primesFor(rows, rank)}
	for _, p := range d.primes {
		flat := make([]uint64, 0, len(rows)*rank)
		for _, row := range residues(rows, p) {
			flat = append(flat, row...)
		}
		d.residues = append(d.residues, flat)
	}
	return d
}

// dependent reports whether the given lines, at most rank of them, are linearly
// dependent. scratch has room for rank x rank words.
func (d *decider) dependent(lines []int32, scratch []uint64) bool {
	var views [64][]uint64
	rows := views[:0]
	for e, p := range d.primes {
		rows = rows[:0]
		for k, i := range lines {
			row := scratch[k*d.rank : (k+1)*d.rank]
			copy(row, d.residues[e][int(i)*d.rank:])
			rows = append(rows, row)
		}
		if modularRank(rows, p) == len(lines) {
			return false
		}
	}
	return true
}

// row returns row i in the first q generic coordinates; -1-k stands for the k-th
// unit vector.
func (d *decider) row(i int32, q int) []*big.Int {
	if i >= 0 {
		return d.mixed[i][:q]
	}
	out := make([]*big.Int, q)
	for k := range out {
		out[k] = new(big.Int)
	}
	out[-1-i].SetInt64(1)
	return out
}

// quotient eliminates the lines of basis, whose pivots are the columns pivots,
// from row i in the first q generic coordinates, and returns the entries of the
// row in the columns rest up to a common positive factor, and false if all are
// zero. Entries are off by at most 2^-52 of the largest one, which is in [1/2, 1].
func (d *decider) quotient(dst []float64, basis []int32, i int32, q int, pivots, rest []int32) bool {
	order := append(append([]int32(nil), pivots...), rest...)
	var a [][]*big.Int
	for _, b := range append(append([]int32(nil), basis...), i) {
		src := d.row(b, q)
		row := make([]*big.Int, q)
		for k, c := range order {
			row[k] = new(big.Int).Set(src[c])
		}
		a = append(a, row)
	}
	k := len(basis)
	bareiss(a, k)
	last := a[k]
	length := 0
	for _, v := range last[k:] {
		length = max(length, v.BitLen())
	}
	for e, v := range last[k:] {
		dst[e] = roundInt(v, length)
		// The minors are the entries times the determinant of the basis.
		if k > 0 && a[k-1][k-1].Sign() < 0 {
			dst[e] = -dst[e]
		}
	}
	return length > 0
}

// bareiss eliminates the first steps columns below the diagonal without
// fractions; entries become minors. It stops at a zero pivot.
func bareiss(a [][]*big.Int, steps int) {
	previous := big.NewInt(1)
	for s := range steps {
		if a[s][s].Sign() == 0 {
			return
		}
		previous = bareissStep(a, s, previous)
	}
}

// bareissStep eliminates column s below the diagonal, given the pivot of the step
// before, and returns that of this one.
func bareissStep(a [][]*big.Int, s int, previous *big.Int) *big.Int {
	pivot := a[s][s]
	var t big.Int
	for _, row := range a[s+1:] {
		for k := len(row) - 1; k > s; k-- {
			row[k].Mul(row[k], pivot)
			row[k].Sub(row[k], t.Mul(row[s], a[s][k]))
			row[k].Quo(row[k], previous)
		}
		row[s].SetInt64(0)
	}
	return pivot
}

// sign returns the sign of the determinant of the rows, as many as there are
// coordinates.
func (d *decider) sign(rows []int32) int {
	q := len(rows)
	a := make([][]*big.Int, q)
	for k, i := range rows {
		for _, v := range d.row(i, q) {
			a[k] = append(a[k], new(big.Int).Set(v))
		}
	}
	sign := 1
	previous := big.NewInt(1)
	for s := range q {
		p := s
		for p < q && a[p][s].Sign() == 0 {
			p++
		}
		if p == q {
			return 0
		}
		if p != s {
			a[p], a[s] = a[s], a[p]
			sign = -sign
		}
		previous = bareissStep(a, s, previous)
	}
	return sign * previous.Sign()
}
